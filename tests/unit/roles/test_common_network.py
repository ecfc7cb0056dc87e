# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which address a host is known by, as a table over the facts of all hosts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.netfabric.container_net.plugins.filter.common_network import common_network
from ansible_collections.netfabric.container_net.plugins.filter.common_overlapping import (
    common_overlapping,
)


def facts(default: str = "", **links: str) -> dict[str, Any]:
    """Facts of a host: link name (underscores for dashes) to address/prefix."""
    found: dict[str, Any] = {"interfaces": ["lo"]}
    found["lo"] = {"device": "lo", "ipv4": {"address": "127.0.0.1", "prefix": "8"}}
    for key, value in links.items():
        address, dummy, prefix = value.partition("/")
        name = key.replace("br_", "br-")
        found["interfaces"].append(name)
        found[key] = {"device": name}
        if address:
            found[key]["ipv4"] = {"address": address, "prefix": prefix}
    if default:
        found["default_ipv4"] = {
            "interface": default,
            "address": links[default].partition("/")[0],
        }
    return {"ansible_facts": found}


QEMU = "10.0.2.15/24"

GOOD: dict[str, tuple[dict[str, dict[str, Any]], dict[str, tuple[str, str]]]] = {
    "qemu's user network is never chosen, although the default route is there": (
        {
            "a": facts("eth0", eth0=QEMU, eth1="192.168.100.12/24"),
            "b": facts("eth0", eth0=QEMU, eth1="192.168.100.13/24"),
        },
        {"a": ("192.168.100.12", "eth1"), "b": ("192.168.100.13", "eth1")},
    ),
    "one interface each": (
        {"a": facts("ens3", ens3="10.1.0.5/24"), "b": facts("ens4", ens4="10.1.0.6/24")},
        {"a": ("10.1.0.5", "ens3"), "b": ("10.1.0.6", "ens4")},
    ),
    "of two networks the default route's": (
        {
            "a": facts("eth1", eth0="10.0.0.1/24", eth1="10.9.0.1/24"),
            "b": facts("eth1", eth0="10.0.0.2/24", eth1="10.9.0.2/24"),
        },
        {"a": ("10.9.0.1", "eth1"), "b": ("10.9.0.2", "eth1")},
    ),
    "of two networks without default routes the lowest": (
        {
            "a": facts(eth0="10.9.0.1/24", eth1="10.0.0.1/24"),
            "b": facts(eth0="10.9.0.2/24", eth1="10.0.0.2/24"),
        },
        {"a": ("10.0.0.1", "eth1"), "b": ("10.0.0.2", "eth1")},
    ),
    "links of container tools are not between hosts": (
        {
            "a": facts(docker0="172.20.1.1/16", flannel0="172.20.2.0/16", eth0="192.0.2.1/24"),
            "b": facts(docker0="172.20.3.1/16", flannel0="172.20.4.0/16", eth0="192.0.2.2/24"),
        },
        {"a": ("192.0.2.1", "eth0"), "b": ("192.0.2.2", "eth0")},
    ),
    "hosts joined by routers have their default addresses": (
        {"a": facts("eth0", eth0="10.1.0.5/24"), "b": facts("eth0", eth0="10.2.0.5/24")},
        {"a": ("10.1.0.5", "eth0"), "b": ("10.2.0.5", "eth0")},
    ),
    "a single host": (
        {"a": facts("eth0", eth0="192.0.2.1/24", eth1="198.51.100.1/24")},
        {"a": ("192.0.2.1", "eth0")},
    ),
    "one host's address is given and leads the others": (
        {
            "a": {
                **facts("eth0", eth0="10.0.0.1/24", eth1="10.9.0.1/24"),
                "container_net_ip": "10.9.0.1",
            },
            "b": facts("eth0", eth0="10.0.0.2/24", eth1="10.9.0.2/24"),
        },
        {"a": ("10.9.0.1", "eth1"), "b": ("10.9.0.2", "eth1")},
    ),
    "a given address needs no facts": (
        {
            "a": {"ansible_facts": {}, "container_net_ip": "10.0.0.7"},
            "b": facts("eth0", eth0="10.0.0.2/24"),
        },
        {"a": ("10.0.0.7", ""), "b": ("10.0.0.2", "eth0")},
    ),
    "an interface is given": (
        {
            "a": {
                **facts("eth0", eth0="10.0.0.1/24", br_x="10.9.0.1/24"),
                "container_net_iface": "br-x",
            },
            "b": facts("eth0", eth0="10.0.0.2/24", eth1="10.9.0.2/24"),
        },
        {"a": ("10.9.0.1", "br-x"), "b": ("10.9.0.2", "eth1")},
    ),
    "a translated address with its interface": (
        {
            "a": {
                **facts("eth0", eth0=QEMU),
                "container_net_ip": "203.0.113.1",
                "container_net_iface": "eth0",
            },
            "b": {
                **facts("eth0", eth0=QEMU),
                "container_net_ip": "203.0.113.2",
                "container_net_iface": "eth0",
            },
        },
        {"a": ("203.0.113.1", "eth0"), "b": ("203.0.113.2", "eth0")},
    ),
}


