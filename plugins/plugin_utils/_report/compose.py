# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From hosts to a picture."""

from __future__ import annotations

from collections.abc import Iterable

from .between import join, joining
from .fold import Group, Part, grouped
from .network import Host, Link, Room, Route
from .parts import Box, Line, Picture, Row
from .rows import destination, facts, link_row, sort_of, via
from .words import count, natural, span

ROUTES_SHOWN = 8
ROOM_ROUTES_SHOWN = 3


def compose(hosts: list[Host]) -> Picture:
    """Everything of a few hosts in one picture."""
    picture = Picture()
    owners = subnet_owners(hosts)
    for host in hosts:
        # Namespaces first: the ports of a bridge are put together by what they lead to.
        groups = sorted(grouped(host), key=lambda group: group.first.room is None)
        boxes = [_box(picture, host, group, number) for number, group in enumerate(groups)]
        routes = _routes(host, owners)
        if routes:
            boxes.append(routes[0])
        picture.hosts.append((host.name, host.address, boxes))
        _pairs(picture, host)
        if routes:
            _route_lines(picture, host, routes[0].id, routes[1])
    join(picture, hosts)
    return picture


def compose_hosts(hosts: list[Host]) -> Picture:
    """Many hosts, each a single box: how they are joined."""
    picture = Picture()
    between = joining(hosts)
    for host in hosts:
        own = host.own
        box = f"{host.name}/"
        rows = [Row("inside", _inside(host))]
        for number, link in enumerate(own.links if own else ()):
            if link.key in between:
                rows.append(link_row([link], f"l{number}"))
                picture.anchors[link.key] = (box, f"l{number}")
        picture.between.append(Box(box, "host", host.name, host.address, tuple(rows)))
    join(picture, hosts)
    return picture


def _inside(host: Host) -> str:
    containers = sum(len(room.containers) for room in host.rooms)
    parts = [count(len(host.others), "namespace")] + (
        [count(containers, "container")] if containers else []
    )
    return ", ".join(parts)


# --- boxes ---


def _box(picture: Picture, host: Host, group: Group, number: int) -> Box:
    box = f"{host.name}/{number}"
    if group.mixed:
        for part in group.parts:
            for link in part.links:
                picture.anchors[link.key] = (box, "rest")
        rest = Row("rest", "named in the table of links")
        return Box(box, "process", f"{len(group.parts):,} others", "", (rest,), many=True)
    if group.first.room:
        return _room_box(picture, box, group)
    return _link_box(picture, box, group)


def _room_box(picture: Picture, box: str, group: Group) -> Box:
    rooms = [part.room for part in group.parts if part.room]
    first = rooms[0]
    rows = []
    for position in range(len(group.first.links)):
        links = [part.links[position] for part in group.parts if position < len(part.links)]
        port = f"l{position}"
        rows.append(link_row(links, port))
        for link in links:
            picture.anchors[link.key] = (box, port)
    if not rows:
        rows.append(Row("none", "no links but lo"))
    rows += _room_routes(rooms)
    style = "namespace" if first.names else "container" if first.containers else "process"
    if len(rooms) == 1:
        return Box(box, style, first.title, first.sort, tuple(rows))
    sort = first.sort.split(" ")[0]
    title = count(len(rooms), sort, f"{sort}es" if sort.endswith("s") else None)
    return Box(box, style, title, span(room.title for room in rooms), tuple(rows), many=True)


def _room_routes(rooms: list[Room]) -> list[Row]:
    """The namespace's own routes; of many alike, those of the first."""
    routes = sorted(rooms[0].shown_routes, key=lambda route: not route.is_default)
    rows = []
    for number, route in enumerate(routes[:ROOM_ROUTES_SHOWN]):
        same = [other for room in rooms for other in room.shown_routes if other.dst == route.dst]
        left = f"\N{RIGHTWARDS ARROW} {destination(route)}"
        vias = span(other.via for other in same if other.via)
        rows.append(Row(f"r{number}", left, via(route, vias)))
    if len(routes) > ROOM_ROUTES_SHOWN:
        rows.append(Row("r", f"and {count(len(routes) - ROOM_ROUTES_SHOWN, 'more route')}"))
    return rows


