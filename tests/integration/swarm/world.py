# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away hosts whose Docker's API stands in for swarms; community.docker's modules are real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.network.sandbox import ENTER
from tests.integration.ways.world import World

HERE = Path(__file__).resolve().parent
# Debian's, as on a host; the tests' own Python has no use for them.
DEBIANS = Path("/usr/lib/python3/dist-packages")
SDK = "docker requests urllib3 certifi chardet charset_normalizer idna six.py websocket packaging"


class SwarmWorld(World):
    def _add(self, name: str) -> None:
        (self.directory / "swarms").mkdir(exist_ok=True)
        super()._add(name)
        host, folder = self.hosts[name], self.directory / name
        (folder / "sdk").mkdir()
        for module in SDK.split():
            (folder / "sdk" / module).symlink_to(DEBIANS / module)
        shell = folder / "shell"
        text = shell.read_text()
        shell.write_text(text.replace("\n", f"\nPYTHONPATH={folder}/sdk; export PYTHONPATH\n", 1))
        subprocess.Popen(
            ["nsenter", f"--target={host.first}", *ENTER]
            + [sys.executable, str(HERE / "docker_api.py"), name, str(self.directory / "swarms")]
        )
        host.sh("until [ -S /run/docker.sock ]; do sleep 0.05; done")

    def changes(self, name: str) -> list[str]:
        """What was asked of Docker since the last time."""
        text = self.hosts[name].sh(
            "cd /run/stand_in; cat changes 2>/dev/null || true; rm -f changes"
        )
        return [line.partition(" {")[0] for line in text.splitlines()]

    def swarm(self) -> dict[str, Any]:
        """The one swarm that has nodes: its networks, and each host's role."""
        found = [
            json.loads(path.read_text()) for path in (self.directory / "swarms").glob("*.json")
        ]
        (one,) = [swarm for swarm in found if swarm["nodes"]]
        roles = {node["name"]: node["role"] for node in one["nodes"].values()}
        return {"roles": roles, "networks": one["networks"]}

    def own(self, name: str) -> dict[str, Any]:
        """What a host knows of its swarm."""
        return dict(json.loads(self.hosts[name].sh("cat /run/stand_in/swarm")))
