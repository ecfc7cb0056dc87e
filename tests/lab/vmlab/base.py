# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small things that every part of the lab needs: errors, paths, locks, progress lines."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path


class LabError(Exception):
    """Something the user has to know; the message says what to do."""


class PortTaken(LabError):
    """Another user's lab has the slot's ports."""


def cache_root() -> Path:
    """The directory of images, snapshots and labs; outside the project, shared by all checkouts."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "container_net"


def say(text: str) -> None:
    """Print a progress line to stderr, so that stdout stays for results."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def timed(what: str) -> Iterator[None]:
    """Say how long the block took, in seconds."""
    started = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - started:.1f} s")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` (made when missing) for the length of the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another lab that holds {path}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def need(*programs: str) -> None:
    """Raise LabError when a program is not installed."""
    missing = [program for program in programs if find_program(program) is None]
    if missing:
        raise LabError(
            f"not installed: {', '.join(missing)}; install the packages that bindep.txt names "
            "(apt-get install qemu-system-x86 qemu-utils mmdebstrap e2fsprogs openssh-client)"
        )


def find_program(program: str) -> str | None:
    """The full path of a program; also where an ordinary user's PATH has no sbin."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin")


def run(command: Sequence[str]) -> None:
    """Run a command to its end; raise LabError with its last words when it fails."""
    done = subprocess.run(
        list(command), check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise LabError(f"{' '.join(command[:3])} … failed with {done.returncode}:\n{last}")
