# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Static forwarding entries of a link itself (not of a bridge that it is a port of)."""

from __future__ import annotations

import errno
import ipaddress
import struct
from collections.abc import Callable
from dataclasses import replace

from .._topology.model import Entry, Key
from .._topology.operations import DeleteEntry, SetEntry
from .netlink import (
    APPEND,
    CREATE,
    DELNEIGH,
    GETNEIGH,
    NEWNEIGH,
    REPLACE,
    Request,
    Socket,
    attr,
    attr_u32,
    attributes,
    link_body,
)

_AF_BRIDGE = 7
_NDMSG = struct.Struct("=BxxxiHBB")
_DST, _LLADDR, _PORT, _VNI, _IFINDEX = 1, 2, 6, 7, 8
_SELF = 0x02
_NOARP, _PERMANENT = 0x40, 0x80

Index = Callable[[Key], int]


def read(socket: Socket, index: int, names: Callable[[int], str | None]) -> tuple[Entry, ...]:
    """Those of the link that a person, or the link's options, made; not what it learned."""
    found: dict[Entry, None] = {}
    for body in socket.dump(GETNEIGH, bytes([_AF_BRIDGE]) + link_body(index)[1:]):
        dummy, ifindex, state, flags, dummy = _NDMSG.unpack_from(body)
        if ifindex != index or not flags & _SELF or not state & (_NOARP | _PERMANENT):
            continue
        values = dict(attributes(body, _NDMSG.size))
        if _DST not in values or _LLADDR not in values:
            continue
        entry = Entry(values[_LLADDR].hex(":"), str(ipaddress.ip_address(values[_DST])))
        if _PORT in values:
            entry = replace(entry, port=int.from_bytes(values[_PORT], "big"))
        if _VNI in values:
            entry = replace(entry, vni=struct.unpack("=I", values[_VNI])[0])
        if _IFINDEX in values:
            entry = replace(entry, via=names(struct.unpack("=I", values[_IFINDEX])[0]))
        found[entry] = None
    return tuple(found)


def request(operation: SetEntry | DeleteEntry, index: Index) -> Request:
    entry = operation.entry
    number = index((operation.netns, operation.name))
    body = _NDMSG.pack(_AF_BRIDGE, number, _PERMANENT, _SELF, 0)
    body += attr(_DST, ipaddress.ip_address(entry.dst).packed)
    body += attr(_LLADDR, bytes.fromhex(entry.mac.replace(":", "")))
    if entry.port is not None:
        body += attr(_PORT, entry.port.to_bytes(2, "big"))
    if entry.vni is not None:
        body += attr_u32(_VNI, entry.vni)
    if entry.via is not None:
        body += attr_u32(_IFINDEX, index((operation.netns, entry.via)))
    if isinstance(operation, DeleteEntry):
        return Request(DELNEIGH, 0, body, (errno.ENOENT, errno.ENODEV))
    if entry.is_shared:
        return Request(NEWNEIGH, CREATE | APPEND, body)
    # One that was learned makes room as well.
    return Request(NEWNEIGH, CREATE | REPLACE, body)
