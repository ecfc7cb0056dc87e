# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time on a host."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from .._errors import HostError, OptionError

LOCK_FILE = "/run/lock/container_net.lock"


@contextlib.contextmanager
def locked(timeout: float, path: str = LOCK_FILE, writes: bool = True) -> Iterator[None]:
    """Hold the lock; HostError when another run still has it after ``timeout`` seconds.

    The kernel lets go of it when the process ends in any way. A run that only looks (``writes``
    false) waits for those that write, but leaves no file where none of them ever was.
    """
    if timeout < 0:
        raise OptionError("lock_timeout", timeout, "is less than no time", "Give 0 or more seconds")
    end = time.monotonic() + timeout
    fd = -1
    try:
        while fd < 0 or not _is_the_file(fd, path):
            # Somebody may remove the file while this run waits for it.
            if fd >= 0:
                os.close(fd)
            fd = _open(path, writes)
            if fd < 0:
                break
            _take(fd, end, timeout, path)
        yield
    finally:
        if fd >= 0:
            os.close(fd)


def _open(path: str, writes: bool) -> int:
    """A descriptor; -1 where there is no file and none shall be made."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    if writes:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags | os.O_CREAT, 0o600)
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        return -1


def _is_the_file(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _take(fd: int, end: float, timeout: float, path: str) -> None:
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise HostError(
                    f"Another run holds {path} for more than {timeout:g} seconds. Wait for it to"
                    " end, or give a longer lock_timeout."
                ) from None
            time.sleep(0.05)
        else:
            return
