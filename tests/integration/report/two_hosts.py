# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two throw-away hosts with a wire between them, an overlay over it, and containers on both.

The kernel's part is real: namespaces, bridges, pairs, a VXLAN link on each host. Processes stand
for the containers, and a program that answers like Docker's API gives them their names.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.network.docker_api import inspected
from tests.integration.network.sandbox import ROOT, Sandbox, reached
from tests.integration.report.runs import playbook

HOSTS = {"node1": 24, "node2": 32}  # by the third number of the subnet
ADDRESSES = {"node1": "192.168.100.12", "node2": "192.168.100.13"}

# As flannel and Docker leave it, without either. $1 own address, $2 the other's, $3 and $4 the
# third numbers of the subnets, from $5 on the containers.
OVERLAY = """
own=$1 other=$2 here=$3 there=$4
shift 4
sysctl -qw net.ipv4.ip_forward=1
ip link set eth1 up
ip address add "$own/24" dev eth1
ip link add flannel.1 mtu 1450 type vxlan id 1 dstport 8472 local "$own" dev eth1 nolearning
ip address add "172.20.$here.0/32" dev flannel.1
ip link set flannel.1 address "02:00:00:00:00:$here" up
ip route add "172.20.$there.0/24" via "172.20.$there.0" dev flannel.1 onlink
ip neigh add "172.20.$there.0" lladdr "02:00:00:00:00:$there" dev flannel.1
bridge fdb append "02:00:00:00:00:$there" dev flannel.1 dst "$other"
rm -f /var/lib/flannel
mkdir -p /var/lib/flannel
echo "FLANNEL_SUBNET=172.20.$here.1/24" >/var/lib/flannel/subnet.env
echo FLANNEL_MTU=1450 >>/var/lib/flannel/subnet.env
ip link add docker0 mtu 1450 up type bridge
ip address add "172.20.$here.1/24" dev docker0
number=1
for name in "$@"; do
    number=$((number + 1))
    unshare --net sleep 3600 >/dev/null 2>&1 &
    pid=$!
    echo "$pid" >"/run/$name.pid"
    until ! [ "/proc/$pid/ns/net" -ef /proc/self/ns/net ]; do sleep 0.05; done
    ip link add "veth$name" mtu 1450 master docker0 up type veth \
        peer name eth0 mtu 1450 netns "$pid"
    nsenter --net="/proc/$pid/ns/net" sh -ec "
        ip link set lo up
        ip link set eth0 up
        ip address add 172.20.$here.$number/24 dev eth0
        ip route add default via 172.20.$here.1"
done
"""
ROOMS = {
    "name": "two_rooms",
    "namespaces": [{"name": "ns1"}, {"name": "ns2"}],
    "bridges": [{"name": "mybridge", "addresses": ["192.168.2.1/24"]}],
    "veths": [
        {
            "name": f"ns{number}veth0",
            "netns": f"ns{number}",
            "addresses": [f"192.168.2.{9 + number}/24"],
            "routes": [{"dst": "default", "via": "192.168.2.1"}],
            "peer": {"name": f"ns{number}veth1", "master": "mybridge"},
        }
        for number in (1, 2)
    ],
}


class TwoHosts:
    """node1 with the rooms of S3 and two containers, node2 with one."""

    containers = {"node1": ["web", "database"], "node2": ["worker"]}

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.hosts: dict[str, Sandbox] = {}

    def close(self) -> None:
        for host in self.hosts.values():
            host.close()

    def build(self) -> None:
        for name in HOSTS:
            folder = self.directory / name
            folder.mkdir()
            self.hosts[name] = Sandbox(folder)
        first, second = self.hosts["node1"], self.hosts["node2"]
        wire = f"ip link add eth1 type veth peer name eth1 netns /proc/{second.first}/ns/net"
        subprocess.run(["nsenter", f"--target={first.first}", "--net", *wire.split()], check=True)
        for name, other in (("node1", "node2"), ("node2", "node1")):
            words = [ADDRESSES[name], ADDRESSES[other], str(HOSTS[name]), str(HOSTS[other])]
            host = self.hosts[name]
            host.run("sh", "-ec", OVERLAY, "overlay", *words, *self.containers[name])
            self._docker(name)
        self._write_inventory()
        self.play([{"netfabric.container_net.topology": ROOMS}], "--limit", "node1")

    def _docker(self, name: str) -> None:
        host, subnet = self.hosts[name], HOSTS[name]
        known = self.directory / name / "docker.json"
        found = []
        for number, container in enumerate(self.containers[name], 2):
            pid = int(host.sh(f"cat /run/{container}.pid"))
            endpoint = {"IPAddress": f"172.20.{subnet}.{number}", "IPPrefixLen": 24}
            found.append(inspected(container, pid, "bridge", bridge=endpoint))
        network = {
            "Name": "bridge",
            "Id": "bridge-id",
            "Driver": "bridge",
            "Scope": "local",
            "IPAM": {"Config": [{"Subnet": f"172.20.{subnet}.0/24"}]},
            "Options": {"com.docker.network.bridge.name": "docker0"},
        }
        known.write_text(json.dumps({"networks": [network], "containers": found}))
        program = ROOT / "tests/integration/network/docker_api.py"
        host.sh(
            f"PYTHONPATH={ROOT} {sys.executable} {program} {known} >/dev/null 2>&1 &\n"
            "for i in $(seq 100); do [ ! -S /run/docker.sock ] || exit 0; sleep 0.1; done; exit 1"
        )

    def _write_inventory(self) -> None:
        """Ansible reaches each host through a shell that runs there."""
        hosts = {}
        for name, host in self.hosts.items():
            hosts[name] = {
                **reached(host, self.directory / name, self._programs(name)),
                "container_net_ip": ADDRESSES[name],
            }
        inventory = {"container_net": {"hosts": hosts}}
        (self.directory / "inventory.json").write_text(json.dumps(inventory))

    def _programs(self, name: str) -> Path:
        """A folder with the command docker, as role verify calls it."""
        folder = self.directory / name / "bin"
        folder.mkdir()
        script = ROOT / "tests/integration/report/docker.py"
        known = self.directory / name / "docker.json"
        (folder / "docker").write_text(
            f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {script} {known} "$@"\n'
        )
        (folder / "docker").chmod(0o755)
        return folder

    # --- Ansible, on this machine ---

    def playbook(
        self, name: str, *words: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook on both hosts."""
        inventory = self.directory / "inventory.json"
        return playbook(inventory, name, *words, check=check, **environment)

    def play(self, tasks: list[dict[str, Any]], *words: str) -> None:
        """Run tasks on both hosts."""
        path = self.directory / "play.yml"
        path.write_text(
            json.dumps([{"hosts": "container_net", "gather_facts": False, "tasks": tasks}])
        )
        self.playbook(str(path), *words)
