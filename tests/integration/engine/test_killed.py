# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIGKILL at random moments: the next run converges, and removes all that it made."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host

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


def run_and_kill(host: Host, params: networks.Params, seconds: float) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            host.apply(params)
            status = 0
        finally:
            os._exit(status)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.parametrize("seed", range(10))
def test_a_run_that_is_killed_is_completed_by_the_next(host: Host, seed: int) -> None:
    host.sh(FOREIGN)
    before = host.dump()
    moment = random.Random(seed)
    run_and_kill(host, larger(), moment.uniform(0.002, 0.06))
    host.apply(larger())
    assert not host.apply(larger()).changed
    assert host.pings("ns6", "192.168.2.10")
    run_and_kill(host, moved(), moment.uniform(0.002, 0.12))
    host.apply(moved())
    assert not host.apply(moved()).changed
    run_and_kill(host, {"name": "two_rooms", "state": "absent"}, moment.uniform(0.002, 0.06))
    host.apply({"name": "two_rooms", "state": "absent"})
    assert host.dump() == before
    assert host.sh("ls -A /var/lib/container_net") == ""
