# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How measurements between containers are judged."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.filter.verify_matrix import verify_matrix


def row(source: str, side: str, target: str, seen_as: str) -> dict[str, Any]:
    return {
        "from": source,
        "side": side,
        "to": target,
        "ping": {"ok": True, "ms": 1.5},
        "tcp": {"ok": True, "name": target, "seen_as": seen_as},
    }


def two_hosts() -> list[dict[str, Any]]:
    """What two healthy hosts measure."""
    return [
        {
            "host": "node1",
            "ip": "172.20.24.2",
            "bridge": "172.20.24.1/24",
            "subnet": "172.20.24.1/24",
            "lease_mtu": 1450,
            "mtu": 1450,
            "rows": [
                row("node1", "container", "node2", "172.20.24.2"),
                row("node1", "host", "node2", "172.20.24.0"),
            ],
        },
        {
            "host": "node2",
            "ip": "172.20.32.2",
            "bridge": "172.20.32.1/24",
            "subnet": "172.20.32.1/24",
            "lease_mtu": 1450,
            "mtu": 1450,
            "rows": [
                row("node2", "container", "node1", "172.20.32.2"),
                row("node2", "host", "node1", "172.20.32.0"),
            ],
        },
    ]


def test_a_healthy_pair_is_a_table_without_failures() -> None:
    result = verify_matrix(two_hosts())
    assert result["failures"] == []
    assert len(result["table"]) == 1 + 4 + 2
    assert result["table"][1].split("  ")[0] == "node1 container 172.20.24.2"
    assert "1450 bytes" in result["table"][1]
    assert "node1: docker0 172.20.24.1/24 = lease 172.20.24.1/24" in result["table"]


def no_ping(hosts: list[dict[str, Any]]) -> None:
    hosts[0]["rows"][0]["ping"] = {"ok": False, "problem": "no answer"}


def too_big(hosts: list[dict[str, Any]]) -> None:
    problem = "1450 bytes are more than the way takes"
    hosts[0]["rows"][0]["ping"] = {"ok": False, "problem": problem}


def no_tcp(hosts: list[dict[str, Any]]) -> None:
    hosts[1]["rows"][1]["tcp"] = {"ok": False, "problem": "timed out"}


def somebody_else(hosts: list[dict[str, Any]]) -> None:
    hosts[0]["rows"][0]["tcp"]["name"] = "node3"


def masqueraded(hosts: list[dict[str, Any]]) -> None:
    hosts[0]["rows"][0]["tcp"]["seen_as"] = "172.20.24.0"


def old_bridge(hosts: list[dict[str, Any]]) -> None:
    hosts[1]["bridge"] = "172.17.0.1/16"


def old_mtu(hosts: list[dict[str, Any]]) -> None:
    hosts[1]["mtu"] = 1500


FAULTS: dict[Callable[[list[dict[str, Any]]], None], list[str]] = {
    no_ping: ["node1 container -> node2 container (172.20.32.2)", "no answer", "UDP 8472"],
    too_big: ["1450 bytes are more", "FLANNEL_MTU"],
    no_tcp: ["node2 host -> node1 container", "timed out", "CONTAINER-NET"],
    somebody_else: ["the container of node3 answered", "compare the leases"],
    masqueraded: ["seen as 172.20.24.0, not as 172.20.24.2", "masquerade"],
    old_bridge: ["node2: docker0 has 172.17.0.1/16, the lease is 172.20.32.1/24", "site.yml"],
    old_mtu: ["node2: the container's MTU is 1500, the lease's is 1450"],
}


@pytest.mark.parametrize(
    ("fault", "words"), FAULTS.items(), ids=lambda v: getattr(v, "__name__", "")
)
def test_a_fault_is_one_sentence_with_a_hint(
    fault: Callable[[list[dict[str, Any]]], None], words: list[str]
) -> None:
    hosts = copy.deepcopy(two_hosts())
    fault(hosts)
    failures = verify_matrix(hosts)["failures"]
    assert len(failures) == 1
    assert [word for word in words if word not in failures[0]] == []


def test_a_single_host_says_that_there_is_nothing_between_hosts() -> None:
    alone = two_hosts()[:1]
    alone[0]["rows"] = []
    result = verify_matrix(alone)
    assert result["failures"] == []
    assert "only one host" in result["table"][0]


def test_large_groups_get_a_line_for_each_host() -> None:
    names = [f"h{number}" for number in range(20)]
    hosts = [
        {
            "host": name,
            "ip": f"10.0.{number}.2",
            "bridge": "",
            "subnet": "",
            "lease_mtu": 0,
            "mtu": 1450,
            "rows": [
                row(name, side, other, f"10.0.{number}.2")
                for side in ("container", "host")
                for other in names
                if other != name
            ],
        }
        for number, name in enumerate(names)
    ]
    hosts[3]["rows"][0]["ping"] = {"ok": False, "problem": "no answer"}
    result = verify_matrix(hosts)
    assert len(result["table"]) == 1 + 20
    assert result["table"][4].split() == ["h3", "38", "37"]
