# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The story of docker_daemon_json: look, decide, and unless in check mode, write."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass

from .._errors import ContainerNetError, HostError, OptionError
from . import daemon as host
from . import state
from .document import Settings, parse, render
from .plan import (
    Conflict,
    changed_keys,
    check,
    check_result,
    conflicts,
    merged,
    needs,
    restored,
    same,
)
from .terms import Decision, Request, Situation, Tools, rendered, written_last
from .write import apply


class RefusedError(ContainerNetError):
    """The new settings would keep the daemon from starting; nothing was written."""

    def __init__(self, message: str, found: list[Conflict]) -> None:
        super().__init__(message)
        self.conflicts = found


@dataclass(frozen=True)
class Outcome:
    """The decision, the file before and after as it may be shown, the backup's path if any."""

    decision: Decision
    before: str
    after: str
    version: str
    backup_file: str | None = None


def run(request: Request, tools: Tools, check_mode: bool) -> Outcome:
    """Make the file what is asked. Raises a ContainerNetError before the first change."""
    where = state.paths(request.state_dir, request.unit)
    # The daemon reads through a link, and so does a write: the link stays.
    target = os.path.realpath(request.path)
    with nullcontext() if check_mode else state.lock(where):
        situation = _look(request, target, where, tools)
        decision = _decide(request, target, situation, where, tools)
        backup_file = None
        if not check_mode:
            backup_file = apply(request, target, situation, decision, where, tools)
    version = situation.daemon.version
    return Outcome(
        decision,
        _text(situation.content),
        _text(decision.content if decision.write else situation.content),
        f"{version[0]}.{version[1]}" if version else "",
        backup_file,
    )


def _text(content: state.Content | None) -> str:
    return "" if content is None else masked(content.data.decode("utf-8", "replace"))


# The password in //user:password@host, such as a proxy's; JSON may write a slash as \/.
_PASSWORD = re.compile(r"""((?:\\?/){2}[^/\s":@]*):[^/\s"]*@""")


def masked(text: str) -> str:
    """The text as others may see it: without the passwords in its URLs."""
    return _PASSWORD.sub(r"\1:********@", text)


def _look(request: Request, target: str, where: state.Paths, tools: Tools) -> Situation:
    if os.path.isdir(target):
        raise OptionError("path", request.path, "is a directory", "Name the file")
    content = state.read_content(target)
    previous = state.read_content(where.previous)
    have: Settings = {}
    # Going back needs no sense in the present file: it may be the reason to go back.
    if content is not None and request.action != "previous":
        have = parse(content.data, request.path)
    record = state.read_record(where)
    if record is not None and record.path != request.path and record.ours:
        raise OptionError(
            "path",
            request.path,
            f"{request.state_dir} already keeps the state of {record.path} for {request.unit}",
            "Give the unit that reads this file, or another state_dir",
        )
    daemon = host.inspect(request.unit, tools.run_command, request.check_with_dockerd != "never")
    before = parse(previous.data, where.previous) if previous else {}
    files = host.pidfiles(daemon, [have, before])
    process = host.running(files, request.unit, tools.run_command)
    marker = state.read_marker(where)
    pending = marker is not None and marker.holds_against(
        process, lambda: host.reloaded(request.unit, tools.run_command)
    )
    return Situation(
        content, have, daemon, process, record, marker, pending, before if pending else have
    )


def _decide(
    request: Request, target: str, now: Situation, where: state.Paths, tools: Tools
) -> Decision:
    warnings: list[str] = []
    if request.action == "present":
        warnings += check(request.want, now.daemon.version)
        new = _with_restored(merged(now.have, request.want), request, now, where)
        warnings += check_result(new, request.want, request.path)
        write = not same(new, now.have)
        content: state.Content | None = rendered(new, now.content)
        _refuse_conflicts(request, new, now.daemon)
        if write:
            _ask_dockerd(request, target, new, now.daemon, tools)
    elif request.action == "absent":
        content, new = _without_us(now, where)
        write = (content is None) != (now.content is None) or not same(new, now.have)
    else:
        content, new = _previous(request, now, where)
        write = (content.data if content else None) != (now.content.data if now.content else None)
    restart, reload = (False, False)
    keys = changed_keys(now.running_with, new)
    if now.process is not None and request.action != "previous":
        restart, reload = needs(now.running_with, new)
    pending = now.pending and (restart or reload)
    reason = "changed" if write else "pending" if pending else ""
    warnings += _elsewhere(request, now.daemon)
    return Decision(content, new, write, keys, restart, reload, reason, warnings)


def _refuse_conflicts(request: Request, new: Settings, daemon: host.Daemon) -> None:
    found = conflicts(new, daemon.command.flags if daemon.command else ())
    if found:
        listed = "; ".join(
            f"{item.key} stands in {request.path} and as {item.flag} in {item.source}"
            for item in found
        )
        raise RefusedError(
            f"settings: {listed}. dockerd refuses to start when a setting is given both ways:"
            " take it out of one of the two.",
            found,
        )


def _ask_dockerd(
    request: Request, target: str, new: Settings, daemon: host.Daemon, tools: Tools
) -> None:
    if request.check_with_dockerd == "never":
        return
    with tempfile.TemporaryDirectory(prefix="container_net.") as folder:
        candidate = os.path.join(folder, os.path.basename(target))
        with open(candidate, "w", encoding="utf-8") as file:
            file.write(render(new))
        must = request.check_with_dockerd == "always"
        complaint = host.validate(daemon, candidate, tools.run_command, must)
    if complaint is not None:
        raise RefusedError(
            f"settings: {daemon.program} --validate refuses the new {request.path}: {complaint}."
            " Nothing was written. Correct the settings it names.",
            [],
        )


def _elsewhere(request: Request, daemon: host.Daemon) -> list[str]:
    configured = daemon.command.value_of("config-file") if daemon.command else None
    if configured and os.path.realpath(configured) != os.path.realpath(request.path):
        return [f"path: {request.unit} reads {configured}, not {request.path}"]
    return []


def _without_us(now: Situation, where: state.Paths) -> tuple[state.Content | None, Settings]:
    """The user's own file: byte for byte when nobody but us touched it."""
    if now.record is None or not now.record.ours:
        return now.content, now.have
    original = state.read_content(where.original) if now.record.original_existed else None
    before = parse(original.data, where.original) if original else {}
    new = restored(before, written_last(now.record, now.have), now.have)
    if original is not None and same(new, before):
        return original, before
    if not new and not now.record.original_existed:
        return None, {}
    return rendered(new, original or now.content), new


def _with_restored(new: Settings, request: Request, now: Situation, where: state.Paths) -> Settings:
    """Keys that were ours and are not asked for any more, as they would be without us."""
    want = request.want
    ours = now.record is not None and now.record.ours
    if not request.restore or want.replace or not ours:
        return new
    dummy, without = _without_us(now, where)
    names = [n for n in request.restore if n not in want.settings and n not in want.remove]
    kept = {name: value for name, value in new.items() if name not in names}
    return {**kept, **{name: without[name] for name in names if name in without}}


def _previous(
    request: Request, now: Situation, where: state.Paths
) -> tuple[state.Content | None, Settings]:
    if now.record is None:
        raise HostError(
            f"state: 'previous': nothing is kept in {where.folder} for {request.path}."
            " Only a file that this module wrote can go back."
        )
    content = state.read_content(where.previous) if now.record.previous_existed else None
    return content, parse(content.data, where.previous) if content else {}
