# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a topology comes early at a start, and when two topologies are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.netfabric.container_net.plugins.module_utils._host import engine
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.lasting import (
    early_part,
    is_same,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import Want

ROOT = Path(__file__).resolve().parents[3]
BRIDGE = {"name": "br", "addresses": ["10.1.0.1/24"]}


def want(**parts: Any) -> Want:
    return parse.topology_from_params({"name": "t", **parts})


WHOLE: list[tuple[str, dict[str, Any]]] = [
    ("a bridge", {"bridges": [BRIDGE]}),
    (
        "a gateway on it",
        {"bridges": [BRIDGE], "routes": [{"dst": "10.2.0.0/16", "via": "10.1.0.9"}]},
    ),
    ("a route over it", {"bridges": [BRIDGE], "routes": [{"dst": "10.2.0.0/16", "dev": "br"}]}),
    ("a black hole", {"routes": [{"dst": "10.2.0.0/16", "type": "blackhole"}]}),
    (
        "a vxlan over a link of its own",
        {"bridges": [BRIDGE], "vxlans": [{"name": "vx", "vni": 1, "dev": "br"}]},
    ),
    ("a vxlan over any link", {"vxlans": [{"name": "vx", "vni": 1, "remote": "192.0.2.1"}]}),
]


@pytest.mark.parametrize("parts", [row[1] for row in WHOLE], ids=[row[0] for row in WHOLE])
def test_all_of_it_comes_early(parts: dict[str, Any]) -> None:
    assert early_part(want(**parts)) is None


LATER: list[tuple[str, dict[str, Any], set[str], int]] = [
    (
        "a gateway on the host's network",
        {"bridges": [BRIDGE], "routes": [{"dst": "10.2.0.0/16", "via": "192.0.2.1"}]},
        {"br"},
        0,
    ),
    (
        "a vxlan over a network card, with its route, and the one above it",
        {
            "vxlans": [
                {
                    "name": "vx",
                    "vni": 1,
                    "dev": "eth0",
                    "addresses": ["10.3.0.1/24"],
                    "routes": [{"dst": "10.4.0.0/16", "via": "10.3.0.9"}],
                },
                {"name": "vy", "vni": 2, "dev": "vx"},
            ]
        },
        set(),
        0,
    ),
    (
        "a route with the source of a network card",
        {
            "bridges": [BRIDGE],
            "routes": [{"dst": "10.2.0.0/16", "via": "10.1.0.9", "src": "192.0.2.5"}],
        },
        {"br"},
        0,
    ),
    (
        "a network card as a port",
        {"bridges": [{**BRIDGE, "ports": ["eth1"], "purge_ports": True}]},
        {"br"},
        0,
    ),
    (
        "a bridge of others",
        {"veths": [{"name": "a", "master": "docker0", "peer": {"name": "b"}}]},
        {"a", "b"},
        0,
    ),
]


@pytest.mark.parametrize(
    ("parts", "links", "routes"), [row[1:] for row in LATER], ids=[row[0] for row in LATER]
)
def test_what_needs_links_of_others_comes_later(
    parts: dict[str, Any], links: set[str], routes: int
) -> None:
    early = early_part(want(**parts))
    assert early is not None
    assert {link.name for link in early.links} == links
    assert len(early.routes) == routes
    assert not early.prune
    assert not any(link.ports or link.purge_ports or link.master for link in early.links)


def test_the_same_network_in_other_words() -> None:
    one = want(
        namespaces=[{"name": "a", "sysctls": {"net.ipv4.ip_forward": 1}}, {"name": "b"}],
        bridges=[{"name": "br", "addresses": ["10.1.0.1/24", "fd00::1/64"]}],
        routes=[{"dst": "10.2.0.0/16", "dev": "br"}, {"dst": "10.3.0.0/16", "dev": "br"}],
    )
    other = want(
        namespaces=[{"name": "b"}, {"name": "a", "sysctls": {"net/ipv4/ip_forward": "1"}}],
        bridges=[{"name": "br", "addresses": ["FD00:0::1/64", "10.1.0.1/24"]}],
        routes=[{"dst": "10.3.0.0/16", "dev": "br"}, {"dst": "10.2.0.0/16", "dev": "br"}],
    )
    assert is_same(one, other)
    for different in (
        {"bridges": [{**BRIDGE, "mtu": 1400}]},
        {"bridges": [BRIDGE], "prune": False},
        {"bridges": [BRIDGE], "adopt": True},
        {"bridges": [{**BRIDGE, "addresses": ["10.1.0.2/24"]}]},
    ):
        assert not is_same(want(bridges=[BRIDGE]), want(**different))


def test_the_engine_has_the_collections_version() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    assert galaxy["version"] == engine.VERSION


def test_the_engine_is_the_same_every_time() -> None:
    assert engine.build() == engine.build()
