# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links and Docker's answers in the words of topology_info."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._docker import inventory
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import facts
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    Entry,
    Options,
)


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        (
            "bridge",
            (("stp_state", 0), ("forward_delay", 1500), ("hello_time", 250), ("priority", 1)),
            {"stp": False, "forward_delay": 15, "hello_time": 2.5, "priority": 1},
        ),
        (
            "vxlan",
            (("id", 5), ("local", "0.0.0.0"), ("remote", "239.1.1.1"), ("learning", 1)),
            {"vni": 5, "group": "239.1.1.1", "learning": True},
        ),
        ("vxlan", (("remote", "10.0.0.9"), ("dev", "")), {"remote": "10.0.0.9"}),
    ],
)
def test_options_are_in_the_modules_words(
    kind: str, options: Options, expected: dict[str, Any]
) -> None:
    assert facts.option_words(kind, options) == expected


def test_an_entry_tells_only_what_it_has() -> None:
    assert facts.entry_facts(Entry("02:00:00:00:00:01", "10.0.0.9", port=8472)) == {
        "mac": "02:00:00:00:00:01",
        "dst": "10.0.0.9",
        "port": 8472,
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Driver": "bridge", "Id": "0123456789abcdef"}, "br-0123456789ab"),
        (
            {"Driver": "bridge", "Options": {"com.docker.network.bridge.name": "docker0"}},
            "docker0",
        ),
        ({"Driver": "ipvlan", "Options": {"parent": "eth0.7"}}, "eth0.7"),
        ({"Driver": "macvlan", "Id": "0123456789abcdef", "Options": None}, "dm-0123456789ab"),
        ({"Driver": "overlay", "Id": "1"}, None),
        ({}, None),
    ],
)
def test_the_link_of_a_network(answer: dict[str, Any], expected: str | None) -> None:
    assert inventory.network(answer)["link"] == expected


def test_a_container_that_says_little() -> None:
    found = inventory.container({"Name": "/web", "State": {"Running": False, "Pid": 7}})
    assert (found["name"], found["pid"], found["networks"]) == ("web", None, {})


def test_both_addresses_and_all_names_of_a_container() -> None:
    endpoint = {
        "IPAddress": "172.10.0.2",
        "IPPrefixLen": 24,
        "GlobalIPv6Address": "fd00::2",
        "GlobalIPv6PrefixLen": 64,
        "Aliases": ["server1", "web"],
        "DNSNames": ["web", "server1", "1f2e3d"],
    }
    found = inventory.container({"NetworkSettings": {"Networks": {"one": endpoint, "two": None}}})
    assert found["networks"]["one"] == {
        "addresses": ["172.10.0.2/24", "fd00::2/64"],
        "mac": "",
        "aliases": ["web", "server1", "1f2e3d"],
    }
    assert found["networks"]["two"]["addresses"] == []