def _link_box(picture: Picture, box: str, group: Group) -> Box:
    """A link of the host's own, with its ports."""
    tops = [part.links[0] for part in group.parts]
    first = tops[0]
    rows = [Row("", "", facts(tops))] if facts(tops) else []
    for top in tops:
        picture.anchors[top.key] = (box, "head")
    for number, ports in enumerate(_alike_ports(picture, group.parts)):
        port = f"p{number}"
        rows.append(link_row(ports, port, first.mtu))
        for link in ports:
            picture.anchors[link.key] = (box, port)
    title = first.name if len(tops) == 1 else f"{len(tops):,} {sort_of(first)}s"
    sort = sort_of(first) if len(tops) == 1 else span(top.name for top in tops)
    style = {"bridge": "bridge", "vxlan": "overlay"}.get(first.kind, "card")
    return Box(box, style, title, sort, tuple(rows), first.trouble, len(tops) > 1)


def _alike_ports(picture: Picture, parts: Iterable[Part]) -> list[list[Link]]:
    """Ports that lead to what is drawn as one are one row."""
    rows: dict[object, list[Link]] = {}
    for part in parts:
        for link in part.links[1:]:
            rows.setdefault(picture.anchors.get(link.peer or link.key, link.key), []).append(link)
    return list(rows.values())


# --- routes of a host ---


def subnet_owners(hosts: list[Host]) -> dict[str, str]:
    """Network of a link → the one host that has it."""
    owners: dict[str, set[str]] = {}
    for host in hosts:
        for link in host.own.links if host.own else ():
            for address in link.shown_addresses:
                owners.setdefault(str(address.network), set()).add(host.name)
    return {network: next(iter(names)) for network, names in owners.items() if len(names) == 1}


def _routes(host: Host, owners: dict[str, str]) -> tuple[Box, dict[str, list[Route]]] | None:
    """The host's routes as a box, and which of them each row stands for."""
    own = host.own
    if own is None:
        return None
    routes = list(own.shown_routes)
    routes.sort(key=lambda route: (not route.is_default, natural(route.dst), route.metric))
    rows, standing = [], {}
    for number, route in enumerate(routes[:ROUTES_SHOWN]):
        owner = owners.get(route.dst, "")
        left = f"{destination(route)} ({owner})" if owner else destination(route)
        rows.append(Row(f"r{number}", left, via(route, route.via)))
        standing[f"r{number}"] = [route]
    if len(routes) > ROUTES_SHOWN:
        standing["more"] = routes[ROUTES_SHOWN:]
        rows.append(Row("more", f"and {count(len(standing['more']), 'more route')}"))
    if not rows and not own.forwards:
        return None
    verb = f"forwarding {'on' if own.forwards else 'off'}"
    return Box(f"{host.name}/routes", "routes", "routes", verb, tuple(rows)), standing


def _route_lines(picture: Picture, host: Host, box: str, standing: dict[str, list[Route]]) -> None:
    """From the bridges to the routes, and from each route to its link."""
    links = host.own.links if host.own else ()
    anchors = {
        link.name: picture.anchors[link.key] for link in links if link.key in picture.anchors
    }
    out = {route.dev for routes in standing.values() for route in routes}
    for link in links:
        if link.kind == "bridge" and link.addresses and link.name in anchors.keys() - out:
            picture.connect(Line("route", anchors[link.name], (box, "head")))
    for row, routes in standing.items():
        for route in routes:
            if route.dev in anchors:
                picture.connect(Line("route", (box, row), anchors[route.dev]))
    # What leads out of the host stands to the right of the routes, used by one or not.
    led = {line.head[0] for line in picture.lines.values() if line.style == "route"}
    for link in links:
        inside = link.kind == "bridge" or link.master or link.peer
        if link.name in anchors and not inside and anchors[link.name][0] not in led:
            picture.connect(Line("order", (box, "head"), (anchors[link.name][0], "head")))


# --- lines ---


def _pairs(picture: Picture, host: Host) -> None:
    """Both ends of each pair, and what sits on what."""
    for room in host.others + ((host.own,) if host.own else ()):
        for link in room.links:
            near = picture.anchors.get(link.key)
            for style, end in (("veth", link.peer), ("lower", link.lower)):
                far = picture.anchors.get(end) if end else None
                if not near or not far or near == far:
                    continue
                if style == "veth" and ("veth", far, near) in picture.lines:
                    continue
                beside = style == "lower" and not room.netns
                picture.connect(Line(style, near, far, bool(link.trouble), beside))
