# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every hint of module reachability, with its cause made on the real kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.network.reach import NETWORK, measured
from tests.integration.network.sandbox import Sandbox


@dataclass(frozen=True)
class Cause:
    """What is broken, and what of it the only failure has to say; from ns1 to ns3 unless told."""

    title: str
    script: str
    hint: str
    target: str = "192.168.3.10"
    options: dict[str, Any] = field(default_factory=dict)
    problem: str = "no answer"


BRIDGED = "192.168.2.11"
ROOM = "in namespace"

CAUSES = (
    Cause(
        "no route",
        "ip -n ns1 route del default",
        f"There is no route to 192.168.3.10 {ROOM} ns1. Add one",
        problem="Network is unreachable",
    ),
    Cause(
        "no link up",
        "ip -n ns1 link set ns1veth0 down",
        f"There is no route to 192.168.3.10 {ROOM} ns1, because no link is up there.",
        problem="Network is unreachable",
    ),
    Cause(
        "unreachable route",
        "ip -n ns1 route add unreachable 192.168.3.0/24",
        f"The route to 192.168.3.10 {ROOM} ns1 is of the type unreachable.",
        problem="No route to host",
    ),
    Cause(
        "black hole on the host",
        "ip rule add from all lookup 7 pref 7; ip route add blackhole 192.168.3.0/24 table 7",
        "The route to 192.168.3.10 on the host is of the type blackhole.",
    ),
    Cause(
        "no way back",
        "ip -n ns3 route del default",
        f"There is no route back from 192.168.3.10 {ROOM} ns3. Add one",
    ),
    Cause(
        "forwarding off",
        "sysctl -qw net.ipv4.ip_forward=0",
        "Packets are not forwarded on the host: net.ipv4.ip_forward is 0.",
    ),
    Cause(
        "forwarding off for IPv6",
        "sysctl -qw net.ipv6.conf.all.forwarding=0",
        "Packets are not forwarded on the host: net.ipv6.conf.all.forwarding is 0.",
        target="fd03::10",
    ),
    Cause(
        "forwarding off for a link",
        "sysctl -qw net.ipv4.conf.mybridge.forwarding=0",
        "Packets are not forwarded on the host: net.ipv4.conf.mybridge.forwarding is 0.",
    ),
    Cause(
        "an address that nobody has",
        "",
        f"Nobody on the segment of ns1veth0 {ROOM} ns1 has the address 192.168.2.99.",
        target="192.168.2.99",
    ),
    Cause(
        "an address that somebody else has",
        "ip -n ns3 address add 192.168.2.99/32 dev lo",
        "192.168.2.99 is an address of lo in namespace ns3, which is not on the segment of"
        f" ns1veth0 {ROOM} ns1.",
        target="192.168.2.99",
    ),
    Cause(
        "a neighbour that does not answer",
        "ip netns exec ns2 sysctl -qw net.ipv4.conf.all.arp_ignore=8",
        f"ns2veth0 {ROOM} ns2 has the address 192.168.2.11, but does not answer ARP on ns1veth0",
        target=BRIDGED,
    ),
    Cause(
        "a neighbour beyond the host",
        "ip link add vx0 up type vxlan id 7 dstport 4789 local 192.168.2.1 remote 192.168.2.11\n"
        "ip address add 10.7.0.1/24 dev vx0",
        "10.7.0.2 does not answer ARP on vx0 of the host: nobody there has that address",
        target="10.7.0.2",
        options={"sources": [{"host": True}]},
    ),
    Cause(
        "the other end is down",
        "ip link set ns1veth1 down",
        f"The way of ns1veth0 {ROOM} ns1 is cut: ns1veth1 of the host is down.",
        target=BRIDGED,
    ),
    Cause(
        "the other end is no port",
        "ip link set ns1veth1 nomaster",
        f"The way of ns1veth0 {ROOM} ns1 is cut: ns1veth1 of the host is a port of nothing and has"
        " no address.",
        target=BRIDGED,
    ),
    Cause(
        "the bridge is down",
        "ip link set mybridge down",
        f"The way of ns1veth0 {ROOM} ns1 is cut: bridge mybridge of the host is down.",
        target=BRIDGED,
    ),
    Cause(
        "FORWARD drops",
        "iptables -P FORWARD DROP",
        "FORWARD of iptables drops what no rule accepts (on the host). Accept them with module nat"
        " or role bridge_network.",
    ),
    Cause(
        "FORWARD of IPv6 drops",
        "ip6tables -P FORWARD DROP",
        "FORWARD of ip6tables drops what no rule accepts (on the host).",
        target="fd03::10",
    ),
    Cause(
        "FORWARD drops what only crosses a bridge",
        "sysctl -qw net.bridge.bridge-nf-call-iptables=1; iptables -P FORWARD DROP",
        "Packets that only cross a bridge go through it as well, because"
        " net.bridge.bridge-nf-call-iptables is 1.",
        target=BRIDGED,
    ),
    Cause(
        "Docker's raw rule",
        "iptables -t raw -A PREROUTING -d 192.168.3.10/32 ! -i docker0 -j DROP",
        "Docker 28 and newer drop what comes to a container from elsewhere than its bridge:"
        " iptables -t raw -A PREROUTING -d 192.168.3.10/32 ! -i docker0 -j DROP (on the host).",
    ),
    Cause(
        "a rule of the target",
        "ip netns exec ns3 iptables -A INPUT -p icmp -j DROP",
        f"A rule drops it {ROOM} ns3: iptables -t filter -A INPUT -p icmp -j DROP.",
    ),
    Cause(
        "a rule of the source",
        "ip netns exec ns1 iptables -A OUTPUT -d 192.168.3.0/24 -j DROP",
        f"A rule drops it {ROOM} ns1: iptables -t filter -A OUTPUT -d 192.168.3.0/24 -j DROP.",
        problem="A firewall of the source does not let it out",
    ),
    Cause(
        "a rule that says so",
        "iptables -A FORWARD -p icmp -j REJECT --reject-with icmp-admin-prohibited",
        "A rule drops it on the host: iptables -t filter -A FORWARD -p icmp -j REJECT",
        problem="it is prohibited, says 192.168.2.1",
    ),
    Cause(
        "too large",
        "ip link set ns3veth1 mtu 1300",
        "The MTU of ns3veth1 of the host is 1300, the packets have 1500 bytes.",
        options={"size": 0, "df": True},
        problem="too large for the way, says 192.168.2.1, which takes 1300 bytes",
    ),
    Cause(
        "too large for the source's own link",
        "ip -n ns1 link set ns1veth0 mtu 1300",
        f"The MTU of ns1veth0 {ROOM} ns1 is 1300, the packets have 1400 bytes.",
        options={"size": 1400, "df": True},
        problem="The packet is too large for the way",
    ),
    Cause(
        "a port without a service",
        "",
        "Nobody listens on TCP port 81 of 192.168.3.10, or a firewall rejects it.",
        options={"tcp_ports": [81]},
        problem="TCP 81: Connection refused",
    ),
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("hints"))
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("cause", CAUSES, ids=[cause.title for cause in CAUSES])
def test_hint(ground: Sandbox, cause: Cause) -> None:
    options = {"sources": [{"netns": "ns1"}], "targets": [cause.target], "count": 1}
    script = f"{NETWORK}\n{cause.script}"
    dummy, failures, dummy = measured(ground, script, **{**options, **cause.options})
    (failure,) = failures
    assert cause.problem in failure["problem"]
    assert any(cause.hint in hint for hint in failure["hints"]), failure


def test_no_hint_is_about_another_pair(ground: Sandbox) -> None:
    """A rule that drops is told only of the pairs that it fits."""
    dummy, failures, dummy = measured(
        ground,
        f"{NETWORK}\niptables -A FORWARD -d 192.168.3.10/32 -j DROP",
        sources=[{"netns": "ns1"}],
        targets=["192.168.3.10", "192.168.2.99", BRIDGED],
    )
    told = {failure["target"]: failure["hints"] for failure in failures}
    assert set(told) == {"192.168.3.10", "192.168.2.99"}
    assert "192.168.3.10/32 -j DROP" in told["192.168.3.10"][0]
    assert len(told["192.168.3.10"]) == 1
    assert len(told["192.168.2.99"]) == 1
    assert "Nobody on the segment" in told["192.168.2.99"][0]
