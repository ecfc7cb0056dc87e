# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A model of the kernel: what operations do, with refusals and collateral (G3)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    HOST,
    ROUTE_PROTOCOL,
    Have,
    HaveAddress,
    Key,
    Link,
    Namespace,
    Network,
    Owned,
    Route,
    Want,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    End,
    MoveLink,
    Operation,
    RenameLink,
    SetLink,
    SetRoute,
    SetSysctl,
)

RouteKey = tuple[str, Network, int, int]

_KERNEL = 2
_BRIDGE_OPTIONS = (("stp_state", 0), ("ageing_time", 30000))
_NEW_SYSCTLS = {"net/ipv4/ip_forward": "0"}


class Refused(Exception):
    """What the kernel would answer."""


@dataclass
class _Space:
    links: dict[str, Link] = field(default_factory=dict)
    # Connected routes follow from the addresses and are not kept.
    routes: list[Route] = field(default_factory=list)
    sysctls: dict[str, str] = field(default_factory=lambda: dict(_NEW_SYSCTLS))


class Kernel:
    """Namespaces, links, addresses, routes and one sysctl."""

    def __init__(self) -> None:
        self.spaces: dict[str, _Space] = {}
        self._index = 1
        # Bridges whose MTU somebody set: the others' follows their ports.
        self._own_mtu: set[int] = set()
        self._routes_of: dict[str, set[RouteKey]] = {}
        self._new_space(HOST)

    def copy(self) -> Kernel:
        return copy.deepcopy(self)

    # --- what is there ---

    def have(self, topology: str) -> Have:
        mark = f"container_net:{topology}"
        spaces = {
            name: Namespace(name, dict(space.links), self.routes(name), dict(space.sysctls))
            for name, space in self.spaces.items()
        }
        links = [link for space in self.spaces.values() for link in space.links.values()]
        owned = Owned(
            frozenset(link.netns for link in links if link.loopback and link.alias == mark),
            frozenset(self._routes_of.get(topology, ())),
            others_routes={
                key: name
                for name, keys in self._routes_of.items()
                for key in keys
                if name != topology
            },
        )
        probed = {name: _NEW_SYSCTLS for name in ("n1", "n2", "n3") if name not in spaces}
        return Have(spaces, probed=probed, owned=owned, looked=frozenset(spaces))

    def settle(self, want: Want) -> None:
        """What the state file does: remember whose the routes are."""
        there = {
            route.key
            for space in self.spaces.values()
            for route in space.routes
            if route.protocol == ROUTE_PROTOCOL
        }
        old = self._routes_of.get(want.topology, set())
        self._routes_of[want.topology] = there & ({route.key for route in want.routes} | old)

    def is_route_of(self, topology: str, route: Route) -> bool:
        return route.key in self._routes_of.get(topology, ())

    def routes(self, netns: str) -> tuple[Route, ...]:
        return (*self._connected(netns), *self.spaces[netns].routes)

    def _connected(self, netns: str) -> list[Route]:
        found: dict[Any, Route] = {}
        for link in self.spaces[netns].links.values():
            for address in link.addresses if link.up else ():
                interface = address.interface
                v4 = interface.version == 4
                route = Route(
                    netns,
                    interface.network,
                    None,
                    link.name,
                    0 if v4 else 256,
                    scope="link" if v4 else None,
                    src=interface.ip if v4 else None,
                    protocol=_KERNEL,
                )
                found.setdefault((route.key, link.name), route)
        return list(found.values())

    def picture(self) -> dict[str, Any]:
        """What two equal states agree in."""
        return {
            name: (
                {
                    link.name: replace(
                        link, index=0, addresses=tuple(sorted(link.addresses, key=str))
                    )
                    for link in space.links.values()
                },
                sorted(space.routes, key=str),
                space.sysctls,
            )
            for name, space in self.spaces.items()
        }

    # --- what is done ---

    def apply(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            getattr(self, f"_{type(operation).__name__}")(operation)

    def restore(self, first: Kernel, operations: Iterable[Operation]) -> None:
        """What an undo puts back from a snapshot: only what the operations say they may touch."""
        for operation in operations:
            for touched in operation.collateral():
                before = first.spaces.get(touched.netns)
                now = self.spaces.get(touched.netns)
                if before is None or now is None:
                    continue
                for name, old in before.links.items():
                    if touched.link in (None, name) and name in now.links:
                        now.links[name] = replace(
                            now.links[name],
                            mac=old.mac,
                            mtu=old.mtu,
                            up=old.up,
                            master=old.master,
                            addresses=old.addresses,
                        )
                        lost = [r for r in before.routes if r.dev == name and r not in now.routes]
                        now.routes.extend(lost)

    def _new_space(self, name: str) -> None:
        self.spaces[name] = _Space()
        self.spaces[name].links["lo"] = Link(name, "lo", 1, mtu=65536, loopback=True)

    def _link(self, netns: str, name: str) -> Link:
        try:
            return self.spaces[netns].links[name]
        except KeyError:
            raise Refused(f"{netns or 'host'}: no such device {name}") from None

    def _put(self, link: Link) -> None:
        self.spaces[link.netns].links[link.name] = link

    def _AddNamespace(self, operation: AddNamespace) -> None:
        if operation.netns in self.spaces:
            raise Refused("File exists")
        self._new_space(operation.netns)

    def _DeleteNamespace(self, operation: DeleteNamespace) -> None:
        for link in list(self.spaces[operation.netns].links.values()):
            if link.peer is not None and link.peer[0] != operation.netns:
                self._remove(link.peer)
        del self.spaces[operation.netns]

    def _AddLink(self, operation: AddLink) -> None:
        for end in operation.ends:
            if end.netns not in self.spaces:
                raise Refused("no such namespace")
            if end.name in self.spaces[end.netns].links:
                raise Refused(f"File exists: {end.name}")
        near, peer = operation.near, operation.peer
        self._make(near, operation, peer)
        if peer is not None:
            self._make(peer, operation, near)
        if operation.master:
            self._enslave(near.key, operation.master)
        if operation.up:
            self._put(replace(self._link(*near.key), up=True))

    def _make(self, end: End, operation: AddLink, other: End | None) -> None:
        self._index += 1
        options = dict(_BRIDGE_OPTIONS) if operation.kind == "bridge" else {}
        options.update(operation.options if end is operation.near else ())
        self._put(
            Link(
                end.netns,
                end.name,
                self._index,
                operation.kind,
                mac=end.mac or f"06:00:00:00:{self._index >> 8:02x}:{self._index & 255:02x}",
                mtu=end.mtu or 1500,
                min_mtu=68,
                max_mtu=65535,
                peer=other.key if other else None,
                options=tuple(sorted(options.items())),
            )
        )

    def _DeleteLink(self, operation: DeleteLink) -> None:
        link = self._link(operation.netns, operation.name)
        if link.peer is not None:
            self._remove(link.peer)
        self._remove(link.key)

    def _remove(self, key: Key) -> None:
        space = self.spaces[key[0]]
        link = space.links.pop(key[1])
        space.routes = [route for route in space.routes if route.dev != link.name]
        for port in list(space.links.values()):
            if port.master == link.name:
                self._put(replace(port, master=None))
        if link.master:
            self._follow_ports((link.netns, link.master))

    def _MoveLink(self, operation: MoveLink) -> None:
        link = self._link(operation.netns, operation.name)
        if link.name in self.spaces[operation.target].links:
            raise Refused("File exists")
        self._forget_routes(link.netns, link.name)
        del self.spaces[link.netns].links[link.name]
        moved = replace(link, netns=operation.target, up=False, master=None, addresses=())
        self._put(moved)
        if link.master:
            self._follow_ports((link.netns, link.master))
        self._tell_peer(link.peer, moved.key)

    def _RenameLink(self, operation: RenameLink) -> None:
        link = self._link(operation.netns, operation.name)
        space = self.spaces[operation.netns]
        if operation.target in space.links:
            raise Refused("File exists")
        if link.up:
            raise Refused("Device or resource busy")
        del space.links[link.name]
        renamed = replace(link, name=operation.target)
        self._put(renamed)
        for port in list(space.links.values()):
            if port.master == link.name:
                self._put(replace(port, master=renamed.name))
        space.routes = [
            replace(route, dev=renamed.name) if route.dev == link.name else route
            for route in space.routes
        ]
        self._tell_peer(link.peer, renamed.key)

    def _tell_peer(self, peer: Key | None, key: Key) -> None:
        if peer is not None:
            self._put(replace(self._link(*peer), peer=key))

    def _SetLink(self, operation: SetLink) -> None:
        link = self._link(operation.netns, operation.name)
        key, value = operation.key, operation.value
        if key == "up":
            self._set_up(link, bool(value))
        elif key == "mac":
            self._put(replace(link, mac=str(value)))
        elif key == "alias":
            self._put(replace(link, alias=str(value)))
        elif key == "mtu":
            self._put(replace(link, mtu=int(value)))
            self._own_mtu.add(link.index)
            if link.master:
                self._follow_ports((link.netns, link.master))
        elif key == "master":
            self._enslave(link.key, str(value))
        else:
            options = {**dict(link.options), key: int(value)}
            self._put(replace(link, options=tuple(sorted(options.items()))))

    def _set_up(self, link: Link, up: bool) -> None:
        addresses = link.addresses
        if link.up and not up:
            addresses = tuple(a for a in addresses if a.interface.version == 4)
            self._forget_routes(link.netns, link.name)
        self._put(replace(link, up=up, addresses=addresses))

    def _enslave(self, key: Key, master: str) -> None:
        link = self._link(*key)
        if master:
            bridge = self._link(key[0], master)
            if bridge.kind != "bridge" or link.kind == "bridge":
                raise Refused("Operation not supported")
        self._put(replace(link, master=master or None))
        for name in (link.master, master):
            if name:
                self._follow_ports((key[0], name))

    def _follow_ports(self, key: Key) -> None:
        bridge = self.spaces[key[0]].links.get(key[1])
        if bridge is None or bridge.index in self._own_mtu:
            return
        links = self.spaces[key[0]].links.values()
        mtus = [port.mtu for port in links if port.master == bridge.name]
        self._put(replace(bridge, mtu=min(mtus, default=1500)))

    def _AddAddress(self, operation: AddAddress) -> None:
        link = self._link(operation.netns, operation.name)
        new = operation.interface
        for have in link.addresses:
            if have.interface == new or (new.version == 6 and have.interface.ip == new.ip):
                if operation.again:
                    return
                raise Refused(f"File exists: {new}")
        networks = {a.interface.network for a in link.addresses}
        secondary = new.version == 4 and new.network in networks
        self._put(replace(link, addresses=(*link.addresses, HaveAddress(new, secondary=secondary))))

    def _DeleteAddress(self, operation: DeleteAddress) -> None:
        link = self._link(operation.netns, operation.name)
        gone = operation.address.interface
        there = [a for a in link.addresses if a.interface == gone]
        if not there:
            return
        left = [a for a in link.addresses if a.interface != gone]
        if gone.version == 4 and not there[0].secondary:
            left = [a for a in left if a.interface.network != gone.network]
        self._put(replace(link, addresses=tuple(left)))
        if gone.version == 4 and not any(a.interface.version == 4 for a in left):
            self._forget_routes(link.netns, link.name, 4)

    def _forget_routes(self, netns: str, dev: str, version: int | None = None) -> None:
        space = self.spaces[netns]
        space.routes = [
            route
            for route in space.routes
            if route.dev != dev or version not in (None, route.dst.version)
        ]

    def _SetRoute(self, operation: SetRoute) -> None:
        route = self._complete(operation.route)
        space = self.spaces[route.netns]
        same = [other for other in space.routes if other.key == route.key]
        if same and not (operation.before or operation.again):
            raise Refused(f"File exists: {route.dst}")
        space.routes = [other for other in space.routes if other.key != route.key]
        space.routes.append(route)

    def _complete(self, route: Route) -> Route:
        """With the device that the kernel finds, and as it tells of routes."""
        dev = route.dev
        if route.via is not None:
            ways = [
                other.dev
                for other in self.routes(route.netns)
                if other.via is None and other.type == "unicast" and route.via in other.dst
            ]
            if not ways or (dev is not None and dev not in ways):
                raise Refused(f"Nexthop has invalid gateway: {route.via}")
            dev = dev or ways[0]
        if dev is not None and not self._link(route.netns, dev).up:
            raise Refused("Network is down")
        scope = None
        if route.dst.version == 4:
            scope = "link" if route.via is None and route.type == "unicast" else "global"
        return replace(route, dev=dev, scope=route.scope or scope, where="")

    def _DeleteRoute(self, operation: DeleteRoute) -> None:
        space = self.spaces[operation.netns]
        if operation.route.dev is not None:
            self._link(operation.netns, operation.route.dev)
        space.routes = [other for other in space.routes if other.key != operation.route.key]

    def _SetSysctl(self, operation: SetSysctl) -> None:
        self.spaces[operation.netns].sysctls[operation.path] = operation.value
