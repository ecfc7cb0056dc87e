# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each module is taken through, one step after the other, on a host that starts empty.

A step is a task and what a person then sees: `probe` is a command on that host, `shows` and
`lacks` are what its output does and does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils._firewall.nft import (
    tells_bridges,
)


@dataclass(frozen=True)
class Step:
    title: str
    options: dict[str, Any]
    changed: bool = True
    probe: str = "true"
    shows: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Life:
    module: str
    steps: tuple[Step, ...]
    before: str = "true"  # what others made, as a shell script
    more: dict[str, Any] = field(default_factory=dict)  # options of every step


NETNS = Life(
    "netns",
    (
        Step(
            "a namespace with lo down",
            {"name": "mario2", "loopback": "down"},
            probe="ip netns list; ip -n mario2 link",
            shows=("mario2", "1: lo:", "state DOWN"),
            lacks=("2:",),
        ),
        Step(
            "mario is another one than mario2",
            {"name": "mario"},
            probe="ip netns list | grep -x 'mario\\( .*\\)*'; ip -n mario -o link show dev lo",
            shows=("mario", "UP"),
        ),
        Step(
            "lo is switched on",
            {"name": "mario2"},
            probe="ip -n mario2 -o link show dev lo",
            shows=("<LOOPBACK,UP",),
        ),
        Step(
            "kernel parameters",
            {
                "name": "mario",
                "sysctls": {"net.ipv4.ip_forward": "1", "net.ipv4.conf.lo.rp_filter": "2"},
            },
            probe="ip netns exec mario sysctl net.ipv4.ip_forward net.ipv4.conf.lo.rp_filter",
            shows=("ip_forward = 1", "rp_filter = 2"),
        ),
        Step(
            "one parameter changes, the other is left alone",
            {"name": "mario", "sysctls": {"net.ipv4.ip_forward": "0"}},
            probe="ip netns exec mario sysctl net.ipv4.ip_forward net.ipv4.conf.lo.rp_filter;"
            "ip netns exec mario2 sysctl net.ipv4.conf.lo.rp_filter; sysctl net.ipv4.ip_forward",
            shows=("ip_forward = 0", "rp_filter = 2", "rp_filter = 0"),
        ),
        Step(
            "mario goes, mario2 stays",
            {"name": "mario", "state": "absent"},
            probe="ip netns list",
            shows=("mario2",),
            lacks=("mario\n", "mario "),
        ),
        Step("mario2 goes", {"name": "mario2", "state": "absent"}, probe="ls /run/netns"),
        Step("nothing is there to go", {"name": "luigi", "state": "absent"}, changed=False),
    ),
)

BRIDGE = Life(
    "bridge",
    (
        Step(
            "a bridge with addresses",
            {"name": "mybridge", "addresses": ["192.168.2.1/24", "2001:db8:2::1/64"]},
            probe="ip -d addr show dev mybridge",
            shows=("192.168.2.1/24", "2001:db8:2::1/64", "UP", "bridge"),
        ),
        Step(
            "addresses are compared by value",
            {"name": "mybridge", "addresses": ["192.168.2.1/24", "2001:DB8:2:0:0::1/64"]},
            changed=False,
        ),
        Step(
            "what is left out is left alone",
            {"name": "mybridge"},
            changed=False,
        ),
        Step(
            "its options",
            {
                "name": "mybridge",
                "stp": True,
                "priority": 4096,
                "forward_delay": 4,
                "hello_time": 1,
                "max_age": 10,
                "ageing_time": 60,
                "multicast_snooping": False,
                "mtu": 1400,
                "mac": "02:00:00:00:02:01",
            },
            probe="ip -d link show dev mybridge",
            shows=(
                "stp_state 1",
                "priority 4096",
                "forward_delay 400",
                "hello_time 100",
                "max_age 1000",
                "ageing_time 6000",
                "mcast_snooping 0",
                "mtu 1400",
                "02:00:00:00:02:01",
            ),
        ),
        Step(
            "one option back",
            {"name": "mybridge", "stp": False},
            probe="ip -d link show dev mybridge",
            shows=("stp_state 0", "ageing_time 6000"),
        ),
        Step(
            "ports",
            {"name": "mybridge", "ports": ["p1", "p2"]},
            probe="ip -o link show master mybridge",
            shows=("p1", "p2"),
            lacks=("p3",),
        ),
        Step(
            "one port more, the others are left alone",
            {"name": "mybridge", "ports": ["p3"]},
            probe="ip -o link show master mybridge",
            shows=("p1", "p2", "p3"),
        ),
        Step(
            "only these ports",
            {"name": "mybridge", "ports": ["p1"], "purge_ports": True},
            probe="ip -o link show master mybridge",
            shows=("p1",),
            lacks=("p2", "p3"),
        ),
        Step(
            "an address less",
            {"name": "mybridge", "addresses": ["192.168.2.1/24"]},
            probe="ip addr show dev mybridge",
            shows=("192.168.2.1/24",),
            lacks=("2001:db8",),
        ),
        Step(
            "switched off",
            {"name": "mybridge", "admin_state": "down"},
            probe="ip -o link show dev mybridge",
            lacks=("UP",),
        ),
        Step(
            "a bridge in a namespace with the same name",
            {"name": "mybridge", "netns": "room"},
            probe="ip -n room -o link show dev mybridge",
            shows=("UP",),
        ),
        Step(
            "the one in the namespace goes",
            {"name": "mybridge", "netns": "room", "state": "absent"},
            probe="ip -n room -o link; ip -o link show dev mybridge; ip -o link show dev p1",
            shows=("lo", "mybridge", "p1"),
        ),
        Step(
            "the other one goes, its port stays",
            {"name": "mybridge", "state": "absent"},
            probe="ip -o link",
            shows=("p1",),
            lacks=("mybridge",),
        ),
    ),
    before="ip netns add room;for n in 1 2 3; do ip link add p$n type veth peer name q$n; done",
)

