# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.etcd.hosts import Hosts


@pytest.fixture
def make_hosts(tmp_path: Path) -> Iterator[Callable[[int], Hosts]]:
    """Makes so many hosts; all of them end with the test."""
    made: list[Hosts] = []

    def make(count: int) -> Hosts:
        made.append(Hosts(tmp_path, count))
        return made[-1]

    yield make
    for hosts in made:
        hosts.close()
