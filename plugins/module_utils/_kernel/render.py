# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An operation as a netlink request. A new kind of link adds nothing here but its ``kinds``."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable

from .._topology.model import Key, Network, Options, Route
from .._topology.operations import (
    AddAddress,
    AddLink,
    DeleteAddress,
    DeleteEntry,
    DeleteLink,
    DeleteRoute,
    End,
    Operation,
    RenameLink,
    SetEntry,
    SetLink,
    SetRoute,
)
from .._topology.stage import Stage
from . import entries, kinds
from .dump import LINK_DUMP, ROUTE_TYPES, SCOPES
from .netlink import (
    CREATE,
    DELADDR,
    DELLINK,
    DELROUTE,
    EXCL,
    GETLINK,
    NESTED,
    NEWADDR,
    NEWLINK,
    NEWROUTE,
    REPLACE,
    SETLINK,
    Request,
    Socket,
    addr_body,
    attr,
    attr_text,
    attr_u32,
    attributes,
    link_body,
    route_body,
)

_ADDRESS, _IFNAME, _MTU, _MASTER, _LINKINFO, _IFALIAS, _GROUP, _NET_NS_FD, _NEW_IFINDEX = (
    1,
    3,
    4,
    10,
    18,
    20,
    27,
    28,
    49,
)
_INFO_KIND, _INFO_DATA = 1, 2
_VETH_PEER = 1
_UP = 1
_NODAD = 0x02
_TYPES = {name: number for number, name in ROUTE_TYPES.items()}
_SCOPES = {name: number for number, name in SCOPES.items()}

Index = Callable[[Key], int]


def mac_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _family(version: int) -> int:
    return socket.AF_INET if version == 4 else socket.AF_INET6


def _end(end: End, namespace_fd: int) -> bytes:
    parts = [attr_text(_IFNAME, end.name)]
    if end.mac:
        parts.append(attr(_ADDRESS, mac_bytes(end.mac)))
    if end.mtu:
        parts.append(attr_u32(_MTU, end.mtu))
    parts.append(attr_u32(_NET_NS_FD, namespace_fd))
    return b"".join(parts)


def add_link(
    link: AddLink,
    index: Index,
    near: int,
    peer: int,
) -> Request:
    """``near`` and ``peer``: descriptors of the namespaces of the ends.

    No ifindex is chosen: the kernel takes the peer's only together with the near end's, and that
    one may be a stranger's (G1).
    The kernel makes both ends, the port and the state in one go or not at all. The peer cannot
    be up here: the near end does not exist yet when the kernel would open it (ENOTCONN).
    """
    flags = _UP if link.up else 0
    info = attr(_INFO_KIND, link.kind.encode() + b"\0")
    if link.peer is not None:
        other = link_body() + _end(link.peer, peer)
        info += attr(_INFO_DATA | NESTED, attr(_VETH_PEER | NESTED, other))
    elif link.options:
        info += attr(_INFO_DATA | NESTED, _options(link.kind, link.netns, link.options, index))
    body = link_body(0, flags, flags) + _end(link.near, near)
    if link.master:
        body += attr_u32(_MASTER, index((link.netns, link.master)))
    return Request(NEWLINK, CREATE | EXCL, body + attr(_LINKINFO | NESTED, info))


def _options(kind: str, netns: str, options: Options, index: Index) -> bytes:
    return kinds.encode(kind, options, lambda name: index((netns, name)))


def set_link(operation: SetLink, index: Index) -> Request:
    """One property of a present link."""
    number = index((operation.netns, operation.name))
    key, value = operation.key, operation.value
    if key == "up":
        body = link_body(number, _UP if value else 0, _UP)
        return Request(SETLINK, 0, body, _may_be_gone(operation))
    if key == "mac":
        data = attr(_ADDRESS, mac_bytes(str(value)))
    elif key == "mtu":
        data = attr_u32(_MTU, int(value))
    elif key == "alias":
        # An empty alias takes it away.
        data = attr(_IFALIAS, str(value).encode(errors="surrogateescape"))
    elif key == "master":
        data = attr_u32(_MASTER, index((operation.netns, str(value))) if value else 0)
    else:
        info = attr(_INFO_KIND, operation.kind.encode() + b"\0")
        data = _options(operation.kind, operation.netns, ((key, value),), index)
        info += attr(_INFO_DATA | NESTED, data)
        # RTM_SETLINK ignores a kind's options without a word.
        return Request(NEWLINK, 0, link_body(number) + attr(_LINKINFO | NESTED, info))
    return Request(SETLINK, 0, link_body(number) + data)


