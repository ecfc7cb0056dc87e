# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure every pair at the same time: names, then all checks, then the search for path MTUs."""

from __future__ import annotations

import ipaddress
import resource
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from .._kernel.dump import LINK_DUMP, parse_link
from .._kernel.namespaces import Namespaces
from .._kernel.netlink import GETLINK, Socket
from .._kernel.ways import ask_ways
from .._topology.model import Address
from .lookup import Found, Lookup
from .loop import Loop
from .model import DNS, TOO_LARGE, Check, Row, Target, Want
from .names import Resolver, choose
from .packets import HEADERS
from .ports import Connect, Datagram
from .posts import Post
from .probes import Pinger
from .search import Search
from .want import SIZE_MAX, SIZE_MIN

HOSTS = "/etc/hosts"
# Sockets at once; other files need some room as well.
_SOCKETS, _OTHER_FILES = 4000, 512

Place = tuple[int, int]


def measure(spaces: Namespaces, want: Want, posts: Sequence[Post]) -> list[Row]:
    """One row for each post and target, in their order."""
    with Loop(_room()) as loop:
        found = _look_up(loop, want, posts)
        loop.run()
    addresses = _addresses(want, posts, found)
    mtus = _link_mtus(spaces, want, posts, addresses)
    rows = _check(want, posts, addresses, mtus)
    if want.path_mtu:
        rows = _search(want, posts, rows, mtus)
    listed = []
    for number, post in enumerate(posts):
        listed += [rows[(number, i)] for i in range(len(want.targets))]
        listed += [_dns_row(want, post, name, found[(number, name)]) for name in want.names]
    return listed


def _room() -> int:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(64, min(_SOCKETS, soft - _OTHER_FILES))


def _look_up(loop: Loop, want: Want, posts: Sequence[Post]) -> dict[tuple[int, str], Found]:
    """Filled when the loop has run."""
    names = [target.address for target in want.targets if target.ip is None]
    found: dict[tuple[int, str], Found] = {}
    for number, post in enumerate(posts):
        wanted = dict.fromkeys([*names, *want.names])
        if not wanted:
            continue
        hosts = {} if want.servers else post.hosts()
        resolver = Resolver(want.servers) if want.servers else post.resolver()
        for name in wanted:
            known: dict[int, list[Address]] = {}
            for address in map(ipaddress.ip_address, hosts.get(name.rstrip(".").lower(), ())):
                known.setdefault(address.version, []).append(address)
            chosen = choose(known, want.version)
            key = (number, name)
            if chosen:
                found[key] = Found(tuple(chosen), HOSTS, ms=0.0)
                continue
            report = partial(found.__setitem__, key)
            loop.start(Lookup(loop, post, resolver, name, want.version, want.timeout, report))
    return found


def _addresses(
    want: Want, posts: Sequence[Post], found: dict[tuple[int, str], Found]
) -> dict[Place, Address | str]:
    """The address of each pair, or why there is none."""
    addresses: dict[Place, Address | str] = {}
    for number in range(len(posts)):
        for position, target in enumerate(want.targets):
            if target.ip is not None:
                addresses[(number, position)] = target.ip
                continue
            answer = found[(number, target.address)]
            first = answer.addresses[0] if answer.addresses else None
            addresses[(number, position)] = first or str(answer.problem)
    return addresses


def _link_mtus(
    spaces: Namespaces,
    want: Want,
    posts: Sequence[Post],
    addresses: dict[Place, Address | str],
) -> dict[Place, int]:
    """What the link that leads to each target takes, where that has to be known."""
    if want.size and not want.path_mtu:
        return {}
    found = {}
    for number, post in enumerate(posts):
        places = [p for p, a in addresses.items() if p[0] == number and not isinstance(a, str)]
        with spaces.entered(post.name):
            socket = Socket()
        with socket:
            links = [parse_link("", body).link for body in socket.dump(GETLINK, LINK_DUMP)]
            known = {link.index: link.mtu for link in links}
            wanted = [addresses[place] for place in places]
            ways = ask_ways(socket, [a for a in wanted if not isinstance(a, str)])
        for place, way in zip(places, ways):
            mtu = min(way.mtu or SIZE_MAX, known.get(way.index, SIZE_MAX))
            if not way.error:
                found[place] = max(SIZE_MIN, min(mtu, SIZE_MAX))
    return found


