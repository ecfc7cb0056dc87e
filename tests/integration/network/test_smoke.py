# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module creates, leaves alone, changes and removes, or looks: for every pyroute2 version.

The version is the one that comes first on PYTHONPATH, .build/pyroute2/<version>, and otherwise
the one of the virtual environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import PurePath
from typing import Any

import pytest

from tests.integration.network.lives import rooms
from tests.integration.network.sandbox import Sandbox

PAIR = {
    "name": "left",
    "addresses": ["10.9.0.1/24", "2001:db8:9::1/64"],
    "master": "smoke",
    "mac": "02:00:00:00:09:01",
    "peer": {
        "name": "right",
        "netns": "smoke1",
        "addresses": ["10.9.0.2/24", "2001:db8:9::2/64"],
        "routes": [{"dst": "default", "via": "10.9.0.254"}],
    },
}
ROUTE = {"dst": "10.77.0.0/16", "via": "10.9.0.253", "netns": "smoke1"}
VXLAN = {
    "name": "smokevx",
    "vni": 4,
    "local": "2001:db8:9::9",
    "remote": "2001:db8:9::7",
    "learning": False,
    "fdb": [{"mac": "02:00:00:00:09:07", "dst": "2001:db8:9::7"}],
}
NAT = {
    "bridge": "smoke",
    "masquerade": True,
    "publish": [{"host_port": 8080, "to": "10.8.0.9", "loopback": True}],
}
BRIDGE = {"name": "smoke", "stp": True, "ageing_time": 60}

# Module, options, whether it is a change.
CALLS: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("netns", {"name": "smoke1"}, True),
    ("netns", {"name": "smoke1"}, False),
    ("netns", {"name": "smoke1", "sysctls": {"net.ipv4.ip_forward": "1"}}, True),
    ("bridge", BRIDGE, True),
    ("bridge", BRIDGE, False),
    ("bridge", {"name": "smoke", "stp": False, "addresses": ["10.8.0.1/24"]}, True),
    ("veth", PAIR, True),
    ("veth", PAIR, False),
    ("veth", {**PAIR, "mtu": 1400, "peer": {**PAIR["peer"], "mtu": 1400}}, True),
    ("route", ROUTE, True),
    ("route", ROUTE, False),
    ("route", {**ROUTE, "via": "10.9.0.252"}, True),
    ("route", {**ROUTE, "via": "10.9.0.252", "state": "absent"}, True),
    ("veth", {"name": "right", "netns": "smoke1", "state": "absent"}, True),
    ("nat", NAT, True),
    ("nat", NAT, False),
    ("nat", {**NAT, "masquerade": False}, True),
    ("nat", {"bridge": "smoke", "state": "absent"}, True),
    ("bridge", {"name": "smoke", "state": "absent"}, True),
    ("netns", {"name": "smoke1", "state": "absent"}, True),
    ("vxlan", VXLAN, True),
    ("vxlan", VXLAN, False),
    ("vxlan", {**VXLAN, "learning": True, "local": "2001:db8:9::8", "fdb": []}, True),
    ("vxlan", {"name": "smokevx", "state": "absent"}, True),
    ("topology", rooms(1, 2, name="smoke"), True),
    ("topology", rooms(1, 2, name="smoke"), False),
    ("topology", rooms(2, 3, name="smoke"), True),
    ("topology_info", {}, False),
    ("reachability", {"targets": ["127.0.0.1", "::1"]}, False),
    ("topology", {"name": "smoke", "state": "absent"}, True),
)


@pytest.mark.smoke
def test_every_module(sandbox: Sandbox) -> None:
    which = "import importlib.metadata as m, pyroute2; print(m.version('pyroute2'), pyroute2)"
    before = sandbox.network()
    version, *results = sandbox.play(
        [
            {"ansible.builtin.command": {"argv": [sys.executable, "-c", which]}},
            *({f"netfabric.container_net.{module}": options} for module, options, dummy in CALLS),
        ]
    )

    asked = PurePath(os.environ.get("PYTHONPATH", "").split(":")[0])
    if asked.parent.name == "pyroute2":
        assert version["stdout"].startswith(f"{asked.name} ")
        assert str(asked) in version["stdout"]
    assert [result["changed"] for result in results] == [changed for *dummy, changed in CALLS]
    assert sandbox.network() == before
