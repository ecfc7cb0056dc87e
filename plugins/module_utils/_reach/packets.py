# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ICMP echo as bytes, for both versions of IP."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Union

# What an echo request's IP packet has before its payload.
HEADERS = {4: 28, 6: 48}
_ECHO = struct.Struct("!BBHHH")
_REQUEST, _REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
_V4 = {0: "network", 1: "host", 2: "protocol", 3: "port"}
_V6 = {0: "route", 3: "host", 4: "port"}
_PROHIBITED = {4: (9, 10, 13), 6: (1, 5, 6)}
_ICMP = {4: 1, 6: 58}


@dataclass(frozen=True)
class Reply:
    """An answer to an echo request."""

    identifier: int
    sequence: int
    token: bytes


@dataclass(frozen=True)
class Refusal:
    """An error that came back for an echo request. ``mtu``: what would have passed."""

    identifier: int
    sequence: int
    text: str
    mtu: int | None = None
    prohibited: bool = False


Message = Union[Reply, Refusal, None]


def echo_request(version: int, identifier: int, sequence: int, size: int, token: bytes) -> bytes:
    """An echo request whose IP packet has ``size`` bytes. The kernel sums ICMPv6 up itself."""
    payload = token + bytes(size - HEADERS[version] - len(token))
    blank = _ECHO.pack(_REQUEST[version], 0, 0, identifier, sequence) + payload
    total = _checksum(blank) if version == 4 else 0
    return _ECHO.pack(_REQUEST[version], 0, total, identifier, sequence) + payload


def _checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def message(version: int, data: bytes, token_length: int) -> Message:
    """What a raw socket received: with IP's header for version 4, without it for version 6."""
    body = data[(data[0] & 15) * 4 :] if version == 4 and data else data
    if len(body) < _ECHO.size:
        return None
    kind, code, dummy, identifier, sequence = _ECHO.unpack_from(body)
    if kind == _REPLY[version]:
        return Reply(identifier, sequence, body[8 : 8 + token_length])
    known = _v4_error(kind, code, body) if version == 4 else _v6_error(kind, code, body)
    inner = _inner(version, body[8:])
    if known is None or inner is None:
        return None
    text, mtu = known
    prohibited = kind == (3 if version == 4 else 1) and code in _PROHIBITED[version]
    return Refusal(*inner, text, mtu, prohibited)


def _v4_error(kind: int, code: int, body: bytes) -> tuple[str, int | None] | None:
    if kind == 11:
        return "the packet went through too many hosts", None
    if kind != 3:
        return None
    if code == 4:
        mtu = struct.unpack_from("!H", body, 6)[0]
        return "the packet is too large for the way", mtu or None
    if code in _PROHIBITED[4]:
        return "it is prohibited", None
    return f"the {_V4.get(code, 'target')} cannot be reached", None


def _v6_error(kind: int, code: int, body: bytes) -> tuple[str, int | None] | None:
    if kind == 2:
        return "the packet is too large for the way", struct.unpack_from("!I", body, 4)[0]
    if kind == 3:
        return "the packet went through too many hosts", None
    if kind != 1:
        return None
    if code in _PROHIBITED[6]:
        return "it is prohibited", None
    if code == 0:
        return "there is no route", None
    return f"the {_V6.get(code, 'target')} cannot be reached", None


def _inner(version: int, packet: bytes) -> tuple[int, int] | None:
    """Identifier and sequence of the echo request that an error is about."""
    if version == 4:
        start = (packet[0] & 15) * 4 if packet else 0
        protocol = packet[9] if len(packet) > 9 else 0
    else:
        start, protocol = 40, packet[6] if len(packet) > 6 else 0
        if protocol == 44 and len(packet) > 48:  # a fragment
            start, protocol = 48, packet[40]
    if protocol != _ICMP[version] or len(packet) < start + 8 or packet[start] != _REQUEST[version]:
        return None
    identifier, sequence = struct.unpack_from("!HH", packet, start + 4)
    return identifier, sequence
