# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs on the hosts: daemons that come back, a cluster of etcd, and a ping that counts."""

from __future__ import annotations

import time
from pathlib import Path

from tests.integration.flannel.servers import Background
from tests.integration.network.sandbox import Sandbox
from tests.integration.until import until
from tests.molecule.losses import Losses, answers, losses

# Where etcd listens: the bridge that the hosts are on.
ADDRESS = "192.168.77.254"

# Restart=always, with the pause that the role's unit has. Each life's process id is in a file.
_KEEP = """
trap 'kill "$child"; wait "$child"; exit' TERM
while :; do
    "$@" & child=$!
    echo "$child" >"$PID_FILE"
    wait "$child" || true
    echo "ended" >>"$PID_FILE.ends"
    sleep "$PAUSE"
done
"""


def kept(pid_file: Path, pause: float, command: list[str]) -> list[str]:
    """A command that is started again whenever it ends, until it is terminated."""
    environment = [f"PID_FILE={pid_file}", f"PAUSE={pause}"]
    return ["env", *environment, "sh", "-c", _KEEP, "keep", *command]


class Watch:
    """A ping every 20 ms from one container to another."""

    def __init__(self, sandbox: Sandbox, log: Path, source: str, target: str) -> None:
        self._log = log
        command = ("ping", "-D", "-n", "-i", "0.02", target)
        self._ping = Background(sandbox, log, *command, netns=source)
        self._sandbox = sandbox
        self.wait(30)

    def count(self) -> int:
        return len(answers(self._log.read_text(errors="replace")))

    def answered(self, seconds: float, least: int = 10) -> bool:
        """Whether so many more answers come within so many seconds."""
        wanted = self.count() + least
        end = time.monotonic() + seconds
        while self.count() < wanted:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def wait(self, seconds: float) -> None:
        assert self.answered(seconds), f"no answers within {seconds} s"

    def end(self) -> Losses:
        """Stop it; what was lost."""
        # Terminated it would not say how many it sent.
        self._sandbox.run("kill", "-INT", str(self._ping.pid))
        for dummy in range(200):
            if not self._ping.running():
                break
            time.sleep(0.05)
        return losses(self._log.read_text(errors="replace"))


class Cluster:
    """Three etcd members on the hosts' segment."""

    MEMBERS = {name: 2400 + 10 * place for place, name in enumerate(("one", "two", "three"))}

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        peers = ",".join(f"{name}=http://{ADDRESS}:{port + 1}" for name, port in self.members())
        self.endpoints = [f"http://{ADDRESS}:{port}" for dummy, port in self.members()]
        self.processes = {
            name: Background(
                sandbox,
                directory / f"etcd-{name}.log",
                *("etcd", "--name", name, "--data-dir", str(directory / f"etcd-{name}")),
                *("--listen-client-urls", f"http://{ADDRESS}:{port}"),
                *("--advertise-client-urls", f"http://{ADDRESS}:{port}"),
                *("--listen-peer-urls", f"http://{ADDRESS}:{port + 1}"),
                *("--initial-advertise-peer-urls", f"http://{ADDRESS}:{port + 1}"),
                *("--initial-cluster", peers, "--initial-cluster-token", "faults"),
            )
            for name, port in self.members()
        }
        health = f"etcdctl --endpoints {','.join(self.endpoints)} endpoint health"
        sandbox.sh(until(f"{health} >/dev/null 2>&1"))

    def members(self) -> list[tuple[str, int]]:
        return list(self.MEMBERS.items())
