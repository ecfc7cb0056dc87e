# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run leaves on the host: the pending marker, and the user's own daemon.json.

Under ``state_dir`` (``/var/lib/container_net``), for the unit docker.service:

``docker/daemon.json.original``   the file as it would be without us; missing if there was none
``docker/daemon.json.previous``   the file that the running daemon was started with
``docker/daemon.json.state``      a Record
``pending/docker``                a Marker: the running daemon does not have what the file says
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from .. import _files
from .._errors import HostError
from .daemon import Process, boot_id, since_boot


@dataclass(frozen=True)
class Content:
    """A file as it stood: bytes, permission bits, owner."""

    data: bytes
    mode: int
    uid: int
    gid: int


@dataclass(frozen=True)
class Record:
    """What has been written, to tell our keys from those that others changed since.

    ``writing`` is set while a write is under way: after a kill the file holds one of the two.
    ``ours`` is False once everything has been taken back; ``previous_ours`` is what it was when
    the previous file was kept.
    """

    path: str
    original_existed: bool
    previous_existed: bool
    previous_ours: bool
    written: Mapping[str, Any]
    writing: Mapping[str, Any] | None = None
    made_directory: bool = False
    ours: bool = True


@dataclass(frozen=True)
class Marker:
    """What the running daemon lacks; ``since`` (seconds since boot) is None until it is written."""

    needs: str
    keys: tuple[str, ...]
    boot: str
    since: float | None = None

    def holds_against(self, process: Process | None, reloaded: Callable[[], float | None]) -> bool:
        """Whether this daemon still runs with what it had before the write.

        ``reloaded`` tells when it last read its file again, in seconds since boot.
        """
        if process is None or self.boot != boot_id():
            return False
        if self.since is None:
            return True
        last = process.started
        if self.needs == "reload":
            last = max(last, reloaded() or last)
        return last <= self.since


@dataclass(frozen=True)
class Paths:
    """Where the state of one unit is kept."""

    folder: str
    marker: str

    @property
    def original(self) -> str:
        return os.path.join(self.folder, "daemon.json.original")

    @property
    def previous(self) -> str:
        return os.path.join(self.folder, "daemon.json.previous")

    @property
    def record(self) -> str:
        return os.path.join(self.folder, "daemon.json.state")


def paths(state_dir: str, unit: str) -> Paths:
    """Named after the unit: docker.service → docker."""
    stem = os.path.basename(unit)
    if stem.endswith(".service"):
        stem = stem[: -len(".service")]
    return Paths(os.path.join(state_dir, stem), os.path.join(state_dir, "pending", stem))


def read_content(path: str) -> Content | None:
    """A file with its mode and owner, or None where there is none."""
    try:
        with open(path, "rb") as file:
            stat = os.fstat(file.fileno())
            return Content(file.read(), stat.st_mode & 0o7777, stat.st_uid, stat.st_gid)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"{path}: cannot be read: {error.strerror}.") from error


def _read_json(path: str) -> Any:
    content = read_content(path)
    if content is None:
        return None
    try:
        return json.loads(content.data)
    except ValueError as error:
        raise HostError(
            f"{path}: is not what this collection wrote: {error}. Look at it, then move it away."
        ) from error


def read_record(where: Paths) -> Record | None:
    value = _read_json(where.record)
    return None if value is None else Record(**value)


def read_marker(where: Paths) -> Marker | None:
    """The marker; one that a kill left empty counts as one that still waits for its write."""
    if not os.path.exists(where.marker):
        return None
    try:
        value = _read_json(where.marker)
        return Marker(value["needs"], tuple(value["keys"]), value["boot"], value["since"])
    except (HostError, KeyError, TypeError):
        return Marker("restart", (), boot_id())


def _write(path: str, content: Content) -> None:
    _files.write(path, content.data, content.mode, (content.uid, content.gid))


def _own(value: Any) -> Content:
    """Our own files are for root only: settings may hold a proxy's password."""
    data = json.dumps(value, indent=1).encode() + b"\n"
    return Content(data, 0o600, os.geteuid(), os.getegid())


def write_record(where: Paths, record: Record) -> None:
    _write(where.record, _own(asdict(record)))


def write_marker(where: Paths, needs: str, keys: tuple[str, ...]) -> Marker:
    """To be called before the file is written; stamp_marker follows after."""
    marker = Marker(needs, keys, boot_id())
    _write(where.marker, _own(asdict(marker)))
    return marker


def stamp_marker(where: Paths, marker: Marker) -> None:
    """From now on a daemon that starts reads the new file."""
    _write(where.marker, _own(asdict(replace(marker, since=since_boot()))))


def keep(path: str, content: Content | None) -> None:
    """Keep a copy of a file, or of its not being there."""
    if content is None:
        _files.remove(path)
    else:
        _write(path, content)


@contextmanager
def lock(where: Paths, seconds: float = 60.0) -> Iterator[None]:
    """Two runs over one unit take turns."""
    path = f"/run/lock/container_net-{os.path.basename(where.folder)}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HostError(f"{path}: cannot be opened: {error.strerror}. Run as root.") from error
    try:
        _wait_for(handle, path, time.monotonic() + seconds)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, path: str, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise HostError(
                    f"{path}: another run holds the lock. Wait for it to end, then run again."
                ) from error
            time.sleep(0.1)
