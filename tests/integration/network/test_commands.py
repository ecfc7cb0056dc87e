# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `commands` lists, typed on another host, makes the same network."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.network.lives import BRIDGE, TOPOLOGY, VETH, Life, call
from tests.integration.network.sandbox import Sandbox


@pytest.mark.parametrize(
    "life, position",
    [(TOPOLOGY, 0), (TOPOLOGY, 2), (BRIDGE, 0), (BRIDGE, 3), (VETH, 0)],
    ids=lambda value: getattr(value, "module", value),
)
def test_a_clean_host_gets_the_same_network(
    new_sandbox: Callable[[], Sandbox], life: Life, position: int
) -> None:
    by_module, by_hand = new_sandbox(), new_sandbox()
    (result,) = by_module.play([call(life, life.steps[position])])
    by_hand.sh("\n".join(result["commands"]))
    assert by_hand.network() == by_module.network()
