# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scenarios' tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.molecule.overlay_nodes import Node, running


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give a scenario's second verification a report of its own beside the first one's."""
    first = config.option.xmlpath
    if first and Path(first).exists():
        config.option.xmlpath = str(Path(first).with_suffix(".second.xml"))


@pytest.fixture(scope="session")
def nodes() -> Iterator[dict[str, Node]]:
    """The two hosts of an overlay, with a container of the tests' own on each."""
    with running() as found:
        yield found
