# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sysctls of the namespace that the thread is in: /proc/sys/net follows setns, /sys does not."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterable, Mapping

from .._errors import HostError

_ROOT = "/proc/sys/"


def read(paths: Iterable[str]) -> dict[str, str | None]:
    """Values of those that exist; None for one that cannot be written here."""
    found: dict[str, str | None] = {}
    for path in paths:
        try:
            with open(_ROOT + path, encoding="ascii", errors="replace") as file:
                value = " ".join(file.read().split())
        except FileNotFoundError:
            continue
        except OSError:
            # Some can only be written; they are always set.
            value = ""
        found[path] = value if os.access(_ROOT + path, os.W_OK) else None
    return found


def values(paths: Iterable[str]) -> dict[str, str]:
    """Values of those that can be read here, whether they can be written or not."""
    found = {}
    for path in paths:
        with contextlib.suppress(OSError), open(_ROOT + path, encoding="ascii") as file:
            found[path] = file.read().strip()
    return found


def write(path: str, value: str) -> None:
    """Write one value; HostError with the kernel's word when it is refused."""
    try:
        with open(_ROOT + path, "w", encoding="ascii") as file:
            file.write(value)
    except OSError as error:
        raise HostError(f"{error.strerror}") from error


def matching(patterns: Iterable[str]) -> dict[str, str]:
    """Values of all that match, for a snapshot."""
    found = {}
    for pattern in patterns:
        for name in glob.glob(_ROOT + pattern):
            path = name[len(_ROOT) :]
            value = read([path]).get(path)
            if value is not None:
                found[path] = value
    return found


def restore(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Write back what differs; what went with its link is left out.

    Returns (path, the kernel's word) of those that were refused.

    "all" and "default" first, because writing them may change the links' own.
    """

    def rank(path: str) -> int:
        return 0 if "/all/" in path else 1 if "/default/" in path else 2

    refused = []
    for path in sorted(values, key=rank):
        present = read([path])
        if path in present and present[path] not in (None, values[path]):
            try:
                write(path, values[path])
            except HostError as error:
                refused.append((path, str(error)))
    return refused
