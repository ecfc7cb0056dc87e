# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Networks that tests share, as parameters of module topology."""

from __future__ import annotations

from typing import Any

Params = dict[str, Any]


def link(name: str, **options: Any) -> Params:
    return {"name": name, "admin_state": "up", **options}


def pair() -> Params:
    """S2: two namespaces, one veth between them."""
    return {
        "name": "pair",
        "namespaces": [{"name": "test1", "loopback": "up"}, {"name": "test2", "loopback": "up"}],
        "veths": [
            link(
                "veth-test1",
                netns="test1",
                addresses=["192.168.1.1/24", "fd00:1::1/64"],
                peer=link(
                    "veth-test2", netns="test2", addresses=["192.168.1.2/24", "fd00:1::2/64"]
                ),
            )
        ],
    }


def two_rooms() -> Params:
    """S3: two namespaces on a bridge of the host."""
    return {
        "name": "two_rooms",
        "namespaces": [
            {"name": "ns1", "loopback": "up"},
            {"name": "ns2", "loopback": "up", "sysctls": {"net.ipv4.ip_forward": "1"}},
        ],
        "bridges": [link("mybridge", addresses=["192.168.2.1/24"], stp=False, ageing_time=200)],
        "veths": [room(1), room(2)],
    }


def room(number: int) -> Params:
    return link(
        f"ns{number}veth0",
        netns=f"ns{number}",
        addresses=[f"192.168.2.{9 + number}/24", f"fd00:2::{9 + number}/64"],
        mtu=1400,
        routes=[
            {"dst": "default", "via": "192.168.2.1"},
            {"dst": "default", "via": "fd00:2::1"},
            {"dst": "10.9.0.0/16", "via": "192.168.2.1", "metric": 50},
        ],
        peer=link(f"ns{number}veth1", master="mybridge"),
    )
