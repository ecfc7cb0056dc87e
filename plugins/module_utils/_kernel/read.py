# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""read(): what the kernel has of everything that a want speaks of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from .._topology.kinds import KINDS
from .._topology.model import (
    HOST,
    Have,
    Identity,
    Key,
    Namespace,
    Owned,
    Want,
    default_path,
)
from . import sysctl
from .dump import Details, RawNamespace, dump_namespace, join, read_namespace
from .namespaces import Namespaces, processes_in
from .netlink import Socket
from .pairs import Pairs, ask_nsids

NOTHING_OWNED = Owned()


def read(
    spaces: Namespaces,
    want: Want,
    owned: Owned = NOTHING_OWNED,
    everywhere: bool = False,
    with_owned: bool = False,
    seen: Seen | None = None,
) -> Have:
    """Dump the host's namespace and the want's; the owned ones, or all, when asked.

    What was ``seen`` is not dumped again.
    """
    reader = _Reader(spaces, want, owned if with_owned else NOTHING_OWNED)
    names = dict.fromkeys(want.namespace_names())
    if with_owned:
        places = owned.namespaces | owned.pending_namespaces | owned.places | set(owned.attached)
        names.update(dict.fromkeys(sorted(places)))
    if everywhere:
        names.update(dict.fromkeys(spaces.list()))
    with spaces.opening_once():
        reader.read(names, seen)
        reader.resolve()
    return reader.have(owned)


class Seen:
    """New namespaces as a run left them, dumped in the visit that filled them.

    A second visit comes when the kernel is busy with the links that went up meanwhile, and took as
    long as a third of the run with 1,000 namespaces. What an option names outside of them (the
    ends in other namespaces) may still change, and so is read at the end.
    """

    def __init__(self, spaces: Namespaces, want: Want) -> None:
        self._spaces = spaces
        self._reader = _Reader(spaces, want, NOTHING_OWNED)
        self._found: dict[str, tuple[Identity, RawNamespace, dict[int, str]]] = {}

    def look(self, name: str, socket: Socket) -> None:
        """Dump the namespace of the socket."""
        self._found[name] = (
            self._spaces.identity_of(name),
            *self._reader.look(name, socket),
        )

    def get(self, name: str) -> tuple[RawNamespace, dict[int, str]] | None:
        """The namespace of that name, if it is the one that was seen."""
        found = self._found.get(name)
        if found is None or self._spaces.named(name) != found[0]:
            return None
        return found[1:]