VETH = Life(
    "veth",
    (
        Step(
            "a pair on the host",
            {
                "name": "left",
                "addresses": ["10.9.0.1/24", "2001:db8:9::1/64"],
                "mac": "02:00:00:00:09:01",
                "mtu": 1400,
                "peer": {"name": "right", "mtu": 1400, "mac": "02:00:00:00:09:02"},
            },
            probe="ip addr show dev left; ip addr show dev right",
            shows=(
                "left@right",
                "right@left",
                "10.9.0.1/24",
                "2001:db8:9::1/64",
                "mtu 1400",
                "02:00:00:00:09:01",
                "02:00:00:00:09:02",
                "state UP",
            ),
            lacks=("mtu 1500", "state DOWN"),
        ),
        Step(
            "addresses and MACs are compared by value",
            {
                "name": "left",
                "addresses": ["2001:0DB8:9::1/64", "10.9.0.1/24"],
                "mac": "02-00-00-00-09-01".replace("-", ":").upper(),
                "peer": {"name": "right"},
            },
            changed=False,
        ),
        Step(
            "an address goes, another comes",
            {
                "name": "left",
                "addresses": ["10.9.0.1/24", "10.9.1.1/24"],
                "peer": {"name": "right", "addresses": ["10.9.0.2/24"]},
            },
            probe="ip addr show dev left; ip addr show dev right",
            shows=("10.9.0.1/24", "10.9.1.1/24", "10.9.0.2/24"),
            lacks=("2001:db8:9::1",),
        ),
        Step(
            "nothing is purged",
            {
                "name": "left",
                "addresses": ["10.9.2.1/24"],
                "purge_addresses": False,
                "peer": {"name": "right"},
            },
            probe="ip addr show dev left",
            shows=("10.9.0.1/24", "10.9.1.1/24", "10.9.2.1/24"),
        ),
        Step(
            "MTU and MAC change",
            {
                "name": "left",
                "mtu": 1450,
                "mac": "02:00:00:00:09:0a",
                "peer": {"name": "right", "mtu": 1450},
            },
            probe="ip addr show dev left; ip addr show dev right",
            shows=("mtu 1450", "02:00:00:00:09:0a", "10.9.0.1/24"),
            lacks=("mtu 1400",),
        ),
        Step(
            "switched off",
            {"name": "left", "admin_state": "down", "peer": {"name": "right"}},
            probe="ip -o link show dev left",
            lacks=("UP",),
        ),
        Step(
            "both ends move, each into a namespace",
            {
                "name": "left",
                "netns": "ns1",
                "addresses": ["10.9.0.1/24"],
                "peer": {"name": "right", "netns": "ns2", "addresses": ["10.9.0.2/24"]},
            },
            probe="ip -o link; ip -n ns1 addr show dev left; ip -n ns2 addr show dev right;"
            "ip netns exec ns1 ping -c 1 -W 2 10.9.0.2",
            shows=("10.9.0.1/24", "10.9.0.2/24", "02:00:00:00:09:0a", "1 received"),
            lacks=("left:", "right:"),
        ),
        Step(
            "one end comes back, onto a bridge",
            {
                "name": "left",
                "netns": "ns1",
                "peer": {"name": "right", "master": "br"},
            },
            probe="ip -o link show master br; ip -n ns2 -o link",
            shows=("right",),
        ),
        Step(
            "routes",
            {
                "name": "left",
                "netns": "ns1",
                "routes": [
                    {"dst": "default", "via": "10.9.0.254"},
                    {"dst": "10.77.0.0/16", "via": "10.9.0.253", "metric": 5},
                ],
                "peer": {"name": "right"},
            },
            probe="ip -n ns1 route; ip -o link show master br",
            shows=(
                "default via 10.9.0.254 dev left",
                "10.77.0.0/16 via 10.9.0.253 dev left",
                "metric 5",
                "right",
            ),
        ),
        Step(
            "off its bridge",
            {"name": "left", "netns": "ns1", "peer": {"name": "right", "master": ""}},
            probe="ip -o link show dev right; ip -n ns1 route",
            shows=("right", "default via"),
            lacks=("master",),
        ),
        Step(
            "the pair goes with either end",
            {"name": "right", "state": "absent"},
            probe="ip -o link; ip -n ns1 -o link",
            lacks=("left", "right"),
        ),
        Step(
            "a pair with another makes room when it may",
            {"name": "inway", "recreate": True, "peer": {"name": "inwaypeer", "netns": "ns2"}},
            probe="ip link; ip -n ns2 link",
            shows=("inway@", "inwaypeer@"),
            lacks=("another", "-old"),
        ),
        Step(
            "in a namespace that is not there, nothing is there to go",
            {"name": "left", "netns": "nowhere", "state": "absent"},
            changed=False,
        ),
    ),
    before="ip netns add ns1; ip netns add ns2; ip link add name br up type bridge;"
    "ip link add inway up type veth peer name another",
)

