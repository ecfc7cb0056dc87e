# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small servers for the tests of module reachability.

Usage: reach_servers.py tcp ADDRESS PORT | echo ADDRESS PORT | silent ADDRESS PORT
       | dns ADDRESS NAME=ADDRESS…
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys


def bound(address: str, port: int, kind: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    return made


def tcp(address: str, port: str) -> None:
    with bound(address, int(port), socket.SOCK_STREAM) as made:
        made.listen(64)
        print("ready", flush=True)
        while True:
            made.accept()[0].close()


def echo(address: str, port: str) -> None:
    with bound(address, int(port), socket.SOCK_DGRAM) as made:
        print("ready", flush=True)
        while True:
            data, sender = made.recvfrom(2048)
            made.sendto(data, sender)


def silent(address: str, port: str) -> None:
    with bound(address, int(port), socket.SOCK_DGRAM) as made:
        print("ready", flush=True)
        while True:
            made.recvfrom(2048)


def dns(address: str, *entries: str) -> None:
    """Answers for the given names, and for others that there are none."""
    known: dict[str, list[str]] = {}
    for entry in entries:
        name, dummy, value = entry.partition("=")
        known.setdefault(name, []).append(value)
    with bound(address, 53, socket.SOCK_DGRAM) as made:
        print("ready", flush=True)
        while True:
            data, sender = made.recvfrom(2048)
            made.sendto(answer(data, known), sender)


def answer(data: bytes, known: dict[str, list[str]]) -> bytes:
    labels, position = [], 12
    while data[position]:
        labels.append(data[position + 1 : position + 1 + data[position]].decode())
        position += 1 + data[position]
    kind = struct.unpack_from("!H", data, position + 1)[0]
    values = known.get(".".join(labels).lower())
    wanted = [ipaddress.ip_address(value) for value in values or () if value]
    wanted = [found for found in wanted if found.version == {1: 4, 28: 6}.get(kind)]
    flags = 0x8180 | (0 if values is not None else 3)
    header = data[:2] + struct.pack("!HHHHH", flags, 1, len(wanted), 0, 0)
    records = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(found.packed)) + found.packed
        for found in wanted
    )
    return header + data[12 : position + 5] + records


if __name__ == "__main__":
    {"tcp": tcp, "echo": echo, "silent": silent, "dns": dns}[sys.argv[1]](*sys.argv[2:])
