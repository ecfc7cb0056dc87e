# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every backend that needs nothing but this kernel's own parts, and each switch between neighbours.

wireguard and ipip want kernel modules; Molecule's scenario `backends` has them.
"""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._firewall.forwarding import (
    SCRIPT,
)
from tests.integration.flannel.hosts import PINS, ROLE, Hosts, becomes, container
from tests.integration.flannel.servers import EtcdServer

NETWORK, NETWORK6 = "172.20.0.0/16", "fd00:20::/48"


@dataclasses.dataclass(frozen=True)
class Backend:
    """What a backend has to make; ``way`` leads from a host to another one's subnet."""

    options: dict[str, Any]
    link: str
    routed: bool
    mtu: int
    way: Callable[[int], str]


def encapsulated(number: int) -> str:
    return f"{PINS[number]} via {PINS[number].partition('/')[0]} dev flannel.1"


def direct(number: int) -> str:
    return f"{PINS[number]} via 192.168.77.{number} dev eth0"


BACKENDS = {
    "vxlan": Backend({"type": "vxlan"}, "flannel.1", False, 1450, encapsulated),
    "vxlan, direct": Backend(
        {"type": "vxlan", "direct_routing": True}, "flannel.1", True, 1450, direct
    ),
    "host-gw": Backend({"type": "host-gw"}, "", True, 1500, direct),
    "udp": Backend(
        {"type": "udp"}, "flannel0", False, 1472, lambda dummy: f"{NETWORK} dev flannel0"
    ),
}
# Every neighbour of every one, in both directions.
ROUND = ["vxlan", "vxlan, direct", "host-gw", "udp", "vxlan"]


def configure(hosts: Hosts, backend: dict[str, Any], **network: Any) -> None:
    group = [{"public_ip": f"192.168.77.{number}", "subnet": pin} for number, pin in PINS.items()]
    network = {"network": NETWORK, "backend": backend, **network}
    results = hosts.modules(
        [
            ("flannel_network", {**hosts.where, **network}),
            ("flannel_subnet", {**hosts.where, "leases": group}),
        ],
        "h1",
    )
    assert [result["msg"] for result in results if result.get("failed")] == []


def links(hosts: Hosts, number: int) -> list[str]:
    """flannel's links on a host."""
    found = hosts.sandbox.ip("-n", f"h{number}", "link", "show")
    return [link["ifname"] for link in found if link["ifname"].startswith("flannel")]


def ways(hosts: Hosts, number: int) -> set[str]:
    """Every route of a host into the network, but that to its own bridge."""
    lines = hosts.sandbox.run(
        *("ip", "-n", f"h{number}", "-4", "route", "show", "root", NETWORK)
    ).stdout.splitlines()
    kept = (re.match(r"(\S+( via \S+)? dev \S+)", line) for line in lines if "docker0" not in line)
    return {way[1] for way in kept if way}


def rules(hosts: Hosts, number: int) -> list[str]:
    """All rules for packets and routes of a host, without what counts."""
    text = hosts.sandbox.sh(
        f"ip netns exec h{number} sh -c 'ip rule; iptables-save; ip6tables-save; nft list tables'"
    )
    return sorted(line for line in text.splitlines() if not re.match(r"[#:*]|COMMIT", line))


def check(hosts: Hosts, backend: Backend) -> None:
    """Containers reach each other at exactly the MTU, and only this backend is there."""
    for number, pin in PINS.items():
        found = hosts.info(number)
        assert (found["subnet"], found["mtu"]) == (pin, backend.mtu)
        hosts.remtu(number, backend.mtu)
    for number in PINS:
        others = [other for other in PINS if other != number]
        becomes(partial(ways, hosts, number), {backend.way(other) for other in others})
        assert links(hosts, number) == ([backend.link] if backend.link else [])
        for other in others:
            assert hosts.ping(f"c{number}", container(PINS[other]), backend.mtu)
    assert not hosts.ping("c1", container(PINS[2]), backend.mtu + 1)


def switch(hosts: Hosts, old: Backend, new: Backend) -> None:
    """As role flannel does it: all stop, what the new one has not goes, all start."""
    hosts.stop_all()
    for number in PINS:
        hosts.sweep(
            number,
            "backend",
            old.link if old.link != new.link else "",
            NETWORK if old.routed and not new.routed else "",
        )
    for number in PINS:
        hosts.start(number)


