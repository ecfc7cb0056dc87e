# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports that nobody published are reached from the overlay's network, and from nowhere else.

That they are reached is in test_containers.py. Here are strangers: a machine on the hosts' segment
that sends a container's packets to its host, with its own address and with one of the overlay's,
and a container on another of the host's networks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.molecule.lab_nodes import names
from tests.molecule.overlay_nodes import IMAGE, PORT, UNDERLAYS, Node

# Each host, and the one on which its stranger is: a macvlan does not reach its own host.
NEIGHBOURS = list(zip(names(), [*names()[1:], names()[0]]))
STRANGER = "192.168.100.99"
FORGED = "172.20.77.2"
MAJORS = {"node1": ("20.10.",), "node2": ("26.1.",), "node3": ("28.",)}

# Waits for one datagram, and says who sent it.
_LISTEN = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 7011))
server.settimeout(15)
try:
    print(server.recvfrom(99)[1][0])
except TimeoutError:
    print("nobody")
"""
_SEND = """
import socket, sys, time
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.bind((sys.argv[1], 0))
for number in range(20):
    client.sendto(b"hello", (sys.argv[2], 7011))
    time.sleep(0.2)
"""


def connects(node: Node, prefix: str, address: str) -> bool:
    """Whether TCP to the mirror at that address connects, from a place on the node."""
    script = f"import socket; socket.create_connection(('{address}', {PORT}), 5).recv(99)"
    return node.host.run(f'{prefix} python3 -c "{script}"').rc == 0


@contextlib.contextmanager
def stranger(node: Node) -> Iterator[str]:
    """A machine of its own on the segment; how to run something there."""
    name = "stranger"
    node.host.check_output(
        f"ip netns add {name} && ip link add str0 link eth1 netns {name} type macvlan mode bridge"
        f" && ip -n {name} address add {STRANGER}/24 dev str0"
        f" && ip -n {name} address add {FORGED}/32 dev str0"
        f" && ip -n {name} link set lo up && ip -n {name} link set str0 up"
    )
    try:
        yield f"ip netns exec {name}"
    finally:
        node.host.check_output(f"ip netns delete {name}")


def hears(node: Node, sender: Node, prefix: str, source: str) -> str:
    """From whom a container of the node gets a datagram that the sender sends it."""
    node.host.check_output(
        f"nohup nsenter --net --target {node.pid} python3 -c '{_LISTEN}' {node.container}"
        " > /run/heard 2>&1 < /dev/null & sleep 1"
    )
    sender.host.check_output(f"{prefix} python3 -c '{_SEND}' {source} {node.container}")
    wait = "for try in $(seq 100); do [ -s /run/heard ] && break; sleep 0.2; done; cat /run/heard"
    return node.host.check_output(wait).strip()


@pytest.mark.parametrize("name", names())
def test_three_generations_of_docker(nodes: dict[str, Node], name: str) -> None:
    version = nodes[name].host.check_output("docker version --format '{{.Server.Version}}'")
    assert version.startswith(MAJORS[name])


@pytest.mark.parametrize(("name", "other"), NEIGHBOURS)
def test_a_machine_on_the_segment_stays_outside(
    nodes: dict[str, Node], name: str, other: str
) -> None:
    node, home = nodes[name], nodes[other]
    with stranger(home) as prefix:
        home.host.check_output(f"{prefix} ip route add {node.container} via {node.underlay}")
        assert connects(home, prefix, node.underlay), "it does not even reach the host"
        assert not connects(home, prefix, node.container)
        assert hears(node, home, prefix, STRANGER) == "nobody"


@pytest.mark.parametrize(("name", "other"), NEIGHBOURS)
def test_an_address_of_the_overlay_opens_nothing_from_outside(
    nodes: dict[str, Node], name: str, other: str
) -> None:
    """What is let in comes through flannel's link, whatever address it claims to have."""
    node, home = nodes[name], nodes[other]
    inside = f"nsenter --net --target {home.pid}"
    assert hears(node, home, inside, home.container) == home.container
    with stranger(home) as prefix:
        home.host.check_output(f"{prefix} ip route add {node.container} via {node.underlay}")
        assert hears(node, home, prefix, FORGED) == "nobody"


@pytest.mark.parametrize("name", names())
def test_another_network_of_the_host_stays_outside(nodes: dict[str, Node], name: str) -> None:
    host = nodes[name].host
    host.check_output("docker network create --subnet 10.99.0.0/24 elsewhere")
    try:
        pid = host.check_output(
            f"docker run --detach --network elsewhere --name elsewhere {IMAGE} /busybox sleep 300"
            " >/dev/null && docker inspect --format '{{.State.Pid}}' elsewhere"
        )
        prefix = f"nsenter --net --target {pid}"
        assert connects(nodes[name], prefix, UNDERLAYS[name]), "it does not even reach its host"
        assert not connects(nodes[name], prefix, nodes[name].container)
    finally:
        host.run("docker rm --force elsewhere; docker network rm elsewhere")
