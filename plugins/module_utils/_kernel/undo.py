# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take back what a run did, in reverse, and put back what that took from others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from .._errors import ContainerNetError, HostError
from .._topology.operations import (
    AddLink,
    AddNamespace,
    DeleteLink,
    DeleteNamespace,
    MoveLink,
    Operation,
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
    for operation in reversed(applier.done):
        if _goes_with_namespace(operation, applier.made):
            continue
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


def _goes_with_namespace(operation: Operation, made: set[str]) -> bool:
    """What is inside a namespace of this run needs no undo but the namespace's own."""
    if isinstance(operation, AddNamespace):
        return False
    if isinstance(operation, AddLink):
        return all(end.netns in made for end in operation.ends)
    return operation.netns in made


def _take_back(session: Session, back: Applier, operation: Operation) -> None:
    if isinstance(operation, MoveLink):
        _move_back(session, operation)
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