class _Reader:
    def __init__(self, spaces: Namespaces, want: Want, owned: Owned) -> None:
        self._spaces = spaces
        self._want = want
        self._raws: dict[str, RawNamespace] = {}
        self._asked: set[str] = set()
        self._stale: set[str] = set()
        self._pairs = Pairs(self._raws)
        self._sysctls = {
            n.name: [found for path, dummy in n.sysctls for found in (path, default_path(path))]
            for n in want.namespaces
        }
        for name, values in owned.sysctls.items():
            if name in self._sysctls:
                self._sysctls[name].extend(path for path in values)
        self._named: dict[str, set[str]] = {}
        self._kinds = frozenset(link.kind for link in want.links if KINDS[link.kind].unique)
        self._partners: dict[str, dict[str, None]] = {}
        for link in want.links:
            if link.options:
                self._named.setdefault(link.netns, set()).add(link.name)
            if link.peer and link.first and HOST not in (link.netns, link.peer[0]):
                self._partners.setdefault(link.netns, {})[link.peer[0]] = None

    def read(self, names: Iterable[str], seen: Seen | None = None) -> None:
        """Dump each namespace once; one that is gone meanwhile is as good as missing."""
        nsids: dict[str, dict[int, str]] = {}
        host = None
        with contextlib.ExitStack() as stack:
            for name in names:
                if name in self._raws:
                    continue
                self._asked.add(name)
                known = seen.get(name) if seen else None
                if known is not None:
                    self._raws[name], nsids[name] = known
                    continue
                if not self._spaces.exists(name):
                    if self._spaces.is_stale(name):
                        self._stale.add(name)
                    continue
                raw, socket = read_namespace(
                    self._spaces,
                    name,
                    self._sysctls.get(name, ()),
                    self._details(name),
                )
                self._raws[name] = raw
                if name == HOST:
                    host = stack.enter_context(socket)
                    continue
                with socket:
                    nsids[name] = self._partners_of(name, socket)
            self._pairs.local()
            if host is not None:
                others = [name for name in self._raws if name != HOST]
                self._pairs.translate(HOST, ask_nsids(self._spaces, host, others))
        for name, numbers in nsids.items():
            self._pairs.translate(name, numbers)

    def look(self, name: str, socket: Socket) -> tuple[RawNamespace, dict[int, str]]:
        """Dump the namespace that the socket is in, and only that."""
        values: dict[str, str | None] = {}
        paths = self._sysctls.get(name)
        if paths:
            with self._spaces.entered(name):
                values = sysctl.read(paths)
        raw = dump_namespace(socket, name, values, self._details(name))
        return raw, self._partners_of(name, socket)

    def _partners_of(self, name: str, socket: Socket) -> dict[int, str]:
        """The numbers that a namespace has for those in which its links' other ends shall be."""
        partners = self._partners.get(name)
        return ask_nsids(self._spaces, socket, list(partners)) if partners else {}

    def _details(self, name: str) -> Details:
        return Details(frozenset(self._named.get(name, ())), self._kinds)

    def resolve(self) -> None:
        """Pairs between two namespaces that are not wanted that way, then those out of sight."""
        for name in list(self._raws):
            candidates = self._pairs.candidates(name)
            if candidates:
                self._translate(name, candidates)
        wanted = {link.key for link in self._want.links}
        for name in list(self._raws):
            if any(entry.link.key in wanted for entry in self._pairs.unresolved(name)):
                self._look_everywhere(name)

    def _look_everywhere(self, name: str) -> None:
        """A wanted end whose peer is in a namespace that nobody named: find and read that one."""
        hidden = [other for other in self._spaces.list() if other not in self._raws]
        hidden = [other for other in hidden if self._spaces.exists(other)]
        needed = {entry.peer_nsid for entry in self._pairs.unresolved(name)}
        with self._spaces.entered(name):
            socket = Socket()
        with socket:
            numbers = ask_nsids(self._spaces, socket, hidden)
        self.read([other for nsid, other in numbers.items() if nsid in needed])
        self._pairs.translate(name, numbers)

    def _translate(self, name: str, others: list[str]) -> None:
        with self._spaces.entered(name):
            socket = Socket()
        with socket:
            self._pairs.translate(name, ask_nsids(self._spaces, socket, others))

    def have(self, owned: Owned) -> Have:
        namespaces: dict[str, Namespace] = {}
        absent = {n.name for n in self._want.namespaces if not n.present}
        for name, raw in self._raws.items():
            namespace = join(raw, self._pairs.peers)
            if name in absent and processes_in(name):
                namespace = Namespace(
                    name, namespace.links, namespace.routes, namespace.sysctls, True
                )
            namespaces[name] = namespace
        live = self._spaces.held()
        named = {name: self._spaces.named(name) for name in {*live, *owned.attached}}
        unattached = {name for name in live if named[name] != live[name]}
        return Have(
            namespaces,
            frozenset(self._stale | {n for n in unattached if self._spaces.is_file(n)}),
            self._probe(),
            owned,
            frozenset(self._asked),
            live,
            frozenset(unattached),
            frozenset(name for name in unattached if named[name] is not None),
            frozenset(name for name, was in owned.attached.items() if named[name] == was),
        )

    def _probe(self) -> dict[str, dict[str, str | None]]:
        """The wanted sysctls of namespaces that do not exist, as a new namespace has them."""
        missing = {
            name: paths for name, paths in self._sysctls.items() if paths and name not in self._raws
        }
        if not missing:
            return {}
        with self._spaces.scratch():
            values = sysctl.read({path for paths in missing.values() for path in paths})
        return {
            name: {path: values[path] for path in paths if path in values}
            for name, paths in missing.items()
        }


def indexes(have: Have) -> dict[Key, int]:
    """The ifindex of every link that was read."""
    return {
        link.key: link.index
        for namespace in have.namespaces.values()
        for link in namespace.links.values()
    }
