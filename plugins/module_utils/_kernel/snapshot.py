# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel takes along with a change (G3), remembered and put back.

Addresses, routes and permanent neighbours are kept as the kernel's own messages and sent back as
they came, so that what this collection does not model (metrics, encapsulation, several next hops)
survives as well.
"""

from __future__ import annotations

import shlex
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .._topology.model import Key
from .._topology.stage import Collateral
from . import records, sysctl
from .dump import ADDR_DUMP, LINK_DUMP, ROUTE_DUMP, RawLink, parse_link
from .netlink import (
    GETADDR,
    GETLINK,
    GETNEIGH,
    GETROUTE,
    NEWADDR,
    NEWNEIGH,
    NEWROUTE,
    SETLINK,
    Request,
    Socket,
    attr,
    attr_u32,
    attributes,
    link_body,
)
from .render import mac_bytes
from .session import Session
from .words import ip, record_command, sysctl_command

# What a person has to do still, and why it could not be done here.
Problem = tuple[str, str]


# The properties in LinkState, as SetLink calls them.
REMEMBERED = ("mac", "mtu", "up", "master")


@dataclass(frozen=True)
class LinkState:
    """What a link loses when it moves or gets another port."""

    name: str
    mac: str
    mtu: int
    up: bool
    master: int


@dataclass
class _Remembered:
    """One namespace before the run. ``indexes`` None means all links."""

    indexes: set[int] | None
    links: dict[int, LinkState] = field(default_factory=dict)
    raws: dict[int, RawLink] = field(default_factory=dict)
    addresses: list[bytes] = field(default_factory=list)
    routes: list[bytes] = field(default_factory=list)
    neighbours: list[bytes] = field(default_factory=list)
    sysctls: dict[str, str] = field(default_factory=dict)


class Snapshot:
    """Taken before the first write, of the links that the operations touch."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._namespaces: dict[str, _Remembered] = {}

    def take(self, collateral: Iterable[Collateral], moved: Iterable[Key]) -> None:
        """``moved`` links lose their sysctls too."""
        touched: dict[str, set[str] | None] = {}
        patterns: dict[str, list[str]] = {}
        for item in collateral:
            if item.link is None:
                touched[item.netns] = None
            else:
                names = touched.setdefault(item.netns, set())
                if names is not None:
                    names.add(item.link)
            patterns.setdefault(item.netns, []).extend(item.sysctls)
        for netns, name in moved:
            for family in ("ipv4", "ipv6"):
                for group in ("conf", "neigh"):
                    found = patterns.setdefault(netns, [])
                    found.append(f"net/{family}/{group}/{_escape(name)}/*")
        for netns, names in touched.items():
            self._namespaces[netns] = self._take(netns, names, patterns.get(netns, []))

    def _take(self, netns: str, names: set[str] | None, patterns: list[str]) -> _Remembered:
        session = self._session
        socket = session.socket(netns)
        found = _Remembered(None if names is None else set())
        for body in socket.dump(GETLINK, LINK_DUMP):
            raw = parse_link(netns, body)
            link = raw.link
            if names is not None and link.name not in names:
                continue
            if found.indexes is not None:
                found.indexes.add(link.index)
            found.raws[link.index] = raw
            found.links[link.index] = LinkState(
                link.name, link.mac, link.mtu, link.up, raw.master_index
            )
        found.addresses = records.addresses(socket.dump(GETADDR, ADDR_DUMP), found.indexes)
        found.routes = records.routes(socket.dump(GETROUTE, ROUTE_DUMP), found.indexes)
        found.neighbours = records.neighbours(
            socket.dump(GETNEIGH, records.NEIGH_DUMP), found.indexes
        )
        if patterns:
            with session.spaces.entered(netns):
                found.sysctls = sysctl.matching(patterns)
        return found

    def restore(self, leave: Leave | None = None) -> list[Problem]:
        """Put back what is missing; what could not be is returned."""
        problems: list[Problem] = []
        for netns, remembered in self._namespaces.items():
            problems.extend(self._restore(netns, remembered, leave or Leave()))
        return problems

    def _restore(self, netns: str, old: _Remembered, leave: Leave) -> list[Problem]:
        session = self._session
        if not session.spaces.exists(netns):
            return []
        socket = session.socket(netns)
        present = {}
        for body in socket.dump(GETLINK, LINK_DUMP):
            raw = parse_link(netns, body)
            present[raw.link.index] = raw
        names = {index: raw.link.name for index, raw in present.items()}
        changes: list[tuple[str, Request]] = []
        problems: list[Problem] = []
        for index, state in old.links.items():
            raw_link = present.get(index)
            if raw_link is None and leave.links:
                problems.extend(_as_it_was(netns, state, names))
            elif raw_link is not None and leave.links:
                changes.extend(_link_requests(netns, index, state, raw_link, names))
        problems.extend(_send(socket, changes))
        if old.sysctls and leave.links:
            with session.spaces.entered(netns):
                refused = sysctl.restore(old.sysctls)
            for path, reason in refused:
                problems.append((sysctl_command(netns, path, old.sysctls[path]), reason))
        for kind, get, dump, clean, saved in (
            (NEWADDR, GETADDR, ADDR_DUMP, records.addresses, old.addresses),
            (NEWROUTE, GETROUTE, ROUTE_DUMP, records.routes, old.routes),
            (NEWNEIGH, GETNEIGH, records.NEIGH_DUMP, records.neighbours, old.neighbours),
        ):
            there = set(clean(socket.dump(get, dump), old.indexes))
            missing = [
                body for body in saved if body not in there and not leave.covers(netns, kind, body)
            ]
            if leave.links:
                for body in missing:
                    index = records.index_of(kind, body)
                    if index in old.raws and index not in present:
                        command = record_command(netns, kind, body, old.raws)
                        problems.append((command, f"link {old.links[index].name} is not there"))
            missing = [body for body in missing if records.index_of(kind, body) in {0, *present}]
            if kind == NEWROUTE:
                # Gateways need the routes that lead to them.
                missing.sort(key=records.has_gateway)
            # One by one: an address or route may need the one before it (G1).
            for body in missing:
                command = record_command(netns, kind, body, present)
                problems.extend(_send(socket, [(command, records.again(kind, body))]))
        return problems


