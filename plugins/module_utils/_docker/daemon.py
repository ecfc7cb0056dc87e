# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daemon of this host: its unit files, its version, the running process. Reads only."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from .._errors import HostError
from .keys import Version
from .unit import CommandLine, command_line

RunCommand = Callable[[list[str]], tuple[int, str, str]]

DEFAULT_PIDFILE = "/var/run/docker.pid"

_VALIDATE_SINCE: Version = (23, 0)

# As systemd looks for units, the first that has one wins.
_UNIT_PATH = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)


@dataclass(frozen=True)
class Daemon:
    """What is installed: the program or None, its version or None, its command line or None."""

    program: str | None
    version: Version | None
    command: CommandLine | None


@dataclass(frozen=True)
class Process:
    """A running daemon; ``started`` is in seconds since boot."""

    pid: int
    started: float


def read_text(path: str) -> str | None:
    """A file's text, or None where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise HostError(f"{path}: cannot be read: {error.strerror}. Run as root.") from error


def unit_files(unit: str) -> list[tuple[str, str]]:
    """Path and text of a unit and its drop-ins as systemd merges them; the unit comes first.

    ``unit`` is a name, or the absolute path of a unit file whose drop-ins stand in PATH.d.
    """
    folders = [os.path.dirname(unit)] if os.path.isabs(unit) else list(_UNIT_PATH)
    name = os.path.basename(unit)
    found = []
    for folder in folders:
        path = os.path.join(folder, name)
        text = read_text(path)
        if text is not None:
            found.append((path, text))
            break
    drop_ins = {}
    for folder in reversed(folders):
        drop_in_folder = os.path.join(folder, name + ".d")
        if os.path.isdir(drop_in_folder):
            for entry in os.listdir(drop_in_folder):
                if entry.endswith(".conf"):
                    drop_ins[entry] = os.path.join(drop_in_folder, entry)
    for entry in sorted(drop_ins):
        text = read_text(drop_ins[entry])
        if text is not None:
            found.append((drop_ins[entry], text))
    return found


def inspect(unit: str, run_command: RunCommand, ask_version: bool) -> Daemon:
    """Find the daemon that the unit starts, or the one in PATH."""
    command = command_line(unit_files(unit), read_text)
    program = shutil.which(command.program) if command else None
    program = program or shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    version = None
    if program and ask_version:
        version = _version(run_command([program, "--version"]))
    return Daemon(program, version, command)


def _version(answer: tuple[int, str, str]) -> Version | None:
    found = re.search(r"version v?(\d+)\.(\d+)", answer[1])
    return (int(found.group(1)), int(found.group(2))) if answer[0] == 0 and found else None


def validate(daemon: Daemon, candidate: str, run_command: RunCommand, must: bool) -> str | None:
    """Let dockerd judge a file. Returns its complaint, or None when it has none.

    Where dockerd cannot judge (not installed, or older than 23.0) this is an error only if it
    ``must``.
    """
    version = daemon.version
    if daemon.program is None or version is None or version < _VALIDATE_SINCE:
        if must:
            have = "no dockerd" if daemon.program is None else f"{daemon.program} without it"
            raise HostError(
                "check_with_dockerd: 'always': needs dockerd 23.0 or newer for"
                f" dockerd --validate, and this host has {have}. Use auto."
            )
        return None
    code, out, err = run_command([daemon.program, "--validate", "--config-file", candidate])
    if code == 0:
        return None
    return (err.strip() or out.strip() or f"exit status {code}").replace(candidate, "the new file")


def running(pidfiles: Iterable[Any], unit: str, run_command: RunCommand) -> Process | None:
    """The daemon's process: by its pid file, else by systemd's word."""
    for path in pidfiles:
        text = read_text(path) if isinstance(path, str) and path else None
        process = _dockerd(text.strip()) if text else None
        if process is not None:
            return process
    pid = _properties(unit, ("MainPID",), run_command).get("MainPID", "0")
    return None if pid == "0" else _process(pid)


def reloaded(unit: str, run_command: RunCommand) -> float | None:
    """When systemd last reloaded the running unit, in seconds since boot; None if it never did.

    A reload changes the unit's state (active, reloading, active), and leaves the time at which it
    became active: man org.freedesktop.systemd1, "StateChangeTimestamp".
    """
    names = ("ActiveEnterTimestampMonotonic", "StateChangeTimestampMonotonic")
    found = _properties(unit, (*names, "ActiveState"), run_command)
    if found.get("ActiveState") != "active":
        return None
    entered, changed = (int(found.get(name) or 0) / 1_000_000 for name in names)
    # systemd's clock stops while the machine sleeps.
    slept = since_boot() - time.clock_gettime(time.CLOCK_MONOTONIC)
    return changed + slept if changed > entered else None


def _properties(unit: str, names: Sequence[str], run_command: RunCommand) -> dict[str, str]:
    """What systemd says of a unit; nothing where it cannot be asked, or not for this unit."""
    systemctl = shutil.which("systemctl")
    if not systemctl or not os.path.isdir("/run/systemd/system") or os.path.isabs(unit):
        return {}
    code, out, dummy = run_command([systemctl, "show", f"--property={','.join(names)}", unit])
    lines = out.splitlines() if code == 0 else []
    return {name: value for name, dummy, value in (line.partition("=") for line in lines)}


def _dockerd(pid: str) -> Process | None:
    """The process, if it is a dockerd: a stale pid file may name anything."""
    comm = read_text(f"/proc/{pid}/comm") if pid.isdigit() else None
    return _process(pid) if comm is not None and comm.startswith("dockerd") else None


def _process(pid: str) -> Process | None:
    stat = read_text(f"/proc/{pid}/stat") if pid.isdigit() else None
    if not stat:
        return None
    # Field 22, counted behind the name, which may hold blanks and parentheses.
    ticks = int(stat.rpartition(")")[2].split()[19])
    return Process(int(pid), ticks / os.sysconf("SC_CLK_TCK"))


def boot_id() -> str:
    """Changes with every boot."""
    return (read_text("/proc/sys/kernel/random/boot_id") or "").strip()


def since_boot() -> float:
    """Seconds since boot, on the clock of Process.started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def pidfiles(daemon: Daemon, settings: Sequence[Any]) -> list[Any]:
    """Where the pid file may be, by flag, by settings old and new, or by default."""
    flag = daemon.command.value_of("pidfile", "p") if daemon.command else None
    return [flag, *(s.get("pidfile") for s in settings), DEFAULT_PIDFILE]
