# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of a scenario, and a container of the tests' own on each."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import testinfra
from testinfra.host import Host

IMAGE = "test/busybox"
CONTAINER = "test-probe"

# Answers each connection on the port with the address it came from.
_MIRROR = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    connection, peer = server.accept()
    connection.sendall(peer[0].encode())
    connection.close()
"""
PORT = 7009
# The lab's addresses, which are the tutorials'.
UNDERLAYS = {"node1": "192.168.100.12", "node2": "192.168.100.13", "node3": "192.168.100.14"}


@dataclass(frozen=True)
class Node:
    """A host, its lease and the container that runs on it."""

    host: Host
    underlay: str  # its address on the hosts' own network
    lease: dict[str, str]  # what subnet.env says, FLANNEL_SUBNET and so on, or daemon.json instead
    pid: int  # of the container's first process
    container: str  # the container's address

    @property
    def mtu(self) -> int:
        return int(self.lease["FLANNEL_MTU"])

    def inside(self, command: str) -> tuple[int, str]:
        """Run a command of the host in the container's network; exit status and output."""
        done = self.host.run(f"nsenter --net --target {self.pid} {command}")
        return done.rc, f"{done.stdout}{done.stderr}"

    def ping(self, address: str, size: int, inside: bool = True) -> tuple[int, str]:
        """Ping with "don't fragment"; `size` is that of the whole IP packet in bytes."""
        command = f"ping -n -c 2 -i 0.3 -W 3 -M do -s {size - 28} {address}"
        if inside:
            return self.inside(command)
        done = self.host.run(command)
        return done.rc, f"{done.stdout}{done.stderr}"

    def seen_as(self, address: str, inside: bool = True) -> str:
        """The source address with which a TCP connection arrives at a mirror."""
        script = (
            "import socket; "
            f"print(socket.create_connection(('{address}', {PORT}), timeout=10).recv(99).decode())"
        )
        command = f'python3 -c "{script}"'
        if inside:
            status, output = self.inside(command)
        else:
            done = self.host.run(command)
            status, output = done.rc, f"{done.stdout}{done.stderr}"
        assert status == 0, output
        return output.strip()


def _lease(host: Host) -> dict[str, str]:
    # After a reboot the daemons may still be on their way up.
    for dummy in range(60):
        env = host.file("/var/lib/flannel/subnet.env")
        if host.service("docker").is_running and env.exists:
            return dict(line.split("=", 1) for line in env.content_string.splitlines())
        if host.service("docker").is_running and not host.file("/usr/local/bin/flanneld").exists:
            settings = json.loads(host.file("/etc/docker/daemon.json").content_string)
            # Where a swarm joins the hosts, docker0 is nobody's business.
            mtu = settings.get("mtu", 1450)
            return {"FLANNEL_SUBNET": settings.get("bip", ""), "FLANNEL_MTU": str(mtu)}
        time.sleep(2)
    raise AssertionError(f"{host.backend.hostname}: no Docker with a lease after two minutes")


def _network(host: Host) -> str:
    """What containers are started on to reach those of other hosts."""
    fact = host.run("cat /etc/ansible/facts.d/container_net.fact").stdout or "{}"
    return "container_net" if json.loads(fact).get("overlay") == "swarm_overlay" else "bridge"


def _start(host: Host, name: str, underlay: str) -> Node:
    lease = _lease(host)
    network = _network(host)
    options = f"--network {network}"
    if network != "bridge":
        options += f" --network-alias probe-{name}"
    host.run(f"docker rm --force {CONTAINER}")
    image = f'tar --create --file=- -C "$(dirname "$busybox")" busybox | docker import - {IMAGE}'
    host.check_output(f"busybox=$(command -v busybox); {image}")
    run = f"docker run --detach --name {CONTAINER} {options} {IMAGE} /busybox sleep 3600"
    host.check_output(run)
    pid = host.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {CONTAINER}")
    address = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
    container = host.check_output(f"docker inspect --format '{address}' {CONTAINER}")
    for prefix, address in ((f"nsenter --net --target {pid}", container), ("", underlay)):
        host.run(
            f"nohup {prefix} python3 -c '{_MIRROR}' {address} {PORT} "
            "> /dev/null 2>&1 < /dev/null & echo $! >> /run/test-mirrors"
        )
    return Node(host, underlay, lease, int(pid), container)


@contextlib.contextmanager
def running() -> Iterator[dict[str, Node]]:
    """Name → node, with a container on each; everything of the tests is gone afterwards."""
    inventory = f"{os.environ['MOLECULE_EPHEMERAL_DIRECTORY']}/inventory"
    hosts = testinfra.get_hosts(["ansible://container_net"], ansible_inventory=inventory)
    try:
        known = list(UNDERLAYS.items())[: len(hosts)]
        yield {
            name: _start(host, name, underlay)
            for (name, underlay), host in zip(known, hosts, strict=True)
        }
    finally:
        for host in hosts:
            host.run("kill $(cat /run/test-mirrors); rm -f /run/test-mirrors")
            host.run(f"docker rm --force {CONTAINER}; docker image rm {IMAGE}")
