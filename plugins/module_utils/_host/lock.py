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

from .._errors import HostError

LOCK_FILE = "/run/lock/container_net.lock"


@contextlib.contextmanager
def locked(timeout: float, path: str = LOCK_FILE) -> Iterator[None]:
    """Hold the lock; HostError when another run still has it after ``timeout`` seconds.

    The kernel lets go of it when the process ends in any way.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(fd, timeout, path)
        yield
    finally:
        os.close(fd)


def _take(fd: int, timeout: float, path: str) -> None:
    end = time.monotonic() + timeout
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
