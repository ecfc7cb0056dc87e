# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for and what is there, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

NETWORKD, IFUPDOWN, NETWORK_MANAGER = "systemd-networkd", "ifupdown", "NetworkManager"


@dataclass(frozen=True)
class Request:
    """``uplink`` None (only with ``present`` false): whichever the bridge has."""

    bridge: str
    uplink: str | None
    seconds: int
    present: bool = True


@dataclass(frozen=True)
class Card:
    """The link that becomes a port. ``above``: (kind, name) of the links that stand on it.

    ``flannel``: by which setting a running flanneld uses it, if one does.
    """

    name: str
    index: int = 0
    mac: str = ""
    kind: str = ""
    ethernet: bool = True
    wireless: bool = False
    loopback: bool = False
    master: str | None = None
    master_kind: str = ""
    addresses: tuple[str, ...] = ()
    above: tuple[tuple[str, str], ...] = ()
    flannel: str | None = None


@dataclass(frozen=True)
class Networkd:
    """How systemd-networkd has the card: its file, what that and its drop-ins say."""

    path: str
    dropins: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    # Of the DHCP client, as the server knows it; None without a lease that has one.
    iaid: int | None = None


@dataclass(frozen=True)
class Ifupdown:
    """The files of ifupdown, by path, and the DHCP client that runs on the link."""

    files: dict[str, str] = field(default_factory=dict)
    client: str | None = None


@dataclass(frozen=True)
class NetworkManager:
    """The profile that is active on the card."""

    uuid: str
    path: str
    text: str
    # Those of the bridge and of its port.
    new_uuids: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Host:
    """Everything that decides. ``bridge_kind`` is None where there is no such link."""

    card: Card | None
    bridge_kind: str | None = None
    systemd: bool = True
    managers: tuple[str, ...] = ()
    networkd: Networkd | None = None
    ifupdown: Ifupdown | None = None
    network_manager: NetworkManager | None = None
