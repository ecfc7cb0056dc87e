# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every property that a user can set, broken by hand, and the commands that repair it.

``NETWORK`` sets all of them. A row names the option that it is about as the modules' options are
written in ``_specs``, and a test asserts that no option of a link, namespace or route is without
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAC, PEER_MAC, BRIDGE_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"

NETWORK: dict[str, Any] = {
    "name": "d",
    "namespaces": [
        {"name": "ns1", "loopback": "up"},
        {
            "name": "ns2",
            "loopback": "up",
            "sysctls": {
                "net.ipv4.ip_forward": "1",
                "net.ipv6.conf.all.forwarding": "1",
                "net.ipv4.conf.in2.rp_filter": "2",
            },
        },
        {"name": "ns3", "loopback": "down"},
    ],
    "bridges": [
        {
            "name": "dbr",
            "addresses": ["10.7.0.1/24", "fd00:7::1/64"],
            "mac": BRIDGE_MAC,
            "mtu": 1450,
            "admin_state": "up",
            "ports": ["p1", "extra"],
            "purge_ports": True,
            # With it on, the kernel itself changes the ageing time while ports come and go.
            "stp": False,
            "priority": 4096,
            "forward_delay": 4,
            "hello_time": 1,
            "max_age": 10,
            "ageing_time": 100,
            "multicast_snooping": False,
            "routes": [{"dst": "10.70.0.0/16", "via": "10.7.0.9"}],
        }
    ],
    "veths": [
        {
            "name": "in1",
            "netns": "ns1",
            "addresses": ["10.7.0.11/24", "fd00:7::11/64"],
            "purge_addresses": True,
            "mac": MAC,
            "mtu": 1450,
            "admin_state": "up",
            "routes": [
                {"dst": "default", "via": "10.7.0.1"},
                {"dst": "default", "via": "fd00:7::1"},
                {
                    "dst": "10.71.0.0/16",
                    "via": "10.7.0.1",
                    "metric": 50,
                    "table": 100,
                    "src": "10.7.0.11",
                },
                {"dst": "10.72.0.0/16", "scope": "link"},
                {"dst": "10.73.0.0/16", "type": "blackhole"},
                {"dst": "10.74.0.0/16", "via": "10.7.0.1"},
            ],
            "peer": {"name": "p1", "mac": PEER_MAC, "mtu": 1450, "admin_state": "up"},
        },
        {
            "name": "in2",
            "netns": "ns2",
            "admin_state": "up",
            "peer": {"name": "p2", "mtu": 1450, "admin_state": "up", "master": "dbr"},
        },
        {
            "name": "in3",
            "netns": "ns2",
            "admin_state": "up",
            "peer": {"name": "end3", "netns": "ns3", "admin_state": "down"},
        },
    ],
    "routes": [{"dst": "10.75.0.0/16", "dev": "in1", "netns": "ns1"}],
}

# A stranger's, which NETWORK takes as a port.
BEFORE = "ip link add name extra mtu 1450 type veth peer name extra1"


@dataclass(frozen=True)
class Drift:
    option: str
    by_hand: str
    repair: tuple[str, ...]


def _option(option: str, name: str, other: int, wanted: int) -> Drift:
    link = "ip link set dev dbr type bridge"
    return Drift(f"bridge.{option}", f"{link} {name} {other}", (f"{link} {name} {wanted}",))


_IN1 = "ip -n ns1 link set dev in1"
_ADDR = "ip -n ns1 addr"
_ROUTE = "ip -n ns1 route"
_DEFAULT4 = f"{_ROUTE} add default via 10.7.0.1 dev in1"
_DEFAULT6 = "ip -n ns1 -6 route add default via fd00:7::1 dev in1"
_ROUTES4 = (
    f"{_ROUTE} add 10.72.0.0/16 dev in1",
    f"{_ROUTE} add 10.75.0.0/16 dev in1",
    _DEFAULT4,
)
_ROUTES4_VIA = (
    f"{_ROUTE} add 10.71.0.0/16 via 10.7.0.1 dev in1 src 10.7.0.11 metric 50 table 100",
    f"{_ROUTE} add 10.74.0.0/16 via 10.7.0.1 dev in1",
)
_ADD6 = f"{_ADDR} add fd00:7::11/64 dev in1 nodad"
# All that hangs on in1, when the link itself is there, but down or elsewhere.
_DETAILS = (
    f"{_ADDR} add 10.7.0.11/24 dev in1",
    _ADD6,
    *_ROUTES4[:2],
    _DEFAULT4,
    _DEFAULT6,
    *_ROUTES4_VIA,
)

