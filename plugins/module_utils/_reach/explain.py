# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out why pairs are not reached: ask the kernels on the way, and count what drops."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence

from .._kernel.dump import join
from .._kernel.namespaces import Namespaces
from .._kernel.netconf import forwarding
from .._kernel.netlink import Socket
from .._kernel.places import find
from .._kernel.survey import survey
from .._kernel.ways import Way, ask_ways, silent_neighbours
from .._topology.model import HOST, Address
from .drops import Drop, Filter, grown, parse
from .hints import hints
from .model import Row, Want
from .posts import Post
from .trace import Trace, trace
from .world import World

_PROGRAMS = {
    4: ("iptables-save", "iptables-legacy-save"),
    6: ("ip6tables-save", "ip6tables-legacy-save"),
}
_PROTOCOLS = {"ping": ("icmp", "ipv6-icmp", "icmpv6"), "tcp": ("tcp",), "udp": ("udp",)}
# Namespaces whose filters are looked at.
_MOST = 8
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

Filters = dict[tuple[str, int], list[Filter]]


def explain(
    spaces: Namespaces,
    want: Want,
    posts: Sequence[Post],
    rows: Mapping[int, Row],
    again: Callable[[], object],
) -> dict[int, list[str]]:
    """Hints for rows, by their numbers. ``again`` measures the rows once more, for counters."""
    containers = [post.container for post in posts if post.container is not None]
    places = find(spaces, {name: pid for name, pid in containers if pid is not None})
    seen = survey(spaces, [found.netns for found in places])
    named = {found.identity: found.netns for found in places}
    world = World(
        {name: join(raw, seen.peers) for name, raw in seen.namespaces.items()}, seen.lowers
    )
    starts = {post.label: named.get(post.identity(), HOST) for post in posts}
    with contextlib.closing(_Kernels(spaces)) as kernels:
        outs = {}
        backs = {}
        for number, row in rows.items():
            if row.address is not None:
                outs[number] = trace(world, kernels, starts[row.source], row.address)
                backs[number] = _way_back(world, kernels, outs[number])
    dropped = _drops(spaces, rows, outs, again)
    return {
        number: hints(
            rows[number],
            out,
            backs[number],
            _of_row(rows[number], out, backs[number], dropped),
            world,
            want.df,
        )
        for number, out in outs.items()
    }


class _Kernels:
    """Asks each namespace over a socket of its own, and each question once."""

    def __init__(self, spaces: Namespaces) -> None:
        self._spaces = spaces
        self._sockets: dict[str, Socket] = {}
        self._ways: dict[tuple[str, Address], Way] = {}
        self._silent: dict[str, set[tuple[int, Address]]] = {}
        self._forwards: dict[tuple[str, int], dict[int, int]] = {}

    def close(self) -> None:
        for socket in self._sockets.values():
            socket.__exit__()

    def _socket(self, netns: str) -> Socket:
        if netns not in self._sockets:
            with self._spaces.entered(netns):
                self._sockets[netns] = Socket()
        return self._sockets[netns]

    def way(self, netns: str, address: Address) -> Way:
        key = (netns, address)
        if key not in self._ways:
            (self._ways[key],) = ask_ways(self._socket(netns), [address])
        return self._ways[key]

    def silent(self, netns: str, index: int, address: Address) -> bool:
        if netns not in self._silent:
            self._silent[netns] = silent_neighbours(self._socket(netns))
        return (index, address) in self._silent[netns]

    def forwards(self, netns: str, index: int) -> Mapping[int, int]:
        key = (netns, index)
        if key not in self._forwards:
            self._forwards[key] = forwarding(self._socket(netns), index)
        return self._forwards[key]


def _way_back(world: World, kernels: _Kernels, out: Trace) -> Trace | None:
    """Where the target's namespace would send an answer; None where it is not known."""
    src = _source_address(out)
    if out.end is None or src is None or not out.steps:
        return None
    return trace(world, kernels, out.end, src)


def _source_address(out: Trace) -> Address | None:
    return out.steps[0].way.src if out.steps else None


def _of_row(row: Row, out: Trace, back: Trace | None, dropped: Sequence[Drop]) -> list[Drop]:
    protocols = [p for check in row.checks for p in _PROTOCOLS.get(check.check, ())]
    route = {*out.namespaces(), *(back.namespaces() if back else ())}
    address = row.address
    return [
        drop
        for drop in dropped
        if address is not None
        and drop.netns in route
        and drop.version == address.version
        and drop.filter.fits(_source_address(out), address, protocols)
    ]


def _drops(
    spaces: Namespaces,
    rows: Mapping[int, Row],
    outs: Mapping[int, Trace],
    again: Callable[[], object],
) -> list[Drop]:
    """What dropped something while the pairs were measured once more."""
    versions = {row.address.version for row in rows.values() if row.address is not None}
    names = list(dict.fromkeys(name for out in outs.values() for name in out.namespaces()))
    wanted = [(name, version) for name in names[:_MOST] for version in sorted(versions)]
    before: Filters = {key: _filters(spaces, *key) for key in wanted}
    if not any(before.values()):
        return []
    again()
    found = []
    for key, filters in before.items():
        if filters:
            after = _filters(spaces, *key)
            found += [Drop(key[0], each, key[1]) for each in grown(filters, after)]
    if found:
        return found
    # A chain that nft made has no counters: then a policy is a suspicion.
    return [
        Drop(netns, each, version, counted=False)
        for (netns, version), filters in before.items()
        for each in filters
        if each.rule is None and each.packets == 0
    ]


def _filters(spaces: Namespaces, netns: str, version: int) -> list[Filter]:
    found = []
    with spaces.entered(netns):
        for program in _PROGRAMS[version]:
            path = shutil.which(program, path=_PATH)
            if path is None or ("legacy" in program and not _has_legacy(version)):
                continue
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                done = subprocess.run(
                    [path, "-c"], capture_output=True, text=True, timeout=10, check=False
                )
                found += parse(done.stdout)
    return found


def _has_legacy(version: int) -> bool:
    """The old variant's program would load its modules."""
    name = "ip_tables_names" if version == 4 else "ip6_tables_names"
    with contextlib.suppress(OSError), open(f"/proc/thread-self/net/{name}", "rb") as file:
        return bool(file.read(1))
    return False
