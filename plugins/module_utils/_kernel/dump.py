# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the state of namespaces with netlink dumps, each namespace entered once."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import NamedTuple

from .._topology.kinds import KINDS
from .._topology.model import (
    Address,
    HaveAddress,
    Interface,
    Key,
    Link,
    Namespace,
    Network,
    Options,
    Route,
)
from . import entries, kinds, sysctl
from .namespaces import Namespaces
from .netlink import (
    GETADDR,
    GETLINK,
    GETROUTE,
    Socket,
    addr_body,
    attr_u32,
    attributes,
    link_body,
    route_body,
)

_ATTR = struct.Struct("=HH")
_LINK_HEADER = struct.Struct("=BxHiII")
_ADDRESS_HEADER = struct.Struct("=BBBBI")
_ROUTE_HEADER = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")
_S32 = struct.Struct("=i")

_UP, _LOOPBACK, _LOWER_UP = 0x1, 0x8, 0x10000
_EXT_MASK, _SKIP_STATS = 29, 8
# The attributes of a link that are read, out of some 40 that it has.
_LINK_ATTRIBUTES = frozenset((1, 3, 4, 5, 10, 18, 20, 37, 50, 51))
# IFA_F_SECONDARY has the number of IFA_F_TEMPORARY, which is IPv6's.
_PERMANENT, _SECONDARY, _NODAD, _DADFAILED = 0x80, 0x01, 0x02, 0x08
_KERNEL_PROTOCOLS = (1, 2, 3)  # IFAPROT_KERNEL_LO, _RA, _LL
_TABLE_LOCAL = 255
_CLONED = 0x200
ROUTE_TYPES = {1: "unicast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
SCOPES = {0: "global", 253: "link", 254: "host"}
_AF_INET = 2
_AF_INET6 = 10

LINK_DUMP = link_body() + attr_u32(_EXT_MASK, _SKIP_STATS)
ADDR_DUMP = addr_body(0, 0, 0, 0, 0)
ROUTE_DUMP = route_body(0, 0, 0, 0, 0, 0)


class RawLink(NamedTuple):
    """A link with the numbers that only its namespace understands."""

    link: Link
    master_index: int
    peer_index: int
    peer_nsid: int | None
    carrier: bool = False


@dataclass(frozen=True)
class RawNamespace:
    """One namespace as it was dumped."""

    name: str
    links: dict[int, RawLink]
    addresses: dict[int, list[HaveAddress]]
    routes: tuple[Route, ...]
    sysctls: Mapping[str, str | None]


@dataclass(frozen=True)
class Details:
    """Of which links the options and entries are read: that is the slow part."""

    names: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


NO_DETAILS = Details()


def link_indexes(body: bytes) -> tuple[str, int, int]:
    """A link's name, its ifindex and, of a veth, its other end's; from the body of RTM_NEWLINK."""
    name, peer = "", 0
    for number, value in attributes(body, _LINK_HEADER.size):
        if number == 3:
            name = value[:-1].decode(errors="surrogateescape")
        elif number == 5:
            peer = _U32.unpack(value)[0]
            break
    return name, int(_LINK_HEADER.unpack_from(body)[2]), peer


def parse_link(netns: str, body: bytes, details: Details = NO_DETAILS) -> RawLink:
    """A link from the body of RTM_NEWLINK.

    The loop is written out: this runs for every link of every namespace.
    """
    dummy, dummy, index, flags, dummy = _LINK_HEADER.unpack_from(body)
    name = mac = alias = kind = ""
    mtu = low = high = master = peer = 0
    nsid = None
    following, end = 16, len(body)
    unpack, wanted = _ATTR.unpack_from, _LINK_ATTRIBUTES
    while following < end:
        offset = following
        length, number = unpack(body, offset)
        following = offset + ((length + 3) & ~3)
        number &= 0x3FFF
        if number not in wanted:
            continue
        start = offset + 4
        if number == 3:
            name = body[start : offset + length - 1].decode(errors="surrogateescape")
        elif number == 1:
            mac = body[start : offset + length].hex(":")
        elif number == 4:
            mtu = _U32.unpack_from(body, start)[0]
        elif number == 5:
            peer = _U32.unpack_from(body, start)[0]
        elif number == 10:
            master = _U32.unpack_from(body, start)[0]
        elif number == 18:
            for inner, value in attributes(body[start : offset + length]):
                if inner == 1:
                    kind = value.rstrip(b"\0").decode()
                    break
        elif number == 20:
            alias = body[start : offset + length].rstrip(b"\0").decode(errors="surrogateescape")
        elif number == 37:
            nsid = _S32.unpack_from(body, start)[0]
        elif number == 50:
            low = _U32.unpack_from(body, start)[0]
        elif number == 51:
            high = _U32.unpack_from(body, start)[0]
    options: Options = ()
    if kind in kinds.ATTRIBUTES and (name in details.names or kind in details.kinds):
        options = kinds.decode(kind, body)
    link = Link(
        netns,
        name,
        index,
        kind,
        mac,
        mtu,
        low,
        high,
        bool(flags & _UP),
        bool(flags & _LOOPBACK),
        None,
        alias,
        None,
        options,
    )
    return RawLink(link, master, peer, nsid, bool(flags & _LOWER_UP))


def parse_address(body: bytes) -> tuple[int, HaveAddress]:
    """An address, and the ifindex of its link, from the body of RTM_NEWADDR."""
    family, prefixlen, flags, dummy, index = _ADDRESS_HEADER.unpack_from(body)
    address = local = b""
    protocol = 0
    for number, value in attributes(body, 8):
        if number == 1:
            address = value
        elif number == 2:
            local = value
        elif number == 8:
            flags = _U32.unpack(value)[0]
        elif number == 11:
            protocol = value[0]
    data = local or address
    purgeable = bool(flags & _PERMANENT)
    if family != _AF_INET and (protocol in _KERNEL_PROTOCOLS or _is_link_local(data)):
        purgeable = False
    interface = _interface(family, data, prefixlen)
    peer = _interface(family, address, prefixlen) if local and address not in (b"", local) else None
    nodad = family != _AF_INET and bool(flags & _NODAD)
    failed = family != _AF_INET and bool(flags & _DADFAILED)
    return index, HaveAddress(interface, purgeable, bool(flags & _SECONDARY), nodad, failed, peer)


def _is_link_local(data: bytes) -> bool:
    """fe80::/10"""
    return data[0] == 0xFE and data[1] & 0xC0 == 0x80


@functools.lru_cache(maxsize=4096)
def _interface(family: int, data: bytes, prefixlen: int) -> Interface:
    if family == _AF_INET:
        return IPv4Interface((data, prefixlen))
    return IPv6Interface((data, prefixlen))


@functools.lru_cache(maxsize=4096)
def _network(family: int, data: bytes, prefixlen: int) -> Network:
    if family == _AF_INET:
        return IPv4Network((data or bytes(4), prefixlen))
    return IPv6Network((data or bytes(16), prefixlen))


@functools.lru_cache(maxsize=4096)
def _address(data: bytes) -> Address:
    return IPv4Address(data) if len(data) == 4 else IPv6Address(data)


def parse_route(netns: str, body: bytes, names: Mapping[int, RawLink]) -> Route | None:
    """A route of IP that a person could have made; None for the kernel's own local ones.

    A dump of all families has those of MPLS, too, whose destinations are labels.
    """
    family, dst_len, dummy, dummy, table, protocol, scope, kind, flags = _ROUTE_HEADER.unpack_from(
        body
    )
    if family not in (_AF_INET, _AF_INET6):
        return None
    if table == _TABLE_LOCAL or kind not in ROUTE_TYPES or flags & _CLONED:
        return None
    dst = b""
    via: Address | None = None
    src: Address | None = None
    oif = metric = 0
    for number, value in attributes(body, 12):
        if number == 1:
            dst = value
        elif number == 4:
            oif = _U32.unpack(value)[0]
        elif number == 5:
            via = _address(value)
        elif number == 6:
            metric = _U32.unpack(value)[0]
        elif number == 7:
            src = _address(value)
        elif number == 15:
            table = _U32.unpack(value)[0]
    if table == _TABLE_LOCAL or dst[:2] == b"\xfe\x80" or dst[:1] == b"\xff":
        return None
    # The kernel hangs IPv6 blackholes on lo.
    link = names.get(oif) if kind == 1 else None
    return Route(
        netns,
        _network(family, dst, dst_len),
        via,
        link.link.name if link else None,
        metric,
        table,
        ROUTE_TYPES[kind],
        SCOPES.get(scope) if family == _AF_INET else None,
        src,
        protocol,
    )


def read_namespace(
    spaces: Namespaces,
    name: str,
    sysctls: Iterable[str] = (),
    details: Details = NO_DETAILS,
) -> tuple[RawNamespace, Socket]:
    """Dump one namespace; its socket is handed back for further questions. Close it."""
    with spaces.entered(name):
        socket = Socket()
        values = sysctl.read(sysctls)
    try:
        return dump_namespace(socket, name, values, details), socket
    except BaseException:
        socket.__exit__()
        raise


def dump_namespace(
    socket: Socket, name: str, sysctls: Mapping[str, str | None], details: Details
) -> RawNamespace:
    """What the socket's namespace has, with the values of ``sysctls``."""
    links = {}
    for body in socket.dump(GETLINK, LINK_DUMP):
        raw = parse_link(name, body, details)
        links[raw.link.index] = raw
    for index, raw in links.items():
        if raw.link.options:
            links[index] = _detailed(socket, raw, links)
    addresses: dict[int, list[HaveAddress]] = {}
    for body in socket.dump(GETADDR, ADDR_DUMP):
        index, address = parse_address(body)
        addresses.setdefault(index, []).append(address)
    routes = []
    for body in socket.dump(GETROUTE, ROUTE_DUMP):
        # Ten of the twelve routes of a namespace with one link are the kernel's own.
        if body[4] == _TABLE_LOCAL:
            continue
        route = parse_route(name, body, links)
        if route is not None:
            routes.append(route)
    return RawNamespace(name, links, addresses, tuple(routes), sysctls)


def _detailed(socket: Socket, raw: RawLink, links: Mapping[int, RawLink]) -> RawLink:
    """With the names of the links that its options name, and with its entries."""
    link = raw.link
    traits = KINDS[link.kind]
    elsewhere = traits.lower and raw.peer_nsid is not None

    def name_of(index: int) -> str | None:
        other = links.get(index)
        return other.link.name if other is not None and not elsewhere else None

    options = kinds.with_names(link.kind, link.options, name_of)
    static = entries.read(socket, link.index, name_of) if traits.entries else ()
    detailed = replace(link, options=options, entries=static, lower_is_elsewhere=elsewhere)
    return raw._replace(link=detailed)


def join(raw: RawNamespace, peers: Mapping[Key, Key]) -> Namespace:
    """The namespace with names in place of numbers."""
    links = {}
    for index, entry in raw.links.items():
        master = raw.links.get(entry.master_index)
        addresses = raw.addresses.get(index)
        peer = peers.get(entry.link.key)
        links[entry.link.name] = replace(
            entry.link,
            master=master.link.name if master else None,
            addresses=tuple(addresses) if addresses else (),
            peer=peer,
        )
    return Namespace(raw.name, links, raw.routes, raw.sysctls)
