# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a row of a box says of links and routes."""

from __future__ import annotations

from .network import Interface, Link, Route
from .parts import Row
from .words import span

ADDRESSES_SHOWN = 3


def link_row(links: list[Link], port: str, mtu: int = 1500) -> Row:
    first = links[0]
    name = first.name if len(links) == 1 else span(link.name for link in links)
    if len(links) > 2:
        name = f"{name} ({len(links):,})"
    words = sort_of(first)
    # Pairs are the rule, and cards and bridges that are ports speak for themselves.
    named: tuple[str, ...] = () if first.kind in ("veth", "physical") else (words,)
    if first.master and first.key[1]:
        named += (f"port of {first.master}",)
    trouble = first.trouble if all(link.trouble == first.trouble for link in links) else "SOME DOWN"
    return Row(port, name, named + facts(links, mtu), trouble)


def facts(links: list[Link], mtu: int = 1500) -> tuple[str, ...]:
    """Addresses, and an MTU that is not the one that goes without saying."""
    if len(links) == 1:
        known = [str(address) for address in links[0].shown_addresses]
        more = len(known) - ADDRESSES_SHOWN
        facts = known[:ADDRESSES_SHOWN] + ([f"and {more} more"] if more > 0 else [])
    else:
        facts = _ranges([address for link in links for address in link.shown_addresses])
    mtus = {link.mtu for link in links}
    if len(mtus) == 1 and mtus & {mtu, 65536} == set():
        facts.append(f"MTU {links[0].mtu}")
    return tuple(facts)


def _ranges(addresses: list[Interface]) -> list[str]:
    """First and last of each family, with the prefix lengths."""
    found = []
    for version in (4, 6):
        own = sorted({address for address in addresses if address.version == version})
        if own:
            lengths = sorted({address.network.prefixlen for address in own})
            ends = span([str(own[0].ip), str(own[-1].ip)]).replace(
                ", ", " \N{HORIZONTAL ELLIPSIS} "
            )
            found.append(f"{ends} /{span(map(str, lengths))}")
    return found


def sort_of(link: Link) -> str:
    """What a link is, in words."""
    if link.kind == "physical":
        return "network card"
    if link.kind == "vxlan":
        return f"VXLAN {link.options.get('vni', '')}".strip()
    return {"loopback": "loopback", "veth": "veth end"}.get(link.kind, link.kind or "link")


def destination(route: Route) -> str:
    return "default" if route.is_default else route.dst


def via(route: Route, via: str) -> tuple[str, ...]:
    if route.type != "unicast":
        return (route.type,)
    return (f"via {via}",) if via else ()
