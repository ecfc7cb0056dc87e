# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What S5 to S11 show by hand of Docker's networks, on each host and between the two."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from testinfra.host import Host

from tests.molecule.run_reports import changed, checks, runs

UNDERLAY = {"node1": "192.168.100.12", "node2": "192.168.100.13"}
MEMBER = {"node1": "192.168.100.210", "node2": "192.168.100.211"}


def inside(host: Host, container: str, command: str) -> str:
    """Run a command in a container, which must succeed; its output."""
    return host.check_output(f"docker exec {container} {command}")


def reaches(host: Host, container: str, target: str) -> bool:
    """Whether a ping from the container is answered."""
    return host.run(f"docker exec {container} ping -c 2 -W 3 {target}").rc == 0


@cache
def inspected(host: Host) -> dict[str, dict[str, Any]]:
    """Name → what Docker knows of each container that runs."""
    found = json.loads(host.check_output("docker inspect $(docker ps --quiet)"))
    return {container["Name"].lstrip("/"): container for container in found}


def inspect(host: Host, container: str) -> dict[str, Any]:
    return inspected(host)[container]


@cache
def links(host: Host, container: str) -> dict[str, list[str]]:
    """Link → its IPv4 addresses, in a container's namespace."""
    pid = inspect(host, container)["State"]["Pid"]
    shown = json.loads(host.check_output(f"nsenter --net --target {pid} ip -json address show"))
    return {
        link["ifname"]: [
            f"{info['local']}/{info['prefixlen']}"
            for info in link["addr_info"]
            if info["family"] == "inet"
        ]
        for link in shown
    }


@cache
def other(host: Host) -> str:
    """The name of the other host."""
    return "node2" if host.check_output("hostname") == "node1" else "node1"


def test_firewall_drops_what_is_forwarded(host: Host) -> None:
    """Otherwise S11 would prove little."""
    assert host.check_output("iptables -S FORWARD").splitlines()[0] == "-P FORWARD DROP"


def test_docker0_and_its_containers_have_dockers_settings(host: Host) -> None:
    """S5: docker0's address, both name servers, and the gateway that is not docker0."""
    assert "10.0.0.1/24" in host.check_output("ip -o -4 address show dev docker0").split()
    servers = [
        line
        for line in inside(host, "first", "cat /etc/resolv.conf").splitlines()
        if line.startswith("nameserver")
    ]
    assert servers == ["nameserver 1.1.1.1", "nameserver 8.8.8.8"]
    assert "default via 10.0.0.254 dev eth0" in inside(host, "first", "ip route")


def test_containers_on_docker0_are_kept_apart(host: Host) -> None:
    """S6: a neighbour on docker0 does not answer, docker0 itself does."""
    address = links(host, "first")["eth0"][0].partition("/")[0]
    run = "docker run --rm test/busybox ping -c 2 -W 3"
    assert host.run(f"{run} 10.0.0.1").rc == 0
    assert host.run(f"{run} {address}").rc != 0
    assert json.loads(host.file("/etc/docker/daemon.json").content_string)["icc"] is False


@pytest.mark.parametrize(
    ("container", "target"),
    [
        ("centos02", "centos01"),
        ("centos02", "server1"),
        ("centos01", "centos02"),
        ("centos01", "server2"),
    ],
)
def test_names_and_aliases_lead_both_ways(host: Host, container: str, target: str) -> None:
    """S7: although centos01 was made anew (anew.yml)."""
    assert reaches(host, container, target)


def test_networks_come_from_the_pool(host: Host) -> None:
    """default-address-pools, which daemon.yml set; S7's network has no subnet of its own."""
    assert links(host, "centos01")["eth0"][0].startswith("10.201.")


@pytest.mark.parametrize(
    ("container", "target"), [("centos01", "centos02"), ("centos02", "centos01")]
)
def test_short_ids_are_names_too(host: Host, container: str, target: str) -> None:
    """S7."""
    assert reaches(host, container, inspect(host, target)["Id"][:12])


def test_mode_host_has_the_hosts_links(host: Host) -> None:
    """S8: the very namespace of the host."""
    pid = inspect(host, "with_host")["State"]["Pid"]
    ours, theirs = host.check_output(f"readlink /proc/1/ns/net /proc/{pid}/ns/net").split()
    assert ours == theirs


def test_mode_none_has_only_a_loopback(host: Host) -> None:
    """S8."""
    assert links(host, "alone") == {"lo": ["127.0.0.1/8"]}


