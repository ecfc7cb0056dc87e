# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module topology_info returned, as typed values."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Union

from .words import natural

Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]
# Host, namespace, link.
Key = tuple[str, str, str]

# Links that the kernel puts into every namespace as soon as their module is loaded.
_FALLBACK = {
    "erspan0",
    "gre0",
    "gretap0",
    "ip6_vti0",
    "ip6gre0",
    "ip6tnl0",
    "ip_vti0",
    "sit0",
    "tunl0",
}


@dataclass(frozen=True)
class Link:
    """One link; ``peer`` and ``lower`` are keys of others on the same host."""

    key: Key
    kind: str
    mtu: int
    up: bool
    carrier: bool
    master: str
    addresses: tuple[Interface, ...]
    peer: Key | None
    lower: Key | None
    options: Mapping[str, Any]
    fdb: tuple[Mapping[str, Any], ...]
    mac: str
    owner: str

    @property
    def name(self) -> str:
        return self.key[2]

    @cached_property
    def shown_addresses(self) -> tuple[Interface, ...]:
        """Without those that every link gives itself."""
        return tuple(address for address in self.addresses if not address.is_link_local)

    @property
    def trouble(self) -> str:
        """Why no packet passes, '' where some may."""
        if not self.up:
            return "DOWN"
        # A bridge without ports and a tunnel tell nothing by it.
        if not self.carrier and self.kind in ("physical", "veth", "macvlan", "ipvlan", "vlan"):
            return "NO CARRIER"
        return ""

    @property
    def is_idle(self) -> bool:
        """A link that nobody made and nobody uses."""
        return self.name in _FALLBACK and not self.up and not self.addresses


@dataclass(frozen=True)
class Route:
    dst: str
    via: str
    dev: str
    type: str
    metric: int
    table: int

    @property
    def is_default(self) -> bool:
        return self.dst in ("0.0.0.0/0", "::/0", "default")


@dataclass(frozen=True)
class Room:
    """A namespace; ``netns`` is '' for the host's own."""

    host: str
    netns: str
    kind: str
    names: tuple[str, ...]
    containers: tuple[str, ...]
    process: str
    pid: int | None
    owner: str
    forwards: bool
    links: tuple[Link, ...]
    routes: tuple[Route, ...]

    @cached_property
    def shown_routes(self) -> tuple[Route, ...]:
        """Those of the main table that do not follow from an address."""
        connected = {
            (str(address.network), link.name) for link in self.links for address in link.addresses
        }
        return tuple(
            route
            for route in self.routes
            if route.table == 254
            and (route.via or (route.dst, route.dev) not in connected)
            and not route.dst.startswith(("fe80:", "ff00:"))
        )

    @property
    def title(self) -> str:
        if not self.netns:
            return self.host
        return ", ".join(self.names or self.containers) or self.process or self.netns

    @property
    def sort(self) -> str:
        """What it is, in words."""
        if not self.netns:
            return "host"
        if self.containers:
            words = "container" if len(self.containers) == 1 else "containers in one namespace"
            return f"{words} {', '.join(self.containers)}" if self.names else words
        if self.names:
            return "namespace"
        return f"process {self.pid}" if self.pid else "namespace without a name"


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    rooms: tuple[Room, ...]
    networks: tuple[Mapping[str, Any], ...]

    @property
    def own(self) -> Room | None:
        """The host's own namespace, None where only others were read."""
        return next((room for room in self.rooms if not room.netns), None)

    @property
    def others(self) -> tuple[Room, ...]:
        return tuple(room for room in self.rooms if room.netns)


def _key(host: str, end: Mapping[str, Any] | None) -> Key | None:
    return (host, end["netns"], end["name"]) if end else None


def _interfaces(values: Iterable[str]) -> tuple[Interface, ...]:
    return tuple(ipaddress.ip_interface(value) for value in values)


def _link(host: str, netns: str, data: Mapping[str, Any]) -> Link:
    return Link(
        (host, netns, data["name"]),
        data.get("kind") or "",
        data.get("mtu") or 0,
        bool(data.get("up")),
        bool(data.get("carrier", True)),
        data.get("master") or "",
        _interfaces(data.get("addresses") or ()),
        _key(host, data.get("peer")),
        _key(host, data.get("lower")),
        data.get("options") or {},
        tuple(data.get("fdb") or ()),
        data.get("mac") or "",
        data.get("owner") or "",
    )


def _route(data: Mapping[str, Any]) -> Route:
    return Route(
        data["dst"],
        data.get("via") or "",
        data.get("dev") or "",
        data.get("type") or "unicast",
        data.get("metric") or 0,
        data.get("table") or 254,
    )


def _room(host: str, data: Mapping[str, Any]) -> Room:
    netns = data["netns"]
    sysctls = data.get("sysctls") or {}
    return Room(
        host,
        netns,
        data.get("kind") or ("named" if netns else "host"),
        tuple(data.get("names") or ()),
        tuple(data.get("containers") or ()),
        data.get("process") or "",
        data.get("pid"),
        data.get("owner") or "",
        sysctls.get("net.ipv4.ip_forward") == "1",
        tuple(_link(host, netns, link) for link in data.get("links") or ()),
        tuple(_route(route) for route in data.get("routes") or ()),
    )


def read(hosts: Iterable[Mapping[str, Any]]) -> list[Host]:
    """The hosts, their namespaces in the order in which a person counts."""
    found = []
    for data in hosts:
        name = data["host"]
        rooms = [_room(name, room) for room in data.get("namespaces") or ()]
        rooms.sort(key=lambda room: (room.netns != "", natural(room.title), room.netns))
        docker = data.get("docker") or {}
        found.append(
            Host(name, data.get("address") or "", tuple(rooms), tuple(docker.get("networks") or ()))
        )
    return found