class Pings:
    """Pings that run while something happens, and how long none was answered."""

    INTERVAL = 0.02

    def __init__(self, hosts: Hosts, source: str, target: str) -> None:
        self._hosts = hosts
        self._log = hosts.sandbox.directory / "pings"
        self._pid = hosts.sandbox.sh(
            f"ip netns exec {source} ping -n -O -i {self.INTERVAL} -w 120 {target}"
            f" >{self._log} 2>&1 </dev/null & echo $!"
        ).strip()
        self.hear(10)

    def answered(self) -> list[int]:
        """The numbers of all answers until now."""
        text = self._log.read_text()
        return [int(number) for number in re.findall(r"bytes from .* icmp_seq=(\d+) ttl", text)]

    def hear(self, more: int) -> None:
        """Wait for some more answers."""
        wanted = len(self.answered()) + more
        becomes(lambda: len(self.answered()) >= wanted, True, 60)

    def close(self) -> float:
        """End them; the longest time without an answer, in seconds."""
        self.hear(10)
        self._hosts.sandbox.run("kill", "-INT", self._pid)
        numbers = self.answered()
        return max(b - a - 1 for a, b in zip(numbers, numbers[1:])) * self.INTERVAL


@pytest.mark.parametrize(
    "names", [ROUND, pytest.param(ROUND[::-1], marks=pytest.mark.long)], ids=["there", "back"]
)
def test_each_switch_leaves_nothing_of_the_old_backend(hosts: Hosts, names: list[str]) -> None:
    """All neighbours, both ways. The outage is what README.md of role flannel states."""
    old = BACKENDS[names[0]]
    configure(hosts, old.options)
    for number in PINS:
        hosts.start(number)
    for number in PINS:
        found = hosts.info(number)
        hosts.container(number, found["bip"], found["mtu"])
    check(hosts, old)
    becomes(lambda: all("FLANNEL-POSTRTG" in str(rules(hosts, number)) for number in PINS), True)
    before = {number: rules(hosts, number) for number in PINS}
    for name, other in zip(names, names[1:]):
        old, new = BACKENDS[name], BACKENDS[other]
        configure(hosts, new.options)
        pings = Pings(hosts, "c1", container(PINS[2]))
        switch(hosts, old, new)
        outage = pings.close()
        check(hosts, new)
        for number in PINS:
            becomes(partial(rules, hosts, number), before[number])
        print(f"outage {name} -> {other}: {outage:.2f} s")
        assert outage < 60


@pytest.mark.parametrize("name", ["vxlan", "vxlan, direct", "host-gw"])
def test_both_families_are_carried(hosts: Hosts, name: str) -> None:
    """Dual stack, with a host that comes later; the sweep takes both families' routes and links."""
    backend = BACKENDS[name]
    # A VXLAN between IPv6 addresses takes 20 bytes more, for which flannel leaves no room in the
    # containers' MTU: their own host tells them.
    mtu = backend.mtu - (20 if backend.way is encapsulated else 0)
    configure(hosts, backend.options, ipv6_network=NETWORK6, ipv6_subnet_len=64)
    targets: dict[int, str] = {}
    for number in PINS:
        hosts.start(number)
        found = hosts.info(number)
        assert found["ready"] is True, found
        hosts.container(number, found["bip"], found["mtu"])
        targets[number] = hosts.container6(number, found["ipv6_subnet"])
    for source in PINS:
        for target in PINS:
            if source != target:
                assert hosts.ping(f"c{source}", container(PINS[target]), backend.mtu)
                assert hosts.ping(f"c{source}", targets[target], mtu)
    assert not hosts.ping("c1", targets[2], mtu + 1)
    hosts.stop_all()
    for number in PINS:
        hosts.sweep(number, "all", backend.link, f"{NETWORK} {NETWORK6}" if backend.routed else "")
        assert links(hosts, number) == []
        for network in (NETWORK, NETWORK6):
            left = hosts.sandbox.run(
                *("ip", "-n", f"h{number}", "route", "show", "root", network)
            ).stdout.splitlines()
            assert [line for line in left if "docker0" not in line] == []
        assert "FLANNEL" not in str(rules(hosts, number))


def accepts(hosts: Hosts, number: int) -> list[str]:
    """The rules that role flannel makes on a host."""
    variables = {
        "flannel_lease": hosts.info(number),
        "flannel_network": NETWORK,
        "flannel_ipv6_network": NETWORK6,
        "flannel_public_ip": f"192.168.77.{number}",
        "flannel_iface": "eth0",
        "flannel_bridge": "docker0",
    }
    results = hosts.sandbox.play(
        [
            {"name": "variables", "ansible.builtin.include_vars": str(ROLE / "vars" / "main.yml")},
            {"name": "rules", "ansible.builtin.debug": {"msg": "{{ __flannel_rules }}"}},
        ],
        *("-e", json.dumps(variables)),
    )
    return list(results[-1]["msg"])


