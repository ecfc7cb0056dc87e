# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links and routes as a person reads them, in the words and units of the modules' options."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from .kinds import KINDS, Type
from .model import MARK, Entry, Key, Link, Options, OptionValue, Route

Facts = dict[str, Any]
RouteKey = tuple[str, Any, int, int]


def owner(alias: str) -> str | None:
    """The topology whose mark it is."""
    return alias[len(MARK) :] if alias.startswith(MARK) else None


def link_facts(link: Link, carrier: bool, ports: Iterable[str], lower: Key | None) -> Facts:
    """``lower`` is what the link sits on."""
    return {
        "name": link.name,
        "index": link.index,
        "kind": link.kind or ("loopback" if link.loopback else "physical"),
        "mac": link.mac,
        "mtu": link.mtu,
        "up": link.up,
        "carrier": carrier,
        "master": link.master,
        "ports": list(ports),
        "alias": link.alias,
        "owner": owner(link.alias),
        "addresses": [str(address.interface) for address in link.addresses],
        "peer": _end(link.peer),
        "lower": _end(lower),
        "options": option_words(link.kind, link.options) if link.options else {},
        "fdb": [entry_facts(entry) for entry in link.entries],
    }


def _end(key: Key | None) -> Facts | None:
    return None if key is None else {"netns": key[0], "name": key[1]}


def option_words(kind: str, options: Options) -> Facts:
    """A kind's options as its module takes them; addresses and links that are not set are left
    out."""
    found: Facts = {}
    for name, value in options:
        option = KINDS[kind].option(name)
        if option.type is Type.SWITCH:
            found[option.param] = bool(value)
        elif option.type is Type.NUMBER:
            found[option.param] = _units(int(value), option.factor)
        elif value and not _is_unset(option.type, value):
            group = option.type is Type.ADDRESS and ipaddress.ip_address(str(value)).is_multicast
            found["group" if group else option.param] = value
    return found


def _units(value: int, factor: int) -> int | float:
    return value / factor if value % factor else value // factor


def _is_unset(kind: Type, value: OptionValue) -> bool:
    return kind is Type.ADDRESS and ipaddress.ip_address(str(value)).is_unspecified


def entry_facts(entry: Entry) -> Facts:
    """What is not the link's own is said only where it is there."""
    more = {"port": entry.port, "vni": entry.vni, "via": entry.via}
    given = {name: value for name, value in more.items() if value is not None}
    return {"mac": entry.mac, "dst": entry.dst, **given}


def route_facts(route: Route, owners: Mapping[RouteKey, str]) -> Facts:
    """``owners`` are the topologies that own routes."""
    return {
        "dst": str(route.dst),
        "via": None if route.via is None else str(route.via),
        "dev": route.dev,
        "metric": route.metric,
        "table": route.table,
        "type": route.type,
        "scope": route.scope,
        "src": None if route.src is None else str(route.src),
        "protocol": route.protocol,
        "owner": owners.get(route.key),
    }
