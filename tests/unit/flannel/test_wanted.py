# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role flannel's variables ask of the hosts, and which are refused before anything happens."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.filter.flannel_wanted import flannel_wanted

KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
HOSTS = [
    {"host": "a", "public_ip": "192.0.2.1", "subnet": "", "ipv6_subnet": ""},
    {"host": "b", "public_ip": "192.0.2.2", "subnet": "", "ipv6_subnet": ""},
]


def given(**changes: Any) -> dict[str, Any]:
    """The role's defaults, with changes."""
    usual = {
        "network": "172.20.0.0/16",
        "subnet_len": 24,
        "subnet_min": "",
        "subnet_max": "",
        "ipv6_network": "",
        "ipv6_subnet_len": 64,
        "backend": {"type": "vxlan"},
    }
    return {**usual, **changes}


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ({"type": "vxlan"}, ([8472], ["br_netfilter", "vxlan"], "flannel.1", False)),
        (
            {"type": "vxlan", "vni": "7", "port": "4790", "direct_routing": "true"},
            ([4790], ["br_netfilter", "vxlan"], "flannel.7", True),
        ),
        ({"type": "udp"}, ([8285], ["br_netfilter", "tun"], "flannel0", False)),
        ({"type": "host-gw"}, ([], ["br_netfilter"], None, True)),
        (
            {"type": "wireguard", "PSK": KEY, "ListenPort": 5182},
            ([5182], ["br_netfilter", "wireguard"], "flannel-wg", False),
        ),
        ({"type": "ipip"}, ([], ["br_netfilter", "ipip"], "flannel.ipip", False)),
        (
            {"DirectRouting": True, "type": "ipip"},
            ([], ["br_netfilter", "ipip"], "flannel.ipip", True),
        ),
    ],
)
def test_what_a_backend_needs(
    backend: dict[str, Any], expected: tuple[list[int], list[str], str | None, bool]
) -> None:
    wanted = flannel_wanted(given(backend=backend), HOSTS)
    assert wanted["problems"] == []
    assert (wanted["udp"], wanted["modules"], wanted["link"], wanted["routed"]) == expected
    assert KEY not in str(wanted)


def test_dual_stack_has_two_networks() -> None:
    wanted = flannel_wanted(given(ipv6_network="fd00:20::/48"), HOSTS)
    assert wanted["networks"] == ["172.20.0.0/16", "fd00:20::/48"]


@pytest.mark.parametrize(
    ("changes", "subnets", "words"),
    [
        ({"network": "172.20.0.1/16"}, ["", ""], ["flannel_network: '172.20.0.1/16'", "Write 172"]),
        ({"network": "172.20.0.0"}, ["", ""], ["flannel_network: '172.20.0.0'", "prefix length"]),
        ({"subnet_len": "17"}, ["", ""], ["flannel_subnet_len: 17", "Choose at least 18"]),
        ({"subnet_len": "many"}, ["", ""], ["flannel_subnet_len", "Write a number"]),
        ({"subnet_min": "172.21.0.0"}, ["", ""], ["flannel_subnet_min: '172.21.0.0'", "inside"]),
        ({"ipv6_network": "fd00::1/48"}, ["", ""], ["flannel_ipv6_network: 'fd00::1/48'"]),
        (
            {"ipv6_network": "fd00:20::/48", "backend": {"type": "udp"}},
            ["", ""],
            ["flannel_backend.type: 'udp'", "carries no IPv6", "vxlan, host-gw or wireguard"],
        ),
        ({"backend": {"type": "pigeon"}}, ["", ""], ["flannel_backend.type: 'pigeon'", "vxlan"]),
        (
            {"backend": {"type": "udp", "vni": 3}},
            ["", ""],
            ["flannel_backend.vni: 3", "takes port"],
        ),
        ({"backend": {"type": "vxlan", "prot": 3}}, ["", ""], ["flannel_backend.prot", "Correct"]),
        (
            {"backend": {"type": "wireguard", "psk": "s3cr3t"}},
            ["", ""],
            ["flannel_backend.psk: '(hidden)'", "wg genpsk"],
        ),
        (
            {"network": "10.0.0.0/28", "subnet_len": 30, "subnet_max": "10.0.0.4"},
            ["", ""],
            ["flannel_network: '10.0.0.0/28': all 1 subnets", "larger network"],
        ),
        ({}, ["10.9.0.0/24", ""], ["flannel_subnet: '10.9.0.0/24'", "192.0.2.1", "Choose a /24"]),
        (
            {},
            ["172.20.7.0/24", "172.20.7.0/24"],
            ["b: flannel_subnet: '172.20.7.0/24'", "192.0.2.1", "a subnet of its own"],
        ),
    ],
)
def test_what_cannot_be_is_refused_in_the_roles_words(
    changes: dict[str, Any], subnets: list[str], words: list[str]
) -> None:
    hosts = [{**host, "subnet": subnet} for host, subnet in zip(HOSTS, subnets)]
    problems = flannel_wanted(given(**changes), hosts)["problems"]
    assert len(problems) == 1
    assert [word for word in words if word not in problems[0]] == [], problems
    assert "s3cr3t" not in problems[0]


def test_two_hosts_with_one_address_are_named() -> None:
    twins = [HOSTS[0], {**HOSTS[1], "public_ip": "192.0.2.1"}]
    (problem,) = flannel_wanted(given(), twins)["problems"]
    assert problem.startswith("b: flannel_public_ip: '192.0.2.1': a is the same address")
