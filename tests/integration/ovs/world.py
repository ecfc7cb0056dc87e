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
from tests.integration.ways.world import OUTSIDE, World

HERE = Path(__file__).resolve().parent
THEIRS = """
systemctl start openvswitch-switch.service
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

    def vsctl(self, name: str, words: str) -> str:
        return self.hosts[name].sh(f"ovs-vsctl {words}").strip()
