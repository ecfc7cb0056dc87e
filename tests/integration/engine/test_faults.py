# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal at every operation of a plan that has every kind of them.

Before the first delete the state afterwards equals the state before, what others made included;
after it nothing foreign is lost, and the next run converges.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _run
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import HostError
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import apply
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.netlink import (
    SETLINK,
    Request,
    link_body,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    Operation,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.stage import Stage
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host, clean_host

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


def forward_count(host: Host) -> tuple[int, list[Operation]]:
    plan = host.apply(new_network(), check_mode=True).plan
    return len(plan.forward), list(plan.operations)


def test_the_plan_has_every_kind_of_operation() -> None:
    with clean_host() as host:
        prepare(host)
        kinds = {type(o).__name__ for o in forward_count(host)[1]}
    assert kinds == {
        "AddNamespace",
        "DeleteNamespace",
        "AddLink",
        "DeleteLink",
        "MoveLink",
        "RenameLink",
        "SetLink",
        "AddAddress",
        "DeleteAddress",
        "SetRoute",
        "DeleteRoute",
        "SetSysctl",
    }


def _foreign(dump: dict[str, Any]) -> set[str]:
    """Addresses and routes that the foreign and drifted state had on links that stay."""
    found = set()
    for netns, parts in dump.items():
        for link in parts["addresses"]:
            for address in link["addr_info"]:
                if str(address["local"]).startswith(("10.5.", "fd00:5", "fd00:55")):
                    found.add(f"{netns} {link['ifname']} {address['local']}")
        for route in parts["routes"]:
            if str(route["dst"]).startswith(("10.6.", "10.7.", "10.8.", "fd00:8")):
                found.add(f"{netns} {route['dst']} {route.get('metrics')}")
    return found


def test_a_refusal_before_the_first_delete_leaves_all_as_it_was(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(host)
    before = host.dump()
    files = host.sh("cat /var/lib/container_net/topologies/*")
    forward, operations = forward_count(host)
    assert len(operations) > 45
    for number in range(forward):
        with refused(monkeypatch, number) as seen, pytest.raises(_run.RunError) as caught:
            host.apply(new_network())
        what = _run.describe(seen[number])
        assert caught.value.rolled_back, (what, str(caught.value))
        assert what in str(caught.value)
        # The kernel's word: of a request that was bent, or of the test.
        assert "No such device" in str(caught.value) or "refused by" in str(caught.value)
        after = host.dump()
        for place in sorted(before.keys() | after.keys()):
            for part in before[place]:
                assert after[place][part] == before[place][part], (what, place, part)
        assert host.sh("cat /var/lib/container_net/topologies/*") == files
    host.apply(new_network())
    assert _foreign(before) <= _foreign(host.dump())
    assert not host.apply(new_network()).changed


def test_a_refused_delete_is_done_by_the_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    with clean_host() as host:
        prepare(host)
        before = host.dump()
        forward, operations = forward_count(host)
    for number in range(forward, len(operations)):
        with clean_host() as host:
            prepare(host)
            with refused(monkeypatch, number):
                host.apply(new_network())
            assert _foreign(before) <= _foreign(host.dump())
            assert not host.apply(new_network()).changed


def test_deletes_that_stay_refused_are_named_and_done_by_the_next_run(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(host)
    before = host.dump()
    run = apply.Applier.run

    def refusing(self: Any, operations: Sequence[Operation]) -> None:
        deletes = [o for o in operations if o.stage > Stage.VERIFY]
        run(self, [o for o in operations if o.stage < Stage.VERIFY])
        if deletes:
            raise apply.OperationError(deletes[0], "Device or resource busy")

    with monkeypatch.context() as patch:
        patch.setattr(apply.Applier, "run", refusing)
        with pytest.raises(_run.RunError) as caught:
            host.apply(new_network())
    message = str(caught.value)
    assert not caught.value.rolled_back
    assert "Device or resource busy" in message
    for left in ("ip route del 10.100.0.0/16", "ip link del dev gone", "ip netns del ns9"):
        assert left in message.partition("Left to do")[2]
    assert _foreign(before) <= _foreign(host.dump())
    # It is known whose the rest is, the new routes included.
    host.apply(new_network())
    assert not host.apply(new_network()).changed
    assert _foreign(before) <= _foreign(host.dump())
    host.apply({"name": "two_rooms", "namespaces": [], "adopt": True})
    assert "proto 67" not in host.sh("ip route; ip -6 route")


def test_a_foreign_link_that_appears_between_read_and_write(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1: its name is one that the plan makes; nothing of ours may land on it."""
    host.apply(networks.two_rooms())
    params = networks.two_rooms()
    params["namespaces"].append({"name": "ns3", "loopback": "up"})
    params["veths"].append(networks.room(3))
    before = host.dump()
    journal = _run.Ledger.journal

    def late(self: Any, operations: Any) -> None:
        host.sh("ip link add name ns3veth1 type bridge; ip addr add 10.99.0.1/24 dev ns3veth1")
        journal(self, operations)

    with monkeypatch.context() as patch:
        patch.setattr(_run.Ledger, "journal", late)
        with pytest.raises(_run.RunError, match="File exists") as caught:
            host.apply(params)
    assert caught.value.rolled_back
    stranger = host.json("ip -j addr show ns3veth1")[0]
    assert [a["local"] for a in stranger["addr_info"]] == ["10.99.0.1"]
    assert "ifalias" not in stranger
    assert stranger["operstate"] == "DOWN"
    host.sh("ip link del dev ns3veth1")
    assert host.dump() == before


def test_a_link_that_was_moved_into_a_new_namespace_and_renamed_comes_back(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ["10.1.0.1/24"]
    host.apply({"name": "t", "veths": [networks.link("a", peer=networks.link("b"))]})
    host.sh("ip addr add 10.2.0.1/24 dev b")
    before = host.dump()
    params = {
        "name": "t",
        "namespaces": [{"name": "n1", "loopback": "up"}],
        "veths": [
            networks.link(
                "a",
                peer=networks.link(
                    "c", netns="n1", addresses=address, mtu=1300, mac="02:00:00:00:00:01"
                ),
            )
        ],
    }
    forward = len(host.apply(params, check_mode=True).plan.forward)
    for number in range(forward):
        with refused(monkeypatch, number), pytest.raises(_run.RunError) as caught:
            host.apply(params)
        assert caught.value.rolled_back, str(caught.value)
        assert host.dump() == before
    host.apply(params)
    assert not host.apply(params).changed


def test_many_new_links_are_taken_back_at_once(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    before = host.dump()
    params = {
        "name": "t",
        "bridges": [networks.link("br", addresses=["10.1.0.1/24"])],
        "veths": [
            networks.link(f"a{i}", master="br", peer=networks.link(f"b{i}")) for i in range(100)
        ],
        "routes": [{"dst": "10.2.0.0/16", "via": "10.1.0.2"}],
    }
    last = len(host.apply(params, check_mode=True).plan.forward) - 1
    with refused(monkeypatch, last), pytest.raises(_run.RunError) as caught:
        start = time.monotonic()
        host.apply(params)
    assert caught.value.rolled_back
    assert host.dump() == before
    # One by one the kernel takes 10 to 20 ms for each.
    assert time.monotonic() - start < 3


def test_what_cannot_be_undone_is_said(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.sh("ip link add name br type bridge")
    remove = _run.Namespaces.remove

    def stuck(self: Any, name: str) -> None:
        raise HostError(f"removing namespace {name}: Device or resource busy")

    params = {
        "name": "x",
        "namespaces": [{"name": "ns1", "loopback": "up"}],
        "bridges": [networks.link("good", addresses=["10.1.0.1/24"])],
        "routes": [{"dst": "10.2.0.0/16", "via": "10.1.0.2"}],
    }
    number = 0
    with refused(monkeypatch, 10**6) as seen:
        host.apply(params, check_mode=True)
    plan = host.apply(params, check_mode=True).plan
    number = [o.stage for o in plan.forward].index(Stage.ROUTE_VIA)
    with refused(monkeypatch, number) as seen, monkeypatch.context() as patch:
        patch.setattr(_run.Namespaces, "remove", stuck)
        with pytest.raises(_run.RunError) as caught:
            host.apply(params)
    assert seen
    assert not caught.value.rolled_back
    assert "ip netns del ns1" in str(caught.value)
    assert "Device or resource busy" in str(caught.value)
    assert _run.Namespaces.remove is remove
    # The journal still knows whose the rest is, and the next run completes it.
    host.apply(params)
    assert not host.apply(params).changed
