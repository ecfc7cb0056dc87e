# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What S1 to S6 and S11 show by hand, on each host."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from tests.molecule.run_reports import changed, checks, runs

UNDERLAY = {"node1": "192.168.100.12", "node2": "192.168.100.13"}
# What was done before firewall.yml measured (side effects, see there).
ALL_LEGS = ("built", "docker", "netfilter-persistent", "nftables", "reboot")
LEGS = os.environ.get("BRIDGE_NETWORK_LEGS", "").split() or ALL_LEGS


def links(host: Host, netns: str = "") -> dict[str, dict[str, object]]:
    """Name → what `ip` says of each link of a namespace ("" is the host's)."""
    where = f"-netns {netns} " if netns else ""
    shown = json.loads(host.check_output(f"ip -json {where}address show"))
    return {link["ifname"]: link for link in shown}


@pytest.fixture(params=LEGS)
def leg(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["0", "1"], ids=["bridge-nf 0", "bridge-nf 1"])
def measured(request: pytest.FixtureRequest, host: Host, leg: str) -> dict[str, Any]:
    """What measure.py saw on the host after that."""
    name = host.backend.get_hostname()
    state = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "state"
    found: dict[str, Any] = json.loads((state / f"{name}.{leg}.{request.param}.json").read_text())
    assert (found["policy"], found["nf"]) == ("-P FORWARD DROP", request.param)
    return {**found, "mine": UNDERLAY[name]}


def addresses(link: dict[str, object]) -> list[str]:
    """A link's IPv4 addresses with their prefix lengths."""
    infos = link["addr_info"]
    assert isinstance(infos, list)
    return [f"{info['local']}/{info['prefixlen']}" for info in infos if info["family"] == "inet"]


def test_firewall_drops_what_is_forwarded(host: Host) -> None:
    """Otherwise the other tests would prove little."""
    assert host.check_output("iptables -S FORWARD").splitlines()[0] == "-P FORWARD DROP"
    assert host.check_output("cat /proc/sys/net/bridge/bridge-nf-call-iptables") == "1"


@pytest.mark.parametrize(
    ("netns", "link", "address", "other"),
    [
        ("test1", "veth-test1", "192.168.1.1/24", "192.168.1.2"),
        ("test2", "veth-test2", "192.168.1.2/24", "192.168.1.1"),
        ("ns1", "ns1veth0", "192.168.2.10/24", "192.168.2.11"),
        ("ns2", "ns2veth0", "192.168.2.11/24", "192.168.2.10"),
    ],
)
def test_namespaces_reach_each_other(
    host: Host, netns: str, link: str, address: str, other: str
) -> None:
    """S2 and S3: one link beside lo, with its address; the other namespace answers."""
    found = links(host, netns)
    assert sorted(found) == sorted(["lo", link])
    assert addresses(found[link]) == [address]
    ping = host.run(f"ip netns exec {netns} ping -n -c 2 -i 0.3 -W 3 {other}")
    assert ping.rc == 0, ping.stdout


def test_no_end_of_the_pair_is_left_on_the_host(host: Host) -> None:
    """S2: both ends live in their namespaces."""
    assert not {"veth-test1", "veth-test2"} & set(links(host))


def test_the_bridge_is_the_namespaces_gateway(host: Host) -> None:
    """S3: both ports hang on the bridge, the default route leads to it, and it answers."""
    found = links(host)
    assert addresses(found["mybridge"]) == ["192.168.2.1/24"]
    assert [found[name].get("master") for name in ("ns1veth1", "ns2veth1")] == ["mybridge"] * 2
    for netns in ("ns1", "ns2"):
        routes = host.check_output(f"ip -netns {netns} route show default")
        assert routes.split()[:3] == ["default", "via", "192.168.2.1"]
        assert host.run(f"ip netns exec {netns} ping -n -c 1 -W 3 192.168.2.1").rc == 0


def test_the_world_is_reached_under_the_hosts_address(measured: dict[str, Any]) -> None:
    """S4: the other host has a network of the same addresses, so it can only answer the host."""
    assert measured["beyond"] == [measured["mine"]]


def test_containers_on_docker0_are_kept_apart(measured: dict[str, Any]) -> None:
    """S6."""
    assert measured["apart"] == {
        "one to two": False,
        "two to one": False,
        "one to docker0": True,
        "two to docker0": True,
    }


def test_published_ports_are_reached(measured: dict[str, Any]) -> None:
    """S11: TCP and UDP, from the other host, the host itself, and both namespaces behind it; and
    from the other host a container's."""
    assert measured["from outside"] == [measured["mine"], measured["mine"], "open"]
    assert measured["from the host"] == [measured["mine"], measured["mine"], "192.168.2.1"]
    assert measured["from ns1"] == measured["from ns2"] == ["192.168.2.1"] * 2


def test_iptables_save_is_unchanged_but_for_our_chain(measured: dict[str, Any]) -> None:
    """Every rule of ours is there once, and so is the jump to them."""
    chain, *rules = measured["ours"]
    assert chain.startswith(":CONTAINER-NET ")
    jumps = [rule for rule in rules if rule.endswith("-j CONTAINER-NET")]
    assert jumps == ["-A DOCKER-USER -j CONTAINER-NET"]
    assert len(rules) == len(set(rules)) == 5
    before, now = measured["others"]["before"], measured["others"]["now"]
    assert sorted(now) == sorted(before)
    assert strangers(now) == strangers(before)


def strangers(rules: list[str]) -> list[str]:
    """Without those that Docker has for each of its networks: when it starts, it takes the networks
    in any order."""
    return [rule for rule in rules if not re.search(r"docker0|br-[0-9a-f]{12}", rule)]


def test_a_bridge_filters_vlans(host: Host) -> None:
    """Module bridge's vlan_filtering and vlan_default_pvid, as the kernel has them."""
    bridge = json.loads(host.check_output("ip -json -details link show vlans"))[0]
    options = bridge["linkinfo"]["info_data"]
    assert (options["vlan_filtering"], options["vlan_default_pvid"]) == (1, 42)


def test_containers_get_dockers_settings(host: Host) -> None:
    """S5: docker0's address, both name servers, and the gateway that is not docker0."""
    assert addresses(links(host)["docker0"]) == ["10.0.0.1/24"]
    shown = host.check_output("docker exec one /busybox cat /etc/resolv.conf")
    assert [line for line in shown.splitlines() if line.startswith("nameserver")] == [
        "nameserver 1.1.1.1",
        "nameserver 8.8.8.8",
    ]
    shown = host.check_output("docker exec one /busybox ip route")
    assert "default via 10.0.0.254 dev eth0" in shown


def test_a_users_settings_are_still_there(host: Host) -> None:
    """S5: what daemon.json said before is merged, not lost."""
    settings = json.loads(host.file("/etc/docker/daemon.json").content_string)
    if host.check_output("hostname") == "node1":
        assert settings.pop("labels") == ["room=cellar"]
        assert settings.pop("log-level") == "warn"
    assert settings == {
        "bip": "10.0.0.1/24",
        "default-gateway": "10.0.0.254",
        "dns": ["1.1.1.1", "8.8.8.8"],
        "icc": False,
    }


def test_second_run_and_check_change_nothing() -> None:
    """Idempotence, and a check mode that tells the truth about it."""
    first, second = runs()[:2]
    assert changed(first)
    assert not changed(second)
    assert not changed(checks()[-1])
