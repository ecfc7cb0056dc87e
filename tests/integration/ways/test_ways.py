# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts joined by the collection's own playbooks, in ways that need no daemon: traffic between
their containers, one way after another, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    ROUTE_PROTOCOL,
)
from tests.integration.network.sandbox import ROOT
from tests.integration.ways.world import OUTSIDE, World

SITE = ROOT / "playbooks/site.yml"
TEARDOWN = ROOT / "playbooks/teardown.yml"
MTU = {"direct_routes": 1500, "static_vxlan": 1450}
# There is no Docker that role verify could run a container on; what follows measures the same.
JOIN = (str(SITE), "--skip-tags", "verify")


def check_traffic(world: World, mtu: int, *names: str) -> None:
    """S12 and S15: full MTU with DF, TCP to an unpublished port, and who is seen."""
    world.serve()
    for one, other in permutations(names, 2):
        pair = f"{one} -> {other}"
        target = world.box(other)
        assert world.pings(one, target, mtu), pair
        assert not world.pings(one, target, mtu + 1), pair
        assert world.seen_as(one, target) == world.box(one), pair
        # The host itself, by ping and by TCP.
        assert world.pings(one, target, 84, netns=""), pair
        assert world.seen_as(one, target, netns=""), pair
    for name in names:
        assert world.seen_as(name, OUTSIDE) == world.address(name)
    world.servers.stop()


def docker_settings(world: World, name: str) -> dict[str, Any]:
    text = world.hosts[name].sh("cat /etc/docker/daemon.json")
    return dict(json.loads(text))


@pytest.mark.parametrize("way", MTU)
@pytest.mark.long
def test_life_of_a_way(new_world: Callable[..., World], way: str) -> None:
    """From nothing to containers that reach each other, over a boot, a host more, to nothing."""
    world = new_world("b", "c", "a")
    before = {name: world.state(name) for name in world.hosts}
    world.write_inventory("b", "c", container_net_overlay=way)
    assert world.playbook(*JOIN, "--check").code == 0
    assert {name: world.state(name) for name in world.hosts} == before

    world.playbook(*JOIN)
    assert [world.box(name) for name in "bc"] == ["172.20.1.2", "172.20.2.2"]
    check_traffic(world, MTU[way], "b", "c")
    for name in "bc":
        assert docker_settings(world, name) == {
            "debug": True,
            "allow-direct-routing": True,
            "bip": f"172.20.{'_bc'.index(name)}.1/24",
            "ip-masq": False,
            "mtu": MTU[way],
        }
    for words in ((), ("--check",)):
        assert world.playbook(*JOIN, *words).changed() == []

    # One whose name comes first, and the others keep what they have.
    world.write_inventory("a", "b", "c", container_net_overlay=way)
    world.playbook(*JOIN)
    assert [world.box(name) for name in "abc"] == ["172.20.3.2", "172.20.1.2", "172.20.2.2"]
    check_traffic(world, MTU[way], "a", "b", "c")

    # What a reboot takes, and what the units then bring.
    boot(world, "b", way)
    check_traffic(world, MTU[way], "b", "c")
    assert world.playbook(*JOIN).changed() == []

    world.playbook(TEARDOWN)
    assert {name: world.state(name) for name in world.hosts} == before


def boot(world: World, name: str, way: str) -> None:
    """The kernel's part is gone, then the units run in their order."""
    host = world.hosts[name]
    host.sh(
        f"""
        ip route flush proto {ROUTE_PROTOCOL}
        ip link del vxlan-net 2>/dev/null || true
        nft delete table inet container_net.{way}
        iptables -D DOCKER-USER -j CONTAINER-NET
        iptables -F CONTAINER-NET
        iptables -X CONTAINER-NET
        rm -f /run/stand_in/container-net-*.active
        """
    )
    for unit in ("forward", "nat", "topology"):
        for found in host.sh(f"ls /etc/systemd/system | grep ^container-net-{unit}").split():
            host.run(str(world.directory / name / "bin/systemctl"), "start", found)
    host.run(str(world.directory / name / "bin/systemctl"), "restart", "docker.service")


@pytest.mark.long
@pytest.mark.parametrize(
    "ways",
    [
        ("direct_routes", "static_vxlan"),
        ("static_vxlan", "direct_routes"),
    ],
    ids=" to ".join,
)
def test_a_switch_leaves_nothing_of_the_old_way(
    new_world: Callable[..., World], ways: tuple[str, ...]
) -> None:
    world = new_world("a", "b")
    before = {name: world.state(name) for name in world.hosts}
    for old, way in zip(["", *ways], ways):
        world.write_inventory("a", "b", container_net_overlay=way)
        assert world.playbook(*JOIN, "--check").code == 0
        world.playbook(*JOIN)
        assert [world.box(name) for name in "ab"] == ["172.20.1.2", "172.20.2.2"]
        check_traffic(world, MTU[way], "a", "b")
        for name in world.hosts:
            assert not old or old not in world.words_of(name)
            assert ("vxlan-net" in world.state(name)["links"]) is (way == "static_vxlan")
        assert world.playbook(*JOIN).changed() == []
    world.playbook(TEARDOWN)
    assert {name: world.state(name) for name in world.hosts} == before


