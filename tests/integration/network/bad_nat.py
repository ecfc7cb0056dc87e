# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of bad input for module nat."""

from __future__ import annotations

from typing import Any

from tests.integration.network.bad_input import Bad

# Listeners: 7070 on all IPv4 addresses, 7071 (UDP) on the bridge's, 7072 on all of both families,
# 7073 on 127.0.0.1.
HOST = """
ip link add natbr type bridge
ip address add 10.50.0.1/24 dev natbr
ip address add fd00:50::1/64 dev natbr nodad
ip link add 'odd+' type bridge
ip link add twobr type bridge
ip address add 10.51.0.1/24 dev twobr
ip address add 10.52.0.1/24 dev twobr
nohup python3 -c '
import socket, time
kept = [socket.create_server(("0.0.0.0", 7070)), socket.create_server(("127.0.0.1", 7073))]
kept.append(socket.create_server(("::", 7072), family=socket.AF_INET6))
kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
kept[-1].bind(("10.50.0.1", 7071))
time.sleep(1000)
' >/dev/null 2>&1 &
until grep -q ':1B9F ' /proc/net/udp; do sleep 0.1; done
"""
# Made with the module before the cases.
OTHERS: tuple[dict[str, Any], ...] = (
    {
        "name": "other",
        "bridge": "natbr",
        "subnet": "10.50.0.0/24",
        "publish": [
            {"host_port": 7000, "to": "10.50.0.7"},
            {"host_port": 7001, "to": "10.50.0.7", "host_ip": "10.50.0.1"},
        ],
    },
)


