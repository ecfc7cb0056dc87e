# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which links of a host hear each other: what is on the same segment, across namespaces. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .._topology.draft import place
from .._topology.model import HOST, Address, Key, Link, Namespace

# Of these nobody knows what is at their other end.
_OUTSIDE = ("", "vxlan", "gretap", "ip6gretap", "geneve", "wireguard", "tun", "vlan")


@dataclass
class Segment:
    """What can be reached from a link without a router.

    ``ends`` are links that may have addresses. ``broken`` says why something cannot be heard.
    ``addresses`` are those of the ends. ``bridges`` are those that pass packets on, ``outside``
    whether it goes on beyond the host.
    """

    ends: list[Link] = field(default_factory=list)
    bridges: list[Link] = field(default_factory=list)
    outside: bool = False
    broken: list[str] = field(default_factory=list)
    addresses: dict[Address, Link] = field(default_factory=dict)


class World:
    """The links of all namespaces; ``lowers`` are what others sit on."""

    def __init__(
        self, namespaces: Mapping[str, Namespace], lowers: Mapping[Key, Key] | None = None
    ) -> None:
        self._namespaces = namespaces
        self._lowers = lowers or {}
        self._owners: dict[Address, list[Link]] = {}
        self._ports: dict[Key, list[Link]] = {}
        self._segments: dict[Key, Segment] = {}
        for link in self._links():
            for address in link.addresses:
                self._owners.setdefault(address.interface.ip, []).append(link)
            if link.master is not None:
                self._ports.setdefault((link.netns, link.master), []).append(link)

    def _links(self) -> Iterator[Link]:
        for namespace in self._namespaces.values():
            yield from namespace.links.values()

    def link(self, key: Key | None) -> Link | None:
        namespace = self._namespaces.get(key[0]) if key else None
        return namespace.links.get(key[1]) if namespace and key else None

    def by_index(self, netns: str, index: int) -> Link | None:
        namespace = self._namespaces.get(netns)
        links = namespace.links.values() if namespace else ()
        return next((link for link in links if link.index == index), None)

    def owners(self, address: Address) -> list[Link]:
        return self._owners.get(address, [])

    def has_links(self, netns: str) -> bool:
        """Whether there is one that is up, besides the loopback."""
        namespace = self._namespaces.get(netns)
        return any(
            link.up and not link.loopback
            for link in (namespace.links.values() if namespace else ())
        )

    def segment(self, link: Link) -> Segment:
        """Seen from a link that has addresses."""
        if link.key not in self._segments:
            self._segments[link.key] = self._look(link)
        return self._segments[link.key]

    def _look(self, link: Link) -> Segment:
        found = Segment()
        if link.kind == "bridge":
            self._through(link, None, found)
        elif link.kind == "veth":
            self._into(self.link(link.peer), link, found)
        elif link.kind in ("macvlan", "ipvlan"):
            lower = self._lowers.get(link.key)
            found.ends += [
                other
                for other in self._links()
                if other is not link and lower is not None and self._lowers.get(other.key) == lower
            ]
            found.outside = True
        elif link.kind in _OUTSIDE and not link.loopback:
            found.outside = True
        for end in found.ends:
            for address in end.addresses:
                found.addresses.setdefault(address.interface.ip, end)
        return found

    def _into(self, end: Link | None, other: Link, found: Segment) -> None:
        """A packet comes out of the end of a pair."""
        if end is None:
            found.broken.append(f"the other end of {name_of(other)} cannot be found")
            return
        if not end.up:
            found.broken.append(f"{name_of(end)} is down")
            return
        if end.master is None:
            # The kernel gives a link-local one to everything.
            if any(not address.interface.is_link_local for address in end.addresses):
                found.ends.append(end)
            else:
                found.broken.append(f"{name_of(end)} is a port of nothing and has no address")
            return
        bridge = self.link((end.netns, end.master))
        if bridge is None or bridge.kind != "bridge":
            found.outside = True
            return
        self._through(bridge, end, found)

    def _through(self, bridge: Link, came_from: Link | None, found: Segment) -> None:
        """Over a bridge to its other ports."""
        if not bridge.up:
            found.broken.append(f"bridge {name_of(bridge)} is down")
            return
        if bridge in found.bridges:
            return
        found.bridges.append(bridge)
        if came_from is not None:
            found.ends.append(bridge)
        for port in self._ports.get(bridge.key, []):
            if port is came_from:
                continue
            if not port.up:
                found.broken.append(f"{name_of(port)}, a port of {bridge.name}, is down")
            elif port.kind != "veth":
                found.outside = True
            else:
                self._far_end(port, found)

    def _far_end(self, port: Link, found: Segment) -> None:
        """What is behind a port of a bridge."""
        end = self.link(port.peer)
        if end is None:
            found.outside = True
        elif not end.up:
            found.broken.append(f"{name_of(end)} is down")
        elif end.master is None:
            found.ends.append(end)
        else:
            bridge = self.link((end.netns, end.master))
            if bridge is not None and bridge.kind == "bridge":
                self._through(bridge, end, found)


def name_of(link: Link) -> str:
    """A link in a message."""
    return f"{link.name} {place(link.netns)}" if link.netns != HOST else f"{link.name} of the host"
