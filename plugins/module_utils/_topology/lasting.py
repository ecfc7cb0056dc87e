# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Topologies that outlive a reboot: what cannot, what comes first, and when two are the same."""

from __future__ import annotations

from dataclasses import replace

from .._errors import OptionError
from .kinds import KINDS, Type
from .model import HOST, Interface, Key, Route, Want, WantLink


def refuse_unlasting(want: Want) -> None:
    """Raise OptionError for what will not be there when the host starts."""
    for namespace in want.namespaces:
        if namespace.source is not None:
            word, value = namespace.source
            raise OptionError(
                f"{namespace.where}{word}",
                value,
                "after a reboot that has another network namespace, or none, when networks are"
                " made",
                "Set persist to false, and run the task again when it is there",
            )
    made = {HOST} | {namespace.name for namespace in want.namespaces}
    places = [(link.where, link.netns) for link in want.links]
    for where, netns in (*places, *((route.where, route.netns) for route in want.routes)):
        if netns not in made:
            raise OptionError(
                f"{where}netns",
                netns,
                "this topology does not make that namespace, so it is not there after a reboot",
                "Name it under namespaces, or set persist to false",
            )


def early_part(want: Want) -> Want | None:
    """What needs no link but the topology's own, without pruning; None when that is all of it.

    Links of the host's network manager come later, so what leads through them has to wait.
    """
    links = _own_links(want)
    keys = {link.key for link in links}
    addresses = [(link.netns, address) for link in links for address in link.addresses or ()]
    routes = tuple(route for route in want.routes if _is_own(route, keys, addresses))
    if tuple(links) == want.links and routes == want.routes:
        return None
    return replace(want, links=tuple(links), routes=routes, prune=False)


def _own_links(want: Want) -> list[WantLink]:
    links = {link.key: link for link in want.links}
    # One that leaves through a link that waits, waits as well.
    while True:
        waiting = [link.key for link in links.values() if _lower(link) - set(links)]
        if not waiting:
            break
        for key in waiting:
            del links[key]
    found = []
    for link in links.values():
        ports = link.ports
        if ports is not None:
            ports = tuple(port for port in ports if (link.netns, port) in links)
        if ports != link.ports:
            link = replace(link, ports=ports, purge_ports=False)
        if link.master and (link.netns, link.master) not in links:
            link = replace(link, master=None)
        found.append(link)
    return found


def _lower(link: WantLink) -> set[Key]:
    """The links that the kernel needs to make this one."""
    types = {option.name: option.type for option in KINDS[link.kind].options}
    return {(link.netns, str(value)) for name, value in link.options if types[name] is Type.LINK}


def _is_own(route: Route, keys: set[Key], addresses: list[tuple[str, Interface]]) -> bool:
    own = [address for netns, address in addresses if netns == route.netns]
    if route.src is not None and route.src not in {address.ip for address in own}:
        return False
    if route.type != "unicast" or route.dev == "lo":
        return True
    if route.dev is not None:
        return (route.netns, route.dev) in keys
    return route.via is not None and any(route.via in address.network for address in own)


def is_same(one: Want, other: Want) -> bool:
    """Whether two wants mean the same network, however they are written."""
    return _sorted(one) == _sorted(other)


def _sorted(want: Want) -> Want:
    def plain(link: WantLink) -> WantLink:
        return replace(
            link,
            where="",
            addresses=None if link.addresses is None else tuple(sorted(link.addresses, key=str)),
            ports=None if link.ports is None else tuple(sorted(link.ports)),
            options=tuple(sorted(link.options)),
            entries=None if link.entries is None else tuple(sorted(link.entries, key=str)),
        )

    namespaces = [replace(n, where="", sysctls=tuple(sorted(n.sysctls))) for n in want.namespaces]
    return replace(
        want,
        namespaces=tuple(sorted(namespaces, key=lambda n: n.name)),
        links=tuple(sorted(map(plain, want.links), key=lambda link: link.key)),
        routes=tuple(sorted((replace(r, where="") for r in want.routes), key=lambda r: str(r.key))),
    )
