# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wanted Docker networks against what is around them: routes, links, other networks. Pure.

``host`` is what role docker_networks' files/docker_networks_state.py says.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._networks import Network, overlaps
from .networks import DockerNetwork, Subnet

#: What Docker cuts networks from that are given no subnet, where daemon.json says nothing else.
DEFAULT_POOLS = (
    "172.17.0.0/16",
    "172.18.0.0/16",
    "172.19.0.0/16",
    "172.20.0.0/14",
    "172.24.0.0/14",
    "172.28.0.0/14",
    "192.168.0.0/16",
)
#: The first Docker whose macvlan networks may share a link.
_SHARED_SINCE = 28
_BRIDGE_NAME = "com.docker.network.bridge.name"


def bridge_of(network: Mapping[str, Any]) -> str:
    """The link of a bridge network that is there."""
    named = (network.get("options") or {}).get(_BRIDGE_NAME)
    return str(named or "br-" + network["id"][:12])


def overlap(one: str | Network, other: str | Network) -> bool:
    """Whether two networks, or their texts, share an address."""
    return overlaps(ipaddress.ip_network(str(one)), ipaddress.ip_network(str(other)))


def check_each_other(networks: Sequence[DockerNetwork], host: Mapping[str, Any]) -> None:
    """Names, bridges and subnets of the wanted networks among themselves."""
    for number, network in enumerate(networks):
        for other in networks[:number]:
            if other.name == network.name:
                raise OptionError(
                    f"{network.option}.name", network.name, "two networks have it", "Rename one"
                )
            if network.bridge_name and network.bridge_name == other.bridge_name:
                raise OptionError(
                    f"{network.option}.bridge_name",
                    network.bridge_name,
                    f"network {other.name} has it, too",
                    "Choose another",
                )
            for subnet in network.subnets:
                for theirs in other.subnets:
                    if overlap(subnet.network, theirs.network):
                        raise OptionError(
                            f"{network.option}.subnet",
                            str(subnet.network),
                            f"overlaps {theirs.network} of network {other.name}",
                            "Choose another",
                        )
            _share_a_parent(network, host, other.name, other.driver, other.mode, other.parent)


def _share_a_parent(
    network: DockerNetwork, host: Mapping[str, Any], name: str, driver: str, mode: str, parent: str
) -> None:
    if not network.parent or network.parent != parent:
        return
    both_macvlan = driver == network.driver == "macvlan"
    if both_macvlan and host["docker"] >= _SHARED_SINCE and "passthru" not in (mode, network.mode):
        return
    raise OptionError(
        f"{network.option}.parent",
        parent,
        f"network {name} ({driver}, {mode}) uses it already, and this Docker gives a link to one",
        f"Give the first network a second subnet, or name a VLAN of it such as {parent}.30,"
        " which Docker makes",
    )


def check_around(network: DockerNetwork, host: Mapping[str, Any], going: Collection[str]) -> None:
    """One wanted network on this host. ``going``: networks that this run removes first."""
    others = [
        other
        for other in host["networks"]
        if other["name"] != network.name and other["name"] not in going
    ]
    own = [
        bridge_of(there)
        for there in host["networks"]
        if there["driver"] == "bridge" and (there["name"] == network.name or there["name"] in going)
    ]
    _check_links(network, host, others, own)
    for subnet in network.subnets:
        for place, value in taken(network, subnet, host, others, own):
            raise OptionError(
                f"{network.option}.subnet",
                str(subnet.network),
                f"overlaps {value}, {place}",
                "Choose a network that nothing else uses",
            )
    if not network.subnets and network.driver == "bridge":
        _check_pools(network, host)


def taken(
    network: DockerNetwork,
    subnet: Subnet,
    host: Mapping[str, Any],
    others: Sequence[Mapping[str, Any]],
    own: Collection[str],
) -> Iterator[tuple[str, str]]:
    """What on the host overlaps the subnet: what it is, and its addresses."""
    for other in others:
        for theirs in other["subnets"]:
            if overlap(subnet.network, theirs):
                yield f"the subnet of Docker's network {other['name']}", theirs
    for theirs in host["flannel"]:
        if overlap(subnet.network, theirs):
            yield "flannel's network", theirs
    for route in host["routes"]:
        # A container that is on the parent's own segment has its addresses.
        expected = network.on_the_segment and route["dev"] == network.parent
        if route["dev"] in own or expected:
            continue
        if overlap(subnet.network, route["dst"]):
            way = f" through {route['dev']}" if route["dev"] else f" ({route['type']})"
            yield f"a route of the host{way}", route["dst"]


def _check_pools(network: DockerNetwork, host: Mapping[str, Any]) -> None:
    pools = [pool["base"] for pool in host["pools"]] or DEFAULT_POOLS
    for theirs in host["flannel"]:
        for pool in pools:
            if overlap(pool, theirs):
                raise OptionError(
                    f"{network.option}.subnet",
                    None,
                    f"Docker would choose one of {pool}, which overlaps flannel's network {theirs}",
                    "Give the network a subnet, or Docker other default-address-pools",
                )


def _check_links(
    network: DockerNetwork,
    host: Mapping[str, Any],
    others: Sequence[Mapping[str, Any]],
    own: Collection[str],
) -> None:
    links = {link["name"]: link for link in host["links"]}
    if network.bridge_name in links and network.bridge_name not in own:
        raise OptionError(
            f"{network.option}.bridge_name",
            network.bridge_name,
            "a link of that name is there already",
            "Choose another",
        )
    if not network.parent:
        return
    option = f"{network.option}.parent"
    for other in others:
        _share_a_parent(
            network,
            host,
            other["name"],
            other["driver"],
            (other.get("options") or {}).get(f"{other['driver']}_mode", "-"),
            (other.get("options") or {}).get("parent", ""),
        )
    name = network.parent
    base, dot, number = name.rpartition(".")
    if name not in links and dot and number.isdigit() and base in links:
        # Docker makes the VLAN's link itself.
        if not 1 <= int(number) <= 4094:
            raise OptionError(option, name, f"{number} is no VLAN", "Use 1 to 4094")
        name = base
    link = links.get(name)
    if link is None:
        names = sorted(key for key, value in links.items() if key != "lo" and not value["master"])
        raise OptionError(
            option, name, "the host has no such link", "It has " + (", ".join(names) or "none")
        )
    if not link["up"]:
        raise OptionError(option, name, "the link is down", f"Run: ip link set {name} up")
    if link["master"]:
        raise OptionError(
            option,
            name,
            f"is a port of {link['master']}",
            f"Use {link['master']}, or another link",
        )
    if name != network.parent:
        return
    for user in host["links"]:
        kind = user["kind"]
        if user["parent"] == name and kind in ("macvlan", "ipvlan") and kind != network.driver:
            raise OptionError(
                option,
                name,
                f"{kind} {user['name']} uses it, and a link carries one of macvlan and ipvlan",
                f"Use driver {kind}, or another link",
            )
