# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of module reachability share: its calls, a network, and small servers."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from tests.integration.network.sandbox import ROOT, Sandbox

# ns1 (.10) and ns2 (.11) on mybridge, ns3 behind another link of the host, everything forwarded.
NETWORK = """
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip link add mybridge up type bridge
ip address add 192.168.2.1/24 dev mybridge
ip address add fd02::1/64 dev mybridge nodad
for number in 1 2; do
    name=ns$number
    ip netns add $name
    ip link add ${name}veth1 master mybridge up type veth peer name ${name}veth0 netns $name
    ip -n $name link set lo up
    ip -n $name link set ${name}veth0 up
    ip -n $name address add 192.168.2.1$((number - 1))/24 dev ${name}veth0
    ip -n $name address add fd02::1$((number - 1))/64 dev ${name}veth0 nodad
    ip -n $name route add default via 192.168.2.1
    ip -n $name route add default via fd02::1
done
ip netns add ns3
ip link add ns3veth1 up type veth peer name ns3veth0 netns ns3
ip address add 192.168.3.1/24 dev ns3veth1
ip address add fd03::1/64 dev ns3veth1 nodad
ip -n ns3 link set lo up
ip -n ns3 link set ns3veth0 up
ip -n ns3 address add 192.168.3.10/24 dev ns3veth0
ip -n ns3 address add fd03::10/64 dev ns3veth0 nodad
ip -n ns3 route add default via 192.168.3.1
ip -n ns3 route add default via fd03::1
"""


# Without Ansible, whose start takes longer than all the rest. Prints rows, failures, and seconds:
# those of the clock and those of the processor, its children's included.
PROGRAM = """
import json, os, sys, time
from ansible_collections.netfabric.container_net.plugins.module_utils._reach.flow import run
params = json.loads(sys.argv[1])
began = time.monotonic()
result = run(params)
took = [time.monotonic() - began, sum(os.times()[:4])]
print(json.dumps([result["matrix"], result["failures"], took]))
"""
DEFAULTS: dict[str, Any] = {
    "sources": None,
    "targets": None,
    "expect": "reach",
    "pairs": None,
    "ping": True,
    "count": 2,
    "size": 84,
    "df": False,
    "path_mtu": False,
    "tcp_ports": [],
    "udp_ports": [],
    "udp_payload": "",
    "udp_silence": "no_reach",
    "dns": [],
    "dns_servers": None,
    "ip_version": None,
    "timeout": 1.0,
}
# A host within the sandbox: it takes a tenth of the time of a sandbox.
INNER = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc")
PREPARE = "mount -t tmpfs tmpfs /run; mkdir -p /run/netns /run/lock; ip link set dev lo up"


def measured(sandbox: Sandbox, script: str = "", **options: Any) -> tuple[Any, Any, Any]:
    """The engine's matrix, failures and seconds, on a host that the script made, or on the
    sandbox itself."""
    command = [sys.executable, "-c", PROGRAM, json.dumps({**DEFAULTS, **options})]
    if script:
        command = [*INNER, "sh", "-ec", f'{PREPARE}\n{script}\nexec "$@"', "sh", *command]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/.build"}
    matrix, failures, took = json.loads(sandbox.run(*command, env=environment).stdout)
    return matrix, failures, took


def call(sandbox: Sandbox, *options: dict[str, Any]) -> list[dict[str, Any]]:
    """The module's results, one for each set of options; it never changes anything."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/.build"}
    done = sandbox.run(
        sys.executable,
        "tests/integration/network/runner.py",
        input=json.dumps([{"module": "reachability", "options": each} for each in options]),
        env=environment,
    )
    answers = json.loads(done.stdout)
    for answer in answers:
        assert answer["changes"] == [], answer["changes"]
        assert "crashed" not in answer["result"], answer
    return [answer["result"] for answer in answers]


def start(sandbox: Sandbox, netns: str, *words: str) -> None:
    """A server in a namespace, which writes "ready" when it is."""
    program = f"{sys.executable} -m tests.integration.network.reach_servers"
    file = sandbox.directory / f"{netns}-{'-'.join(words).replace('/', '_')}"
    inside = f"ip netns exec {netns} " if netns else ""
    sandbox.sh(
        f"cd {ROOT}\n{inside}{program} {' '.join(words)} >{file} 2>&1 &\n"
        f"for i in $(seq 200); do ! grep -q ready {file} || exit 0; sleep 0.05; done\n"
        f"cat {file} >&2; exit 1"
    )
