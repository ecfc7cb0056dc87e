# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IPv4 addresses and routes that a link has for as long as somebody slow is about to bring them.

They are in nobody's way: the addresses have another prefix length than the real ones, the routes a
metric that nobody uses.
"""

from __future__ import annotations

import errno
import ipaddress
import socket as sockets
import struct

from .carry import End, Load, route_over
from .netlink import (
    CREATE,
    DELADDR,
    DELROUTE,
    EXCL,
    NEWADDR,
    NEWROUTE,
    Request,
    Socket,
    addr_body,
    attr,
    attr_u32,
    attributes,
    route_body,
)

# Later than any that a person or a DHCP client gives. The kernel takes no two routes to one place
# with one metric, so each link has metrics of its own.
_METRIC, _EACH_LINK = 0x7F000000, 0x1000
_ADDRESS, _LOCAL, _FLAGS, _NO_PREFIX_ROUTE = 1, 2, 8, 0x200
_DST, _OIF, _PRIORITY, _SOURCE = 1, 4, 6, 7
_MAIN, _BOOT, _LINK, _UNICAST = 254, 3, 253, 1
_GONE = (errno.EADDRNOTAVAIL, errno.ESRCH, errno.ENODEV)


def lend(socket: Socket, load: Load, old: End, new: End) -> None:
    """Let the new link have what the old one had. What is refused is not waited for."""
    for kind, body in _loan(load, old, new):
        socket.send([Request(kind, CREATE | EXCL, body)])


def reclaim(socket: Socket, load: Load, old: End, new: End) -> None:
    """Take it back, the addresses last: some of the routes would go with them."""
    opposite = {NEWADDR: DELADDR, NEWROUTE: DELROUTE}
    for kind, body in reversed(_loan(load, old, new)):
        socket.send([Request(opposite[kind], 0, body, _GONE)])


def _loan(load: Load, old: End, new: End) -> list[tuple[int, bytes]]:
    """(kind, body) of each message, in the order in which one may need the other."""
    addresses, routes = [], []
    for body in load.addresses + load.passing_addresses:
        values = dict(attributes(body, 8))
        local, length = values.get(_LOCAL), body[1]
        # A real one of this length would be the very same.
        if body[0] != sockets.AF_INET or local is None or length == 32:
            continue
        whole = addr_body(sockets.AF_INET, 32, 0, body[3], new.index)
        addresses.append((NEWADDR, whole + attr(_LOCAL, local) + attr(_ADDRESS, local)))
        flags = struct.unpack("=I", values.get(_FLAGS, bytes(4)))[0]
        if not flags & _NO_PREFIX_ROUTE and values.get(_ADDRESS, local) == local:
            routes.append(_connected(local, length, new))
    for body in load.routes + load.passing_routes:
        if body[0] == sockets.AF_INET and body[7] == _UNICAST:
            routes.append(route_over(body, old, new))
    # Two to one place may differ in nothing but the metric that they had.
    first = _METRIC + new.index % _EACH_LINK * _EACH_LINK
    late = [(NEWROUTE, _with_metric(body, first + i)) for i, body in enumerate(routes)]
    return addresses + late if addresses else []


def _connected(local: bytes, length: int, link: End) -> bytes:
    network = ipaddress.ip_network((local, length), strict=False).network_address.packed
    body = route_body(sockets.AF_INET, length, _MAIN, _BOOT, _LINK, _UNICAST)
    return body + attr(_DST, network) + attr(_SOURCE, local) + attr_u32(_OIF, link.index)


def _with_metric(body: bytes, metric: int) -> bytes:
    kept = [attr(k, v) for k, v in attributes(body, 12) if k != _PRIORITY]
    return body[:12] + b"".join(kept) + attr_u32(_PRIORITY, metric)
