# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out, in one task and without changing anything, what a host has of what role docker wants.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from typing import Any

SOCKET = "/run/docker.sock"
# What Docker starts again by itself after a restart.
COME_BACK = ("always", "unless-stopped")
NOTHING: dict[str, Any] = {"running": [], "lost": [], "live_restore": False}


class Engine(http.client.HTTPConnection):
    """Docker's API over its socket: much quicker than the command line on a slow machine."""

    def __init__(self) -> None:
        super().__init__("docker", timeout=20)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)

    def ask(self, path: str) -> Any:
        """The answer to a GET, or None where Docker does not give one."""
        self.request("GET", path)
        response = self.getresponse()
        body = response.read()
        return json.loads(body) if response.status == 200 else None


def containers() -> dict[str, Any]:
    """Names of running containers, and of those that a restart would stop for good."""
    engine = Engine()
    try:
        running = engine.ask("/containers/json") or []
        live_restore = bool((engine.ask("/info") or {}).get("LiveRestoreEnabled"))
        lost = []
        for container in [] if live_restore else running:
            details = engine.ask(f"/containers/{container['Id']}/json") or {}
            policy = details.get("HostConfig", {}).get("RestartPolicy", {}).get("Name")
            if policy not in COME_BACK:
                lost.append(container["Names"][0].lstrip("/"))
    except (OSError, http.client.HTTPException, ValueError):
        # Docker does not answer on its usual socket: nothing is known.
        return NOTHING
    finally:
        engine.close()
    names = [container["Names"][0].lstrip("/") for container in running]
    return {"running": names, "lost": sorted(lost), "live_restore": live_restore}


def bridge_address() -> str:
    """docker0's first IPv4 address with its prefix length, '' without one."""
    command = ["ip", "-json", "-4", "address", "show", "dev", "docker0"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    links = json.loads(answer.stdout) if answer.returncode == 0 and answer.stdout else []
    found = [entry for link in links for entry in link.get("addr_info", [])]
    return f"{found[0]['local']}/{found[0]['prefixlen']}" if found else ""


def switched(path: str) -> bool | None:
    """A sysctl that is 0 or 1, None where there is none."""
    try:
        with open(f"/proc/sys/net/{path}", encoding="ascii") as file:
            return file.read().strip() != "0"
    except FileNotFoundError:
        return None


def unit_state(unit: str) -> dict[str, Any]:
    """Whether the unit is active and enabled; both False where there is no systemd."""
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        return {"active": False, "enabled": False}
    command = [systemctl, "show", "-p", "ActiveState,UnitFileState", unit]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    values = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    return {
        "active": values.get("ActiveState") in ("active", "reloading"),
        "enabled": values.get("UnitFileState") == "enabled",
    }


def version(program: str | None) -> str:
    """The release line of a dockerd, '' where there is none."""
    if program is None:
        return ""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version v?(\d+\.\d+)", answer.stdout)
    return found.group(1) if found else ""


def unit_before(path: str) -> dict[str, bool]:
    """How the unit was before the role changed that; {} where it did not."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def differs(path: str, sha256: str) -> bool:
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() != sha256
    except OSError:
        return True


def main() -> None:
    """Question: {files: [{path, sha256}], ours: [path], unit, before: path}."""
    question = json.loads(sys.argv[1])
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    programs = {name: shutil.which(name, path=path) for name in ("dockerd", "docker")}
    unit = unit_state(question["unit"])
    answer = {
        "missing": [name for name, found in programs.items() if found is None],
        "version": version(programs["dockerd"]),
        "unit": unit,
        "unit_before": unit_before(question["before"]),
        "forwarding": switched("ipv4/ip_forward"),
        # None: no bridge can be filtered yet, Docker sees to that when it starts.
        "bridges_filtered": switched("bridge/bridge-nf-call-iptables"),
        "files": [f["path"] for f in question["files"] if differs(f["path"], f["sha256"])],
        "ours": [name for name in question["ours"] if os.path.lexists(name)],
        # Asking a stopped Docker's socket would start it.
        "containers": containers() if unit["active"] else NOTHING,
        "bridge": bridge_address() if unit["active"] else "",
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
