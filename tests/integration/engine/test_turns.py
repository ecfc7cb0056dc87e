# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs on one host take turns, for one topology or for two, and both end right."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    HostError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._host import lock
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host

CHANGED, SAME, FAILED = 10, 11, 12
ROOMS = 4


def start(work: Callable[[], int]) -> int:
    """A process of its own, whose exit code is what ``work`` returns."""
    child = os.fork()
    if child == 0:
        status = FAILED
        try:
            status = work()
        finally:
            os._exit(status)
    return child


def start_run(host: Host, params: networks.Params) -> int:
    return start(lambda: CHANGED if host.apply(params).changed else SAME)


def ends(*children: int) -> list[int]:
    return sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


def numbered(number: int) -> networks.Params:
    """A network of its own, with its own names and addresses."""
    return {
        "name": f"t{number}",
        "namespaces": [{"name": f"t{number}n{i}"} for i in range(ROOMS)],
        "bridges": [networks.link(f"t{number}br", addresses=[f"10.{number}.0.1/24"])],
        "veths": [
            networks.link(
                f"t{number}v{i}",
                master=f"t{number}br",
                peer=networks.link(
                    "eth0",
                    netns=f"t{number}n{i}",
                    addresses=[f"10.{number}.0.{i + 2}/24"],
                    routes=[{"dst": "default", "via": f"10.{number}.0.1"}],
                ),
            )
            for i in range(ROOMS)
        ],
    }


def test_two_runs_for_one_topology_take_turns(host: Host) -> None:
    for dummy in range(5):
        assert ends(*[start_run(host, numbered(1)) for dummy in range(3)]) == [CHANGED, SAME, SAME]
        assert not host.apply(numbered(1)).changed
        host.apply({"name": "t1", "state": "absent"})
    assert host.namespaces() == []


def test_two_runs_that_want_different_things_leave_the_later_ones_whole(host: Host) -> None:
    other = numbered(1)
    del other["namespaces"][3:], other["veths"][3:]
    other["bridges"][0]["addresses"] = ["10.1.0.1/16"]
    for dummy in range(5):
        assert FAILED not in ends(start_run(host, numbered(1)), start_run(host, other))
        # One of the two, as a whole.
        changed = [host.apply(params, check_mode=True).changed for params in (numbered(1), other)]
        assert sorted(changed) == [False, True]


def test_two_topologies_at_once_both_end_right(host: Host) -> None:
    for dummy in range(2):
        assert ends(*[start_run(host, numbered(i)) for i in (1, 2, 3)]) == [CHANGED] * 3
        made = host.dump()
        assert ends(*[start_run(host, numbered(i)) for i in (1, 2, 3)]) == [SAME] * 3
        assert host.dump() == made
        assert all(host.pings(f"t{i}n{ROOMS - 1}", f"10.{i}.0.2") for i in (1, 2, 3))
        # Two go while the third is repaired.
        host.sh("ip link del dev t2br")
        gone = [start_run(host, {"name": f"t{i}", "state": "absent"}) for i in (1, 3)]
        assert ends(*gone, start_run(host, numbered(2))) == [CHANGED] * 3
        assert {name[:2] for name in host.namespaces()} == {"t2"}
        assert not host.apply(numbered(2)).changed
        host.apply({"name": "t2", "state": "absent"})


def test_a_run_waits_no_longer_than_it_is_told(host: Host) -> None:
    want = parse.topology_from_params(numbered(1))
    with lock.locked(0):
        for check_mode in (False, True):
            begin = time.monotonic()
            with pytest.raises(HostError, match=r"more than 0.3 seconds.*lock_timeout"):
                _flow.execute(want, check_mode, 0.3)
            # Far from the 60 seconds that a run waits by itself, however slow the machine is.
            assert 0.3 <= time.monotonic() - begin < 30
    assert host.namespaces() == []
    with pytest.raises(OptionError, match="lock_timeout: -1: "):
        _flow.execute(want, False, -1)
    assert _flow.execute(want, False, 0).changed


def test_a_killed_run_does_not_keep_the_lock(host: Host) -> None:
    def hold() -> int:
        with lock.locked(0):
            time.sleep(60)
        return SAME

    child = start(hold)
    while not os.path.exists(lock.LOCK_FILE):
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    assert ends(child) == [-signal.SIGKILL]
    assert _flow.execute(parse.topology_from_params(numbered(1)), False, 0).changed


def test_check_mode_writes_nothing_at_all(host: Host) -> None:
    host.apply(numbered(1), check_mode=True)
    assert host.sh("find /run/lock /var/lib/container_net /run/netns -mindepth 1") == ""
