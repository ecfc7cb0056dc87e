# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which part of the containers' network is whose, from the inventory and what the hosts noted."""

from __future__ import annotations

DOCUMENTATION = r"""
name: common_subnets
short_description: The subnet that each host of a group has for its containers
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - For ways of joining hosts that have nobody to give out subnets, such as C(direct_routes).
  - Each host has what the inventory says (C(container_net_subnet)), else what it noted of itself
    when it was joined (C(/etc/ansible/facts.d/container_net.fact)), else what C(docker0) has, else
    the lowest that is free, in the order of the hosts' names.
  - So hosts that come or go move nobody, and what flannel gave to a host stays with it in another
    way of joining. Only a host that lost its note and its C(docker0) can get another subnet than
    before, where the group changed meanwhile.
  - What C(docker0) has counts where it could have been given out, as one of the parts of the
    network, and nobody else was promised it.
  - The first subnet is not given out, because its address is the network's own, as with flannel.
positional: _input, hostvars, network, length, addresses
options:
  _input:
    description: Names of all hosts of the group.
    type: list
    elements: str
    required: true
  hostvars:
    description:
      - Variables of the hosts, as in C(hostvars). Used are C(container_net_subnet),
        C(ansible_facts.ansible_local) and C(ansible_facts.docker0).
    type: dict
    required: true
  network:
    description: The network that is divided, such as V(172.20.0.0/16).
    type: str
    required: true
  length:
    description: Prefix length of each host's subnet.
    type: int
    default: 24
  addresses:
    description:
      - What filter P(netfabric.container_net.common_network#filter) returned. A subnet that holds
        the address of a host is refused, and the whole network where all subnets are parts of it.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show whose containers are where
  ansible.builtin.debug:
    msg: >-
      {{ groups['container_net']
         | netfabric.container_net.common_subnets(hostvars, '172.20.0.0/16') }}
# node1: {subnet: 172.20.1.0/24, bip: 172.20.1.1/24}
# node2: {subnet: 172.20.2.0/24, bip: 172.20.2.1/24}
"""

RETURN = r"""
_value:
  description:
    - For each host the keys C(subnet) and C(bip), the subnet's first address, for the containers'
      bridge.
  type: dict
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

Network = ipaddress.IPv4Network


def parsed(where: str, text: Any, example: str) -> Network:
    """An IPv4 network that is written as one."""
    try:
        return Network(str(text))
    except ValueError as error:
        raise AnsibleFilterError(
            f"{where}: {text}: this is not an IPv4 network ({error}). Write it like {example}."
        ) from error


def given(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, Network]:
    """What the inventory says, as far as it does."""
    found: dict[str, Network] = {}
    for name in names:
        text = hostvars[name].get("container_net_subnet") or ""
        if not text:
            continue
        subnet = parsed(f"{name}: container_net_subnet", text, "172.20.24.0/24")
        if subnet.prefixlen > 30:
            raise AnsibleFilterError(
                f"{name}: container_net_subnet: {text}: there is no room for containers in it."
                " Give a subnet with a prefix length of at most 30."
            )
        for other, taken in found.items():
            if subnet.overlaps(taken):
                raise AnsibleFilterError(
                    f"container_net_subnet: {subnet} of {name} and {taken} of {other} overlap."
                    " Give each host a subnet of its own."
                )
        found[name] = subnet
    return found


def part_of(network: Network, length: int, subnet: Network) -> Network | None:
    """The subnet, where it is one of the network's parts."""
    return subnet if subnet.prefixlen == length and subnet.subnet_of(network) else None


def noted(name: str, variables: Mapping[str, Any], network: Network, length: int) -> Network | None:
    """What the host has since it was joined, where that is still a part of the network."""
    facts = variables.get("ansible_facts")
    if not facts:
        raise AnsibleFilterError(
            f"{name}: there are no facts about it, so it is not known which subnet it has. Make the"
            " host reachable, or set container_net_subnet for it in the inventory."
        )
    fact = (facts.get("ansible_local") or {}).get("container_net") or {}
    try:
        subnet = Network(fact.get("subnet") or "")
    except (AttributeError, ValueError):
        return None
    return part_of(network, length, subnet)


