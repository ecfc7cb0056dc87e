# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role ovs_gre asks of Open vSwitch, from what it has: as a table."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.scripts import load

ovs = load("roles/ovs_gre/files/ovs_gre.py")

WANT: dict[str, Any] = {
    "bridge": "obr0",
    "datapath": "system",
    "mtu": 1462,
    "peers": {"node2": "192.168.100.13"},
    "local_ip": "192.168.100.12",
    "key": 0,
    "master": "docker0",
    "address": "172.20.1.1/16",
}
PORT = "gre-c0a8640d"
OURS = {"container_net": "ovs_gre"}
BRIDGE = {"name": "obr0", "datapath_type": "", "fail_mode": "standalone", "external_ids": OURS}
HAVE: dict[str, Any] = {
    "bridges": {"obr0": BRIDGE},
    "ports": {
        "obr0": {"bridge": "obr0", "mtu_request": 1462, "error": [], "external_ids": {}},
        PORT: {
            "bridge": "obr0",
            "protected": True,
            "type": "gre",
            "options": {"local_ip": "192.168.100.12", "remote_ip": "192.168.100.13"},
            "error": [],
            "external_ids": {**OURS, "host": "node2"},
        },
    },
}
NOTHING: dict[str, Any] = {"bridges": {}, "ports": {}}


def have(*path: str, **changes: Any) -> dict[str, Any]:
    """What is wanted, with some of it changed by hand."""
    found = copy.deepcopy(HAVE)
    row = found
    for key in path:
        row = row.setdefault(key, {})
    row.update(changes)
    return found


STRANGER = {"bridge": "obr0", "mtu_request": [], "error": [], "external_ids": {}}
LEFT = {**STRANGER, "external_ids": {**OURS, "host": "node3"}}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "as wanted": ({}, HAVE, ""),
    "virgin": (
        {},
        NOTHING,
        "-- add-br obr0"
        ' -- set Bridge obr0 fail_mode="standalone" external_ids:container_net="ovs_gre"'
        " -- set Interface obr0 mtu_request=1462"
        f" -- add-port obr0 {PORT}"
        f' -- set Port {PORT} protected=true external_ids:container_net="ovs_gre"'
        ' external_ids:host="node2"'
        f' -- set Interface {PORT} type="gre"'
        ' options={local_ip="192.168.100.12",remote_ip="192.168.100.13"}',
    ),
    "a port that passes tunnels' packets on": (
        {},
        have("ports", PORT, protected=False),
        f"-- set Port {PORT} protected=true",
    ),
    "another MTU": (
        {"mtu": 1400},
        HAVE,
        "-- set Interface obr0 mtu_request=1400",
    ),
    "a key": (
        {"key": 7},
        HAVE,
        f'-- set Interface {PORT} options={{key="7",local_ip="192.168.100.12",'
        'remote_ip="192.168.100.13"}',
    ),
    "options of somebody's": (
        {},
        have("ports", PORT, "options", df_default="false"),
        f'-- set Interface {PORT} options={{local_ip="192.168.100.12",remote_ip="192.168.100.13"}}',
    ),
    "the other datapath": (
        {"datapath": "netdev"},
        HAVE,
        '-- set Bridge obr0 datapath_type="netdev"',
    ),
    "back to the kernel's": (
        {},
        have("bridges", "obr0", datapath_type="netdev"),
        '-- set Bridge obr0 datapath_type="system"',
    ),
    "the kernel's, in other words": ({}, have("bridges", "obr0", datapath_type="system"), ""),
    "a bridge that waits for a controller": (
        {},
        have("bridges", "obr0", fail_mode="secure"),
        '-- set Bridge obr0 fail_mode="standalone"',
    ),
    "a host that left": ({}, have("ports", **{"gre-00": LEFT}), "-- del-port obr0 gre-00"),
    "a port of somebody's on our bridge": ({}, have("ports", vm0=STRANGER), ""),
    "a bridge of an earlier name": (
        {},
        have("bridges", old={"name": "old", "fail_mode": [], "external_ids": OURS}),
        "-- del-br old",
    ),
    "a bridge of somebody's": (
        {},
        have("bridges", theirs={"name": "theirs", "fail_mode": [], "external_ids": {}}),
        "",
    ),
}


@pytest.mark.parametrize(("changes", "found", "words"), CASES.values(), ids=CASES.keys())
def test_a_transaction_leads_from_what_is_there_to_what_is_wanted(
    changes: dict[str, Any], found: dict[str, Any], words: str
) -> None:
    assert " ".join(ovs.transaction({**WANT, **changes}, found)) == words


def test_names_of_ports_stay_whoever_comes_or_goes() -> None:
    peers = {"node2": "192.168.100.13", "node3": "10.0.0.1"}
    assert list(ovs.ports_of({**WANT, "peers": peers})) == [PORT, "gre-0a000001"]


THEIRS = {"name": "obr0", "fail_mode": [], "external_ids": {}}
NAMES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "ours": (HAVE, ["obr0"], []),
    "nothing": (NOTHING, [], []),
    "a link": (NOTHING, ["obr0"], ["obr0 is the name of a link"]),
    "a bridge": (have("bridges", obr0=THEIRS), ["obr0"], ["obr0 is a bridge"]),
    "a port elsewhere": (have("ports", PORT, bridge="br1"), ["obr0"], [f"{PORT} is a port"]),
    "a port by hand": (have("ports", PORT, external_ids={}), ["obr0"], [f"{PORT} is a port"]),
}


@pytest.mark.parametrize(("found", "links", "words"), NAMES.values(), ids=NAMES.keys())
def test_names_that_others_have(found: dict[str, Any], links: list[str], words: list[str]) -> None:
    said = ovs.strangers(WANT, found, links)
    assert [text.partition(" of Open")[0].partition(" that")[0] for text in said] == words


LINKS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "as wanted": ({}, {"up": True, "master": "docker0", "ready": True}, []),
    "new": (
        {},
        {"up": False, "master": "", "ready": True},
        ["ip link set dev obr0 master docker0", "ip link set dev obr0 up"],
    ),
    "docker0 has another address yet": (
        {},
        {"up": False, "master": "", "ready": False},
        ["ip link set dev obr0 up"],
    ),
    "connected to another bridge": (
        {},
        {"up": True, "master": "br9", "ready": True},
        ["ip link set dev obr0 master docker0"],
    ),
    "connected to none": (
        {"master": ""},
        {"up": False, "master": "", "ready": False},
        ["ip link set dev obr0 up"],
    ),
}


@pytest.mark.parametrize(("changes", "link", "commands"), LINKS.values(), ids=LINKS.keys())
def test_the_bridge_is_connected(
    changes: dict[str, Any], link: dict[str, Any], commands: list[str]
) -> None:
    assert [" ".join(c) for c in ovs.attachment({**WANT, **changes}, link)] == commands


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("standalone", "standalone"),
        (1462, 1462),
        (["set", []], []),
        (["uuid", "a-b"], "a-b"),
        (["set", [["uuid", "a"], ["uuid", "b"]]], ["a", "b"]),
        (["map", [["remote_ip", "192.0.2.1"]]], {"remote_ip": "192.0.2.1"}),
        (["map", []], {}),
    ],
)
def test_what_ovs_vsctl_prints_is_read(printed: Any, value: Any) -> None:
    assert ovs.decode(printed) == value


def test_what_cannot_be_made_is_said() -> None:
    found = have("ports", PORT, error="no such device")
    assert ovs.errors(WANT, found) == {PORT: "no such device"}
    assert ovs.errors(WANT, HAVE) == {}
