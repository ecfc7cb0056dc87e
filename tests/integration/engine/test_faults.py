# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal at every operation of a plan that has every kind of them.

Before the first delete the state afterwards equals the state before, what others made included;
after it nothing foreign is lost, and the next run converges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _run
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import (
    apply,
    netlink,
    read,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    Operation,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.stage import Stage
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host, clean_host
from tests.integration.engine.faults import forward_count, new_network, prepare, refused


def test_the_plan_has_every_kind_of_operation() -> None:
    with clean_host() as host:
        prepare(host)
        kinds = {type(o).__name__ for o in forward_count(host, new_network())[1]}
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
    forward, operations = forward_count(host, new_network())
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
        forward, operations = forward_count(host, new_network())
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


@pytest.mark.parametrize("there", [False, True])
def test_what_the_kernel_does_not_keep_is_noticed(
    host: Host, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """In new namespaces, which are verified in the visit that fills them, and in others."""
    if there:
        host.apply(networks.two_rooms())
        host.sh("ip -n ns1 address flush dev ns1veth0; ip -n ns1 route add blackhole 10.98.0.0/16")
    before = host.dump()
    send = netlink.Socket.send

    def forgetful(self: netlink.Socket, requests: Sequence[netlink.Request]) -> list[Any]:
        lost = [number for number, r in enumerate(requests) if r.kind == netlink.NEWADDR]
        results = send(self, [r for r in requests if r.kind != netlink.NEWADDR])
        for number in lost:
            results.insert(number, None)
        return results

    with monkeypatch.context() as patch:
        patch.setattr(netlink.Socket, "send", forgetful)
        with pytest.raises(_run.RunError, match="did not keep it") as caught:
            # Routes would be refused without the address that they lead through.
            host.apply(_without_routes(networks.two_rooms()))
    assert caught.value.rolled_back
    assert host.dump() == before


def _without_routes(params: networks.Params) -> networks.Params:
    for veth in params["veths"]:
        veth["routes"] = []
    return params


def test_a_new_namespace_that_was_replaced_is_verified_anew(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = read.Seen.look

    def replaced(self: read.Seen, name: str, socket: netlink.Socket) -> None:
        look(self, name, socket)
        if name == "ns2":
            host.sh("ip netns delete ns2; ip netns add ns2")

    with monkeypatch.context() as patch:
        patch.setattr(read.Seen, "look", replaced)
        with pytest.raises(_run.RunError, match="its other end is in a namespace without a name"):
            host.apply(networks.two_rooms())
