# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""plan(have, want) as tables: absent, present, drift, nothing to do, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.commands import (
    commands,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    HOST,
    Have,
    HaveAddress,
    Link,
    Namespace,
    Owned,
    Route,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.plan import plan

MINE = "container_net:t"


def lo(netns: str, alias: str = "") -> Link:
    return Link(netns, "lo", 1, up=True, loopback=True, alias=alias)


def bridge(name: str = "br", netns: str = HOST, **more: Any) -> Link:
    values: dict[str, Any] = {"up": True, "alias": MINE, "min_mtu": 68, "max_mtu": 65535}
    return Link(netns, name, 10, "bridge", **{**values, **more})


def veth(name: str, netns: str = HOST, **more: Any) -> Link:
    values: dict[str, Any] = {"up": True, "alias": MINE, "min_mtu": 68, "max_mtu": 65535}
    return Link(netns, name, 20, "veth", **{**values, **more})


def addresses(*texts: str) -> tuple[HaveAddress, ...]:
    return tuple(HaveAddress(ip_interface(text)) for text in texts)


def space(name: str, *links: Link, alias: str = MINE, routes: tuple[Route, ...] = ()) -> Namespace:
    found = {link.name: link for link in (lo(name, alias if name else ""), *links)}
    return Namespace(name, found, routes)


NOTHING = Owned()


def have(*namespaces: Namespace, owned: Owned = NOTHING) -> Have:
    found = {namespace.name: namespace for namespace in namespaces}
    found.setdefault(HOST, space(HOST))
    return Have(found, owned=owned)


def topology(**options: Any) -> dict[str, Any]:
    return {"name": "t", **options}


def up(name: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "admin_state": "up", **options}


def room(**options: Any) -> dict[str, Any]:
    """A namespace on a bridge."""
    return topology(
        namespaces=[{"name": "n"}],
        bridges=[up("br")],
        veths=[up("a", netns="n", peer=up("b", master="br"), **options)],
    )


def room_there(near: Link | None = None, far: Link | None = None) -> Have:
    near = near or veth("a", "n")
    far = far or veth("b", master="br")
    if near.peer is None:
        near = replace(near, peer=far.key)
    return have(space(HOST, bridge(), replace(far, peer=near.key)), space("n", near))


ROUTE = Route("n", ip_network("10.9.0.0/16"), ip_address("10.0.0.9"), "a", 0, scope="global")

