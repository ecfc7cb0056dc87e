# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports of the host that containers publish, and who has them already. Pure.

``host`` is what role docker_networks' files/docker_networks_state.py says.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import OptionError
from .values import address

_PROTOCOLS = ("tcp", "udp", "sctp")
_LIKE = "Write it in quotes, like '8080:80', '127.0.0.1:8080:80' or '8080-8081:80-81/udp'"


@dataclass(frozen=True)
class Published:
    """Ports of the host in a row, on one address or ("") on all."""

    option: str
    text: str
    protocol: str
    address: str
    first: int
    last: int

    def takes(self, protocol: str, theirs: str, first: int, last: int) -> bool:
        """Whether somebody else's ports are among these."""
        if protocol != self.protocol or first > self.last or last < self.first:
            return False
        return _meet(self.address, theirs)


def parse_published(option: str, texts: Sequence[str]) -> tuple[Published, ...]:
    """As ``docker run --publish`` takes them, without those that Docker chooses itself."""
    found = []
    for text in texts:
        ports, dummy, protocol = text.partition("/")
        on_host, dummy, inside = ports.rpartition(":")
        place, dummy, outside = on_host.rpartition(":")
        place = place.strip("[]")
        protocol = protocol or "tcp"
        if protocol not in _PROTOCOLS:
            raise OptionError(option, text, f"{protocol} is no protocol for ports", _LIKE)
        if place:
            address(option, place)
        wanted = _row(option, text, inside)
        if not outside:
            continue
        given = _row(option, text, outside)
        if len(wanted) > 1 and len(given) != len(wanted):
            raise OptionError(
                option,
                text,
                f"{len(given)} ports of the host, {len(wanted)} of the container",
                "Give as many of one as of the other",
            )
        # Out of several for one Docker chooses one that is free.
        if len(given) == len(wanted):
            found.append(Published(option, text, protocol, place, given[0], given[-1]))
    return tuple(found)


def _row(option: str, text: str, part: str) -> range:
    first, dash, last = part.partition("-")
    if not (first.isdecimal() and (last.isdecimal() if dash else True)):
        raise OptionError(option, text, f"{part!r} is no port", _LIKE)
    row = range(int(first), int(last or first) + 1)
    if not row or row[0] < 1 or row[-1] > 65535:
        raise OptionError(option, text, f"{part!r} is not between 1 and 65535", _LIKE)
    return row


def _meet(one: str, other: str) -> bool:
    if not one or not other:
        return True
    first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    if first.version != second.version:
        return False
    return first == second or first.is_unspecified or second.is_unspecified


def check_published(
    ports: Sequence[Published],
    before: Mapping[str, Sequence[Published]],
    host: Mapping[str, Any],
    ours: Callable[[Mapping[str, Any]], bool],
) -> None:
    """A container's ports; ``before``: those of containers before it in the list."""
    for port in ports:
        for name, theirs in before.items():
            for other in theirs:
                if port.takes(other.protocol, other.address, other.first, other.last):
                    raise _taken(port, f"{name} publishes {other.text}")
        for container in host["containers"]:
            for found in container["published"]:
                if not ours(container) and _has(port, found):
                    raise _taken(
                        port, f"container {container['name']} publishes port {found['port']}"
                    )
        _check_listeners(port, host)
    for number, port in enumerate(ports):
        for other in ports[:number]:
            if port.takes(other.protocol, other.address, other.first, other.last):
                raise _taken(port, f"{other.text} publishes the same port")


def _check_listeners(port: Published, host: Mapping[str, Any]) -> None:
    # Docker itself listens on what containers publish.
    of_docker = {
        (found["protocol"], found["port"])
        for container in host["containers"]
        for found in container["published"]
    }
    for found in host["listeners"]:
        if _has(port, found) and (found["protocol"], found["port"]) not in of_docker:
            raise OptionError(
                port.option,
                port.text,
                f"a program of the host listens on {found['protocol']} port {found['port']}",
                f"Choose another, or stop the program that ss -lnp sport = :{found['port']} names",
            )


def _has(port: Published, found: Mapping[str, Any]) -> bool:
    return port.takes(found["protocol"], found["address"], found["port"], found["port"])


def _taken(port: Published, problem: str) -> OptionError:
    return OptionError(
        port.option, port.text, problem, "Choose another port, or another address of the host"
    )
