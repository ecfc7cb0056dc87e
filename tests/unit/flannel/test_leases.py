# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases: their keys and values, and who gets which subnet."""

from __future__ import annotations

import ipaddress
import json

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import (
    allocation,
    config,
    leases,
)

PREFIX = "/coreos.com/network"
CONFIG = config.from_params({"network": "172.20.0.0/16", "backend": {"type": "vxlan"}})
DUAL = config.from_params(
    {"network": "172.20.0.0/16", "ipv6_network": "fd00:20::/48", "backend": {"type": "vxlan"}}
)
SMALL = config.from_params({"network": "10.0.0.0/22", "backend": {"type": "vxlan"}})


def subnets(text: str) -> leases.Subnets:
    four, dummy, six = text.partition(" ")
    return leases.Subnets(ipaddress.ip_network(four), ipaddress.ip_network(six) if six else None)


def lease(host: str, text: str) -> leases.Lease:
    made = subnets(text)
    return leases.Lease(leases.lease_key(PREFIX, made), made, host, "vxlan", {}, False, 5)


def record(host: str, text: str) -> leases.Record:
    return leases.Record(leases.record_key(PREFIX, host), host, subnets(text), 5)


def wanted(*hosts: str) -> list[allocation.Wanted]:
    """Each host as ``address`` or ``address=subnet``."""
    entries = []
    for host in hosts:
        address, dummy, subnet = host.partition("=")
        entries.append({"public_ip": address, "subnet": subnet or None})
    return allocation.wanted_from_params(entries, "leases")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("172.20.49.0/24", "/coreos.com/network/subnets/172.20.49.0-24"),
        (
            "172.20.49.0/24 fd00:20:0:1::/64",
            "/coreos.com/network/subnets/172.20.49.0-24&fd00:20:0:1::-64",
        ),
    ],
)
def test_key_there_and_back(text: str, key: str) -> None:
    assert leases.lease_key(PREFIX, subnets(text)) == key
    assert leases.parse_lease_key(key) == subnets(text)


@pytest.mark.parametrize("key", ["", "x", "/p/subnets/", "/p/subnets/1.2.3-24", "/p/1.2.3.4-99"])
def test_no_lease_key(key: str) -> None:
    assert leases.parse_lease_key(key) is None


def test_records_are_out_of_flannels_sight() -> None:
    """flannel reads PREFIX/config and every key that begins with PREFIX/subnets."""
    key = leases.record_key(PREFIX, "192.168.100.12")
    assert not key.startswith(f"{PREFIX}/subnets")
    assert key != leases.config_key(PREFIX)
    assert leases.parse_record(key, leases.record_value(subnets("172.20.1.0/24"))) is not None


@pytest.mark.parametrize(
    ("value", "backend", "reserved", "data"),
    [
        (leases.placeholder("192.0.2.1"), "", True, {}),
        (
            '{"PublicIP":"192.0.2.1","PublicIPv6":null,"BackendType":"vxlan",'
            '"BackendData":{"VNI":1,"VtepMAC":"aa:bb:cc:dd:ee:ff"}}',
            "vxlan",
            False,
            {"VNI": 1, "VtepMAC": "aa:bb:cc:dd:ee:ff"},
        ),
        ('{"PublicIP":"192.0.2.1","PublicIPv6":null}', "", False, {}),
        (
            '{"PublicIP":"192.0.2.1","BackendType":"host-gw","BackendData":null}',
            "host-gw",
            False,
            {},
        ),
    ],
)
def test_value(value: str, backend: str, reserved: bool, data: dict[str, object]) -> None:
    found = leases.parse_lease(f"{PREFIX}/subnets/172.20.1.0-24", value)
    assert found is not None
    assert (found.public_ip, found.backend, found.reserved, found.data) == (
        "192.0.2.1",
        backend,
        reserved,
        data,
    )


@pytest.mark.parametrize("value", ["", "[]", "{}", '{"PublicIP":"x"}', '{"PublicIP":null}', "17"])
def test_value_that_flannel_skips(value: str) -> None:
    assert leases.parse_lease(f"{PREFIX}/subnets/172.20.1.0-24", value) is None


@pytest.mark.parametrize("value", ["", "[]", "{}", '{"Subnet":"x"}', '{"Subnet":"1.2.3.4/8"}'])
def test_unreadable_record(value: str) -> None:
    assert leases.parse_record(leases.record_key(PREFIX, "192.0.2.1"), value) is None


def test_placeholder_has_an_empty_type() -> None:
    assert json.loads(leases.placeholder("192.0.2.1")) == {
        "PublicIP": "192.0.2.1",
        "PublicIPv6": None,
        "BackendType": "",
        "BackendData": None,
    }


def test_bip() -> None:
    assert leases.bip(ipaddress.ip_network("172.20.24.0/24")) == "172.20.24.1/24"
    assert leases.bip(ipaddress.ip_network("10.0.0.4/30")) == "10.0.0.5/30"


