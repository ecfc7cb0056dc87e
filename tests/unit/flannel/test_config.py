# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""flannel's config: what is taken, what is refused, and what two configs have in common."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _networks
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import (
    backends,
    config,
)

WG_KEY = base64.b64encode(bytes(32)).decode()


def make(network: str | None = "172.20.0.0/16", **options: object) -> config.Config:
    return config.from_params({"network": network, "backend": {"type": "vxlan"}, **options})


@pytest.mark.parametrize(
    ("options", "document"),
    [
        ({}, {"Network": "172.20.0.0/16", "Backend": {"Type": "vxlan"}}),
        (
            {"subnet_len": 26, "subnet_min": "172.20.64.0", "subnet_max": "172.20.127.192"},
            {
                "Network": "172.20.0.0/16",
                "SubnetLen": 26,
                "SubnetMin": "172.20.64.0",
                "SubnetMax": "172.20.127.192",
                "Backend": {"Type": "vxlan"},
            },
        ),
        (
            {"backend": {"type": "vxlan", "vni": 7, "port": 4789, "mtu": 9000, "gbp": True}},
            {
                "Network": "172.20.0.0/16",
                "Backend": {"Type": "vxlan", "VNI": 7, "Port": 4789, "MTU": 9000, "GBP": True},
            },
        ),
        (
            {"backend": {"type": "vxlan", "direct_routing": True, "learning": False}},
            {
                "Network": "172.20.0.0/16",
                "Backend": {"Type": "vxlan", "DirectRouting": True, "Learning": False},
            },
        ),
        (
            {"backend": {"type": "udp", "port": 7890}},
            {"Network": "172.20.0.0/16", "Backend": {"Type": "udp", "Port": 7890}},
        ),
        (
            {"backend": {"type": "wireguard", "psk": WG_KEY, "mode": "auto", "listen_port": 5}},
            {
                "Network": "172.20.0.0/16",
                "Backend": {"Type": "wireguard", "PSK": WG_KEY, "Mode": "auto", "ListenPort": 5},
            },
        ),
        (
            {"backend": {"type": "ipsec", "psk": "x" * 96, "udp_encap": True}},
            {
                "Network": "172.20.0.0/16",
                "Backend": {"Type": "ipsec", "PSK": "x" * 96, "UDPEncap": True},
            },
        ),
        (
            {"ipv6_network": "fd00:20::/48", "ipv6_subnet_len": 64},
            {
                "Network": "172.20.0.0/16",
                "IPv6Network": "fd00:20::/48",
                "IPv6SubnetLen": 64,
                "EnableIPv6": True,
                "Backend": {"Type": "vxlan"},
            },
        ),
        # Ansible leaves the alias in the dict beside the option itself.
        (
            {"backend": {"type": "vxlan", "VNI": 3, "vni": 3, "port": None}},
            {"Network": "172.20.0.0/16", "Backend": {"Type": "vxlan", "VNI": 3}},
        ),
    ],
)
def test_document(options: dict[str, object], document: dict[str, object]) -> None:
    wanted = make(**options)
    assert wanted.document == document
    # What we write is what we read.
    assert config.from_text(wanted.text()).meaning() == wanted.meaning()