_EVERYBODY = "00:00:00:00:00:00"

VXLAN = Life(
    "vxlan",
    (
        Step(
            "a link to two hosts",
            {
                "name": "vx",
                "vni": 42,
                "local": "10.9.0.1",
                "dev": "up0",
                "learning": False,
                "addresses": ["10.50.0.1/16"],
                "fdb": [
                    {"mac": _EVERYBODY, "dst": "10.9.0.2"},
                    {"mac": _EVERYBODY, "dst": "10.9.0.3"},
                    {"mac": "02:00:00:00:09:02", "dst": "10.9.0.2"},
                ],
            },
            probe="ip -d addr show dev vx; bridge fdb show dev vx",
            shows=(
                "vxlan id 42 local 10.9.0.1 dev up0",
                "dstport 4789 nolearning",
                "mtu 1450",
                "10.50.0.1/16",
                "00:00:00:00:00:00 dst 10.9.0.2 self permanent",
                "00:00:00:00:00:00 dst 10.9.0.3 self permanent",
                "02:00:00:00:09:02 dst 10.9.0.2 self permanent",
            ),
        ),
        Step(
            "MACs in another spelling, the order of entries does not matter",
            {
                "name": "vx",
                "fdb": [
                    {"mac": "02-00-00-00-09-02", "dst": "10.9.0.2"},
                    {"mac": _EVERYBODY, "dst": "10.9.0.3"},
                    {"mac": _EVERYBODY, "dst": "10.9.0.2"},
                ],
            },
            changed=False,
        ),
        Step(
            "a station moves, a host goes",
            {
                "name": "vx",
                "fdb": [
                    {"mac": _EVERYBODY, "dst": "10.9.0.3"},
                    {"mac": "02:00:00:00:09:02", "dst": "10.9.0.3"},
                ],
                "purge_fdb": True,
            },
            probe="bridge fdb show dev vx",
            shows=("02:00:00:00:09:02 dst 10.9.0.3",),
            lacks=("10.9.0.2",),
        ),
        Step(
            "a host more, the others stay",
            {"name": "vx", "fdb": [{"mac": _EVERYBODY, "dst": "10.9.0.4"}], "purge_fdb": False},
            probe="bridge fdb show dev vx",
            shows=("dst 10.9.0.3", "dst 10.9.0.4"),
        ),
        Step(
            "it learns, from another address",
            {"name": "vx", "local": "10.9.0.7", "learning": True, "mtu": 1400, "master": "br"},
            probe="ip -d link show dev vx",
            shows=("local 10.9.0.7", "mtu 1400", "master br"),
            lacks=("nolearning",),
        ),
        Step(
            "one host instead",
            {"name": "vx", "remote": "10.9.0.9", "fdb": [], "purge_fdb": True, "master": ""},
            probe="ip -d link show dev vx; bridge fdb show dev vx",
            shows=("remote 10.9.0.9", "00:00:00:00:00:00 dst 10.9.0.9 via up0 self permanent"),
            lacks=("10.9.0.3", "10.9.0.4", "master br"),
        ),
        Step(
            "a group instead",
            {"name": "vx", "group": "239.1.1.1", "dev": "up0"},
            probe="ip -d link show dev vx",
            shows=("group 239.1.1.1",),
            lacks=("10.9.0.9",),
        ),
        Step(
            "another network, for which it is made anew",
            {
                "name": "vx",
                "vni": 43,
                "dstport": 8472,
                "remote": "10.9.0.9",
                "recreate": True,
            },
            probe="ip -d link show; bridge fdb show dev vx",
            shows=("vxlan id 43", "dstport 8472", "dst 10.9.0.9"),
            lacks=("vxlan id 42", "-old"),
        ),
        Step(
            "over IPv6, in a namespace",
            {
                "name": "vx",
                "netns": "room",
                "vni": 43,
                "local": "2001:db8:9::1",
                "remote": "2001:db8:9::2",
                "dev": "in0",
                "mac": "02:00:00:00:09:43",
            },
            probe="ip -n room -d link show dev vx; bridge -n room fdb show dev vx",
            shows=(
                "vxlan id 43 remote 2001:db8:9::2 local 2001:db8:9::1 dev in0",
                "mtu 1430",
                "dst 2001:db8:9::2 via in0",
                "02:00:00:00:09:43",
            ),
        ),
        Step(
            "the one in the namespace goes",
            {"name": "vx", "netns": "room", "state": "absent"},
            probe="ip -n room link; ip link show dev vx",
            shows=("in0", "vx"),
        ),
        Step(
            "the other one goes",
            {"name": "vx", "state": "absent"},
            probe="ip link",
            shows=("up0",),
            lacks=("vx",),
        ),
    ),
    before="ip netns add room; ip link add up0 type veth peer name in0 netns room;"
    "ip addr add 10.9.0.1/24 dev up0; ip link set up0 up; ip -n room link set in0 up;"
    "ip link add name br up type bridge",
)

