# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces go asynchronously: their links' other ends are seen for a while (G8)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence

from .._topology.model import Have, Key, Link
from .namespaces import Namespaces
from .netlink import GETLINK, Request, Socket, link_body

_SECONDS = 5.0


def wait_for_peers(
    spaces: Namespaces, have: Have, gone: Sequence[str], moved: Collection[Key]
) -> None:
    """Until the other ends of veths in the ``gone`` namespaces went, at most five seconds.

    ``moved`` links left the namespace before, and so keep their other ends. A namespace that a
    process keeps alive keeps its links, so the time may pass in vain.
    """
    waiting: list[Link] = []
    removed = {name for name in gone if not spaces.exists(name)}
    for name in removed:
        namespace = have.namespaces.get(name)
        for link in namespace.links.values() if namespace else ():
            other = have.link(link.peer) if link.peer and link.key not in moved else None
            if other is not None and other.netns not in removed:
                waiting.append(other)
    wait_for_links(spaces, waiting)


def wait_for_links(spaces: Namespaces, links: Sequence[Link]) -> bool:
    """Until the kernel took them down, at most five seconds; whether any of them went."""
    numbers = [(link.netns, link.index) for link in links]
    return len(wait_for_indexes(spaces, numbers)) < len(numbers)


def wait_for_indexes(spaces: Namespaces, links: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """The same for links of which namespace and ifindex are known; those that are still there."""
    end = time.monotonic() + _SECONDS
    indexes: dict[str, list[int]] = {}
    for netns, index in links:
        indexes.setdefault(netns, []).append(index)
    left: set[tuple[str, int]] = set()
    for netns, numbers in indexes.items():
        if not spaces.exists(netns):
            continue
        with spaces.entered(netns):
            socket = Socket()
        with socket:
            left.update((netns, index) for index in _wait(socket, numbers, end))
    return left


def _wait(socket: Socket, indexes: list[int], end: float) -> list[int]:
    """Those that are still there when the time is over."""
    while indexes:
        requests = [Request(GETLINK, 0, link_body(index)) for index in indexes[:64]]
        answers = socket.get(requests)
        here = [index for index, answer in zip(indexes, answers) if isinstance(answer, bytes)]
        indexes = here + indexes[64:]
        if len(here) == len(requests):
            if time.monotonic() > end:
                break
            time.sleep(0.01)
    return indexes
