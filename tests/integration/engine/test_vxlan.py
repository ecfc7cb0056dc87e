# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VXLAN links: two hosts joined, everything broken by hand and repaired, failures undone."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import apply
from ansible_collections.netfabric.container_net.plugins.module_utils._run import Outcome, RunError
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.until import gone, until

BROADCAST = "00:00:00:00:00:00"
ADDRESSES = {
    4: ("192.0.2.1", "192.0.2.2", "192.0.2.3", 24),
    6: ("2001:db8::1", "2001:db8::2", "2001:db8::3", 64),
}


def single(**params: Any) -> Outcome:
    return _flow.execute(parse.from_vxlan(params), False, 10)


def link(version: int, number: int, **more: Any) -> networks.Params:
    """The vxlan of host ``number``, 1 or 2."""
    addresses = ADDRESSES[version]
    options = {
        "netns": f"h{number}",
        "vni": 42,
        "local": addresses[number - 1],
        "learning": False,
        "dev": "eth0",
        "addresses": [f"10.50.0.{number}/24"],
        "fdb": [{"mac": BROADCAST, "dst": addresses[2 - number]}],
        **more,
    }
    return networks.link("vx", **options)


def joined(version: int = 4, **more: Any) -> networks.Params:
    """Two namespaces as hosts with their overlay, and an empty one."""
    addresses = ADDRESSES[version]
    ends = [
        networks.link("eth0", netns=f"h{i + 1}", addresses=[f"{addresses[i]}/{addresses[3]}"])
        for i in range(2)
    ]
    return {
        "name": "joined",
        "namespaces": [{"name": "h1"}, {"name": "h2"}, {"name": "h3"}],
        "veths": [{**ends[0], "peer": ends[1]}],
        "vxlans": [link(version, 1, **more), link(version, 2, **more)],
    }


def details(host: Host, netns: str = "h1") -> dict[str, Any]:
    shown: list[dict[str, Any]] = host.json(f"ip -n {netns} -d -j link show dev vx")
    data: dict[str, Any] = shown[0]["linkinfo"]["info_data"]
    return data


@pytest.mark.smoke
@pytest.mark.parametrize("version", [4, 6])
def test_two_hosts_are_joined(host: Host, version: int) -> None:
    before = host.dump()
    predicted = host.apply(joined(version), check_mode=True)
    assert host.dump() == before
    outcome = host.apply(joined(version))
    assert host.commands(outcome) == host.commands(predicted)
    host.sh(until("! { ip -n h1 addr; ip -n h2 addr; } | grep -q tentative"))
    overhead = {4: 50, 6: 70}[version]
    size = 1500 - overhead - 28
    assert host.pings("h1", "10.50.0.2", f"-M do -s {size}")
    assert not host.pings("h1", "10.50.0.2", f"-M do -s {size + 1}")
    assert details(host)["port"] == 4789
    assert not host.apply(joined(version)).changed
    made = host.dump(marks=False)
    host.apply({"name": "joined", "state": "absent"})
    assert host.dump() == before
    host.sh("\n".join(host.commands(outcome)))
    assert host.dump(marks=False) == made


DRIFTS = [
    ("bridge -n h1 fdb del {zero} dev vx dst 192.0.2.2", "bridge -n h1 fdb append {zero} dev vx"),
    ("bridge -n h1 fdb append {zero} dev vx dst 192.0.2.9", "bridge -n h1 fdb del {zero} dev vx"),
    (
        "bridge -n h1 fdb add 02:00:00:00:00:07 dev vx dst 192.0.2.9 port 9999 vni 5 via eth0",
        "bridge -n h1 fdb del 02:00:00:00:00:07 dev vx dst 192.0.2.9 port 9999 vni 5 via eth0",
    ),
    ("ip -n h1 link set vx type vxlan learning", "type vxlan nolearning"),
    ("ip -n h1 link set vx type vxlan local 192.0.2.9", "type vxlan local 192.0.2.1"),
    ("ip -n h1 link add x type bridge; ip -n h1 link set vx type vxlan dev x", "vxlan dev eth0"),
    ("ip -n h1 link set vx mtu 1300", "mtu 1400"),
    ("ip -n h1 link set vx down", "link set dev vx up"),
    ("ip -n h1 addr del 10.50.0.1/24 dev vx", "addr add 10.50.0.1/24 dev vx"),
    ("ip -n h1 link set vx name other", "link set dev other name vx"),
]


@pytest.mark.parametrize(("breaks", "mends"), DRIFTS, ids=[d[0][:50] for d in DRIFTS])
def test_what_was_broken_by_hand_is_mended(host: Host, breaks: str, mends: str) -> None:
    params = joined(mtu=1400)
    host.apply(params)
    wanted = host.dump(marks=False)
    host.sh(breaks.format(zero=BROADCAST))
    outcome = host.apply(params)
    commands = host.commands(outcome)
    assert any(mends.format(zero=BROADCAST) in command for command in commands), commands
    assert len(commands) <= 3
    host.sh("ip -n h1 link show x && ip -n h1 link del x || true")
    assert not host.apply(params).changed
    assert host.dump(marks=False) == wanted


