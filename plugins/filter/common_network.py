# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The address by which each host is known to the others, from the facts of all of them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: common_network
short_description: The address by which each host of a group is known to the others
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Finds the network in which every host of the group has an address of its own, and returns each
    host's address and interface there.
  - Interfaces that container tools make (docker0, flannel.1, veth pairs and the like) are never
    chosen.
  - Of several such networks the one with most hosts' default routes is taken, then the lowest.
  - Where no network is common to all, every host's default address is taken when they all differ
    (hosts joined by routers).
  - An address that two hosts have, such as 10.0.2.15 of QEMU's user network, is never chosen, and
    refused when there is nothing else.
positional: _input, hostvars
options:
  _input:
    description: Names of all hosts of the group.
    type: list
    elements: str
    required: true
  hostvars:
    description:
      - Variables of the hosts, as in C(hostvars). Used are C(ansible_facts) (subset network),
        C(container_net_ip) and C(container_net_iface); the latter two override what is found.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show where the hosts meet
  ansible.builtin.debug:
    msg: "{{ groups['container_net'] | netfabric.container_net.common_network(hostvars) }}"
# node1: {ip: 192.168.100.12, iface: eth1, local: 192.168.100.12}
# node2: {ip: 203.0.113.13, iface: eth1, local: 192.168.100.13}
"""

RETURN = r"""
_value:
  description:
    - For each host the keys C(ip), C(iface) and C(local).
    - C(iface) is empty when the address was given and there are no facts.
    - C(local) is the address that the host itself sends from, C(iface)'s own where no interface has
      C(ip), because that is translated on its way; empty where C(iface) has none.
  type: dict
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.errors import AnsibleFilterError

# Made by container tools, or never leading to another host.
NOT_BETWEEN_HOSTS = re.compile(
    r"^(lo$|docker|flannel|veth|br-|cni|cbr|virbr|lxcbr|lxdbr|podman|tunl|ovs-)"
)


class Address(NamedTuple):
    """An IPv4 address on one of a host's interfaces."""

    iface: str
    ip: str
    network: ipaddress.IPv4Network | None


class Host(NamedTuple):
    """What is known about one host."""

    name: str
    addresses: list[Address]  # those that may be chosen
    default_iface: str
    chosen: bool  # the inventory names the address: there is nothing to choose


def addresses_in(facts: Mapping[str, Any]) -> list[Address]:
    """All IPv4 addresses in a host's facts, in the order of the interfaces' names."""
    found = []
    for name in sorted(facts.get("interfaces") or []):
        fact = facts.get(name.replace("-", "_").replace(":", "_")) or {}
        for entry in [fact.get("ipv4") or {}, *(fact.get("ipv4_secondaries") or [])]:
            if entry.get("address") and entry.get("prefix"):
                network = ipaddress.ip_network(
                    f"{entry['address']}/{entry['prefix']}", strict=False
                )
                found.append(Address(fact.get("device", name), entry["address"], network))
    return found


def read_host(name: str, variables: Mapping[str, Any]) -> Host:
    """One host's candidates, its overrides applied."""
    facts = variables.get("ansible_facts") or {}
    ip, iface = variables.get("container_net_ip") or "", variables.get("container_net_iface") or ""
    found = addresses_in(facts)
    default = (facts.get("default_ipv4") or {}).get("interface", "")
    if ip:
        return Host(
            name,
            [given_address(name, ip, iface, found, bool(facts.get("interfaces")))],
            default,
            True,
        )
    if not facts.get("interfaces"):
        raise AnsibleFilterError(
            f"{name}: there are no facts about its addresses. Make the host reachable, or set"
            " container_net_ip for it in the inventory."
        )
    if iface:
        found = [address for address in found if address.iface == iface]
        if not found:
            raise AnsibleFilterError(
                f"{name}: container_net_iface: {iface}: there is no such interface with an IPv4"
                f" address (there are {', '.join(sorted(facts['interfaces']))}). Name one of them,"
                f" or give {iface} an address."
            )
        return Host(name, found, default, False)
    found = [address for address in found if not NOT_BETWEEN_HOSTS.match(address.iface)]
    if not found:
        raise AnsibleFilterError(
            f"{name}: no interface that could lead to another host has an IPv4 address."
            " Configure one, or set container_net_ip for this host in the inventory."
        )
    return Host(name, found, default, False)


