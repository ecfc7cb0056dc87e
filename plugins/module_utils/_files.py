# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are replaced in one step: a kill or a power cut leaves the old or the new one."""

from __future__ import annotations

import contextlib
import os


def write(path: str, data: bytes, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
    """Replace a file, or make it with its folders, and wait until the disk has it.

    ``owner`` is (uid, gid), left out the running process's. What a run that was killed left
    beside it (``leftover``) is written over. Raises OSError; the file is then as it was.
    """
    temporary = _prepare(path)
    try:
        with open(temporary, "wb", opener=_exclusive) as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            if owner is not None and owner != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), *owner)
            file.flush()
            os.fsync(file.fileno())
        _put(temporary, path)
    except BaseException:
        remove(temporary)
        raise


def link(path: str, target: str) -> None:
    """Replace a symbolic link in the same way, or make it."""
    temporary = _prepare(path)
    try:
        os.symlink(target, temporary)
        _put(temporary, path)
    except BaseException:
        remove(temporary)
        raise


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def leftover(path: str) -> str:
    """What a killed run may have left beside a file."""
    return f"{path}.new"


def _prepare(path: str) -> str:
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    temporary = leftover(path)
    remove(temporary)
    return temporary


def _exclusive(path: str, flags: int) -> int:
    # For root only until it has its mode: a setting may be secret.
    return os.open(path, flags | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def _put(temporary: str, path: str) -> None:
    os.replace(temporary, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
