# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces as hosts on one bridge, each with flanneld and, behind a bridge, one container."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.integration.flannel.servers import Background
from tests.integration.network.sandbox import ROOT, Sandbox

ROLE = ROOT / "roles" / "flannel"
ADDRESS, ADDRESS6 = "192.168.77.254", "fd77::fe"
# Subnets that flannel would hardly have chosen by itself.
PINS = {1: "172.20.24.0/24", 2: "172.20.32.0/24", 3: "172.20.200.0/24"}


def container(pin: str) -> str:
    return f"{pin.rpartition('.')[0]}.2"


def becomes(look: Callable[[], Any], expected: Any, seconds: float = 30) -> None:
    """Wait until what is there is as expected; say how it differs when that does not happen."""
    end = time.monotonic() + seconds
    while (found := look()) != expected and time.monotonic() < end:
        time.sleep(0.1)
    assert found == expected


class Hosts:
    """Three hosts on one bridge, each with a bridge for containers and one container."""

    def __init__(
        self, sandbox: Sandbox, endpoints: list[str], flanneld: Path, directory: Path
    ) -> None:
        self.sandbox = sandbox
        self.where = {"endpoints": endpoints}
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
                ip -n h{number} address add fd77::{number}/64 dev eth0 nodad
                ip -n h{number} link set eth0 up
                ip -n h{number} link set lo up
                ip -n h{number} route add default via {ADDRESS}
                ip netns exec h{number} sysctl -qw net.ipv4.ip_forward=1
                ip netns exec h{number} sysctl -qw net.ipv6.conf.all.forwarding=1
                """
            )

    def _log(self, number: int) -> Path:
        return self._directory / f"flanneld-{number}.log"

    def start(self, number: int, masq: bool = True, iface: str = "eth0") -> None:
        self._daemons[number] = Background(
            self.sandbox,
            self._log(number),
            str(self._flanneld),
            *("-etcd-endpoints", ",".join(self.where["endpoints"]), "-iface", iface),
            *("-public-ip", f"192.168.77.{number}", "-public-ipv6", f"fd77::{number}"),
            *("-subnet-file", self.file(number)),
            *(f"-ip-masq={str(masq).lower()}", "-iptables-forward-rules=false"),
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

    def revoked(self, number: int) -> bool:
        """Whether flanneld notices, soon, that its lease is gone.

        It need not end: up to 0.28.9 it hangs when another lease changes at that very moment, as
        vxlan's loop does not wait for what is handed to it (pkg/backend/vxlan/vxlan_network.go).
        """
        words = f" {self._daemons[number].pid} local_manager.go"
        for dummy in range(100):
            lines = self._log(number).read_text().splitlines()
            if any(words in line and "Lease has been revoked" in line for line in lines):
                return True
            time.sleep(0.1)
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
        return self.modules([("flannel_subnet_info", options)], f"h{number}")[0]

    def modules(self, calls: list[tuple[str, dict[str, Any]]], netns: str) -> list[dict[str, Any]]:
        """Modules as they run on a host, without Ansible; their results."""
        cases = [{"module": module, "options": options} for module, options in calls]
        done = self.sandbox.run(
            *("ip", "netns", "exec", netns, sys.executable, "tests/integration/network/runner.py"),
            input=json.dumps(cases),
            env={**os.environ, "PYTHONPATH": f"{ROOT}/.build:{os.environ.get('PYTHONPATH', '')}"},
        )
        return [answer["result"] for answer in json.loads(done.stdout)]

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

    def ping(self, source: str, target: str, mtu: int, attempts: int = 20) -> bool:
        """Whether a packet of exactly ``mtu`` bytes that may not be split comes back."""
        headers = 48 if ":" in target else 28
        for dummy in range(attempts):
            done = self.sandbox.run(
                *("ip", "netns", "exec", source, "ping", "-c1", "-W1", "-M", "do"),
                *("-s", str(mtu - headers), target),
                check=False,
            )
            if done.returncode == 0:
                return True
            if "too long" in done.stdout + done.stderr or "mtu" in done.stdout + done.stderr:
                return False
        return False

    def container6(self, number: int, subnet: str) -> str:
        """Give a container its IPv6 address in the host's subnet; what it is."""
        base = subnet.partition("/")[0]
        self.sandbox.sh(
            f"""
            ip -n h{number} address add {base}1/64 dev docker0 nodad
            ip -n c{number} address add {base}2/64 dev eth0 nodad
            ip -n c{number} route add default via {base}1
            """
        )
        return f"{base}2"

    def sweep(self, number: int, what: str, link: str, routed: str) -> str:
        """The role's script that takes away what flanneld leaves in the kernel."""
        return self.sandbox.run(
            *("ip", "netns", "exec", f"h{number}", "sh", "-s", "--", what, link, routed),
            input=(ROLE / "files" / "sweep").read_text(),
        ).stdout

    def stop_all(self) -> None:
        """End every flanneld, all at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.stop, list(self._daemons)))
