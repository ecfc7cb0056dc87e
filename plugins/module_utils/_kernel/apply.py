# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out operations, in as few system calls as is safe.

Inside one send nothing depends on an earlier request of the same send, except in a namespace that
this run made (G1): the kernel goes on after a refused request, and in a namespace that others use
the name or ifindex may be a stranger's.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

from .._errors import ContainerNetError, HostError
from .._topology.model import HOST, Key
from .._topology.operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    AttachNamespace,
    DeleteLink,
    DeleteNamespace,
    MoveLink,
    Operation,
    RenameLink,
    SetEntry,
    SetLink,
    SetSysctl,
)
from .._topology.stage import Stage
from . import sysctl
from .namespaces import prepare_directory
from .netlink import NetlinkError, Request, Socket
from .render import add_link, delete_group, links_of_group, move_link, request, set_group
from .session import Session

_BATCH = 64
_SINGLES = (AddNamespace, AttachNamespace, DeleteNamespace, MoveLink, SetSysctl)
_MANY = 8


class OperationError(ContainerNetError):
    """An operation was refused. ``reason`` is the kernel's word."""

    def __init__(self, operation: Operation, reason: str) -> None:
        super().__init__(reason)
        self.operation = operation
        self.reason = reason


class Applier:
    """``done`` holds what was acknowledged, in order, whatever came of the rest.

    ``complete`` is called with the name of each new namespace that got its last request, and with
    the socket in there.
    """

    def __init__(
        self, session: Session, complete: Callable[[str, Socket], object] | None = None
    ) -> None:
        self._session = session
        self._complete = complete
        self.done: list[Operation] = []
        self.made: set[str] = set()

    def run(self, operations: Sequence[Operation]) -> None:
        """Do all; raises OperationError at the first refusal (after the send it was part of)."""
        structure = [o for o in operations if o.stage <= Stage.UPPER]
        details = [o for o in operations if Stage.UPPER < o.stage < Stage.VERIFY]
        deletes = [o for o in operations if o.stage > Stage.VERIFY]
        self._stages(structure)
        # Stage by stage within a namespace, one namespace after the other; new ones first, as
        # what is outside of them opens them to the traffic of others.
        for netns, group in sorted(_by_namespace(details), key=self._is_older):
            self._namespace(netns, group)
        self._stages(deletes)

    def _is_older(self, group: tuple[str, list[Operation]]) -> bool:
        return group[0] not in self.made

    def _stages(self, operations: Iterable[Operation]) -> None:
        for dummy, group in itertools.groupby(operations, key=_stage_of):
            self._stage(list(group))

    def _stage(self, group: list[Operation]) -> None:
        first = group[0]
        if isinstance(first, (AddNamespace, AttachNamespace)):
            prepare_directory()
        if isinstance(first, AddLink):
            links = [o for o in group if isinstance(o, AddLink)]
            if first.lower:
                for netns, operations in _by_namespace(links):
                    self._add_links([o for o in operations if isinstance(o, AddLink)], netns)
            else:
                self._add_links(links)
            return
        for netns, operations in _by_namespace(group):
            if isinstance(first, DeleteLink) and len(operations) >= _MANY:
                self._delete_links(netns, operations)
            elif isinstance(first, _SINGLES):
                for operation in operations:
                    self.one(operation)
            else:
                self._send(netns, operations)

    def one(self, operation: Operation) -> None:
        """A single operation by itself."""
        try:
            if isinstance(operation, AddNamespace):
                self._add_namespace(operation)
            elif isinstance(operation, AttachNamespace):
                self._session.spaces.attach(operation.netns, operation.replaces)
            elif isinstance(operation, DeleteNamespace):
                self._session.forget_socket(operation.netns)
                self._session.spaces.remove(operation.netns)
            elif isinstance(operation, SetSysctl):
                with self._session.spaces.entered(operation.netns):
                    sysctl.write(operation.path, operation.value)
            elif isinstance(operation, MoveLink):
                self._move(operation)
            elif isinstance(operation, AddLink):
                self._add_links([operation], operation.netns if operation.lower else HOST)
                return
            else:
                self._send(operation.netns, [operation])
                return
        except (HostError, OSError) as error:
            raise OperationError(operation, _reason(error)) from error
        self.done.append(operation)

    def _add_namespace(self, operation: AddNamespace) -> None:
        if operation.stale:
            self._session.spaces.remove_stale(operation.netns)
        with self._session.spaces.created(operation.netns):
            self.made.add(operation.netns)
        self._session.indexes[(operation.netns, "lo")] = 1

    def _move(self, operation: MoveLink) -> None:
        session = self._session
        key = (operation.netns, operation.name)
        number = session.index(key)
        with session.spaces.opened(operation.target) as fd:
            error = session.socket(operation.netns).send([move_link(number, fd)])[0]
        if error:
            raise error
        session.indexes.pop(key)
        session.learn(operation.target, [operation.name])

    def _add_links(self, operations: list[AddLink], maker: str = HOST) -> None:
        """Ends are made in their namespaces by the host's socket, which enters none.

        A link over another one leaves its packets in the namespace of the socket that made it.
        """
        before = len(self.done)
        try:
            self._send_links(operations, maker)
        finally:
            self._learn([o for o in self.done[before:] if isinstance(o, AddLink)])

    def _send_links(self, operations: list[AddLink], maker: str) -> None:
        for start in range(0, len(operations), _BATCH):
            chunk = operations[start : start + _BATCH]
            with ExitStack() as stack:
                fds: dict[str, int] = {}
                requests = []
                for operation in chunk:
                    for end in operation.ends:
                        if end.netns not in fds:
                            fds[end.netns] = stack.enter_context(
                                self._session.spaces.opened(end.netns)
                            )
                    requests.append(self._add_link(operation, fds))
                self._acknowledge(maker, chunk, requests)

    def _add_link(self, operation: AddLink, fds: dict[str, int]) -> Request:
        peer = fds[operation.peer.netns] if operation.peer else -1
        return add_link(operation, self._session.index, fds[operation.netns], peer)

    def _delete_links(self, netns: str, operations: list[Operation]) -> None:
        """All in one request: the kernel waits for each request of its own some 10 to 20 ms.

        They are put into a group that nobody else uses, and the group is deleted. Where that does
        not work they go one by one.
        """
        session = self._session
        socket = session.socket(netns)
        indexes = [
            session.index((o.netns, o.name)) for o in operations if isinstance(o, DeleteLink)
        ]
        group = int.from_bytes(os.urandom(4), "little") | 1 << 16
        for start in range(0, len(indexes), _BATCH):
            socket.send([set_group(index, group) for index in indexes[start : start + _BATCH]])
        if set(links_of_group(socket, group)) <= set(indexes):
            refusal = socket.send([delete_group(group)])[0]
            if refusal is None:
                for operation in operations:
                    self.done.append(operation)
                    self._follow(operation)
                return
        self._send(netns, operations)

    def _learn(self, operations: Iterable[AddLink]) -> None:
        """Of pairs with no end but in new namespaces later, when those are entered anyway."""
        ends: dict[str, list[str]] = {}
        peers: dict[str, list[Key | None]] = {}
        for operation in operations:
            end = operation.near
            if end.netns not in self.made:
                ends.setdefault(end.netns, []).append(end.name)
                peer = operation.peer.key if operation.peer else None
                peers.setdefault(end.netns, []).append(peer)
            elif operation.peer and operation.peer.netns not in self.made:
                ends.setdefault(operation.peer.netns, []).append(operation.peer.name)
                peers.setdefault(operation.peer.netns, []).append(end.key)
        for netns, names in ends.items():
            self._session.learn(netns, names, peers[netns])

    def _namespace(self, netns: str, operations: list[Operation]) -> None:
        """All details of one namespace; in one send when the namespace is ours alone."""
        alone = netns in self.made
        if alone:
            self._session.learn(netns, _new_names(self._session, operations))
        key = _is_sysctl if alone else _stage_of
        for dummy, group in itertools.groupby(operations, key=key):
            same = list(group)
            if isinstance(same[0], SetSysctl):
                for operation in same:
                    self.one(operation)
            else:
                self._send(netns, same)
        if alone and self._complete is not None:
            self._complete(netns, self._session.socket(netns))
        if netns != HOST:
            self._session.forget_socket(netns)

    def _send(self, netns: str, operations: Sequence[Operation]) -> None:
        for start in range(0, len(operations), _BATCH):
            chunk = operations[start : start + _BATCH]
            requests = []
            for operation in chunk:
                try:
                    requests.append(request(operation, self._session.index))
                except HostError as error:
                    raise OperationError(operation, _reason(error)) from error
            self._acknowledge(netns, chunk, requests)

    def _acknowledge(
        self, netns: str, operations: Sequence[Operation], requests: list[Request]
    ) -> None:
        """Everything that was acknowledged counts as done, wherever it stood (G1)."""
        failed: OperationError | None = None
        try:
            results = self._session.socket(netns).send(requests)
        except (HostError, OSError) as error:
            raise OperationError(operations[0], _reason(error)) from error
        for operation, refusal in zip(operations, results):
            if refusal is None:
                self.done.append(operation)
                self._follow(operation)
            elif failed is None:
                failed = OperationError(operation, _reason(refusal))
        if failed is not None:
            raise failed

    def _follow(self, operation: Operation) -> None:
        """Keep the ifindexes true."""
        if isinstance(operation, RenameLink):
            netns = operation.netns
            self._session.renamed((netns, operation.name), (netns, operation.target))
        elif isinstance(operation, DeleteLink):
            self._session.indexes.pop((operation.netns, operation.name), None)


def _new_names(session: Session, operations: Sequence[Operation]) -> list[str]:
    names = dict.fromkeys(
        o.name for o in operations if isinstance(o, (SetLink, AddAddress, SetEntry))
    )
    netns = operations[0].netns
    return [name for name in names if (netns, name) not in session.indexes]


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, NetlinkError):
        return error.strerror or str(error)
    return str(error)


def _stage_of(operation: Operation) -> int:
    return operation.stage


def _is_sysctl(operation: Operation) -> int:
    return isinstance(operation, SetSysctl)


def _by_namespace(operations: Iterable[Operation]) -> list[tuple[str, list[Operation]]]:
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        found.setdefault(operation.netns, []).append(operation)
    return list(found.items())
