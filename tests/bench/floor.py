# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor: the same network with bare netlink, in one process, and nothing else.

Nothing is read, compared, marked, written down or verified, nothing can be undone. What the
kernel itself takes is in here, so this is what the others are measured against.
Usage: floor.py SIZE. Prints the seconds that it took.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import struct
import sys
import time

from tests.bench.network import Network

_NEWNET, _BIND = 0x40000000, 0x1000
_NEWLINK, _NEWADDR, _NEWROUTE = 16, 20, 24
_CREATE = 0x400 | 0x200
_UP = 1
_BATCH = 64

_libc = ctypes.CDLL(None, use_errno=True)


def _must(code: int) -> None:
    if code != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _attr(kind: int, data: bytes) -> bytes:
    length = 4 + len(data)
    return struct.pack("HH", length, kind) + data + b"\0" * (-length & 3)


def _number(kind: int, value: int) -> bytes:
    return _attr(kind, struct.pack("I", value))


def _text(kind: int, value: str) -> bytes:
    return _attr(kind, value.encode() + b"\0")


def _message(kind: int, flags: int, body: bytes) -> bytes:
    """A request that asks for an acknowledgement."""
    return struct.pack("IHHII", 16 + len(body), kind, flags | 1 | 4, 0, 0) + body


def _link(index: int = 0, up: int = 0) -> bytes:
    return struct.pack("BxHiII", 0, 0, index, up, up)


def _address(index: int, address: str) -> bytes:
    packed = socket.inet_aton(address)
    header = struct.pack("BBBBI", socket.AF_INET, 16, 0, 0, index)
    return header + _attr(2, packed) + _attr(1, packed)


def _default_route(gateway: str) -> bytes:
    header = struct.pack("BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 4, 0, 1, 0)
    return header + _attr(5, socket.inet_aton(gateway))


def _connection() -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    made.setsockopt(270, 10, 1)  # NETLINK_CAP_ACK
    return made


def _send(connection: socket.socket, messages: list[bytes]) -> None:
    connection.send(b"".join(messages))
    left = len(messages)
    while left:
        data = connection.recv(1 << 16)
        while data:
            length, kind = struct.unpack_from("IH", data)
            if kind == 2:
                error = -struct.unpack_from("i", data, 16)[0]
                if error:
                    raise OSError(error, os.strerror(error))
                left -= 1
            data = data[(length + 3) & ~3 :]


def build(network: Network) -> None:
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    connection = _connection()
    indexes = {}
    for bridge in network.bridges:
        info = _attr(18, _text(1, "bridge"))
        _send(
            connection, [_message(_NEWLINK, _CREATE, _link(0, _UP) + _text(3, bridge.name) + info)]
        )
        indexes[bridge.name] = socket.if_nametoindex(bridge.name)
        body = _address(indexes[bridge.name], bridge.address)
        _send(connection, [_message(_NEWADDR, _CREATE, body)])

    rooms = list(network.rooms())
    namespaces = []
    os.makedirs("/run/netns", exist_ok=True)
    for room in rooms:
        path = f"/run/netns/{room.name}"
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY | os.O_EXCL, 0))
        _must(_libc.unshare(_NEWNET))
        _must(_libc.mount(b"/proc/thread-self/ns/net", path.encode(), b"none", _BIND, None))
        namespaces.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
    _must(_libc.setns(home, _NEWNET))

    messages = []
    for room, namespace in zip(rooms, namespaces):
        peer = _link() + _text(3, "eth0") + _number(28, namespace)
        info = _attr(18, _text(1, "veth") + _attr(2, _attr(1, peer)))
        near = _link(0, _UP) + _text(3, room.port) + _number(10, indexes[room.bridge.name])
        messages.append(_message(_NEWLINK, _CREATE, near + info))
    for start in range(0, len(messages), _BATCH):
        _send(connection, messages[start : start + _BATCH])

    for room, namespace in zip(rooms, namespaces):
        _must(_libc.setns(namespace, _NEWNET))
        with _connection() as inside:
            # In a namespace of nothing but lo the next link is number 2.
            _send(
                inside,
                [
                    _message(_NEWLINK, 0, _link(1, _UP)),
                    _message(_NEWLINK, 0, _link(2, _UP)),
                    _message(_NEWADDR, _CREATE, _address(2, room.address)),
                    _message(_NEWROUTE, _CREATE, _default_route(room.bridge.address)),
                ],
            )
    _must(_libc.setns(home, _NEWNET))


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    begin = time.perf_counter()
    build(Network(int(sys.argv[1])))
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
