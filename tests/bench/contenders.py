# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who builds the network, each in a process on a throw-away host of its own.

A host (a network, mount and process namespace) goes with everything on it when the benchmark
ends, however that ends. Before it is used, the kernel has finished taking down the one before.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench import network
from tests.bench.network import Network
from tests.integration.network.sandbox import ROOT, Sandbox

# Namespaces are taken down one after the other: when this one's link is gone, so are all others.
SETTLE = """
ip netns add settled
ip link add settled0 type veth peer name settled1 netns settled
ip netns del settled
for i in $(seq 3000); do
    ip link show settled0 >/dev/null 2>&1 || exit 0
    sleep 0.1
done
echo "the kernel does not get done with the namespaces of before" >&2
exit 1
"""

# Seconds that one of them may take on a slow machine.
LONG = 1800

TIMED = 'begin=$(date +%s%N); . "$1"; echo $((($(date +%s%N) - begin) / 1000))e-6'


@contextlib.contextmanager
def fresh_host() -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory() as directory:
        host = Sandbox(Path(directory))
        try:
            host.sh(SETTLE)
            yield host
        finally:
            host.close()


def expect_built(host: Sandbox, wanted: Network) -> None:
    """Whether it is all there: as many namespaces, and the last one reaches its bridge."""
    *dummy, last = wanted.rooms()
    count = len(host.sh("ls /run/netns").split())
    if count != wanted.size:
        raise RuntimeError(f"{count} namespaces instead of {wanted.size}")
    # The kernel opens the ports of thousands of new links one after the other, for some seconds.
    ping = f"ip netns exec {last.name} ping -c1 -W5 {last.bridge.address}"
    host.sh(f"for i in $(seq 20); do {ping} >/dev/null && exit 0; done; {ping}")


def _python(module: str) -> Callable[[Sandbox, Network], float]:
    def run(host: Sandbox, wanted: Network) -> float:
        command = (sys.executable, "-m", module, str(wanted.size))
        return float(host.run(*command, timeout=LONG).stdout)

    return run


def _timed(host: Sandbox, lines: list[str]) -> float:
    script = host.directory / "script"
    script.write_text("\n".join(["set -e", *lines, ""]), encoding="utf-8")
    command = ("bash", "-c", f"set -e; {TIMED}", "bash", str(script))
    return float(host.run(*command, timeout=LONG).stdout)


def ip_batch(host: Sandbox, wanted: Network) -> float:
    """As few ``ip`` as there can be: -n does not go into a batch, so one for each namespace."""
    batches = {
        "bridges": wanted.bridge_lines(),
        "namespaces": [f"netns add {room.name}" for room in wanted.rooms()],
        "pairs": [
            line
            for room in wanted.rooms()
            for line in (network.pair_line(room), network.port_line(room))
        ],
    }
    lines = [f"ip -batch {host.directory}/{name}" for name in batches]
    for room in wanted.rooms():
        batches[room.name] = network.inside_lines(room)
        lines.append(f"ip -n {room.name} -batch {host.directory}/{room.name}")
    for name, batch in batches.items():
        (host.directory / name).write_text("\n".join([*batch, ""]), encoding="utf-8")
    return _timed(host, lines)


def shell_loop(host: Sandbox, wanted: Network) -> float:
    """One ``ip`` for each command, as in the tutorials."""
    lines = [f"ip {line}" for line in wanted.bridge_lines()]
    for room in wanted.rooms():
        lines.append(f"ip netns add {room.name}")
        lines.append(f"ip {network.pair_line(room)}")
        lines.append(f"ip {network.port_line(room)}")
        lines.extend(f"ip -n {room.name} {line}" for line in network.inside_lines(room))
    return _timed(host, lines)


FLOOR, OURS, IP_BATCH = "bare netlink (the floor)", "ours", "ip -batch"
OTHERS: dict[str, Callable[[Sandbox, Network], float]] = {
    FLOOR: _python("tests.bench.floor"),
    IP_BATCH: ip_batch,
    "one ip for each command": shell_loop,
    "pyroute2 as documented": _python("tests.bench.plain_pyroute2"),
}


def module(
    host: Sandbox, options: dict[str, Any], changed: bool, name: str = "topology"
) -> dict[str, Any]:
    """One run of a module, as tests.bench.ours reports it."""
    request = json.dumps({"module": name, "options": options})
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/.build:{ROOT}"}
    command = (sys.executable, "-m", "tests.bench.ours")
    done = host.run(*command, input=request, env=environment, timeout=LONG)
    report: dict[str, Any] = json.loads(done.stdout)
    if report["changed"] is not changed:
        raise RuntimeError(f"the module says changed={report['changed']}")
    return report


def task_seconds(host: Sandbox, wanted: Network, *options: str) -> float:
    """A whole task of ansible-playbook, with Ansible's own output."""
    task = {"netfabric.container_net.topology": wanted.topology()}
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
    path = host.directory / "play.yml"
    path.write_text(json.dumps(play), encoding="utf-8")
    begin = time.perf_counter()
    host.ansible(
        "env",
        "ANSIBLE_STDOUT_CALLBACK=ansible.builtin.default",
        *("ansible-playbook", "-i", "localhost,", "-c", "local", str(path), *options),
    )
    return time.perf_counter() - begin
