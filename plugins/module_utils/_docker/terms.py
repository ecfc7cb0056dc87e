# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parts of the story hand each other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

from . import daemon as host
from . import state
from .document import Settings, render
from .plan import Want, same


@dataclass(frozen=True)
class Request:
    """The module's options. ``action`` is present, absent or previous."""

    action: str
    want: Want
    path: str
    unit: str
    state_dir: str
    check_with_dockerd: str
    backup: bool
    restore: Sequence[str] = ()


@dataclass(frozen=True)
class Tools:
    """What the module lends: running a program, moving a file into place, a backup copy."""

    run_command: host.RunCommand
    move: Callable[[str, str], None]
    backup: Callable[[str], str]


@dataclass(frozen=True)
class Situation:
    """What was found. ``running_with`` is what the running daemon was started with."""

    content: state.Content | None
    have: Settings
    daemon: host.Daemon
    process: host.Process | None
    record: state.Record | None
    marker: state.Marker | None
    pending: bool
    running_with: Settings


@dataclass(frozen=True)
class Decision:
    """What to write; ``content`` None means that the file goes."""

    content: state.Content | None
    new: Settings
    write: bool
    keys: list[str]
    restart: bool
    reload: bool
    reason: str
    warnings: list[str]


def rendered(new: Settings, old: state.Content | None) -> state.Content:
    data = render(new).encode()
    if old is None:
        return state.Content(data, 0o644, os.geteuid(), os.getegid())
    return replace(old, data=data)


def written_last(record: state.Record, have: Settings) -> Mapping[str, Any]:
    """What we wrote last; a write that a kill cut short counts when the file holds it."""
    if record.writing is not None and same(record.writing, have):
        return record.writing
    return record.written
