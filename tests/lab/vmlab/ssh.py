# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talking to a node over SSH."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .base import LabError

# Guests are made anew all the time and reached over loopback only: their host keys say nothing.
OPTIONS = (
    "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "
    "-o IdentitiesOnly=yes -o PreferredAuthentications=publickey -o ConnectTimeout=60"
).split()


def ssh_command(key: Path, port: int, words: Sequence[str]) -> list[str]:
    """The ssh command that runs `words` on a node as root."""
    target = ["-i", str(key), "-p", str(port), "root@127.0.0.1"]
    return ["ssh", "-F", "/dev/null", *OPTIONS, *target, *words]


def run_script(key: Path, port: int, script: str, timeout: float = 60) -> str:
    """Run a shell script on a node; return its output, raise LabError when it fails."""
    try:
        done = subprocess.run(
            ssh_command(key, port, ["sh", "-eu"]),
            check=False,
            input=script,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"the node at port {port} does not answer in {timeout:.0f} s") from error
    if done.returncode != 0:
        raise LabError(f"the node at port {port} says: {done.stderr.strip() or done.stdout}")
    return done.stdout


def wait_for_ssh(key: Path, port: int, seconds: float, alive: Callable[[], bool]) -> None:
    """Wait until the node lets us in, as long as its machine is alive."""
    end = time.monotonic() + seconds
    while True:
        try:
            run_script(key, port, "true", timeout=20)
            return
        except LabError:
            if not alive():
                raise LabError(f"the machine behind port {port} ended") from None
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def set_clock(key: Path, port: int) -> None:
    """Set the node's clock to this machine's.

    Logging in takes a second on an emulated processor, so the time is sent when the node asks.
    """
    words = ["echo ready; read now; date -u -s @$now >/dev/null; echo set"]
    with subprocess.Popen(
        ssh_command(key, port, words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise LabError("no pipe to ssh")
        child.stdout.readline()
        try:
            child.stdin.write(f"{time.time():.3f}\n")
            child.stdin.flush()
            answer = child.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if answer != "set":
            raise LabError(f"the clock of the node at port {port} could not be set")
