# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's routes, read from the text of /proc/net/route and /proc/net/ipv6_route."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._networks import Network, overlaps

_UP = 0x1
_REJECT = 0x200
_LOCAL_OR_CACHE = 0x81000000
# flannel's own links: what it routes is the network itself, no competitor of it.
_FLANNEL_LINK = re.compile(r"flannel(\d+|-v6|-wg|-wg-v6|\.ipip|(-v6)?\.\d+)$")


@dataclass(frozen=True)
class HostRoute:
    """A route of the main table."""

    dst: Network
    dev: str
    via: str = ""  # the gateway, '' where there is none


def parse(ipv4: str, ipv6: str) -> list[HostRoute]:
    """The routes that lead somewhere, default routes left out."""
    return [*_ipv4(ipv4), *_ipv6(ipv6)]


def _ipv4(text: str) -> Iterable[HostRoute]:
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        flags = int(fields[3], 16)
        if not flags & _UP or flags & _REJECT:
            continue
        # The kernel prints the four bytes as one number of this machine's byte order.
        address = socket.inet_ntoa(struct.pack("=I", int(fields[1], 16)))
        mask = socket.inet_ntoa(struct.pack("=I", int(fields[7], 16)))
        dst = ipaddress.IPv4Network(f"{address}/{mask}")
        if dst.prefixlen:
            yield HostRoute(dst, fields[0], _gateway(fields[2]))


def _gateway(text: str) -> str:
    number = int(text, 16)
    return socket.inet_ntoa(struct.pack("=I", number)) if number else ""


def _ipv6(text: str) -> Iterable[HostRoute]:
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10:
            continue
        flags = int(fields[8], 16)
        if not flags & _UP or flags & (_REJECT | _LOCAL_OR_CACHE):
            continue
        dst = ipaddress.IPv6Network((int(fields[0], 16), int(fields[1], 16)))
        if dst.prefixlen and not dst.is_link_local and not dst.is_multicast:
            via = ipaddress.IPv6Address(int(fields[4], 16))
            yield HostRoute(dst, fields[9], "" if via.is_unspecified else str(via))


def in_the_way(
    routes: Iterable[HostRoute],
    networks: Sequence[Network],
    ours: Iterable[Network],
    peers: Iterable[str] = (),
) -> HostRoute | None:
    """The first route that shares addresses with one of ``networks``, or None.

    ``ours`` are subnets that flannel gave to a host: a route to exactly such a subnet is
    flannel's own way, or the bridge that carries this host's part of the network. So is one through
    another host, an address of ``peers``.
    """
    allowed, gateways = set(ours), set(peers)
    for route in routes:
        if route.dev == "lo" or _FLANNEL_LINK.match(route.dev) or route.dst in allowed:
            continue
        if route.via in gateways:
            continue
        if any(overlaps(route.dst, network) for network in networks):
            return route
    return None
