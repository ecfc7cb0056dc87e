# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read: commands, and the lines of --diff."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._topology.commands import (
    command,
    route_text,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.diff import (
    LINES_MAX,
    diff,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    HOST,
    HaveAddress,
    Route,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    End,
    MoveLink,
    Operation,
    RenameLink,
    SetLink,
    SetRoute,
    SetSysctl,
)


def route(dst: str, **more: Any) -> Route:
    values: dict[str, Any] = {"via": None, "dev": None, "metric": 0}
    return Route("n", ip_network(dst), **{**values, **more})


COMMANDS: list[tuple[Operation, list[str]]] = [
    (AddNamespace("n"), ["ip netns add n"]),
    (AddNamespace("odd;name"), ["ip netns add 'odd;name'"]),
    (DeleteNamespace("n"), ["ip netns del n"]),
    (
        AddLink(End(HOST, "a", "02:00:00:00:00:01", 1400), "veth", End("n", "b", mtu=1300)),
        [
            "ip link add name a address 02:00:00:00:00:01 mtu 1400 type veth"
            " peer name b mtu 1300 netns n"
        ],
    ),
    (DeleteLink("n", "a", "veth"), ["ip -n n link del dev a"]),
    (MoveLink("n", "a", HOST), ["ip -n n link set dev a netns 1"]),
    (MoveLink(HOST, "a", "n"), ["ip link set dev a netns n"]),
    (RenameLink("n", "a", "b"), ["ip -n n link set dev a name b"]),
    (SetLink("n", "a", "alias", "x", ""), []),
    (SetLink("n", "a", "up", 1, 0), ["ip -n n link set dev a up"]),
    (SetLink("n", "a", "master", "", "br"), ["ip -n n link set dev a nomaster"]),
    (
        SetLink(HOST, "br", "stp_state", 1, 0, "bridge"),
        ["ip link set dev br type bridge stp_state 1"],
    ),
    (AddAddress("n", "a", ip_interface("fd00::1/64")), ["ip -n n addr add fd00::1/64 dev a"]),
    (
        DeleteAddress(HOST, "a", HaveAddress(ip_interface("10.0.0.1/24"))),
        ["ip addr del 10.0.0.1/24 dev a"],
    ),
    (
        SetRoute(route("fd01::/16", via=ip_address("fd00::1"), metric=1024)),
        ["ip -n n -6 route add fd01::/16 via fd00::1"],
    ),
    (DeleteRoute(route("0.0.0.0/0", dev="a")), ["ip -n n route del default dev a"]),
    (
        SetSysctl("n", "net/ipv4/ip_forward", "1", "0"),
        ["ip netns exec n sysctl -w net.ipv4.ip_forward=1"],
    ),
    (
        SetSysctl("n", "net/ipv4/conf/eth0.1/forwarding", "1", "0"),
        ["ip netns exec n sysctl -w net/ipv4/conf/eth0.1/forwarding=1"],
    ),
]


@pytest.mark.parametrize(("operation", "expected"), COMMANDS)
def test_command(operation: Operation, expected: list[str]) -> None:
    assert command(operation) == expected


def test_a_route_in_words() -> None:
    text = route_text(
        route("10.0.0.0/8", dev="a", src=ip_address("10.0.0.1"), metric=5, table=77, scope="host")
    )
    assert text == "10.0.0.0/8 dev a src 10.0.0.1 scope host metric 5 table 77"
    assert route_text(route("10.0.0.0/8", type="blackhole")) == "blackhole 10.0.0.0/8"


def test_diff_shows_both_sides() -> None:
    found = diff([AddNamespace("n"), SetLink("n", "a", "mtu", 1400, 1500)])
    assert found == {
        "before": "netns n link a mtu 1500\n",
        "after": "netns n\nnetns n link a mtu 1400\n",
    }


def test_a_long_diff_comes_prepared() -> None:
    found = diff([AddNamespace(f"n{i}") for i in range(LINES_MAX + 1)])
    assert set(found) == {"prepared"}
    assert found["prepared"].startswith("+netns n0\n+netns n1\n")


@pytest.mark.parametrize("operation", [row[0] for row in COMMANDS])
def test_every_operation_has_lines(operation: Operation) -> None:
    assert "".join(diff([operation]).values())
