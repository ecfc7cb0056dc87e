# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leads over a link, as the kernel's own messages: taken from one link, given to another.

Addresses, routes of all tables and rules keep everything that this collection does not model.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from . import records
from .dump import ADDR_DUMP, ROUTE_DUMP, parse_address
from .netlink import (
    CREATE,
    DELROUTE,
    EXCL,
    GETADDR,
    GETROUTE,
    NEWADDR,
    NEWROUTE,
    SETLINK,
    Request,
    Socket,
    attr,
    attr_text,
    attr_u32,
    attributes,
    link_body,
)

_NEWRULE, _DELRULE, _GETRULE = 32, 33, 34
_RULE_HEADER = 12
_RULE_PROTOCOL, _RULE_PAD, _RULE_IIF, _RULE_OIF = 21, 18, 3, 17
# What a rule says of itself; FIB_RULE_INVERT is the one flag that a person sets.
_RULE_INVERT = 0x2
_KERNEL, _RA, _DHCP, _REDIRECT = 2, 9, 16, 1
# A DHCP client or the kernel brings those by itself, on the link that it then has.
_PASSING = frozenset((_REDIRECT, _KERNEL, _RA, _DHCP))
_LIFETIMES, _LABEL = 6, 3
_OIF, _MULTIPATH = 4, 9
_MASTER = 10


@dataclass(frozen=True)
class End:
    """A link, as messages name it."""

    name: str
    index: int


@dataclass(frozen=True)
class Load:
    """Bodies of messages; ``passing`` ones have an end of their own: leases, advertisements."""

    addresses: tuple[bytes, ...] = ()
    routes: tuple[bytes, ...] = ()
    rules: tuple[bytes, ...] = ()
    passing_addresses: tuple[bytes, ...] = ()
    passing_routes: tuple[bytes, ...] = ()


def take(socket: Socket, link: End) -> Load:
    """Everything that leads over the link, and all rules."""
    addresses = [
        body
        for body in records.addresses(socket.dump(GETADDR, ADDR_DUMP), {link.index})
        if not _is_link_local(body)
    ]
    routes = records.routes(socket.dump(GETROUTE, ROUTE_DUMP), {link.index})
    routes.sort(key=records.has_gateway)
    passing = {body for body in addresses if _LIFETIMES in dict(attributes(body, 8))}
    return Load(
        tuple(body for body in addresses if body not in passing),
        tuple(body for body in routes if body[5] not in _PASSING),
        tuple(_rules(socket.dump(_GETRULE, bytes(_RULE_HEADER)))),
        tuple(body for body in addresses if body in passing),
        tuple(body for body in routes if body[5] in _PASSING),
    )


def put(socket: Socket, load: Load, old: End, new: End, everything: bool = False) -> list[str]:
    """Give the new link what the old one had and it does not have; what is refused is returned."""
    addresses, routes = load.addresses, load.routes
    if everything:
        addresses, routes = addresses + load.passing_addresses, routes + load.passing_routes
    requests = [_new(NEWADDR, address_over(body, old, new)) for body in addresses]
    requests += [_new(NEWROUTE, route_over(body, old, new)) for body in routes]
    requests += [_new(_NEWRULE, rule_over(body, old, new)) for body in load.rules]
    # One by one: a route may need the one before it (G1).
    answers = [socket.send([request])[0] for request in requests]
    return [f"{_WORDS[r.kind]}: {error}" for r, error in zip(requests, answers) if error]


def drop(socket: Socket, load: Load, old: End, gone: End) -> None:
    """Take away the routes and rules of the load that are those of a link which is left.

    Before they are put elsewhere: the kernel has a route to one place in a table once, and IPv6's
    stay where the addresses went.
    """
    nowhere = End("", 0)
    requests = []
    for body in load.routes + load.passing_routes:
        there = route_over(body, old, gone)
        if route_over(there, gone, nowhere) != there:
            requests.append(Request(DELROUTE, 0, there, (errno.ESRCH, errno.ENODEV)))
    for body in load.rules:
        there = rule_over(body, old, gone)
        if rule_over(there, gone, nowhere) != there:
            requests.append(Request(_DELRULE, 0, there, (errno.ENOENT,)))
    for request in requests:
        socket.send([request])


_WORDS = {NEWADDR: "an address", NEWROUTE: "a route", _NEWRULE: "a rule"}


def address_texts(load: Load) -> set[str]:
    """Every address of the load, with prefix length."""
    bodies = load.addresses + load.passing_addresses
    return {str(parse_address(body)[1].interface) for body in bodies}


def join(socket: Socket, link: End, master: int) -> None:
    """Make the link a port of the master, with 0 of none, and take it up."""
    socket.send([Request(SETLINK, 0, link_body(link.index, 1, 1) + attr_u32(_MASTER, master))])


def _new(kind: int, body: bytes) -> Request:
    return Request(kind, CREATE | EXCL, body, (errno.EEXIST,))


def _is_link_local(body: bytes) -> bool:
    values = dict(attributes(body, 8))
    data = values.get(2, values.get(1, b""))
    return len(data) == 16 and data[0] == 0xFE and data[1] & 0xC0 == 0x80


def _rules(bodies: Iterable[bytes]) -> list[bytes]:
    """Those that a person or a manager made."""
    found = []
    for body in bodies:
        values = dict(attributes(body, _RULE_HEADER))
        if values.get(_RULE_PROTOCOL, b"\0")[0] == _KERNEL:
            continue
        flags = struct.unpack_from("=I", body, 8)[0] & _RULE_INVERT
        kept = [attr(k, v) for k, v in attributes(body, _RULE_HEADER) if k != _RULE_PAD]
        found.append(body[:8] + struct.pack("=I", flags) + b"".join(kept))
    return found


def address_over(body: bytes, old: End, new: End) -> bytes:
    """The address on the new link; its label says so, too."""
    parts = []
    for kind, value in attributes(body, 8):
        if kind == _LABEL:
            text = value.rstrip(b"\0").decode()
            text = new.name + text[len(old.name) :] if text.startswith(old.name) else text
            parts.append(attr_text(kind, text[:15]))
        else:
            parts.append(attr(kind, value))
    return body[:4] + struct.pack("=I", new.index) + b"".join(parts)


def route_over(body: bytes, old: End, new: End) -> bytes:
    """The route over the new link, also where it is one of several hops."""
    parts = []
    for kind, value in attributes(body, 12):
        if kind == _OIF and struct.unpack("=I", value)[0] == old.index:
            parts.append(attr_u32(kind, new.index))
        elif kind == _MULTIPATH:
            parts.append(attr(kind, _hops_over(value, old, new)))
        else:
            parts.append(attr(kind, value))
    return body[:12] + b"".join(parts)


def _hops_over(value: bytes, old: End, new: End) -> bytes:
    found = bytearray(value)
    offset = 0
    while offset + 8 <= len(found):
        length, dummy, dummy, index = struct.unpack_from("=HBBI", found, offset)
        if index == old.index:
            struct.pack_into("=I", found, offset + 4, new.index)
        offset += max(8, (length + 3) & ~3)
    return bytes(found)


def rule_over(body: bytes, old: End, new: End) -> bytes:
    """The rule, for packets of the new link where it was for those of the old one."""
    parts = []
    for kind, value in attributes(body, _RULE_HEADER):
        is_old = kind in (_RULE_IIF, _RULE_OIF) and value.rstrip(b"\0").decode() == old.name
        parts.append(attr_text(kind, new.name) if is_old else attr(kind, value))
    return body[:_RULE_HEADER] + b"".join(parts)