@pytest.mark.parametrize("name", ["vxlan", "vxlan, direct", "host-gw"])
def test_narrow_accepts_suffice_for_every_way(hosts: Hosts, name: str, tmp_path: Path) -> None:
    """FORWARD drops all else: containers, and hosts to containers, in both families (G5)."""
    backend = BACKENDS[name]
    configure(hosts, backend.options, ipv6_network=NETWORK6, ipv6_subnet_len=64)
    targets: dict[int, str] = {}
    for number in PINS:
        hosts.start(number)
    for number in PINS:
        found = hosts.info(number)
        hosts.container(number, found["bip"], found["mtu"])
        targets[number] = hosts.container6(number, found["ipv6_subnet"])
        hosts.sandbox.sh(
            f"ip netns exec h{number} sh -c 'iptables -P FORWARD DROP; ip6tables -P FORWARD DROP'"
        )
    for source in PINS:
        assert not hosts.ping(f"c{source}", container(PINS[source % 3 + 1]), 84, attempts=1)
    for number in PINS:
        folder = tmp_path / f"rules-{number}"
        folder.mkdir()
        (folder / "flannel.rules").write_text("\n".join(accepts(hosts, number)) + "\n")
        settings = (f"RULES={folder}", f"PASSING={folder}/none", f"LOCK={folder}/lock")
        hosts.sandbox.run(
            *("ip", "netns", "exec", f"h{number}", "env"),
            *(f"CONTAINER_NET_FORWARD_{setting}" for setting in settings),
            *("sh", "-s", "--", "apply"),
            input=SCRIPT,
        )
    for source in PINS:
        for target in PINS:
            if source != target:
                for place in (f"c{source}", f"h{source}"):
                    assert hosts.ping(place, container(PINS[target]), 84)
                    assert hosts.ping(place, targets[target], 104)
    # Somebody else on the hosts' segment stays outside.
    hosts.sandbox.sh(f"ip route add {PINS[1]} via 192.168.77.1")
    assert hosts.sandbox.succeeds("ping", "-c1", "-W1", "192.168.77.1")
    assert not hosts.sandbox.succeeds("ping", "-c1", "-W1", container(PINS[1]))


@pytest.mark.parametrize("kind", ["udp", "ipip"])
def test_a_backend_without_ipv6_is_refused(hosts: Hosts, kind: str) -> None:
    network = {"network": NETWORK, "ipv6_network": NETWORK6, "backend": {"type": kind}}
    (done,) = hosts.modules([("flannel_network", {**hosts.where, **network})], "h1")
    assert f"backend.type: '{kind}': this backend carries no IPv6" in done["msg"]


def lose_routes(hosts: Hosts) -> None:
    """What a flap of the link does; the address of IPv6 goes with it as well."""
    hosts.sandbox.sh(
        "ip -n h1 link set eth0 down; ip -n h1 link set eth0 up;"
        " ip -n h1 address replace fd77::1/64 dev eth0 nodad"
    )


def test_lost_direct_routes_are_put_back(
    hosts: Hosts, lan_etcd: EtcdServer, tmp_path: Path
) -> None:
    """G5: one flap loses them, flanneld does not notice, the script of the timer puts them back."""
    backend = BACKENDS["vxlan, direct"]
    configure(hosts, backend.options, ipv6_network=NETWORK6, ipv6_subnet_len=64)
    targets = {}
    for number in PINS:
        hosts.start(number)
        found = hosts.info(number)
        hosts.container(number, found["bip"], found["mtu"])
        targets[number] = hosts.container6(number, found["ipv6_subnet"])
    assert hosts.ping("c1", targets[2], 1450)
    expected = {direct(2), direct(3)}
    becomes(partial(ways, hosts, 1), expected)

    def put_back() -> subprocess.CompletedProcess[str]:
        environment = {
            "FLANNELD_ETCD_ENDPOINTS": lan_etcd.endpoint,
            "FLANNELD_ETCD_PREFIX": "/coreos.com/network",
            "FLANNELD_PUBLIC_IP": "192.168.77.1",
            "CONTAINER_NET_LEASES": str(tmp_path / "kept" / "leases.json"),
        }
        words = [f"{name}={value}" for name, value in environment.items()]
        return hosts.sandbox.run(
            *("ip", "netns", "exec", "h1", "env", *words, "/usr/bin/python3"),
            "roles/flannel/files/flannel_routes.py",
            check=False,
        )

    assert put_back().stdout == "", "nothing is missing"
    lose_routes(hosts)
    assert ways(hosts, 1) == set()
    hosts.sandbox.sh("sleep 3")
    assert ways(hosts, 1) == set(), "flanneld looks after them by itself now: the timer can go"
    done = put_back()
    assert done.stdout.count("was lost and is back") == 4, done
    assert ways(hosts, 1) == expected
    assert hosts.ping("c1", container(PINS[2]), 1450)
    assert hosts.ping("c1", targets[2], 1450)
    assert put_back().stdout == ""
    # Without etcd the leases of last time count.
    lan_etcd.close()
    lose_routes(hosts)
    done = put_back()
    assert (done.returncode, done.stdout.count("is back")) == (0, 4), done
    (tmp_path / "kept" / "leases.json").unlink()
    done = put_back()
    assert done.returncode == 1
    assert "<3>etcd cannot be asked for the leases" in done.stderr
    assert done.stdout == ""
