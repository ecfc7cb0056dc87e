# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a host cannot have the networks of a swarm."""

from __future__ import annotations

DOCUMENTATION = r"""
name: swarm_overlay_problems
short_description: Why a host cannot have the networks of a swarm, as sentences
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Compares the overlay network and the address pool of a swarm with each other, with the hosts'
    own addresses, and with what a host has.
  - A network of that name without the role's label is somebody else's.
  - Made for role C(netfabric.container_net.swarm_overlay).
positional: addresses
options:
  _input:
    description:
      - The role's options C(swarm_overlay_name), C(swarm_overlay_subnet), C(swarm_overlay_pool) and
        C(swarm_overlay_pool_len), without that prefix; C(label), which marks the role's network.
    type: dict
    required: true
  addresses:
    description: The hosts' own addresses, by their names.
    type: dict
    required: true
  host:
    description: What the role found out about the host. Left out, it is not looked at.
    type: dict
  alone:
    description: Whether no other way joins the host, whose routes and networks are still to go.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Show what does not go together
  ansible.builtin.debug:
    msg: "{{ wanted | netfabric.container_net.swarm_overlay_problems(addresses) }}"
  vars:
    addresses: {node1: 192.168.100.12}
    wanted: {name: net, label: made, subnet: 172.20.0.0/16, pool: 10.127.0.0/16, pool_len: 24}
"""

RETURN = r"""
_value:
  description: Sentences, each with what to do about it; empty when everything goes together.
  type: list
  elements: str
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.around import (
    overlap,
    taken,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._docker.networks import (
    DockerNetwork,
    Subnet,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError

INGRESS = "ingress"


def parsed(option: str, value: Any) -> ipaddress.IPv4Network:
    """An IPv4 network with room for containers."""
    try:
        network = ipaddress.IPv4Network(str(value))
    except ValueError as error:
        raise OptionError(
            option, value, f"is not an IPv4 network ({error})", "Correct it"
        ) from None
    if network.prefixlen > 29:
        raise OptionError(option, value, "leaves no room for containers", "Use at most /29")
    return network


def check_each_other(wanted: Mapping[str, Any], addresses: Mapping[str, str]) -> None:
    """The options by themselves, and the hosts' own addresses."""
    subnet = parsed("swarm_overlay_subnet", wanted["subnet"])
    pool = parsed("swarm_overlay_pool", wanted["pool"])
    length = int(wanted["pool_len"])
    if not pool.prefixlen <= length <= 29:
        raise OptionError(
            "swarm_overlay_pool_len",
            length,
            f"{pool} cannot be divided into networks of this prefix length",
            f"Give a number from {pool.prefixlen} to 29",
        )
    if overlap(subnet, pool):
        raise OptionError("swarm_overlay_pool", str(pool), f"overlaps {subnet}", "Choose another")
    for option, network in (("swarm_overlay_subnet", subnet), ("swarm_overlay_pool", pool)):
        for host, address in addresses.items():
            if ipaddress.ip_address(address) in network:
                raise OptionError(
                    option,
                    str(network),
                    f"holds {address}, the address of {host}",
                    "Choose a network that the hosts themselves do not use",
                )


def check_name(wanted: Mapping[str, Any], host: Mapping[str, Any]) -> None:
    """To make the network means to remove one of its name with other settings."""
    for network in host["networks"]:
        if network["name"] == wanted["name"] and wanted["label"] not in network["labels"]:
            raise OptionError(
                "swarm_overlay_name",
                wanted["name"],
                "is the name of a network of Docker's that this role did not make",
                "Set it to another name, or remove that network",
            )


def check_host(wanted: Mapping[str, Any], host: Mapping[str, Any]) -> None:
    """What is made on a host against what it has. The pool is used when the swarm is made."""
    made = [("swarm_overlay_subnet", wanted["name"], wanted["subnet"])]
    if host["swarm"]["state"] == "inactive":
        made.append(("swarm_overlay_pool", INGRESS, wanted["pool"]))
    for option, name, text in made:
        subnet = Subnet(ipaddress.ip_network(text), None, None)
        network = DockerNetwork(option, name, "overlay", (subnet,), "", "", False, "", {})
        others = [other for other in host["networks"] if other["name"] not in (name, INGRESS)]
        for place, value in taken(network, subnet, host, others, []):
            raise OptionError(
                option,
                text,
                f"overlaps {value}, {place}",
                "Choose a network that nothing else uses",
            )


def swarm_overlay_problems(
    wanted: Mapping[str, Any],
    addresses: Mapping[str, str],
    host: Mapping[str, Any] | None = None,
    alone: bool = True,
) -> list[str]:
    """Compare; see DOCUMENTATION."""
    try:
        check_each_other(wanted, addresses)
        if host is not None:
            check_name(wanted, host)
            if alone:
                check_host(wanted, host)
    except OptionError as error:
        return [str(error)]
    return []


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"swarm_overlay_problems": swarm_overlay_problems}
