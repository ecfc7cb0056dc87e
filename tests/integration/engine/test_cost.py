# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run costs, counted and not timed, so that a gross regression is noticed on any machine.

Seconds are measured by tests/bench.
"""

from __future__ import annotations

import collections
import os
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _run
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import (
    apply,
    descriptors,
    namespaces,
    netlink,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    SetLink,
)
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host, clean_host

FEW, MANY = 10, 50


def rooms(count: int, mtu: int = 1500) -> networks.Params:
    """One bridge, and namespaces on it with an address and a default route."""
    return {
        "name": "rooms",
        "bridges": [networks.link("rbr", addresses=["10.67.0.1/16"])],
        "namespaces": [{"name": f"r{i}", "loopback": "up"} for i in range(count)],
        "veths": [
            networks.link(
                "eth0",
                netns=f"r{i}",
                mtu=mtu,
                addresses=[f"10.67.{1 + i // 200}.{1 + i % 200}/16"],
                routes=[{"dst": "default", "via": "10.67.0.1"}],
                peer=networks.link(f"rv{i}", master="rbr"),
            )
            for i in range(count)
        ],
    }


ABSENT = {"name": "rooms", "state": "absent"}


class Costs(collections.Counter[str]):
    """Counts by what was done; ``opened`` counts the openings of each namespace."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: collections.Counter[str] = collections.Counter()


class _CountingLibrary:
    def __init__(self, library: Any, costs: Costs) -> None:
        self._library = library
        self._costs = costs

    def __getattr__(self, name: str) -> Any:
        if name in ("setns", "unshare"):
            self._costs[name] += 1
        return getattr(self._library, name)


def _forbidden(*dummy: object, **more: object) -> Any:
    raise AssertionError("a run neither forks nor sleeps")


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Costs]:
    costs = Costs()
    real_open = os.open

    def counting_open(path: Any, flags: int, *more: Any, **options: Any) -> int:
        text = os.fsdecode(path) if isinstance(path, (str, bytes)) else ""
        # The file that gets the name of a new namespace is not the namespace yet.
        if text.startswith("/run/netns/") and not flags & os.O_CREAT:
            costs.opened[text] += 1
        return real_open(path, flags, *more, **options)

    def counting(name: str) -> Callable[..., Any]:
        method = getattr(netlink.Socket, name)

        def call(self: netlink.Socket, *arguments: Any) -> Any:
            costs[name] += 1
            return method(self, *arguments)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", counting_open)
        patch.setattr(namespaces, "_libc", _CountingLibrary(namespaces._libc, costs))
        for name in ("send", "get", "_dump", "_receive"):
            patch.setattr(netlink.Socket, name, counting(name))
        for module, name in ((os, "fork"), (subprocess, "Popen"), (time, "sleep")):
            patch.setattr(module, name, _forbidden)
        yield costs


# What each further namespace may cost: creating it (and verifying it in the same visit), changing
# it, finding it unchanged. Before a change its links, addresses, routes and neighbours are
# remembered (four dumps), reading and verifying take three each. A dump is received in two or
# three parts.
LIMITS = {
    "create": {"opened": 2, "setns": 3, "unshare": 1, "send": 1, "get": 0, "_dump": 3},
    "change": {"opened": 3, "setns": 8, "unshare": 0, "send": 1, "get": 0, "_dump": 10},
    "unchanged": {"opened": 1, "setns": 2, "unshare": 0, "send": 0, "get": 0, "_dump": 3},
}
RECEIVED = {"create": 10, "change": 31, "unchanged": 9}
# Sends of 64 requests on the host, for both sizes together.
BATCHES = 6


def test_what_a_namespace_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[tuple[str, int], Costs] = {}
    for size in (FEW, MANY):
        with clean_host() as host:
            for step, params in (
                ("create", rooms(size)),
                ("change", rooms(size, mtu=1400)),
                ("unchanged", rooms(size, mtu=1400)),
            ):
                with counted(monkeypatch) as costs:
                    changed = host.apply(params).changed
                assert changed is (step != "unchanged")
                found[step, size] = costs
    for step, limits in LIMITS.items():
        few, many = found[step, FEW], found[step, MANY]
        assert set(many.opened.values()) == {limits["opened"]}, step
        assert len(many.opened) == MANY, step
        for what, most in [*limits.items(), ("_receive", RECEIVED[step])]:
            if what != "opened":
                grown = many[what] - few[what]
                assert grown <= most * (MANY - FEW) + BATCHES, f"{step}: {what}"


def test_many_new_links_are_not_asked_for_one_by_one(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    get = netlink.Socket.get

    def counting(self: netlink.Socket, requests: Any) -> Any:
        asked.extend(request.kind for request in requests)
        return get(self, requests)

    monkeypatch.setattr(netlink.Socket, "get", counting)
    host.apply(rooms(MANY))
    # Only the bridge, before it takes ports.
    assert asked.count(netlink.GETLINK) <= 1


def test_no_traffic_before_all_namespaces_are_complete(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a bridge floods while its ports come up costs more than all the rest."""
    order: list[str] = []
    acknowledge = apply.Applier._acknowledge

    def watching(self: apply.Applier, netns: str, operations: Any, requests: Any) -> None:
        order.extend(
            "inside" if o.netns else "port"
            for o in operations
            if o.netns or (isinstance(o, SetLink) and (o.name[:2], o.key) == ("rv", "up"))
        )
        acknowledge(self, netns, operations, requests)

    monkeypatch.setattr(apply.Applier, "_acknowledge", watching)
    host.apply(rooms(FEW))
    assert order == sorted(order)
    assert order.count("port") == FEW


def _lines(action: Callable[[], object]) -> int:
    """How many lines of Python are run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def _lines_of_plans(size: int) -> list[int]:
    """Lines of each plan while that many rooms are made, left alone and removed."""
    plan = _run.plan
    seen: list[int] = []

    def counting(*arguments: Any) -> Any:
        seen.append(_lines(lambda: plan(*arguments)))
        return plan(*arguments)

    with clean_host() as host, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run, "plan", counting)
        for params in (rooms(size), rooms(size), ABSENT):
            host.apply(params)
    return seen


def test_the_plan_grows_with_its_objects_only() -> None:
    few, many = _lines_of_plans(FEW), _lines_of_plans(4 * FEW)
    assert len(few) == len(many) > 3
    assert all(b <= 4.2 * a for a, b in zip(few, many)), (few, many)


def test_memory(host: Host) -> None:
    """4,000 namespaces have to fit into 300 MB, together with Ansible and their parameters."""
    host.apply(rooms(FEW))
    host.apply(ABSENT)
    peaks = []
    for size in (FEW, MANY):
        params = rooms(size)
        tracemalloc.start()
        host.apply(params)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        host.apply(ABSENT)
    assert (peaks[1] - peaks[0]) / (MANY - FEW) < 40_000


def test_with_few_open_files(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into the limit of open files is opened each time."""
    before = host.dump()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(descriptors, "_OTHER_FILES", limits[1] - 5)
    host.apply(rooms(FEW))
    assert not host.apply(rooms(FEW)).changed
    assert host.pings("r9", "10.67.0.1")
    host.apply(ABSENT)
    assert host.dump() == before
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits
