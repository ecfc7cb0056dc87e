# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A netlink socket that sends many requests at once, and the few message formats it needs.

pyroute2's message classes are used where a table of attributes is worth having (link kinds, in
``kinds``). The rest is packed here: encoding one request with pyroute2 takes 40 to 90 µs and
decoding one link 200 µs, which for 1,000 namespaces is more than the kernel's own work.

What a profile of 1,000 new namespaces showed, so that it stays that way: a receive buffer of its
own for each answer costs three more system calls (the memory is mapped, cut and unmapped), and an
acknowledgement for each request a fourth. Both together were half of all system calls.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._errors import HostError

NEWLINK, DELLINK, GETLINK, SETLINK = 16, 17, 18, 19
NEWADDR, DELADDR, GETADDR = 20, 21, 22
NEWROUTE, DELROUTE, GETROUTE = 24, 25, 26
NEWNEIGH, DELNEIGH, GETNEIGH = 28, 29, 30
NEWNSID, GETNSID = 88, 90

REQUEST, ACK = 0x1, 0x4
REPLACE, EXCL, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
DUMP = 0x300

_ERROR, _DONE = 2, 3
_DUMP_INTR = 0x10
_CAPPED, _ACK_TLVS = 0x100, 0x200
_SOL_NETLINK, _CAP_ACK, _EXT_ACK, _STRICT = 270, 10, 11, 12

_HEADER = struct.Struct("=IHHII")
_ATTR = struct.Struct("=HH")
_LINK = struct.Struct("=BxHiII")
_ADDR = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")

_TYPE_MASK = 0x3FFF
NESTED = 0x8000


class NetlinkError(HostError):
    """The kernel refused one request. ``code`` is its errno."""

    def __init__(self, code: int, text: str) -> None:
        message = os.strerror(code)
        super().__init__(f"{message} ({text})" if text else message)
        self.code = code


def attr(kind: int, data: bytes) -> bytes:
    """One attribute, padded."""
    length = 4 + len(data)
    return _ATTR.pack(length, kind) + data + b"\0" * (-length & 3)


def attr_u32(kind: int, value: int) -> bytes:
    return _ATTR.pack(8, kind) + _U32.pack(value)


def attr_text(kind: int, value: str) -> bytes:
    return attr(kind, value.encode() + b"\0")


