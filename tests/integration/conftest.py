# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the kernel's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# Whole playbooks, a minute each: begun last, one processor would wait for them.
SLOW = ("ways", "etcd", "swarm", "ovs", "roles")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, and within that as they were."""

    def place(item: pytest.Item) -> int:
        parts = item.path.relative_to(HERE).parts if HERE in item.path.parents else ("",)
        return SLOW.index(parts[0]) if parts[0] in SLOW else len(SLOW)

    items.sort(key=place)