@pytest.mark.parametrize(
    ("options", "option", "words"),
    [
        ({"network": None}, "network", "needs an IPv4 network"),
        ({"network": "172.20.0.0"}, "network", "prefix length is missing"),
        ({"network": "172.20.0.300/16"}, "network", "not a network"),
        ({"network": "172.20.0.0/33"}, "network", "not a network"),
        ({"network": "172.20.0.1/16"}, "network", "Write 172.20.0.0/16"),
        ({"network": "fd00::/48"}, "network", "not an IPv4 network"),
        ({"network": "10.0.0.0/29"}, "network", "too small"),
        ({"subnet_len": 31}, "subnet_len", "at most 30"),
        ({"subnet_len": 0}, "subnet_len", "room for its bridge"),
        ({"subnet_len": 17}, "subnet_len", "at least four subnets"),
        ({"subnet_len": 12}, "subnet_len", "at least four subnets"),
        ({"subnet_min": "172.21.0.0"}, "subnet_min", "outside the network"),
        ({"subnet_min": "172.20.1.5"}, "subnet_min", "Write 172.20.1.0"),
        ({"subnet_min": "first"}, "subnet_min", "not an address"),
        ({"subnet_max": "172.19.255.0"}, "subnet_max", "outside the network"),
        ({"subnet_max": "172.20.9.1"}, "subnet_max", "no subnet begins there"),
        ({"subnet_min": "172.20.9.0", "subnet_max": "172.20.8.0"}, "subnet_min", "lies above"),
        ({"ipv6_network": "172.21.0.0/16"}, "ipv6_network", "not an IPv6 network"),
        ({"ipv6_network": "fd00::/125"}, "ipv6_network", "too small"),
        ({"ipv6_subnet_len": 64}, "ipv6_subnet_len", "ipv6_network is not given"),
        ({"ipv6_network": "fd00::/48", "ipv6_subnet_len": 127}, "ipv6_subnet_len", "at most 126"),
        (
            {"ipv6_network": "fd00::/48", "ipv6_subnet_min": "172.20.1.0"},
            "ipv6_subnet_min",
            "outside the network",
        ),
        ({"backend": {"type": "vxlan2"}}, "backend.type", "no such backend"),
        ({"backend": {"type": None}}, "backend.type", "no such backend"),
        ({"backend": {"type": "host-gw", "port": 5}}, "backend.port", "no such option"),
        ({"backend": {"type": "udp", "vni": 5}}, "backend.vni", "it takes port"),
        ({"backend": {"type": "udp", "psk": "s3cr3t"}}, "backend.psk", "no such option"),
        ({"backend": {"type": "vxlan", "vni": 0}}, "backend.vni", "from 1 to"),
        ({"backend": {"type": "vxlan", "vni": 2**24}}, "backend.vni", "from 1 to"),
        ({"backend": {"type": "vxlan", "vni": 10_000_000}}, "backend.vni", "15 characters"),
        (
            {"ipv6_network": "fd00::/48", "backend": {"type": "vxlan", "vni": 10_000}},
            "backend.vni",
            "15 characters",
        ),
        ({"backend": {"type": "vxlan", "port": 65536}}, "backend.port", "from 1 to 65535"),
        ({"backend": {"type": "vxlan", "mtu": 100}}, "backend.mtu", "from 576"),
        ({"backend": {"type": "vxlan", "vni": True}}, "backend.vni", "whole number"),
        ({"backend": {"type": "vxlan", "gbp": "maybe"}}, "backend.gbp", "true nor false"),
        ({"backend": {"type": "wireguard", "mode": "both"}}, "backend.mode", "no such mode"),
        ({"backend": {"type": "wireguard", "psk": "s3cr3t!"}}, "backend.psk", "not base64"),
        ({"backend": {"type": "wireguard", "psk": "c2hvcnQ="}}, "backend.psk", "holds 5 bytes"),
        ({"backend": {"type": "ipsec"}}, "backend.psk", "cannot do without"),
        ({"backend": {"type": "ipsec", "psk": "s3cr3t"}}, "backend.psk", "at least 96"),
        (
            {"backend": {"type": "ipsec", "psk": "x" * 96, "esp_proposal": ""}},
            "backend.esp_proposal",
            "not a text",
        ),
        (
            {"ipv6_network": "fd00::/48", "backend": {"type": "udp"}},
            "backend.type",
            "carries no IPv6",
        ),
    ],
)
def test_refused(options: dict[str, object], option: str, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        make(**options)
    message = str(caught.value)
    assert caught.value.option == option
    assert words in message
    assert message.endswith(".")
    assert "s3cr3t" not in message


@pytest.mark.parametrize(
    ("text", "length", "first", "last", "subnets"),
    [
        ("172.20.0.0/16", 24, "172.20.1.0", "172.20.255.0", 255),
        ("10.0.0.0/22", 24, "10.0.1.0", "10.0.3.0", 3),
        ("10.0.0.0/23", 25, "10.0.0.128", "10.0.1.128", 3),
        ("10.0.0.0/28", 30, "10.0.0.4", "10.0.0.12", 3),
    ],
)
def test_defaults_are_flannels(text: str, length: int, first: str, last: str, subnets: int) -> None:
    limits = make(text).ipv4
    assert (limits.subnet_len, str(limits.first), str(limits.last)) == (length, first, last)
    assert limits.subnets() == subnets
    assert limits.problem(limits.nth(0)) is None
    assert limits.problem(limits.nth(subnets - 1)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (
            '{"Network":"172.20.0.0/16"}',
            '{"Network":"172.20.0.0/16","Backend":{"Type":"udp"}}',
            True,
        ),
        (
            '{"Network":"172.20.0.0/16","Backend":{"Type":"vxlan"}}',
            '{"network":"172.20.0.0/16","SubnetLen":24,"backend":{"type":"vxlan","vni":1}}',
            True,
        ),
        (
            '{"Network":"172.20.0.0/16","Backend":{"Type":"vxlan"}}',
            '{"Network":"172.20.0.0/16","SubnetMin":"172.20.1.0","SubnetMax":"172.20.255.0",'
            '"Backend":{"Type":"vxlan","Port":8472}}',
            True,
        ),
        (
            '{"Network":"172.20.0.0/16","Backend":{"Type":"vxlan"}}',
            '{"Network":"172.20.0.0/16","Backend":{"Type":"vxlan","MTU":1400}}',
            False,
        ),
        ('{"Network":"172.20.0.0/16"}', '{"Network":"172.21.0.0/16"}', False),
        # flannel drops host bits without a word.
        ('{"Network":"172.20.0.5/16"}', '{"Network":"172.20.0.0/16"}', True),
    ],
)
def test_meaning(one: str, other: str, same: bool) -> None:
    assert (config.from_text(one).meaning() == config.from_text(other).meaning()) is same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"x"',
        "{}",
        '{"Network":"nonsense"}',
        '{"Network":"172.20.0.0/16","SubnetLen":31}',
        '{"Network":"172.20.0.0/16","Backend":{"Type":"aws-vpc"}}',
        '{"Network":"172.20.0.0/16","Backend":"vxlan"}',
        '{"Network":"172.20.0.0/16","EnableIPv6":true}',
        '{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48"}',
    ],
)
def test_unusable_text(text: str) -> None:
    with pytest.raises(ValueError):
        config.from_text(text)


