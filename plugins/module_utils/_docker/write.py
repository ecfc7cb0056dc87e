# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing daemon.json, in an order that a kill at any point leaves healable."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace

from .. import _files
from .._errors import HostError
from . import state
from .document import parse
from .plan import restored, same
from .terms import Decision, Request, Situation, Tools, rendered, written_last


def apply(
    request: Request,
    target: str,
    now: Situation,
    decision: Decision,
    where: state.Paths,
    tools: Tools,
) -> str | None:
    """Marker before file, so that a run that dies in between is healed by the next one."""
    due = "restart" if decision.restart else "reload" if decision.reload else ""
    if not decision.write:
        if now.marker is not None and not due:
            _files.remove(where.marker)
        return None
    record = _record(request, target, now, where)
    state.write_record(where, replace(record, writing=decision.new))
    marker = state.write_marker(where, due, tuple(decision.keys)) if due else None
    backup_file = tools.backup(target) if request.backup and now.content is not None else None
    _put(target, decision.content, now.content, tools)
    if marker is not None:
        state.stamp_marker(where, marker)
    else:
        _files.remove(where.marker)
    ours = {"present": True, "absent": False}.get(request.action, record.previous_ours)
    state.write_record(where, replace(record, written=decision.new, writing=None, ours=ours))
    if decision.content is None and record.made_directory:
        _drop_empty(os.path.dirname(target))
    return backup_file


def _record(request: Request, target: str, now: Situation, where: state.Paths) -> state.Record:
    """The record before a write; keeps the original and what the daemon runs with on the way."""
    old = now.record
    if request.action == "previous" and old is not None:
        return old
    ours = old is not None and old.ours
    if not now.pending:
        state.keep(where.previous, now.content)
    previous_ours = old.previous_ours if old is not None and now.pending else ours
    previous_existed = os.path.exists(where.previous)
    if old is None or not old.ours:
        state.keep(where.original, now.content)
        made = not os.path.isdir(os.path.dirname(target))
        return state.Record(
            path=request.path,
            original_existed=now.content is not None,
            previous_existed=previous_existed,
            previous_ours=previous_ours,
            written=now.have,
            made_directory=made or (old is not None and old.made_directory),
        )
    original = state.read_content(where.original) if old.original_existed else None
    before = parse(original.data, where.original) if original else {}
    # What others changed since our last write belongs to the original from now on.
    theirs = restored(before, written_last(old, now.have), now.have)
    if not same(theirs, before):
        state.keep(where.original, rendered(theirs, original))
    return replace(
        old,
        original_existed=old.original_existed or bool(theirs),
        previous_existed=previous_existed,
        previous_ours=previous_ours,
        written=now.have,
        writing=None,
    )


def _put(
    target: str,
    content: state.Content | None,
    old: state.Content | None,
    tools: Tools,
) -> None:
    if content is None:
        _files.remove(target)
        return
    folder = os.path.dirname(target)
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".daemon.json.", dir=folder)
    except OSError as error:
        raise HostError(f"{folder}: cannot be written: {error.strerror}. Run as root.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.data)
            file.flush()
            os.fsync(file.fileno())
        # The move gives the new file the mode and owner of the old one, where there is one.
        tools.move(temporary, target)
    finally:
        _files.remove(temporary)
    if old is None or (old.mode, old.uid, old.gid) != (content.mode, content.uid, content.gid):
        os.chmod(target, content.mode)
        os.chown(target, content.uid, content.gid)


def _drop_empty(folder: str) -> None:
    if not os.listdir(folder):
        os.rmdir(folder)
