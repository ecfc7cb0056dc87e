# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.ovs.world import OvsWorld


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[..., OvsWorld]]:
    """Makes hosts of these names on one segment, each with an Open vSwitch of its own."""
    made: list[OvsWorld] = []

    def make(*names: str) -> OvsWorld:
        made.append(OvsWorld(tmp_path, *names))
        return made[-1]

    yield make
    for world in made:
        world.close()
