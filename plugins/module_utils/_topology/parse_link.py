# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links from parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from .._errors import OptionError
from . import values
from .collector import Collector
from .kinds import KINDS
from .model import ZERO_MAC, Entry, Interface, WantLink
from .parse_route import netns_of, route_of

Params = Mapping[str, Any]


def is_present(params: Params) -> bool:
    """Entries of a topology have no state, and are present."""
    return params.get("state") != "absent"


def _link_options(params: Params, where: str) -> dict[str, Any]:
    """What every kind of link has."""
    addresses: tuple[Interface, ...] | None = None
    if params.get("addresses") is not None:
        found: dict[Interface, None] = {}
        for i, text in enumerate(params["addresses"]):
            option = f"{where}addresses[{i}]"
            parsed = values.interface(option, text)
            for other in found:
                if other.ip == parsed.ip:
                    raise OptionError(
                        option, text, "the address is given twice", "Keep one of them"
                    )
            found[parsed] = None
        addresses = tuple(found)
    mtu = None
    if params.get("mtu") is not None:
        mtu = values.mtu(f"{where}mtu", params["mtu"])
        if mtu < values.MTU_MIN_IPV6 and any(a.version == 6 for a in addresses or ()):
            raise OptionError(
                f"{where}mtu",
                mtu,
                f"is below {values.MTU_MIN_IPV6}, the least that IPv6 takes, and the link has an"
                " IPv6 address",
                f"Give {values.MTU_MIN_IPV6} or more, or no IPv6 address",
            )
    state = params.get("admin_state")
    return {
        "netns": netns_of(params, where),
        "name": values.link_name(f"{where}name", params["name"]),
        "where": where,
        "addresses": addresses,
        "purge_addresses": params.get("purge_addresses"),
        "mac": values.mac(f"{where}mac", params["mac"]) if params.get("mac") else None,
        "mtu": mtu,
        "up": None if state is None else state == "up",
    }


def _add_link_routes(parts: Collector, link: WantLink, params: Params) -> None:
    for i, entry in enumerate(params.get("routes") or ()):
        where = f"{link.where}routes[{i}]."
        parts.add_route(route_of(entry, where, link.netns, link.name))


def _master(params: Params, where: str, name: str) -> str | None:
    """The bridge; "" takes the link off its bridge."""
    if not params.get("master"):
        return params.get("master")
    master = values.link_name(f"{where}master", params["master"])
    if master == name:
        raise OptionError(
            f"{where}master", master, "a link cannot be its own master", "Name a bridge"
        )
    return master


def add_link(parts: Collector, kind: str, params: Params, where: str) -> None:
    """A link of any kind; a veth with its other end."""
    if kind == "veth":
        _add_veth(parts, params, where)
    else:
        _add_single(parts, kind, params, where)


def _add_veth(parts: Collector, params: Params, where: str) -> None:
    present = is_present(params)
    link = WantLink(
        kind="veth",
        present=present,
        recreate=bool(params.get("recreate")),
        master=_master(params, where, params["name"]),
        **_link_options(params, where),
    )
    peer_params = params.get("peer")
    if peer_params is None:
        # Without a peer an existing pair can be changed or removed, but not made.
        parts.add_link(link)
    else:
        peer_where = f"{where}peer."
        peer = WantLink(
            kind="veth",
            present=present,
            first=False,
            recreate=link.recreate,
            peer=link.key,
            master=_master(peer_params, peer_where, peer_params["name"]),
            **_link_options(peer_params, peer_where),
        )
        if peer.key == link.key:
            raise OptionError(
                f"{peer_where}name",
                peer.name,
                "the peer is the link itself",
                "Give the other end another name or another netns",
            )
        parts.add_link(replace(link, peer=peer.key))
        parts.add_link(peer)
        if present:
            _add_link_routes(parts, peer, peer_params)
    if present:
        _add_link_routes(parts, link, params)


def _add_single(parts: Collector, kind: str, params: Params, where: str) -> None:
    traits = KINDS[kind]
    link = WantLink(
        kind=kind,
        present=is_present(params),
        recreate=bool(params.get("recreate")),
        ports=_ports(params, where) if traits.takes_ports else None,
        purge_ports=bool(params.get("purge_ports")),
        master=_master(params, where, params["name"]),
        options=traits.parse(params, where),
        entries=_entries(params, where) if traits.entries else None,
        purge_entries=params.get("purge_fdb"),
        **_link_options(params, where),
    )
    parts.add_link(link)
    if link.present:
        _add_link_routes(parts, link, params)


def _ports(params: Params, where: str) -> tuple[str, ...] | None:
    if params.get("ports") is None:
        return None
    named: list[str] = []
    for i, text in enumerate(params["ports"]):
        option = f"{where}ports[{i}]"
        port = values.link_name(option, text)
        if port == params["name"]:
            raise OptionError(option, port, "a bridge cannot be its own port", "Remove it")
        if port in named:
            raise OptionError(option, port, "the port is named twice", "Name it once")
        named.append(port)
    return tuple(named)


def _entries(params: Params, where: str) -> tuple[Entry, ...] | None:
    if params.get("fdb") is None:
        return None
    found: list[Entry] = []
    remote = params.get("remote") or params.get("group")
    for i, row in enumerate(params["fdb"]):
        option = f"{where}fdb[{i}]."
        entry = Entry(
            values.station(f"{option}mac", row["mac"]),
            str(values.address(f"{option}dst", row["dst"])),
        )
        if entry.mac == ZERO_MAC and remote and entry.dst == str(ip_address(str(remote))):
            raise OptionError(
                f"{option}dst", entry.dst, "is what remote says already", "Leave one of them out"
            )
        for other in found:
            if other == entry or (other.mac == entry.mac and not entry.is_shared):
                raise OptionError(
                    f"{option}mac",
                    entry.mac,
                    f"is given twice, and leads to {other.dst} already",
                    "Keep one of them: a station is behind one host",
                )
        found.append(entry)
    return tuple(found)