@pytest.mark.parametrize(("hosts", "expected"), GOOD.values(), ids=GOOD.keys())
def test_the_address_that_leads_to_the_others(
    hosts: dict[str, dict[str, Any]], expected: dict[str, tuple[str, str]]
) -> None:
    found = common_network(list(hosts), hosts)
    assert {name: (host["ip"], host["iface"]) for name, host in found.items()} == expected


LOCAL: dict[str, tuple[dict[str, Any], str]] = {
    "its own": ({"container_net_ip": QEMU.partition("/")[0]}, "10.0.2.15"),
    "another interface's": (
        {"container_net_ip": "10.255.0.1", "container_net_iface": "eth0"},
        "10.255.0.1",
    ),
    "translated": (
        {"container_net_ip": "203.0.113.1", "container_net_iface": "eth0"},
        "10.0.2.15",
    ),
    "translated, on an interface without one": (
        {"container_net_ip": "203.0.113.1", "container_net_iface": "eth9"},
        "",
    ),
}


@pytest.mark.parametrize(("given", "local"), LOCAL.values(), ids=LOCAL.keys())
def test_what_a_host_itself_sends_from(given: dict[str, Any], local: str) -> None:
    host = {**facts("eth0", eth0=QEMU, dummy0="10.255.0.1/32"), **given}
    assert common_network(["a"], {"a": host})["a"]["local"] == local
    without = {"ansible_facts": {}, **given}
    assert common_network(["a"], {"a": without})["a"]["local"] == given["container_net_ip"]


def test_networks_of_docker_leave_no_room_for_another_one() -> None:
    found = facts(
        docker0="172.20.1.1/16",
        docker_gwbridge="172.18.0.1/16",
        br_4f6f1b2c3d4e="172.20.0.1/24",
        br_lan="172.20.0.9/16",
        eth0="172.20.200.7/24",
    )["ansible_facts"]
    assert common_overlapping(found, "172.20.0.0/16") == ["172.20.0.0/24 (br-4f6f1b2c3d4e)"]
    assert common_overlapping(found, "172.20.1.0/24") == []
    assert common_overlapping(found, "172.18.7.0/24") == ["172.18.0.0/16 (docker_gwbridge)"]
    assert common_overlapping({}, "172.18.7.0/24") == []


BAD: dict[str, tuple[dict[str, dict[str, Any]], list[str]]] = {
    "nothing but qemu's user network": (
        {"a": facts("eth0", eth0=QEMU), "b": facts("eth0", eth0=QEMU)},
        ["10.0.2.15 on a and b", "set container_net_ip for each host"],
    ),
    "given twice": (
        {
            "a": {**facts(eth0="10.0.0.1/24"), "container_net_ip": "10.0.0.1"},
            "b": {**facts(eth0="10.0.0.1/24"), "container_net_ip": "10.0.0.1"},
        },
        ["10.0.0.1 on a and b", "must not have the same address"],
    ),
    "given to one, found on the other": (
        {
            "a": {"container_net_ip": "10.0.0.2"},
            "b": facts("eth0", eth0="10.0.0.2/24"),
        },
        ["10.0.0.2 on a and b"],
    ),
    "no network in common and no default route": (
        {
            "a": facts(eth0="10.1.0.5/24", eth1="10.2.0.5/24"),
            "b": facts(eth0="10.3.0.5/24", eth1="10.4.0.5/24"),
        },
        ["no network in which every host has an address", "a: 10.1.0.5, 10.2.0.5"],
    ),
    "no facts": (
        {"a": {"ansible_facts": {}}, "b": facts(eth0="10.0.0.2/24")},
        ["a: there are no facts", "Make the host reachable, or set container_net_ip"],
    ),
    "no address at all": (
        {"a": facts(eth0=""), "b": facts(eth0="10.0.0.2/24")},
        ["a: no interface", "set container_net_ip"],
    ),
    "an interface that is not there": (
        {"a": {**facts(eth0="10.0.0.1/24"), "container_net_iface": "eth7"}},
        ["a: container_net_iface: eth7", "there are eth0, lo"],
    ),
    "an address that no interface has": (
        {"a": {**facts(eth0="10.0.0.1/24"), "container_net_ip": "10.0.0.9"}},
        ["a: container_net_ip: 10.0.0.9", "10.0.0.1", "container_net_iface"],
    ),
    "not an address": (
        {"a": {**facts(eth0="10.0.0.1/24"), "container_net_ip": "10.0.0.1/24"}},
        ["a: container_net_ip: 10.0.0.1/24", "without prefix length"],
    ),
}


@pytest.mark.parametrize(("hosts", "words"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_decided_is_refused(
    hosts: dict[str, dict[str, Any]], words: list[str]
) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        common_network(list(hosts), hosts)
    assert [word for word in words if word not in str(caught.value)] == []