ROUTE = Life(
    "route",
    (
        Step(
            "through a gateway",
            {"dst": "172.20.32.0/24", "via": "10.9.0.13"},
            probe="ip route",
            shows=("172.20.32.0/24 via 10.9.0.13 dev up0",),
        ),
        Step(
            "the same, the device named and host bits written",
            {"dst": "172.20.32.0/24", "via": "10.9.0.13", "dev": "up0"},
            changed=False,
        ),
        Step(
            "it leads another way",
            {"dst": "172.20.32.0/24", "via": "10.9.0.14", "src": "10.9.0.12"},
            probe="ip route show 172.20.32.0/24",
            shows=("via 10.9.0.14", "src 10.9.0.12"),
            lacks=("10.9.0.13",),
        ),
        Step(
            "another metric stands beside it",
            {"dst": "172.20.32.0/24", "via": "10.9.0.13", "metric": 50},
            probe="ip route show 172.20.32.0/24",
            shows=("via 10.9.0.14", "via 10.9.0.13", "metric 50"),
        ),
        Step(
            "another table",
            {"dst": "default", "via": "10.9.0.13", "table": 100},
            probe="ip route show table 100; ip route show default",
            shows=("default via 10.9.0.13 dev up0",),
        ),
        Step(
            "out of a device, in its scope",
            {"dst": "10.88.0.0/16", "dev": "up0", "scope": "link"},
            probe="ip route",
            shows=("10.88.0.0/16 dev up0", "scope link"),
        ),
        Step(
            "a black hole",
            {"dst": "10.99.0.0/16", "type": "blackhole"},
            probe="ip route",
            shows=("blackhole 10.99.0.0/16",),
        ),
        Step(
            "that becomes unreachable",
            {"dst": "10.99.0.0/16", "type": "unreachable"},
            probe="ip route",
            shows=("unreachable 10.99.0.0/16",),
            lacks=("blackhole",),
        ),
        Step(
            "IPv6",
            {"dst": "2001:db8:32::/64", "via": "2001:db8:9::13"},
            probe="ip -6 route",
            shows=("2001:db8:32::/64 via 2001:db8:9::13 dev up0",),
        ),
        Step(
            "IPv6 in another spelling",
            {"dst": "2001:0db8:0032::/64", "via": "2001:db8:9:0::13"},
            changed=False,
        ),
        Step(
            "a default route for IPv6",
            {"dst": "default", "via": "2001:db8:9::1"},
            probe="ip -6 route show default; ip -4 route show default",
            shows=("default via 2001:db8:9::1",),
            lacks=("10.9",),
        ),
        Step(
            "in a namespace",
            {"dst": "default", "via": "10.9.0.12", "netns": "room"},
            probe="ip -n room route; ip route show default",
            shows=("default via 10.9.0.12 dev in0",),
        ),
        Step(
            "the one with the metric goes, the other stays",
            {"dst": "172.20.32.0/24", "metric": 50, "state": "absent"},
            probe="ip route show 172.20.32.0/24",
            shows=("via 10.9.0.14",),
            lacks=("metric 50",),
        ),
        Step(
            "the other one goes",
            {"dst": "172.20.32.0/24", "via": "10.9.0.14", "state": "absent"},
            probe="ip route",
            lacks=("172.20.32.0",),
        ),
        Step(
            "IPv6 goes",
            {"dst": "2001:db8:32::/64", "state": "absent"},
            probe="ip -6 route",
            shows=("default via 2001:db8:9::1",),
            lacks=("2001:db8:32::",),
        ),
        Step(
            "the one in the namespace goes",
            {"dst": "default", "netns": "room", "state": "absent"},
            probe="ip -n room route",
            lacks=("default",),
        ),
        Step("nothing is there to go", {"dst": "10.1.0.0/16", "state": "absent"}, changed=False),
    ),
    before="ip netns add room; ip link add up0 type veth peer name in0 netns room;"
    "ip addr add 10.9.0.12/24 dev up0; ip addr add 2001:db8:9::12/64 dev up0 nodad;"
    "ip link set up0 up; ip -n room addr add 10.9.0.20/24 dev in0; ip -n room link set in0 up",
)