A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.mark.parametrize(
    ("hosts", "held", "noted", "result"),
    [
        pytest.param(
            [A, B], [], [], ["172.20.1.0/24", "172.20.2.0/24"], id="lowest free, in order"
        ),
        pytest.param([A], [(B, "172.20.1.0/24")], [], ["172.20.2.0/24"], id="others keep theirs"),
        pytest.param([A], [], [(B, "172.20.1.0/24")], ["172.20.2.0/24"], id="also noted ones"),
        pytest.param([A], [(A, "172.20.9.0/24")], [], ["172.20.9.0/24"], id="lease is kept"),
        pytest.param([A], [], [(A, "172.20.9.0/24")], ["172.20.9.0/24"], id="record comes back"),
        pytest.param(
            [A], [(A, "172.20.9.0/24")], [(A, "172.20.7.0/24")], ["172.20.9.0/24"], id="lease wins"
        ),
        pytest.param(
            [C, A, B],
            [(A, "172.20.1.0/24"), (B, "172.20.2.0/24")],
            [],
            ["172.20.3.0/24", "172.20.1.0/24", "172.20.2.0/24"],
            id="a new host in front moves nobody",
        ),
        pytest.param(
            [f"{A}=172.20.24.0/24", f"{B}=172.20.32.0/24"],
            [],
            [],
            ["172.20.24.0/24", "172.20.32.0/24"],
            id="pinned",
        ),
        pytest.param(
            [A, f"{B}=172.20.1.0/24"], [], [], ["172.20.2.0/24", "172.20.1.0/24"], id="pins first"
        ),
        pytest.param(
            [f"{A}=172.20.5.0/24"], [(A, "172.20.9.0/24")], [], ["172.20.5.0/24"], id="pin moves"
        ),
        pytest.param(
            [A, f"{B}=172.20.9.0/24"],
            [(A, "172.20.9.0/24")],
            [],
            ["172.20.1.0/24", "172.20.9.0/24"],
            id="a pin displaces a host of the same task",
        ),
        pytest.param(
            [f"{A}=172.20.2.0/24", f"{B}=172.20.1.0/24"],
            [(A, "172.20.1.0/24"), (B, "172.20.2.0/24")],
            [],
            ["172.20.2.0/24", "172.20.1.0/24"],
            id="two pins swap",
        ),
        pytest.param(
            [A], [(A, "10.9.9.0/24")], [], ["172.20.1.0/24"], id="a lease that does not fit is left"
        ),
        pytest.param(
            [A],
            [(B, "172.20.9.0/24")],
            [(A, "172.20.9.0/24")],
            ["172.20.1.0/24"],
            id="somebody took what was noted",
        ),
        pytest.param(
            [A], [(B, "172.20.0.0/22")], [], ["172.20.4.0/24"], id="a lease of another length"
        ),
    ],
)
def test_assign(
    hosts: list[str],
    held: list[tuple[str, str]],
    noted: list[tuple[str, str]],
    result: list[str],
) -> None:
    have = [lease(*item) for item in held]
    known = [record(*item) for item in noted]
    plan = allocation.assign(CONFIG, wanted(*hosts), have, known)
    assert [str(item.subnets.ipv4) for item in plan] == result
    # What the plan makes of the world needs nothing more: the second run changes nothing.
    after = [lease(item.public_ip, str(item.subnets.ipv4)) for item in plan]
    notes = [record(item.public_ip, str(item.subnets.ipv4)) for item in plan]
    others = [item for item in have if item.public_ip not in {entry.public_ip for entry in plan}]
    again = allocation.assign(CONFIG, wanted(*hosts), after + others, notes)
    assert [item.subnets for item in again] == [item.subnets for item in plan]
    assert not any(item.put_lease or item.put_record or item.drop for item in again)


@pytest.mark.parametrize("pins", [{B: "172.20.9.0/24"}, {A: "172.20.7.0/24"}])
def test_a_host_that_may_not_move(pins: dict[str, str]) -> None:
    """Neither for another host nor for a pin of its own; what it has may be pinned all the same."""
    have = [lease(A, "172.20.9.0/24")]

    def plan(pins: dict[str, str]) -> list[allocation.Assignment]:
        entries = [{"public_ip": host, "subnet": pins.get(host)} for host in (A, B)]
        entries[0]["move"] = False
        return allocation.assign(CONFIG, allocation.wanted_from_params(entries, "leases"), have, [])

    with pytest.raises(OptionError, match=f"the host {A} has 172.20.9.0/24 and would get"):
        plan(pins)
    assert [item.drop for item in plan({A: "172.20.9.0/24", B: "172.20.7.0/24"})] == [(), ()]
    assert [str(item.subnets.ipv4) for item in plan({})] == ["172.20.9.0/24", "172.20.1.0/24"]


