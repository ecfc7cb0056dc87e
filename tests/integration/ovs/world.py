# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away hosts whose card is a port of an Open vSwitch bridge of somebody else's.

ovs-vswitchd itself switches there (datapath netdev), and sends what it put into GRE through a
bridge of its own: that is how it works without the kernel's module.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.network.sandbox import ENTER, ROOT
from tests.integration.ovs.stand_in import SERVICE
from tests.integration.ways.world import OUTSIDE, World

HERE = Path(__file__).resolve().parent
PROGRAM = ROOT / "roles/ovs_gre/files/ovs_gre.py"
THEIRS = f"""
systemctl start {SERVICE}
ovs-vsctl add-br theirs -- set Bridge theirs datapath_type=netdev -- add-port theirs eth1
ip address flush dev eth1
"""
ADDRESS = """
ip link set theirs up
ip address add "$1/24" dev theirs
ip route replace default via "$2"
"""


# ovs-vswitchd takes packets from the card before a card would have put their checksums in.
CHECKSUMS = """
import ctypes, fcntl, socket, struct
value = ctypes.create_string_buffer(struct.pack("II", 0x17, 0))  # ETHTOOL_STXCSUM: off
request = struct.pack("16sP16x", b"lan", ctypes.addressof(value))
fcntl.ioctl(socket.socket(), 0x8946, request)  # SIOCETHTOOL
"""


class OvsWorld(World):
    def __init__(self, directory: Path, *names: str) -> None:
        super().__init__(directory, *names)
        self.lan.run(sys.executable, "-c", CHECKSUMS)

    def _add(self, name: str) -> None:
        super()._add(name)
        self.hosts[name].sh(f"PATH={self.directory / name}/bin:$PATH; export PATH\n{THEIRS}")
        self.give_address(name)

    def give_address(self, name: str) -> None:
        """As the host's own network does at a start."""
        self.hosts[name].run("sh", "-ec", ADDRESS, "address", self.address(name), OUTSIDE)

    def _programs(self, folder: Path) -> None:
        super()._programs(folder)
        line = f'PYTHONPATH={ROOT} exec {sys.executable} {HERE}/stand_in.py "$@"'
        (folder / "bin/systemctl").write_text(f"#!/bin/sh\n{line}\n")

    def state(self, name: str) -> dict[str, Any]:
        """Without Open vSwitch's database, which is a log; what it says instead."""
        found = super().state(name)
        found["files"] = [line for line in found["files"] if "/etc/openvswitch/" not in line]
        rows = self.hosts[name].sh(
            "ovs-vsctl --format=json -- --columns=name,external_ids list Bridge"
            " -- --columns=name,external_ids list Port"
        )
        found["switches"] = [json.loads(line)["data"] for line in rows.splitlines()]
        return found

    def listener(self, name: str, script: str) -> subprocess.Popen[str]:
        """A Python script in the container, which has said that it is ready."""
        enter = ["nsenter", f"--target={self.hosts[name].first}", *ENTER]
        command = [*enter, "ip", "netns", "exec", "box", sys.executable, "-c", script]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        return started

    # --- the role's program ---

    def _program(self, name: str, verb: str, wanted: Any) -> Any:
        argument = [json.dumps(wanted)] if wanted is not None else []
        if verb == "attach":
            path = self.directory / name / "want.json"
            path.write_text(argument[0])
            argument = [str(path)]
        path = f"PATH={self.directory / name}/bin:$PATH; export PATH\n"
        words = [sys.executable, str(PROGRAM), verb, *argument]
        return self.hosts[name].run("sh", "-ec", path + 'exec "$@"', verb, *words, check=False)

    def program(self, name: str, verb: str, wanted: Any = None) -> dict[str, Any]:
        done = self._program(name, verb, wanted)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def refused(self, name: str, verb: str, wanted: Any = None) -> str:
        done = self._program(name, verb, wanted)
        assert done.returncode == 1, done.stderr
        return str(done.stderr)

    def look(self, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        more = {"files": {}, "unit": "container-net-ovs-gre.service", "note": "/nowhere"}
        return self.program(name, "look", {**wanted, **more})

    def docker(self, name: str, **settings: Any) -> None:
        """Docker with a daemon.json of these settings."""
        text = json.dumps(settings)
        self.hosts[name].run("sh", "-c", 'echo "$1" >/etc/docker/daemon.json', "docker", text)
        self.systemctl(name, "restart", "docker.service")

    def boot(self, name: str) -> None:
        """A start of the host, until Docker: Open vSwitch has what is on the disk."""
        bridges = self.vsctl(name, "list-br").split()
        self.systemctl(name, "stop", SERVICE)
        # ovs-vswitchd leaves its bridges' devices to the next one; they do not outlive the kernel.
        for link in ["docker0", *bridges]:
            self.hosts[name].run("ip", "link", "del", link)
        self.systemctl(name, "start", SERVICE)
        self.give_address(name)

    def systemctl(self, name: str, *words: str) -> None:
        self.hosts[name].run(str(self.directory / name / "bin/systemctl"), *words)

    def vsctl(self, name: str, words: str) -> str:
        return self.hosts[name].sh(f"ovs-vsctl {words}").strip()