def room(number: int, **more: Any) -> dict[str, Any]:
    """A pair between namespace ns<number> and the bridge, as in the tutorials."""
    return {
        "name": f"ns{number}veth0",
        "netns": f"ns{number}",
        "addresses": [f"192.168.2.{9 + number}/24"],
        "routes": [{"dst": "default", "via": "192.168.2.1"}],
        "peer": {"name": f"ns{number}veth1", "master": "mybridge"},
        **more,
    }


def rooms(*numbers: int, **more: Any) -> dict[str, Any]:
    return {
        "namespaces": [{"name": f"ns{number}"} for number in numbers],
        "bridges": [{"name": "mybridge", "addresses": ["192.168.2.1/24"]}],
        "veths": [room(number) for number in numbers],
        **more,
    }


TOPOLOGY = Life(
    "topology",
    (
        Step(
            "two rooms on a bridge",
            rooms(1, 2),
            probe="ip -o link show master mybridge; ip -n ns1 route;"
            "ip netns exec ns1 ping -c 1 -W 2 192.168.2.11",
            shows=(
                "ns1veth1",
                "ns2veth1",
                "default via 192.168.2.1 dev ns1veth0",
                " 1 received",
            ),
        ),
        Step(
            "the order in the lists does not matter",
            rooms(2, 1),
            changed=False,
        ),
        Step(
            "an address, a parameter, a route of its own",
            rooms(
                1,
                2,
                namespaces=[
                    {"name": "ns1"},
                    {"name": "ns2", "sysctls": {"net.ipv4.ip_forward": "1"}},
                ],
                veths=[room(1, addresses=["192.168.2.20/24"]), room(2, mtu=1400)],
                routes=[{"dst": "10.3.0.0/16", "via": "192.168.2.11"}],
            ),
            probe="ip -n ns1 addr; ip -n ns2 link; ip route; ip netns exec ns1 ip route;"
            "ip netns exec ns2 sysctl net.ipv4.ip_forward",
            shows=(
                "192.168.2.20/24",
                "mtu 1400",
                "10.3.0.0/16 via 192.168.2.11 dev mybridge",
                "ip_forward = 1",
                "default via 192.168.2.1 dev ns1veth0",
            ),
            lacks=("192.168.2.10/24",),
        ),
        Step(
            "a third room comes, the first goes",
            rooms(2, 3),
            probe="ip netns list; ip -o link show master mybridge; ip link show dev stranger;"
            "ip netns exec ns3 ping -c 1 -W 2 192.168.2.11",
            shows=("ns3", "ns2veth1", "ns3veth1", "stranger", " 1 received"),
            lacks=("ns1", "bystander"),
        ),
        Step(
            "nothing is pruned when it shall not be",
            rooms(2, prune=False),
            changed=False,
        ),
        Step(
            "all of it goes, what others made stays",
            {"state": "absent"},
            probe="ip netns list; ip -o link; ls /run/netns",
            shows=("stranger",),
            lacks=("ns1", "ns2", "ns3", "mybridge"),
        ),
    ),
    before="ip link add stranger up type bridge",
    more={"name": "two_rooms"},
)

