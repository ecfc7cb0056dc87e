# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two containers on two hosts, joined in every way there is, and one TCP stream between them.

Hosts are namespaces on one bridge, containers are behind a bridge and a pair on both sides. All
ways have a firewall that drops forwarded packets and lets theirs pass, and masquerade towards the
outside, as hosts with Docker do.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.integration.faults.overlay import (
    NETWORK,
    PINS,
    Overlay,
    Segment,
    address,
    program,
)
from tests.integration.faults.processes import ADDRESS
from tests.integration.flannel.servers import Background, EtcdServer
from tests.integration.network.sandbox import Sandbox
from tests.integration.until import until

ROUTE, KERNEL_VXLAN = "a route made by hand", "a kernel's VXLAN made by hand"
HOST_GW, VXLAN, UDP = "flannel, host-gw", "flannel, vxlan", "flannel, udp"

# One way of the packets between the hosts, with the peer's number, subnet and gateway.
_ROUTE = "ip -n h{own} route add {subnet} via 192.168.77.{peer}"
_VXLAN = """
ip -n h{own} link add vx0 mtu 1450 address 02:00:00:00:00:0{own} type vxlan \
    id 1 dstport 8472 local 192.168.77.{own} dev eth0 nolearning
ip -n h{own} address add {gateway}/32 dev vx0
ip -n h{own} link set vx0 up
bridge -n h{own} fdb append 02:00:00:00:00:0{peer} dev vx0 dst 192.168.77.{peer}
ip -n h{own} neighbour add {peer_gateway} lladdr 02:00:00:00:00:0{peer} dev vx0
ip -n h{own} route add {subnet} via {peer_gateway} dev vx0 onlink
"""
_FIREWALL = f"""
ip netns exec h{{own}} iptables -A FORWARD -s {NETWORK} -d {NETWORK} -j ACCEPT
ip netns exec h{{own}} iptables -t nat -A POSTROUTING -s {NETWORK} ! -d {NETWORK} -j MASQUERADE
"""


@dataclass
class Joined:
    """Two containers that reach each other."""

    sandbox: Sandbox
    source: str
    target: str

    def stream(self, seconds: int) -> float:
        """Gbit/s of one TCP stream."""
        done = self.sandbox.run(
            *("ip", "netns", "exec", self.source, "iperf3", "--json"),
            *("--client", self.target, "--time", str(seconds)),
        )
        bits: float = json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"]
        return bits / 1e9


@contextlib.contextmanager
def _segment() -> Iterator[tuple[Segment, Path]]:
    with tempfile.TemporaryDirectory() as name:
        sandbox = Sandbox(Path(name))
        try:
            yield Segment(sandbox), Path(name)
        finally:
            sandbox.close()


@contextlib.contextmanager
def _joined(sandbox: Sandbox, directory: Path) -> Iterator[Joined]:
    """Wait for the way, and have a server at its end."""
    source, target = "c1", address(2)
    sandbox.sh(until(f"ip netns exec {source} ping -c 1 -W 1 {target} >/dev/null"))
    log = directory / "iperf3.log"
    server = Background(sandbox, log, "iperf3", "--server", netns="c2")
    sandbox.sh(until("ip netns exec c2 ss -Htln 'sport = 5201' | grep -q ."))
    try:
        yield Joined(sandbox, source, target)
    finally:
        server.close()


@contextlib.contextmanager
def by_hand(script: str, mtu: int) -> Iterator[Joined]:
    with _segment() as (segment, directory):
        for own, peer in ((1, 2), (2, 1)):
            segment.container(own, mtu)
            given = {"own": own, "peer": peer, "subnet": PINS[peer]}
            given.update(gateway=address(own, 0), peer_gateway=address(peer, 0))
            segment.sandbox.sh((script + _FIREWALL).format(**given))
        with _joined(segment.sandbox, directory) as joined:
            yield joined


@contextlib.contextmanager
def by_flannel(backend: str) -> Iterator[Joined]:
    with _segment() as (segment, directory):
        etcd = EtcdServer(segment.sandbox, directory, address=ADDRESS)
        etcd.wait()
        overlay = Overlay(segment, [etcd.endpoint], program(), directory, backend)
        try:
            overlay.site()
            for number in (1, 2):
                overlay.join(number)
            with _joined(segment.sandbox, directory) as joined:
                yield joined
        finally:
            overlay.close()
            etcd.close()


WAYS: dict[str, Callable[[], contextlib.AbstractContextManager[Joined]]] = {
    ROUTE: lambda: by_hand(_ROUTE, 1500),
    HOST_GW: lambda: by_flannel("host-gw"),
    KERNEL_VXLAN: lambda: by_hand(_VXLAN, 1450),
    VXLAN: lambda: by_flannel("vxlan"),
    UDP: lambda: by_flannel("udp"),
}
