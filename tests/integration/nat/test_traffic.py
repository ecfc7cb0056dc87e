# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who reaches whom: S4 and S11 with FORWARD policy DROP, bridge-nf-call-iptables 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.nat.world import World

TCP = {"host_port": 8080, "to": "192.168.2.10", "to_port": 80}
UDP = {"host_port": 5353, "to": "192.168.2.10", "to_port": 53, "protocol": "udp"}
BOTH: dict[str, Any] = {"masquerade": True, "publish": [TCP, UDP]}
LOOPBACK = {**BOTH, "publish": [{**TCP, "loopback": True}, {**UDP, "loopback": True}]}
ON_THE_HOST = ("tcp/10.9.0.1/8080", "udp/10.9.0.1/5353", "tcp/192.168.2.1/8080")
AT_HOME = ("tcp/127.0.0.1/8080", "udp/127.0.0.1/5353")
DIRECT = ("tcp/192.168.2.10/80", "udp/192.168.2.10/53")
NETFILTER = pytest.mark.parametrize("nf", [0, 1], ids=["bridge-nf 0", "bridge-nf 1"])
# A member of the bridge that wants to the host's own 127.0.0.1.
INTRUDER = """
ip netns exec ns2 sysctl -qw net.ipv4.conf.ns2veth0.route_localnet=1
ip -n ns2 addr del 127.0.0.1/8 dev lo
ip -n ns2 route add 127.0.0.0/8 via 192.168.2.1 src 192.168.2.11
"""


def published(world: World) -> None:
    """The host itself, another machine, a sibling and the target all reach it."""
    assert world.ask("far", *ON_THE_HOST[:2]) == ["10.9.0.2"] * 2
    assert world.ask("", *ON_THE_HOST) == ["10.9.0.1", "10.9.0.1", "192.168.2.1"]
    for netns in ("ns2", "ns1"):
        assert world.ask(netns, *ON_THE_HOST) == ["192.168.2.1"] * 3, netns


def test_networks_that_see_who_it_is(world: World) -> None:
    """Routes lead there and back: ns1's own address in some networks, elsewhere the host's."""
    world.serve("far", "tcp/0.0.0.0/80")
    world.sh("ip -n far addr add 198.51.100.2/24 dev eth0")
    world.sh("ip route add 198.51.100.0/24 dev uplink")
    both = ("tcp/10.9.0.2/80", "tcp/198.51.100.2/80")
    world.changes(masquerade=True)
    assert world.ask("ns1", *both) == ["10.9.0.1"] * 2
    spared = {"masquerade": True, "masquerade_except": ["10.9.0.0/24", "172.20.0.0/16"]}
    world.changes(**spared)
    assert world.ask("ns1", *both) == ["192.168.2.10", "10.9.0.1"]
    # In another order, and with one in another, it is the same.
    again = {**spared, "masquerade_except": ["172.20.9.0/24", "172.20.0.0/16", "10.9.0.1/24"]}
    assert not world.nat(**again)["changed"]
    world.changes(masquerade=True, persist=True, masquerade_except=["10.9.0.0/24"])
    world.sh("nft delete table inet container_net.mybridge")
    world.sh("$(sed -n s/^ExecStart=//p /etc/systemd/system/container-net-nat.service)")
    assert world.ask("ns1", *both) == ["192.168.2.10", "10.9.0.1"]
    world.changes(state="absent")


@NETFILTER
def test_masquerade_and_published_ports(new_world: Callable[[int], World], nf: int) -> None:
    world = new_world(nf)
    world.serve("ns1", "tcp/0.0.0.0/80", "udp/0.0.0.0/53", "tcp/0.0.0.0/81")
    world.serve("far", "tcp/0.0.0.0/80", "udp/0.0.0.0/53")
    world.serve("", "tcp/127.0.0.1/7777")
    beyond = ("tcp/10.9.0.2/80", "udp/10.9.0.2/53")
    assert world.ask("ns1", *beyond) == ["", ""]
    assert world.ask("", *ON_THE_HOST) == ["", "", ""]

    world.changes(**BOTH)
    assert world.ask("ns1", *beyond) == ["10.9.0.1"] * 2
    published(world)
    # What is not published is not open, and 127.0.0.1 is not either.
    assert world.ask("far", *DIRECT, "tcp/192.168.2.10/81") == [""] * 3
    assert world.ask("", *AT_HOME) == ["", ""]
    assert world.ask("ns2", *DIRECT) == ["192.168.2.11"] * 2
    assert world.switches()["route_localnet"] == "0"

    world.changes(**LOOPBACK)
    assert world.ask("", *AT_HOME) == ["192.168.2.1"] * 2
    published(world)
    # The host's own services on 127.0.0.1 stay its own, and only by the rule that keeps them so.
    world.sh(INTRUDER)
    assert world.ask("ns2", "tcp/127.0.0.1/7777") == [""]
    assert world.ask("", "tcp/127.0.0.1/7777") == ["127.0.0.1"]
    world.sh("nft flush chain inet container_net.mybridge raw")
    assert world.ask("ns2", "tcp/127.0.0.1/7777") == ["192.168.2.11"]
    world.changes(**LOOPBACK)
    assert world.ask("ns2", "tcp/127.0.0.1/7777") == [""]

    world.changes(state="absent")
    assert world.ask("far", *ON_THE_HOST) == [""] * 3
    assert world.ask("ns1", *beyond) == ["", ""]
    assert world.switches() == {"ns1veth1": "off", "ns2veth1": "off", "route_localnet": "0"}


