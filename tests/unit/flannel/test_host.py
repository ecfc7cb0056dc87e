# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""subnet.env, the host's routes, and whether flannel is ready."""

from __future__ import annotations

import dataclasses
import ipaddress

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import (
    config,
    leases,
    routes,
    status,
    subnet_env,
)

ENV = """FLANNEL_NETWORK=172.20.0.0/16
FLANNEL_SUBNET=172.20.24.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
"""


def test_subnet_env() -> None:
    found = subnet_env.parse(ENV)
    assert found.document() == {
        "network": "172.20.0.0/16",
        "bip": "172.20.24.1/24",
        "subnet": "172.20.24.0/24",
        "ipv6_network": None,
        "ipv6_bip": None,
        "ipv6_subnet": None,
        "mtu": 1450,
        "ip_masq": True,
    }


def test_subnet_env_dual_stack_quotes_and_comments() -> None:
    found = subnet_env.parse(
        "# by flanneld\n\nFLANNEL_SUBNET='172.20.24.1/24'\nFLANNEL_IPV6_NETWORK=fd00:20::/48\n"
        'FLANNEL_IPV6_SUBNET="fd00:20:0:1::1/64"\nFLANNEL_MTU=1430\n'
    )
    assert (found.ipv6_bip, found.ipv6_subnet) == ("fd00:20:0:1::1/64", "fd00:20:0:1::/64")
    assert found.ip_masq is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "FLANNEL_MTU"),
        ("FLANNEL_MTU=big\n", "FLANNEL_MTU is 'big'"),
        ("FLANNEL_MTU=1450\n", "FLANNEL_SUBNET is missing"),
        ("FLANNEL_MTU=1450\nFLANNEL_SUBNET=x\n", "FLANNEL_SUBNET is 'x'"),
        ("nonsense\n", "no assignment"),
    ],
)
def test_bad_subnet_env(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        subnet_env.parse(text)


# The columns of the kernel's files; addresses stand there as this machine's numbers.
ROUTE4 = """Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t001814AC\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
flannel.1\t002014AC\t002014AC\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
*\t0000A8C0\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
ROUTE6 = (
    "fd000020000000000000000000000000 30 "
    + "0" * 32
    + " 00 "
    + "0" * 32
    + " 00000100 00000001 00000000 00000001     eth1\n"
    "fe800000000000000000000000000000 40 "
    + "0" * 32
    + " 00 "
    + "0" * 32
    + " 00000100 00000001 00000000 00000001     eth0\n"
    "fd000020000000000000000000000001 80 "
    + "0" * 32
    + " 00 "
    + "0" * 32
    + " 00000000 00000001 00000000 80200001     lo\n"
    "00000000000000000000000000000000 00 "
    + "0" * 32
    + " 00 "
    + "0" * 32
    + " ffffffff 00000001 00000000 00200200     lo\n"
)


def test_routes() -> None:
    found = routes.parse(ROUTE4, ROUTE6)
    assert [(str(route.dst), route.dev) for route in found] == [
        ("10.0.2.0/24", "eth0"),
        ("172.20.24.0/24", "docker0"),
        ("172.20.32.0/24", "flannel.1"),
        ("fd00:20::/48", "eth1"),
    ]


@pytest.mark.parametrize(
    ("network", "given", "dev"),
    [
        ("172.20.0.0/16", [], "docker0"),
        ("172.20.0.0/16", ["172.20.24.0/24"], None),
        ("10.0.0.0/8", ["172.20.24.0/24"], "eth0"),
        ("10.0.2.128/25", [], "eth0"),
        ("172.21.0.0/16", [], None),
        ("fd00:20:0:1::/64", [], "eth1"),
        ("fd00:21::/48", [], None),
    ],
)
def test_in_the_way(network: str, given: list[str], dev: str | None) -> None:
    found = routes.in_the_way(
        routes.parse(ROUTE4, ROUTE6),
        [ipaddress.ip_network(network)],
        [ipaddress.ip_network(text) for text in given],
    )
    assert (found.dev if found else None) == dev


def test_no_ipv6_in_the_kernel() -> None:
    assert len(routes.parse(ROUTE4, "")) == 3


@pytest.mark.parametrize(
    ("dev", "blocks"),
    [
        ("flannel.1", False),
        ("flannel.4096", False),
        ("flannel0", False),
        ("flannel-wg", False),
        ("flannel.ipip", False),
        ("flannel-v6.1", False),
        ("flannel", True),
        ("flannelbr", True),
        ("lo", False),
        ("br0", True),
    ],
)
def test_flannels_own_links(dev: str, blocks: bool) -> None:
    net = ipaddress.ip_network("172.20.0.0/16")
    assert bool(routes.in_the_way([routes.HostRoute(net, dev)], [net], [])) is blocks


CONFIG = config.from_params({"network": "172.20.0.0/16", "backend": {"type": "vxlan"}})
UDP = config.from_params({"network": "172.20.0.0/16", "backend": {"type": "udp"}})
HOST_GW = config.from_params({"network": "172.20.0.0/16", "backend": {"type": "host-gw"}})
MAC = "36:2c:9f:01:d5:7b"
LEASE = leases.Lease(
    "/p/subnets/172.20.24.0-24",
    leases.Subnets(ipaddress.ip_network("172.20.24.0/24")),
    "192.0.2.1",
    "vxlan",
    {"VNI": 1, "VtepMAC": MAC},
)
READY_ENV = subnet_env.parse(ENV)
LINK = status.Link("flannel.1", 1450, MAC)


@pytest.mark.parametrize(
    ("wanted", "changes", "env", "link", "words"),
    [
        (CONFIG, {}, READY_ENV, LINK, None),
        (None, {}, READY_ENV, None, None),
        (None, {}, None, None, "not written its subnet file"),
        (CONFIG, None, READY_ENV, LINK, "no lease"),
        (CONFIG, {"reserved": True, "backend": "", "data": {}}, READY_ENV, LINK, "only reserved"),
        (
            CONFIG,
            {"subnets": leases.Subnets(ipaddress.ip_network("172.20.9.0/24"))},
            READY_ENV,
            LINK,
            "the lease says 172.20.9.0/24",
        ),
        (CONFIG, {"backend": "", "data": {}}, READY_ENV, LINK, "with the backend udp, not vxlan"),
        (UDP, {}, READY_ENV, LINK, "with the backend vxlan, not udp"),
        (UDP, {"backend": "", "data": {}}, READY_ENV, None, "flannel0 is missing"),
        (
            UDP,
            {"backend": "", "data": {}},
            dataclasses.replace(READY_ENV, mtu=1472),
            status.Link("flannel0", 1472, "00:00:00:00:00:00"),
            None,
        ),
        (HOST_GW, {"backend": "host-gw", "data": {}}, READY_ENV, None, None),
        (CONFIG, {}, READY_ENV, None, "flannel.1 is missing"),
        (CONFIG, {}, READY_ENV, status.Link("flannel.1", 1400, MAC), "MTU of 1400"),
        (
            CONFIG,
            {},
            READY_ENV,
            status.Link("flannel.1", 1450, "aa:aa:aa:aa:aa:aa"),
            "tells the others 36:2c",
        ),
        (
            CONFIG,
            {},
            dataclasses.replace(READY_ENV, network="172.30.0.0/16"),
            LINK,
            "for the network 172.30.0.0/16",
        ),
    ],
)
def test_ready(
    wanted: config.Config | None,
    changes: dict[str, object] | None,
    env: subnet_env.SubnetEnv | None,
    link: status.Link | None,
    words: str | None,
) -> None:
    lease = None if changes is None else dataclasses.replace(LEASE, **changes)
    problem = status.problem(wanted, lease, env, link)
    if words is None:
        assert problem is None
    else:
        assert problem is not None
        assert words in problem
