# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take back what a run did, in reverse, and put back what that took from others."""

from __future__ import annotations

import contextlib
import itertools
import shlex
from collections.abc import Iterable
from dataclasses import replace

from .._errors import ContainerNetError, HostError
from .._topology.commands import command
from .._topology.operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    AttachNamespace,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    MoveLink,
    Operation,
    RenameLink,
    SetEntry,
    SetLink,
)
from .apply import Applier
from .netlink import NetlinkError
from .render import move_link
from .session import Session
from .snapshot import REMEMBERED, Snapshot
from .waiting import wait_for_indexes
from .words import ip

# The commands that are still to be done, and why what they do failed.
Leftover = tuple[tuple[str, ...], str]

# What could not be taken back, and why.
Refusal = tuple[Operation, str]


def undo(session: Session, applier: Applier, snapshot: Snapshot) -> list[Leftover]:
    """Undo everything in ``applier.done``; returns what could not be, with the kernel's word."""
    back = Applier(session)
    goes_along = _GoesAlong(applier)
    refused: list[Refusal] = []
    for kind, group in itertools.groupby(reversed(applier.done), type):
        todo = [operation for operation in group if not goes_along.covers(operation)]
        if kind is AddLink:
            todo = _delete_many(session, back, todo)
        _try(session, back, todo, refused)
    failed = [operation for operation, dummy in _let_go(session, refused)]
    problems = _restore(snapshot)
    # What was in its way may be gone, and some of it the snapshot has done.
    failed = [o for o in failed if not (isinstance(o, SetLink) and o.key in REMEMBERED)]
    refused = []
    _try(session, back, failed, refused)
    refused = _let_go(session, refused)
    if len(refused) < len(failed):
        problems = _restore(snapshot)
    left = [(_repair(session, operation), reason) for operation, reason in refused]
    said = {command for commands, dummy in left for command in commands}
    return [*left, *(problem for problem in problems if not said.issuperset(problem[0] or ("",)))]


def _try(
    session: Session, back: Applier, operations: Iterable[Operation], refused: list[Refusal]
) -> None:
    """Take one after the other back; ``refused`` gets those for which that did not work."""
    for operation in operations:
        try:
            if isinstance(operation, AddNamespace):
                _refuse_to_lose(operation.netns, refused)
            _take_back(session, back, operation)
        except (ContainerNetError, OSError) as error:
            refused.append((operation, str(error)))
        else:
            refused[:] = [(_followed(other, operation), reason) for other, reason in refused]


def _refuse_to_lose(netns: str, refused: Iterable[Refusal]) -> None:
    """A link that did not come out of a new namespace would be destroyed with it."""
    for operation, dummy in refused:
        if isinstance(operation, MoveLink) and operation.target == netns:
            raise HostError(f"link {operation.name} is still in it")


def _let_go(session: Session, refused: Iterable[Refusal]) -> list[Refusal]:
    """Let the kernel take down the new namespaces; what is still refused afterwards.

    What could not be undone inside of one goes with it. The link whose other end is in one does so
    some time later (G8), and until then it has its name, which another link may have to get back.
    """
    # A namespace that this run began to make but could not finish is already gone.
    session.spaces.let_go()
    going: dict[Operation, list[tuple[str, int]]] = {}
    for operation, dummy in refused:
        if isinstance(operation, AddLink):
            there = [end.key for end in operation.ends if session.spaces.exists(end.netns)]
            if len(there) < len(operation.ends):
                going[operation] = [(key[0], session.indexes.get(key, 0)) for key in there]
        elif not isinstance(operation, DeleteNamespace) and not session.spaces.exists(
            operation.netns
        ):
            going[operation] = []
    stay = wait_for_indexes(session.spaces, itertools.chain(*going.values()))
    return [r for r in refused if r[0] not in going or not stay.isdisjoint(going[r[0]])]


def _restore(snapshot: Snapshot) -> list[Leftover]:
    try:
        return [((repair,), reason) for repair, reason in snapshot.restore()]
    except (HostError, OSError) as error:
        return [((), f"What others had could not be looked after: {error}")]


def _followed(operation: Operation, undone: Operation) -> Operation:
    """An operation on a link that got its old name or place back, since it was tried."""
    if isinstance(operation, (SetLink, AddAddress, DeleteAddress)):
        if isinstance(undone, RenameLink):
            if (operation.netns, operation.name) == (undone.netns, undone.target):
                return replace(operation, name=undone.name)
        elif isinstance(undone, MoveLink) and (operation.netns, operation.name) == (
            undone.target,
            undone.name,
        ):
            return replace(operation, netns=undone.netns)
    return operation


def _repair(session: Session, operation: Operation) -> tuple[str, ...]:
    """The commands that take an operation back; a link is named by an end that is there."""
    inverse = operation.inverse()
    if isinstance(operation, AddLink):
        for end in operation.ends:
            if session.spaces.exists(end.netns):
                inverse = DeleteLink(end.netns, end.name, operation.kind)
                break
    if isinstance(inverse, SetLink) and inverse.key == "alias":
        # A mark, which commands leave out otherwise.
        link = f"{ip(inverse.netns)} link set dev {shlex.quote(inverse.name)}"
        return (f"{link} alias {shlex.quote(str(inverse.value))}",)
    return tuple(command(inverse))


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
    asked: dict[str, dict[Operation, Operation]] = {}
    for link in links:
        ends = [end.key for end in link.ends] if isinstance(link, AddLink) else []
        there = [key for key in ends if session.spaces.exists(key[0])]
        if there:
            asked.setdefault(there[0][0], {})[DeleteLink(*there[0], "")] = link
    for deletes in asked.values():
        with contextlib.suppress(ContainerNetError, OSError):
            back.run(list(deletes))
    done = set(back.done)
    return [link for d in asked.values() for delete, link in d.items() if delete not in done]


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
        _delete_link(session, back, operation)
        return
    inverse = operation.inverse()
    # It may be there again already.
    back.one(replace(inverse, again=True) if isinstance(inverse, AddAddress) else inverse)


def _delete_link(session: Session, back: Applier, operation: AddLink) -> None:
    """Either end takes the other along, at once: its namespace would do so only later (G8)."""
    refusal: ContainerNetError | None = None
    for end in operation.ends:
        if session.spaces.exists(end.netns):
            try:
                back.one(DeleteLink(end.netns, end.name, operation.kind))
                return
            except ContainerNetError as error:
                refusal = refusal or error
    if refusal is not None:
        raise refusal


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