# What flannel and etcd have on a host, as far as taking them away goes by it.
FLANNEL = """
mkdir -p /etc/ansible/facts.d /etc/container_net/pki /var/lib/container_net/etcd
echo '{"overlay": "flannel", "version": "1.0.0"}' >/etc/ansible/facts.d/container_net.fact
printf '# Link: flannel.1\nFLANNELD_PUBLIC_IP=%s\n' "$1" >/etc/container_net/flannel.env
echo '[Service]' >/etc/systemd/system/flanneld.service
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-container_net-flannel.conf
touch /etc/container_net/pki/ca.crt /var/lib/container_net/etcd/member /etc/container_net/etcd.env
ip link add flannel.1 mtu 1450 type vxlan id 1 dstport 8472 local "$1"
ip link set flannel.1 up
printf '{"debug": true, "bip": "172.20.%s.1/24"}' "$2" >/etc/docker/daemon.json
systemctl restart docker.service
ip route add 172.20.0.0/16 dev flannel.1
iptables -t nat -N FLANNEL-POSTRTG
iptables -t nat -A POSTROUTING -m comment --comment 'flanneld masq' -j FLANNEL-POSTRTG
"""


@pytest.mark.long
def test_flannel_goes_and_etcd_with_it(new_world: Callable[..., World]) -> None:
    """Host c is for etcd only, and was in the inventory for that."""
    world = new_world("a", "b", "c")
    world.write_inventory("a", "b", container_net_overlay="direct_routes")
    world.write_group("container_net_etcd", "c")
    for number, (name, host) in zip("213", world.hosts.items()):
        path = f"PATH={world.directory / name}/bin:$PATH; export PATH\n"
        host.run("sh", "-ec", path + FLANNEL, "flannel", world.address(name), number)
    # The program lies where others' may, so it is not this machine's.
    world.playbook(*JOIN, "-e", "__flannel_binary=/run/flanneld")
    # Not in the order of the names: each keeps what flannel gave it.
    assert [world.box(name) for name in "ab"] == ["172.20.2.2", "172.20.1.2"]
    check_traffic(world, 1500, "a", "b")
    for name in "ab":
        assert "flannel" not in world.words_of(name).lower()
    for name, host in world.hosts.items():
        left = host.sh("ls -R /etc/container_net /var/lib/container_net 2>/dev/null || true")
        assert "pki" not in left and "etcd" not in left, name
    assert world.playbook(*JOIN, "-e", "__flannel_binary=/run/flanneld").changed() == []


@pytest.mark.long
def test_s12_direct_routes(new_world: Callable[..., World]) -> None:
    """The example, with the subnets that it names."""
    world = new_world("node1", "node2")
    world.write_inventory("node1", "node2")
    example = ROOT / "examples/s12_direct_routes.yml"
    world.playbook(example, "--skip-tags", "verify")
    assert [world.box(name) for name in world.hosts] == ["172.20.24.2", "172.20.32.2"]
    check_traffic(world, 1500, "node1", "node2")
    routes = world.hosts["node1"].sh("ip route show proto 67")
    assert routes.split("\n")[0].startswith("172.20.32.0/24 via 192.168.100.12 dev eth1")
    assert world.playbook(example, "--skip-tags", "verify").changed() == []


@pytest.mark.long
def test_hosts_whose_addresses_are_translated(new_world: Callable[..., World]) -> None:
    """No interface has the address by which the others know a host; its link sends from its own."""
    world = new_world("a", "b")
    world.translate()
    world.write_inventory("a", "b", container_net_overlay="static_vxlan")
    world.playbook(*JOIN)
    check_traffic(world, MTU["static_vxlan"], "a", "b")


@pytest.mark.long
def test_only_all_hosts_together_change_their_way(new_world: Callable[..., World]) -> None:
    world = new_world("a", "b")
    world.write_inventory("a", "b", container_net_overlay="direct_routes")
    world.playbook(*JOIN)
    before = {name: world.state(name) for name in world.hosts}
    world.write_inventory("a", "b", container_net_overlay="static_vxlan")
    refused = world.playbook(*JOIN, "--limit", "a", check=False)
    assert refused.code != 0
    assert "direct_routes now, static_vxlan wanted" in refused.text()
    assert "b would stay behind. Run it without --limit" in refused.text()
    assert {name: world.state(name) for name in world.hosts} == before
    # One host alone, in the way that all have: nothing changes, and the other is asked only.
    world.write_inventory("a", "b", container_net_overlay="direct_routes")
    assert world.playbook(*JOIN, "--limit", "a").changed() == []
    assert {name: world.state(name) for name in world.hosts} == before