def test_mode_bridge_ends_on_docker0(host: Host) -> None:
    """S8: eth0@ifN, whose other end N is a port of docker0."""
    pid = inspect(host, "first")["State"]["Pid"]
    shown = json.loads(host.check_output(f"nsenter --net --target {pid} ip -json link show eth0"))
    ports = json.loads(host.check_output("ip -json link show master docker0"))
    assert shown[0]["link_index"] in [port["ifindex"] for port in ports]


def test_mode_container_shares_addresses_and_loopback(host: Host) -> None:
    """S8: what first serves on its loopback, second fetches there."""
    assert links(host, "second") == links(host, "first")
    inside(host, "first", "httpd -p 127.0.0.1:8090 -h /www")
    assert inside(host, "second", "wget -q -O - http://127.0.0.1:8090/").strip()
    inside(host, "first", "sh -c 'kill $(busybox pidof httpd)'")


def test_the_wired_container_has_its_link(host: Host) -> None:
    """S8, pipework's job: a container of mode none on a bridge of the host's."""
    assert links(host, "wired") == {"lo": ["127.0.0.1/8"], "eth1": ["10.80.0.2/24"]}
    assert reaches(host, "wired", "10.80.0.1")


def test_two_networks_give_the_tutorials_addresses(host: Host) -> None:
    """S9."""
    lo = {"lo": ["127.0.0.1/8"]}
    assert links(host, "server01") == {**lo, "eth0": ["172.10.0.2/24"], "eth1": ["172.20.0.3/24"]}
    assert links(host, "server02") == {**lo, "eth0": ["172.10.0.3/24"]}
    assert links(host, "server03") == {**lo, "eth0": ["172.20.0.2/24"], "eth1": ["172.10.0.4/24"]}


@pytest.mark.parametrize(
    ("container", "target"),
    [
        ("server01", "172.20.0.2"),
        ("server01", "172.10.0.4"),
        ("server03", "172.10.0.2"),
        ("server03", "172.20.0.3"),
        ("server03", "server02"),
    ],
)
def test_connected_networks_ping_both_ways(host: Host, container: str, target: str) -> None:
    """S9: that they did not before was seen by anew.yml."""
    assert reaches(host, container, target)


def test_a_container_answers_on_the_segment(host: Host) -> None:
    """S10: from the other machine, ipvlan on node1 and macvlan on node2; and both to each other.

    That the other way round, too, was seen by anew.yml.
    """
    neighbour = other(host)
    assert host.run(f"ping -n -c 2 -w 60 {MEMBER[neighbour]}").rc == 0
    assert reaches(host, "member", UNDERLAY[neighbour])
    assert reaches(host, "member", MEMBER[neighbour])
    kind = "ipvlan" if neighbour == "node2" else "macvlan"
    pid = inspect(host, "member")["State"]["Pid"]
    shown = host.check_output(f"nsenter --net --target {pid} ip -details link show eth0")
    assert f" {kind} " in shown


def test_a_published_port_is_reached_from_another_machine(host: Host) -> None:
    """S11: and the page says which machine answered."""
    neighbour = other(host)
    fetch = (
        "import urllib.request; print(urllib.request.urlopen"
        f"('http://{UNDERLAY[neighbour]}:8080/', timeout=10).read().decode())"
    )
    assert host.check_output(f'python3 -c "{fetch}"').strip() == neighbour
    rules = host.check_output("iptables -t nat -S DOCKER")
    assert "--dport 8080 -j DNAT --to-destination" in rules


def test_ipvlan_l3_joins_its_subnets(host: Host) -> None:
    """Without a router between the two; Docker made the VLAN's link."""
    assert reaches(host, "routed01", "10.71.2.2")
    assert host.run("ip link show eth1.31").rc == 0


def test_an_internal_network_leads_nowhere(host: Host) -> None:
    """The other machine is out of reach, and so is a neighbour: icc is false."""
    outside = UNDERLAY[other(host)]
    assert reaches(host, "server01", outside)
    assert not reaches(host, "apart01", outside)
    assert not reaches(host, "apart01", "10.72.0.3")


def test_a_network_has_its_name_mtu_and_ipv6(host: Host) -> None:
    assert "mtu 1400" in inside(host, "apart01", "ip link show eth0")
    assert "fd00:72::2/64" in inside(host, "apart01", "ip -6 address show dev eth0")
    assert host.run("ip link show br-apart type bridge").rc == 0


def test_second_run_and_check_change_nothing() -> None:
    """Idempotence, and a check mode that tells the truth about it."""
    first, second = runs()[:2]
    assert changed(first)
    assert not changed(second)
    assert not changed(checks()[-1])
