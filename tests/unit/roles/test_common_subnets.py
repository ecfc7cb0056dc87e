# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters common_subnets and common_mtu: whose part of the containers' network is whose."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.netfabric.container_net.plugins.filter.common_mtu import common_mtu
from ansible_collections.netfabric.container_net.plugins.filter.common_subnets import common_subnets

NETWORK = "172.20.0.0/16"


def host(subnet: str = "", noted: str = "", docker0: str = "") -> dict[str, Any]:
    """A host's variables: what the inventory gives it, what it noted itself, and what it has."""
    fact = {"container_net": {"overlay": "direct_routes", "subnet": noted}} if noted else {}
    found: dict[str, Any] = {"ansible_facts": {"interfaces": ["eth0"], "ansible_local": fact}}
    if docker0:
        address, dummy, prefix = docker0.partition("/")
        found["ansible_facts"]["docker0"] = {"ipv4": {"address": address, "prefix": prefix}}
    if subnet:
        found["container_net_subnet"] = subnet
    return found


def divided(hosts: dict[str, dict[str, Any]], network: str = NETWORK, **more: Any) -> list[str]:
    found = common_subnets(list(hosts), hosts, network, **more)
    assert list(found) == list(hosts)
    return [entry["subnet"].removesuffix(".0/24") for entry in found.values()]


@pytest.mark.parametrize(
    ("hosts", "subnets"),
    [
        pytest.param({"a": host(), "b": host()}, ["172.20.1", "172.20.2"], id="the lowest"),
        pytest.param({"b": host(), "a": host()}, ["172.20.2", "172.20.1"], id="by name"),
        pytest.param(
            {"a": host(), "b": host(noted="172.20.1.0/24"), "c": host(noted="172.20.2.0/24")},
            ["172.20.3", "172.20.1", "172.20.2"],
            id="one that comes moves nobody",
        ),
        pytest.param(
            {"a": host(noted="172.20.2.0/24"), "c": host()},
            ["172.20.2", "172.20.1"],
            id="one that went leaves room",
        ),
        pytest.param(
            {"a": host(), "b": host("10.1.2.0/24"), "c": host("172.20.1.0/24")},
            ["172.20.2", "10.1.2", "172.20.1"],
            id="the inventory's, also elsewhere",
        ),
        pytest.param(
            {"a": host(noted="172.20.7.0/24"), "b": host("172.20.7.0/24")},
            ["172.20.1", "172.20.7"],
            id="the inventory before the note",
        ),
        pytest.param(
            {"a": host(noted="172.20.5.0/24"), "b": host(noted="172.20.5.0/24")},
            ["172.20.5", "172.20.1"],
            id="a copy of a host",
        ),
        pytest.param(
            {"a": host(noted="10.0.5.0/24"), "b": host(noted="172.20.8.0/25")},
            ["172.20.1", "172.20.2"],
            id="the network or the length is another one now",
        ),
        pytest.param(
            {"web": host(docker0="172.20.1.1/24"), "db": host(docker0="172.20.2.1/24")},
            ["172.20.1", "172.20.2"],
            id="what flannel gave stays",
        ),
        pytest.param(
            {"a": host(docker0="172.20.5.1/24"), "b": host(noted="172.20.5.0/24")},
            ["172.20.1", "172.20.5"],
            id="another host's note before docker0",
        ),
        pytest.param(
            {"a": host(docker0="172.20.5.1/24"), "b": host("172.20.5.0/24"), "c": host()},
            ["172.20.1", "172.20.5", "172.20.2"],
            id="the inventory before docker0",
        ),
        pytest.param(
            {"a": host(noted="172.20.7.0/24", docker0="172.20.5.1/24")},
            ["172.20.7"],
            id="the note before docker0",
        ),
        pytest.param(
            {"a": host(docker0="172.20.5.1/24"), "b": host(docker0="172.20.5.1/24")},
            ["172.20.5", "172.20.1"],
            id="a copy of a host that flannel joined",
        ),
        pytest.param(
            {
                "a": host(docker0="172.17.0.1/16"),
                "b": host(docker0="172.20.5.1/16"),
                "c": host(docker0="172.20.6.9/24"),
                "d": host(docker0="172.20.0.1/24"),
                "e": host(docker0="172.20.9.1/"),
                "f": {"ansible_facts": {"interfaces": ["docker0"], "docker0": {"active": False}}},
            },
            [f"172.20.{number}" for number in range(1, 7)],
            id="a docker0 that nobody gave such a part",
        ),
        pytest.param({"a": host(noted="rubbish")}, ["172.20.1"], id="a note that makes no sense"),
        pytest.param(
            {"a": {"container_net_subnet": "172.20.9.0/24"}, "b": host()},
            ["172.20.9", "172.20.1"],
            id="no facts are needed where the inventory knows",
        ),
    ],
)
def test_each_host_has_its_part(hosts: dict[str, dict[str, Any]], subnets: list[str]) -> None:
    assert divided(hosts) == subnets


