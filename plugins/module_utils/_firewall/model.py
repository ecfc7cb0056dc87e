# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module nat is about: one bridge's network behind the host. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .._topology.model import Address, Interface, Network

# Of each name there is one table of this name, in family inet and, with isolate, in family bridge.
TABLE_PREFIX = "container_net."


@dataclass(frozen=True)
class Publish:
    """A port of the host that leads to one of the network. ``host_ip`` None: all its addresses,
    but for 127.0.0.1, which ``loopback`` adds."""

    protocol: str
    host_ip: Address | None
    host_port: int
    to: Address
    to_port: int
    loopback: bool
    where: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """As the rules' comments say it."""
        address = "*" if self.host_ip is None else str(self.host_ip)
        return f"publish {self.protocol} {address} {self.host_port}"


@dataclass(frozen=True)
class Nat:
    """``subnet`` None: the one of the bridge's address, to be looked up."""

    name: str
    bridge: str
    subnet: Network | None
    masquerade: bool = False
    forward: bool = True
    isolate: bool = False
    publish: tuple[Publish, ...] = ()
    masquerade_except: tuple[Network, ...] = ()

    @property
    def loopback(self) -> bool:
        return any(publish.loopback for publish in self.publish)


@dataclass(frozen=True)
class Request:
    """``nat`` None: nothing of that name shall be there."""

    name: str
    nat: Nat | None
    persist: bool = False


@dataclass(frozen=True)
class Switch:
    """A setting of a link that is 0 or 1."""

    kind: str  # "route_localnet" or "hairpin"
    link: str

    @property
    def path(self) -> str:
        """Of a sysctl: below /proc/sys."""
        return f"net/ipv4/conf/{self.link}/route_localnet"


@dataclass(frozen=True)
class Listener:
    """A socket of the host that waits for packets."""

    protocol: str
    address: Address
    port: int


@dataclass(frozen=True)
class Host:
    """What of the host matters. ``kinds``: every link's; ``addresses``: every link's.

    ``ends``: of the ports those that lead to a single namespace or container.
    """

    kinds: Mapping[str, str]
    addresses: Mapping[str, tuple[Interface, ...]]
    ports: Mapping[str, tuple[str, ...]]  # bridge -> its ports
    ends: Mapping[str, tuple[str, ...]]
    hairpins: Mapping[str, str]  # port -> 0 or 1
    listeners: tuple[Listener, ...] = ()


@dataclass(frozen=True)
class Have:
    """``tables``: family -> the table as nft lists it. ``forward``: the lines of the rule file.

    ``noted``: the switches that this name needs, with the value of before when it was changed.
    ``values``: of switches that are there.
    """

    tables: Mapping[str, str]
    forward: tuple[str, ...] = ()
    noted: Mapping[Switch, str | None] = field(default_factory=dict)
    values: Mapping[Switch, str] = field(default_factory=dict)