@NETFILTER
def test_isolate(new_world: Callable[[int], World], nf: int) -> None:
    world = new_world(nf)
    world.serve("ns1", "tcp/0.0.0.0/80", "udp/0.0.0.0/53", "tcp/::/80")
    world.serve("far", "tcp/0.0.0.0/80")
    six = "tcp/fd00:2::10/80"
    world.changes(**BOTH)
    assert world.ask("ns2", *DIRECT, six) == ["192.168.2.11", "192.168.2.11", "fd00:2::11"]

    world.changes(**BOTH, isolate=True)
    world.sh("ip -n ns2 neigh flush all")
    assert world.ask("ns2", *DIRECT, six) == [""] * 3
    # Not through the gateway either.
    world.sh(
        "ip -n ns2 route add 192.168.2.10/32 via 192.168.2.1;"
        "ip -n ns2 -6 route add fd00:2::10/128 via fd00:2::1"
    )
    assert world.ask("ns2", *DIRECT, six) == [""] * 3
    published(world)
    assert world.ask("ns1", "tcp/10.9.0.2/80") == ["10.9.0.1"]
    assert world.ask("", *DIRECT) == ["192.168.2.1"] * 2

    world.changes(**BOTH)
    world.sh("ip -n ns2 route del 192.168.2.10/32 via 192.168.2.1")
    assert world.ask("ns2", *DIRECT) == ["192.168.2.11"] * 2


@NETFILTER
def test_why_isolate_is_no_flag_of_the_ports(new_world: Callable[[int], World], nf: int) -> None:
    """With bridge-nf-call-iptables the kernel's own flag drops what goes to a published port, and
    hairpin mode is what lets the target reach itself."""
    world = new_world(nf)
    world.serve("ns1", "tcp/0.0.0.0/80")
    world.nat(publish=[TCP])
    world.sh("for port in ns1veth1 ns2veth1; do bridge link set dev $port isolated on; done")
    assert world.ask("ns2", ON_THE_HOST[0]) == ["" if nf else "192.168.2.1"]
    world.sh("for port in ns1veth1 ns2veth1; do bridge link set dev $port isolated off; done")
    assert world.ask("ns1", ON_THE_HOST[0]) == ["192.168.2.1"]
    world.sh("bridge link set dev ns1veth1 hairpin off")
    assert world.ask("ns1", ON_THE_HOST[0]) == ["" if nf else "192.168.2.1"]


def test_one_address_of_the_host(world: World) -> None:
    """Two targets behind one port, told apart by the host's address; and only at 127.0.0.1."""
    world.serve("ns1", "tcp/0.0.0.0/80")
    world.serve("ns2", "tcp/0.0.0.0/80")
    world.sh("ip addr add 10.9.0.7/24 dev uplink")
    first = {**TCP, "host_ip": "10.9.0.1"}
    second = {**TCP, "host_ip": "10.9.0.7", "to": "192.168.2.11"}
    home = {**TCP, "host_ip": "127.0.0.1", "host_port": 8081, "loopback": True}
    world.changes(publish=[first, second, home])
    assert world.ask("far", "tcp/10.9.0.1/8080", "tcp/10.9.0.7/8080") == ["10.9.0.2"] * 2
    assert world.ask("", "tcp/192.168.2.1/8080", "tcp/10.9.0.1/8081") == ["", ""]
    assert world.ask("", "tcp/127.0.0.1/8081", "tcp/127.0.0.1/8080") == ["192.168.2.1", ""]
    world.sh("ip netns exec ns2 iptables -A INPUT -j DROP 2>/dev/null")
    assert world.ask("far", "tcp/10.9.0.1/8080", "tcp/10.9.0.7/8080") == ["10.9.0.2", ""]


@NETFILTER
def test_ipv6(new_world: Callable[[int], World], nf: int) -> None:
    world = new_world(nf)
    world.serve("ns1", "tcp/::/80")
    world.serve("far", "tcp/::/80")
    target = {"host_port": 8080, "to": "fd00:2::10", "to_port": 80}
    world.changes(name="six", subnet="fd00:2::/64", masquerade=True, publish=[target])
    where = "tcp/fd00:9::1/8080"
    assert world.ask("ns1", "tcp/fd00:9::2/80") == ["fd00:9::1"]
    assert world.ask("far", where) == ["fd00:9::2"]
    assert world.ask("", where) == ["fd00:9::1"]
    assert world.ask("ns2", where) == ["fd00:2::1"]
    assert world.ask("ns1", where) == ["fd00:2::1"]
