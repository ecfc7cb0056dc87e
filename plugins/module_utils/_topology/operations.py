# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations a plan is made of: plain data that says what to do and how to take it back.

Each has ``stage`` (what must be finished before it), ``inverse()`` (the
operation that takes it back) and ``collateral()`` (what else the kernel changes with it, which an
undo has to restore from a snapshot; G3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Union

from .kinds import KINDS
from .model import (
    Entry,
    HaveAddress,
    Identity,
    Interface,
    Key,
    Link,
    Options,
    OptionValue,
    Route,
)
from .stage import Collateral, Stage


@dataclass(frozen=True)
class AddNamespace:
    """Make the namespace; ``stale`` when an ordinary file of ours is in the way."""

    netns: str
    stale: bool = False
    stage = Stage.NAMESPACE

    def inverse(self) -> Operation:
        return DeleteNamespace(self.netns)

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class AttachNamespace:
    """Give a process's namespace a name; ``replaces`` when another one has it."""

    netns: str
    source: tuple[str, OptionValue]
    identity: Identity = (0, 0)
    replaces: bool = False
    stage = Stage.NAMESPACE

    def inverse(self) -> Operation:
        return DeleteNamespace(self.netns)

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class DeleteNamespace:
    netns: str
    stage = Stage.DELETE_NAMESPACE

    def inverse(self) -> Operation:
        return AddNamespace(self.netns)

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class End:
    """One end of a veth, or the link itself, at its creation."""

    netns: str
    name: str
    mac: str | None = None
    mtu: int | None = None

    @property
    def key(self) -> Key:
        return (self.netns, self.name)


@dataclass(frozen=True)
class AddLink:
    """Make a link in place, with master and state of the near end in the same request."""

    near: End
    kind: str
    peer: End | None = None
    master: str | None = None
    up: bool = False
    options: Options = ()
    # Leaves through another link (``Kind.lower``), which is in place by then.
    lower: bool = False

    @property
    def netns(self) -> str:
        return self.near.netns

    @property
    def stage(self) -> Stage:
        if self.lower:
            return Stage.UPPER
        return Stage.PAIR if self.peer or self.master else Stage.LINK

    @property
    def ends(self) -> tuple[End, ...]:
        return (self.near, self.peer) if self.peer else (self.near,)

    def inverse(self) -> Operation:
        return DeleteLink(self.near.netns, self.near.name, self.kind)

    def collateral(self) -> tuple[Collateral, ...]:
        # A bridge without a MAC and MTU of its own takes them from its ports.
        return (Collateral(self.netns, self.master),) if self.master else ()


@dataclass(frozen=True)
class DeleteLink:
    netns: str
    name: str
    kind: str
    stage = Stage.DELETE_LINK

    def inverse(self) -> Operation:
        return self

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class MoveLink:
    """Move to another namespace; ``index`` is the ifindex it has to get back on undo."""

    netns: str
    name: str
    target: str
    index: int = 0
    stage = Stage.MOVE

    def inverse(self) -> Operation:
        return MoveLink(self.target, self.name, self.netns, self.index)

    def collateral(self) -> tuple[Collateral, ...]:
        return (Collateral(self.netns, self.name),)


@dataclass(frozen=True)
class RenameLink:
    """Rename; the link has to be down for it on kernels before 6.2."""

    netns: str
    name: str
    target: str
    stage: Stage = Stage.RENAME

    def inverse(self) -> Operation:
        return RenameLink(self.netns, self.target, self.name, self.stage)

    def collateral(self) -> tuple[Collateral, ...]:
        return (Collateral(self.netns, self.name),)


@dataclass(frozen=True)
class SetLink:
    """One property: RTM_NEWLINK with several is not all or nothing.

    ``key``: up (0, 1), mac, mtu, alias, master (a name, '' = none), or an option of the kind.
    ``beside``: what the command has to repeat, although it stays.
    """

    netns: str
    name: str
    key: str
    value: str | int
    before: str | int
    kind: str = ""
    stage: Stage = Stage.OPTION
    beside: Options = ()

    def inverse(self) -> Operation:
        return replace(self, value=self.before, before=self.value)

    def collateral(self) -> tuple[Collateral, ...]:
        if self.key == "alias":
            return ()
        touched = [Collateral(self.netns, self.name)]
        if self.key == "master":
            for bridge in (self.value, self.before):
                if bridge:
                    touched.append(Collateral(self.netns, str(bridge)))
        return tuple(touched)


@dataclass(frozen=True)
class SetEntry:
    """Add a forwarding entry, or put it in place of ``before``."""

    netns: str
    name: str
    entry: Entry
    before: Entry | None = None
    stage = Stage.ENTRY

    def inverse(self) -> Operation:
        if self.before is not None:
            return SetEntry(self.netns, self.name, self.before, self.entry)
        return DeleteEntry(self.netns, self.name, self.entry)

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class DeleteEntry:
    netns: str
    name: str
    entry: Entry
    stage = Stage.DELETE_ENTRY

    def inverse(self) -> Operation:
        return SetEntry(self.netns, self.name, self.entry)

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class AddAddress:
    """``again`` puts back what the deletion of another address takes along (G3).

    ``nodad``: without IPv6's duplicate address detection, and so usable at once.
    """

    netns: str
    name: str
    interface: Interface
    again: bool = False
    nodad: bool = False
    peer: Interface | None = None

    @property
    def stage(self) -> Stage:
        return Stage.RESTORE_ADDRESS if self.again else Stage.ADDRESS

    def inverse(self) -> Operation:
        return DeleteAddress(self.netns, self.name, HaveAddress(self.interface, peer=self.peer))

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class DeleteAddress:
    """``change``: not at the end with the deletes, but to make room for another prefix length."""

    netns: str
    name: str
    address: HaveAddress
    change: bool = False

    @property
    def stage(self) -> Stage:
        return Stage.STATE if self.change else Stage.DELETE_ADDRESS

    def inverse(self) -> Operation:
        was = self.address
        return AddAddress(self.netns, self.name, was.interface, nodad=was.nodad, peer=was.peer)

    def collateral(self) -> tuple[Collateral, ...]:
        return (Collateral(self.netns, self.name),)


@dataclass(frozen=True)
class SetRoute:
    """Add a route, or replace ``before``; ``again`` as with addresses."""

    route: Route
    before: Route | None = None
    again: bool = False

    @property
    def netns(self) -> str:
        return self.route.netns

    @property
    def stage(self) -> Stage:
        if self.again:
            return Stage.RESTORE_ROUTE
        return Stage.ROUTE_VIA if self.route.via else Stage.ROUTE

    def inverse(self) -> Operation:
        return DeleteRoute(self.route)

    def collateral(self) -> tuple[Collateral, ...]:
        return (Collateral(self.netns, self.before.dev),) if self.before else ()


@dataclass(frozen=True)
class DeleteRoute:
    route: Route
    stage = Stage.DELETE_ROUTE

    @property
    def netns(self) -> str:
        return self.route.netns

    def inverse(self) -> Operation:
        return SetRoute(self.route)

    def collateral(self) -> tuple[Collateral, ...]:
        return ()


@dataclass(frozen=True)
class SetSysctl:
    """``path`` is below /proc/sys. ``rank``: global forwarding, then all/default, then links."""

    netns: str
    path: str
    value: str
    before: str

    @property
    def stage(self) -> Stage:
        # Links copy "default" when they are made, so what is not a link's own comes first.
        return Stage.SYSCTL if self.rank == 4 else Stage.SYSCTL_EARLY

    @property
    def rank(self) -> int:
        parts = self.path.split("/")
        if len(parts) > 4 and parts[2] in ("conf", "neigh"):
            return {"all": 1, "default": 2}.get(parts[3], 4)
        return 0 if parts[-1] == "ip_forward" else 3

    def inverse(self) -> Operation:
        return SetSysctl(self.netns, self.path, self.before, self.value)

    def collateral(self) -> tuple[Collateral, ...]:
        parts = self.path.split("/")
        if parts[-1] == "ip_forward":
            return (Collateral(self.netns, None, ("net/ipv4/conf/*/forwarding",)),)
        if len(parts) > 4 and parts[2] == "conf":
            # all and default are copied to the links by some keys; disable_ipv6 takes addresses.
            return (Collateral(self.netns, None, ("/".join(parts[:3] + ["*", parts[-1]]),)),)
        return ()


Operation = Union[
    AddNamespace,
    AttachNamespace,
    DeleteNamespace,
    AddLink,
    DeleteLink,
    MoveLink,
    RenameLink,
    SetLink,
    SetEntry,
    DeleteEntry,
    AddAddress,
    DeleteAddress,
    SetRoute,
    DeleteRoute,
    SetSysctl,
]


def set_link(link: Link, key: str, value: str | int, before: str | int) -> SetLink:
    """A change of one property, in the stage where it belongs."""
    stage = {
        "alias": Stage.MARK,
        "mac": Stage.MAC,
        "mtu": Stage.MTU,
        "master": Stage.MASTER,
        "up": Stage.STATE,
        # The kernel changes the default VLAN only while filtering is off.
        "vlan_filtering": Stage.OPTION_LATE if value else Stage.OPTION_EARLY,
    }.get(key, Stage.OPTION)
    if key == "master" and value == "":
        stage = Stage.DELETE_PORT
    if key == "mtu" and link.kind in KINDS and not KINDS[link.kind].mtu_at_creation:
        # The ports' come first, which it may follow.
        stage = Stage.BRIDGE_MTU
    if key == "up" and value and link.kind in KINDS and KINDS[link.kind].takes_ports:
        stage = Stage.BRIDGE_STATE
    return SetLink(link.netns, link.name, key, value, before, link.kind, stage)
