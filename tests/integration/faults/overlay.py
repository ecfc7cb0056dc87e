# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts as the roles leave them, and what their containers lose when something breaks."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.faults.processes import ADDRESS, Watch, kept
from tests.integration.flannel.servers import Background, EtcdServer, task
from tests.integration.network.sandbox import ROOT, Sandbox
from tests.molecule.losses import Losses

VERSION = "0.28.7"
ROLE = ROOT / "roles" / "flannel"
# The script for forwarding rules, as role common reads it.
FORWARDING = ROOT / "plugins" / "module_utils" / "_firewall" / "forwarding.py"
SCRIPT = FORWARDING.read_text(encoding="utf-8").split('"""')[3]
NETWORK = "172.20.0.0/16"
# Subnets that flannel would hardly have chosen by itself.
PINS = {1: "172.20.24.0/24", 2: "172.20.32.0/24", 3: "172.20.200.0/24"}
RESULTS = ROOT / ".build" / "results" / "faults"
MTUS = {"vxlan": 1450, "host-gw": 1500, "udp": 1472}


def program() -> Path:
    """flanneld as role flannel's method `go` builds it; built once for all checkouts."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "container_net"
    output = cache / "flannel" / VERSION / "go-amd64" / "flanneld"
    build = ROLE / "files" / "build_flanneld.py"
    subprocess.run([sys.executable, str(build), VERSION, "amd64", str(output)], check=True)
    return output


def address(number: int, last: int = 2) -> str:
    """The container's address on that host, or with 1 its bridge's."""
    return f"{PINS[number].rpartition('.')[0]}.{last}"


class Segment:
    """Three hosts on one bridge, and containers behind bridges of theirs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        sandbox.sh(f"ip link add lan up type bridge; ip address add {ADDRESS}/24 dev lan")
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
                ip netns exec h{number} iptables -P FORWARD DROP
                ip netns exec h{number} ip6tables -P FORWARD DROP
                """
            )

    def container(self, number: int, mtu: int) -> None:
        """A namespace behind a bridge, as Docker would make it."""
        self.sandbox.sh(
            f"""
            ip netns add c{number}
            ip -n h{number} link add docker0 mtu {mtu} up type bridge
            ip -n h{number} address add {address(number, 1)}/24 dev docker0
            ip -n h{number} link add ve mtu {mtu} type veth peer name eth0 mtu {mtu} netns c{number}
            ip -n h{number} link set ve master docker0 up
            ip -n c{number} link set lo up
            ip -n c{number} address add {address(number)}/24 dev eth0
            ip -n c{number} link set eth0 up
            ip -n c{number} route add default via {address(number, 1)}
            """
        )

    def inside(self, number: int, script: str) -> str:
        """Run a script on a host."""
        return self.sandbox.sh(f"ip netns exec h{number} sh -ec {shlex.quote(script)}")


class Overlay:
    """flanneld and a container on each host that joined; FORWARD drops what is not ours."""

    def __init__(
        self,
        segment: Segment,
        endpoints: list[str],
        flanneld: Path,
        directory: Path,
        backend: str,
    ) -> None:
        self.segment = segment
        self.sandbox = segment.sandbox
        self.where = {"endpoints": endpoints}
        self.backend = backend
        self.etcd: EtcdServer | None = None  # where one member is all there is
        self._flanneld = flanneld
        self._directory = directory
        self._daemons: dict[int, Background] = {}
        self._watches = 0

    def start(self, number: int) -> None:
        """flanneld as its unit runs it: it comes back whenever it ends."""
        log = self._directory / f"flanneld-{number}.log"
        command = [
            str(self._flanneld),
            *("-etcd-endpoints", ",".join(self.where["endpoints"]), "-iface", "eth0"),
            *("-public-ip", f"192.168.77.{number}", "-subnet-file", self._file(number)),
            *("-ip-masq=true", "-iptables-forward-rules=false"),
        ]
        kept_command = kept(self._pid_file(number), 2, command)
        self._daemons[number] = Background(self.sandbox, log, *kept_command, netns=f"h{number}")

    def close(self) -> None:
        for daemon in self._daemons.values():
            daemon.close()

    def info(self, number: int, wait: int = 60) -> dict[str, Any]:
        """flannel_subnet_info as it runs on that host."""
        options = {
            **self.where,
            "subnet_file": self._file(number),
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

    def _file(self, number: int) -> str:
        return str(self._directory / f"subnet-{number}.env")

    def _pid_file(self, number: int) -> Path:
        return self._directory / f"flanneld-{number}.pid"

    def lives(self, number: int) -> int:
        """How often flanneld has ended."""
        ends = Path(f"{self._pid_file(number)}.ends")
        return len(ends.read_text().split()) if ends.exists() else 0

    def signal(self, number: int, name: str) -> None:
        self.sandbox.run("kill", f"-{name}", self._pid_file(number).read_text().strip())

    def site(self) -> list[dict[str, Any]]:
        """Config and leases, as `tasks_from: reserve` writes them."""
        group = [{"public_ip": f"192.168.77.{n}", "subnet": pin} for n, pin in PINS.items()]
        network = {"network": NETWORK, "backend": {"type": self.backend}}
        return self.sandbox.play(
            [
                task("network", "flannel_network", **self.where, **network),
                task("leases", "flannel_subnet", **self.where, leases=group),
            ]
        )

    def join(self, number: int) -> None:
        """Run flanneld, let packets pass, and start a container."""
        self.start(number)
        found = self.info(number)
        assert found["mtu"] == MTUS[self.backend], found
        assert found["bip"] == f"{address(number, 1)}/24"
        self.segment.container(number, found["mtu"])
        rules = self._directory / f"h{number}" / "flannel.rules"
        rules.parent.mkdir()
        rules.write_text("\n".join([*self.rules(number, found), ""]))
        (self._directory / "forward").write_text(SCRIPT)
        self.forward(number, "apply")

    def rules(self, number: int, lease: dict[str, Any]) -> list[str]:
        """The rules that role flannel makes of that lease, by the role's own variables."""
        given = {
            "flannel_lease": lease,
            "flannel_public_ip": f"192.168.77.{number}",
            "flannel_iface": "eth0",
            "flannel_network": NETWORK,
            "flannel_bridge": "docker0",
        }
        variables = {"file": str(ROLE / "vars" / "main.yml")}
        shown = {"msg": "{{ __flannel_rules }}"}
        done = self.sandbox.play(
            [
                {"name": "variables", "ansible.builtin.include_vars": variables},
                {"name": "rules", "ansible.builtin.debug": shown, "vars": given},
            ]
        )
        found: list[str] = done[-1]["msg"]
        assert found
        return found

    def forward(self, number: int, command: str) -> str:
        """The script for forwarding rules on that host; what it changed or would change."""
        own = self._directory / f"h{number}"
        environment = {
            **os.environ,
            "CONTAINER_NET_FORWARD_RULES": str(own),
            "CONTAINER_NET_FORWARD_PASSING": str(own / "passing"),
            "CONTAINER_NET_FORWARD_LOCK": str(own / "lock"),
        }
        script = str(self._directory / "forward")
        inside = ("ip", "netns", "exec", f"h{number}", "sh", script, command)
        done = self.sandbox.run(*inside, env=environment, check=command != "check")
        assert done.returncode < 2, done.stderr
        return done.stdout

    def watch(self, source: int = 1, target: int = 2) -> Watch:
        self._watches += 1
        log = self._directory / f"ping-{self._watches}.log"
        return Watch(self.sandbox, log, f"c{source}", address(target))

    def note(self, fault: str, found: Losses, itself: str, repair: str) -> None:
        """Keep what was measured for the table in docs/faults.md."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        row = {"floor": "kernel", "fault": fault, "backend": self.backend, **vars(found)}
        row.update(itself=itself, repair=repair)
        path = RESULTS / f"kernel-{fault}-{self.backend}.json"
        path.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")


MakeOverlay = Callable[..., Overlay]
