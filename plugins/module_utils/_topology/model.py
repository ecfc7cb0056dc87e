# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted and what is there, as plain data.

A namespace is a string: its name under /run/netns, or ``HOST`` for the one the run started in.
A link's key is (namespace, name). Addresses and networks are ``ipaddress`` objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Union

Address = Union[IPv4Address, IPv6Address]
Interface = Union[IPv4Interface, IPv6Interface]
Network = Union[IPv4Network, IPv6Network]
Key = tuple[str, str]
OptionValue = Union[int, str]
# A namespace's device and inode.
Identity = tuple[int, int]
Options = tuple[tuple[str, OptionValue], ...]

HOST = ""
ZERO_MAC = "00:00:00:00:00:00"
MARK = "container_net:"
# Ours among the rtnetlink protocol numbers (unused in iproute2's rt_protos).
ROUTE_PROTOCOL = 67
# RTPROT_KERNEL: a route that came with an address, and goes with it.
KERNEL_PROTOCOL = 2
TABLE_MAIN = 254
# What the kernel gives a route whose metric is left out.
DEFAULT_METRIC = {4: 0, 6: 1024}


@dataclass(frozen=True)
class Route:
    """A route, wanted or present. ``metric`` is always the effective one."""

    netns: str
    dst: Network
    via: Address | None
    dev: str | None
    metric: int
    table: int = TABLE_MAIN
    type: str = "unicast"
    scope: str | None = None
    src: Address | None = None
    protocol: int = ROUTE_PROTOCOL
    where: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, Network, int, int]:
        """What the kernel allows once: a second one replaces the first."""
        return (self.netns, self.dst, self.metric, self.table)


@dataclass(frozen=True)
class WantRouteAbsent:
    """A route that must not be there; None matches anything."""

    netns: str
    dst: Network
    via: Address | None
    dev: str | None
    metric: int | None
    table: int


@dataclass(frozen=True)
class Entry:
    """A static forwarding entry: frames for ``mac`` go to the host ``dst``.

    The zero MAC stands for broadcast and everything unknown; such a MAC and multicast ones may
    lead to several hosts, others to one. The rest is None unless a person gave more than ours.
    """

    mac: str
    dst: str
    port: int | None = None
    vni: int | None = None
    via: str | None = None

    @property
    def is_shared(self) -> bool:
        """Whether one more host is an entry beside this one, and not instead of it."""
        return self.mac == ZERO_MAC or bool(int(self.mac[:2], 16) & 1)


@dataclass(frozen=True)
class WantNamespace:
    name: str
    where: str
    present: bool = True
    loopback_up: bool | None = None
    sysctls: tuple[tuple[str, str], ...] = ()
    force: bool = False
    # ("pid", number) or ("container", name): the name is for that one's namespace.
    source: tuple[str, OptionValue] | None = None


@dataclass(frozen=True)
class WantLink:
    """One link; a veth pair is two of them, each with the other's key as ``peer``.

    None means "leave it alone" throughout; ``master`` "" means none. ``options`` are the kind's
    own, in ``ip``'s names and the kernel's units (``kinds.KINDS``). ``first`` is the end that was
    named first.
    """

    netns: str
    name: str
    kind: str
    where: str
    present: bool = True
    peer: Key | None = None
    first: bool = True
    recreate: bool = False
    addresses: tuple[Interface, ...] | None = None
    purge_addresses: bool | None = None
    mac: str | None = None
    mtu: int | None = None
    up: bool | None = None
    master: str | None = None
    purge_ports: bool = False
    ports: tuple[str, ...] | None = None
    options: Options = ()
    entries: tuple[Entry, ...] | None = None
    purge_entries: bool | None = None

    @property
    def key(self) -> Key:
        return (self.netns, self.name)


@dataclass(frozen=True)
class Want:
    """A piece of a topology, as a person wrote it.

    ``topology`` is the owner's name (what is made is marked with it); the single-object modules
    share ``default``. ``adopt``: None (single-object modules) changes what others made when it is
    named, but not what another topology owns, and never marks it; False only accepts (and marks)
    a foreign object that already matches; True takes it over. ``prune`` removes what the topology
    owns and does not name; ``absent`` means that it names nothing.
    """

    topology: str
    namespaces: tuple[WantNamespace, ...] = ()
    links: tuple[WantLink, ...] = ()
    routes: tuple[Route, ...] = ()
    absent_routes: tuple[WantRouteAbsent, ...] = ()
    adopt: bool | None = None
    prune: bool = False
    force: bool = False

    @property
    def mark(self) -> str:
        return MARK + self.topology

    def namespace_names(self) -> tuple[str, ...]:
        """Every namespace that the want speaks of, each once, the host's first."""
        names = {HOST: None}
        for namespace in self.namespaces:
            names[namespace.name] = None
        for link in self.links:
            names[link.netns] = None
        for route in self.routes:
            names[route.netns] = None
        for absent in self.absent_routes:
            names[absent.netns] = None
        return tuple(names)


