# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the kernel of a namespace would send a packet, and which neighbours answer there."""

from __future__ import annotations

import errno
import ipaddress
import socket as sockets
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from .._topology.model import Address
from .netlink import GETNEIGH, GETROUTE, Request, Socket, attr, attributes, route_body

_LOCAL, _BLACKHOLE, _UNREACHABLE, _PROHIBIT = 2, 6, 7, 8
_ERRORS = {
    _BLACKHOLE: errno.EINVAL,
    _UNREACHABLE: errno.EHOSTUNREACH,
    _PROHIBIT: errno.EACCES,
}
_OIF, _GATEWAY, _PREFSRC, _METRICS, _VIA = 4, 5, 7, 8, 18
_METRIC_MTU = 2
_NDMSG = struct.Struct("=BxxxiHBB")
_INCOMPLETE, _FAILED = 0x01, 0x20


@dataclass(frozen=True)
class Way:
    """The first step to an address. ``error`` is an errno where there is none.

    ``mtu`` is the route's own, where it has one.
    """

    index: int = 0
    via: Address | None = None
    src: Address | None = None
    local: bool = False
    mtu: int | None = None
    error: int = 0


def ask_ways(socket: Socket, addresses: Sequence[Address]) -> list[Way]:
    """For packets that the namespace sends itself."""
    requests = []
    for address in addresses:
        family = sockets.AF_INET if address.version == 4 else sockets.AF_INET6
        body = route_body(family, address.max_prefixlen, 0, 0, 0, 0)
        requests.append(Request(GETROUTE, 0, body + attr(1, address.packed)))
    found = []
    for start in range(0, len(requests), 64):
        for answer in socket.get(requests[start : start + 64]):
            found.append(_way(answer) if isinstance(answer, bytes) else Way(error=answer.code))
    return found


def _way(body: bytes) -> Way:
    kind = body[7]
    if kind in _ERRORS:
        return Way(error=_ERRORS[kind])
    values = dict(attributes(body, 12))
    gateway = values.get(_GATEWAY) or values.get(_VIA, b"")[2:]
    metrics = dict(attributes(values.get(_METRICS, b"")))
    return Way(
        struct.unpack("=I", values[_OIF])[0] if _OIF in values else 0,
        ipaddress.ip_address(gateway) if gateway else None,
        ipaddress.ip_address(values[_PREFSRC]) if _PREFSRC in values else None,
        kind == _LOCAL,
        struct.unpack("=I", metrics[_METRIC_MTU])[0] if _METRIC_MTU in metrics else None,
    )


def silent_neighbours(socket: Socket) -> set[tuple[int, Address]]:
    """Those that were asked for their hardware address, by ifindex, and did not answer."""
    found = set()
    for body in socket.dump(GETNEIGH, bytes(_NDMSG.size)):
        family, index, state, dummy, dummy = _NDMSG.unpack_from(body)
        if family not in (sockets.AF_INET, sockets.AF_INET6) or not state & (_INCOMPLETE | _FAILED):
            continue
        values = dict(attributes(body, _NDMSG.size))
        if 1 in values:
            found.add((index, ipaddress.ip_address(values[1])))
    return found
