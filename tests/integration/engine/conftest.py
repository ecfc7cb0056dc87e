# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fixture of the kernel tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.engine.cleanhost import Host, clean_host


@pytest.fixture
def host() -> Iterator[Host]:
    with clean_host() as made:
        yield made