WEB = {"host_port": 8080, "to": "192.168.2.10", "to_port": 80}
NAT = Life(
    "nat",
    (
        Step(
            "masquerade",
            {"masquerade": True},
            probe="nft list table inet container_net.mybridge; iptables -S; ip6tables -S",
            shows=(
                'ip saddr 192.168.2.0/24 oifname != "mybridge" masquerade',
                "-A FORWARD -j CONTAINER-NET",
                "-A CONTAINER-NET -s 192.168.2.0/24 -i mybridge",
            ),
            lacks=("dnat",),
        ),
        Step(
            "the network may be said, also by an address in it",
            {"masquerade": True, "subnet": "192.168.2.1/24"},
            changed=False,
        ),
        Step(
            "a published port, at 127.0.0.1 as well",
            {"publish": [{**WEB, "loopback": True}]},
            probe="nft list table inet container_net.mybridge; bridge -d link show;"
            "sysctl net.ipv4.conf.mybridge.route_localnet; iptables -S CONTAINER-NET",
            shows=(
                "tcp dport 8080 dnat ip to 192.168.2.10:80",
                "hairpin on",
                "route_localnet = 1",
                "--ctstate DNAT",
            ),
            lacks=("oifname !=",),
        ),
        Step(
            "isolated ports, and no accepts",
            {"publish": [WEB], "isolate": True, "forward": False},
            probe="nft list ruleset; sysctl net.ipv4.conf.mybridge.route_localnet",
            shows=(
                'meta ibrname "mybridge" meta obrname "mybridge" drop'
                if tells_bridges()
                else 'iifname { "port1", "port2" } oifname { "port1", "port2" } drop',
                "route_localnet = 0",
            ),
            lacks=("127.0.0.1",),
        ),
        Step(
            "all of it goes, what others made stays",
            {"state": "absent"},
            probe="nft list tables; bridge -d link show",
            shows=("table ip theirs", "hairpin off"),
            lacks=("container_net", "hairpin on"),
        ),
        Step("nothing is there to go", {"state": "absent"}, changed=False),
    ),
    before="""
    sysctl -qw net.ipv4.ip_forward=1
    nft add table ip theirs
    ip link add mybridge type bridge
    ip addr add 192.168.2.1/24 dev mybridge
    for n in 1 2; do
        ip link add port$n type veth peer name other$n
        ip link set port$n master mybridge
    done
    """,
    more={"bridge": "mybridge"},
)

LIVES = (NETNS, BRIDGE, VETH, VXLAN, ROUTE, TOPOLOGY, NAT)


def call(life: Life, step: Step) -> dict[str, Any]:
    return {f"netfabric.container_net.{life.module}": {**life.more, **step.options}}


def tasks(life: Life) -> list[dict[str, Any]]:
    """Every step in check mode, for real, again, and the look at it."""
    listed: list[dict[str, Any]] = []
    for step in life.steps:
        listed += [
            {"name": f"{step.title}: check", "check_mode": True, **call(life, step)},
            {"name": f"{step.title}: real", **call(life, step)},
            {"name": f"{step.title}: again", **call(life, step)},
            {"name": f"{step.title}: probe", "ansible.builtin.shell": step.probe},
        ]
    return listed
