# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIGKILL at random moments: the next run converges, and removes all that it made."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.engine.crash import DONE, look, run_until

KILLS = 100
# Three runs in each, of which some end before the signal comes.
ROUNDS = 100

FOREIGN = """
ip link add name fbr type bridge; ip link set dev fbr up; ip addr add 10.5.0.1/24 dev fbr
ip route add 10.6.0.0/16 via 10.5.0.9; ip netns add stranger
ip link add name fveth type veth peer name fpeer netns stranger
ip link set dev fveth up master fbr
"""


def larger() -> networks.Params:
    params = networks.two_rooms()
    for i in (3, 4, 5, 6):
        params["namespaces"].append({"name": f"ns{i}", "loopback": "up"})
        params["veths"].append(networks.room(i))
    return params


def moved() -> networks.Params:
    """From ``larger``: ends that move, a pair that is made anew, rooms that go."""
    params = networks.two_rooms()
    params["veths"][0]["netns"], params["veths"][1]["netns"] = "ns2", "ns2"
    del params["veths"][1]["routes"]
    params["veths"].append(
        networks.link("ns3veth1", recreate=True, peer=networks.link("new", netns="ns1"))
    )
    return params


def run_and_kill(host: Host, params: networks.Params, seconds: float) -> float | None:
    """Apply in a process that is killed after so long; None, or how long it took when it was done.

    A process that was still at work dies of the signal.
    """
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            host.apply(params)
            status = 0
        finally:
            os._exit(status)
    watched = os.pidfd_open(child)
    try:
        # It can be read as soon as the process ends.
        select.select([watched], [], [], seconds)
        took = time.monotonic() - start
        os.kill(child, signal.SIGKILL)
    finally:
        os.close(watched)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return took if ended == 0 else None


def test_a_hundred_killed_runs_are_completed_by_the_next_ones(host: Host) -> None:
    host.sh(FOREIGN)
    before = look(host)
    moment = random.Random(4)
    absent: networks.Params = {"name": "two_rooms", "state": "absent"}
    states = [larger(), moved(), absent]
    limits = [0.1] * len(states)
    wanted: list[Any] = [None] * len(states)
    for dummy in range(2):
        for i, params in enumerate(states):
            start = time.monotonic()
            assert run_until(host, params, 10**6) == DONE
            limits[i] = time.monotonic() - start
            wanted[i] = look(host)
    killed = 0
    for round_number in range(ROUNDS):
        for i, params in enumerate(states):
            took = run_and_kill(host, params, moment.uniform(0, limits[i]))
            killed += took is None
            # The machine is now quicker and now slower, and moments are chosen from a whole run.
            limits[i] = limits[i] * 1.05 if took is None else took
            # With the next run's own short patience: the lock is free.
            _flow.execute(parse.topology_from_params(params), False, 0)
            found = look(host)
            for place in sorted({*found, *wanted[i]}):
                assert found.get(place) == wanted[i].get(place), (round_number, i, place)
            assert not host.apply(params).changed
        if killed >= KILLS:
            break
    assert look(host) == before
    assert killed >= KILLS
