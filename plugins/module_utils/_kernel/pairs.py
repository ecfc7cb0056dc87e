# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which two ends are a pair, across namespaces.

A veth knows its peer's ifindex and a number that its own namespace has for the peer's. The kernel
translates such a number when it is asked from inside that namespace, with a descriptor of the
other.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterable, Sequence

from .._topology.model import Key
from .dump import RawLink, RawNamespace
from .namespaces import Namespaces
from .netlink import GETNSID, Request, Socket, attr_u32, attributes

_NETNSA_NSID, _NETNSA_FD = 1, 3
_CHUNK = 64


def ask_nsids(spaces: Namespaces, socket: Socket, names: Sequence[str]) -> dict[int, str]:
    """The numbers that the socket's namespace has for others; those without one are left out."""
    found: dict[int, str] = {}
    for start in range(0, len(names), _CHUNK):
        with contextlib.ExitStack() as stack:
            chunk, requests = [], []
            for name in names[start : start + _CHUNK]:
                try:
                    fd = stack.enter_context(spaces.opened(name))
                except FileNotFoundError:
                    continue
                chunk.append(name)
                requests.append(Request(GETNSID, 0, bytes(4) + attr_u32(_NETNSA_FD, fd)))
            for name, answer in zip(chunk, socket.get(requests) if requests else ()):
                if not isinstance(answer, bytes):
                    continue
                for number, value in attributes(answer, 4):
                    nsid = struct.unpack("=i", value)[0] if number == _NETNSA_NSID else -1
                    if nsid >= 0:
                        found[nsid] = name
    return found


class Pairs:
    """Collects pairs; ``peers`` maps each known end to the other."""

    def __init__(self, raws: dict[str, RawNamespace]) -> None:
        self._raws = raws
        self.peers: dict[Key, Key] = {}

    def local(self) -> None:
        """Pairs with both ends in one namespace need no translation."""
        for raw in self._raws.values():
            for entry in self.unresolved(raw.name):
                if entry.peer_nsid is None:
                    self._join(entry, raw.links.get(entry.peer_index))

    def translate(self, name: str, nsids: dict[int, str]) -> None:
        """Resolve the veths of namespace ``name`` with the numbers that it has."""
        for entry in self.unresolved(name):
            if entry.peer_nsid is None or entry.peer_nsid not in nsids:
                continue
            other = self._raws.get(nsids[entry.peer_nsid])
            if other is not None:
                self._join(entry, other.links.get(entry.peer_index))

    def unresolved(self, name: str) -> list[RawLink]:
        return list(self._veths(self._raws[name]))

    def candidates(self, name: str) -> list[str]:
        """Read namespaces that may hold the other ends of those still unresolved in ``name``."""
        indexes = {(e.link.index, e.peer_index) for e in self._veths(self._raws[name])}
        if not indexes:
            return []
        return [
            other.name
            for other in self._raws.values()
            if other.name != name
            and any((e.peer_index, e.link.index) in indexes for e in self._veths(other))
        ]

    def _veths(self, raw: RawNamespace) -> Iterable[RawLink]:
        for entry in raw.links.values():
            if entry.link.kind == "veth" and entry.link.key not in self.peers:
                yield entry

    def _join(self, one: RawLink, other: RawLink | None) -> None:
        if other is None or other.link.kind != "veth" or other.peer_index != one.link.index:
            return
        self.peers[one.link.key] = other.link.key
        self.peers[other.link.key] = one.link.key
