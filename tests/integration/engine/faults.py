# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans with every kind of operation, on a host where others have theirs; and refusals of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _run
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import HostError
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import (
    apply,
    netlink,
    sysctl,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.namespaces import (
    Namespaces,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.netlink import (
    SETLINK,
    Request,
    link_body,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    Operation,
)
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host

# What others have on the machine, in every place that the plan touches.
FOREIGN = """
ip link add name fbr type bridge; ip link set dev fbr up
ip addr add 10.5.0.1/24 dev fbr; ip addr add 10.5.0.2/24 dev fbr; ip addr add fd00:5::1/64 dev fbr
ip route add 10.6.0.0/16 via 10.5.0.9 mtu lock 1300; ip route add 10.7.0.0/16 nexthop via 10.5.0.9
ip neigh add 10.5.0.9 lladdr 02:00:00:00:05:09 dev fbr nud permanent
sysctl -qw net.ipv4.conf.fbr.forwarding=1
ip netns add stranger; ip link add name fveth type veth peer name fpeer netns stranger
ip link set dev fveth up; ip -n stranger link set dev fpeer up; ip link set dev fveth master fbr
ip addr add 10.5.1.1/24 dev mybridge; ip addr add fd00:55::1/64 dev mybridge
ip route add 10.8.0.0/16 via 192.168.2.99; ip route add 10.8.1.0/24 via 10.5.1.9 metric 7
ip route add fd00:8::/32 via fd00:55::9; ip route add 10.8.2.0/24 via 192.168.2.99 table 77
ip neigh add 192.168.2.99 lladdr 02:00:00:00:02:99 dev mybridge nud permanent
sysctl -qw net.ipv4.conf.mybridge.rp_filter=2
"""

# What somebody did to the network, so that the plan has to change, move and rename.
DRIFT = """
ip -n ns1 link set dev ns1veth0 netns ns2
ip -n ns2 addr add 10.44.0.1/24 dev ns1veth0; ip -n ns2 link set dev ns1veth0 up
ip -n ns2 addr add fd00:44::1/64 dev ns1veth0
ip -n ns2 route add 10.45.0.0/16 via 10.44.0.9; ip -n ns2 route add fd00:45::/32 via fd00:44::9
ip -n ns2 neigh add 10.44.0.9 lladdr 02:00:00:00:44:09 dev ns1veth0 nud permanent
ip netns exec ns2 sysctl -qw net.ipv4.conf.ns1veth0.rp_filter=2
ip link set dev ns2veth1 down; ip link set dev ns2veth1 name oddname; ip link set dev oddname up
ip addr add 10.46.0.1/24 dev oddname; ip addr add fd00:46::1/64 dev oddname
ip route add 10.47.0.0/16 via 10.46.0.9
ip netns exec ns2 sysctl -qw net.ipv4.ip_forward=1
ip netns exec ns2 sysctl -qw net.ipv4.conf.ns2veth0.forwarding=1
ip -n ns2 addr del fd00:2::11/64 dev ns2veth0; ip -n ns2 addr add fd00:2::11/48 dev ns2veth0
ip -n ns2 route replace default via 192.168.2.200 mtu lock 1200
ip link set dev mybridge mtu 1420
ip link add name wrong1 type veth peer name other1; ip link set dev wrong1 up
ip addr add 10.48.0.1/24 dev wrong1; ip route add 10.49.0.0/16 via 10.48.0.9
"""


def old_network() -> networks.Params:
    """What is there before: with a room that goes, and things that are no longer named."""
    params = networks.two_rooms()
    params["namespaces"].append({"name": "ns9", "loopback": "up"})
    params["veths"].append(
        networks.link(
            "ns9veth0",
            netns="ns9",
            addresses=["192.168.2.90/24"],
            peer=networks.link("ns9veth1", master="mybridge"),
        )
    )
    params["veths"].append(networks.link("gone0", peer=networks.link("gone1", master="mybridge")))
    params["routes"] = [{"dst": "10.100.0.0/16", "via": "192.168.2.77", "netns": None}]
    return params


def new_network() -> networks.Params:
    params = networks.two_rooms()
    params["adopt"] = True
    params["namespaces"][1]["sysctls"] = {
        "net.ipv4.ip_forward": "0",
        "net.ipv4.conf.all.rp_filter": "1",
    }
    params["namespaces"].append(
        {"name": "ns3", "loopback": "up", "sysctls": {"net.ipv4.ip_forward": "1"}}
    )
    params["bridges"][0].update(
        mtu=1400,
        mac="02:00:00:00:00:aa",
        ageing_time=77,
        ports=["fveth"],
        purge_addresses=False,
    )
    params["bridges"].append(
        networks.link("secondbr", addresses=["10.101.0.1/24"], purge_addresses=True)
    )
    params["veths"].append(networks.room(3))
    params["veths"].append(
        networks.link(
            "wrong1", recreate=True, netns=None, peer=networks.link("right1", netns="ns3")
        )
    )
    params["routes"] = [{"dst": "10.102.0.0/16", "via": "192.168.2.77"}]
    return params


def prepare(host: Host) -> None:
    host.apply(old_network())
    host.sh(FOREIGN)
    host.sh(DRIFT)
    host.sh(
        "ip link add name secondbr type bridge; ip link set dev secondbr up;"
        "ip addr add 10.101.0.2/24 dev secondbr; ip addr add 10.101.0.1/24 dev secondbr"
    )


@contextmanager
def refused(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[list[Operation]]:
    """The kernel refuses operation ``number``; yields the operations that were tried."""
    seen: list[Operation] = []
    run = apply.Applier.run
    acknowledge = apply.Applier._acknowledge
    one = apply.Applier.one
    refusals: list[Operation] = []

    def counting(self: Any, operations: Sequence[Operation]) -> None:
        if not refusals:
            first = len(seen)
            seen.extend(operations)
            if first <= number < len(seen):
                refusals.append(seen[number])
        run(self, operations)

    def is_target(operation: Operation) -> bool:
        return any(operation is target for target in refusals[-1:]) and len(refusals) == 1

    def refusing(
        self: Any, netns: str, operations: Sequence[Operation], requests: list[Request]
    ) -> None:
        for i, operation in enumerate(operations):
            if is_target(operation):
                requests[i] = Request(SETLINK, 0, link_body(0x7FFFFFF0))
                # Once: the repair after a delete may try it again.
                refusals.append(operation)
        acknowledge(self, netns, operations, requests)

    def refusing_one(self: Any, operation: Operation) -> None:
        netlink = type(operation).__name__ not in (
            "AddNamespace",
            "DeleteNamespace",
            "SetSysctl",
            "MoveLink",
        )
        if not netlink and is_target(operation):
            refusals.append(operation)
            raise apply.OperationError(operation, "refused by the test")
        one(self, operation)

    with monkeypatch.context() as patch:
        patch.setattr(apply.Applier, "run", counting)
        patch.setattr(apply.Applier, "_acknowledge", refusing)
        patch.setattr(apply.Applier, "one", refusing_one)
        yield seen


def forward_count(host: Host, params: networks.Params) -> tuple[int, list[Operation]]:
    plan = host.apply(params, check_mode=True).plan
    return len(plan.forward), list(plan.operations)


@contextmanager
def undo_refused(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[list[str]]:
    """The undo of a run is refused its write ``number``; yields what was refused."""
    done: list[None] = []
    refused: list[str] = []
    stuck: list[Any] = []

    def refuses(kind: str, what: Any) -> bool:
        """From the chosen write on, whenever the same is tried again."""
        done.append(None)
        if len(done) - 1 == number:
            stuck.append(what)
            refused.append(kind)
        return what in stuck

    with undo_refusing(monkeypatch, refuses):
        yield refused


@contextmanager
def undo_refusing(
    monkeypatch: pytest.MonkeyPatch, refuses: Callable[[str, Any], bool]
) -> Iterator[None]:
    """The undo of a run is refused the writes for which ``refuses`` says so."""
    undo, send = _run.undo, netlink.Socket.send
    remove, write = Namespaces.remove, sysctl.write
    undoing: list[None] = []

    def undoing_now(*arguments: Any) -> Any:
        undoing.append(None)
        try:
            return undo(*arguments)
        finally:
            undoing.clear()

    def refusing_send(self: Any, requests: Sequence[Request]) -> Any:
        bent = Request(SETLINK, 0, link_body(0x7FFFFFF0))
        return send(
            self,
            [bent if undoing and refuses("a request", (r.kind, r.body)) else r for r in requests],
        )

    def refusing_remove(self: Any, name: str) -> None:
        if undoing and refuses("a namespace", name):
            raise HostError(f"removing namespace {name}: Device or resource busy")
        remove(self, name)

    def refusing_write(path: str, value: str) -> None:
        if undoing and refuses("a sysctl", (path, value)):
            raise HostError("Invalid argument")
        write(path, value)

    with monkeypatch.context() as patch:
        patch.setattr(_run, "undo", undoing_now)
        patch.setattr(netlink.Socket, "send", refusing_send)
        patch.setattr(Namespaces, "remove", refusing_remove)
        patch.setattr(sysctl, "write", refusing_write)
        yield