DRIFTS = (
    # namespaces
    Drift(
        "netns.loopback",
        "ip -n ns1 link set dev lo down",
        ("ip -n ns1 link set dev lo up",),
    ),
    Drift(
        "netns.loopback",
        "ip -n ns3 link set dev lo up",
        ("ip -n ns3 link set dev lo down",),
    ),
    Drift(
        "netns.sysctls",
        "ip netns exec ns2 sysctl -qw net.ipv4.ip_forward=0",
        ("ip netns exec ns2 sysctl -w net.ipv4.ip_forward=1",),
    ),
    Drift(
        "netns.sysctls",
        "ip netns exec ns2 sysctl -qw net.ipv6.conf.all.forwarding=0",
        ("ip netns exec ns2 sysctl -w net.ipv6.conf.all.forwarding=1",),
    ),
    Drift(
        "netns.sysctls",
        "ip netns exec ns2 sysctl -qw net.ipv4.conf.in2.rp_filter=0",
        ("ip netns exec ns2 sysctl -w net.ipv4.conf.in2.rp_filter=2",),
    ),
    # what every link has
    Drift(
        "link.addresses",
        f"{_ADDR} add 10.7.0.77/24 dev in1",
        (f"{_ADDR} del 10.7.0.77/24 dev in1",),
    ),
    Drift(
        "link.addresses",
        f"{_ADDR} add fd00:77::1/64 dev in1",
        (f"{_ADDR} del fd00:77::1/64 dev in1",),
    ),
    Drift(
        "link.purge_addresses",
        f"{_ADDR} add 10.77.0.1/16 dev in1",
        (f"{_ADDR} del 10.77.0.1/16 dev in1",),
    ),
    Drift(
        "link.addresses",
        f"{_ADDR} del 10.7.0.11/24 dev in1",
        (f"{_ADDR} add 10.7.0.11/24 dev in1", *_ROUTES4, *_ROUTES4_VIA),
    ),
    Drift("link.addresses", f"{_ADDR} del fd00:7::11/64 dev in1", (_ADD6,)),
    Drift(
        "link.addresses",
        f"{_ADDR} add 10.7.0.11/16 dev in1; {_ADDR} del 10.7.0.11/24 dev in1",
        (
            f"{_ADDR} add 10.7.0.11/24 dev in1",
            f"{_ADDR} del 10.7.0.11/16 dev in1",
        ),
    ),
    Drift(
        "link.addresses",
        f"{_ADDR} del fd00:7::11/64 dev in1; {_ADDR} add fd00:7::11/48 dev in1",
        (f"{_ADDR} del fd00:7::11/48 dev in1", _ADD6),
    ),
    Drift("link.mac", f"{_IN1} address 02:00:00:00:00:99", (f"{_IN1} address {MAC}",)),
    Drift(
        "link.mac",
        "ip link set dev p1 address 02:00:00:00:00:99",
        (f"ip link set dev p1 address {PEER_MAC}",),
    ),
    Drift(
        "link.mac",
        "ip link set dev dbr address 02:00:00:00:00:99",
        (f"ip link set dev dbr address {BRIDGE_MAC}",),
    ),
    Drift("link.mtu", f"{_IN1} mtu 1300", (f"{_IN1} mtu 1450",)),
    Drift("link.mtu", "ip link set dev dbr mtu 1300", ("ip link set dev dbr mtu 1450",)),
    # Below IPv6's least all of it goes.
    Drift("link.mtu", f"{_IN1} mtu 1000", (f"{_IN1} mtu 1450", _ADD6, _DEFAULT6)),
    Drift("link.admin_state", "ip link set dev p1 down", ("ip link set dev p1 up",)),
    Drift(
        "link.admin_state",
        "ip -n ns3 link set dev end3 up",
        ("ip -n ns3 link set dev end3 down",),
    ),
    Drift(
        "link.admin_state",
        f"{_IN1} down",
        (f"{_IN1} up", _ADD6, *_ROUTES4[:2], _DEFAULT4, _DEFAULT6, *_ROUTES4_VIA),
    ),
    # routes
    Drift("link.routes", f"{_ROUTE} del default", (_DEFAULT4,)),
    Drift("link.routes", "ip -n ns1 -6 route del default", (_DEFAULT6,)),
    Drift(
        "link.routes",
        "ip route del 10.70.0.0/16",
        ("ip route add 10.70.0.0/16 via 10.7.0.9 dev dbr",),
    ),
    Drift(
        "route.dst",
        f"{_ROUTE} del 10.74.0.0/16; {_ROUTE} add 10.74.0.0/17 via 10.7.0.1",
        (f"{_ROUTE} add 10.74.0.0/16 via 10.7.0.1 dev in1",),
    ),
    Drift(
        "route.via",
        f"{_ROUTE} replace 10.74.0.0/16 via 10.7.0.99",
        (f"{_ROUTE} replace 10.74.0.0/16 via 10.7.0.1 dev in1",),
    ),
    Drift(
        "route.via",
        "ip -n ns1 -6 route replace default via fd00:7::99",
        ("ip -n ns1 -6 route replace default via fd00:7::1 dev in1",),
    ),
    Drift(
        "route.dev",
        f"{_ROUTE} replace 10.75.0.0/16 dev lo",
        (f"{_ROUTE} replace 10.75.0.0/16 dev in1",),
    ),
    Drift(
        "route.metric",
        f"{_ROUTE} del 10.71.0.0/16 table 100;"
        f" {_ROUTE} add 10.71.0.0/16 via 10.7.0.1 src 10.7.0.11 metric 60 table 100",
        (_ROUTES4_VIA[0],),
    ),
    Drift(
        "route.table",
        f"{_ROUTE} del 10.71.0.0/16 table 100;"
        f" {_ROUTE} add 10.71.0.0/16 via 10.7.0.1 src 10.7.0.11 metric 50",
        (_ROUTES4_VIA[0],),
    ),
    Drift(
        "route.src",
        f"{_ROUTE} replace 10.71.0.0/16 via 10.7.0.1 dev in1 metric 50 table 100",
        (_ROUTES4_VIA[0].replace("add", "replace"),),
    ),
    Drift(
        "route.type",
        f"{_ROUTE} replace unreachable 10.73.0.0/16",
        (f"{_ROUTE} replace blackhole 10.73.0.0/16",),
    ),
    Drift(
        "route.scope",
        f"{_ROUTE} replace 10.72.0.0/16 dev in1 scope global",
        (f"{_ROUTE} replace 10.72.0.0/16 dev in1",),
    ),
    # ports
    Drift("veth.master", "ip link set dev p2 nomaster", ("ip link set dev p2 master dbr",)),
    Drift(
        "veth.master",
        "ip link add name wrong type bridge; ip link set dev p2 master wrong",
        ("ip link set dev p2 master dbr",),
    ),
    Drift("bridge.ports", "ip link set dev p1 nomaster", ("ip link set dev p1 master dbr",)),
    Drift("bridge.ports", "ip link set dev extra nomaster", ("ip link set dev extra master dbr",)),
    Drift(
        "bridge.purge_ports",
        "ip link set dev extra1 master dbr",
        ("ip link set dev extra1 nomaster",),
    ),
    # the bridge's own
    _option("stp", "stp_state", 1, 0),
    _option("priority", "priority", 8192, 4096),
    _option("forward_delay", "forward_delay", 500, 400),
    _option("hello_time", "hello_time", 200, 100),
    _option("max_age", "max_age", 1200, 1000),
    _option("ageing_time", "ageing_time", 20000, 10000),
    _option("multicast_snooping", "mcast_snooping", 1, 0),
    # where an end is, and what it is called
    Drift(
        "link.netns",
        "ip -n ns1 link set dev in1 netns ns2",
        ("ip -n ns2 link set dev in1 netns ns1", f"{_IN1} up", *_DETAILS),
    ),
    Drift(
        "link.netns",
        "ip link set dev p1 netns ns3",
        (
            "ip -n ns3 link set dev p1 netns 1",
            "ip link set dev p1 master dbr",
            "ip link set dev p1 up",
        ),
    ),
    Drift(
        "link.name",
        f"{_IN1} down; {_IN1} name other",
        (
            "ip -n ns1 link set dev other name in1",
            f"{_IN1} up",
            _ADD6,
            *_ROUTES4[:2],
            _DEFAULT4,
            _DEFAULT6,
            *_ROUTES4_VIA,
        ),
    ),
    Drift(
        "veth.peer",
        "ip link set dev p2 down; ip link set dev p2 name other; ip link set dev other up",
        (
            "ip link set dev other down",
            "ip link set dev other name p2",
            "ip link set dev p2 up",
        ),
    ),
    # things that are gone
    Drift(
        "veth.peer",
        "ip link del dev p2",
        (
            "ip link add name p2 mtu 1450 type veth peer name in2 netns ns2",
            "ip link set dev p2 master dbr",
            "ip link set dev p2 up",
            "ip netns exec ns2 sysctl -w net.ipv4.conf.in2.rp_filter=2",
            "ip -n ns2 link set dev in2 up",
        ),
    ),
    Drift(
        "netns.name",
        "ip netns del ns3",
        (
            "ip netns add ns3",
            "ip link add name in3 netns ns2 type veth peer name end3 netns ns3",
            "ip -n ns2 link set dev in3 up",
        ),
    ),
)