TABLE: list[tuple[str, Have, dict[str, Any], list[str]]] = [
    (
        "nothing there",
        have(),
        room(addresses=["10.0.0.1/24"], routes=[{"dst": "default", "via": "10.0.0.9"}]),
        [
            "ip netns add n",
            "ip link add name br type bridge",
            "ip link add name b type veth peer name a netns n",
            "ip link set dev b master br",
            # the namespace is complete before traffic gets into it
            "ip -n n link set dev a up",
            "ip link set dev b up",
            "ip link set dev br up",
            "ip -n n addr add 10.0.0.1/24 dev a",
            "ip -n n route add default via 10.0.0.9 dev a",
        ],
    ),
    ("all there", room_there(), room(), []),
    (
        "an address is added, one removed",
        room_there(veth("a", "n", addresses=addresses("10.0.0.2/24"))),
        room(addresses=["10.0.0.1/24"]),
        [
            "ip -n n addr add 10.0.0.1/24 dev a",
            "ip -n n addr del 10.0.0.2/24 dev a",
            # as its secondary it went with it
            "ip -n n addr replace 10.0.0.1/24 dev a",
        ],
    ),
    (
        "addresses are compared as addresses",
        room_there(veth("a", "n", addresses=addresses("fd00::1/64"))),
        room(addresses=["FD00:0::0001/64"]),
        [],
    ),
    (
        "addresses that are left out are left alone",
        room_there(veth("a", "n", addresses=addresses("10.0.0.2/24"))),
        room(),
        [],
    ),
    (
        "no purge when it is switched off",
        room_there(veth("a", "n", addresses=addresses("10.0.0.2/24"))),
        room(addresses=[], purge_addresses=False),
        [],
    ),
    (
        "link-local and dynamic addresses stay",
        room_there(
            veth("a", "n", addresses=(HaveAddress(ip_interface("fe80::1/64"), purgeable=False),))
        ),
        room(addresses=[]),
        [],
    ),
    (
        "an IPv6 address changes its prefix length",
        room_there(veth("a", "n", addresses=addresses("fd00::1/48"))),
        room(addresses=["fd00::1/64"]),
        ["ip -n n addr del fd00::1/48 dev a", "ip -n n addr add fd00::1/64 dev a nodad"],
    ),
    (
        "mtu",
        room_there(veth("a", "n", mtu=1500)),
        room(mtu=1400),
        ["ip -n n link set dev a mtu 1400"],
    ),
    (
        "mac",
        room_there(veth("a", "n", mac="02:00:00:00:00:01")),
        room(mac="02-00-00-00-00-02"),
        ["ip -n n link set dev a address 02:00:00:00:00:02"],
    ),
    ("down", room_there(veth("a", "n", up=False)), room(), ["ip -n n link set dev a up"]),
    (
        "off the bridge",
        room_there(far=veth("b")),
        room(),
        ["ip link set dev b master br"],
    ),
    (
        "the end is in another namespace",
        have(
            space(HOST, bridge(), veth("b", master="br", peer=("m", "a"))),
            space("n"),
            space("m", veth("a", "m", peer=(HOST, "b")), alias=""),
        ),
        room(addresses=["10.0.0.1/24"]),
        [
            "ip -n m link set dev a netns n",
            "ip -n n link set dev a up",
            "ip -n n addr add 10.0.0.1/24 dev a",
        ],
    ),
    (
        "both ends are elsewhere",
        have(
            space(HOST, bridge()),
            space("n"),
            space("m", veth("a", "m", peer=("m", "b")), veth("b", "m", peer=("m", "a")), alias=""),
        ),
        room(),
        [
            "ip -n m link set dev a netns n",
            "ip -n m link set dev b netns 1",
            "ip link set dev b master br",
            "ip -n n link set dev a up",
            "ip link set dev b up",
        ],
    ),
    (
        "the end was renamed",
        room_there(far=veth("odd", master="br")),
        room(),
        ["ip link set dev odd down", "ip link set dev odd name b", "ip link set dev b up"],
    ),
    (
        "a route leads elsewhere",
        have(
            space(HOST, bridge(), veth("b", master="br", peer=("n", "a"))),
            space(
                "n",
                veth("a", "n", peer=(HOST, "b"), addresses=addresses("10.0.0.1/24")),
                routes=(replace(ROUTE, via=ip_address("10.0.0.8")),),
            ),
        ),
        room(routes=[{"dst": "10.9.0.0/16", "via": "10.0.0.9"}]),
        ["ip -n n route replace 10.9.0.0/16 via 10.0.0.9 dev a"],
    ),
    (
        "a route that is there",
        have(
            space(HOST, bridge(), veth("b", master="br", peer=("n", "a"))),
            space(
                "n",
                veth("a", "n", peer=(HOST, "b"), addresses=addresses("10.0.0.1/24")),
                routes=(ROUTE,),
            ),
        ),
        room(routes=[{"dst": "10.9.0.0/16", "via": "10.0.0.9"}]),
        [],
    ),
    (
        "prune takes what is ours and no longer named, a stranger's stays",
        have(
            space(
                HOST,
                bridge(),
                bridge("old"),
                bridge("foreign", alias="somebody's"),
                bridge("theirs", alias="container_net:other"),
                veth("c", peer=("gone", "d")),
            ),
            space("gone", veth("d", "gone", peer=(HOST, "c"))),
            space("foreign", alias=""),
        ),
        topology(bridges=[up("br")]),
        ["ip link del dev c", "ip link del dev old", "ip netns del gone"],
    ),
    (
        "no prune when it is switched off",
        have(space(HOST, bridge(), bridge("old"))),
        topology(bridges=[up("br")], prune=False),
        [],
    ),
    (
        "absent takes all that is ours",
        room_there(),
        topology(state="absent"),
        ["ip link del dev b", "ip link del dev br", "ip netns del n"],
    ),
    (
        "an unmarked link with the journal's MAC is ours",
        have(
            space(HOST, bridge("half", alias="", mac="02:00:00:00:00:05")),
            owned=Owned(pending_links={(HOST, "half"): "02:00:00:00:00:05"}),
        ),
        topology(state="absent"),
        ["ip link del dev half"],
    ),
    (
        "an unmarked link with another MAC is not",
        have(
            space(HOST, bridge("half", alias="", mac="02:00:00:00:00:06")),
            owned=Owned(pending_links={(HOST, "half"): "02:00:00:00:00:05"}),
        ),
        topology(state="absent"),
        [],
    ),
    (
        "the default VLAN changes only while filtering is off",
        have(space(HOST, bridge(options=(("vlan_filtering", 1), ("vlan_default_pvid", 1))))),
        topology(bridges=[up("br", vlan_filtering=True, vlan_default_pvid=7)]),
        [
            "ip link set dev br type bridge vlan_filtering 0",
            "ip link set dev br type bridge vlan_default_pvid 7",
            "ip link set dev br type bridge vlan_filtering 1",
        ],
    ),
    (
        "a new bridge with its own default VLAN",
        have(),
        topology(bridges=[up("br", vlan_filtering=True, vlan_default_pvid=7)]),
        [
            "ip link add name br type bridge vlan_default_pvid 7",
            "ip link set dev br up",
            "ip link set dev br type bridge vlan_filtering 1",
        ],
    ),
    (
        "without STP the delay may be short, with it the kernel refuses that",
        have(space(HOST, bridge(options=(("stp_state", 1), ("forward_delay", 1500))))),
        topology(bridges=[up("br", stp=False, forward_delay=0)]),
        [
            "ip link set dev br type bridge stp_state 0",
            "ip link set dev br type bridge forward_delay 0",
        ],
    ),
    (
        "ports: one is added, one goes",
        have(space(HOST, bridge(), veth("p", alias=""), veth("q", alias="", master="br"))),
        topology(bridges=[up("br", ports=["p"], purge_ports=True)]),
        ["ip link set dev p master br", "ip link set dev q nomaster"],
    ),
]


