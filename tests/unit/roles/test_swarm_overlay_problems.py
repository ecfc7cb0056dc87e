# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role swarm_overlay refuses, as a table."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.filter.swarm_overlay_problems import (
    swarm_overlay_problems,
)

LABEL = "netfabric.container_net.way"
WANTED = {
    "name": "net",
    "label": LABEL,
    "subnet": "172.20.0.0/16",
    "pool": "10.127.0.0/16",
    "pool_len": 24,
}
ADDRESSES = {"node1": "192.168.100.12", "node2": "192.168.100.13"}
HOST: dict[str, Any] = {
    "networks": [
        {
            "id": "b" * 64,
            "name": "bridge",
            "driver": "bridge",
            "subnets": ["172.17.0.0/16"],
            "labels": {},
        }
    ],
    "flannel": [],
    "routes": [{"dst": "192.168.100.0/24", "dev": "eth1", "type": "unicast"}],
    "swarm": {"state": "inactive"},
}


def overlay(name: str, subnet: str) -> dict[str, Any]:
    labels = {LABEL: "swarm_overlay"} if name == "net" else {}
    return {"id": name, "name": name, "driver": "overlay", "subnets": [subnet], "labels": labels}


def theirs(driver: str) -> dict[str, Any]:
    """Somebody else's network that has the name of ours."""
    return {**overlay("net", "172.30.0.0/16"), "driver": driver, "labels": {"mine": "1"}}


def host(**more: Any) -> dict[str, Any]:
    """A host with more networks and routes."""
    found = copy.deepcopy(HOST)
    for key, value in more.items():
        found[key] = found[key] + value if isinstance(value, list) else value
    return found


ACTIVE = {"swarm": {"state": "active"}}
OURS = [overlay("net", "172.20.0.0/16"), overlay("ingress", "10.127.0.0/24")]
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "together": ({}, HOST, []),
    "no network": ({"subnet": "172.20.1.0/16"}, HOST, ["swarm_overlay_subnet", "not an IPv4"]),
    "IPv6": ({"subnet": "fd00::/64"}, HOST, ["swarm_overlay_subnet", "not an IPv4 network"]),
    "no room": ({"pool": "10.127.0.0/30"}, HOST, ["swarm_overlay_pool", "leaves no room"]),
    "length": ({"pool_len": 8}, HOST, ["swarm_overlay_pool_len", "number from 16 to 29"]),
    "each other": (
        {"pool": "172.16.0.0/12"},
        HOST,
        ["swarm_overlay_pool: '172.16.0.0/12': overlaps 172.20.0.0/16"],
    ),
    "a host lies in it": (
        {"subnet": "192.168.0.0/16"},
        HOST,
        ["swarm_overlay_subnet: '192.168.0.0/16': holds 192.168.100.12, the address of node1"],
    ),
    "docker0 of the tutorials": (
        {"pool": "10.0.0.0/8"},
        host(networks=[{**HOST["networks"][0], "subnets": ["10.0.0.0/24"]}]),
        ["swarm_overlay_pool", "overlaps 10.0.0.0/24, the subnet of Docker's network bridge"],
    ),
    "a route": (
        {},
        host(routes=[{"dst": "172.20.7.0/24", "dev": "tun0", "type": "unicast"}]),
        ["swarm_overlay_subnet", "overlaps 172.20.7.0/24, a route of the host through tun0"],
    ),
    "our own networks": (
        {},
        host(
            networks=[overlay("net", "172.20.0.0/16"), overlay("ingress", "10.127.0.0/24")],
            **ACTIVE,
        ),
        [],
    ),
    "others' networks out of the pool": (
        {},
        host(networks=[overlay("theirs", "10.127.1.0/24")], **ACTIVE),
        [],
    ),
    "another overlay where ours goes": (
        {},
        host(networks=[overlay("theirs", "172.20.3.0/24")], **ACTIVE),
        ["overlaps 172.20.3.0/24, the subnet of Docker's network theirs"],
    ),
    "somebody else's network of its name": (
        {},
        host(networks=[theirs("bridge")]),
        ["swarm_overlay_name: 'net': is the name of a network", "Set it to another name, or"],
    ),
    "somebody else's network in the swarm": (
        {},
        host(networks=[theirs("overlay")], **ACTIVE),
        ["swarm_overlay_name: 'net': is the name of a network"],
    ),
}


@pytest.mark.parametrize(("changes", "found", "words"), CASES.values(), ids=CASES.keys())
def test_what_does_not_go_together(
    changes: dict[str, Any], found: dict[str, Any], words: list[str]
) -> None:
    said = swarm_overlay_problems({**WANTED, **changes}, ADDRESSES, found)
    assert len(said) == bool(words)
    assert [word for word in words if word not in said[0]] == []


def test_a_host_that_another_way_joins() -> None:
    """Its routes are still to go; a network of that name is none of that way's."""
    assert swarm_overlay_problems(WANTED, ADDRESSES) == []
    found = host(routes=[{"dst": "172.20.7.0/24", "dev": "flannel.1", "type": "unicast"}])
    assert swarm_overlay_problems(WANTED, ADDRESSES, found, alone=False) == []
    (said,) = swarm_overlay_problems(
        WANTED, ADDRESSES, host(networks=[theirs("bridge")]), alone=False
    )
    assert said.startswith("swarm_overlay_name: 'net': ")
