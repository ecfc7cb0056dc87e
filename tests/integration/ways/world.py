# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away hosts on one segment, each with a Docker that stands in, its docker0 and a container
there ("box"), and a machine beyond them. The collection's own playbooks join them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.network.sandbox import FIRST, MOUNTS, ROOT, Sandbox, reached
from tests.integration.network.servers import Servers, ask

HERE = Path(__file__).resolve().parent
UNDERLAY = "192.168.100"
OUTSIDE = f"{UNDERLAY}.254"
TRANSLATED = "203.0.113"
PORT = 7009

# Facts name the system's manager after process 1, and read links from /sys, which shows those of
# the network that it was mounted in.
NAMED = """mount -t sysfs sysfs /sys
mkdir -p /run/named /run/systemd/system /run/stand_in
cp "$(command -v cat)" /run/named/systemd
rm -rf /etc/docker /etc/ansible
rm -f /etc/systemd/system/*container-net*
"""
# A host as somebody else left it: Docker with its defaults, a firewall that drops what it forwards.
HOST = """
sysctl -qw net.ipv4.ip_forward=1
ip link set eth1 up
ip address add "$1/24" dev eth1
ip route add default via "$2"
mkdir -p /etc/docker
echo '{"debug": true, "mtu": 1300}' >/etc/docker/daemon.json
iptables -P FORWARD DROP
iptables -A FORWARD -s 198.51.100.0/24 -j DROP
ip route add blackhole 198.51.100.0/24
systemctl enable docker.service
systemctl start docker.service
"""
FILES = "/etc /usr/local/lib /var/lib/container_net /run/container_net"


class Host(Sandbox):
    setup = MOUNTS + NAMED + FIRST + "/run/named/systemd"


