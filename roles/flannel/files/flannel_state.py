# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out, in one task and without changing anything, what a host has of what role flannel wants.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import Any

# As role flannel's template writes them into the file with flanneld's flags.
NOTES = {
    "link": "# Link: ",
    "routed": "# Routed into: ",
    "masq": "FLANNELD_IP_MASQ=",
    "forward": "FLANNELD_IPTABLES_FORWARD_RULES=",
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A command's result; one that is not there, or of another architecture, is a failed one."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def digest(path: str) -> str:
    """The SHA-256 sum of a file, '' when there is none."""
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def first_line(path: str) -> str:
    """A kernel parameter's value, '' when the kernel does not have it."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def lines(path: str) -> list[str]:
    """A text file's lines, none where there is no file."""
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def left(flags: str, pending: str) -> dict[str, str]:
    """What the kernel has of the backend that ran last: the marker knows better than the flags."""
    found = dict.fromkeys(NOTES, "")
    for path in (flags, pending):
        for line in lines(path):
            for name, note in NOTES.items():
                if line.startswith(note):
                    found[name] = line[len(note) :].strip()
    return found


def ra_links() -> list[str]:
    """The links that a router told their default route; those that we told so stay among them.

    A host that forwards IPv6 loses that route unless the link has accept_ra 2.
    """
    told = run("ip", "-6", "-o", "route", "show", "default", "proto", "ra").stdout.split()
    found = {told[place + 1] for place, word in enumerate(told[:-1]) if word == "dev"}
    links = "/proc/sys/net/ipv6/conf"
    for name in os.listdir(links) if os.path.isdir(links) else []:
        if name not in ("all", "default") and first_line(f"{links}/{name}/accept_ra") == "2":
            found.add(name)
    return sorted(found)


def forwarding(script: str) -> str:
    """What the script for forwarding rules would change; '' for nothing."""
    if not os.path.isfile(script):
        return "missing"
    done = run(script, "check")
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or "unknown"


def main() -> None:
    """Answer argv[1], an object with these keys.

    files, programs, credentials (lists of paths and names), binary, flags, forward, pending
    (paths), route_check (a unit) and with_digest (whether the binary's sum is wanted).
    """
    wanted: dict[str, Any] = json.loads(sys.argv[1])
    binary = wanted["binary"]
    # flanneld prints its version where others print errors.
    version = run(binary, "-version").stderr.strip() if os.path.isfile(binary) else ""
    answer = {
        "missing": [name for name in wanted["programs"] if shutil.which(name) is None],
        "lacking": [path for path in wanted["credentials"] if not os.path.isfile(path)],
        "version": version,
        "binary": digest(binary) if wanted["with_digest"] else "",
        "files": {path: digest(path) for path in wanted["files"]},
        # A unit that tries to start, again and again, has to be restarted like one that runs.
        "active": run("systemctl", "is-active", "flanneld.service").stdout.strip()
        not in ("inactive", "failed", "unknown", ""),
        "enabled": run("systemctl", "is-enabled", "flanneld.service").stdout.strip() == "enabled",
        "networkd": run("systemctl", "is-active", "systemd-networkd.service").returncode == 0,
        "forward_enabled": run(
            "systemctl", "is-enabled", "container-net-forward.service"
        ).returncode
        == 0,
        "forward": forwarding(wanted["forward"]),
        "pending": os.path.exists(wanted["pending"]),
        "left": left(wanted["flags"], wanted["pending"]),
        "route_check": run("systemctl", "is-active", wanted["route_check"]).returncode == 0,
        "bridge_netfilter": os.path.exists("/proc/sys/net/bridge/bridge-nf-call-iptables"),
        "ip_forward": first_line("/proc/sys/net/ipv4/ip_forward") == "1",
        "ipv6_forward": first_line("/proc/sys/net/ipv6/conf/all/forwarding") == "1",
        "ra_links": ra_links(),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
