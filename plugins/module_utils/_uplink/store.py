# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on the disk: a move while it is under way, and what the way back needs afterwards.

* BRIDGE.move/  the plan, what led over the card, the program, the state
* BRIDGE.json   a confirmed move's memory
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from .. import _files
from .._errors import HostError
from .._kernel.carry import End, Load
from .moves import Move, from_document

FOLDER = "/var/lib/container_net/uplink"
PROGRAM = "program.pyz"
LOG = "log"
# The life of a move. After a restart of the host it is as if it had been undone.
ARMED, SWITCHING, SWITCHED, UNDOING, UNDONE, CONFIRMED = (
    "armed",
    "switching",
    "switched",
    "undoing",
    "undone",
    "confirmed",
)
RUNNING = (ARMED, SWITCHING, SWITCHED, UNDOING)


def boot_id() -> str:
    """What changes with every start of the host."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def memory_of(bridge: str) -> dict[str, Any] | None:
    """What a confirmed move recorded."""
    return _read(os.path.join(FOLDER, f"{bridge}.json"))


def remember(bridge: str, memory: Mapping[str, Any]) -> None:
    """Keep it."""
    _write(os.path.join(FOLDER, f"{bridge}.json"), memory)


def forget(bridge: str) -> None:
    """There is no way back any more that would need it."""
    _files.remove(os.path.join(FOLDER, f"{bridge}.json"))
    for folder in (FOLDER, os.path.dirname(FOLDER)):
        with contextlib.suppress(OSError):
            # Only when nothing is left in it.
            os.rmdir(folder)


def folder_of(bridge: str) -> str:
    """The folder of a move of that bridge."""
    return os.path.join(FOLDER, f"{bridge}.move")


class Pending:
    """A move on the disk."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        return os.path.exists(os.path.join(self.folder, "state.json"))

    def create(self, move: Move, load: Load, source: End, program: bytes) -> None:
        """Everything that the switch and the undo need, and then the state that makes it one."""
        self.remove()
        os.makedirs(self.folder, mode=0o700)
        for name, text in move.parts.aids.items():
            _files.write(os.path.join(self.folder, name), text.encode(), 0o600)
        _files.write(os.path.join(self.folder, PROGRAM), program, 0o600)
        _write(os.path.join(self.folder, "move.json"), move.document())
        kept = {f.name: [body.hex() for body in getattr(load, f.name)] for f in fields(load)}
        _write(os.path.join(self.folder, "load.json"), {"link": [*_pair(source)], **kept})
        self.set_state(ARMED, boot=boot_id(), armed=time.monotonic(), reason="", id=move.id)

    def move(self) -> Move:
        return from_document(self._document("move.json"))

    def load(self) -> tuple[Load, End]:
        """What led over the link, and the link."""
        document = self._document("load.json")
        bodies = {
            f.name: tuple(bytes.fromhex(text) for text in document[f.name]) for f in fields(Load)
        }
        name, index = document["link"]
        return Load(**bodies), End(name, index)

    def state(self) -> dict[str, Any]:
        document = self._document("state.json")
        if document["boot"] != boot_id() and document["state"] in RUNNING:
            document.update(state=UNDONE, reason="the host restarted before it was confirmed")
        return document

    def set_state(self, state: str, **more: Any) -> None:
        path = os.path.join(self.folder, "state.json")
        _write(path, {**(_read(path) or {}), "state": state, **more})

    @contextlib.contextmanager
    def locked(self, seconds: float) -> Iterator[bool]:
        """Whether nobody else works on the move; the block runs in any case."""
        end = time.monotonic() + seconds
        fd = os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            while True:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() >= end:
                        yield False
                        return
                    time.sleep(0.05)
                else:
                    yield True
                    return
        finally:
            os.close(fd)

    def remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.folder)

    def _document(self, name: str) -> dict[str, Any]:
        document = _read(os.path.join(self.folder, name))
        if document is None:
            raise HostError(f"{self.folder}/{name} is missing: the move there cannot go on.")
        return document


def _pair(end: End) -> tuple[str, int]:
    return end.name, end.index


def _read(path: str) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise HostError(
            f"{path} cannot be read: {error}. Remove it when it is of no use."
        ) from None
    return document


def _write(path: str, document: Mapping[str, Any]) -> None:
    _files.write(path, (json.dumps(document, indent=1) + "\n").encode(), 0o600)
