# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Union

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: bridge_topology
short_description: Write a topology of one bridge and many namespaces
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Turns a bridge's name, a network and a number into what module
    M(netfabric.container_net.topology) takes, a bridge with the network's first address, and that
    many namespaces, each joined to the bridge by a pair of links.
  - Namespace V(ns1) has link V(ns1veth0) inside, and V(ns1veth1) is its end on the bridge.
  - Refuses what cannot be built, more namespaces than the network has addresses or a bridge has
    ports.
positional: _input, subnet, count
options:
  _input:
    description: Name of the bridge, 15 characters at most.
    type: str
    required: true
  subnet:
    description: Network of the bridge and the namespaces, IPv4 or IPv6.
    type: str
    required: true
  count:
    description: How many namespaces, from V(1) to V(1023), the ports that a bridge takes.
    type: int
    required: true
  prefix:
    description: What the names of the namespaces and links begin with. A number follows.
    type: str
    default: ns
  first:
    description: The first namespace's number.
    type: int
    default: 1
  first_address:
    description: Which address of O(subnet) the first namespace has. The bridge has number V(1).
    type: int
    default: 2
  default_route:
    description: Whether each namespace has a default route through the bridge.
    type: bool
    default: true
  mtu:
    description: MTU of the bridge and all links, in bytes. Left out, it is the kernel's default.
    type: int
notes:
  - All namespaces of a host share one neighbour table, which by default holds 1,024 entries
    (C(net.ipv4.neigh.default.gc_thresh3) on the host). Raise it where more than some 500
    namespaces talk to each other.
  - A host takes more namespaces than a bridge has ports with several bridges, each a call of this
    filter with another O(subnet) and O(first).
seealso:
  - module: netfabric.container_net.topology
"""

EXAMPLES = r"""
- name: A bridge with a thousand namespaces
  netfabric.container_net.topology:
    name: crowd
    namespaces: "{{ crowd.namespaces }}"
    bridges: "{{ crowd.bridges }}"
    veths: "{{ crowd.veths }}"
  vars:
    crowd: "{{ 'mybridge' | netfabric.container_net.bridge_topology('192.168.0.0/16', 1000) }}"
  become: true
"""

RETURN = r"""
_value:
  description: A topology with O(ignore:name), which is the bridge's, and the three lists.
  type: dict
  contains:
    name:
      description: Name for the topology.
      type: str
      sample: mybridge
    namespaces:
      description: The namespaces.
      type: list
      elements: dict
      sample: [{name: ns1}]
    bridges:
      description: The bridge.
      type: list
      elements: dict
      sample: [{name: mybridge, addresses: [192.168.2.1/24]}]
    veths:
      description: The pairs, the end in the namespace first.
      type: list
      elements: dict
      sample:
        - name: ns1veth0
          netns: ns1
          addresses: [192.168.2.2/24]
          routes: [{dst: default, via: 192.168.2.1}]
          peer: {name: ns1veth1, master: mybridge}
"""

MAX_PORTS = 1023
MAX_NAME = 15

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def _fail(option: str, value: object, problem: str, remedy: str) -> AnsibleFilterError:
    return AnsibleFilterError(
        f"netfabric.container_net.bridge_topology: {option}: {value!r}: {problem}. {remedy}."
    )


def _integer(option: str, value: Any, lowest: int) -> int:
    """Variables from the command line arrive as text, so text that is a number will do."""
    try:
        if isinstance(value, (bool, float)):
            raise ValueError
        number = int(value)
    except (TypeError, ValueError):
        raise _fail(option, value, "it is not a whole number", "Write it in digits") from None
    if number < lowest:
        raise _fail(option, value, "it is too small", f"Use {lowest} or more")
    return number


def _network(subnet: Any) -> Network:
    try:
        network = ipaddress.ip_network(str(subnet))
    except ValueError as exc:
        raise _fail(
            "subnet", subnet, f"it is not a network ({exc})", "Write it like 192.168.2.0/24"
        ) from None
    if "/" not in str(subnet):
        raise _fail("subnet", subnet, "it has no prefix length", "Write it like 192.168.2.0/24")
    return network


def _link_name(option: str, name: str) -> str:
    if not name or len(name) > MAX_NAME:
        raise _fail(
            option,
            name,
            f"a link's name has 1 to {MAX_NAME} characters, not {len(name)}",
            "Choose a shorter one" if name else "Give it a name",
        )
    if name in (".", "..") or any(c == "/" or c == ":" or c.isspace() for c in name):
        raise _fail(
            option,
            name,
            "a link's name holds neither '/', ':' nor white space",
            "Use letters, digits, '-', '_' and '.'",
        )
    return name


def bridge_topology(
    bridge: str,
    subnet: str,
    count: int,
    prefix: str = "ns",
    first: int = 1,
    first_address: int = 2,
    default_route: bool = True,
    mtu: int | None = None,
) -> dict[str, Any]:
    """A topology as module topology takes it; AnsibleFilterError for what cannot be built."""
    if not isinstance(bridge, str):
        raise _fail("the bridge's name", bridge, "it is not text", "Put it in quotes")
    bridge = _link_name("the bridge's name", bridge)
    network = _network(subnet)
    count = _integer("count", count, 1)
    first = _integer("first", first, 0)
    first_address = _integer("first_address", first_address, 2)
    if count > MAX_PORTS:
        raise _fail(
            "count",
            count,
            f"a bridge has {MAX_PORTS} ports",
            "Use several bridges, each with a network of its own",
        )
    # The last IPv4 address is the broadcast address; IPv6 has none.
    usable = network.num_addresses - (2 if network.version == 4 else 1)
    room = max(usable - first_address + 1, 0)
    if count > room:
        raise _fail(
            "count",
            count,
            f"from address number {first_address} on {network} has room for {room}",
            "Use a larger subnet or fewer namespaces",
        )
    last = first + count - 1
    _link_name("prefix", f"{prefix}{last}veth0")

    common = (
        {} if mtu is None else {"mtu": _integer("mtu", mtu, 68 if network.version == 4 else 1280)}
    )
    gateway = str(network[1])
    routes = [{"dst": "default", "via": gateway}] if default_route else []
    veths = []
    for position in range(count):
        name = f"{prefix}{first + position}"
        inner = {
            "name": f"{name}veth0",
            "netns": name,
            "addresses": [f"{network[first_address + position]}/{network.prefixlen}"],
            "peer": {"name": f"{name}veth1", "master": bridge, **common},
            **common,
        }
        if routes:
            inner["routes"] = [dict(route) for route in routes]
        veths.append(inner)
    return {
        "name": bridge,
        "namespaces": [{"name": veth["netns"]} for veth in veths],
        "bridges": [{"name": bridge, "addresses": [f"{gateway}/{network.prefixlen}"], **common}],
        "veths": veths,
    }


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"bridge_topology": bridge_topology}
