# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.integration.nat.world import World


@pytest.fixture
def new_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], World]]:
    """Makes hosts with net.bridge.bridge-nf-call-iptables 0 or 1."""
    made: list[World] = []

    def make(nf: int) -> World:
        made.append(World(tmp_path_factory.mktemp("world"), nf))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: Callable[[int], World]) -> World:
    return new_world(0)


@pytest.fixture
def bare_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Without the network behind it, and with a firewall that sees what passes a bridge."""
    made = World(tmp_path_factory.mktemp("world"), nf=1, rooms=False)
    yield made
    made.close()