def _may_be_gone(operation: SetLink | RenameLink) -> tuple[int, ...]:
    """A link that is set aside may be one that the kernel is taking down already (G8)."""
    if operation.stage in (Stage.SET_DOWN, Stage.SET_ASIDE):
        return (errno.ENODEV,)
    return ()


def set_group(number: int, group: int) -> Request:
    return Request(SETLINK, 0, link_body(number) + attr_u32(_GROUP, group))


def delete_group(group: int) -> Request:
    """Every link of the group, in one go."""
    return Request(DELLINK, 0, link_body() + attr_u32(_GROUP, group))


def links_of_group(connection: Socket, group: int) -> list[int]:
    """The ifindexes of the links in a group, a stranger's included."""
    found = []
    for body in connection.dump(GETLINK, LINK_DUMP):
        if (_GROUP, group.to_bytes(4, sys.byteorder)) in attributes(body, 16):
            found.append(int.from_bytes(body[4:8], sys.byteorder))
    return found


def move_link(number: int, target_fd: int, new_index: int = 0) -> Request:
    """``new_index``: the ifindex to have there, 0 for the kernel's choice."""
    body = link_body(number) + attr_u32(_NET_NS_FD, target_fd)
    if new_index:
        body += attr_u32(_NEW_IFINDEX, new_index)
    return Request(SETLINK, 0, body)


def _address(operation: AddAddress | DeleteAddress, index: Index) -> Request:
    number = index((operation.netns, operation.name))
    if isinstance(operation, AddAddress):
        interface, peer = operation.interface, operation.peer
    else:
        interface, peer = operation.address.interface, operation.address.peer
    family = _family(interface.version)
    flags = _NODAD if isinstance(operation, AddAddress) and operation.nodad else 0
    body = addr_body(family, interface.network.prefixlen, flags, 0, number)
    body += attr(2, interface.ip.packed) + attr(1, (peer or interface).ip.packed)
    if isinstance(operation, DeleteAddress):
        return Request(DELADDR, 0, body, (errno.EADDRNOTAVAIL, errno.ENODEV))
    if operation.again:
        return Request(NEWADDR, CREATE | REPLACE, body)
    return Request(NEWADDR, CREATE | EXCL, body)


def _route(kind: int, flags: int, route: Route, index: Index) -> Request:
    family = _family(route.dst.version)
    scope = 0
    if route.dst.version == 4:
        scope = 0 if route.via or route.type != "unicast" else _SCOPES["link"]
        if route.scope is not None:
            scope = _SCOPES[route.scope]
    table = route.table if route.table < 256 else 0
    body = route_body(family, route.dst.prefixlen, table, route.protocol, scope, _TYPES[route.type])
    body += _destination(route.dst)
    if route.via is not None:
        body += attr(5, route.via.packed)
    if route.dev is not None:
        body += attr_u32(4, index((route.netns, route.dev)))
    if route.metric:
        body += attr_u32(6, route.metric)
    if route.src is not None:
        body += attr(7, route.src.packed)
    if not table:
        body += attr_u32(15, route.table)
    return Request(kind, flags, body, (errno.ESRCH,) if kind == DELROUTE else ())


def _destination(dst: Network) -> bytes:
    return attr(1, dst.network_address.packed) if dst.prefixlen else b""


def request(operation: Operation, index: Index) -> Request:
    """The request of an operation that needs nothing but ifindexes of its own namespace."""
    if isinstance(operation, SetLink):
        return set_link(operation, index)
    if isinstance(operation, (AddAddress, DeleteAddress)):
        return _address(operation, index)
    if isinstance(operation, (SetEntry, DeleteEntry)):
        return entries.request(operation, index)
    if isinstance(operation, SetRoute):
        flags = CREATE | (REPLACE if operation.before or operation.again else EXCL)
        return _route(NEWROUTE, flags, operation.route, index)
    if isinstance(operation, DeleteRoute):
        return _route(DELROUTE, 0, operation.route, index)
    if isinstance(operation, RenameLink):
        number = index((operation.netns, operation.name))
        body = link_body(number) + attr_text(_IFNAME, operation.target)
        return Request(SETLINK, 0, body, _may_be_gone(operation))
    if isinstance(operation, DeleteLink):
        number = index((operation.netns, operation.name))
        return Request(DELLINK, 0, link_body(number), (errno.ENODEV,))
    raise TypeError(f"{type(operation).__name__} is no single request")
