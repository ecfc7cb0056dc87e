# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.docker.fakehost import Host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host with Docker 26.1 that is not running, and no daemon.json."""
    made = Host(tmp_path)
    made.set_up()
    yield made
    made.stop()
