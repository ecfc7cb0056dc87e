# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for systemctl on a host without systemd: starts the real etcd from the unit's drop-in.

As systemd with Type=notify it waits until etcd says that it is ready, unless --no-block is given.
Timers only remember what they were told. What was started and stopped is in LOG.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

STATE = Path("/run/stand_in")
LOG = STATE / "log"
UNITS = Path("/etc/systemd/system")
ETCD = "etcd.service"
DROP_IN = UNITS / "etcd.service.d/container_net.conf"
PATIENCE = 90  # seconds, systemd's own


def flag(unit: str, name: str) -> Path:
    return STATE / f"{unit}.{name}"


def pid() -> int:
    """etcd's process, 0 when there is none."""
    file = STATE / "etcd.pid"
    number = int(file.read_text()) if file.exists() else 0
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return 0
    return 0 if stat.rpartition(")")[2].split()[0] == "Z" else number


def environment() -> dict[str, str]:
    """What the files of the drop-in set; a missing one is none where it begins with a dash."""
    found: dict[str, str] = {}
    for line in DROP_IN.read_text().splitlines():
        name, dummy, value = line.partition("=")
        if name != "EnvironmentFile" or not value:
            continue
        path = Path(value.removeprefix("-"))
        if value.startswith("-") and not path.exists():
            continue
        lines = [text for text in path.read_text().splitlines() if text and text[0] != "#"]
        found.update(text.partition("=")[::2] for text in lines)
    return found


def start(block: bool) -> int:
    if pid():
        return 0
    address = STATE / "notify"
    address.unlink(missing_ok=True)
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(str(address))
    address.chmod(0o777)
    as_etcd = ["setpriv", "--reuid=etcd", "--regid=etcd", "--clear-groups", "/usr/bin/env", "etcd"]
    with (STATE / "etcd.log").open("ab") as log:
        process = subprocess.Popen(
            as_etcd,
            env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(address), **environment()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    (STATE / "etcd.pid").write_text(str(process.pid))
    with LOG.open("a") as log_file:
        log_file.write("start\n")
    if not block:
        return 0
    ready.settimeout(PATIENCE)
    try:
        while b"READY=1" not in ready.recv(4096):
            pass
    except socket.timeout:
        print("Job for etcd.service failed because a timeout was exceeded.", file=sys.stderr)
        return 1
    return 0


def stop() -> int:
    number = pid()
    if number:
        os.kill(number, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while pid():
            if time.monotonic() > end:
                os.kill(number, signal.SIGKILL)
            time.sleep(0.05)
        with LOG.open("a") as log:
            log.write("stop\n")
    return 0


def active(unit: str) -> bool:
    return bool(pid()) if unit == ETCD else flag(unit, "active").exists()


def show(unit: str) -> int:
    print(f"LoadState={'loaded' if unit == ETCD or (UNITS / unit).exists() else 'not-found'}")
    print(f"ActiveState={'active' if active(unit) else 'inactive'}")
    print(f"UnitFileState={'enabled' if flag(unit, 'enabled').exists() else 'disabled'}")
    return 0


def change(verb: str, unit: str, block: bool) -> int:
    if unit != ETCD:
        if verb == "stop":
            flag(unit, "active").unlink(missing_ok=True)
        else:
            flag(unit, "active").touch()
        return 0
    if verb in ("stop", "restart"):
        stop()
    return start(block) if verb != "stop" else 0


def main() -> int:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    verb, unit = words[0], words[-1]
    if verb == "show":
        return show(unit)
    if verb == "is-enabled":
        enabled = flag(unit, "enabled").exists()
        print("enabled" if enabled else "disabled")
        return 0 if enabled else 1
    if verb in ("enable", "disable"):
        (flag(unit, "enabled").touch if verb == "enable" else flag(unit, "enabled").unlink)()
        return 0
    if verb in ("start", "stop", "restart"):
        return change(verb, unit, "--no-block" not in sys.argv)
    if verb == "daemon-reload":
        return 0
    print(f"systemctl {verb}: not known here", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
