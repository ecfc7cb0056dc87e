# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Networks as module topology_info returns them."""

from __future__ import annotations

from typing import Any


def link(name: str, kind: str = "veth", *addresses: str, **more: Any) -> dict[str, Any]:
    """A link that is up; ``peer`` and ``lower`` are (namespace, name)."""
    for end in ("peer", "lower"):
        if end in more:
            more[end] = dict(zip(("netns", "name"), more[end]))
    return {
        "name": name,
        "index": 1,
        "kind": kind,
        "mac": "02:00:00:00:00:01",
        "mtu": 1500,
        "up": True,
        "carrier": True,
        "master": None,
        "ports": [],
        "alias": "",
        "owner": None,
        "addresses": list(addresses),
        "peer": None,
        "lower": None,
        "options": {},
        "fdb": [],
        **more,
    }


def route(dst: str, via: str | None = None, dev: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "dst": dst,
        "via": via,
        "dev": dev,
        "metric": 0,
        "table": 254,
        "type": "unicast",
        "scope": "global",
        "src": None,
        "protocol": 67,
        "owner": None,
        **more,
    }


def space(netns: str, *links: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A namespace: the host's own (''), a container's (container:NAME), or one with a name."""
    container = netns.partition("container:")[2]
    kind = "container" if container else "named" if netns else "host"
    loopback = link("lo", "loopback", "127.0.0.1/8", mtu=65536)
    return {
        "netns": netns,
        "kind": kind,
        "names": [netns] if kind == "named" else [],
        "inode": 1,
        "containers": [container] if container else [],
        "pid": None,
        "process": None,
        "owner": None,
        "sysctls": {"net.ipv4.ip_forward": "0" if netns else "1"},
        "links": [loopback, *links],
        "routes": [],
        **more,
    }


def host(name: str, *spaces: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"host": name, "address": "", "namespaces": list(spaces), "docker": None, **more}


def rooms(count: int, name: str = "node1") -> dict[str, Any]:
    """A bridge with so many namespaces on it, as filter bridge_topology writes them."""
    numbers = range(1, count + 1)
    ports = [
        link(f"ns{n}veth1", peer=(f"ns{n}", f"ns{n}veth0"), master="mybridge") for n in numbers
    ]
    own = space("", link("mybridge", "bridge", "192.168.0.1/16"), *ports)
    others = [
        space(
            f"ns{n}",
            link(
                f"ns{n}veth0",
                "veth",
                f"192.168.{(n + 1) // 256}.{(n + 1) % 256}/16",
                peer=("", f"ns{n}veth1"),
            ),
            routes=[route("0.0.0.0/0", "192.168.0.1", f"ns{n}veth0")],
        )
        for n in numbers
    ]
    return host(name, own, *others)


def overlay_host(number: int, others: int = 2) -> dict[str, Any]:
    """One of several hosts as flannel and Docker leave them, with one container."""
    own = space(
        "",
        link("eth0", "physical", f"192.168.100.{number}/24"),
        link(
            "flannel.1",
            "vxlan",
            f"172.20.{number}.0/32",
            mtu=1450,
            options={"vni": 1, "dstport": 8472},
            lower=("", "eth0"),
        ),
        link("docker0", "bridge", f"172.20.{number}.1/24", mtu=1450),
        link("vethweb", peer=("container:web", "eth0"), master="docker0", mtu=1450),
        routes=[
            route("0.0.0.0/0", "192.168.100.254", "eth0"),
            *(
                route(f"172.20.{other}.0/24", f"172.20.{other}.0", "flannel.1")
                for other in range(1, others + 1)
                if other != number
            ),
        ],
    )
    web = space(
        "container:web",
        link("eth0", "veth", f"172.20.{number}.2/24", peer=("", "vethweb"), mtu=1450),
        routes=[route("0.0.0.0/0", f"172.20.{number}.1", "eth0")],
    )
    return host(f"node{number}", own, web, address=f"192.168.100.{number}")
