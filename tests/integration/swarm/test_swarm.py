# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts joined by a swarm through the collection's playbooks: what is asked of Docker, in which
order, what is refused, and what is left. What Docker makes of it needs virtual machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.swarm.world import SwarmWorld
from tests.integration.ways.test_ways import JOIN, TEARDOWN, docker_settings

SWARM = {"container_net_overlay": "swarm_overlay"}
NewWorld = Callable[..., SwarmWorld]
NETWORK = "container_net"
INACTIVE = {"cluster": "", "node": "", "gateway": False}


@pytest.mark.long
def test_life_of_a_swarm(new_world: NewWorld) -> None:
    """From nothing to a swarm, a host more under --limit, to nothing."""
    world = new_world("a", "b", "c")
    before = {name: world.state(name) for name in world.hosts}
    world.write_inventory("a", "b", **SWARM)
    check = world.playbook(*JOIN, "--check")
    assert "Would make a swarm of 2 hosts with the overlay network container_net" in check.text()
    assert {name: world.state(name) for name in world.hosts} == before
    assert [world.changes(name) for name in "ab"] == [[], []]

    done = world.playbook(*JOIN)
    assert "SWMTKN" not in done.text()
    assert [world.changes(name) for name in "ab"] == [
        ["POST /swarm/init", "POST /networks/create"],
        ["POST /swarm/join"],
    ]
    made = world.swarm()
    assert made["roles"] == {"a": "manager", "b": "worker"}
    network = made["networks"][NETWORK]
    assert (network["Driver"], network["Attachable"]) == ("overlay", True)
    assert network["IPAM"]["Config"][0]["Subnet"] == "172.20.0.0/16"
    assert not network["Options"]
    assert made["networks"]["ingress"]["IPAM"]["Config"][0]["Subnet"] == "10.127.0.0/24"
    assert docker_settings(world, "a") == {"debug": True, "live-restore": False, "mtu": 1300}
    for words in ((), ("--check",)):
        assert world.playbook(*JOIN, *words).changed() == []

    world.write_inventory("a", "b", "c", **SWARM)
    world.playbook(*JOIN, "--limit", "c")
    assert world.swarm()["roles"] == {"a": "manager", "b": "worker", "c": "worker"}
    assert [world.changes(name) for name in "abc"] == [[], [], ["POST /swarm/join"]]

    world.playbook(TEARDOWN)
    assert {name: world.state(name) for name in world.hosts} == before
    assert [world.own(name) for name in "abc"] == [INACTIVE] * 3
    assert [world.changes(name)[0] for name in "abc"] == ["POST /swarm/leave"] * 3


@pytest.mark.long
def test_what_changes_in_a_swarm(new_world: NewWorld) -> None:
    world = new_world("a", "b", "c")
    hosts = ("a", "b", "c")
    world.write_inventory(*hosts, **SWARM, container_net_mtu=9000)
    world.playbook(*JOIN)
    options = world.swarm()["networks"][NETWORK]["Options"]
    assert options == {"com.docker.network.driver.mtu": "9000"}
    # Managers, and an encrypted network.
    more = {**SWARM, "swarm_overlay_managers": list(hosts), "swarm_overlay_encrypted": True}
    world.write_inventory(*hosts, **more)
    world.playbook(*JOIN)
    assert set(world.swarm()["roles"].values()) == {"manager"}
    assert world.swarm()["networks"][NETWORK]["Options"] == {"encrypted": ""}
    assert world.playbook(*JOIN).changed() == []
    # What is wanted no more goes, too.
    world.write_inventory(*hosts, **SWARM)
    world.playbook(*JOIN)
    assert world.swarm()["roles"] == {"a": "manager", "b": "worker", "c": "worker"}
    assert not world.swarm()["networks"][NETWORK]["Options"]
    # The first manager was made anew: the others leave the swarm that nobody manages.
    world.hosts["a"].sh("rm /run/stand_in/swarm")
    for name in "abc":
        world.changes(name)
    world.playbook(*JOIN)
    assert [world.changes(name) for name in "bc"] == [["POST /swarm/leave", "POST /swarm/join"]] * 2
    assert world.playbook(*JOIN).changed() == []


