# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that ends before any of its writes, one after the other: the next run converges.

Journal and state file, namespaces and mounts, every send, and the undo of a run that failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import apply
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.netlink import (
    SETLINK,
    Request,
    link_body,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    Operation,
    SetRoute,
)
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.engine.crash import DONE, FAILED, KILLED, look, run_until

FOREIGN = """
ip link add name fbr type bridge; ip link set dev fbr up; ip addr add 10.5.0.1/24 dev fbr
ip route add 10.6.0.0/16 via 10.5.0.9; ip netns add stranger
ip link add name fveth type veth peer name fpeer netns stranger; ip link set dev fveth up master fbr
"""
ABSENT = {"name": "two_rooms", "state": "absent"}
REFUSED = ip_network("10.99.0.0/16")


def old() -> networks.Params:
    params = networks.two_rooms()
    params["bridges"][0]["mtu"] = 1500
    params["namespaces"].append({"name": "ns3", "loopback": "up"})
    params["veths"].append(networks.room(3))
    params["veths"].append(networks.link("x0", peer=networks.link("x1", netns="ns1")))
    return params


def new() -> networks.Params:
    """From ``old``: every kind of operation."""
    params = networks.two_rooms()
    first, second = params["veths"]
    first["netns"], second["netns"] = "ns2", "ns1"
    second["peer"]["name"] = "renamed"
    second["routes"][0]["via"] = "192.168.2.99"
    first.update(mtu=1300, mac="02:00:00:00:00:07", addresses=["192.168.2.10/25"], routes=[])
    params["namespaces"][0]["sysctls"] = {"net.ipv4.ip_forward": "1"}
    params["namespaces"].append({"name": "ns4", "loopback": "up"})
    params["bridges"][0].update(ageing_time=77, mtu=1300, addresses=["192.168.2.1/24"])
    params["veths"].append(
        networks.link("x0", recreate=True, peer=networks.link("y1", netns="ns4"))
    )
    params["routes"] = [{"dst": str(REFUSED), "via": "192.168.2.77"}]
    return params


def looks_of(host: Host, *states: networks.Params) -> list[Any]:
    """How each of the states is when nothing disturbs it."""
    found = []
    for params in states:
        host.apply(params)
        found.append(look(host))
    host.apply(ABSENT)
    return found


def compare(found: Any, expected: Any, what: str) -> None:
    for place in sorted({*found, *expected}):
        assert found.get(place) == expected.get(place), (what, place)


def test_a_run_that_dies_before_any_of_its_writes_is_completed_by_the_next(host: Host) -> None:
    host.sh(FOREIGN)
    empty = look(host)
    made = looks_of(host, old(), ABSENT, new())
    wanted = {"old": (old(), made[0]), "new": (new(), made[2]), "absent": (ABSENT, empty)}
    for first, second in (("absent", "old"), ("old", "new"), ("new", "absent")):
        step, end = 0, KILLED
        while end == KILLED:
            host.apply(wanted[first][0])
            end = run_until(host, wanted[second][0], step)
            what = f"from {first} to {second}, dead before write {step}"
            host.apply(wanted[second][0])
            compare(look(host), wanted[second][1], what)
            assert not host.apply(wanted[second][0]).changed, what
            step += 1
        assert end == DONE
        assert step > 10


def refuse_the_last_route() -> None:
    """In the process that is to die: its plan fails at its end, so that all is undone."""
    acknowledge = apply.Applier._acknowledge

    def refusing(
        self: Any, netns: str, operations: Sequence[Operation], requests: list[Request]
    ) -> None:
        for i, operation in enumerate(operations):
            if isinstance(operation, SetRoute) and operation.route.dst == REFUSED:
                requests[i] = Request(SETLINK, 0, link_body(0x7FFFFFF0))
        acknowledge(self, netns, operations, requests)

    patched: Any = apply.Applier
    patched._acknowledge = refusing


def test_a_run_that_dies_while_it_undoes_is_completed_or_taken_back_by_the_next(
    host: Host,
) -> None:
    host.sh(FOREIGN)
    before, dummy, after = looks_of(host, old(), ABSENT, new())
    host.apply(old())
    assert run_until(host, new(), 10**6, refuse_the_last_route) == FAILED
    assert look(host) == before
    step, end = 0, KILLED
    while end == KILLED:
        end = run_until(host, new(), step, refuse_the_last_route)
        # To the new network, or back to the old one.
        forward = step % 2 == 0
        host.apply(new() if forward else old())
        compare(look(host), after if forward else before, f"dead before write {step}")
        host.apply(old())
        step += 1
    assert end == FAILED
    assert look(host) == before