@pytest.mark.parametrize(
    "breaks",
    [
        "ip -n h1 link del vx",
        "ip -n h1 link set vx netns h3",
        "ip -n h1 link set vx netns $$; true",
        f"ip netns del h1; {gone('eth0', 'h2')}",
        "ip -n h1 link del eth0",
    ],
)
def test_a_lost_link_comes_back(host: Host, breaks: str) -> None:
    host.apply(joined())
    host.sh(breaks)
    assert host.apply(joined()).changed
    assert not host.apply(joined()).changed
    assert host.pings("h1", "10.50.0.2")
    assert "vx" not in host.sh("ip link")


def test_a_remote_host_and_its_entry(host: Host) -> None:
    host.sh("ip link add low type bridge; ip addr add 192.0.2.1/24 dev low; ip link set low up")
    single(name="vx", vni=1, remote="192.0.2.2", fdb=[], admin_state="up")
    assert "dst 192.0.2.2" in host.sh("bridge fdb show dev vx")
    assert not single(name="vx", remote="192.0.2.2", fdb=[]).changed
    # The kernel's own entry of it, taken away.
    host.sh(f"bridge fdb del {BROADCAST} dev vx dst 192.0.2.2")
    outcome = single(name="vx", remote="192.0.2.2")
    assert host.commands(outcome) == [f"bridge fdb append {BROADCAST} dev vx dst 192.0.2.2"]
    outcome = single(name="vx", remote="192.0.2.3", fdb=[])
    assert host.commands(outcome) == ["ip link set dev vx type vxlan remote 192.0.2.3"]
    assert "192.0.2.2" not in host.sh("bridge fdb show dev vx")
    single(name="vx", dev="low", remote="192.0.2.3")
    host.sh(f"bridge fdb del {BROADCAST} dev vx dst 192.0.2.3 via low")
    assert single(name="vx", dev="low", remote="192.0.2.3").changed
    assert "via low" in host.sh("bridge fdb show dev vx")
    outcome = single(name="vx", dev="low", group="239.1.1.1")
    assert host.commands(outcome) == ["ip link set dev vx type vxlan group 239.1.1.1 dev low"]
    assert not single(name="vx", dev="low", group="239.1.1.1", fdb=[], purge_fdb=True).changed
    assert single(name="vx", state="absent").changed
    assert "vx" not in host.sh("ip link")


def test_stations_behind_hosts(host: Host) -> None:
    single(name="vx", vni=1, fdb=[{"mac": "02:00:00:00:00:01", "dst": "192.0.2.2"}])
    outcome = single(name="vx", fdb=[{"mac": "02:00:00:00:00:01", "dst": "192.0.2.3"}])
    assert host.commands(outcome) == ["bridge fdb replace 02:00:00:00:00:01 dev vx dst 192.0.2.3"]
    # A learned one is not compared, and makes room.
    host.sh("bridge fdb add 02:00:00:00:00:02 dev vx dst 192.0.2.9 dynamic")
    assert not single(name="vx", fdb=[{"mac": "02:00:00:00:00:01", "dst": "192.0.2.3"}]).changed
    single(
        name="vx",
        fdb=[
            {"mac": "02:00:00:00:00:01", "dst": "192.0.2.3"},
            {"mac": "02:00:00:00:00:02", "dst": "192.0.2.4"},
        ],
    )
    assert "02:00:00:00:00:02 dst 192.0.2.4" in host.sh("bridge fdb show dev vx")


def test_what_the_kernel_cannot_change_is_replaced_when_it_may_be(host: Host) -> None:
    host.apply(joined())
    for option, value, says in (
        ("vni", 43, "vni: 43: the vxlan vx exists in namespace h1 with vni 42"),
        ("dstport", 8472, "dstport: 8472: .* with dstport 4789"),
    ):
        params = joined(**{option: value})
        with pytest.raises(OptionError, match=rf"vxlans\[0\]\.{says}"):
            host.apply(params)
        host.apply(joined(**{option: value}, recreate=True))
        assert not host.apply(params).changed
        assert host.pings("h1", "10.50.0.2")
        host.apply(joined(recreate=True))
    six = joined(6)
    six["veths"][0]["addresses"] += ["192.0.2.1/24"]
    with pytest.raises(OptionError, match="over IPv4"):
        host.apply(six)
    for vxlan in six["vxlans"]:
        vxlan["recreate"] = True
    host.apply(six)
    assert details(host)["local6"] == "2001:db8::1"
    assert not host.apply(six).changed


