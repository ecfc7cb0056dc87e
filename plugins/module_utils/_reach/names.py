# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names: what a source's own files say, and DNS as bytes."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from .._topology.model import Address

A, AAAA = 1, 28
TYPES = {4: A, 6: AAAA}
_HEADER = struct.Struct("!HHHHHH")
_RECURSE, _TRUNCATED = 0x0100, 0x0200
_IN = 1
_NO_SUCH_NAME = 3
_WORDS = {1: "calls the question wrong", 2: "fails", 4: "does not know how", 5: "refuses"}


@dataclass(frozen=True)
class Resolver:
    """A source's resolv.conf."""

    servers: tuple[Address, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1

    def candidates(self, name: str) -> list[str]:
        """The names to ask for, the first that has an address counts."""
        if name.endswith("."):
            return [name.rstrip(".")]
        longer = [f"{name}.{domain}" for domain in self.search]
        return [name, *longer] if name.count(".") >= self.ndots else [*longer, name]


def parse_resolv_conf(text: str) -> Resolver:
    """Servers with a zone are left out: they mean a link of the one who wrote them."""
    servers: list[Address] = []
    search: tuple[str, ...] = ()
    ndots = 1
    for line in text.splitlines():
        word, *rest = line.split("#")[0].split(";")[0].split() or [""]
        if word == "nameserver" and rest and "%" not in rest[0]:
            try:
                servers.append(ipaddress.ip_address(rest[0]))
            except ValueError:
                continue
        elif word in ("search", "domain"):
            search = tuple(domain.strip(".") for domain in rest if domain.strip("."))
        elif word == "options":
            for option in rest:
                name, dummy, value = option.partition(":")
                if name == "ndots" and value.isdigit():
                    ndots = int(value)
    # As the C library, which takes no more than three.
    return Resolver(tuple(servers[:3]), search, ndots)


def parse_hosts(text: str) -> dict[str, list[Address]]:
    """Addresses by name, in lower case."""
    found: dict[str, list[Address]] = {}
    for line in text.splitlines():
        fields = line.split("#")[0].split()
        try:
            address = ipaddress.ip_address(fields[0]) if fields else None
        except ValueError:
            continue
        if address is not None:
            for name in fields[1:]:
                found.setdefault(name.lower(), []).append(address)
    return found


def choose(addresses: Mapping[int, list[Address]], version: int | None) -> list[Address]:
    """Those of the wanted version; without one IPv4, and IPv6 where there is no other."""
    if version is not None:
        return addresses.get(version, [])
    return addresses.get(4) or addresses.get(6, [])


@dataclass(frozen=True)
class Answer:
    """``problem`` is None where the server knows, also that there is no such name or address."""

    addresses: tuple[Address, ...] = ()
    exists: bool = True
    problem: str | None = None


def query(identifier: int, name: str, kind: int) -> bytes:
    """A question for the addresses of a name."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part)
    question = labels + b"\0" + struct.pack("!HH", kind, _IN)
    return _HEADER.pack(identifier, _RECURSE, 1, 0, 0, 0) + question


def identifier_of(data: bytes) -> int | None:
    return int(struct.unpack_from("!H", data)[0]) if len(data) >= _HEADER.size else None


def answer(data: bytes, kind: int) -> Answer:
    """What a server said to a question for addresses of that kind."""
    try:
        dummy, flags, questions, answers, dummy, dummy = _HEADER.unpack_from(data)
        code = flags & 15
        if code == _NO_SUCH_NAME:
            return Answer(exists=False)
        if code:
            return Answer(problem=_WORDS.get(code, f"answers with error {code}"))
        position = _HEADER.size
        for dummy in range(questions):
            position = _skip_name(data, position) + 4
        found = []
        for dummy in range(answers):
            position = _skip_name(data, position)
            got, dummy, dummy, length = struct.unpack_from("!HHIH", data, position)
            position += 10
            if got == kind:
                found.append(ipaddress.ip_address(data[position : position + length]))
            position += length
    except (struct.error, IndexError, ValueError):
        return Answer(problem="answers with something else than DNS")
    if not found and flags & _TRUNCATED:
        return Answer(problem="has an answer that is too long for UDP")
    return Answer(tuple(found))


def _skip_name(data: bytes, position: int) -> int:
    while True:
        length = data[position]
        if length >= 0xC0:
            return position + 2
        position += length + 1
        if not length:
            return position
