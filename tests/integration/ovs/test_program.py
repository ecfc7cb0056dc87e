# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role ovs_gre's program against a real Open vSwitch: a mesh, and what was changed by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

from tests.integration.ovs.world import OvsWorld

MTU = 1500 - 38
NewWorld = Callable[..., OvsWorld]


def want(world: OvsWorld, name: str, **changes: Any) -> dict[str, Any]:
    """What the role wants of a host, in its place among the others."""
    number = 1 + list(world.hosts).index(name)
    return {
        "bridge": "obr0",
        "datapath": "netdev",
        "mtu": MTU,
        "peers": {other: world.address(other) for other in world.hosts if other != name},
        "local_ip": world.address(name),
        "key": 0,
        "master": "docker0",
        "address": f"172.20.{number}.1/16",
        **changes,
    }


def join(world: OvsWorld) -> None:
    """Docker on each host as the role has it, and the bridges."""
    for name in world.hosts:
        wanted = want(world, name)
        world.docker(name, bip=wanted["address"], mtu=MTU)
        assert world.program(name, "apply", wanted)["commands"]
        assert world.program(name, "apply", wanted)["commands"] == []


def test_hosts_whose_addresses_are_translated(new_world: NewWorld) -> None:
    """No interface has the address by which the other knows a host."""
    world = new_world("a", "b")
    world.translate()
    for name, other in ("ab", "ba"):
        peers = {other: world.variables[other]["container_net_ip"]}
        wanted = want(world, name, peers=peers)
        world.docker(name, bip=wanted["address"], mtu=MTU)
        world.program(name, "apply", wanted)
    assert world.pings("a", world.box("b"), MTU)
    assert world.pings("b", world.box("a"), MTU)


LISTEN = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 7010))
print("ready", flush=True)
server.settimeout(10)
count = 0
try:
    while count < 9:
        server.recv(99)
        count += 1
        server.settimeout(2)
except socket.timeout:
    pass
print(count)
"""
SEND = """
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
client.sendto(b"once", ("172.20.255.255", 7010))
"""


def test_a_mesh_of_three(new_world: NewWorld) -> None:
    """Everybody reaches everybody at full MTU, and a broadcast does not go round in it."""
    world = new_world("a", "b", "c")
    join(world)
    for one, other in permutations("abc", 2):
        assert world.pings(one, world.box(other), MTU), (one, other)
        assert not world.pings(one, world.box(other), MTU + 1), (one, other)
    listeners = [world.listener(name, LISTEN) for name in "bc"]
    world.hosts["a"].run("ip", "netns", "exec", "box", "python3", "-c", SEND)
    assert [listener.communicate(timeout=60)[0].strip() for listener in listeners] == ["1", "1"]
    # One that leaves is left by the others, who go on.
    peers = {"b": world.address("b")}
    assert "del-port" in world.program("a", "apply", want(world, "a", peers=peers))["commands"][0]
    assert world.vsctl("a", "list-ports obr0") == "gre-c0a8640c"
    assert world.pings("a", world.box("b"), MTU)


PORT = "gre-c0a8640c"
# What somebody did by hand, and a word of what puts it right.
DRIFT: dict[str, str] = {
    f"set port {PORT} protected=false": "protected=true",
    f"set interface {PORT} options:remote_ip=192.0.2.1": "options=",
    f"set interface {PORT} options:key=9": "options=",
    "set interface obr0 mtu_request=1400": "mtu_request=1462",
    "set bridge obr0 fail_mode=secure": "fail_mode",
    f"del-port obr0 {PORT}": "add-port obr0",
}


def test_what_was_changed_by_hand_comes_back(new_world: NewWorld) -> None:
    world = new_world("a", "b")
    join(world)
    wanted = want(world, "a")
    for words, repair in DRIFT.items():
        world.vsctl("a", words)
        predicted = world.look("a", wanted)["commands"]
        assert world.program("a", "apply", wanted)["commands"] == predicted
        assert [repair in command for command in predicted] == [True], words
        assert world.look("a", wanted)["commands"] == []
    # Off the containers' bridge, and down; a port of somebody's on ours stays.
    world.hosts["a"].sh("ip link set obr0 down nomaster")
    world.vsctl("a", "add-port obr0 vm0 -- set interface vm0 type=internal")
    assert world.program("a", "apply", wanted)["commands"] == [
        "ip link set dev obr0 master docker0",
        "ip link set dev obr0 up",
    ]
    assert "vm0" in world.vsctl("a", "list-ports obr0")
    assert world.pings("a", world.box("b"), MTU)
    # With a key on both sides, four bytes less.
    for name in "ab":
        world.program(name, "apply", want(world, name, key=7, mtu=MTU - 4))
    assert world.pings("a", world.box("b"), MTU - 4)
    # Ours goes, theirs stays.
    assert world.program("a", "remove")["others"] == ["theirs"]
    assert world.vsctl("a", "list-br") == "theirs"
    assert world.program("a", "remove")["commands"] == []


def test_a_docker0_with_another_address_is_not_connected(new_world: NewWorld) -> None:
    """All hosts' docker0 have Docker's default address before: not on one segment."""
    world = new_world("a")
    wanted = want(world, "a")
    commands = world.program("a", "apply", wanted)["commands"]
    assert [command.split()[0] for command in commands] == ["ovs-vsctl", "ip"]
    assert "master" not in commands[1]
    said = world.refused("a", "attach", wanted)
    assert "docker0 has 172.17.0.1/16, not 172.20.1.1/16: not connected to obr0" in said
    world.docker("a", bip=wanted["address"], mtu=MTU)
    assert world.program("a", "attach", wanted)["commands"] == [
        "ip link set dev obr0 master docker0"
    ]
    # What is in the database is there before Docker's bridge is.
    world.boot("a")
    world.docker("a", bip=wanted["address"], mtu=MTU)
    assert world.program("a", "attach", wanted)["commands"] == [
        "ip link set dev obr0 master docker0",
        "ip link set dev obr0 up",
    ]


def test_names_of_others_and_open_vswitchs_own_words(new_world: NewWorld) -> None:
    world = new_world("a")
    theirs = world.refused("a", "apply", want(world, "a", bridge="theirs"))
    assert "theirs is a bridge of Open vSwitch that this role did not make" in theirs
    link = world.refused("a", "apply", want(world, "a", bridge="eth1"))
    assert "eth1 is the name of a link that this role did not make" in link
    # No module in the kernel. The next run heals it.
    assert "obr0: " in world.refused("a", "apply", want(world, "a", datapath="system"))
    world.program("a", "apply", want(world, "a"))
    assert world.look("a", want(world, "a"))["errors"] == {}
