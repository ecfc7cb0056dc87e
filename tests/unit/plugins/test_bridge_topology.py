# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.netfabric.container_net.plugins.filter.bridge_topology import (
    FilterModule,
    bridge_topology,
)


def test_the_tutorials_network():
    assert bridge_topology("mybridge", "192.168.2.0/24", 2, first_address=10) == {
        "name": "mybridge",
        "namespaces": [{"name": "ns1"}, {"name": "ns2"}],
        "bridges": [{"name": "mybridge", "addresses": ["192.168.2.1/24"]}],
        "veths": [
            {
                "name": "ns1veth0",
                "netns": "ns1",
                "addresses": ["192.168.2.10/24"],
                "routes": [{"dst": "default", "via": "192.168.2.1"}],
                "peer": {"name": "ns1veth1", "master": "mybridge"},
            },
            {
                "name": "ns2veth0",
                "netns": "ns2",
                "addresses": ["192.168.2.11/24"],
                "routes": [{"dst": "default", "via": "192.168.2.1"}],
                "peer": {"name": "ns2veth1", "master": "mybridge"},
            },
        ],
    }


def test_a_thousand():
    net = bridge_topology("mybridge", subnet="192.168.0.0/16", count=1000)
    addresses = [veth["addresses"][0] for veth in net["veths"]]
    assert addresses[0] == "192.168.0.2/16"
    assert addresses[999] == "192.168.3.233/16"
    assert len(set(addresses)) == 1000
    names = {n for veth in net["veths"] for n in (veth["name"], veth["peer"]["name"])}
    assert len(names) == 2000
    assert max(map(len, names)) <= 15
    network = ipaddress.ip_network("192.168.0.0/16")
    assert all(ipaddress.ip_interface(a).ip in network for a in addresses)


def test_ipv6_mtu_numbers_and_no_default_route():
    net = bridge_topology(
        "br6", "2001:db8::/64", "2", prefix="v", first="7", default_route=False, mtu=1400
    )
    assert net["bridges"] == [{"name": "br6", "addresses": ["2001:db8::1/64"], "mtu": 1400}]
    assert net["namespaces"] == [{"name": "v7"}, {"name": "v8"}]
    assert net["veths"][1] == {
        "name": "v8veth0",
        "netns": "v8",
        "addresses": ["2001:db8::3/64"],
        "mtu": 1400,
        "peer": {"name": "v8veth1", "master": "br6", "mtu": 1400},
    }


def test_entries_share_nothing():
    net = bridge_topology("b", "10.0.0.0/24", 2)
    net["veths"][0]["routes"][0]["dst"] = "changed"
    assert net["veths"][1]["routes"][0]["dst"] == "default"


@pytest.mark.parametrize(
    "subnet, most",
    [("10.0.0.0/24", 253), ("10.0.0.0/29", 5), ("10.0.0.0/30", 1), ("2001:db8::/126", 2)],
)
def test_a_network_is_used_to_its_end(subnet, most):
    assert len(bridge_topology("b", subnet, most)["veths"]) == most
    with pytest.raises(AnsibleFilterError, match=f"room for {most}"):
        bridge_topology("b", subnet, most + 1)


def test_a_bridge_is_used_to_its_last_port():
    assert len(bridge_topology("b", "10.0.0.0/16", 1023)["veths"]) == 1023


@pytest.mark.parametrize(
    "bridge, options, fragments",
    [
        (
            "b",
            {"subnet": "10.0.0.0/16", "count": 1024},
            ["count", "1024", "1023", "several bridges"],
        ),
        ("b", {"subnet": "10.0.0.0/24", "count": 254}, ["count", "254", "253", "larger subnet"]),
        ("b", {"subnet": "10.0.0.0/31", "count": 1}, ["count", "room for 0"]),
        ("b", {"subnet": "10.0.0.0/32", "count": 1}, ["count", "room for 0"]),
        ("b", {"subnet": "10.0.0.1/24", "count": 1}, ["subnet", "10.0.0.1/24", "host bits"]),
        ("b", {"subnet": "10.0.0.0", "count": 1}, ["subnet", "no prefix length"]),
        ("b", {"subnet": "ten", "count": 1}, ["subnet", "'ten'", "not a network"]),
        ("b", {"subnet": "10.0.0.0/24", "count": 0}, ["count", "0", "1 or more"]),
        ("b", {"subnet": "10.0.0.0/24", "count": -1}, ["count", "-1", "1 or more"]),
        ("b", {"subnet": "10.0.0.0/24", "count": "many"}, ["count", "'many'", "whole number"]),
        ("b", {"subnet": "10.0.0.0/24", "count": 1.5}, ["count", "1.5", "whole number"]),
        ("b", {"subnet": "10.0.0.0/24", "count": True}, ["count", "True", "whole number"]),
        ("b" * 16, {"subnet": "10.0.0.0/24", "count": 1}, ["bridge's name", "15", "shorter"]),
        ("", {"subnet": "10.0.0.0/24", "count": 1}, ["bridge's name", "1 to 15"]),
        ("a/b", {"subnet": "10.0.0.0/24", "count": 1}, ["bridge's name", "a/b", "'/'"]),
        ("a b", {"subnet": "10.0.0.0/24", "count": 1}, ["bridge's name", "white space"]),
        (7, {"subnet": "10.0.0.0/24", "count": 1}, ["bridge's name", "7", "quotes"]),
        ("b", {"subnet": "10.0.0.0/24", "count": 1, "first_address": 1}, ["first_address", "2 or"]),
        ("b", {"subnet": "10.0.0.0/24", "count": 9, "first_address": 250}, ["count", "room for 5"]),
        ("b", {"subnet": "10.0.0.0/24", "count": 1, "mtu": 67}, ["mtu", "67", "68 or more"]),
        ("b", {"subnet": "2001:db8::/64", "count": 1, "mtu": 1279}, ["mtu", "1280 or more"]),
        ("b", {"subnet": "10.0.0.0/24", "count": 10, "prefix": "namespace"}, ["prefix", "shorter"]),
        ("b", {"subnet": "10.0.0.0/24", "count": 1, "prefix": "a/"}, ["prefix", "'/'"]),
    ],
)
def test_refused(bridge, options, fragments):
    with pytest.raises(AnsibleFilterError) as caught:
        bridge_topology(bridge, **options)
    for fragment in ["bridge_topology", *fragments]:
        assert fragment in str(caught.value)


def test_ansible_finds_it():
    assert FilterModule().filters() == {"bridge_topology": bridge_topology}
