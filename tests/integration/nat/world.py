# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A throw-away host with the tutorials' network behind mybridge, a machine beyond it, rules of
others, and servers that tell who asked them."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from tests.integration.network.sandbox import ROOT, Sandbox
from tests.integration.network.servers import Servers, ask

# "far" is beyond the host, and knows a way to one address behind it: what is not published has to
# be dropped, not just lost.
BEYOND = """
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
sysctl -qw net.bridge.bridge-nf-call-iptables={nf} net.bridge.bridge-nf-call-ip6tables={nf}
ip netns add far
ip link add eth0 netns far type veth peer name uplink
ip addr add 10.9.0.1/24 dev uplink
ip addr add fd00:9::1/64 dev uplink nodad
ip link set uplink up
ip -n far link set lo up
ip -n far addr add 10.9.0.2/24 dev eth0
ip -n far addr add fd00:9::2/64 dev eth0 nodad
ip -n far link set eth0 up
ip -n far route add 192.168.2.10/32 via 10.9.0.1
"""
# ns1 (.10) and ns2 (.11) on mybridge.
ROOMS = """
ip link add mybridge type bridge
ip addr add 192.168.2.1/24 dev mybridge
ip addr add fd00:2::1/64 dev mybridge nodad
ip link set mybridge up
for n in 1 2; do
    ip netns add ns$n
    ip link add ns${n}veth0 netns ns$n type veth peer name ns${n}veth1
    ip link set ns${n}veth1 master mybridge up
    ip -n ns$n link set lo up
    ip -n ns$n addr add 192.168.2.$((9 + n))/24 dev ns${n}veth0
    ip -n ns$n addr add fd00:2::$((9 + n))/64 dev ns${n}veth0 nodad
    ip -n ns$n link set ns${n}veth0 up
    ip -n ns$n route add default via 192.168.2.1
    ip -n ns$n -6 route add default via fd00:2::1
done
"""
# What a host may have: policies, narrow rules, Docker's way of publishing, a table of its own.
STRANGERS = """
iptables -P FORWARD DROP
ip6tables -P FORWARD DROP
iptables -A FORWARD -s 198.51.100.0/24 -m comment --comment "they say \\"no\\"" -j DROP
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A DOCKER -p tcp --dport 9999 -j DNAT --to-destination 198.51.100.7:80
iptables -t nat -A POSTROUTING -s 198.51.100.0/24 -j MASQUERADE
nft 'table inet stranger { chain input { type filter hook input priority 0; tcp dport 9 drop; }; }'
"""
RUNNER = ROOT / "tests" / "integration" / "network" / "runner.py"


def ours(answer: dict[str, Any]) -> list[str]:
    """The changes that a call made. Links settle by themselves for a while."""
    words = re.compile("container_net|CONTAINER-NET|hairpin", re.IGNORECASE)
    return [line for line in answer["changes"] if words.search(line)]


class World(Sandbox):
    def __init__(self, directory: Path, nf: int = 0, rooms: bool = True) -> None:
        super().__init__(directory)
        self.servers = Servers()
        self.sh(BEYOND.format(nf=nf))
        if rooms:
            self.sh(ROOMS)
        self.sh(STRANGERS)

    def close(self) -> None:
        self.servers.stop()
        super().close()

    # --- the module ---

    def nat(self, path: str = "", **options: Any) -> dict[str, Any]:
        """Call the module, by its own main(); with its diff."""
        return self._calls([options], path)[0]["result"]

    def changes(self, **options: Any) -> dict[str, Any]:
        """It changes something as check mode predicts, and then has nothing more to do."""
        check = {**options, "_ansible_check_mode": True}
        first, second, third = self._calls([check, options, options])
        predicted, done, again = (answer["result"] for answer in (first, second, third))
        assert ours(first) == []
        assert done.get("changed"), done
        assert (predicted["commands"], predicted["diff"]) == (done["commands"], done["diff"])
        assert (again["changed"], again["commands"]) == (False, []), again
        assert ours(third) == []
        return done

    def _calls(self, calls: list[dict[str, Any]], path: str = "") -> list[dict[str, Any]]:
        common = {"bridge": "mybridge", "_ansible_diff": True}
        cases = [{"module": "nat", "options": {**common, **options}} for options in calls]
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}/.build:{os.environ.get('PYTHONPATH', '')}",
            "PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"],
        }
        done = self.run(sys.executable, str(RUNNER), input=json.dumps(cases), env=environment)
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        assert not [a for a in answers if "crashed" in a["result"]], answers
        return answers

    # --- the network ---

    def serve(self, netns: str, *words: str) -> None:
        """ "tcp/0.0.0.0/80" and the like; in the host's own namespace where ``netns`` is empty."""
        self.servers.start(self, netns, *words)

    def ask(self, netns: str, *questions: str) -> list[str]:
        """Who it was that asked, as each server saw it; "" where none answered."""
        return ask(self, netns, *questions)

    def rules(self) -> str:
        """Every rule, without counters."""
        text = self.sh("nft list ruleset 2>/dev/null")
        return re.sub(r"\n\n+", "\n", re.sub(r" packets \d+ bytes \d+", "", text))

    def others_rules(self) -> str:
        """Without what is ours."""
        text = self.rules()
        text = re.sub(r"table \w+ container_net\.\S+ \{\n.*?\n\}\n", "", text, flags=re.S)
        text = re.sub(r"\tchain CONTAINER-NET \{.*?\n\t\}\n", "", text, flags=re.S)
        return re.sub(r".*jump CONTAINER-NET\n", "", text)

    def switches(self) -> dict[str, str]:
        """Hairpin mode of the ports, route_localnet of the bridge."""
        ports = self.sh("bridge -d link show")
        found = dict(re.findall(r"\d+: (\S+veth1)@.*\n.* hairpin (on|off)", ports))
        localnet = self.sh("cat /proc/sys/net/ipv4/conf/mybridge/route_localnet")
        return {**found, "route_localnet": localnet.strip()}
