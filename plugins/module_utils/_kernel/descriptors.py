# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Descriptors of namespaces that stay open for a step of a run, so that each is opened once."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator

# Descriptors that are left for everything but namespaces.
_OTHER_FILES = 256


class Descriptors:
    """Keeps nothing outside of a block of ``once()``."""

    def __init__(self) -> None:
        self._kept: dict[str, int] | None = None
        self._room = 0

    @contextlib.contextmanager
    def once(self) -> Iterator[None]:
        """Within the block what is kept stays open.

        A block is one step of a run, such as reading or writing. One within another (the
        verification, which is a reading) starts with nothing, so that it finds by its name what
        is there then. The limit of open files, often 1,024, is lifted as far as it may be; what
        does not fit in is opened each time.
        """
        outer, outer_room = self._kept, self._room
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._room = hard - _OTHER_FILES if outer is None else outer_room - len(outer)
        kept: dict[str, int] = {}
        self._kept = kept
        try:
            yield
        finally:
            for fd in kept.values():
                os.close(fd)
            self._kept, self._room = outer, outer_room
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def find(self, name: str) -> int | None:
        return self._kept.get(name) if self._kept else None

    def keep(self, name: str, fd: int) -> bool:
        """Whether the descriptor is closed here, at the end of the block."""
        if self._kept is None or len(self._kept) >= self._room:
            return False
        self._kept[name] = fd
        return True

    def drop(self, name: str) -> None:
        """Close what is kept of a name: it keeps the namespace alive."""
        fd = self._kept.pop(name, None) if self._kept else None
        if fd is not None:
            os.close(fd)
