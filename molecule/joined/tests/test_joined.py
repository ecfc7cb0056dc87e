# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers on two hosts that are joined in the way of the moment, after a reboot, and nothing of
the other ways. Role verify has measured most of it too; here it is measured without it."""

from __future__ import annotations

import json
import os
from itertools import permutations
from pathlib import Path

import pytest

from tests.molecule.overlay_nodes import Node
from tests.molecule.run_reports import changed, checks, runs

PAIRS = list(permutations(["node1", "node2"]))
MTU = {"direct_routes": 1500, "static_vxlan": 1450, "ovs_gre": 1462, "swarm_overlay": 1450}
ROUTED = ("direct_routes", "static_vxlan")
SUBNETS = {"node1": "172.20.24.1/24", "node2": "172.20.1.1/24"}
# Tasks that may really run on a host when there is nothing to do.
BUDGET = {"common": 2, "docker": 4, "verify": 2, "ovs_gre": 3, "swarm_overlay": 4}
BUDGET.update(dict.fromkeys(ROUTED, 4))
# What each way has on a host, by its name: nothing of it may be there in another way.
TRACES = {
    "flannel": ["flannel", "etcd.service.d"],
    "direct_routes": ["direct_routes"],
    "static_vxlan": ["static_vxlan", "vxlan-net"],
    "ovs_gre": ["obr0", "ovs_gre", "ovs-gre", "ovs-system", "gre_sys"],
    "swarm_overlay": ["docker_gwbridge", "swarm_overlay"],
}


@pytest.fixture(scope="module")
def way() -> str:
    """The way of the moment, as the scenario's inventory has it."""
    note = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "joined_way"
    first = (os.environ.get("JOINED_WAYS") or "direct_routes").split(",")[0]
    return note.read_text().strip() if note.exists() else first


def test_the_hosts_know_how_they_are_joined(nodes: dict[str, Node], way: str) -> None:
    for name, node in nodes.items():
        fact = node.host.check_output("cat /etc/ansible/facts.d/container_net.fact")
        assert json.loads(fact)["overlay"] == way, name


@pytest.mark.parametrize("name", sorted(SUBNETS))
def test_docker_follows_the_way(nodes: dict[str, Node], name: str, way: str) -> None:
    """docker0 has the host's subnet, and what the way wants of daemon.json stands there."""
    node = nodes[name]
    addresses = node.host.check_output("ip -4 -o address show dev docker0").split()
    settings = json.loads(node.host.check_output("cat /etc/docker/daemon.json"))
    subnet = SUBNETS[name]
    # Open vSwitch makes one segment, of which a host gives out its part.
    whole = subnet.replace("/24", "/16")
    wanted: dict[str, object] = {
        "ovs_gre": {"bip": whole, "fixed-cidr": subnet.replace(".1/", ".0/"), "mtu": 1462},
        "swarm_overlay": {"live-restore": False},
    }.get(way, {"bip": subnet, "mtu": MTU[way], "ip-masq": False})
    assert {key: settings.get(key) for key in wanted} == wanted
    ours = {"bip", "fixed-cidr", "ip-masq", "live-restore", "mtu"}
    assert ours & set(settings) == set(wanted)
    in_network = [address for address in addresses if address.startswith("172.20.")]
    assert wanted.get("bip") in [*in_network, None]
    assert bool(in_network) is ("bip" in wanted)
    assert node.mtu == MTU[way]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_host_reaches_the_other_hosts_container(
    nodes: dict[str, Node], one: str, other: str, way: str
) -> None:
    """A host reaches a remote container with ping and TCP; hosts are on no network of a swarm."""
    target = nodes[other].container
    if way == "swarm_overlay":
        # No ping: what has no route leaves by the lab's default gateway, and QEMU answers with
        # nonsense that ping may wait on for ever.
        assert " via " in nodes[one].host.check_output(f"ip route get {target}")
        return
    status, output = nodes[one].ping(target, 84, inside=False)
    assert status == 0, output
    nodes[one].seen_as(target, inside=False)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_swarms_containers_find_each_other_by_name(
    nodes: dict[str, Node], one: str, other: str, way: str
) -> None:
    """S17; in another way there is no network of a swarm any more."""
    host = nodes[one].host
    networks = host.check_output("docker network ls --format '{{.Name}}'").split()
    assert ("container_net" in networks) is (way == "swarm_overlay")
    if way == "swarm_overlay":
        host.check_output(f"docker exec test-probe /busybox ping -c 1 -W 5 probe-{other}")


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_outside_sees_the_host(nodes: dict[str, Node], one: str, other: str) -> None:
    """Beyond the containers' network a container's packets carry its host's address."""
    assert nodes[one].seen_as(nodes[other].underlay) == nodes[one].underlay


def test_nothing_of_another_way_is_left(nodes: dict[str, Node], way: str) -> None:
    """Links, routes, rules, units and files."""
    look = (
        "ip -details address; ip route show table all; nft list ruleset 2>&1;"
        " systemctl list-unit-files --no-legend 'container-net*' 'flanneld*';"
        " ls -R /etc/container_net /etc/systemd /etc/sysctl.d /var/lib/container_net"
    )
    for name, node in nodes.items():
        seen = node.host.run(look).stdout
        assert all(trace in seen for trace in TRACES[way][:1]), name
        others = {trace for key, traces in TRACES.items() if key != way for trace in traces}
        assert [trace for trace in sorted(others) if trace in seen] == [], name


def test_one_jump_to_the_accepts(nodes: dict[str, Node], way: str) -> None:
    """A second run, a restart of Docker and a reboot double no rule; not routed, there is none."""
    for node in nodes.values():
        rules = node.host.check_output("iptables -S").splitlines()
        jumps = [rule for rule in rules if rule.endswith("-j CONTAINER-NET")]
        assert len(jumps) == (way in ROUTED)
        ours = [rule for rule in rules if rule.startswith("-A CONTAINER-NET ")]
        assert bool(ours) is (way in ROUTED)
        assert len(ours) == len(set(ours))


def test_the_run_after_the_reboot_and_check_change_nothing() -> None:
    """Idempotence, and a check mode that tells the truth about it."""
    assert changed(runs()[0])
    assert not changed(runs()[1])
    assert not changed(runs()[-1])
    assert not changed(checks()[0])
    # A switch is predicted as a change.
    assert all(changed(report) for report in checks()[1:])


@pytest.mark.parametrize("role", sorted(BUDGET))
def test_tasks_on_an_unchanged_host(role: str, way: str) -> None:
    """Every task costs seconds, so a run with nothing to do has few of them."""
    found = runs()[-1]["tasks"].get(role, {})
    assert found or role not in ("docker", "verify", way), f"role {role} did nothing at all"
    for host, names in found.items():
        assert len(names) <= BUDGET[role], f"{role} on {host}: {names}"
