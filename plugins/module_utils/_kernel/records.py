# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's own messages for addresses, routes and neighbours, made fit to be sent back.

What changes by itself (times, counters, flags that say how a route fares) is taken out, so that
two dumps of the same state are equal.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable

from .netlink import (
    APPEND,
    CREATE,
    NEWADDR,
    NEWNEIGH,
    NEWROUTE,
    REPLACE,
    Request,
    attr,
    attributes,
)

NEIGH_DUMP = bytes(12)
_NUD_PERMANENT = 0x80
_KERNEL_PROTOCOL = 2
_TABLE_LOCAL = 255
# Times and counters, which are the kernel's to keep.
_ROUTE_SKIP = {12}
_NEIGH_SKIP = {3, 4}
_ROUTE_FLAGS = 4  # RTNH_F_ONLINK; the others say how the route fares
_CLONED = 0x200
# Flags of an address that a person sets: NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE,
# MCAUTOJOIN.
_IFA_FLAGS = 0x02 | 0x10 | 0x100 | 0x200 | 0x400


def _strip(body: bytes, start: int, skip: set[int]) -> bytes:
    """The body without attributes that change by themselves."""
    return body[:start] + b"".join(
        attr(kind, value) for kind, value in attributes(body, start) if kind not in skip
    )


def addresses(bodies: Iterable[bytes], indexes: set[int] | None) -> list[bytes]:
    found = []
    for body in bodies:
        index = struct.unpack_from("=I", body, 4)[0]
        if indexes is not None and index not in indexes:
            continue
        parts = []
        for kind, value in attributes(body, 8):
            if kind == 8:
                flags = struct.unpack("=I", value)[0] & _IFA_FLAGS
                value = struct.pack("=I", flags)
            if kind == 6:
                # Of the four times only the two lifetimes are set by people.
                preferred, valid = struct.unpack_from("=II", value)
                if valid == 0xFFFFFFFF:
                    continue
                value = struct.pack("=IIII", preferred, valid, 0, 0)
            if kind != 11:
                parts.append(attr(kind, value))
        found.append(body[:2] + bytes([body[2] & _IFA_FLAGS & 0xFF]) + body[3:8] + b"".join(parts))
    return found


def routes(bodies: Iterable[bytes], indexes: set[int] | None) -> list[bytes]:
    found = []
    for body in bodies:
        flags = struct.unpack_from("=I", body, 8)[0]
        if body[5] == _KERNEL_PROTOCOL or body[4] == _TABLE_LOCAL or flags & _CLONED:
            continue
        if indexes is not None and not indexes & _hops(body):
            continue
        stripped = _strip(body, 12, _ROUTE_SKIP)
        found.append(stripped[:8] + struct.pack("=I", flags & _ROUTE_FLAGS) + stripped[12:])
    return found


def _hops(body: bytes) -> set[int]:
    """The ifindexes that a route leads over."""
    found = set()
    for kind, value in attributes(body, 12):
        if kind == 4:
            found.add(struct.unpack("=I", value)[0])
        elif kind == 9:
            offset = 0
            while offset + 8 <= len(value):
                length, dummy, dummy, index = struct.unpack_from("=HBBI", value, offset)
                found.add(index)
                offset += max(8, (length + 3) & ~3)
    return found


def neighbours(bodies: Iterable[bytes], indexes: set[int] | None) -> list[bytes]:
    found = []
    for body in bodies:
        index, state = struct.unpack_from("=IH", body, 4)
        if state & _NUD_PERMANENT and (indexes is None or index in indexes):
            found.append(_strip(body, 12, _NEIGH_SKIP))
    return found


def index_of(kind: int, body: bytes) -> int:
    if kind == NEWROUTE:
        return min(_hops(body), default=0)
    return int(struct.unpack_from("=I", body, 4)[0])


def has_gateway(body: bytes) -> bool:
    return any(kind in (5, 9, 18) for kind, dummy in attributes(body, 12))


def again(kind: int, body: bytes) -> Request:
    flags = {NEWADDR: CREATE, NEWROUTE: CREATE | APPEND, NEWNEIGH: CREATE | REPLACE}[kind]
    return Request(kind, flags, body, (errno.EEXIST,))
