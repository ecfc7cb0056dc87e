# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that keeps two labs apart, as pure functions of a lab's number.

A lab's number decides the ports of its wire and of its SSH. The ports
are the arbiter between users and checkouts too: nothing can start where one is taken.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from .base import LabError

MAX_LABS = 90
MAX_NODES = 9
_SSH_BASE = 22100
_WIRE_BASE = 23100
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")

SUITES = ("bookworm", "trixie", "testing")
FLAVOURS = ("warm", "bare")


@dataclass(frozen=True)
class Identity:
    """One node's place in any lab. It is part of its snapshot, so it must not name the lab.

    Two labs never share a segment, so a place has the same MAC and address in each of them.
    """

    name: str
    suite: str
    position: int  # 1 is the first node

    @property
    def address(self) -> str:
        """The node's address on the lab's segment."""
        return f"192.168.100.{11 + self.position}"

    def mac(self, nic: int) -> str:
        """The MAC of eth<nic>."""
        return f"52:54:00:c0:{nic:02x}:{self.position:02x}"


@dataclass(frozen=True)
class Slot:
    """What a lab's number gives it on this machine."""

    number: int

    def wire_port(self, position: int) -> int:
        """The UDP port on 127.0.0.1 where the node's end of the wire is; 0 is the wire itself."""
        return _WIRE_BASE + 10 * self.number + position

    def ssh_port(self, position: int) -> int:
        """The TCP port on 127.0.0.1 that leads to the node's SSH."""
        return _SSH_BASE + 10 * self.number + position


def check_name(what: str, name: str) -> str:
    """Return a usable lab or node name, or raise LabError."""
    if not _NAME.fullmatch(name):
        raise LabError(
            f"{what} '{name}': use up to 31 lower-case letters, digits and '-', a letter first"
        )
    return name


def parse_nodes(words: Iterable[str]) -> tuple[Identity, ...]:
    """Turn ["node1=bookworm", …] into identities, in the order given."""
    nodes: list[Identity] = []
    for position, word in enumerate(words, start=1):
        name, equals, suite = word.partition("=")
        if not equals or suite not in SUITES:
            raise LabError(f"node '{word}': write NAME=SUITE with a suite of {', '.join(SUITES)}")
        nodes.append(Identity(check_name("node", name), suite, position))
    if not nodes:
        raise LabError("a lab needs a node: --node node1=bookworm")
    if len(nodes) > MAX_NODES:
        raise LabError(f"{len(nodes)} nodes: a lab takes at most {MAX_NODES}")
    if len({node.name for node in nodes}) != len(nodes):
        raise LabError("two nodes have the same name")
    return tuple(nodes)


def port_is_free(port: int) -> bool:
    """Whether nobody listens on that TCP port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_slots(taken: Iterable[int], positions: Iterable[int]) -> Iterable[Slot]:
    """The slots that a new lab may try, lowest number first."""
    used = set(taken)
    places = list(positions)
    for number in range(MAX_LABS):
        slot = Slot(number)
        if number not in used and all(port_is_free(slot.ssh_port(place)) for place in places):
            yield slot