@dataclass(frozen=True)
class Leave:
    """What the plan removed on purpose, so that a restore after deletes leaves it away.

    ``links`` false: the state of links is as the plan wants it.
    """

    links: bool = True
    addresses: frozenset[tuple[str, bytes, int]] = frozenset()
    routes: frozenset[tuple[str, bytes, int, int]] = frozenset()

    def covers(self, netns: str, kind: int, body: bytes) -> bool:
        if kind == NEWADDR:
            values = dict(attributes(body, 8))
            return (netns, values.get(2, values.get(1, b"")), body[1]) in self.addresses
        if kind == NEWROUTE:
            values = dict(attributes(body, 12))
            table = struct.unpack("=I", values[15])[0] if 15 in values else body[4]
            gone = {address for space, address, dummy in self.addresses if space == netns}
            if values.get(7) in gone:
                return True
            return (netns, values.get(1, b""), body[1], table) in self.routes
        return False


def _link_requests(
    netns: str, index: int, state: LinkState, raw: RawLink, names: Mapping[int, str]
) -> list[tuple[str, Request]]:
    """(command, request) for each property that is not as it was."""
    found = []
    link = f"{ip(netns)} link set dev {shlex.quote(raw.link.name)}"
    if raw.master_index != state.master:
        master = f"master {shlex.quote(names.get(state.master, '?'))}"
        body = link_body(index) + attr_u32(10, state.master)
        found.append((f"{link} {master if state.master else 'nomaster'}", body))
    if raw.link.mtu != state.mtu:
        found.append((f"{link} mtu {state.mtu}", link_body(index) + attr_u32(4, state.mtu)))
    if raw.link.mac != state.mac:
        body = link_body(index) + attr(1, mac_bytes(state.mac))
        found.append((f"{link} address {state.mac}", body))
    if raw.link.up != state.up:
        found.append((f"{link} {'up' if state.up else 'down'}", link_body(index, int(state.up), 1)))
    return [(command, Request(SETLINK, 0, body)) for command, body in found]


def _as_it_was(netns: str, state: LinkState, names: Mapping[int, str]) -> list[Problem]:
    """What a link that did not come back needs once it is there, beside its addresses."""
    link = f"{ip(netns)} link set dev {shlex.quote(state.name)}"
    found = []
    if state.master in names:
        found.append(f"{link} master {shlex.quote(names[state.master])}")
    if state.up:
        found.append(f"{link} up")
    return [(command, f"link {state.name} is not there") for command in found]


def _send(socket: Socket, changes: list[tuple[str, Request]]) -> list[Problem]:
    if not changes:
        return []
    answers = socket.send([request for dummy, request in changes])
    return [(command, str(error)) for (command, dummy), error in zip(changes, answers) if error]


def _escape(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
