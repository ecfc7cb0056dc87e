# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Networks are made, left alone the second time, repaired and removed, on the real kernel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.until import gone


@pytest.mark.smoke
def test_the_pair_of_s2(host: Host) -> None:
    outcome = host.apply(networks.pair())
    assert outcome.changed
    assert host.pings("test1", "192.168.1.2")
    assert host.pings("test2", "192.168.1.1")
    assert "veth-test" not in host.sh("ip link")
    assert not host.apply(networks.pair()).changed
    assert not host.apply(networks.pair(), check_mode=True).changed


@pytest.mark.smoke
def test_the_bridge_of_s3(host: Host) -> None:
    assert host.apply(networks.two_rooms()).changed
    assert host.pings("ns1", "192.168.2.11")
    assert host.pings("ns2", "192.168.2.10")
    assert host.pings("ns1", "192.168.2.1")
    again = host.apply(networks.two_rooms())
    assert host.commands(again) == []
    assert not again.changed


@pytest.mark.smoke
def test_check_mode_predicts_and_changes_nothing(host: Host) -> None:
    before = host.dump()
    predicted = host.apply(networks.two_rooms(), check_mode=True)
    assert host.dump() == before
    done = host.apply(networks.two_rooms())
    assert host.commands(predicted) == host.commands(done)


@pytest.mark.parametrize("network", [networks.pair, networks.two_rooms])
def test_the_commands_make_the_same_network_on_a_clean_host(host: Host, network: Any) -> None:
    outcome = host.apply(network())
    made = host.dump(marks=False)
    host.apply({"name": network()["name"], "state": "absent"})
    assert host.namespaces() == []
    host.sh("\n".join(host.commands(outcome)))
    assert host.dump(marks=False) == made


def test_absent_removes_everything_that_is_owned_and_nothing_else(host: Host) -> None:
    host.sh(
        "ip link add other type bridge; ip addr add 10.5.0.1/24 dev other; ip link set other up;"
        "ip netns add stranger; ip route add 10.6.0.0/16 via 10.5.0.2"
    )
    before = host.dump()
    host.apply(networks.two_rooms())
    host.apply(networks.pair())
    host.apply({"name": "two_rooms", "state": "absent"})
    host.apply({"name": "pair", "state": "absent"})
    assert host.dump() == before
    assert not host.apply({"name": "pair", "state": "absent"}).changed
    assert host.sh("ls -A /var/lib/container_net") == ""


def test_prune_removes_what_is_no_longer_named(host: Host) -> None:
    host.apply(networks.two_rooms())
    smaller = networks.two_rooms()
    del smaller["namespaces"][1]
    del smaller["veths"][1]
    smaller["veths"][0]["routes"].pop()
    outcome = host.apply(smaller)
    assert host.commands(outcome) == [
        "ip -n ns1 route del 10.9.0.0/16 via 192.168.2.1 dev ns1veth0 metric 50",
        "ip link del dev ns2veth1",
        "ip netns del ns2",
    ]
    assert host.namespaces() == ["ns1"]
    assert not host.apply(smaller).changed


def test_prune_finds_what_is_owned_without_a_state_file(host: Host) -> None:
    host.apply(networks.two_rooms())
    host.sh("rm -r /var/lib/container_net/*")
    assert host.apply({"name": "two_rooms", "state": "absent"}).changed
    assert host.namespaces() == []
    assert "mybridge" not in host.sh("ip link")


def test_a_lost_state_file_is_made_again_and_that_is_said(host: Host) -> None:
    host.apply(networks.two_rooms())
    saved = host.sh("cat /var/lib/container_net/topologies/two_rooms.json")
    host.sh("rm -r /var/lib/container_net/*")
    outcome = host.apply(networks.two_rooms())
    assert not outcome.changed
    assert "state file" in outcome.warnings[0]
    again = host.sh("cat /var/lib/container_net/topologies/two_rooms.json")
    assert '"links":' in again
    assert again.split('"sysctls"')[0] == saved.split('"sysctls"')[0]