def _check(
    want: Want,
    posts: Sequence[Post],
    addresses: dict[Place, Address | str],
    mtus: dict[Place, int],
) -> dict[Place, Row]:
    checks: dict[Place, list[Check]] = {}
    with Loop(_room()) as loop:
        for number, post in enumerate(posts):
            pingers = Pingers(loop, post, want.df, False)
            for position, target in enumerate(want.targets):
                place = (number, position)
                address = addresses[place]
                checks[place] = []
                if isinstance(address, str):
                    checks[place].append(Check("resolve", False, address))
                    continue
                size = want.size or mtus.get(place, SIZE_MIN)
                _start(loop, want, post, pingers, target, address, size, checks[place].append)
        loop.run()
    rows = {}
    for (number, position), measured in checks.items():
        address = addresses[(number, position)]
        rows[(number, position)] = Row(
            posts[number].label,
            want.targets[position].label,
            None if isinstance(address, str) else address,
            tuple(sorted(measured, key=lambda check: (check.check, check.port or 0))),
            want.expected(posts[number].label, want.targets[position].label),
        )
    return rows


class Pingers:
    """A source's pingers, made when the first target needs one."""

    def __init__(self, loop: Loop, post: Post, df: bool, probing: bool) -> None:
        self._made: dict[int, Pinger] = {}
        self._make: Callable[[int], Pinger] = lambda version: Pinger(
            loop, post, version, df, probing
        )

    def get(self, version: int) -> Pinger:
        if version not in self._made:
            self._made[version] = self._make(version)
        return self._made[version]


def _start(
    loop: Loop,
    want: Want,
    post: Post,
    pingers: Pingers,
    target: Target,
    address: Address,
    size: int,
    report: Callable[[Check], None],
) -> None:
    if target.ping:
        size = max(size, HEADERS[address.version] + 8)
        pingers.get(address.version).ping(address, size, want.count, want.timeout, report)
    for port in target.tcp_ports:
        loop.start(Connect(loop, post, address, port, want.timeout, report))
    for port in target.udp_ports:
        loop.start(
            Datagram(
                loop,
                post,
                address,
                port,
                want.payload,
                want.silence_is_reach,
                want.timeout,
                report,
            )
        )


def _search(
    want: Want, posts: Sequence[Post], rows: dict[Place, Row], mtus: dict[Place, int]
) -> dict[Place, Row]:
    """Only where an echo request was answered, or was too large."""
    found: dict[Place, int | None] = {}
    with Loop(_room()) as loop:
        for number, post in enumerate(posts):
            pingers = Pingers(loop, post, True, True)
            for place, row in rows.items():
                if place[0] != number or row.address is None or place not in mtus:
                    continue
                pings = [check for check in row.checks if check.check == "ping"]
                if any(check.reached or check.cause == TOO_LARGE for check in pings):
                    wait = _patience(pings, want.timeout)
                    report = partial(found.__setitem__, place)
                    pinger = pingers.get(row.address.version)
                    Search(pinger, row.address, mtus[place], wait, report).begin()
        loop.run()
    return {place: replace(row, path_mtu=found.get(place)) for place, row in rows.items()}


def _patience(pings: Iterable[Check], timeout: float) -> float:
    """Seconds to wait for an answer that took ``ms`` before."""
    known = [check.ms for check in pings if check.ms is not None]
    return min(timeout, max(0.2, 10 * known[0] / 1000)) if known else timeout


def _dns_row(want: Want, post: Post, name: str, found: Found) -> Row:
    reached = bool(found.addresses)
    check = Check(
        "dns",
        reached,
        None if reached else found.problem,
        found.ms,
        addresses=tuple(str(address) for address in found.addresses),
        server=found.server,
    )
    label = f"{DNS}{name}"
    address = found.addresses[0] if reached else None
    return Row(post.label, label, address, (check,), want.expected(post.label, label))
