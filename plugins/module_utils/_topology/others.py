# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others have on a link or in a namespace that goes: it is not taken along unasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .._errors import OptionError
from .draft import Draft, place
from .model import ROUTE_PROTOCOL, Have, Key, Link, Route, Want


def refuse_losses_of_others(
    draft: Draft, links: Iterable[Key], namespaces: Iterable[str], pruned: Iterable[str]
) -> None:
    """Raise OptionError where something of another topology would go with what is removed.

    ``pruned`` namespaces go because they are not named any more, so that others' pairs that lead
    out of them stay, too.
    """
    gone = set(namespaces)
    for name in sorted(gone):
        for what, remedy in _inside(draft, name, gone, name in set(pruned)):
            raise OptionError(
                f"namespace {name}",
                name,
                f"{what} would go with it",
                f"{remedy}, or set force to true",
            )
    routes = _routes_of_others(draft)
    for key in sorted(links):
        if key[0] in gone:
            continue
        for what, topology in _upon(draft, key, routes):
            raise OptionError(
                f"link {key[1]}",
                key[1],
                f"{what} of topology {topology} needs it {place(key[0])}",
                f"Remove that from topology {topology} first, or set force to true",
            )


def _inside(draft: Draft, name: str, gone: set[str], pruned: bool) -> Iterator[tuple[str, str]]:
    """(what, remedy) for what others have in the namespace."""
    namespace = draft.have.namespaces[name]
    for link in namespace.links.values():
        owner = draft.anothers(link)
        if owner is not None and not link.loopback:
            yield f"link {link.name} of topology {owner}", f"Remove it from topology {owner} first"
        elif pruned and _leads_out(draft, link, gone):
            peer = link.peer or ("", "")
            yield (
                f"link {link.name}, which this topology did not make, and {peer[1]}"
                f" {place(peer[0])}",
                "Remove that pair, or move it away",
            )
    for route in namespace.routes:
        owner = draft.route_owner(route)
        if owner is not None:
            yield f"the route to {route.dst} of topology {owner}", f"Remove it from {owner} first"


def _leads_out(draft: Draft, link: Link, gone: set[str]) -> bool:
    """A stranger's pair, whose other end somebody uses elsewhere."""
    if link.peer is None or link.peer[0] in gone or draft.is_ours(link) or link.key in draft.gone:
        return False
    other = draft.have.link(link.peer)
    return other is not None and not draft.is_ours(other)


def _routes_of_others(draft: Draft) -> dict[Key, tuple[str, str]]:
    """(destination, topology) of a route of another topology over each link that has one."""
    found: dict[Key, tuple[str, str]] = {}
    if not draft.have.owned.others_routes:
        return found
    for namespace in draft.have.namespaces.values():
        for route in namespace.routes:
            owner = draft.route_owner(route) if route.dev else None
            if owner is not None:
                found[(route.netns, route.dev or "")] = (str(route.dst), owner)
    return found


def _upon(
    draft: Draft, key: Key, routes: Mapping[Key, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """(what, topology) for what other topologies have on the link or its peer."""
    link = draft.have.link(key)
    if link is None:
        return
    other = draft.have.link(link.peer) if link.peer else None
    for end in [link, other] if other else [link]:
        owner = draft.anothers(end)
        if owner is not None and owner != draft.have.owner(link):
            yield f"its other end, {end.name},", owner
        if end.kind == "bridge":
            for port in draft.have.namespaces[end.netns].links.values():
                owner = draft.anothers(port)
                if owner is not None and port.master == end.name and port.key not in draft.wanted:
                    yield f"port {port.name}", owner
        if end.key in routes:
            dst, owner = routes[end.key]
            yield f"the route to {dst}", owner


def stray_routes(have: Have, want: Want) -> Iterator[Route]:
    """Routes that only their protocol number says to be a topology's, and nothing whose."""
    draft = Draft(have, want)
    wanted = {route.key for route in want.routes} | have.owned.routes
    for namespace in have.namespaces.values():
        if draft.have.namespace_owner(namespace.name) is not None:
            continue
        for route in namespace.routes:
            link = have.link((route.netns, route.dev)) if route.dev else None
            if (
                route.protocol == ROUTE_PROTOCOL
                and route.key not in wanted
                and route.key not in have.owned.others_routes
                and (link is None or have.owner(link) is None)
            ):
                yield route
