# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For random pairs of states: a plan gives the wanted one, a second is empty, undo goes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.commands import (
    commands,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    HOST,
    Want,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    End,
    SetLink,
    SetRoute,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.plan import (
    Plan,
    plan,
)
from tests.unit.topology import strategies
from tests.unit.topology.kernel_model import Kernel


def foreign() -> Kernel:
    """A host on which somebody has a bridge with a network behind it, and a pair on it."""
    kernel = Kernel()
    address, route = parse_one(["10.90.0.1/24"], {"dst": "10.91.0.0/16", "via": "10.90.0.9"})
    kernel.apply(
        [
            SetLink(HOST, "lo", "up", 1, 0),
            AddLink(End(HOST, "fbr"), "bridge", up=True),
            AddLink(End(HOST, "fv"), "veth", End(HOST, "fw"), master="fbr", up=True),
            AddAddress(HOST, "fbr", address),
            SetRoute(route),
        ]
    )
    return kernel


def parse_one(addresses: list[str], route: dict[str, Any]) -> tuple[Any, Any]:
    want = parse.from_bridge({"name": "fbr", "addresses": addresses, "routes": [route]})
    return want.links[0].addresses[0], want.routes[0].__class__(
        HOST, want.routes[0].dst, want.routes[0].via, "fbr", 0, scope="global", protocol=3
    )


def wanted(params: strategies.Params) -> Want:
    """What is not possible at all is another test's business."""
    try:
        return parse.topology_from_params(params)
    except OptionError:
        assume(False)
        raise


def planned(kernel: Kernel, want: Want) -> Plan:
    try:
        return plan(kernel.have(want.topology), want)
    except OptionError:
        assume(False)
        raise


def reach(kernel: Kernel, want: Want) -> Plan:
    """Apply; a second plan is empty."""
    found = planned(kernel, want)
    kernel.apply(found.operations)
    kernel.settle(want)
    again = plan(kernel.have(want.topology), want)
    assert commands(again.operations) == []
    assert not again
    return found


@strategies.bounded(90)
@given(strategies.networks(), strategies.networks())
def test_from_any_network_to_any_other_and_back(
    first: strategies.Params, second: strategies.Params
) -> None:
    kernel = foreign()
    others = kernel.picture()[HOST]
    reach(kernel, wanted(first))
    before = kernel.copy()
    found = planned(kernel, wanted(second))
    # Up to the point of no return, and back.
    kernel.apply(found.forward)
    missing = plan(kernel.have("t"), wanted(second)).forward
    assert commands(missing) == []
    kernel.apply([operation.inverse() for operation in reversed(found.forward)])
    kernel.restore(before, found.forward)
    assert kernel.picture() == before.picture()
    # And all the way.
    kernel = before.copy()
    reach(kernel, wanted(second))
    fresh = foreign()
    reach(fresh, wanted(second))
    assert _without_macs(kernel) == _without_macs(fresh)
    # All of it goes, and nothing else.
    reach(kernel, wanted({"name": "t", "state": "absent"}))
    assert _without_macs(kernel) == _without_macs(foreign())
    assert kernel.picture()[HOST] == others


@strategies.bounded(60)
@given(strategies.networks(), st.data())
def test_whatever_somebody_breaks_is_repaired(
    first: strategies.Params, data: st.DataObject
) -> None:
    kernel = foreign()
    reach(kernel, wanted(first))
    whole = _without_macs(kernel)
    for dummy in range(data.draw(st.integers(1, 4))):
        _break(kernel, data)
    reach(kernel, wanted(first))
    assert _without_macs(kernel) == whole


@strategies.bounded(60)
@given(strategies.networks("one"), strategies.networks("two"), strategies.networks("two"))
def test_one_topology_does_not_touch_another(
    one: strategies.Params, two: strategies.Params, changed: strategies.Params
) -> None:
    """On the host they stand side by side."""
    kernel = foreign()
    reach(kernel, wanted(one))
    alone = kernel.picture()
    for params in (two, changed, {"name": "two", "state": "absent"}):
        reach(kernel, wanted(_renamed(params)))
        found = kernel.picture()
        for netns, (links, routes, sysctls) in alone.items():
            now = found[netns]
            assert {name: now[0].get(name) for name in links} == links
            assert [r for r in now[1] if not kernel.is_route_of("two", r)] == routes
            assert now[2] == sysctls
    assert kernel.picture() == alone


def _renamed(params: strategies.Params) -> strategies.Params:
    """The same network with names of its own."""

    def own(link: strategies.Params) -> strategies.Params:
        found = {**link, "name": f"{link['name']}z"}
        if link["netns"]:
            found["netns"] = f"{link['netns']}z"
        if link.get("master"):
            found["master"] = f"{link['master']}z"
        # Both may have the same destinations on the host.
        found["routes"] = [
            {**r, "metric": (r.get("metric") or 0) + 50} for r in link["routes"] if "via" in r
        ]
        if "peer" in link:
            found["peer"] = own(link["peer"])
        return found

    if params.get("state") == "absent":
        return params
    return {
        **params,
        "namespaces": [
            {**n, "name": f"{n['name']}z", "sysctls": None} for n in params["namespaces"]
        ],
        "bridges": [own(link) for link in params["bridges"]],
        "veths": [own(link) for link in params["veths"]],
    }


def _without_macs(kernel: Kernel) -> Any:
    """Which are chosen at random, and kept where none is wanted."""
    return {
        netns: (
            {
                name: {**vars(link), "mac": "", "addresses": {a.interface for a in link.addresses}}
                for name, link in links.items()
            },
            routes,
            sysctls,
        )
        for netns, (links, routes, sysctls) in kernel.picture().items()
    }


def _break(kernel: Kernel, data: st.DataObject) -> None:
    """Something that a person can do with ip, to something of ours."""
    links = [
        link
        for space in kernel.spaces.values()
        for link in space.links.values()
        if link.alias and not link.loopback
    ]
    assume(links)
    link = data.draw(st.sampled_from(links))
    choice = data.draw(st.integers(0, 5))
    operations: list[Any] = []
    if choice == 0:
        operations = [SetLink(link.netns, link.name, "up", int(not link.up), int(link.up))]
    elif choice == 1:
        operations = [SetLink(link.netns, link.name, "mtu", 1450, link.mtu)]
    elif choice == 2 and link.kind == "veth":
        operations = [SetLink(link.netns, link.name, "master", "", link.master or "")]
    elif choice == 3 and link.addresses:
        address = data.draw(st.sampled_from(link.addresses))
        operations = [AddAddress(link.netns, link.name, address.interface).inverse()]
    elif choice == 4:
        operations = [AddLink(End(link.netns, link.name), link.kind).inverse()]
    elif choice == 5:
        routes = [r for r in kernel.spaces[link.netns].routes if kernel.is_route_of("t", r)]
        if routes:
            operations = [SetRoute(data.draw(st.sampled_from(routes))).inverse()]
    kernel.apply(operations)


def test_the_model_refuses_what_the_kernel_refuses() -> None:
    kernel = foreign()
    for operation in (
        AddLink(End(HOST, "fbr"), "bridge"),
        AddLink(End(HOST, "x"), "veth", End("nowhere", "y")),
        AddNamespace(HOST),
        SetLink(HOST, "nowhere", "up", 1, 0),
        SetLink(HOST, "fv", "master", "fw", ""),
    ):
        with pytest.raises(Exception, match=r"exists|no such|not supported"):
            kernel.apply([operation])