DRIFT = [
    ("ip -n ns1 addr del 192.168.2.10/24 dev ns1veth0", None),
    (
        "ip -n ns1 addr add 192.168.2.77/24 dev ns1veth0",
        ["ip -n ns1 addr del 192.168.2.77/24 dev ns1veth0"],
    ),
    (
        "ip -n ns1 addr add 10.77.0.1/16 dev ns1veth0",
        ["ip -n ns1 addr del 10.77.0.1/16 dev ns1veth0"],
    ),
    (
        "ip -n ns1 addr del fd00:2::10/64 dev ns1veth0;"
        " ip -n ns1 addr add fd00:2::10/48 dev ns1veth0",
        None,
    ),
    (
        "ip -n ns1 route replace 10.9.0.0/16 via 192.168.2.99 metric 50",
        ["ip -n ns1 route replace 10.9.0.0/16 via 192.168.2.1 dev ns1veth0 metric 50"],
    ),
    ("ip -n ns1 route del default", ["ip -n ns1 route add default via 192.168.2.1 dev ns1veth0"]),
    (
        "ip -n ns1 -6 route del default",
        ["ip -n ns1 -6 route add default via fd00:2::1 dev ns1veth0"],
    ),
    ("ip -n ns1 link set ns1veth0 mtu 1300", ["ip -n ns1 link set dev ns1veth0 mtu 1400"]),
    ("ip -n ns1 link set ns1veth0 down", None),
    ("ip link set ns1veth1 down", ["ip link set dev ns1veth1 up"]),
    ("ip link set mybridge down", ["ip link set dev mybridge up"]),
    ("ip link set ns1veth1 nomaster", ["ip link set dev ns1veth1 master mybridge"]),
    (
        "ip link set mybridge type bridge ageing_time 100",
        ["ip link set dev mybridge type bridge ageing_time 20000"],
    ),
    (
        "ip link set mybridge type bridge stp_state 1",
        ["ip link set dev mybridge type bridge stp_state 0"],
    ),
    (
        "ip netns exec ns2 sysctl -qw net.ipv4.ip_forward=0",
        ["ip netns exec ns2 sysctl -w net.ipv4.ip_forward=1"],
    ),
    ("ip -n ns1 link set lo down", ["ip -n ns1 link set dev lo up"]),
    ("ip -n ns1 link set dev ns1veth0 netns $$; true", None),
    ("ip link set ns1veth1 netns ns2", None),
    ("ip link set ns1veth1 down; ip link set ns1veth1 name renamed", None),
    ("ip link del ns1veth1", None),
    (f"ip netns del ns1; {gone('ns1veth1')}", None),
    ("ip netns del ns1", None),
    ("ip link del mybridge", None),
]


@pytest.mark.parametrize(("drift", "repair"), DRIFT, ids=[d[0][:60] for d in DRIFT])
def test_drift_is_repaired(host: Host, drift: str, repair: list[str] | None) -> None:
    host.apply(networks.two_rooms())
    wanted = host.dump(marks=False)
    host.sh(drift)
    outcome = host.apply(networks.two_rooms())
    assert outcome.changed
    if repair is not None:
        assert host.commands(outcome) == repair
    assert host.dump(marks=False) == wanted
    assert not host.apply(networks.two_rooms()).changed
    assert host.pings("ns1", "192.168.2.11")


def test_mario_is_made_although_mario2_exists(host: Host) -> None:
    host.sh("ip netns add mario2; ip link add eth01 type bridge")
    host.apply({"name": "x", "namespaces": [{"name": "mario"}], "bridges": [{"name": "eth0"}]})
    assert host.namespaces() == ["mario", "mario2"]


@pytest.mark.smoke
def test_bridge_options_reach_the_kernel(host: Host) -> None:
    bridge = networks.link(
        "br",
        stp=True,
        priority=4096,
        forward_delay=4,
        hello_time=1,
        max_age=10,
        ageing_time=123,
        multicast_snooping=False,
        mac="02:00:00:00:00:77",
        mtu=1450,
    )
    params = {"name": "x", "bridges": [bridge]}
    host.apply(params)
    found = host.json("ip -j -d link show br")[0]
    data = found["linkinfo"]["info_data"]
    assert (found["address"], found["mtu"]) == ("02:00:00:00:00:77", 1450)
    assert (data["stp_state"], data["priority"], data["forward_delay"]) == (1, 4096, 400)
    assert (data["hello_time"], data["max_age"], data["ageing_time"]) == (100, 1000, 12300)
    assert data["mcast_snooping"] == 0
    assert not host.apply(params).changed
    bridge["forward_delay"] = 5
    assert host.apply(params).changed
    assert not host.apply(params).changed


