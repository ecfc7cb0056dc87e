# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the kernel's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# Whole playbooks: begun last, one processor would wait for them.
SLOW = ("docker/test_role.py", "network/test_lives.py", "roles", "ways", "etcd", "swarm", "ovs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, and within that as they were."""

    def place(item: pytest.Item) -> int:
        slow = (n for n, name in enumerate(SLOW) if HERE / name in (item.path, *item.path.parents))
        return next(slow, len(SLOW))

    items.sort(key=place)
