# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""S16: hosts on one segment by a real Open vSwitch and GRE, joined by the collection's playbooks.

Open vSwitch does not switch in the kernel here, but all the same with what the role asks of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.network.sandbox import ROOT
from tests.integration.ovs.world import OvsWorld
from tests.integration.ways.test_ways import JOIN, TEARDOWN, check_traffic, docker_settings

MTU = 1500 - 38
NETDEV = {"container_net_overlay": "ovs_gre", "ovs_gre_datapath": "netdev"}


@pytest.mark.long
def test_life_of_a_segment(new_world: Callable[..., OvsWorld]) -> None:
    """From nothing to containers that reach each other, over a boot, to nothing."""
    world = new_world("b", "c")
    before = {name: world.state(name) for name in world.hosts}
    world.write_inventory("b", "c", **NETDEV)
    assert world.playbook(*JOIN, "--check").code == 0
    assert {name: world.state(name) for name in world.hosts} == before

    world.playbook(*JOIN)
    assert [world.box(name) for name in "bc"] == ["172.20.1.2", "172.20.2.2"]
    check_traffic(world, MTU, "b", "c")
    for number, name in enumerate("bc", 1):
        assert docker_settings(world, name) == {
            "debug": True,
            "bip": f"172.20.{number}.1/16",
            "fixed-cidr": f"172.20.{number}.0/24",
            "mtu": MTU,
        }
    assert world.playbook(*JOIN).changed() == []

    world.boot("b")
    world.systemctl("b", "restart", "docker.service")
    check_traffic(world, MTU, "b", "c")
    assert world.playbook(*JOIN, "--check").changed() == []

    world.playbook(TEARDOWN)
    assert {name: world.state(name) for name in world.hosts} == before


def refused(world: OvsWorld, *words: str) -> str:
    """What a run says that changes nothing."""
    before = {name: world.state(name) for name in world.hosts}
    done = world.playbook(*JOIN, *words, check=False)
    assert done.code != 0
    assert {name: world.state(name) for name in world.hosts} == before
    return done.text()


@pytest.mark.long
def test_what_is_refused(new_world: Callable[..., OvsWorld]) -> None:
    world = new_world("b", "c")
    bad: dict[str, dict[str, Any]] = {
        "theirs is a bridge of Open vSwitch that this role did not make": {
            "ovs_gre_switch": "theirs"
        },
        "docker0': is no name": {},
        "is no part of 10.9.0.0/16": {"ovs_gre_network": "10.9.0.0/16"},
        "holds 192.168.100.11, 192.168.100.12, by which": {
            "ovs_gre_network": "192.168.0.0/16",
            "container_net_network": "192.168.0.0/18",
        },
        "containers would have an MTU of 500 bytes": {"ovs_gre_mtu": 500},
    }
    bad["docker0': is no name"] = {"ovs_gre_switch": "docker0"}
    for words, variables in bad.items():
        world.write_inventory("b", "c", **{**NETDEV, **variables})
        assert words in refused(world), words


@pytest.mark.parametrize("key", [pytest.param(0, marks=pytest.mark.long), 7])
def test_s16(new_world: Callable[..., OvsWorld], key: int) -> None:
    """The example, and with a key."""
    world = new_world("node1", "node2")
    world.write_inventory("node1", "node2", ovs_gre_datapath="netdev", ovs_gre_key=key)
    world.playbook(ROOT / "examples/s16_ovs_gre.yml", "--skip-tags", "verify")
    check_traffic(world, MTU - (4 if key else 0), "node1", "node2")
    # The other host's container is on the same link.
    (way,) = json.loads(world.hosts["node1"].sh("ip -j -n box route get 172.20.2.2"))
    assert "gateway" not in way
    options = world.vsctl("node1", "get interface gre-c0a8640c options")
    assert ('key="7"' in options) is bool(key)


@pytest.mark.long
def test_open_vswitch_is_as_it_was(new_world: Callable[..., OvsWorld]) -> None:
    """Stopped where it was stopped, and the other way round; another way leaves nothing of this."""
    world = new_world("b", "c")
    world.write_inventory("b", "c", **NETDEV)
    world.playbook(*JOIN)
    world.write_inventory("b", "c", container_net_overlay="static_vxlan")
    world.playbook(*JOIN)
    for name in world.hosts:
        said = world.words_of(name)
        assert [word for word in ("ovs_gre", "ovs-gre", "obr0") if word in said] == []
        assert docker_settings(world, name)["bip"].endswith("/24")
        assert "fixed-cidr" not in docker_settings(world, name)
        # Somebody else's bridge still runs.
        assert world.vsctl(name, "list-br") == "theirs"
    check_traffic(world, 1450, "b", "c")
