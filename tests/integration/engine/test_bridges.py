# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel changes by itself on a bridge does not stand in the way of what is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host


def network(bridge: int, port: int, joined: bool = True) -> dict[str, Any]:
    more = {"master": "br"} if joined else {}
    return {
        "name": "t",
        "bridges": [networks.link("br", mtu=bridge)],
        "veths": [networks.link("a", mtu=port, peer=networks.link("b"), **more)],
    }


LIVES = {
    "smaller than its port": [network(1400, 1500)],
    "larger than its port": [network(1500, 1400)],
    "a port comes later": [network(1500, 1400, joined=False), network(1500, 1400)],
    "a port changes": [network(1500, 1500), network(1500, 1400)],
    "both change": [network(1500, 1500), network(1450, 1400), network(1500, 1500)],
}


@pytest.mark.parametrize("life", LIVES.values(), ids=list(LIVES))
def test_a_bridges_mtu_is_the_wanted_one_whatever_its_ports_have(
    host: Host, life: list[dict[str, Any]]
) -> None:
    for params in life:
        predicted = host.commands(host.apply(params, check_mode=True))
        assert host.commands(host.apply(params)) == predicted
        assert not host.apply(params).changed
        assert host.json("ip -j link show br")[0]["mtu"] == params["bridges"][0]["mtu"]
    made = host.dump(marks=False)
    host.apply({"name": "t", "state": "absent"})
    again = host.apply(life[-1])
    host.apply({"name": "t", "state": "absent"})
    host.sh("\n".join(host.commands(again)))
    assert host.dump(marks=False) == made