def with_peer(interface: Interface, peer: Interface | None) -> str:
    """An address as `ip` takes and shows it."""
    return f"{interface.ip} peer {peer}" if peer else str(interface)


@dataclass(frozen=True)
class HaveAddress:
    """``purgeable`` is false for link-local, dynamic and router-advertised addresses.

    ``nodad``: it was given without duplicate address detection. ``failed``: detection found it on
    another link, so the kernel does not use it. ``peer``: the other end that it was given, whose
    network it leads to then.
    """

    interface: Interface
    purgeable: bool = True
    secondary: bool = False
    nodad: bool = False
    failed: bool = False
    peer: Interface | None = None

    @property
    def network(self) -> Network:
        """What is on the link by this address."""
        return (self.peer or self.interface).network

    @property
    def leads_elsewhere(self) -> bool:
        """Whether the same address without a peer would be another one."""
        return self.network != self.interface.network

    def __str__(self) -> str:
        return with_peer(self.interface, self.peer)


@dataclass(frozen=True)
class Link:
    """A link as the kernel has it. ``peer`` is set where both ends were read.

    ``options`` and ``entries`` are read only where they are wanted.
    """

    netns: str
    name: str
    index: int
    kind: str = ""
    mac: str = ""
    mtu: int = 1500
    min_mtu: int = 0
    max_mtu: int = 0
    up: bool = False
    loopback: bool = False
    master: str | None = None
    alias: str = ""
    peer: Key | None = None
    options: Options = ()
    addresses: tuple[HaveAddress, ...] = ()
    entries: tuple[Entry, ...] = ()
    # The link below it is in another namespace, so its number says nothing here.
    lower_is_elsewhere: bool = False

    @property
    def key(self) -> Key:
        return (self.netns, self.name)

    @property
    def is_orphan(self) -> bool:
        """A veth of ours whose other end is in no namespace that has a name."""
        return self.kind == "veth" and self.peer is None and self.alias.startswith(MARK)


@dataclass(frozen=True)
class Namespace:
    """``sysctls`` holds those that the want names and the kernel has; None = not writable."""

    name: str
    links: Mapping[str, Link] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    sysctls: Mapping[str, str | None] = field(default_factory=dict)
    has_processes: bool = False


@dataclass(frozen=True)
class Owned:
    """What the state file says that a topology owns; ``pending`` links are name to MAC.

    ``others_routes`` are those of other topologies, whose protocol number is the same, by name.
    ``attached`` are the names that it gave to namespaces of processes.
    ``places`` are the namespaces, others' included, in which it says that there is something.
    ``links`` are where this topology's links were when a run last ended.
    ``sysctls`` are the values from before this topology set them, by namespace and path.
    """

    namespaces: frozenset[str] = frozenset()
    routes: frozenset[tuple[str, Network, int, int]] = frozenset()
    pending_namespaces: frozenset[str] = frozenset()
    pending_links: Mapping[Key, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    attached: Mapping[str, Identity] = field(default_factory=dict)
    others_routes: Mapping[tuple[str, Network, int, int], str] = field(default_factory=dict)
    links: frozenset[Key] = frozenset()
    sysctls: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Have:
    """What is there.

    ``looked`` are the names that were asked for, whether they exist or not. ``stale`` are files
    under /run/netns that are no namespaces. ``probed`` are the wanted sysctls
    of namespaces that do not exist, as a new one has them.
    """

    namespaces: Mapping[str, Namespace]
    stale: frozenset[str] = frozenset()
    probed: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    owned: Owned = Owned()
    looked: frozenset[str] = frozenset()
    # Of processes: what each name that is wanted leads to, the names that do not lead there yet,
    # those of them that lead elsewhere, and the names that we gave in an earlier run.
    live: Mapping[str, Identity] = field(default_factory=dict)
    unattached: frozenset[str] = frozenset()
    astray: frozenset[str] = frozenset()
    attached: frozenset[str] = frozenset()

    def link(self, key: Key) -> Link | None:
        namespace = self.namespaces.get(key[0])
        return namespace.links.get(key[1]) if namespace else None

    def owner(self, link: Link) -> str | None:
        """The topology whose mark the link carries, or None."""
        return link.alias[len(MARK) :] if link.alias.startswith(MARK) else None

    def namespace_owner(self, name: str) -> str | None:
        loopback = self.link((name, "lo"))
        return self.owner(loopback) if loopback and name != HOST else None


def default_path(path: str) -> str:
    """The sysctl that a new link's own one is copied from; itself for others."""
    parts = path.split("/")
    if len(parts) > 4 and parts[2] in ("conf", "neigh"):
        parts[3] = "default"
    return "/".join(parts)
