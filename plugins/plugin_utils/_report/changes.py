# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between two looks at the same hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .network import Link, Room, read
from .words import natural

# What a thing is called → its properties in words.
Facts = dict[str, dict[str, str]]
ARROW = "\N{RIGHTWARDS ARROW}"
Hosts = Iterable[Mapping[str, Any]]


def changes(before: Hosts, now: Hosts, passing: str = "") -> list[dict[str, str]]:
    """One entry for each difference: host, ``sign`` (+, - or ~), what, how.

    Hosts that only one of the looks saw are left out, and so is the container ``passing``, which
    each look finds anew.
    """
    old, new = _facts(before, passing), _facts(now, passing)
    found = []
    for host in new:
        if host not in old:
            continue
        for what in sorted(old[host].keys() | new[host].keys(), key=natural):
            was, is_ = old[host].get(what), new[host].get(what)
            if was == is_:
                continue
            if was is None or is_ is None:
                sign, words = ("+", is_) if was is None else ("-", was)
                how = ", ".join(
                    f"{key} {value}".strip() for key, value in (words or {}).items() if value
                )
            else:
                sign = "~"
                how = ", ".join(
                    f"{key} {was.get(key) or 'none'} {ARROW} {is_.get(key) or 'none'}".strip()
                    for key in dict.fromkeys([*was, *is_])
                    if was.get(key) != is_.get(key)
                )
            found.append({"host": host, "sign": sign, "what": what, "how": how})
    return found


def _facts(hosts: Hosts, passing: str) -> dict[str, Facts]:
    hosts = list(hosts)
    found = {}
    for data, host in zip(hosts, read(hosts)):
        facts: Facts = {}
        for name, version in (data.get("versions") or {}).items():
            facts[f"version of {name}"] = {"": str(version)}
        gone = {room.netns for room in host.others if room.containers == (passing,)}
        for room in host.rooms:
            if room.netns in gone or room.kind == "unnamed":
                continue
            _room_facts(facts, room, gone)
        for network in host.networks:
            subnets = [str(subnet.get("subnet")) for subnet in network.get("subnets") or ()]
            facts[f"Docker network {network.get('name')}"] = {
                "driver": str(network.get("driver")),
                "subnets": ", ".join(subnets),
            }
        found[host.name] = facts
    return found


def _room_facts(facts: Facts, room: Room, gone: set[str]) -> None:
    where = f" in {room.title}" if room.netns else ""
    if room.netns:
        facts[f"{room.sort} {room.title}"] = {}
    facts[f"IPv4 forwarding{where}"] = {"": "on" if room.forwards else "off"}
    for link in room.links:
        if link.kind == "loopback" and link.up:
            continue
        if not (link.peer and link.peer[1] in gone):
            facts[f"link {link.name}{where}"] = _link_facts(link)
    for route in room.shown_routes:
        metric = f" metric {route.metric}" if route.metric else ""
        facts[f"route to {route.dst}{metric}{where}"] = {
            "via": route.via,
            "on": route.dev,
            "type": "" if route.type == "unicast" else route.type,
        }


def _link_facts(link: Link) -> dict[str, str]:
    options = ", ".join(f"{key}={value}" for key, value in sorted(link.options.items()))
    return {
        "": link.kind,
        "state": "up" if link.up else "down",
        "MTU": str(link.mtu),
        "port of": link.master,
        "addresses": ", ".join(str(address) for address in link.shown_addresses),
        "options": options,
    }


def compare(old: Mapping[str, Any] | None, hosts: Hosts, passing: str = "") -> dict[str, Any]:
    """What changed since an earlier report: ``since`` is its time, or None without one."""
    hosts = list(hosts)
    known = {host["host"] for host in (old or {}).get("hosts", ())}
    if not old or not known & {host["host"] for host in hosts}:
        return {"since": None, "entries": []}
    return {"since": old.get("written"), "entries": changes(old["hosts"], hosts, passing)}
