# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role alone, on hosts that are in a swarm already: what it refuses before it changes any."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.integration.swarm.world import SwarmWorld

NewWorld = Callable[..., SwarmWorld]
# As role common does for hosts outside --limit.
PLAY = """
- hosts: container_net
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - setup: {gather_subset: ["!all", "!min", network, local]}
      loop: "{{ groups['container_net'] }}"
      delegate_to: "{{ item }}"
      delegate_facts: true
      run_once: true
    - include_role: {name: netfabric.container_net.swarm_overlay, tasks_from: "{{ part }}"}
"""
NOTE = """
mkdir -p /etc/ansible/facts.d /var/lib/container_net
echo '{"overlay": "swarm_overlay"}' >/etc/ansible/facts.d/container_net.fact
echo '{"gateway": false}' >/var/lib/container_net/swarm_overlay.json
echo "$1" >/run/stand_in/swarm
"""


def in_a_swarm(world: SwarmWorld, manager: str, *workers: str) -> None:
    """As a run of this role left them."""
    nodes = {}
    for name in (manager, *workers):
        role = "manager" if name == manager else "worker"
        nodes[name] = {"name": name, "role": role, "address": world.address(name)}
        own = {"cluster": "s", "node": name, "gateway": True}
        world.hosts[name].run("sh", "-ec", NOTE, "note", json.dumps(own))
    found = {"nodes": nodes, "networks": {}, "tokens": {"Worker": "SWMTKN-worker-s"}}
    (world.directory / "swarms/s.json").write_text(json.dumps(found))


def refused(world: SwarmWorld, words: str, part: str, *more: str) -> None:
    """It says so, and asks nothing of Docker."""
    play = world.directory / "play.yml"
    play.write_text(PLAY)
    done = world.playbook(play, "-e", f"part={part}", *more, check=False)
    assert done.code != 0
    assert words in done.text(), done.text()[-2000:]
    assert [world.changes(name) for name in world.hosts] == [[]] * len(world.hosts)


def inventory(world: SwarmWorld, *names: str, managers: list[str], name: str = "net") -> None:
    for host in names:
        world.variables[host]["container_net_ip"] = world.address(host)
    more = {"container_net_mtu": 1500, "swarm_overlay_managers": managers}
    world.write_inventory(*names, **more, swarm_overlay_name=name)


@pytest.mark.long
def test_no_second_swarm(new_world: NewWorld) -> None:
    """A new first manager would make one, and the others would leave theirs for it."""
    world = new_world("a", "b", "c")
    in_a_swarm(world, "a", "b")
    already = "a manages the swarm already: keep it first in swarm_overlay_managers, and add "
    limit = ("--limit", "c")
    inventory(world, "c", "a", "b", managers=["c"])
    refused(world, f"{already}c behind it", "prepare")
    refused(world, f"{already}c behind it", "docker")
    refused(world, "a, b may be in one already. Run it without --limit", "prepare", *limit)
    # A worker makes none, either.
    inventory(world, "b", "a", "c", managers=["b"])
    refused(world, f"{already}b behind it", "prepare")
    refused(world, "Put a manager of the swarm in which it is a worker before it", "docker", *limit)


@pytest.mark.parametrize(
    ("before", "part", "words"),
    [
        ("flannel", "prepare", "swarm_overlay_name: 'backend': is the name of a network"),
        # The old way is gone by then, though the facts still name it.
        ("flannel", "docker", "overlaps 198.51.100.0/24, a route of the host (blackhole)"),
    ],
)
def test_a_switch(new_world: NewWorld, before: str, part: str, words: str) -> None:
    """From another way: Docker's networks are looked at before it goes, routes behind that."""
    world = new_world("a")
    fact = json.dumps({"overlay": before})
    world.hosts["a"].run(
        "sh",
        "-ec",
        'mkdir -p /etc/ansible/facts.d; echo "$1" >/etc/ansible/facts.d/container_net.fact',
        "fact",
        fact,
    )
    inventory(world, "a", managers=["a"], name="backend")
    if part == "prepare":
        world.hosts["a"].sh("echo backend 172.30.0.0/16 >/run/stand_in/networks")
    refused(world, words, part, "-e", "swarm_overlay_subnet=198.51.0.0/16")


def test_a_network_of_somebody_else_on_a_manager_outside_the_run(new_world: NewWorld) -> None:
    world = new_world("a", "b")
    in_a_swarm(world, "a")
    inventory(world, "a", "b", managers=["a"], name="backend")
    world.hosts["a"].sh("echo backend 172.30.0.0/16 >/run/stand_in/networks")
    words = "swarm_overlay_name: backend: is the name of a network of Docker's on a"
    refused(world, words, "docker", "--limit", "b")