def test_a_pair_is_recreated_only_when_asked(host: Host) -> None:
    host.sh(
        "ip netns add ns1; ip link add name a type veth peer name wrong; ip link set dev a up;"
        "ip addr add 10.1.0.1/24 dev a; ip link set wrong up"
    )
    veth = networks.link("a", addresses=["10.1.0.1/24"], peer=networks.link("b", netns="ns1"))
    params = {"name": "x", "veths": [veth], "adopt": True}
    with pytest.raises(Exception, match=r"veths\[0\].name: 'a': .*recreate"):
        host.apply(params)
    veth["recreate"] = True
    host.apply(params)
    assert "wrong" not in host.sh("ip link")
    assert host.json("ip -n ns1 -j link show b")
    assert not host.apply(params).changed


def test_a_pair_that_is_recreated_gets_its_sysctls(host: Host) -> None:
    """What the old link had is not what the new one has."""
    host.sh(
        "ip netns add ns1; ip -n ns1 link add name a type veth peer name wrong;"
        "ip netns exec ns1 sysctl -qw net.ipv4.conf.a.rp_filter=2 net.ipv4.conf.default.rp_filter=0"
    )
    pair = networks.link("a", netns="ns1", recreate=True, peer=networks.link("b", netns="ns1"))
    sysctls = {"net.ipv4.conf.a.rp_filter": 2}
    namespaces = [{"name": "ns1", "sysctls": sysctls}]
    params = {"name": "x", "adopt": True, "namespaces": namespaces, "veths": [pair]}
    host.apply(params)
    assert host.sh("ip netns exec ns1 sysctl -n net.ipv4.conf.a.rp_filter") == "2\n"
    assert not host.apply(params).changed


def test_a_secondary_that_is_wanted_outlives_the_primary(host: Host) -> None:
    host.sh(
        "ip link add name br type bridge; ip link set dev br up; ip addr add 10.1.0.1/24 dev br;"
        "ip addr add 10.1.0.2/24 dev br; ip route add 10.2.0.0/16 via 10.1.0.9"
    )
    params = {
        "name": "x",
        "adopt": True,
        "bridges": [networks.link("br", addresses=["10.1.0.2/24"])],
    }
    host.apply(params)
    text = host.sh("ip -br -4 addr show br")
    assert "10.1.0.2/24" in text
    assert "10.1.0.1/24" not in text
    assert "10.2.0.0/16 via 10.1.0.9" in host.sh("ip route")
    assert not host.apply(params).changed


def test_an_end_that_gets_another_name_keeps_nothing_that_is_no_longer_wanted(host: Host) -> None:
    def params(name: str, **more: Any) -> networks.Params:
        peer = networks.link(name, **more)
        return {"name": "t", "veths": [networks.link("near", peer=peer)], "routes": []}

    empty = host.dump()
    routes = [
        {"dst": "default", "via": "10.1.0.9", "metric": 7},
        {"dst": "fd99::/32", "via": "fd00:1::9"},
        {"dst": "10.42.0.0/16", "type": "blackhole"},
    ]
    host.apply(params("old", addresses=["10.1.0.7/24", "fd00:1::7/64"], routes=routes))
    host.sh("ip addr add fd00:2::7/64 dev old nodad; ip route add 10.9.0.0/16 via 10.1.0.8")
    host.apply(params("new", addresses=["10.1.0.7/24"], routes=routes[2:]))
    assert not host.apply(params("new", addresses=["10.1.0.7/24"], routes=routes[2:])).changed
    # What somebody else had on it went along, and came back.
    assert "10.9.0.0/16 via 10.1.0.8 dev new" in host.sh("ip route")
    assert "default" not in host.sh("ip route")
    assert "fd00" not in host.sh("ip -6 addr; ip -6 route")
    host.apply({"name": "t", "state": "absent"})
    assert host.dump() == empty