def test_the_bridge_has_the_first_address() -> None:
    hosts = {"a": host(), "b": host()}
    found = common_subnets(list(hosts), hosts, "10.9.0.0/24", 26)
    assert found["b"] == {"subnet": "10.9.0.128/26", "bip": "10.9.0.129/26"}


@pytest.mark.parametrize(
    ("hosts", "network", "length", "words"),
    [
        ({"a": host("172.20.1.0/33")}, NETWORK, 24, ["a: container_net_subnet", "not an IPv4"]),
        ({"a": host("172.20.1.9/24")}, NETWORK, 24, ["host bits set", "172.20.24.0/24"]),
        ({"a": host("172.20.1.0/31")}, NETWORK, 24, ["no room for containers"]),
        (
            {"a": host("172.20.1.0/24"), "b": host("172.20.0.0/20")},
            NETWORK,
            24,
            ["172.20.0.0/20 of b and 172.20.1.0/24 of a overlap"],
        ),
        ({"a": {}}, NETWORK, 24, ["a: there are no facts", "set container_net_subnet"]),
        ({"a": host()}, "172.20.0.0", 16, ["container_net_network: 172.20.0.0/32", "too small"]),
        ({"a": host()}, "rubbish", 24, ["container_net_network: rubbish"]),
        ({"a": host()}, "10.0.0.0/24", 24, ["cannot be divided", "from 25 to 30"]),
        (
            {"a": host(), "b": host(), "c": host(), "d": host()},
            "10.0.0.0/22",
            24,
            ["subnets for 3 of the 4 hosts", "a, b, c, d"],
        ),
    ],
)
def test_what_cannot_be_is_refused(
    hosts: dict[str, dict[str, Any]], network: str, length: int, words: list[str]
) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        common_subnets(list(hosts), hosts, network, length)
    assert [word for word in words if word not in str(refused.value)] == []


def test_a_subnet_with_a_host_in_it_is_refused() -> None:
    hosts = {"a": host(), "b": host()}
    addresses = {"a": {"ip": "192.0.2.1"}, "b": {"ip": "172.20.1.7"}}
    assert common_subnets(list(hosts), hosts, "172.21.0.0/16", 24, addresses)
    with pytest.raises(AnsibleFilterError) as refused:
        common_subnets(list(hosts), hosts, NETWORK, 24, addresses)
    said = "172.20.1.0/24, the subnet of a, holds the address 172.20.1.7 of b"
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "own"),
    [
        ({"ip": "172.20.200.7"}, {}),
        ({"ip": "192.0.2.2", "local": "172.20.200.7"}, {}),
        ({"ip": "172.20.200.7"}, {"subnet": "172.20.9.0/24"}),
    ],
    ids=["found out", "behind a translation", "a given part of it"],
)
def test_a_network_with_a_host_in_it_is_refused(entry: dict[str, str], own: dict[str, str]) -> None:
    """Nobody has that part of it, but what containers send there would keep their source."""
    hosts = {"a": host(), "b": host(**own)}
    addresses = {"a": {"ip": "192.0.2.1", "local": "192.0.2.1"}, "b": entry}
    assert common_subnets(list(hosts), hosts, NETWORK, 24, {"a": addresses["a"]})
    with pytest.raises(AnsibleFilterError) as refused:
        common_subnets(list(hosts), hosts, NETWORK, 24, addresses)
    said = "container_net_network: 172.20.0.0/16 holds the address 172.20.200.7 of b"
    assert said in str(refused.value)


def test_a_host_may_be_in_the_network_where_subnets_are_not() -> None:
    hosts = {"a": host("10.1.1.0/24"), "b": host("10.1.2.0/24")}
    addresses = {"a": {"ip": "172.20.200.6"}, "b": {"ip": "172.20.200.7"}}
    assert divided(hosts, addresses=addresses) == ["10.1.1", "10.1.2"]


def test_the_mtu_is_the_smallest_that_is_known() -> None:
    hosts = {
        "a": {"ansible_facts": {"eth0": {"mtu": 9000}, "eth1": {"mtu": 1400}}},
        "b": {"ansible_facts": {"br_lan": {"mtu": 1480}}},
        "c": {},
    }
    addresses = {
        "a": {"ip": "192.0.2.1", "iface": "eth0"},
        "b": {"ip": "192.0.2.2", "iface": "br-lan"},
        "c": {"ip": "192.0.2.3", "iface": ""},
    }
    assert common_mtu(addresses, hosts) == 1480
    assert common_mtu({"c": addresses["c"]}, hosts) == 1500
