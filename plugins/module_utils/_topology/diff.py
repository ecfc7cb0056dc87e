# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What --diff shows: a line for each touched property, before and after.

Built only when asked, and only from the operations. Past ``LINES_MAX`` lines Ansible's own
comparison would take longer than the run, so the lines come prepared.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Union

from .commands import entry_text, route_text
from .kinds import KINDS, words
from .model import HOST, Entry, with_peer
from .operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    AttachNamespace,
    DeleteAddress,
    DeleteEntry,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    End,
    MoveLink,
    Operation,
    RenameLink,
    SetEntry,
    SetLink,
    SetRoute,
    SetSysctl,
)

LINES_MAX = 200
# Properties of every link; the others are its kind's.
_COMMON = frozenset(("up", "mac", "mtu", "alias", "master"))

Line = Union[str, None]


def diff(operations: Iterable[Operation], more: Iterable[tuple[Line, Line]] = ()) -> dict[str, str]:
    """{"before": …, "after": …}, or {"prepared": …} when there is much of it.

    ``more``: lines of what is no operation.
    """
    before: list[str] = []
    after: list[str] = []
    prepared: list[str] = []
    pairs = [
        pair
        for operation in operations
        if not (isinstance(operation, (AddAddress, SetRoute)) and operation.again)
        for pair in _lines(operation)
    ]
    for old, new in (*pairs, *more):
        if old == new:
            # Only set again, after the kernel changed it.
            continue
        if old is not None:
            before.append(old)
            prepared.append(f"-{old}")
        if new is not None:
            after.append(new)
            prepared.append(f"+{new}")
    if len(prepared) > LINES_MAX:
        return {"prepared": "\n".join([*prepared, ""])}
    return {"before": _text(before), "after": _text(after)}


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _link(netns: str, name: str) -> str:
    return f"netns {netns} link {name}" if netns != HOST else f"link {name}"


def _new_end(end: End, kind: str) -> str:
    text = f"{_link(end.netns, end.name)} type {kind}"
    if end.mac:
        text += f" address {end.mac}"
    return f"{text} mtu {end.mtu}" if end.mtu else text


def _lines(operation: Operation) -> list[tuple[Line, Line]]:
    """Pairs of a line before and a line after."""
    if isinstance(operation, AddNamespace):
        return [(None, f"netns {operation.netns}")]
    if isinstance(operation, AttachNamespace):
        word, value = operation.source
        return [
            (
                f"netns {operation.netns} of another process" if operation.replaces else None,
                f"netns {operation.netns} of {word} {value}",
            )
        ]
    if isinstance(operation, DeleteNamespace):
        return [(f"netns {operation.netns}", None)]
    if isinstance(operation, AddLink):
        return _new_link(operation)
    if isinstance(operation, SetSysctl):
        name = f"netns {operation.netns} sysctl {operation.path.replace('/', '.')}"
        return [
            (
                f"{name} {operation.before}" if operation.before else None,
                f"{name} {operation.value}",
            )
        ]
    if isinstance(operation, (SetRoute, DeleteRoute)):
        return [_route_lines(operation)]
    name = _link(operation.netns, operation.name)
    if isinstance(operation, DeleteLink):
        return [(f"{name} type {operation.kind}", None)]
    if isinstance(operation, MoveLink):
        return [(name, _link(operation.target, operation.name))]
    if isinstance(operation, RenameLink):
        return [(name, _link(operation.netns, operation.target))]
    if isinstance(operation, SetEntry):
        before = _entry(name, operation.before) if operation.before else None
        return [(before, _entry(name, operation.entry))]
    if isinstance(operation, DeleteEntry):
        return [(_entry(name, operation.entry), None)]
    if isinstance(operation, AddAddress):
        return [(None, f"{name} address {with_peer(operation.interface, operation.peer)}")]
    if isinstance(operation, DeleteAddress):
        return [(f"{name} address {operation.address}", None)]
    return [_property(operation, name)]


def _entry(name: str, entry: Entry) -> str:
    return f"{name} fdb {entry.mac} {entry_text(entry)}"


def _new_link(operation: AddLink) -> list[tuple[Line, Line]]:
    found: list[tuple[Line, Line]] = [
        (None, _new_end(end, operation.kind)) for end in operation.ends
    ]
    name = _link(operation.netns, operation.near.name)
    for key, value in operation.options:
        found.append((None, f"{name} {words(operation.kind, key, value)}"))
    if operation.master:
        found.append((None, f"{name} master {operation.master}"))
    if operation.up:
        found.append((None, f"{name} up"))
    return found


def _property(operation: SetLink, name: str) -> tuple[Line, Line]:
    key = operation.key
    if key == "up":
        states = ("down", "up")
        return f"{name} {states[int(operation.before)]}", f"{name} {states[int(operation.value)]}"
    if operation.kind in KINDS and key not in _COMMON:
        old_value, new_value = operation.before, operation.value
        return (
            f"{name} {words(operation.kind, key, old_value)}",
            f"{name} {words(operation.kind, key, new_value)}",
        )
    # A link that is new has no MTU yet that would tell anything.
    known = operation.before != "" and not (key == "mtu" and not operation.before)
    old = f"{name} {key} {operation.before}" if known else None
    new = f"{name} {key} {operation.value}" if operation.value != "" else None
    return old, new


def _route_lines(operation: SetRoute | DeleteRoute) -> tuple[Line, Line]:
    place = f"netns {operation.netns} " if operation.netns != HOST else ""
    text = f"{place}route {route_text(operation.route)}"
    if isinstance(operation, DeleteRoute):
        return text, None
    before = operation.before
    return (f"{place}route {route_text(before)}" if before else None, text)