def given_address(name: str, ip: str, iface: str, found: list[Address], has_facts: bool) -> Address:
    """The address that the inventory names, checked against the facts where there are some."""
    try:
        ipaddress.IPv4Address(ip)
    except ValueError as error:
        raise AnsibleFilterError(
            f"{name}: container_net_ip: {ip}: this is not an IPv4 address. Give an address without"
            " prefix length."
        ) from error
    for address in found:
        if address.ip == ip and iface in ("", address.iface):
            return address
    if has_facts and not iface:
        raise AnsibleFilterError(
            f"{name}: container_net_ip: {ip}: no interface of the host has this address (it has"
            f" {', '.join(address.ip for address in found) or 'none'}). Correct it, or set"
            " container_net_iface too when the address is translated on its way."
        )
    return Address(iface, ip, None)


def distinct(choice: dict[str, Address]) -> bool:
    """Whether no address occurs twice."""
    return len({address.ip for address in choice.values()}) == len(choice)


def in_network(hosts: list[Host], network: ipaddress.IPv4Network) -> dict[str, Address]:
    """Each host's address in a network; hosts without one are left out."""
    choice = {}
    for host in hosts:
        for address in host.addresses:
            if address.network == network or (
                host.chosen and ipaddress.ip_address(address.ip) in network
            ):
                choice[host.name] = address
                break
    return choice


def shared_choice(hosts: list[Host]) -> dict[str, Address]:
    """The best network in which every host has an address of its own, {} when there is none."""
    free = [host for host in hosts if not host.chosen]
    fixed = {host.name: host.addresses[0] for host in hosts if host.chosen}
    networks = {
        a.network
        for host in free
        for a in host.addresses
        if a.network is not None and a.network.prefixlen < 32
    }
    defaults = Counter(
        a.network for host in free for a in host.addresses if a.iface == host.default_iface
    )
    inside = Counter(n for n in networks for a in fixed.values() if ipaddress.ip_address(a.ip) in n)
    # First a network that the inventory's own addresses point to, then the default routes', then
    # the lowest.
    for network in sorted(networks, key=lambda n: (-inside[n], -defaults[n], n)):
        choice = in_network(free, network)
        if len(choice) == len(free) and distinct({**choice, **fixed}):
            return {**choice, **fixed}
    return {}


def default_choice(hosts: list[Host]) -> dict[str, Address]:
    """Every host's address on the interface of its default route (or its only one)."""
    choice = {}
    for host in hosts:
        own = [a for a in host.addresses if host.chosen or a.iface == host.default_iface]
        if not own and len(host.addresses) == 1:
            own = host.addresses
        if own:
            choice[host.name] = own[0]
    return choice


def complain(hosts: list[Host], choice: dict[str, Address]) -> str:
    """Why there is no choice, with hosts and values."""
    by_address: dict[str, list[str]] = {}
    for name, address in choice.items():
        by_address.setdefault(address.ip, []).append(name)
    twice = [f"{ip} on {' and '.join(names)}" for ip, names in by_address.items() if len(names) > 1]
    if twice:
        problem = f"{', '.join(twice)}: two hosts must not have the same address"
    else:
        known = "; ".join(
            f"{host.name}: {', '.join(a.ip for a in host.addresses)}" for host in hosts
        )
        problem = f"there is no network in which every host has an address of its own ({known})"
    return (
        f"container_net_ip: {problem}. Give the hosts a network in common, or set container_net_ip"
        " for each host in the inventory to the address by which the others reach it."
    )


def local_end(address: Address, found: list[Address]) -> str:
    """What the host itself sends from: a translated address is on none of its interfaces."""
    if not found or any(own.ip == address.ip for own in found):
        return address.ip
    return next((own.ip for own in found if own.iface == address.iface), "")


def common_network(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Choose for each host; see DOCUMENTATION."""
    hosts = [read_host(str(name), hostvars[name]) for name in names]
    choice = shared_choice(hosts) if any(not host.chosen for host in hosts) else {}
    if not choice:
        choice = default_choice(hosts)
        if len(choice) < len(hosts) or not distinct(choice):
            raise AnsibleFilterError(complain(hosts, choice))
    return {
        name: {
            "ip": choice[name].ip,
            "iface": choice[name].iface,
            "local": local_end(
                choice[name], addresses_in(hostvars[name].get("ansible_facts") or {})
            ),
        }
        for name in (host.name for host in hosts)
    }


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"common_network": common_network}
