# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many flanneld at once, each in a namespace that plays a host, kept alive as systemd would.

Runs on the throw-away host. Reads {"flanneld", "endpoint", "etcd" (its pid), "directory",
"seconds", "namespaces"} as JSON from standard input, starts one in each namespace at once, and
waits until every host has a route to every other. Prints what tests.bench.hosts reports, as JSON.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.integration.flannel.etcd_requests import requests

# As in the unit of role flannel.
RESTART_SECONDS = 2.0
IDLE_SECONDS = 5.0
TICKS = os.sysconf("SC_CLK_TCK")
LINK = "flannel.1"


class Daemon:
    """flanneld on one host."""

    def __init__(self, namespace: str, request: dict[str, Any]) -> None:
        self.namespace = namespace
        self.restarts = 0
        self._command = [
            *("nsenter", f"--net=/run/netns/{namespace}", request["flanneld"]),
            *("-etcd-endpoints", request["endpoint"], "-iface", "eth0"),
            *("-subnet-file", f"{request['directory']}/{namespace}.env"),
            # Rules are no matter of scale; their resync, every 5 seconds on so many hosts on one
            # machine, would be.
            *("-ip-masq=false", "-iptables-forward-rules=false"),
        ]
        self._log = Path(request["directory"]) / f"{namespace}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._again = 0.0
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def look(self) -> None:
        """Start it again when it ended, after a while."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
            self.restarts += 1
            self._again = time.monotonic() + RESTART_SECONDS
        if self._process is None and time.monotonic() >= self._again:
            self.start()

    def routes(self) -> int:
        """To how many other hosts it leads, read from the kernel."""
        try:
            table = Path(f"/proc/{self._pid}/net/route").read_text(encoding="ascii")
        except OSError:
            return 0
        return sum(line.startswith(f"{LINK}\t") for line in table.splitlines())

    def memory(self) -> tuple[float, float]:
        """Its memory in MB: all that it has, and its share where it shares with the others."""
        text = Path(f"/proc/{self._pid}/smaps_rollup").read_text(encoding="ascii")
        sizes = dict(re.findall(r"^(Rss|Pss): +(\d+) kB$", text, re.MULTILINE))
        return int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024

    @property
    def _pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def processor(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait(daemons: list[Daemon], seconds: float) -> float | None:
    """Seconds until all routes were everywhere; None when they were not in time."""
    begin = time.monotonic()
    waiting = list(daemons)
    while time.monotonic() < begin + seconds:
        for daemon in daemons:
            daemon.look()
        waiting = [daemon for daemon in waiting if daemon.routes() < len(daemons) - 1]
        if not waiting:
            # One that was restarted meanwhile may have lost them.
            waiting = [daemon for daemon in daemons if daemon.routes() < len(daemons) - 1]
            if not waiting:
                return time.monotonic() - begin
        time.sleep(0.1)
    return None


def reached(daemons: list[Daemon], directory: str) -> int:
    """How many hosts are answered by the next one, through the overlay."""
    count = 0
    for daemon, other in zip(daemons, [*daemons[1:], daemons[0]]):
        text = (Path(directory) / f"{other.namespace}.env").read_text(encoding="ascii")
        (subnet,) = re.findall(r"^FLANNEL_SUBNET=([\d.]+)\.1/24$", text, re.MULTILINE)
        # The link's own address is the subnet's first.
        ping = ["ping", "-q", "-c1", "-W5", f"{subnet}.0"]
        inside = ["nsenter", f"--net=/run/netns/{daemon.namespace}", *ping]
        count += subprocess.run(inside, stdout=subprocess.DEVNULL, check=False).returncode == 0
    return count


def main() -> None:
    request = json.load(sys.stdin)
    etcd, endpoint = request["etcd"], request["endpoint"]
    asked, spent = requests(endpoint), processor(etcd)
    daemons = [Daemon(namespace, request) for namespace in request["namespaces"]]
    try:
        seconds = wait(daemons, request["seconds"])
        asked_then, spent_then = requests(endpoint), processor(etcd)
        time.sleep(IDLE_SECONDS)
        idle = (processor(etcd) - spent_then) / IDLE_SECONDS
        if seconds is None:
            lacking = [d.namespace for d in daemons if d.routes() < len(daemons) - 1]
            print(f"{len(lacking)} hosts lack routes, {lacking[0]} first", file=sys.stderr)
            sys.exit(1)
        memory = [daemon.memory() for daemon in daemons]
        report = {
            "seconds": seconds,
            "restarts": sum(daemon.restarts for daemon in daemons),
            "reached": reached(daemons, request["directory"]),
            "flanneld_mb": statistics.median(rss for rss, dummy in memory),
            "all_flanneld_mb": sum(pss for dummy, pss in memory),
            "etcd_seconds": spent_then - spent,
            "etcd_idle_share": idle,
            "requests": {kind: asked_then[kind] - asked.get(kind, 0.0) for kind in asked_then},
        }
    finally:
        for daemon in daemons:
            daemon.end()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