@pytest.mark.parametrize(
    ("backend", "mtu", "link"),
    [
        ({"type": "vxlan"}, 1450, "flannel.1"),
        ({"type": "vxlan", "vni": 42}, 1450, "flannel.42"),
        ({"type": "vxlan", "mtu": 9000}, 8950, "flannel.1"),
        ({"type": "host-gw"}, 1500, None),
        ({"type": "udp"}, 1472, "flannel0"),
        ({"type": "wireguard"}, 1420, "flannel-wg"),
        ({"type": "wireguard", "mtu": 1400}, 1320, "flannel-wg"),
        ({"type": "ipip"}, 1480, "flannel.ipip"),
        ({"type": "ipsec", "psk": "x" * 96}, 1423, None),
        ({"type": "ipsec", "psk": "x" * 96, "udp_encap": True}, 1415, None),
        ({"type": "alloc"}, 1500, None),
    ],
)
def test_mtu_and_link(backend: dict[str, object], mtu: int, link: str | None) -> None:
    made = backends.from_params(backend, dual_stack=False)
    assert (made.mtu(1500), made.link()) == (mtu, link)


def test_secrets_are_hidden() -> None:
    made = make(backend={"type": "wireguard", "psk": WG_KEY})
    assert WG_KEY in made.text()
    assert WG_KEY not in json.dumps(made.shown())
    for backend in ("Backend", "backend", "BACKEND"):
        foreign = {"Network": "10.9.0.0/16", backend: {"type": "wireguard", "psk": WG_KEY}}
        shown = config.hide_secrets(foreign)
        assert WG_KEY not in json.dumps(shown)
        assert shown[backend]["type"] == "wireguard"
    assert config.hide_secrets({"Backend": None}) == {"Backend": None}


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("10.0.0.0/8", "10.1.0.0/16", True),
        ("10.1.0.0/16", "10.0.0.0/8", True),
        ("10.0.0.0/24", "10.0.1.0/24", False),
        ("fd00::/48", "fd00:0:0:1::/64", True),
        ("10.0.0.0/8", "fd00::/48", False),
    ],
)
def test_overlaps(one: str, other: str, shared: bool) -> None:
    import ipaddress

    assert _networks.overlaps(ipaddress.ip_network(one), ipaddress.ip_network(other)) is shared
