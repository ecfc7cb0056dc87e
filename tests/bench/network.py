# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network that every contender builds, as data and in each one's own words.

Bridges with up to 1,000 rooms each: a namespace with a veth to the bridge, an address, everything
up, and a default route through the bridge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# A bridge takes 1,023 ports.
ROOMS_PER_BRIDGE = 1000


@dataclass(frozen=True)
class Bridge:
    name: str
    address: str

    @property
    def cidr(self) -> str:
        return f"{self.address}/16"


@dataclass(frozen=True)
class Room:
    """A namespace; ``port`` is its link's other end, on the bridge."""

    name: str
    port: str
    address: str
    bridge: Bridge

    @property
    def cidr(self) -> str:
        return f"{self.address}/16"


@dataclass(frozen=True)
class Network:
    size: int

    @property
    def bridges(self) -> list[Bridge]:
        count = -(-self.size // ROOMS_PER_BRIDGE)
        return [Bridge(f"brp{i}", f"10.{99 + i}.0.1") for i in range(count)]

    def rooms(self) -> Iterator[Room]:
        for i, bridge in enumerate(self.bridges):
            first = i * ROOMS_PER_BRIDGE
            for k in range(1, min(self.size - first, ROOMS_PER_BRIDGE) + 1):
                address = f"10.{99 + i}.{k // 250}.{k % 250 + 2}"
                yield Room(f"p{first + k}", f"pv{first + k}", address, bridge)

    def bridge_lines(self) -> list[str]:
        """Arguments of ``ip``, one command each."""
        return [
            line
            for bridge in self.bridges
            for line in (
                f"link add {bridge.name} type bridge",
                f"addr add {bridge.cidr} dev {bridge.name}",
                f"link set {bridge.name} up",
            )
        ]

    def topology(self) -> dict[str, Any]:
        """The options of module topology."""
        return {
            "name": "bench",
            "namespaces": [{"name": room.name} for room in self.rooms()],
            "bridges": [{"name": b.name, "addresses": [b.cidr]} for b in self.bridges],
            "veths": [
                {
                    "name": "eth0",
                    "netns": room.name,
                    "addresses": [room.cidr],
                    "routes": [{"dst": "default", "via": room.bridge.address}],
                    "peer": {"name": room.port, "master": room.bridge.name},
                }
                for room in self.rooms()
            ],
        }


def pair_line(room: Room) -> str:
    return f"link add {room.port} type veth peer name eth0 netns {room.name}"


def port_line(room: Room) -> str:
    return f"link set {room.port} master {room.bridge.name} up"


def inside_lines(room: Room) -> list[str]:
    return [
        f"addr add {room.cidr} dev eth0",
        "link set lo up",
        "link set eth0 up",
        f"route add default via {room.bridge.address}",
    ]