@pytest.mark.parametrize(
    ("there", "params", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_plan(there: Have, params: dict[str, Any], expected: list[str]) -> None:
    found = plan(there, parse.topology_from_params(params))
    assert commands(found.operations) == expected
    assert bool(found) == bool(found.operations)
    stages = [operation.stage for operation in found.operations]
    assert stages == sorted(stages)


REFUSED: list[tuple[str, Have, dict[str, Any], str]] = [
    ("no such namespace", have(), topology(bridges=[up("br", netns="x")]), r"bridges\[0\]\.netns"),
    (
        "no such master",
        have(),
        topology(veths=[up("a", master="br", peer=up("b"))]),
        r"veths\[0\]\.master: 'br': there is no such link on the host",
    ),
    (
        "the master is in another namespace",
        have(space(HOST, bridge())),
        topology(namespaces=[{"name": "n"}], veths=[up("a", netns="n", master="br", peer=up("b"))]),
        r"there is no such link in namespace n",
    ),
    (
        "the master takes no ports",
        have(space(HOST, veth("x", alias=""))),
        topology(veths=[up("a", master="x", peer=up("b"))]),
        r"'x': is a veth, which takes no ports",
    ),
    (
        "no such port",
        have(),
        topology(bridges=[up("br", ports=["x"])]),
        r"bridges\[0\]\.ports\[0\]: 'x': there is no such link",
    ),
    (
        "the gateway is on no network",
        have(),
        topology(
            bridges=[
                up("br", addresses=["10.0.0.1/24"], routes=[{"dst": "default", "via": "10.1.0.1"}])
            ]
        ),
        r"routes\[0\]\.via: '10\.1\.0\.1': no address, wanted or present, reaches",
    ),
    (
        "the gateway is this side",
        have(),
        topology(
            bridges=[
                up("br", addresses=["10.0.0.1/24"], routes=[{"dst": "default", "via": "10.0.0.1"}])
            ]
        ),
        r"is an address of this side",
    ),
    (
        "the gateway's address is purged",
        have(space(HOST, bridge(addresses=addresses("10.1.0.2/24")))),
        topology(bridges=[up("br", addresses=[], routes=[{"dst": "default", "via": "10.1.0.1"}])]),
        r"reaches this gateway",
    ),
    (
        "the route's link is down",
        have(),
        topology(
            bridges=[
                {
                    "name": "br",
                    "admin_state": "down",
                    "addresses": ["10.0.0.1/24"],
                    "routes": [{"dst": "10.1.0.0/16", "via": "10.0.0.2"}],
                }
            ]
        ),
        r"the link br is down",
    ),
    (
        "no such dev",
        have(),
        topology(routes=[{"dst": "10.1.0.0/16", "dev": "x"}]),
        r"routes\[0\]\.dev: 'x': there is no such link",
    ),
    (
        "src is nobody's address",
        have(),
        topology(
            bridges=[up("br")], routes=[{"dst": "10.1.0.0/16", "dev": "br", "src": "10.7.0.1"}]
        ),
        r"src: '10\.7\.0\.1': is no address",
    ),
    (
        "mtu above what the kernel takes for a new link",
        have(),
        topology(bridges=[up("br", mtu=65536)]),
        r"mtu: 65536: the kernel takes 68 to 65535",
    ),
    (
        "mtu above what the kernel takes for a present link",
        have(space(HOST, bridge(max_mtu=1600))),
        topology(bridges=[up("br", mtu=1601)]),
        r"mtu: 1601: the kernel takes 68 to 1600",
    ),
    (
        "mtu that would take IPv6 addresses away",
        have(space(HOST, bridge(addresses=addresses("fd00::1/64")))),
        topology(bridges=[up("br", mtu=1000)]),
        r"below 1280.*fd00::1/64",
    ),
    (
        "another kind has the name",
        have(space(HOST, veth("br"))),
        topology(bridges=[up("br")]),
        r"bridges\[0\]\.name: 'br': a link of kind veth of that name exists",
    ),
    (
        "a physical link has the name",
        have(space(HOST, Link(HOST, "br", 7))),
        topology(bridges=[up("br")]),
        r"a physical link of that name exists",
    ),
    (
        "the wrong pair",
        have(
            space(
                HOST, veth("a", peer=(HOST, "x"), alias=""), veth("x", peer=(HOST, "a"), alias="")
            )
        ),
        topology(veths=[up("a", peer=up("b"))]),
        r"'a': the veth exists on the host, but its other end is x on the host, not b on the host",
    ),
    (
        "a foreign link that differs",
        have(space(HOST, bridge(alias="", mtu=1500))),
        topology(bridges=[up("br", mtu=1400)]),
        r"was not made by topology t",
    ),
    (
        "a link of another topology",
        have(space(HOST, bridge(alias="container_net:other"))),
        topology(bridges=[up("br", mtu=1400)]),
        r"belongs to topology other",
    ),
    (
        "a stranger's stale file",
        Have({HOST: space(HOST)}, stale=frozenset({"n"})),
        topology(namespaces=[{"name": "n"}]),
        r"is an ordinary file that this topology did not leave",
    ),
    (
        "a sysctl that does not exist",
        Have({HOST: space(HOST)}, probed={"n": {}}),
        topology(namespaces=[{"name": "n", "sysctls": {"net.ipv4.nonsense": 1}}]),
        r"sysctls: 'net\.ipv4\.nonsense': there is no such sysctl",
    ),
    (
        "a sysctl of the whole machine",
        Have({HOST: space(HOST)}, probed={"n": {"net/core/rmem_max": None}}),
        topology(namespaces=[{"name": "n", "sysctls": {"net.core.rmem_max": 1}}]),
        r"cannot be written in a network namespace",
    ),
    (
        "more ports than a bridge takes",
        have(),
        topology(
            bridges=[up("br")],
            veths=[up(f"a{i}", master="br", peer=up(f"b{i}")) for i in range(1024)],
        ),
        r"would have 1024 ports, and a bridge takes 1023",
    ),
    (
        "a physical link would go with its namespace",
        have(space("n", Link("n", "eth7", 5))),
        topology(state="absent"),
        r"the physical link eth7",
    ),
]


@pytest.mark.parametrize(
    ("there", "params", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(there: Have, params: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        plan(there, parse.topology_from_params(params))


def test_a_single_object_changes_what_a_stranger_made_and_does_not_mark_it() -> None:
    there = have(space(HOST, bridge(alias="", addresses=addresses("10.0.0.9/24"))))
    want = parse.from_bridge(up("br", addresses=["10.0.0.1/24"]))
    # Nor are the stranger's addresses purged.
    assert commands(plan(there, want).operations) == ["ip addr add 10.0.0.1/24 dev br"]
    assert len(plan(there, want).operations) == 1


def test_a_matching_foreign_object_is_adopted_by_a_topology() -> None:
    found = plan(
        have(space(HOST, bridge(alias=""))),
        parse.topology_from_params(topology(bridges=[up("br")])),
    )
    assert [(o.key, o.value) for o in found.operations if hasattr(o, "key")] == [("alias", MINE)]


def test_a_single_pair_is_not_made_of_another_tasks() -> None:
    """Both are of the topology "default", and such names are alike in every namespace."""
    mine = "container_net:default"
    theirs = [
        space("n2", veth("eth0", "n2", peer=("r2", "up0"), alias=mine), alias=mine),
        space("r2", veth("up0", "r2", peer=("n2", "eth0"), alias=mine), alias=mine),
    ]
    want = parse.from_veth(up("eth0", netns="n1", peer=up("up0", netns="r1")))
    rooms = [space("n1", alias=mine), space("r1", alias=mine)]
    in_place = Owned(links=frozenset({("n2", "eth0"), ("r2", "up0")}))
    assert commands(plan(have(*rooms, *theirs, owned=in_place), want).operations) == [
        "ip link add name eth0 netns n1 type veth peer name up0 netns r1",
        "ip -n n1 link set dev eth0 up",
        "ip -n r1 link set dev up0 up",
    ]
    # One that somebody moved there is the one that is missed.
    strayed = Owned(links=frozenset({("n1", "eth0"), ("r1", "up0")}))
    assert commands(plan(have(*rooms, *theirs, owned=strayed), want).operations)[0] == (
        "ip -n n2 link set dev eth0 netns n1"
    )


def test_the_kernels_own_route_stays_the_kernels() -> None:
    """Marked as ours it would go with us, and its address would lead nowhere."""
    own = Route(HOST, ip_network("10.20.0.0/24"), None, "eth9", 0, scope="link", protocol=2)
    there = have(space(HOST, veth("eth9", alias=""), routes=(own,)))
    routes = [{"dst": "10.20.0.0/24", "dev": "eth9"}]
    assert not plan(there, parse.topology_from_params(topology(routes=routes)))
    assert not plan(there, parse.topology_from_params(topology(routes=routes, state="absent")))


def test_an_absent_default_route_has_the_sources_family() -> None:
    want = parse.from_route({"dst": "default", "dev": "a", "src": "fd00::1", "state": "absent"})
    assert [route.dst.version for route in want.absent_routes] == [6]


def test_a_recreated_pair_is_set_aside_first_and_deleted_last() -> None:
    there = have(
        space(HOST, veth("a", peer=(HOST, "x"), alias=""), veth("x", peer=(HOST, "a"), alias=""))
    )
    want = parse.from_veth(up("a", peer=up("b"), recreate=True))
    assert commands(plan(there, want).operations) == [
        "ip link set dev a down",
        "ip link set dev a name cn-e8b7be43-old",
        "ip link add name a type veth peer name b",
        "ip link set dev a up",
        "ip link set dev b up",
        "ip link del dev cn-e8b7be43-old",
    ]


def test_a_pair_goes_once_by_either_end() -> None:
    there = have(space(HOST, veth("a", peer=(HOST, "b")), veth("b", peer=(HOST, "a"))))
    for params in ({"name": "a"}, {"name": "b"}, {"name": "a", "peer": {"name": "b"}}):
        want = parse.from_veth({**params, "state": "absent", "adopt": True})
        assert len(plan(there, want).operations) == 1


def test_every_operation_before_the_deletes_has_an_inverse_that_takes_it_back() -> None:
    for dummy, there, params, dummy_expected in TABLE:
        for operation in plan(there, parse.topology_from_params(params)).forward:
            back = operation.inverse()
            assert type(back.inverse()).__name__ in (type(operation).__name__, "DeleteLink")
