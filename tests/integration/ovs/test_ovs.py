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
# Where each host is in GRE.
PORTS = {"b": "gre-c0a8640b", "c": "gre-c0a8640c", "a": "gre-c0a8640d"}


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

    boot(world, "b")
    check_traffic(world, MTU, "b", "c")
    assert world.playbook(*JOIN, "--check").changed() == []

    world.playbook(TEARDOWN)
    assert {name: world.state(name) for name in world.hosts} == before


def test_hosts_come_and_go(new_world: Callable[..., OvsWorld]) -> None:
    """Three make a mesh; one that leaves the inventory is left by the others."""
    world = new_world("b", "c", "a")
    world.write_inventory("a", "b", "c", **NETDEV)
    world.playbook(*JOIN)
    check_traffic(world, MTU, "a", "b", "c")
    one_broadcast_arrives_once(world)
    world.write_inventory("b", "c", **NETDEV)
    world.playbook(*JOIN)
    for name, other in (("b", "c"), ("c", "b")):
        assert sorted(world.vsctl(name, "list-ports obr0").split()) == [PORTS[other]]
    check_traffic(world, MTU, "b", "c")


def one_broadcast_arrives_once(world: OvsWorld) -> None:
    """In a mesh of three, switches that pass on what tunnels bring would send it round for ever."""
    listen = """
import socket, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 7010))
print("ready", flush=True)
server.settimeout(3)
count = 0
try:
    while count < 9:
        server.recv(99)
        count += 1
except socket.timeout:
    pass
print(count)
"""
    send = """
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
client.sendto(b"once", ("172.20.255.255", 7010))
"""
    listeners = [world.listener(name, listen) for name in "bc"]
    world.hosts["a"].run("ip", "netns", "exec", "box", "python3", "-c", send)
    assert [listener.communicate(timeout=30)[0].strip() for listener in listeners] == ["1", "1"]


def boot(world: OvsWorld, name: str) -> None:
    """Open vSwitch and Docker start with what is on the disk."""
    systemctl = str(world.directory / name / "bin/systemctl")
    host = world.hosts[name]
    host.run(systemctl, "stop", "openvswitch-switch.service")
    host.sh("ip link del docker0")
    host.run(systemctl, "start", "openvswitch-switch.service")
    world.give_address(name)
    host.run(systemctl, "restart", "docker.service")


# What somebody did by hand, and a word of what puts it right.
DRIFT: dict[str, str] = {
    "set port {port} protected=false": "protected=true",
    "set interface {port} options:remote_ip=192.0.2.1": "options=",
    "set interface obr0 mtu_request=1400": "mtu_request=1462",
    "set bridge obr0 fail_mode=secure": "fail_mode",
    "del-port obr0 {port}": "add-port obr0",
}


def test_what_was_changed_by_hand_comes_back(new_world: Callable[..., OvsWorld]) -> None:
    world = new_world("b", "c")
    world.write_inventory("b", "c", **NETDEV)
    world.playbook(*JOIN)
    port = PORTS["c"]
    for words, repair in DRIFT.items():
        world.vsctl("b", words.format(port=port))
        for flags in (("--check",), ()):
            changed = world.playbook(*JOIN, *flags).changed()
            assert len(changed) == 1 and changed[0].startswith("b: ") and repair in changed[0], (
                words
            )
    # Off the containers' bridge, and a port of somebody's on ours, which stays.
    world.hosts["b"].sh("ip link set obr0 nomaster")
    world.vsctl("b", "add-port obr0 vm0 -- set interface vm0 type=internal")
    (changed,) = world.playbook(*JOIN).changed()
    assert "ip link set dev obr0 master docker0" in changed
    assert "vm0" in world.vsctl("b", "list-ports obr0")
    assert world.playbook(*JOIN).changed() == []
    check_traffic(world, MTU, "b", "c")


def refused(world: OvsWorld, *words: str) -> str:
    """What a run says that changes nothing."""
    before = {name: world.state(name) for name in world.hosts}
    done = world.playbook(*JOIN, *words, check=False)
    assert done.code != 0
    assert {name: world.state(name) for name in world.hosts} == before
    return done.text()


def test_what_is_refused(new_world: Callable[..., OvsWorld]) -> None:
    world = new_world("b", "c")
    bad: dict[str, dict[str, Any]] = {
        "theirs is a bridge of Open vSwitch that this role did not make": {
            "ovs_gre_switch": "theirs"
        },
        "docker0' is no name": {},
        "is no part of 10.9.0.0/16": {"ovs_gre_network": "10.9.0.0/16"},
        "containers would have an MTU of 500 bytes": {"ovs_gre_mtu": 500},
    }
    bad["docker0' is no name"] = {"ovs_gre_switch": "docker0"}
    for words, variables in bad.items():
        world.write_inventory("b", "c", **{**NETDEV, **variables})
        assert words in refused(world), words


def test_open_vswitchs_own_words(new_world: Callable[..., OvsWorld]) -> None:
    """No module in the kernel: an error with what Open vSwitch says, and a run that heals it."""
    world = new_world("b")
    world.write_inventory("b", container_net_overlay="ovs_gre")
    done = world.playbook(*JOIN, check=False)
    assert done.code != 0
    assert "obr0: " in done.text()
    world.write_inventory("b", **NETDEV)
    world.playbook(*JOIN)
    assert world.playbook(*JOIN).changed() == []


@pytest.mark.parametrize("key", [0, 7])
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
