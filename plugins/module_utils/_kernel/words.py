# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a snapshot could not put back, as the command with which a person does."""

from __future__ import annotations

import ipaddress
import shlex
import struct
from collections.abc import Mapping

from .._topology.commands import command, route_text
from .._topology.model import HOST
from .._topology.operations import SetSysctl
from .dump import RawLink, parse_route
from .netlink import NEWADDR, NEWROUTE, attributes

# struct rtattr numbers of a route's metrics that ip has words for.
_METRICS = {2: "mtu", 3: "window", 8: "advmss", 11: "initcwnd", 14: "initrwnd"}
_LOCK = 1


def ip(netns: str) -> str:
    return "ip" if netns == HOST else f"ip -n {shlex.quote(netns)}"


def sysctl_command(netns: str, path: str, value: str) -> str:
    return command(SetSysctl(netns, path, value, ""))[0]


def record_command(netns: str, kind: int, body: bytes, links: Mapping[int, RawLink]) -> str:
    """The command that makes an address, a route or a permanent neighbour of the dump again."""
    if kind == NEWROUTE:
        return _route(netns, body, links)
    index = struct.unpack_from("=I", body, 4)[0]
    dev = shlex.quote(links[index].link.name) if index in links else str(index)
    values = dict(attributes(body, 8 if kind == NEWADDR else 12))
    if kind == NEWADDR:
        address = ipaddress.ip_address(values.get(2, values.get(1, b"")))
        nodad = " nodad" if body[2] & 2 else ""
        return f"{ip(netns)} addr replace {address}/{body[1]} dev {dev}{nodad}"
    address = ipaddress.ip_address(values[1])
    mac = values.get(2, b"").hex(":")
    return f"{ip(netns)} neigh replace {address} lladdr {mac} dev {dev} nud permanent"


def _route(netns: str, body: bytes, links: Mapping[int, RawLink]) -> str:
    route = parse_route(netns, body, links)
    if route is None:
        return f"{ip(netns)} route"
    values = dict(attributes(body, 12))
    parts = [f"{ip(netns)}{' -6' if route.dst.version == 6 else ''} route add"]
    parts.append(route_text(route))
    metrics = dict(attributes(values.get(8, b"")))
    locked = struct.unpack("=I", metrics[_LOCK])[0] if _LOCK in metrics else 0
    for kind, name in _METRICS.items():
        if kind in metrics:
            lock = "lock " if locked & 1 << kind else ""
            parts.append(f"{name} {lock}{struct.unpack('=I', metrics[kind])[0]}")
    parts.extend(_hops(values.get(9, b""), links))
    return " ".join(parts)


def _hops(data: bytes, links: Mapping[int, RawLink]) -> list[str]:
    """The next hops of a route that has several."""
    found = []
    offset = 0
    while offset + 8 <= len(data):
        length, dummy, weight, index = struct.unpack_from("=HBBI", data, offset)
        text = "nexthop"
        for kind, value in attributes(data[offset : offset + length], 8):
            if kind == 5:
                text += f" via {ipaddress.ip_address(value)}"
        if index in links:
            text += f" dev {shlex.quote(links[index].link.name)}"
        found.append(f"{text} weight {weight + 1}")
        offset += max(8, (length + 3) & ~3)
    return found