def bridged(
    name: str, variables: Mapping[str, Any], network: Network, length: int
) -> Network | None:
    """What the host's docker0 has, where that could have been given out: flannel leaves no note."""
    fact = ((variables.get("ansible_facts") or {}).get("docker0") or {}).get("ipv4") or {}
    try:
        own = ipaddress.IPv4Interface(f"{fact['address']}/{fact.get('prefix') or fact['netmask']}")
    except (KeyError, ValueError):
        return None
    subnet = own.network
    if own.ip != subnet.network_address + 1 or subnet.network_address == network.network_address:
        return None
    return part_of(network, length, subnet)


def divide(network: Network, length: int) -> list[Network]:
    """What can be given out, lowest first."""
    if network.prefixlen > 28:
        raise AnsibleFilterError(
            f"container_net_network: {network}: is too small to be divided. Choose a larger one."
        )
    if not network.prefixlen < length <= 30:
        raise AnsibleFilterError(
            f"container_net_subnet_len: {length}: {network} cannot be divided into subnets of this"
            f" prefix length. Give a number from {network.prefixlen + 1} to 30."
        )
    return list(network.subnets(new_prefix=length))[1:]


def refuse_hosts_inside(
    subnets: Mapping[str, Network], whole: Network, addresses: Mapping[str, Mapping[str, str]]
) -> None:
    """A subnet in which a host lies would take that host away from the others.

    So would the whole network, where it is the containers': what goes to it keeps its source, or is
    looked for on the containers' own link.
    """
    taken = {f"{subnet}, the subnet of {name},": subnet for name, subnet in subnets.items()}
    if all(subnet.subnet_of(whole) for subnet in subnets.values()):
        taken[f"{whole}"] = whole
    for host, entry in addresses.items():
        for text in dict.fromkeys([entry["ip"], entry.get("local") or entry["ip"]]):
            for what, network in taken.items():
                if ipaddress.IPv4Address(text) in network:
                    raise AnsibleFilterError(
                        f"container_net_network: {what} holds the address {text} of {host}. Choose"
                        " a network that the hosts themselves do not use."
                    )


def common_subnets(
    names: list[str],
    hostvars: Mapping[str, Any],
    network: str,
    length: int = 24,
    addresses: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, dict[str, str]]:
    """Choose for each host; see DOCUMENTATION."""
    names = [str(name) for name in names]
    whole = parsed("container_net_network", network, "172.20.0.0/16")
    chosen = given(names, hostvars)
    rest = sorted(name for name in names if name not in chosen)
    # Every note goes before every docker0: that of a host that is new may be left from anything.
    for has in (noted, bridged):
        for name in [name for name in rest if name not in chosen]:
            subnet = has(name, hostvars[name], whole, int(length))
            if subnet is not None and not any(subnet.overlaps(taken) for taken in chosen.values()):
                chosen[name] = subnet
    rest = [name for name in rest if name not in chosen]
    free = [
        subnet
        for subnet in (divide(whole, int(length)) if rest else [])
        if not any(subnet.overlaps(taken) for taken in chosen.values())
    ]
    if len(free) < len(rest):
        raise AnsibleFilterError(
            f"container_net_network: {whole}: there are subnets for {len(free)} of the"
            f" {len(rest)} hosts that have none yet ({', '.join(rest)}). Choose a larger network,"
            " or a greater container_net_subnet_len."
        )
    chosen.update(zip(rest, free))
    refuse_hosts_inside(chosen, whole, addresses or {})
    return {
        name: {"subnet": str(subnet), "bip": f"{subnet.network_address + 1}/{subnet.prefixlen}"}
        for name, subnet in ((name, chosen[name]) for name in names)
    }


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"common_subnets": common_subnets}
