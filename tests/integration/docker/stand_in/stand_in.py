# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for systemctl, journalctl and dockerd on a host without systemd. What it did is in LOG.

One file per name by links: what it is called says what it does. Units are active when their file
in STATE says so. Docker does not start when daemon.json names the storage driver "nonsense".
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

STATE = Path("/run/stand_in")
LOG = STATE / "log"
VERSION = STATE / "version"  # what dockerd says it is
JOURNAL = STATE / "journal"
PIDFILE = Path("/run/docker.pid")
UNITS = Path("/etc/systemd/system")
DOCKER = "docker.service"
BIP = "container-net-docker-bip.service"
FORWARD = "container-net-forward.service"


def flag(unit: str, name: str) -> Path:
    return STATE / f"{unit}.{name}"


def at(path: Path) -> int:
    """When a file was written, in microseconds of the kernel's monotonic clock; 0 without it."""
    if not path.exists():
        return 0
    ago = time.time() - path.stat().st_mtime
    return round((time.monotonic() - ago) * 1_000_000)


def say(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text + "\n")


def start_docker(options: str) -> int:
    if flag(BIP, "enabled").exists():
        command = re.search(r"^ExecStart=(.*)$", (UNITS / BIP).read_text(), re.MULTILINE)
        subprocess.run(command.group(1).split(), check=True, stdout=subprocess.DEVNULL)
    file = Path("/etc/docker/daemon.json")
    settings = json.loads(file.read_text()) if file.exists() else {}
    if settings.get("storage-driver") == "nonsense":
        say(JOURNAL, "failed to start daemon: error initializing graphdriver: nonsense")
        print("Job for docker.service failed", file=sys.stderr)
        return 1
    daemon = STATE / "dockerd"
    if not daemon.exists():
        shutil.copy("/bin/sleep", daemon)
    null = subprocess.DEVNULL
    process = subprocess.Popen(
        [daemon, "3600"], stdin=null, stdout=null, stderr=null, start_new_session=True
    )
    PIDFILE.write_text(f"{process.pid}\n")
    flag(DOCKER, "active").touch()
    if not (STATE / "live-restore").exists():
        (STATE / "containers").unlink(missing_ok=True)
    say(LOG, f"docker started with {options} {json.dumps(settings, sort_keys=True)}")
    return 0


def stop_docker() -> int:
    if flag(DOCKER, "active").exists():
        os.kill(int(PIDFILE.read_text()), signal.SIGKILL)
        flag(DOCKER, "active").unlink()
        say(LOG, "docker stopped")
    return 0


def exec_start() -> str:
    drop_ins = sorted(Path(f"/run/systemd/system/{DOCKER}.d").glob("*.conf"))
    for text in [path.read_text() for path in reversed(drop_ins)]:
        return text.strip().splitlines()[-1].partition("=")[2]
    return "/usr/sbin/dockerd -H fd://"


def show(arguments: list[str]) -> int:
    unit = arguments[-1]
    loaded = unit == DOCKER or (UNITS / unit).exists()
    entered = at(flag(unit, "active"))
    values = {
        "LoadState": "loaded" if loaded else "not-found",
        "ActiveState": "active" if flag(unit, "active").exists() else "inactive",
        "UnitFileState": "enabled" if flag(unit, "enabled").exists() else "disabled",
        "MainPID": "0",
        "ActiveEnterTimestampMonotonic": entered,
        "StateChangeTimestampMonotonic": max(entered, at(flag(unit, "reloaded"))),
        "ExecStart": f"{{ path=/x ; argv[]={exec_start()} ; ignore_errors=no ; pid=0 }}",
    }
    wanted = re.search(r"(?:-p |--property=)(\S+)", " ".join(arguments))
    for name in wanted.group(1).split(",") if wanted else values:
        print(values[name] if "--value" in arguments else f"{name}={values[name]}")
    return 0


def systemctl(arguments: list[str]) -> int:
    verb, unit = arguments[0], arguments[-1]
    if verb == "show":
        return show(arguments)
    if verb == "is-active":
        active = flag(unit, "active").exists()
        print("active" if active else "inactive")
        return 0 if active else 3
    if verb == "is-enabled":
        enabled = flag(arguments[1], "enabled").exists()
        print("enabled" if enabled else "disabled")
        return 0 if enabled else 1
    if verb in ("enable", "disable"):
        link = UNITS / f"{DOCKER}.wants" / unit
        if verb == "enable":
            flag(unit, "enabled").touch()
            if unit == BIP:
                link.parent.mkdir(exist_ok=True)
                link.symlink_to(UNITS / unit)
        else:
            flag(unit, "enabled").unlink(missing_ok=True)
            link.unlink(missing_ok=True)
    elif unit == DOCKER and verb in ("start", "stop", "restart"):
        if verb != "start":
            stop_docker()
        if verb != "stop" and not flag(DOCKER, "active").exists():
            return start_docker("--bridge=none" if "--bridge=none" in exec_start() else "-")
    elif unit == DOCKER and verb == "reload":
        flag(DOCKER, "reloaded").touch()
        say(LOG, "docker reloaded")
    elif unit == FORWARD and verb == "restart":
        say(LOG, "forward restarted")
    return 0


def dockerd(arguments: list[str]) -> int:
    version = VERSION.read_text().strip() if VERSION.exists() else "28.5.2+dfsg1"
    print(f"Docker version {version}, build deadbee" if arguments == ["--version"] else "OK")
    return 0


def docker(arguments: list[str]) -> int:
    """Stops and starts containers; one called second needs first to run."""
    file = STATE / "containers"
    running = file.read_text().splitlines() if file.exists() else []
    verb, names = arguments[0], arguments[1:]
    if verb == "stop":
        running = [line for line in running if line.split()[0] not in names]
    elif names == ["second"] and "first no" not in running:
        return 1
    else:
        running += [f"{name} no" for name in names]
    file.write_text("".join(f"{line}\n" for line in running))
    say(LOG, f"containers {verb} {' '.join(names)}")
    return 0


def main() -> int:
    name, arguments = Path(sys.argv[0]).name, sys.argv[1:]
    if name == "systemctl":
        return systemctl(arguments)
    if name == "journalctl":
        print(JOURNAL.read_text() if JOURNAL.exists() else "", end="")
        return 0
    return dockerd(arguments) if name == "dockerd" else docker(arguments)


if __name__ == "__main__":
    sys.exit(main())
