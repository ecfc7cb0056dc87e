# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What S14 promises: containers on the hosts reach each other, and a second run does nothing."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.molecule.lab_nodes import BRIDGES, names
from tests.molecule.overlay_nodes import Node
from tests.molecule.run_reports import changed, checks, runs

PAIRS = list(permutations(names(), 2))
# Tasks that may really run on a host when there is nothing to do.
# Two of flannel's are common's, which looks at the hosts and between them before the first change.
BUDGET = {"common": 0, "docker": 4, "etcd": 4, "flannel": 6, "verify": 2}


@pytest.mark.parametrize("name", names())
def test_docker_follows_the_lease(nodes: dict[str, Node], name: str) -> None:
    """docker0 has the address of the lease, containers its MTU."""
    node, subnet = nodes[name], BRIDGES[name]
    assert node.lease["FLANNEL_SUBNET"] == subnet
    assert subnet in node.host.check_output("ip -4 -o address show dev docker0").split()
    status, link = node.inside("ip -o link show dev eth0")
    assert status == 0
    assert f"mtu {node.mtu} " in link


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_host_reaches_the_other_hosts_container(
    nodes: dict[str, Node], one: str, other: str
) -> None:
    """A host reaches a remote container with ping and TCP."""
    status, output = nodes[one].ping(nodes[other].container, 84, inside=False)
    assert status == 0, output
    nodes[one].seen_as(nodes[other].container, inside=False)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_outside_sees_the_host(nodes: dict[str, Node], one: str, other: str) -> None:
    """Beyond the overlay a container's packets carry its host's address."""
    assert nodes[one].seen_as(nodes[other].underlay) == nodes[one].underlay


def test_one_jump_to_the_accepts(nodes: dict[str, Node]) -> None:
    """A second run, a restart of Docker and a reboot double no rule."""
    for node in nodes.values():
        rules = node.host.check_output("iptables -S").splitlines()
        assert len([rule for rule in rules if rule.endswith("-j CONTAINER-NET")]) == 1
        ours = [rule for rule in rules if rule.startswith("-A CONTAINER-NET ")]
        assert ours
        assert len(ours) == len(set(ours))


def test_second_run_and_check_change_nothing() -> None:
    """Idempotence, and a check mode that tells the truth about it."""
    first, second = runs()[:2]
    assert changed(first)
    assert not changed(second)
    assert not changed(checks()[-1])


@pytest.mark.parametrize("role", sorted(BUDGET))
def test_tasks_on_an_unchanged_host(role: str) -> None:
    """Every task costs seconds, so a run with nothing to do has few of them."""
    tasks = runs()[1]["tasks"].get(role, {})
    # Role common works on the controller alone, with the facts that its play gathers.
    assert tasks or role == "common", f"role {role} did nothing at all"
    for host, ran in tasks.items():
        assert len(ran) <= BUDGET[role], f"{role} on {host}: {ran}"