class World:
    """Hosts by name; the last number of each one's address is its place, from 11 on."""

    def __init__(self, directory: Path, *names: str) -> None:
        self.directory = directory
        self.hosts: dict[str, Host] = {}
        self.servers = Servers()
        self._inventory = directory / "inventory.json"
        (directory / "lan").mkdir()
        self.lan = Sandbox(directory / "lan")
        self.variables: dict[str, dict[str, Any]] = {}
        self.lan.sh(
            f"ip link add lan type bridge; ip address add {OUTSIDE}/24 dev lan; ip link set lan up"
        )
        for name in names:
            self._add(name)
        self.write_inventory(*names)

    def close(self) -> None:
        self.servers.stop()
        for host in [*self.hosts.values(), self.lan]:
            host.close()

    def _add(self, name: str) -> None:
        folder = self.directory / name
        folder.mkdir()
        host = self.hosts[name] = Host(folder)
        number = 10 + len(self.hosts)
        wire = f"link add v{number} master lan up type veth peer name eth1 netns"
        subprocess.run(
            ["nsenter", f"--target={self.lan.first}", "--net", "ip", *wire.split()]
            + [f"/proc/{host.first}/ns/net"],
            check=True,
        )
        self._programs(folder)
        self.variables[name] = reached(host, folder, folder / "bin")
        path = f"PATH={folder}/bin:$PATH; export PATH\n"
        host.run("sh", "-ec", path + HOST, "host", f"{UNDERLAY}.{number}", OUTSIDE)

    def translate(self) -> None:
        """Hosts know each other by addresses that only the machine beyond them knows (1:1 NAT)."""
        there, back = [], []
        for number, name in enumerate(self.hosts, 11):
            there.append(f"ip daddr {TRANSLATED}.{number} dnat to {self.address(name)}")
            back.append(f"ip saddr {self.address(name)} snat to {TRANSLATED}.{number}")
            more = {"container_net_ip": f"{TRANSLATED}.{number}", "container_net_iface": "eth1"}
            self.variables[name].update(more)
        # It is a router here, not a bridge that looks into packets.
        self.lan.sh(
            "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.lan.send_redirects=0;"
            " sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true"
        )
        table = f"""table ip translate {{
            chain there {{
                type nat hook prerouting priority -100
                {"; ".join(there)}
            }}
            chain back {{
                type nat hook postrouting priority 100
                {"; ".join(back)}
            }}
        }}"""
        self.lan.run("nft", table)

    def _programs(self, folder: Path) -> None:
        """What the roles call on the host."""
        (folder / "bin").mkdir()
        stand_in = ROOT / "tests/integration/docker/stand_in/stand_in.py"
        # By its name it knows what it stands for.
        (folder / "programs").mkdir()
        (folder / "programs/dockerd").write_text(stand_in.read_text())
        lines = {
            "systemctl": f'PYTHONPATH={ROOT} exec {sys.executable} {HERE}/stand_in.py "$@"',
            "journalctl": "exit 0",
            "docker": "exit 0",
            "dockerd": f'exec {sys.executable} {folder}/programs/dockerd "$@"',
        }
        for name, line in lines.items():
            program = folder / "bin" / name
            program.write_text(f"#!/bin/sh\n{line}\n")
            program.chmod(0o755)

    def write_inventory(self, *names: str, **more: Any) -> None:
        """Those hosts are the group."""
        group = {"hosts": {name: self.variables[name] for name in names}, "vars": more}
        self._write({"container_net": group})

    def write_group(self, group: str, *names: str) -> None:
        """These hosts are a group, beside those that are there."""
        found = json.loads(self._inventory.read_text())
        self._write({**found, group: {"hosts": {name: self.variables[name] for name in names}}})

    def _write(self, inventory: dict[str, Any]) -> None:
        self._inventory.write_text(json.dumps(inventory))

    # --- Ansible, on this machine ---

    def playbook(self, path: Path | str, *words: str, check: bool = True) -> Played:
        """Run a playbook on the hosts of the inventory; a failure shows what it said."""
        packages = [path for path in sys.path if path.endswith("site-packages")]
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ansible-playbook")]
            + ["-i", str(self._inventory), str(path), *words],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": ":".join([str(ROOT / ".build"), *packages]),
                "ANSIBLE_HOME": str(self.directory / "ansible"),
                "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
                "ANSIBLE_FORKS": "4",
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "ANSIBLE_NOCOLOR": "true",
                "ANSIBLE_PIPELINING": "true",
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        if "{" not in done.stdout or (check and done.returncode != 0):
            raise AssertionError(f"{path}: {done.returncode}\n{_said(done.stdout)}\n{done.stderr}")
        found = json.loads(done.stdout[done.stdout.index("{") :])
        return Played(done.returncode, found["stats"], found["plays"])

    # --- what is there ---

    def state(self, name: str) -> dict[str, Any]:
        """All that a run could leave on a host."""
        host = self.hosts[name]
        rules = host.sh("nft list ruleset 2>/dev/null")
        # Empty chains and tables stay where others made them.
        rules = re.sub(r" packets \d+ bytes \d+| # handle \d+", "", rules)
        files = host.sh(f"find {FILES} -type f -exec sha256sum {{}} + 2>/dev/null || true")
        folders = host.sh(f"find {FILES} -type d 2>/dev/null || true")
        network = host.network()["host"]
        return {
            "links": network["links"],
            "routes": network["routes"],
            "rules": sorted(line for line in rules.splitlines() if line.strip()),
            "files": sorted(files.splitlines()),
            "folders": sorted(folders.splitlines()),
        }

    def words_of(self, name: str) -> str:
        """The whole state as text, to look for what should not be there."""
        return json.dumps(self.state(name)) + self.hosts[name].sh(
            "ls -R /etc /var/lib/container_net"
        )

    def box(self, name: str) -> str:
        """Its container's address."""
        (link,) = self.hosts[name].ip("-n", "box", "-4", "address", "show", "dev", "eth0")
        address: str = link["addr_info"][0]["local"]
        return address

    def address(self, name: str) -> str:
        return f"{UNDERLAY}.{11 + list(self.hosts).index(name)}"

    # --- traffic ---

    def pings(self, name: str, address: str, size: int, netns: str = "box") -> bool:
        """With "don't fragment"; ``size`` is that of the IP packet. Empty: from the host itself."""
        inside = ["ip", "netns", "exec", netns] if netns else []
        words = f"ping -n -c 1 -W 3 -M do -s {size - 28} {address}"
        return self.hosts[name].succeeds(*inside, *words.split())

    def serve(self) -> None:
        """Servers in all containers, and beyond the hosts, that tell who asked them."""
        self.servers.stop()
        for host in self.hosts.values():
            self.servers.start(host, "box", f"tcp/0.0.0.0/{PORT}")
        self.servers.start(self.lan, "", f"tcp/0.0.0.0/{PORT}")

    def seen_as(self, name: str, address: str, netns: str = "box") -> str:
        """The address with which a TCP connection arrives; "" where none does."""
        (answer,) = ask(self.hosts[name], netns, f"tcp/{address}/{PORT}")
        return answer


@dataclass(frozen=True)
class Played:
    """What a run did: Ansible's counts for each host, and every task's results."""

    code: int
    stats: dict[str, dict[str, int]]
    plays: list[dict[str, Any]]

    def changed(self, *names: str) -> list[str]:
        """The tasks that changed something on these hosts, or on any."""
        return [
            f"{host}: {task['task']['name']}: {str(result)[:300]}"
            for play in self.plays
            for task in play["tasks"]
            for host, result in task["hosts"].items()
            if result.get("changed") and (not names or host in names)
        ]

    def text(self) -> str:
        """All that was said, with every white space as one blank."""
        return " ".join(json.dumps(self.plays).split())


def _said(text: str) -> str:
    """The results that failed."""
    if "{" not in text:
        return text
    plays = json.loads(text[text.index("{") :])["plays"]
    return "\n".join(
        f"{host}: {task['task']['name']}: {json.dumps(result)[:3000]}"
        for play in plays
        for task in play["tasks"]
        for host, result in task["hosts"].items()
        if result.get("failed") or result.get("unreachable")
    )
