# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queueing disciplines and static forwarding entries: what cannot be put back once it is lost."""

from __future__ import annotations

import struct

from .netlink import GETNEIGH, Socket, attributes

_GETQDISC = 38
_AF_BRIDGE = 7
_TCMSG = struct.Struct("=BxxxiIII")
_NDMSG = struct.Struct("=BxxxiHBB")
_TCA_KIND, _NDA_LLADDR = 1, 2
_NUD_NOARP, _NUD_PERMANENT = 0x40, 0x80


def irreplaceable(socket: Socket, index: int, mac: str) -> list[str]:
    """What a person gave to the link, in words."""
    return [*_qdiscs(socket, index), *_entries(socket, index, mac)]


def _qdiscs(socket: Socket, index: int) -> list[str]:
    found = []
    for body in socket.dump(_GETQDISC, _TCMSG.pack(0, 0, 0, 0, 0)):
        dummy, ifindex, handle, dummy, dummy = _TCMSG.unpack_from(body)
        # The kernel's own have no handle.
        if ifindex == index and handle:
            kinds = [v for number, v in attributes(body, _TCMSG.size) if number == _TCA_KIND]
            found.append(f"qdisc {kinds[0].rstrip(bytes(1)).decode() if kinds else handle}")
    return found


def _entries(socket: Socket, index: int, mac: str) -> list[str]:
    found: dict[str, None] = {}
    for body in socket.dump(GETNEIGH, _NDMSG.pack(_AF_BRIDGE, 0, 0, 0, 0)):
        dummy, ifindex, state, dummy, dummy = _NDMSG.unpack_from(body)
        if ifindex != index or not state & (_NUD_NOARP | _NUD_PERMANENT):
            continue
        for number, value in attributes(body, _NDMSG.size):
            # Its own address and groups that it listens to come by themselves.
            if number == _NDA_LLADDR and not value[0] & 1 and value.hex(":") != mac:
                found[f"forwarding entry {value.hex(':')}"] = None
    return list(found)