def _publish(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    listed = [{"host_port": 8080, "to": "10.50.0.9", **entry} for entry in entries]
    return {"bridge": "natbr", "subnet": "10.50.0.0/24", "publish": listed, **more}


ROWS: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("no bridge", {"name": "new"}, ("bridge", "Name the bridge")),
    ("absent: neither name nor bridge", {"state": "absent"}, ("bridge", "Name the bridge")),
    ("bridge that is not there", {"bridge": "nobr"}, ("bridge", "'nobr'", "no such link", "Make")),
    ("bridge that is none", {"bridge": "va"}, ("bridge", "'va'", "no bridge", "veth", "ports of")),
    ("bridge name too long", {"bridge": "b" * 16}, ("bridge", "15 characters", "16", "shorter")),
    ("bridge that a rule reads otherwise", {"bridge": "odd+"}, ("bridge", "'odd+'", "rule")),
    ("name with a slash", {"bridge": "natbr", "name": "a/b"}, ("name", "'a/b'", "letters")),
    (
        "bridge without an address",
        {"bridge": "br1"},
        ("subnet", "br1 has addresses of 0 IPv4 networks", "which network"),
    ),
    (
        "bridge in two networks",
        {"bridge": "twobr"},
        ("subnet", "twobr has addresses of 2 IPv4 networks", "which network"),
    ),
    ("subnet without length", _publish(subnet="10.50.0.0"), ("subnet", "prefix length", "/24")),
    ("subnet that is none", _publish(subnet="10.50.0/24"), ("subnet", "10.50.0/24", "Write it")),
    ("subnet of everything", _publish(subnet="0.0.0.0/0"), ("subnet", "no network", "Write it")),
    (
        "subnet of another bridge",
        {"bridge": "natbr", "subnet": "10.0.0.0/24"},
        ("subnet", "10.0.0.0/24", "natbr has no address in it", "address of the network"),
    ),
    (
        "networks left out of nothing",
        {"bridge": "natbr", "masquerade_except": ["172.20.0.0/16"]},
        (
            "masquerade_except",
            "172.20.0.0/16",
            "no meaning without masquerade",
            "masquerade to true",
        ),
    ),
    (
        "networks without a length",
        {"bridge": "natbr", "masquerade": True, "masquerade_except": ["10.1.0.0/16", "10.2.0.0"]},
        ("masquerade_except[1]", "10.2.0.0", "has no prefix length", "192.168.2.0/24"),
    ),
    (
        "networks of two families",
        {"bridge": "natbr", "masquerade": True, "masquerade_except": ["10.1.0.0/16", "fd00::/64"]},
        ("masquerade_except", "fd00::/64", "IPv4 and IPv6 networks", "own IP version"),
    ),
    (
        "networks of the other family",
        {"bridge": "natbr", "subnet": "10.50.0.0/24", "masquerade": True}
        | {"masquerade_except": ["fd00::/64"]},
        ("masquerade_except", "fd00::/64", "IPv6, but the bridge's network", "same IP version"),
    ),
    (
        "nothing to do",
        {"bridge": "natbr", "forward": False},
        ("forward", "nothing is left to do", "state=absent"),
    ),
    ("target outside", _publish({"to": "10.51.0.9"}), ("publish[0].to", "outside", "10.50.0.0/24")),
    (
        "target outside the bridge's own network",
        {"bridge": "br0", "publish": [{"host_port": 1, "to": "10.50.0.9"}]},
        ("publish[0].to", "'10.50.0.9'", "outside the network 10.0.0.0/24"),
    ),
    ("target is the network", _publish({"to": "10.50.0.0"}), ("publish[0].to", "broadcast")),
    ("target is everybody", _publish({"to": "10.50.0.255"}), ("publish[0].to", "broadcast")),
    ("target is the bridge", _publish({"to": "10.50.0.1"}), ("publish[0].to", "natbr itself")),
    ("target is a name", _publish({"to": "web"}), ("publish[0].to", "'web'", "no address")),
    ("target left out", _publish({"to": None}), ("to", "publish")),
    ("port zero", _publish({"host_port": 0}), ("publish[0].host_port", "outside 1 to 65535")),
    ("port too large", _publish({"host_port": 65536}), ("publish[0].host_port", "65536", "1 to")),
    ("port a word", _publish({"host_port": "http"}), ("host_port", "http", "int")),
    ("target port zero", _publish({"to_port": 0}), ("publish[0].to_port", "outside 1 to 65535")),
    ("neither tcp nor udp", _publish({"protocol": "sctp"}), ("protocol", "tcp, udp", "sctp")),
    (
        "published twice",
        _publish({}, {"to": "10.50.0.8"}),
        ("publish[1].host_port", "published twice", "publish[0]", "another port"),
    ),
    (
        "published twice, once on one address",
        _publish({"host_ip": "10.50.0.1"}, {"to": "10.50.0.8"}),
        ("publish[1].host_port", "published twice", "host_ip"),
    ),
    (
        "published twice at 127.0.0.1",
        _publish(
            {"host_ip": "10.50.0.1", "loopback": True}, {"host_ip": "10.0.0.1", "loopback": True}
        ),
        ("publish[1].host_port", "published twice"),
    ),
    (
        "published by another name",
        _publish({"host_port": 7000}),
        ("publish[0].host_port", "nat other publishes tcp port 7000", "all addresses", "remove"),
    ),
    (
        "published by another name on one address",
        _publish({"host_port": 7001}),
        ("publish[0].host_port", "nat other publishes tcp port 7001", "on 10.50.0.1"),
    ),
    (
        "port that a program listens on",
        _publish({"host_port": 7070}),
        ("publish[0].host_port", "listens on tcp 0.0.0.0:7070", "another port", "ss -Hlntp"),
    ),
    (
        "port that a program waits on, UDP",
        _publish({"host_port": 7071, "protocol": "udp"}),
        ("publish[0].host_port", "listens on udp 10.50.0.1:7071", "ss -Hlnup"),
    ),
    (
        "port that a program of both families listens on",
        _publish({"host_port": 7072, "host_ip": "10.50.0.1"}),
        ("publish[0].host_port", "listens on tcp [::]:7072"),
    ),
    (
        "port that a program listens on at 127.0.0.1",
        _publish({"host_port": 7073, "loopback": True}),
        ("publish[0].host_port", "listens on tcp 127.0.0.1:7073"),
    ),
    (
        "an address that the host has not",
        _publish({"host_ip": "10.99.0.1"}),
        ("publish[0].host_ip", "'10.99.0.1'", "no link of this host", "leave it out"),
    ),
    ("no address", _publish({"host_ip": "all"}), ("publish[0].host_ip", "'all'", "no address")),
    ("any address", _publish({"host_ip": "0.0.0.0"}), ("publish[0].host_ip", "Leave it out")),
    (
        "loopback without saying so",
        _publish({"host_ip": "127.0.0.1"}),
        ("publish[0].host_ip", "'127.0.0.1'", "only the host itself", "Set loopback to true"),
    ),
    (
        "another family",
        _publish({"host_ip": "fd00:50::1"}),
        ("publish[0].host_ip", "IPv6", "target 10.50.0.9 is IPv4", "one family"),
    ),
    (
        "::1 asked for",
        _publish({"to": "fd00:50::9", "loopback": True}, subnet="fd00:50::/64"),
        ("publish[0].loopback", "::1", "IPv4"),
    ),
    (
        "::1 given",
        _publish({"to": "fd00:50::9", "host_ip": "::1"}, subnet="fd00:50::/64"),
        ("publish[0].loopback", "::1", "IPv4"),
    ),
    ("less than no time", _publish({}, lock_timeout=-1), ("lock_timeout", "-1", "0 or more")),
    ("unknown option", {"bridge": "natbr", "colour": "red"}, ("Unsupported parameters", "colour")),
)
CASES = (
    *(Bad("nat", *row) for row in ROWS),
    Bad("nat", "not root", _publish({}), ("root", "become"), user=65534),
)
