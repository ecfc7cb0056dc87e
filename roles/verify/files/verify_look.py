# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions run on this host, and when the collection's files on it were last written.

The answer is one JSON object on stdout; nothing is changed. Programs that are not there are left
out, ``missing`` names the package that module topology_info needs.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

# What tells its version when it is asked, and how that looks.
PROGRAMS = {
    "Docker": ["docker", "version", "--format", "{{.Server.Version}}"],
    "flanneld": ["flanneld", "--version"],
    "etcd": ["etcd", "--version"],
    "iptables": ["iptables", "--version"],
    "nftables": ["nft", "--version"],
    "iproute2": ["ip", "-V"],
}
VERSION = re.compile(r"v?(\d+\.[\w.+~-]+(?: \([a-z_]+\))?|dev)")
FILES = (
    "/etc/ansible/facts.d/container_net.fact",
    "/etc/container_net",
    "/etc/docker/daemon.json",
    "/etc/systemd/system",
    "/usr/local/bin/flanneld",
    "/usr/local/lib/container_net",
    "/var/lib/container_net",
    "/var/lib/flannel/subnet.env",
)
# In a folder that others use too, and where files change by themselves.
OURS = re.compile(r"/etc/systemd/system/(.*/)?(container[-_]net|flanneld)")
MOVING = re.compile(r"/var/lib/container_net/etcd/")
MOST = 40


def ask(command: list[str]) -> str:
    """The version that a program tells, '' when it is not there or does not answer."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = VERSION.search(done.stdout + done.stderr) if done.returncode == 0 else None
    return found[1] if found else ""


def system() -> str:
    """The distribution's own name."""
    try:
        with open("/etc/os-release", encoding="utf-8") as lines:
            words = dict(line.rstrip("\n").partition("=")[::2] for line in lines)
    except OSError:
        return ""
    return words.get("PRETTY_NAME", "").strip("\"'")


def pyroute2() -> str:
    """Its version, '' when it is not there."""
    try:
        return version("pyroute2")
    except PackageNotFoundError:
        return ""


def files_below(path: str) -> list[str]:
    """The file itself, or all files in the folder."""
    if not os.path.isdir(path):
        return [path]
    found = [os.path.join(folder, name) for folder, dummy, names in os.walk(path) for name in names]
    return [
        name
        for name in found
        if not MOVING.match(name) and (path != "/etc/systemd/system" or OURS.match(name))
    ]


def written() -> list[dict[str, str]]:
    """The newest of the collection's files with the time of their last writing, newest first."""
    found = []
    for path in (name for root in FILES for name in files_below(root)):
        try:
            status = os.lstat(path)
        except OSError:
            continue
        found.append((status.st_mtime, path))
    return [
        {"path": path, "written": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(when))}
        for when, path in sorted(found, reverse=True)[:MOST]
    ]


def main() -> None:
    versions: dict[str, Any] = {"system": system(), "kernel": platform.release()}
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/local/bin:/usr/sbin:/sbin"
    versions.update((name, ask(command)) for name, command in PROGRAMS.items())
    versions.update({"Python": platform.python_version(), "pyroute2": pyroute2()})
    answer = {
        "versions": {name: version for name, version in versions.items() if version},
        "files": written(),
        "missing": [] if versions["pyroute2"] else ["python3-pyroute2"],
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