def test_what_there_is_to_do() -> None:
    plan = allocation.assign(
        CONFIG,
        wanted(A, f"{B}=172.20.7.0/24"),
        [lease(B, "172.20.2.0/24")],
        [record(A, "172.20.4.0/24")],
    )
    first, second = plan
    assert (first.put_lease, first.put_record, first.drop) == (True, False, ())
    assert (second.put_lease, second.put_record) == (True, True)
    assert [str(item.subnets.ipv4) for item in second.drop] == ["172.20.2.0/24"]


def test_dual_stack() -> None:
    plan = allocation.assign(DUAL, wanted(A, B), [lease(C, "172.20.1.0/24 fd00:20:0:1::/64")], [])
    assert [leases.lease_key("", item.subnets) for item in plan] == [
        "/subnets/172.20.2.0-24&fd00:20:0:2::-64",
        "/subnets/172.20.3.0-24&fd00:20:0:3::-64",
    ]


def test_a_hundred_hosts_are_all_different() -> None:
    hosts = [f"192.0.2.{number}" for number in range(1, 201)]
    plan = allocation.assign(CONFIG, wanted(*hosts), [], [])
    assert len({item.subnets for item in plan}) == 200
    assert str(plan[-1].subnets.ipv4) == "172.20.200.0/24"


def test_full() -> None:
    words = "all 3 subnets of it are taken, and 2 of the 5 hosts of this task get none"
    with pytest.raises(ContainerNetError, match=words):
        allocation.assign(SMALL, wanted(A, B, C, "192.0.2.4", "192.0.2.5"), [], [])


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ([f"{A}=172.21.0.0/24"], "outside the network 172.20.0.0/16"),
        ([f"{A}=172.20.4.0/25"], "every host's subnet here is a /24"),
        ([f"{A}=172.20.0.0/24"], "flannel gives out 172.20.1.0 to 172.20.255.0 only"),
        ([f"{A}=172.20.8.0/24"], "the host 192.0.2.9 has it"),
        ([f"{A}=172.20.9.0/24"], "the host 192.0.2.8 has it"),
    ],
)
def test_pins_that_cannot_be(hosts: list[str], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        allocation.assign(
            CONFIG,
            wanted(*hosts),
            [lease("192.0.2.9", "172.20.8.0/24")],
            [record("192.0.2.8", "172.20.9.0/24")],
        )


@pytest.mark.parametrize(
    ("entries", "option", "words"),
    [
        ([{"public_ip": "192.0.2.300"}], "leases[0].public_ip", "not an IPv4 address"),
        ([{"public_ip": ""}], "leases[0].public_ip", "missing"),
        ([{"public_ip": "fd00::1"}], "leases[0].public_ip", "not an IPv4 address"),
        ([{"public_ip": "127.0.0.1"}], "leases[0].public_ip", "no other host can reach"),
        ([{"public_ip": "0.0.0.0"}], "leases[0].public_ip", "no other host can reach"),
        ([{"public_ip": A}, {"public_ip": A}], "leases[1].public_ip", "leases[0].public_ip is the"),
        (
            [{"public_ip": A, "subnet": "172.20.1.0"}],
            "leases[0].subnet",
            "prefix length is missing",
        ),
        ([{"public_ip": A, "subnet": "172.20.1.1/24"}], "leases[0].subnet", "Write 172.20.1.0/24"),
        ([{"public_ip": A, "subnet": "fd00::/64"}], "leases[0].subnet", "not an IPv4 network"),
        (
            [
                {"public_ip": A, "subnet": "172.20.1.0/24"},
                {"public_ip": B, "subnet": "172.20.1.0/24"},
            ],
            "leases[1].subnet",
            "overlaps with 172.20.1.0/24 of 192.0.2.1",
        ),
        (
            [{"public_ip": A, "ipv6_subnet": "172.20.1.0/24"}],
            "leases[0].ipv6_subnet",
            "not an IPv6 network",
        ),
    ],
)
def test_bad_hosts(entries: list[dict[str, str]], option: str, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        allocation.wanted_from_params(entries, "leases")
    assert caught.value.option == option
    assert words in str(caught.value)


def test_an_ipv6_pin_needs_an_ipv6_network() -> None:
    hosts = allocation.wanted_from_params([{"public_ip": A, "ipv6_subnet": "fd00:20:0:9::/64"}], "")
    with pytest.raises(OptionError, match="no IPv6"):
        allocation.assign(CONFIG, hosts, [], [])


def test_orphans() -> None:
    have = [lease(A, "172.20.1.0/24"), lease(B, "172.30.1.0/24"), lease(C, "172.20.4.0/25")]
    assert [item.public_ip for item in leases.orphans(CONFIG, have)] == [B, C]
    assert [item.public_ip for item in leases.orphans(DUAL, have)] == [A, B, C]
