# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""However hosts are joined: their containers reach each other, as themselves, at the full MTU."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.molecule.lab_nodes import names
from tests.molecule.overlay_nodes import Node

PAIRS = list(permutations(names(), 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_containers_ping_at_full_mtu(nodes: dict[str, Node], one: str, other: str) -> None:
    """A packet of exactly the MTU passes unfragmented, one byte more is refused at once."""
    node, target = nodes[one], nodes[other].container
    status, output = node.ping(target, node.mtu)
    assert status == 0, output
    status, output = node.ping(target, node.mtu + 1)
    assert status != 0, output


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_containers_speak_tcp_and_keep_their_address(
    nodes: dict[str, Node], one: str, other: str
) -> None:
    """An unpublished port is reached, and the far side sees the container itself."""
    assert nodes[one].seen_as(nodes[other].container) == nodes[one].container