def link_body(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    """struct ifinfomsg."""
    return _LINK.pack(socket.AF_UNSPEC, 0, index, flags, change)


def addr_body(family: int, prefixlen: int, flags: int, scope: int, index: int) -> bytes:
    """struct ifaddrmsg."""
    return _ADDR.pack(family, prefixlen, flags, scope, index)


def route_body(
    family: int, dst_len: int, table: int, protocol: int, scope: int, kind: int
) -> bytes:
    """struct rtmsg."""
    return _ROUTE.pack(family, dst_len, 0, 0, table, protocol, scope, kind, 0)


def attributes(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message or of a nested one, from ``start``."""
    end = len(data)
    while start + 4 <= end:
        length, kind = _ATTR.unpack_from(data, start)
        if length < 4:
            return
        yield kind & _TYPE_MASK, data[start + 4 : start + length]
        start += (length + 3) & ~3


class Request(NamedTuple):
    """A request, without its header. ``tolerate`` are errnos that count as done."""

    kind: int
    flags: int
    body: bytes
    tolerate: tuple[int, ...] = ()


class Socket:
    """An rtnetlink socket of the namespace that the thread is in when it is made."""

    # One for all: every answer is taken apart before the next is received. The kernel sends at
    # most 32 KiB at once.
    _buffer = memoryview(bytearray(1 << 16))

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
        )
        self._sequence = 0
        try:
            # Acknowledgements without a copy of the request, with the kernel's own words.
            self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
            self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *dummy: object) -> None:
        self._socket.close()

    def send(self, requests: Sequence[Request]) -> list[NetlinkError | None]:
        """Send all in one call; an entry for each says whether it was refused.

        The kernel works on every request, also on those after a refused one (G1), in their order,
        and tells of a refusal in any case. So only the last has to be acknowledged: by then all
        before it were done or have been refused.
        """
        if not requests:
            return []
        first = self._sequence + 1
        last = self._sequence + len(requests)
        parts = []
        for request in requests:
            self._sequence += 1
            flags = request.flags | (REQUEST if self._sequence < last else REQUEST | ACK)
            length = 16 + len(request.body)
            parts.append(_HEADER.pack(length, request.kind, flags, self._sequence, 0))
            parts.append(request.body)
        packet = b"".join(parts)
        if len(packet) > 100_000:
            size = socket.SO_SNDBUF
            self._socket.setsockopt(socket.SOL_SOCKET, size, 2 * len(packet))
        self._socket.send(packet)
        results: list[NetlinkError | None] = [None] * len(requests)
        answered = 0
        while answered != last:
            for kind, flags, sequence, data in self._receive():
                if kind != _ERROR or sequence < first:
                    continue
                answered = sequence
                error = _error(flags, data)
                if error and error.code not in requests[sequence - first].tolerate:
                    results[sequence - first] = error
        return results

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """All objects of a kind: message bodies. Tried again when the table changed under it."""
        for dummy in range(20):
            found, interrupted = self._dump(kind, body)
            if not interrupted:
                return found
        raise HostError("The kernel's tables change too fast to be read. Try again later.")

    def _dump(self, kind: int, body: bytes) -> tuple[list[bytes], bool]:
        self._sequence += 1
        header = _HEADER.pack(16 + len(body), kind, REQUEST | DUMP, self._sequence, 0)
        self._socket.send(header + body)
        found: list[bytes] = []
        interrupted = False
        while True:
            for got, flags, sequence, data in self._receive():
                if sequence != self._sequence:
                    continue
                interrupted = interrupted or bool(flags & _DUMP_INTR)
                if got == _DONE:
                    return found, interrupted
                if got == _ERROR:
                    error = _error(flags, data)
                    if error:
                        raise error
                    return found, interrupted
                found.append(data)

    def get(self, requests: Sequence[Request]) -> list[bytes | NetlinkError]:
        """The answer to each of many single look-ups, sent in one call."""
        first = self._sequence + 1
        parts = []
        for request in requests:
            self._sequence += 1
            parts.append(
                _HEADER.pack(16 + len(request.body), request.kind, REQUEST, self._sequence, 0)
            )
            parts.append(request.body)
        self._socket.send(b"".join(parts))
        results: list[bytes | NetlinkError] = [b""] * len(requests)
        left = len(requests)
        while left:
            for kind, flags, sequence, data in self._receive():
                if sequence < first:
                    continue
                left -= 1
                error = _error(flags, data) if kind == _ERROR else None
                results[sequence - first] = error or data
        return results

    def _receive(self) -> Iterator[tuple[int, int, int, bytes]]:
        end, buffer = self._socket.recv_into(self._buffer), self._buffer
        offset = 0
        while offset + 16 <= end:
            length, kind, flags, sequence, dummy = _HEADER.unpack_from(buffer, offset)
            yield kind, flags, sequence, bytes(buffer[offset + 16 : offset + length])
            offset += (length + 3) & ~3


def _error(flags: int, data: bytes) -> NetlinkError | None:
    code = -int(struct.unpack_from("=i", data)[0])
    if not code:
        return None
    text = ""
    if flags & _ACK_TLVS:
        # The header of the request follows the code, and its body unless the answer is capped.
        start = 4 + (16 if flags & _CAPPED else (_U32.unpack_from(data, 4)[0] + 3) & ~3)
        for kind, value in attributes(data, start):
            if kind == 1:
                text = value.rstrip(b"\0").decode(errors="replace")
    return NetlinkError(code, text)
