# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports of bridges: hairpin mode, which lets a port send back what came in through it."""

from __future__ import annotations

from .._errors import HostError
from .netlink import (
    GETLINK,
    NESTED,
    NEWLINK,
    Request,
    Socket,
    attr,
    attr_text,
    attributes,
    link_body,
)

_IFNAME, _LINKINFO = 3, 18
_SLAVE_KIND, _SLAVE_DATA = 4, 5
_BRPORT_MODE = 4
_HEADER = 16


def hairpins(socket: Socket) -> dict[str, str]:
    """Port -> 0 or 1, of every bridge's in the socket's namespace."""
    found = {}
    for body in socket.dump(GETLINK, link_body()):
        name, info = "", b""
        for number, value in attributes(body, _HEADER):
            if number == _IFNAME:
                name = value[:-1].decode(errors="surrogateescape")
            elif number == _LINKINFO:
                info = value
        inner = dict(attributes(info))
        if inner.get(_SLAVE_KIND, b"").rstrip(b"\0") != b"bridge":
            continue
        mode = dict(attributes(inner.get(_SLAVE_DATA, b""))).get(_BRPORT_MODE)
        if mode is not None:
            found[name] = "1" if mode[0] else "0"
    return found


def set_hairpin(port: str, on: bool) -> None:
    """In the namespace that the thread is in; HostError with the kernel's word."""
    data = attr(_SLAVE_DATA | NESTED, attr(_BRPORT_MODE, bytes([on])))
    info = attr(_LINKINFO | NESTED, attr_text(_SLAVE_KIND, "bridge") + data)
    with Socket() as socket:
        (refused,) = socket.send(
            [Request(NEWLINK, 0, link_body() + attr_text(_IFNAME, port) + info)]
        )
    if refused is not None:
        raise HostError(f"{port}: hairpin mode: {refused}")
