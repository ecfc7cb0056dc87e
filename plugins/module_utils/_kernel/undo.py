# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take back what a run did, in reverse, and put back what that took from others."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable
from typing import Optional

from .._errors import ContainerNetError, HostError
from .._topology.operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    AttachNamespace,
    DeleteLink,
    DeleteNamespace,
    MoveLink,
    Operation,
    SetEntry,
    SetLink,
)
from .apply import Applier
from .netlink import NetlinkError
from .render import move_link
from .session import Session
from .snapshot import Snapshot

# The operation that is still to be done, where one would help, and why it failed.
Leftover = tuple[Optional[Operation], str]


def undo(session: Session, applier: Applier, snapshot: Snapshot) -> list[Leftover]:
    """Undo everything in ``applier.done``; returns what could not be, with the kernel's word."""
    left: list[Leftover] = []
    back = Applier(session)
    goes_along = _GoesAlong(applier)
    for kind, group in itertools.groupby(reversed(applier.done), type):
        todo = [operation for operation in group if not goes_along.covers(operation)]
        if kind is AddLink:
            todo = _delete_many(session, back, todo)
        for operation in todo:
            try:
                _take_back(session, back, operation)
            except (ContainerNetError, OSError) as error:
                left.append((operation.inverse(), str(error)))
    # A namespace that this run began to make but could not finish is already gone.
    session.spaces.let_go()
    try:
        problems = snapshot.restore()
    except (HostError, OSError) as error:
        problems = [str(error)]
    left.extend((None, problem) for problem in problems)
    return left


class _GoesAlong:
    """What goes with a namespace or link of this run, and so needs no undo of its own."""

    def __init__(self, applier: Applier) -> None:
        # A link that was moved into a new namespace has to come out again, as it was.
        moved = {o.target for o in applier.done if isinstance(o, MoveLink)}
        self._namespaces = applier.made - moved
        self._links = {end.key for o in applier.done if isinstance(o, AddLink) for end in o.ends}

    def covers(self, operation: Operation) -> bool:
        if isinstance(operation, AddNamespace):
            return False
        if isinstance(operation, AddLink):
            return all(end.netns in self._namespaces for end in operation.ends)
        if operation.netns in self._namespaces:
            return True
        if not isinstance(operation, (SetLink, SetEntry, AddAddress)):
            return False
        return (operation.netns, operation.name) in self._links


def _delete_many(session: Session, back: Applier, links: list[Operation]) -> list[Operation]:
    """Delete new links all at once; those for which that did not work are handed back."""
    deletes: dict[str, list[Operation]] = {}
    rest = []
    for link in links:
        ends = [end.key for end in link.ends] if isinstance(link, AddLink) else []
        there = [key for key in ends if session.spaces.exists(key[0])]
        if there:
            deletes.setdefault(there[0][0], []).append(DeleteLink(*there[0], ""))
            rest.append(link)
    with contextlib.suppress(ContainerNetError, OSError):
        for operations in deletes.values():
            back.run(operations)
        return []
    return rest


def _take_back(session: Session, back: Applier, operation: Operation) -> None:
    if isinstance(operation, MoveLink):
        _move_back(session, operation)
        return
    if isinstance(operation, AttachNamespace):
        session.forget_socket(operation.netns)
        session.spaces.detach(operation.netns, operation.replaces)
        return
    if isinstance(operation, DeleteNamespace):
        session.spaces.restore(operation.netns)
        return
    if isinstance(operation, AddLink):
        # Either end takes the other along.
        ends: Iterable[tuple[str, str]] = [end.key for end in operation.ends]
        for netns, name in ends:
            if not session.spaces.exists(netns):
                continue
            back.one(DeleteLink(netns, name, operation.kind))
            return
    back.one(operation.inverse())


def _move_back(session: Session, operation: MoveLink) -> None:
    """Home, and with the ifindex it had, as far as that is free."""
    key = (operation.target, operation.name)
    number = session.index(key)
    socket = session.socket(operation.target)
    with session.spaces.opened(operation.netns) as fd:
        error: NetlinkError | None = socket.send([move_link(number, fd, operation.index)])[0]
        if error is not None:
            error = socket.send([move_link(number, fd)])[0]
    if error is not None:
        raise error
    session.indexes.pop(key, None)
    session.learn(operation.netns, [operation.name])
