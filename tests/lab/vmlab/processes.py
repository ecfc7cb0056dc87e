# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that go on after lab.py ended, found again by their pidfile."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .base import LabError


def find(pidfile: Path) -> int | None:
    """A pidfd of the process, or None when it does not run. Close it.

    The number in the pidfile may be somebody else's by now: what counts is that the process
    was started with exactly this pidfile.
    """
    try:
        pid = int(pidfile.read_text(encoding="ascii"))
        handle = os.pidfd_open(pid)
    except (OSError, ValueError):
        return None
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        words = []
    if str(pidfile).encode() in words:
        return handle
    os.close(handle)
    return None


def runs(pidfile: Path) -> bool:
    """Whether the pidfile's process runs."""
    handle = find(pidfile)
    if handle is None:
        return False
    os.close(handle)
    return True


def end(pidfile: Path, ask: Callable[[], None] | None = None) -> None:
    """End the process and wait for its end; `ask` may tell it in a gentler way than a signal."""
    handle = find(pidfile)
    if handle is not None:
        try:
            ways = [ask] if ask is not None else []
            ways += [
                partial(_signal, handle, number) for number in (signal.SIGTERM, signal.SIGKILL)
            ]
            for way in ways:
                way()
                if _gone(handle, 3):
                    break
            if not _gone(handle, 10):
                raise LabError(f"the process of {pidfile} does not end")
        finally:
            os.close(handle)
    pidfile.unlink(missing_ok=True)


def _signal(handle: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, number)


def _gone(handle: int, seconds: float) -> bool:
    return bool(select.select([handle], [], [], seconds)[0])
