# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away hosts on one wire, on which role etcd runs the real etcd."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.integration.network.sandbox import ROOT, Sandbox, reached
from tests.integration.roles.playing import play

PKI = "/etc/container_net/pki"
DATA = "/var/lib/container_net/etcd"
ROLE = "netfabric.container_net.etcd"
PATIENCE = 2400  # seconds for a playbook on a machine with much else to do


def member_play(tasks_from: str = "main", serial: int = 0) -> dict[str, Any]:
    """The play of playbooks/overlay.yml that runs etcd, or one with other tasks of the role."""
    role = {"name": ROLE, "tasks_from": tasks_from}
    made = {
        "name": "Members",
        "hosts": "container_net_etcd",
        "gather_facts": False,
        "any_errors_fatal": True,
        "tasks": [{"name": "Role", "ansible.builtin.import_role": role}],
    }
    return {**made, "serial": serial} if serial else made


CLIENTS = {**member_play("client"), "name": "Clients", "hosts": "container_net"}


class Hosts:
    """node1 to nodeN at 192.168.100.11 and on, each with its own files, processes and network."""

    def __init__(self, directory: Path, count: int) -> None:
        self.directory = directory
        self.wire = self._sandbox("wire")
        self.wire.sh("ip link add lan up type bridge")
        self.nodes: dict[str, Sandbox] = {}
        self._reached: dict[str, dict[str, Any]] = {}
        for number in range(1, count + 1):
            self.add(f"node{number}")

    def _sandbox(self, name: str) -> Sandbox:
        folder = self.directory / name
        folder.mkdir()
        return Sandbox(folder)

    def close(self) -> None:
        for node in [*self.nodes.values(), self.wire]:
            node.close()

    def address(self, name: str) -> str:
        return f"192.168.100.{10 + int(name[4:])}"

    def add(self, name: str) -> None:
        """A host with nothing on it but programs; one of that name that was there is gone."""
        if name in self.nodes:
            self.nodes.pop(name).close()
            (self.directory / name).rename(self.directory / f"{name}.{time.monotonic_ns()}")
        node = self.nodes[name] = self._sandbox(name)
        self.wire.sh(f"ip link del {name} 2>/dev/null || true")
        link = f"ip link add {name} master lan up type veth peer name eth1"
        # From the machine's own /proc: a sandbox does not see the other's processes.
        inside = ["nsenter", f"--target={self.wire.first}", "--net", *link.split()]
        subprocess.run([*inside, "netns", f"/proc/{node.first}/ns/net"], check=True)
        node.sh(f"ip link set eth1 up; ip address add {self.address(name)}/24 dev eth1")
        programs = self.directory / name / "bin"
        programs.mkdir()
        script = ROOT / "tests/integration/etcd/systemctl.py"
        (programs / "systemctl").write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$@"\n')
        (programs / "systemctl").chmod(0o755)
        node.sh("mkdir -p /run/stand_in /run/systemd/system")
        self._reached[name] = reached(node, self.directory / name, programs)

    # --- Ansible ---

    def run(
        self, members: str, plays: list[dict[str, Any]] | None = None, *words: str, **more: Any
    ) -> tuple[int, str]:
        """Play for a group of members, "node1 node2"; exit code and what was printed."""
        playbook, inventory = self.directory / "play.json", self.directory / "inventory.json"
        playbook.write_text(json.dumps(plays or [member_play()]))
        hosts = {
            name: {
                **self._reached[name],
                "container_net_ip": self.address(name),
            }
            for name in self.nodes
        }
        group: dict[str, Any] = {name: {} for name in members.split()}
        groups = {"container_net": {"hosts": hosts}, "container_net_etcd": {"hosts": group}}
        inventory.write_text(json.dumps(groups))
        own = {
            "etcd_pki_dir": str(self.directory / "authority"),
            # The role asks the Python that the gathered facts name.
            "ansible_facts": {"python": {"executable": sys.executable}},
            **more,
        }
        variables = ("-e", json.dumps(own))
        words = ("-i", str(inventory), *variables, *words)
        return play(playbook, self.directory, *words, patience=PATIENCE)

    def good(self, members: str, *args: Any, **more: Any) -> str:
        """The same, and it has to succeed."""
        code, text = self.run(members, *args, **more)
        assert code == 0, text + self.logs()
        return text

    def logs(self) -> str:
        """The last lines of every etcd, for a failure."""
        return "".join(
            f"\n--- {name}\n{node.sh('tail -n 15 /run/stand_in/etcd.log 2>/dev/null || true')}"
            for name, node in self.nodes.items()
        )

    # --- etcd ---

    def ctl(
        self, name: str, *words: str, user: str = "admin", at: str = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """etcdctl on a host, as one of the users whose certificates lie there."""
        settings = {
            "ETCDCTL_ENDPOINTS": at or "https://127.0.0.1:2379",
            "ETCDCTL_CACERT": f"{PKI}/ca.crt",
            "ETCDCTL_CERT": f"{PKI}/{user}.crt",
            "ETCDCTL_KEY": f"{PKI}/{user}.key",
            "ETCDCTL_DIAL_TIMEOUT": "3s",
            "ETCDCTL_COMMAND_TIMEOUT": "5s",
            **env,
        }
        words = ("etcdctl", *words)
        given = {key: value for key, value in settings.items() if value}
        return self.nodes[name].run(*words, check=False, env={**os.environ, **given})

    def members(self, name: str) -> dict[str, bool]:
        """The members as a host's etcd knows them, with whether they have a vote."""
        done = self.ctl(name, "-w", "json", "member", "list")
        assert done.returncode == 0, done.stderr + self.logs()
        found = json.loads(done.stdout)["members"]
        return {item.get("name", ""): not item.get("isLearner", False) for item in found}

    def pid(self, name: str) -> str:
        return self.nodes[name].sh("cat /run/stand_in/etcd.pid")

    def kill(self, name: str) -> None:
        self.nodes[name].sh("kill -KILL $(cat /run/stand_in/etcd.pid)")

    def log(self, name: str) -> list[str]:
        """What systemctl did since the last call."""
        return self.nodes[name].sh("cat /run/stand_in/log; : >/run/stand_in/log").split()


def changes(text: str) -> dict[str, tuple[int, int]]:
    """Host → tasks that were run, and those that changed something."""
    found = re.findall(r"(\w+) : ok=(\d+) changed=(\d+)", text)
    return {host: (int(ok), int(changed)) for host, ok, changed in found}


class Writer:
    """Writes a key through all members again and again, one connection a time, until it ends."""

    def __init__(self, hosts: Hosts, name: str, members: str) -> None:
        self._hosts, self._name = hosts, name
        self._at = ",".join(f"https://{hosts.address(member)}:2379" for member in members.split())
        self._end = threading.Event()
        self.failures: list[str] = []
        self.count = 0
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._end.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._end.is_set():
            self.count += 1
            done = self._hosts.ctl(self._name, "put", "/writer", str(self.count), at=self._at)
            if done.returncode != 0:
                self.failures.append(done.stderr.strip().splitlines()[-1])
            time.sleep(0.2)