def test_a_link_below_that_is_replaced_keeps_the_one_above(host: Host) -> None:
    host.apply(joined())
    host.sh(
        "ip -n h1 link del eth0; ip -n h1 link add eth0 type veth peer name other;"
        "ip -n h1 link set eth0 up"
    )
    params = joined(6)
    params = joined()
    params["veths"][0]["recreate"] = True
    params["adopt"] = True
    host.apply(params)
    assert not host.apply(params).changed
    assert host.pings("h1", "10.50.0.2")


def test_an_underlay_in_another_namespace_is_no_match(host: Host) -> None:
    host.sh(
        "ip netns add h1; ip link add low type bridge;"
        "ip link add vx netns h1 type vxlan id 42 dev low dstport 4789 local 192.0.2.1"
    )
    with pytest.raises(OptionError, match="packets in another namespace"):
        single(name="vx", netns="h1", vni=42)
    single(name="vx", netns="h1", vni=42, recreate=True)
    assert not single(name="vx", netns="h1", vni=42).changed
    assert "link-netnsid" not in host.sh("ip -n h1 link show dev vx")


def test_two_tasks_do_not_take_a_link_from_each_other(host: Host) -> None:
    single(name="vx", vni=42)
    with pytest.raises(
        OptionError, match=r"vni: '?42'?: vni 42 and dstport 4789 are those of .* vx"
    ):
        single(name="other", vni=42)
    assert not single(name="vx", vni=42).changed
    host.sh("ip link set vx down; ip link set vx name lost")
    outcome = single(name="vx", vni=42)
    assert "ip link set dev lost name vx" in host.commands(outcome)


def test_a_port_of_a_bridge(host: Host) -> None:
    params = {
        "name": "ported",
        "bridges": [networks.link("br", addresses=["10.50.0.1/24"], mtu=1450)],
        "vxlans": [networks.link("vx", vni=7, mtu=1450, master="br")],
    }
    host.apply(params)
    assert not host.apply(params).changed
    assert "vx" in host.sh("ip link show master br")
    del params["vxlans"]
    outcome = host.apply(params)
    assert host.commands(outcome) == ["ip link del dev vx"]


@pytest.mark.parametrize("position", range(12))
def test_a_failure_is_undone(host: Host, monkeypatch: pytest.MonkeyPatch, position: int) -> None:
    """Every send of a run that changes all that a vxlan has fails once."""
    host.apply(joined(mtu=1300))
    host.sh("ip -n h1 link add low type bridge; ip -n h1 link set low up mtu 1600")
    host.sh("bridge -n h1 fdb add 02:00:00:00:00:09 dev vx dst 192.0.2.7")
    # The kernel gives links their own addresses a while after they went up.
    for netns, links in (("h1", 3), ("h2", 2)):
        seen = f"ip -n {netns} -6 addr show scope link | grep -c inet6"
        host.sh(until(f'[ "$({seen})" = {links} ]'))
    before = host.dump()
    changed = joined(mtu=1400)
    changed["vxlans"][0] |= {
        "learning": True,
        "dev": "low",
        "local": "192.0.2.9",
        "remote": "192.0.2.8",
        "fdb": [
            {"mac": BROADCAST, "dst": "192.0.2.5"},
            {"mac": "02:00:00:00:00:09", "dst": "192.0.2.6"},
        ],
        "purge_fdb": False,
    }
    changed["vxlans"][1] |= {"vni": 43, "recreate": True}
    sent: list[None] = []
    request = apply.request

    def failing(operation: Any, index: Any) -> Any:
        sent.append(None)
        if len(sent) == position + 1:
            raise apply.HostError("injected")
        return request(operation, index)

    with monkeypatch.context() as patch:
        patch.setattr(apply, "request", failing)
        with pytest.raises(RunError, match=r"injected|undone") as caught:
            host.apply(changed)
    assert caught.value.rolled_back
    assert host.dump() == before
    host.apply(changed)
    assert not host.apply(changed).changed


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"vni": 42}, r"vni: 42: vni 42 and dstport 4789 are those of the vxlan strange"),
    ({"vni": 1, "dev": "nowhere"}, "dev: 'nowhere': there is no such link"),
    ({"vni": 1, "dev": "low", "mtu": 1451}, "mtu: 1451: with 50 bytes .* carries 1450"),
    ({}, "name: 'vx': there is no such vxlan on the host, and vni is not given"),
    (
        {"vni": 1, "fdb": [{"mac": BROADCAST, "dst": "2001:db8::2"}]},
        r"fdb\[0\].dst: '2001:db8::2': the vxlan runs over IPv4",
    ),
]


@pytest.mark.parametrize(("params", "message"), REFUSED, ids=[m[:30] for dummy, m in REFUSED])
def test_what_the_kernel_would_refuse_is_found_before(
    host: Host, params: dict[str, Any], message: str
) -> None:
    host.sh(
        "ip link add low type bridge; ip link set low up;"
        "ip link add strange type vxlan id 42 dstport 4789"
    )
    before = host.dump()
    with pytest.raises(OptionError, match=message):
        single(name="vx", **params)
    assert host.dump() == before
