# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which parts of a host look alike, so that a picture of a thousand can show one of them.

A part is a namespace, or a link of the host that is no port of another one, with its ports. Two
parts are alike when they say the same of themselves and lead to parts that are alike. What differs
from the crowd (a link that is down, another MTU, no default route) stays by itself, to be seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from .network import Host, Key, Link, Room
from .words import natural

# So many parts of a host are drawn one by one; above, four that are alike are one.
SINGLY = 16
ALIKE = 4
# So many are drawn at most.
DRAWN = 28
_ROUNDS = 3


@dataclass(frozen=True)
class Part:
    """``room`` for a namespace, otherwise ``links``: a link of the host's own and its ports."""

    name: str
    links: tuple[Link, ...]
    room: Room | None = None


@dataclass(frozen=True)
class Group:
    """Parts that are drawn as one. ``mixed``: they are the rest, and not alike."""

    parts: tuple[Part, ...]
    mixed: bool = False

    @property
    def first(self) -> Part:
        return self.parts[0]


def parts_of(host: Host) -> list[Part]:
    """The host's parts: its own links first, each before its ports, then the namespaces."""
    own = host.own
    found = []
    if own:
        names = {link.name for link in own.links}
        ports: dict[str, list[Link]] = defaultdict(list)
        for link in own.links:
            ports[link.master if link.master in names else ""].append(link)
        for link in ports[""]:
            if link.kind == "loopback" or link.is_idle:
                continue
            below = [link]
            for upper in below:
                below += sorted(ports[upper.name], key=lambda port: natural(port.name))
            found.append(Part(link.name, tuple(below)))
    found += [Part(room.netns, shown(room), room) for room in host.others]
    return found


def shown(room: Room) -> tuple[Link, ...]:
    """The links that say something: a loopback only where it is down or has more than its own."""
    real = [link for link in room.links if link.kind != "loopback" and not link.is_idle]
    loops = [
        link
        for link in room.links
        if link.kind == "loopback"
        and (not link.up or any(not address.is_loopback for address in link.addresses))
    ]
    return tuple(loops + real)


def grouped(host: Host) -> list[Group]:
    """The host's parts as they are drawn."""
    parts = parts_of(host)
    if len(parts) <= SINGLY:
        return [Group((part,)) for part in parts]
    owner = {link.key: number for number, part in enumerate(parts) for link in part.links}
    groups: list[Group] = []
    for describe in (_exactly, _without_networks, _by_kind):
        groups = _fold(parts, _colours(parts, owner, describe))
        if len(groups) <= DRAWN:
            return groups
    # The host's own links and the crowds say more than single namespaces.
    groups.sort(key=lambda group: group.first.room is not None and len(group.parts) == 1)
    rest = [part for group in groups[DRAWN - 1 :] for part in group.parts]
    return [*groups[: DRAWN - 1], Group(tuple(rest), mixed=True)]


def _fold(parts: list[Part], colours: list[int]) -> list[Group]:
    """Groups in the order of their first parts; a few that are alike stay single."""
    members: dict[int, list[Part]] = defaultdict(list)
    for part, colour in zip(parts, colours):
        members[colour].append(part)
    found = []
    for alike in members.values():
        if len(alike) >= ALIKE:
            found.append(Group(tuple(alike)))
        else:
            found += [Group((part,)) for part in alike]
    return found


def _colours(
    parts: list[Part], owner: Mapping[Key, int], describe: Callable[[Part], Hashable]
) -> list[int]:
    """A number for each part, equal for those that are alike (colour refinement of a graph)."""
    leads = []
    for part in parts:
        ends = [end for link in part.links for end in (link.peer, link.lower) if end]
        leads.append(sorted({owner[end] for end in ends if end in owner}))
    for number, led in enumerate(leads):
        for end in led:
            if number not in leads[end]:
                leads[end].append(number)
    colours = _numbered([describe(part) for part in parts])
    for dummy in range(_ROUNDS):
        colours = _numbered(
            [
                (colour, tuple(sorted({colours[end] for end in led})))
                for colour, led in zip(colours, leads)
            ]
        )
    return colours


def _numbered(values: list[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]


def _exactly(part: Part) -> Hashable:
    """Everything but names, numbers and addresses themselves."""
    room = part.room
    return (
        room.sort.split(" ")[0] if room else "",
        room.owner if room else "",
        room.forwards if room else False,
        tuple((route.dst, route.via) for route in room.shown_routes) if room else (),
        # The ports of a bridge are told by what they lead to.
        tuple(
            (
                link.kind,
                link.mtu,
                link.trouble,
                bool(link.peer),
                tuple(address.network for address in link.shown_addresses),
            )
            for link in (part.links if room else part.links[:1])
        ),
    )


def _without_networks(part: Part) -> Hashable:
    room = part.room
    return (
        room.sort.split(" ")[0] if room else "",
        any(route.is_default for route in room.shown_routes) if room else False,
        tuple(
            (link.kind, link.mtu, link.trouble, len(link.shown_addresses))
            for link in (part.links if room else part.links[:1])
        ),
    )


def _by_kind(part: Part) -> Hashable:
    return (
        part.room is None,
        tuple(sorted({(link.kind, link.trouble) for link in part.links[:8]})),
    )