@pytest.mark.long
def test_a_switch_leaves_nothing_of_the_old_way(new_world: NewWorld) -> None:
    world = new_world("a", "b")
    before = {name: world.state(name) for name in world.hosts}
    for way in ("static_vxlan", "swarm_overlay", "direct_routes"):
        world.write_inventory("a", "b", container_net_overlay=way)
        world.playbook(*JOIN)
        swarm = way == "swarm_overlay"
        for name in world.hosts:
            settings = docker_settings(world, name)
            assert ("live-restore" in settings, "bip" in settings) == (swarm, not swarm)
            assert settings["mtu"] == {"static_vxlan": 1450, "direct_routes": 1500}.get(way, 1300)
            said = world.words_of(name)
            assert ("swarm_overlay" in said, "vxlan-net" in said) == (swarm, way == "static_vxlan")
            assert bool(world.own(name)["node"] if swarm else False) is swarm
        assert world.playbook(*JOIN).changed() == []
    assert [world.own(name) for name in "ab"] == [INACTIVE] * 2
    world.playbook(TEARDOWN)
    assert {name: world.state(name) for name in world.hosts} == before


def refused(world: SwarmWorld, words: str, **variables: Any) -> None:
    """A run that says so, and changes nothing."""
    world.write_inventory("a", "b", **{**SWARM, **variables})
    before = {name: world.state(name) for name in world.hosts}
    done = world.playbook(*JOIN, check=False)
    assert done.code != 0
    assert words in done.text()
    assert {name: world.state(name) for name in world.hosts} == before
    assert [world.changes(name) for name in "ab"] == [[], []]


@pytest.mark.long
def test_what_is_refused(new_world: NewWorld) -> None:
    world = new_world("a", "b")
    live = {"docker_daemon_settings": {"live-restore": True}}
    refused(world, "Docker makes no swarm under live-restore", **live)
    refused(world, "Name one, three, five or seven hosts", swarm_overlay_managers=["a", "b"])
    refused(world, "Name one, three, five or seven hosts", swarm_overlay_managers=["z"])
    refused(world, "overlaps 172.20.0.0/16", swarm_overlay_pool="172.16.0.0/12")
    refused(world, "holds 192.168.100.11, the address of a", swarm_overlay_subnet="192.168.0.0/16")
    refused(world, "a route of the host (blackhole)", swarm_overlay_subnet="198.51.0.0/16")
    refused(world, "Docker's network bridge", swarm_overlay_subnet="172.17.0.0/20")
    world.hosts["a"].sh("echo backend 172.30.0.0/16 >/run/stand_in/networks")
    theirs = "swarm_overlay_name: 'backend': is the name of a network of Docker's"
    refused(world, theirs, swarm_overlay_name="backend")
    # Somebody else's swarm.
    world.hosts["b"].sh(
        """echo '{"cluster": "other", "node": "x", "gateway": true}' >/run/stand_in/swarm"""
    )
    refused(world, "it is in a swarm (active) that this role did not make")


@pytest.mark.long
def test_containers_keep_a_host_in_the_swarm(new_world: NewWorld) -> None:
    world = new_world("a", "b")
    world.write_inventory("a", "b", **SWARM)
    world.playbook(*JOIN)
    host = world.hosts["a"]
    host.sh("echo web container_net >/run/stand_in/on_networks")
    done = world.playbook(TEARDOWN, check=False)
    assert done.code != 0
    assert "Nothing was removed" in done.text()
    assert "docker network disconnect container_net web" in done.text()
    assert world.own("a")["node"]
    # Where Docker does not run, it cannot be left.
    host.sh("rm /run/stand_in/on_networks /run/stand_in/docker.service.active")
    done = world.playbook(TEARDOWN, check=False)
    assert "it is in a swarm that role swarm_overlay made" in done.text()
    host.sh("touch /run/stand_in/docker.service.active")
    world.playbook(TEARDOWN)
    assert world.own("a") == INACTIVE


@pytest.mark.long
def test_dockers_own_words(new_world: NewWorld) -> None:
    """What Docker refuses is shown, though answers hold tokens; the next run goes on from there."""
    world = new_world("a")
    world.write_inventory("a", **SWARM)
    world.hosts["a"].sh("echo no such advertise address >/run/stand_in/refused")
    done = world.playbook(*JOIN, check=False)
    assert done.code != 0
    assert "no such advertise address" in done.text()
    world.hosts["a"].sh("rm /run/stand_in/refused")
    world.playbook(*JOIN)
    assert world.swarm()["roles"] == {"a": "manager"}
