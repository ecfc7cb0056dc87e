# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces as hosts, real flanneld over a real etcd, and containers that talk across them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.servers import Background, EtcdServer, task
from tests.integration.network.sandbox import ROOT, Sandbox

VERSION = "0.28.7"
ROLE = ROOT / "roles" / "flannel"
ADDRESS = "192.168.77.254"
# Subnets that flannel would hardly have chosen by itself.
PINS = {1: "172.20.24.0/24", 2: "172.20.32.0/24", 3: "172.20.200.0/24"}


@pytest.fixture(scope="session")
def flanneld() -> Path:
    """The program as role flannel's method `go` builds it; built once for all checkouts."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "container_net"
    output = cache / "flannel" / VERSION / "go-amd64" / "flanneld"
    subprocess.run(
        [sys.executable, str(ROLE / "files" / "build_flanneld.py"), VERSION, "amd64", str(output)],
        check=True,
    )
    return output


class Hosts:
    """Three hosts on one bridge, each with a bridge for containers and one container."""

    def __init__(self, sandbox: Sandbox, etcd: EtcdServer, flanneld: Path, directory: Path) -> None:
        self.sandbox = sandbox
        self.etcd = etcd
        self.where = {"endpoints": [etcd.endpoint]}
        self._flanneld = flanneld
        self._directory = directory
        self._daemons: dict[int, Background] = {}
        for number in PINS:
            sandbox.sh(
                f"""
                ip netns add h{number}
                ip link add v{number} type veth peer name eth0 netns h{number}
                ip link set v{number} master lan up
                ip -n h{number} address add 192.168.77.{number}/24 dev eth0
                ip -n h{number} link set eth0 up
                ip -n h{number} link set lo up
                ip -n h{number} route add default via {ADDRESS}
                ip netns exec h{number} sysctl -qw net.ipv4.ip_forward=1
                """
            )

    def start(self, number: int) -> None:
        self._daemons[number] = Background(
            self.sandbox,
            self._directory / f"flanneld-{number}.log",
            str(self._flanneld),
            *("-etcd-endpoints", self.etcd.endpoint, "-iface", "eth0"),
            *("-public-ip", f"192.168.77.{number}", "-subnet-file", self.file(number)),
            *("-ip-masq=true", "-iptables-forward-rules=false"),
            netns=f"h{number}",
        )

    def stop(self, number: int) -> None:
        self._daemons.pop(number).close()

    def close(self) -> None:
        for number in list(self._daemons):
            self.stop(number)

    def file(self, number: int) -> str:
        return str(self._directory / f"subnet-{number}.env")

    def info(self, number: int, wait: int = 30) -> dict[str, Any]:
        """flannel_subnet_info as it runs on that host."""
        options = {
            **self.where,
            "subnet_file": self.file(number),
            "public_ip": f"192.168.77.{number}",
            "wait": wait,
        }
        done = self.sandbox.run(
            *("ip", "netns", "exec", f"h{number}", sys.executable),
            "tests/integration/network/runner.py",
            input=json.dumps([{"module": "flannel_subnet_info", "options": options}]),
            env={**os.environ, "PYTHONPATH": f"{ROOT}/.build:{os.environ.get('PYTHONPATH', '')}"},
        )
        result: dict[str, Any] = json.loads(done.stdout)[0]["result"]
        return result

    def container(self, number: int, bip: str, mtu: int) -> None:
        """A namespace behind a bridge, as Docker would make it from bip and mtu."""
        base = bip.rpartition(".")[0]
        self.sandbox.sh(
            f"""
            ip netns add c{number}
            ip -n h{number} link add docker0 mtu {mtu} up type bridge
            ip -n h{number} address add {bip} dev docker0
            ip -n h{number} link add ve mtu {mtu} type veth peer name eth0 mtu {mtu} netns c{number}
            ip -n h{number} link set ve master docker0 up
            ip -n c{number} link set lo up
            ip -n c{number} address add {base}.2/24 dev eth0
            ip -n c{number} link set eth0 up
            ip -n c{number} route add default via {base}.1
            """
        )

    def remtu(self, number: int, mtu: int) -> None:
        self.sandbox.sh(
            f"""
            for link in docker0 ve; do ip -n h{number} link set $link mtu {mtu}; done
            ip -n c{number} link set eth0 mtu {mtu}
            """
        )

    def ping(self, source: str, target: str, mtu: int) -> bool:
        """Whether a packet of exactly ``mtu`` bytes that may not be split comes back."""
        for dummy in range(20):
            done = self.sandbox.run(
                *("ip", "netns", "exec", source, "ping", "-c1", "-W1", "-M", "do"),
                *("-s", str(mtu - 28), target),
                check=False,
            )
            if done.returncode == 0:
                return True
            if "too long" in done.stdout + done.stderr or "mtu" in done.stdout + done.stderr:
                return False
        return False


@pytest.fixture
def hosts(
    sandbox: Sandbox,
    start_etcd: Callable[..., EtcdServer],
    flanneld: Path,
    tmp_path: Path,
) -> Iterator[Hosts]:
    sandbox.sh(f"ip link add lan up type bridge; ip address add {ADDRESS}/24 dev lan")
    etcd = start_etcd(address=ADDRESS)
    etcd.wait()
    made = Hosts(sandbox, etcd, flanneld, tmp_path)
    yield made
    made.close()


def container(pin: str) -> str:
    return f"{pin.rpartition('.')[0]}.2"


def test_reserved_leases_are_taken_and_both_backends_carry_traffic(hosts: Hosts) -> None:
    sandbox = hosts.sandbox
    group = [{"public_ip": f"192.168.77.{number}", "subnet": pin} for number, pin in PINS.items()]

    def configure(backend: str) -> list[dict[str, Any]]:
        network = {"network": "172.20.0.0/16", "backend": {"type": backend}}
        return sandbox.play(
            [
                task("network", "flannel_network", **hosts.where, **network),
                task("leases", "flannel_subnet", **hosts.where, leases=group),
            ]
        )

    configure("vxlan")
    assert hosts.info(1, wait=0)["problem"] == "flanneld has not written its subnet file yet"
    for number in PINS:
        hosts.start(number)
    for number, pin in PINS.items():
        found = hosts.info(number)
        assert found["ready"] is True, found
        assert found["subnet"] == pin
        assert (found["mtu"], found["link"]) == (1450, "flannel.1")
        hosts.container(number, found["bip"], found["mtu"])
    leases = configure("vxlan")[1]
    assert leases["changed"] is False, "flanneld completed the leases, they are no others by that"
    for source in PINS:
        for target, pin in PINS.items():
            if source != target:
                assert hosts.ping(f"c{source}", container(pin), 1450)
                assert not hosts.ping(f"c{source}", container(pin), 1451)

    # The other backend: all at once, and nothing of the old one may stay.
    (network, leases) = configure("udp")
    assert (network["changed"], network["restart_required"]) == (True, True)
    assert leases["changed"] is False
    assert "backend vxlan, not udp" in hosts.info(1, wait=0)["problem"]
    sweep = (ROLE / "files" / "sweep").read_text()
    for number in PINS:
        hosts.stop(number)
        done = sandbox.run(
            *("ip", "netns", "exec", f"h{number}", "sh", "-s", "--"),
            *("backend", "flannel.1", ""),
            input=sweep,
        )
        assert done.stdout == "link flannel.1\n"
    for number in PINS:
        hosts.start(number)
    for number, pin in PINS.items():
        found = hosts.info(number)
        assert (found["subnet"], found["mtu"], found["link"]) == (pin, 1472, "flannel0")
        hosts.remtu(number, 1472)
    assert hosts.ping("c1", container(PINS[2]), 1472)
    assert hosts.ping("c2", container(PINS[1]), 1472)
    assert hosts.ping("c3", container(PINS[1]), 1472)
    assert not hosts.ping("c1", container(PINS[2]), 1473)


def test_taking_flannel_away_leaves_other_rules(hosts: Hosts) -> None:
    """`sweep all` after flanneld has ended: link and chains gone, the rest as it was before."""
    sandbox = hosts.sandbox
    network = {"network": "172.20.0.0/16", "backend": {"type": "vxlan"}}
    lease = {"public_ip": "192.168.77.1", "subnet": PINS[1]}
    sandbox.play(
        [
            task("network", "flannel_network", **hosts.where, **network),
            task("lease", "flannel_subnet", **hosts.where, **lease),
        ]
    )
    sandbox.sh(
        """
        ip netns exec h1 sh -ec '
        iptables -t nat -N THEIRS
        iptables -t nat -A POSTROUTING -j THEIRS
        iptables -t nat -A THEIRS -s 192.0.2.0/24 -m comment --comment "flanneld masq" -j MASQUERADE
        iptables -N FORWARD-THEIRS
        iptables -A FORWARD -j FORWARD-THEIRS
        ip route add 192.0.2.0/24 via 192.168.77.3
        ip link add flanneldummy up type bridge'
        """
    )

    def state() -> str:
        return sandbox.sh(
            """ip netns exec h1 sh -ec 'ip -o -d link show | sed "s/qdisc.*//"; ip route
            iptables-save | grep -v "^[#:]"; iptables -t nat -S; iptables -S'"""
        )

    before = state()
    hosts.start(1)
    assert hosts.info(1)["ready"] is True
    # flanneld makes its chains a moment after it is ready.
    for dummy in range(50):
        if "FLANNEL-POSTRTG" in state():
            break
    assert "FLANNEL-POSTRTG" in state()
    hosts.stop(1)
    done = sandbox.run(
        *("ip", "netns", "exec", "h1", "sh", "-s", "--", "all", "flannel.1", ""),
        input=(ROLE / "files" / "sweep").read_text(),
    )
    assert "link flannel.1" in done.stdout
    assert "chain FLANNEL-POSTRTG" in done.stdout
    assert state() == before
    again = sandbox.run(
        *("ip", "netns", "exec", "h1", "sh", "-s", "--", "all", "flannel.1", ""),
        input=(ROLE / "files" / "sweep").read_text(),
    )
    assert again.stdout == ""


def test_a_revoked_lease_ends_flanneld(hosts: Hosts) -> None:
    """What `state: absent` says it does, and what makes Restart=always necessary."""
    sandbox = hosts.sandbox
    host = {"public_ip": "192.168.77.1"}
    sandbox.play(
        [
            task("network", "flannel_network", **hosts.where, network="172.20.0.0/16"),
            task("lease", "flannel_subnet", **hosts.where, **host),
        ]
    )
    hosts.start(1)
    assert hosts.info(1)["subnet"] == "172.20.1.0/24"
    sandbox.play([task("gone", "flannel_subnet", **hosts.where, **host, state="absent")])
    for dummy in range(100):
        if not hosts._daemons[1].running():
            break
        sandbox.sh("sleep 0.1")
    assert not hosts._daemons[1].running()
    assert hosts.info(1, wait=0)["problem"] == "etcd holds no lease for this host"
