# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which links hear each other, and the way of a packet through namespaces, on a made-up host."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.ways import Way
from ansible_collections.netfabric.container_net.plugins.module_utils._reach.trace import trace
from ansible_collections.netfabric.container_net.plugins.module_utils._reach.world import World
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    Address,
    HaveAddress,
    Key,
    Link,
    Namespace,
)

A, B, C = (ip_address(f"10.0.0.{number}") for number in (2, 3, 4))
GATEWAY, FAR = ip_address("10.0.0.1"), ip_address("10.9.0.2")


def link(netns: str, name: str, index: int, *addresses: str, **more: object) -> Link:
    found = tuple(HaveAddress(ip_interface(text)) for text in addresses)
    made = Link(netns, name, index, kind="veth", up=True, addresses=found)
    return replace(made, **more)


def pair(one: Link, other: Link) -> list[Link]:
    return [replace(one, peer=other.key), replace(other, peer=one.key)]


def world(*links: Link, lowers: Mapping[Key, Key] | None = None) -> World:
    spaces: dict[str, dict[str, Link]] = {}
    for found in links:
        spaces.setdefault(found.netns, {})[found.name] = found
    return World({name: Namespace(name, there) for name, there in spaces.items()}, lowers)


BRIDGE = link("", "br0", 2, "10.0.0.1/24", kind="bridge")
IN_A, IN_B = link("a", "eth0", 2, "10.0.0.2/24"), link("b", "eth0", 2, "10.0.0.3/24")
PORT_A, PORT_B = link("", "a0", 3, master="br0"), link("", "b0", 4, master="br0")
FAR_END = link("far", "eth0", 2, "10.9.0.2/24")
TO_FAR = link("", "far0", 5, "10.9.0.1/24")
EVERYTHING = [BRIDGE, *pair(PORT_A, IN_A), *pair(PORT_B, IN_B), *pair(TO_FAR, FAR_END)]


def names(links: list[Link]) -> set[Key]:
    return {found.key for found in links}


def test_a_bridge_joins_its_ports_and_itself() -> None:
    host = world(*EVERYTHING)
    found = host.segment(pair(PORT_A, IN_A)[1])
    assert names(found.ends) == {("", "br0"), ("b", "eth0")}
    assert (found.outside, found.broken) == (False, [])
    assert found.addresses[GATEWAY].key == ("", "br0")
    assert FAR not in found.addresses
    assert names(host.segment(BRIDGE).ends) == {("a", "eth0"), ("b", "eth0")}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"a0": {"up": False}}, "a0 of the host is down"),
        ({"br0": {"up": False}}, "bridge br0 of the host is down"),
        ({"b0": {"up": False}}, "b0 of the host, a port of br0, is down"),
        ({"a0": {"master": None}}, "a0 of the host is a port of nothing and has no address"),
    ],
)
def test_where_it_is_cut(changes: dict[str, dict[str, object]], says: str) -> None:
    links = [replace(x, **changes.get(x.name, {})) for x in EVERYTHING]
    (start,) = [found for found in links if found.key == ("a", "eth0")]
    assert world(*links).segment(start).broken == [says]


def test_what_nobody_can_see() -> None:
    card = link("", "nic", 7, kind="", master="br0")
    found = world(*EVERYTHING, card).segment(pair(PORT_A, IN_A)[1])
    assert found.outside
    assert world(link("", "vx", 8, kind="vxlan")).segment(link("", "vx", 8, kind="vxlan")).outside


def test_siblings_on_one_parent_hear_each_other_and_not_the_parent() -> None:
    nic = link("", "nic", 2, "10.0.0.9/24", kind="")
    one, two = (link(name, "eth0", 3, kind="macvlan") for name in ("a", "b"))
    lowers = {one.key: nic.key, two.key: nic.key}
    assert names(world(nic, one, two, lowers=lowers).segment(one).ends) == {("b", "eth0")}


def test_two_bridges_that_are_joined_twice_do_not_go_round() -> None:
    links = [link("", f"br{n}", n, kind="bridge") for n in (1, 2)]
    for n in (3, 4):
        one, two = (link("", f"x{side}{n}", 2 * n + side, master=f"br{side}") for side in (1, 2))
        links += pair(one, two)
    assert world(*links).segment(links[0]).broken == []


class Kernels:
    """What each namespace says; what is not told is local."""

    def __init__(self, ways: dict[tuple[str, Address], Way], forwards: int = 1) -> None:
        self._ways = ways
        self._forwards = forwards

    def way(self, netns: str, address: Address) -> Way:
        return self._ways.get((netns, address), Way(index=1, local=True))

    def silent(self, netns: str, index: int, address: Address) -> bool:
        return False

    def forwards(self, netns: str, index: int) -> Mapping[int, int]:
        return {4: self._forwards, 6: 0}


WAYS = {("a", FAR): Way(2, via=GATEWAY), ("", FAR): Way(5), ("a", B): Way(2)}


def test_a_packet_through_the_host() -> None:
    found = trace(world(*EVERYTHING), Kernels(WAYS), "a", FAR)
    assert [step.netns for step in found.steps] == ["a", ""]
    assert found.end == "far"
    assert [step.lacks for step in found.steps] == [None, None]
    assert found.namespaces() == ["a", "", "far"]


def test_a_packet_over_a_bridge_crosses_its_namespace() -> None:
    found = trace(world(*EVERYTHING), Kernels(WAYS), "a", B)
    assert [step.netns for step in found.steps] == ["a"]
    assert found.namespaces() == ["a", "", "b"]


def test_a_host_that_does_not_forward() -> None:
    found = trace(world(*EVERYTHING), Kernels(WAYS, forwards=0), "a", FAR)
    assert [step.lacks for step in found.steps] == [None, "net.ipv4.ip_forward"]


def test_a_way_that_ends() -> None:
    nowhere = Kernels({("a", FAR): Way(error=errno.ENETUNREACH)})
    found = trace(world(*EVERYTHING), nowhere, "a", FAR)
    assert (len(found.steps), found.end) == (1, None)
    nobody = trace(world(*EVERYTHING), Kernels({("a", C): Way(2)}), "a", C)
    assert (nobody.steps[0].receiver, nobody.end) == (None, None)


def test_a_way_that_goes_round() -> None:
    ways = {("a", C): Way(2, via=GATEWAY), ("", C): Way(2, via=A)}
    found = trace(world(*EVERYTHING), Kernels(ways), "a", C)
    assert found.end is None
    assert 1 < len(found.steps) < 100
