# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vxlan with DirectRouting on one segment, before the first switch and after the last."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.molecule.lab_nodes import BRIDGES
from tests.molecule.overlay_nodes import UNDERLAYS, Node


@pytest.mark.parametrize(("one", "other"), permutations(["node1", "node2"]))
def test_the_other_hosts_subnet_is_behind_its_address(
    nodes: dict[str, Node], one: str, other: str
) -> None:
    subnet = BRIDGES[other].replace(".1/", ".0/")
    routes = nodes[one].host.check_output(f"ip route show exact {subnet}")
    assert f"{subnet} via {UNDERLAYS[other]} dev eth1" in routes


@pytest.mark.parametrize("name", ["node1", "node2"])
def test_a_timer_looks_for_lost_routes(nodes: dict[str, Node], name: str) -> None:
    assert nodes[name].host.service("container-net-flannel-routes.timer").is_running
