# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connections of one run: an rtnetlink socket for each namespace in use, and ifindexes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from .._errors import HostError
from .._topology.model import HOST, Key
from .dump import link_indexes
from .namespaces import Namespaces
from .netlink import GETLINK, Request, Socket, attr_text, attr_u32, link_body

_EXT_MASK, _SKIP_STATS, _IFNAME = 29, 8, 3
_NO_STATS = attr_u32(_EXT_MASK, _SKIP_STATS)
_OPEN_AT_ONCE = 32
_FEW = 16


class Session:
    """Knows the ifindex of each link that was read or made, and opens sockets when needed."""

    def __init__(self, spaces: Namespaces, indexes: dict[Key, int]) -> None:
        self.spaces = spaces
        self.indexes = dict(indexes)
        self._sockets: dict[str, Socket] = {}

    def close(self) -> None:
        for socket in self._sockets.values():
            socket.__exit__()
        self._sockets.clear()

    def socket(self, netns: str) -> Socket:
        """The socket in a namespace; only a few besides the host's stay open."""
        found = self._sockets.get(netns)
        if found is None:
            if len(self._sockets) > _OPEN_AT_ONCE:
                for name in [name for name in self._sockets if name != HOST]:
                    self.forget_socket(name)
            with self.spaces.entered(netns):
                found = Socket()
            self._sockets[netns] = found
        return found

    def forget_socket(self, netns: str) -> None:
        """Close it: a socket keeps a namespace alive."""
        found = self._sockets.pop(netns, None)
        if found is not None:
            found.__exit__()

    def index(self, key: Key) -> int:
        """The ifindex; looked up by name when the link is one that this run made."""
        found = self.indexes.get(key)
        if found is None:
            self.learn(key[0], [key[1]])
            found = self.indexes.get(key)
        if found is None:
            raise HostError(f"The link {key[1]} is gone.")
        return found

    def learn(self, netns: str, names: Sequence[str], peers: Sequence[Key | None] = ()) -> None:
        """Find the ifindexes of links that were just made.

        A veth knows its other end's, so that one of ``peers`` needs no question of its own.
        Where many are new all links are dumped: asked for one by itself, the kernel first settles
        whether that link has a carrier, and waits for an RCU grace period each time. For 1,000
        new pairs that took as long as a third of their making.
        """
        others = dict(itertools.zip_longest(names, peers))
        for body in self._bodies(netns, names):
            name, index, other = link_indexes(body)
            if name in others:
                self.indexes[(netns, name)] = index
                peer = others[name]
                # Before Linux 5 it is left out where both ends have the same number.
                if peer is not None and other:
                    self.indexes[peer] = other

    def _bodies(self, netns: str, names: Sequence[str]) -> Iterator[bytes]:
        socket = self.socket(netns)
        if len(names) > _FEW:
            yield from socket.dump(GETLINK, link_body() + _NO_STATS)
        elif names:
            requests = [
                Request(GETLINK, 0, link_body() + attr_text(_IFNAME, name) + _NO_STATS)
                for name in names
            ]
            for answer in socket.get(requests):
                if isinstance(answer, bytes):
                    yield answer

    def renamed(self, old: Key, new: Key) -> None:
        number = self.indexes.pop(old, None)
        if number is not None:
            self.indexes[new] = number
