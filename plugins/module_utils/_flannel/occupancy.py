# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which subnets belong to whom. Pure.

A look-up costs the same for ten hosts and for a thousand: subnets are kept by their length, and
those of one length meet only when they are equal.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._networks import Network
from .config import Range


def _number(subnet: Network, length: int) -> int:
    """The first ``length`` bits of a subnet's address."""
    return int(subnet.network_address) >> (subnet.max_prefixlen - length)


class Occupancy:
    """Subnets with their hosts; the last who is noted for one has it."""

    def __init__(self) -> None:
        # Family and length, then the subnet's first bits.
        self._owners: dict[tuple[int, int], dict[int, str]] = {}
        # Below these numbers nothing of a range is free; nothing is ever given back here.
        self._full: dict[Range, int] = {}

    def note(self, host: str, subnets: Iterable[Network]) -> None:
        """Give ``subnets`` to ``host``."""
        for subnet in subnets:
            length = subnet.prefixlen
            owners = self._owners.setdefault((subnet.version, length), {})
            owners[_number(subnet, length)] = host

    def owner(self, subnet: Network) -> str | None:
        """Whose addresses are in ``subnet``, or None."""
        mine = subnet.prefixlen
        for (version, length), owners in self._owners.items():
            if version != subnet.version:
                continue
            if length <= mine:
                host = owners.get(_number(subnet, length))
            else:  # smaller ones inside it: only where the network was cut otherwise before
                wanted, shift = _number(subnet, mine), length - mine
                host = next((h for number, h in owners.items() if number >> shift == wanted), None)
            if host is not None:
                return host
        return None

    def foreign(self, host: str, subnets: Iterable[Network]) -> bool:
        """Whether somebody else has addresses in one of ``subnets``."""
        return any(self.owner(subnet) not in (None, host) for subnet in subnets)

    def lowest_free(self, limits: Range, avoid: Occupancy) -> Network | None:
        """The lowest subnet that nobody has, one of ``avoid`` only when there is no other."""
        count = limits.subnets()
        start = self._full.get(limits, 0)
        while start < count and self.owner(limits.nth(start)) is not None:
            start += 1
        self._full[limits] = start
        spare: Network | None = None
        for index in range(start, count):
            subnet = limits.nth(index)
            if self.owner(subnet) is not None:
                continue
            if avoid.owner(subnet) is None:
                return subnet
            spare = spare or subnet
        return spare
