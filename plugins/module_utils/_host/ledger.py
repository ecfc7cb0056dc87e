# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledger of one topology during a run: what it owns, is about to make, and owns now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .._topology.model import HOST, ROUTE_PROTOCOL, Have, Key, Owned, Want
from .._topology.operations import (
    AddLink,
    AddNamespace,
    AttachNamespace,
    Operation,
    SetRoute,
    SetSysctl,
)
from .state import RouteKey, State, StateFile


class Ledger:
    """Loads the state file; ``journal`` and ``settle`` write it."""

    def __init__(self, topology: str, file: StateFile | None = None) -> None:
        self._file = file or StateFile(topology)
        self.exists = self._file.exists()
        self._loaded = self._file.load()
        self._others = self._file.others()
        self._state = self._loaded
        # Whether something that was made is not where it was, so that it may be anywhere.
        self.strayed = False
        self._looked = False

    @property
    def owned(self) -> Owned:
        return replace(self._state.owned(), others_routes=self._others)

    def look_for_strays(self, have: Have) -> bool:
        """After the first read: whether links that were there when the last run ended are not."""
        if not self._looked:
            self._looked = True
            self.strayed = any(
                key[0] in have.looked and have.link(key) is None for key in self._loaded.links
            )
        return self.strayed

    def journal(self, operations: Iterable[Operation]) -> None:
        """Put on disk what is about to be made, before it is."""
        namespaces = set(self._state.pending_namespaces)
        links = dict(self._state.pending_links)
        sysctls = {netns: dict(values) for netns, values in self._state.sysctls.items()}
        attached = dict(self._state.attached)
        routes = set(self._state.routes)
        for operation in operations:
            if isinstance(operation, AddNamespace):
                namespaces.add(operation.netns)
                # What one of that name had before says nothing of a new one.
                sysctls.pop(operation.netns, None)
            elif isinstance(operation, AttachNamespace):
                attached[operation.netns] = operation.identity
            elif isinstance(operation, AddLink):
                for end in operation.ends:
                    links[end.key] = end.mac or ""
            elif isinstance(operation, SetRoute):
                # Their mark tells that they are a topology's, but not whose.
                routes.add(operation.route.key)
            elif isinstance(operation, SetSysctl):
                # Only the first value is the one from before us.
                values = sysctls.setdefault(operation.netns, {})
                values.setdefault(operation.path, operation.before)
        pending = replace(
            self._state,
            routes=frozenset(routes),
            pending_namespaces=frozenset(namespaces),
            pending_links=links,
            sysctls=sysctls,
            attached=attached,
        )
        if pending != self._state:
            self._file.store(pending)
            self._state = pending

    def revert(self) -> None:
        """After a complete undo the old state is the true one."""
        if self._state != self._loaded:
            self._file.store(self._loaded)
            self._state = self._loaded

    def settle(self, have: Have, want: Want) -> bool:
        """Write what is owned now, as the marks say; returns whether the file changed."""
        state = _settled(self._state, have, want)
        theirs = set(self._others) - self._loaded.routes
        if want.adopt is not True:
            state = replace(state, routes=state.routes - theirs)
        if state == self._loaded and state == self._state:
            self._file.tidy()
            return False
        self._file.store(state)
        self._state = state
        return True


def _settled(old: State, have: Have, want: Want) -> State:
    """What was not looked at stays as it was."""
    read = have.namespaces

    def unseen(netns: str) -> bool:
        return netns not in have.looked

    namespaces = {name for name in old.namespaces if unseen(name)}
    links: set[Key] = {key for key in old.links if unseen(key[0])}
    routes: set[RouteKey] = {key for key in old.routes if unseen(key[0])}
    sysctls = {
        netns: values for netns, values in old.sysctls.items() if netns in read or unseen(netns)
    }
    if want.prune:
        # The others have their old value again.
        named = {n.name: {path for path, dummy in n.sysctls} for n in want.namespaces}
        kept = {
            netns: {path: value for path, value in values.items() if path in named.get(netns, ())}
            for netns, values in sysctls.items()
        }
        sysctls = {netns: values for netns, values in kept.items() if values}
    mine = {route.key for route in want.routes} | old.routes
    for name, namespace in read.items():
        loopback = namespace.links.get("lo")
        if name != HOST and loopback is not None and loopback.alias == want.mark:
            namespaces.add(name)
        for link in namespace.links.values():
            if not link.loopback and link.alias == want.mark:
                links.add(link.key)
        there = {route.key for route in namespace.routes if route.protocol == ROUTE_PROTOCOL}
        routes |= there & mine
    return State(
        frozenset(namespaces),
        frozenset(links),
        frozenset(routes),
        sysctls,
        frozenset(name for name in old.pending_namespaces if unseen(name)),
        {key: mac for key, mac in old.pending_links.items() if unseen(key[0])},
        {n: known for n, known in old.attached.items() if unseen(n) or n in have.attached},
    )
