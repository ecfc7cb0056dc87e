# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces as hosts, with a real flanneld on each, and containers behind them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.integration.flannel.servers import Background, EtcdServer
from tests.integration.network.sandbox import ROOT, Sandbox

ADDRESS = "192.168.77.254"
# Subnets that flannel would hardly have chosen by itself.
PINS = {1: "172.20.24.0/24", 2: "172.20.32.0/24", 3: "172.20.200.0/24"}


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

    def ended(self, number: int) -> bool:
        """Whether flanneld ends by itself, soon."""
        for dummy in range(100):
            if not self._daemons[number].running():
                return True
            self.sandbox.sh("sleep 0.1")
        return False

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


def container(pin: str) -> str:
    return f"{pin.rpartition('.')[0]}.2"
