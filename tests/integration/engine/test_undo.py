# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Undoing: completely, or with a report whose commands lead back."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _run
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import waiting
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.namespaces import (
    Namespaces,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.netlink import DELLINK
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.engine.crash import look
from tests.integration.engine.faults import (
    forward_count,
    new_network,
    prepare,
    refused,
    undo_refused,
    undo_refusing,
)


def prepare_pair(host: Host) -> None:
    host.apply({"name": "t", "veths": [networks.link("a", peer=networks.link("b"))]})
    host.sh("ip addr add 10.2.0.1/24 dev b; ip route add 10.3.0.0/16 via 10.2.0.9")


def moved_pair() -> networks.Params:
    """One end goes into a new namespace and gets another name, and there is more in there."""
    peer = networks.link(
        "c", netns="n1", addresses=["10.1.0.1/24"], mtu=1300, mac="02:00:00:00:00:01"
    )
    return {
        "name": "t",
        "namespaces": [{"name": "n1", "loopback": "up"}],
        "bridges": [networks.link("br1"), networks.link("br2")],
        "veths": [
            networks.link("a", peer=peer),
            networks.link("d", master="br1", peer=networks.link("e", netns="n1")),
        ],
        "routes": [{"dst": "10.4.0.0/16", "via": "10.1.0.9", "netns": "n1"}],
    }


def by_hand(host: Host, command: str) -> None:
    """Type a command, where the host of the test is not the namespace of process 1."""
    host.sh(re.sub(r"netns 1$", f"netns {os.getpid()}", command))


@pytest.mark.parametrize(
    ("prepared", "params", "kinds", "least"),
    [
        (prepare, new_network, {"a request", "a namespace", "a sysctl"}, 20),
        (prepare_pair, moved_pair, {"a request", "a namespace"}, 6),
    ],
)
def test_an_undo_that_fails_says_what_is_left_and_how_to_repair_it(
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    prepared: Callable[[Host], None],
    params: Callable[[], networks.Params],
    kinds: set[str],
    least: int,
) -> None:
    """At every write of the undo; the commands of the report lead back to the state before."""
    prepared(host)
    before = look(host)
    last = forward_count(host, params())[0] - 1
    seen_kinds: set[str] = set()
    incomplete = 0
    for number in range(200):
        with (
            refused(monkeypatch, last) as seen,
            undo_refused(monkeypatch, number) as what,
            pytest.raises(_run.RunError) as caught,
        ):
            host.apply(params())
        assert _run.describe(seen[last]) in str(caught.value)
        seen_kinds.update(what)
        error = caught.value
        # What was tried in another way and then worked is not told.
        assert error.rolled_back == (not error.repair), str(error)
        incomplete += not error.rolled_back
        for command in error.repair:
            assert command in str(error)
            by_hand(host, command)
        found = look(host)
        for place in sorted({*before, *found}):
            assert found.get(place) == before.get(place), (number, place, str(error))
        if not what:
            break
    assert seen_kinds == kinds
    assert incomplete >= least
    # The journal still knows whose the rest was, and the next run completes it.
    host.apply(params())
    assert not host.apply(params()).changed


def no_link_is_deleted(kind: str, what: Any) -> bool:
    return kind == "a request" and bool(what[0] == DELLINK)


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, seconds: str) -> Iterator[None]:
    """A process keeps the namespaces that are removed, as the kernel does when it has much to do.

    Their links' other ends stay as long.
    """
    remove = Namespaces.remove
    holding: list[subprocess.Popen[bytes]] = []

    def holding_remove(self: Any, name: str) -> None:
        fd = os.open(f"/run/netns/{name}", os.O_RDONLY)
        holding.append(subprocess.Popen(["sleep", seconds], pass_fds=[fd]))
        os.close(fd)
        remove(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(Namespaces, "remove", holding_remove)
        try:
            yield
        finally:
            for process in holding:
                process.kill()
                process.wait()


def test_links_that_go_with_their_namespace_are_waited_for(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their names are needed: the link that a recreated one replaced gets its own back."""
    prepare(host)
    before = look(host)
    last = forward_count(host, new_network())[0] - 1
    # So long only because a busy machine lets the process end late.
    monkeypatch.setattr(waiting, "_SECONDS", 60)
    with (
        held(monkeypatch, "1"),
        refused(monkeypatch, last),
        undo_refusing(monkeypatch, no_link_is_deleted),
        pytest.raises(_run.RunError) as caught,
    ):
        host.apply(new_network())
    assert caught.value.rolled_back, str(caught.value)
    assert look(host) == before


def test_links_that_do_not_go_with_their_namespace_in_time_are_named(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(host)
    before = look(host)
    last = forward_count(host, new_network())[0] - 1
    monkeypatch.setattr(waiting, "_SECONDS", 0.2)
    with held(monkeypatch, "600"):
        with (
            refused(monkeypatch, last),
            undo_refusing(monkeypatch, no_link_is_deleted),
            pytest.raises(_run.RunError) as caught,
        ):
            host.apply(new_network())
        repair = caught.value.repair
        assert "ip link del dev ns3veth1" in repair
        # The name has to be free before another link gets it back.
        back = next(i for i, text in enumerate(repair) if text.endswith("name wrong1"))
        assert repair.index("ip link del dev wrong1") < back
        for command in repair:
            by_hand(host, command)
        assert look(host) == before


def test_a_link_that_was_moved_into_a_new_namespace_and_renamed_comes_back(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_pair(host)
    before = host.dump()
    params = moved_pair()
    for number in range(forward_count(host, params)[0]):
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
    deletes: list[Any] = []

    def counted(kind: str, what: Any) -> bool:
        if kind == "a request" and what[0] == DELLINK:
            deletes.append(what)
        return False

    with (
        refused(monkeypatch, last),
        undo_refusing(monkeypatch, counted),
        pytest.raises(_run.RunError) as caught,
    ):
        host.apply(params)
    assert caught.value.rolled_back
    assert host.dump() == before
    # One by one the kernel takes 10 to 20 ms for each.
    assert len(deletes) == 1
