# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How two networks lie to each other; of two families they never share anything. Pure."""

from __future__ import annotations

import ipaddress
from typing import Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def contains(network: Network, part: Network) -> bool:
    """Whether every address of ``part`` is one of ``network``."""
    return part.network_address in network and part.prefixlen >= network.prefixlen


def overlaps(one: Network, other: Network) -> bool:
    """Whether they share an address."""
    return contains(one, other) or contains(other, one)
