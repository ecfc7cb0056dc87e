# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What S1 to S5 and S11 show by hand, on each host."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from testinfra.host import Host

from tests.molecule.run_reports import changed, checks, runs

IMAGE = "test/busybox"
UNDERLAY = {"node1": "192.168.100.12", "node2": "192.168.100.13"}


def links(host: Host, netns: str = "") -> dict[str, dict[str, object]]:
    """Name → what `ip` says of each link of a namespace ("" is the host's)."""
    where = f"-netns {netns} " if netns else ""
    shown = json.loads(host.check_output(f"ip -json {where}address show"))
    return {link["ifname"]: link for link in shown}


def name(host: Host) -> str:
    return str(host.check_output("hostname"))


def other(host: Host) -> str:
    return "node2" if name(host) == "node1" else "node1"


def connects(host: Host, netns: str, address: str) -> bool:
    """Whether somebody answers at port 8080."""
    where = f"ip netns exec {netns} " if netns else ""
    asked = f"bash -c 'exec 3<>/dev/tcp/{address}/8080'"
    return bool(host.run(f"timeout 5 {where}{asked}").rc == 0)


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


def test_the_world_is_reached_under_the_hosts_address(host: Host) -> None:
    """S4: the other host has a network of the same addresses, so it can only answer the host."""
    ping = host.run(f"ip netns exec ns1 ping -n -c 2 -i 0.3 -W 3 {UNDERLAY[other(host)]}")
    assert ping.rc == 0, ping.stdout


@pytest.mark.parametrize("netns", ["", "ns1", "ns2"])
def test_a_published_port_is_reached(host: Host, netns: str) -> None:
    """S11: at the host's own address, by the host itself, the target and its sibling."""
    assert connects(host, netns, UNDERLAY[name(host)])


def test_a_published_port_is_reached_from_the_other_host(host: Host) -> None:
    assert connects(host, "", UNDERLAY[other(host)])


def test_a_published_port_is_reached_at_127_0_0_1(host: Host) -> None:
    assert connects(host, "", "127.0.0.1")


def test_each_rule_for_forwarding_is_there_once(host: Host) -> None:
    """After two runs, a restart of Docker, and a firewall that lost them."""
    rules = host.check_output("iptables -S").splitlines()
    ours = [rule for rule in rules if rule.startswith("-A CONTAINER-NET")]
    assert len(ours) == len(set(ours)) == 4
    assert len([rule for rule in rules if rule.endswith("-j CONTAINER-NET")]) == 1


def test_a_bridge_filters_vlans(host: Host) -> None:
    """Module bridge's vlan_filtering and vlan_default_pvid, as the kernel has them."""
    bridge = json.loads(host.check_output("ip -json -details link show vlans"))[0]
    options = bridge["linkinfo"]["info_data"]
    assert (options["vlan_filtering"], options["vlan_default_pvid"]) == (1, 42)


@pytest.fixture(scope="module")
def image(host: Host) -> Iterator[str]:
    """An image with a busybox in it, for as long as the tests run."""
    pack = 'tar --create --file=- -C "$(dirname "$busybox")" busybox | docker import - '
    host.check_output(f"busybox=$(command -v busybox); {pack}{IMAGE}")
    yield IMAGE
    host.check_output(f"docker image rm {IMAGE}")


def test_containers_get_dockers_settings(host: Host, image: str) -> None:
    """S5: docker0's address, both name servers, and the gateway that is not docker0."""
    assert addresses(links(host)["docker0"]) == ["10.0.0.1/24"]
    looks = "cat /etc/resolv.conf; ip route"
    commands = "; ".join(f"/busybox {look}" for look in looks.split("; "))
    shown = host.check_output(f"docker run --rm {image} /busybox sh -c '{commands}'")
    assert [line for line in shown.splitlines() if line.startswith("nameserver")] == [
        "nameserver 1.1.1.1",
        "nameserver 8.8.8.8",
    ]
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
    }


def test_second_run_and_check_change_nothing() -> None:
    """Idempotence, and a check mode that tells the truth about it."""
    first, second = runs()[:2]
    assert changed(first)
    assert not changed(second)
    assert not changed(checks()[-1])
