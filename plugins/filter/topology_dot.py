# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network of one or many hosts as a picture for Graphviz."""

from __future__ import annotations

DOCUMENTATION = r"""
name: topology_dot
short_description: Draw the network of hosts with Graphviz
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Turns what module M(netfabric.container_net.topology_info) returned, of one or many hosts, into
    the language of Graphviz. C(dot -Tsvg) makes a picture of it.
  - Namespaces and containers are boxes with their links, addresses and routes. A line joins both
    ends of a pair. Bridges are boxes with their ports. What joins the hosts, networks that they
    share and overlays, stands beside them.
  - Of more than 16 namespaces and links of a host, those that are alike become one box. What
    differs from the others, such as a link that is down, stays a box of its own.
  - Up to six hosts are one graph. More are a graph of how they are joined, and then one graph for
    each. Graphviz takes them all from one file.
options:
  _input:
    description:
      - One entry for each host, with C(host), its name, and C(namespaces) and C(docker), as
        M(netfabric.container_net.topology_info) returns them. C(address) may be there too.
    type: list
    elements: dict
    required: true
seealso:
  - module: netfabric.container_net.topology_info
  - plugin: netfabric.container_net.report_page
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at the network
  netfabric.container_net.topology_info:
  register: network
  become: true

- name: Draw it
  ansible.builtin.command:
    argv: [dot, -Tsvg, -o, network.svg]
    stdin: "{{ hosts | netfabric.container_net.topology_dot }}"
  vars:
    hosts: "{{ [{'host': inventory_hostname} | combine(network)] }}"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: One graph, or several one after the other.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.netfabric.container_net.plugins.plugin_utils._report.dot import graphs


def topology_dot(hosts: Sequence[Mapping[str, Any]]) -> str:
    """Graphs one after the other; see DOCUMENTATION."""
    if isinstance(hosts, (str, Mapping)):
        raise AnsibleFilterError(
            "netfabric.container_net.topology_dot: it takes a list with one entry for each host."
            " Write it like [{'host': inventory_hostname} | combine(network)]."
        )
    for host in hosts:
        if "host" not in host or "namespaces" not in host:
            raise AnsibleFilterError(
                f"netfabric.container_net.topology_dot: {sorted(host)}: an entry has neither the"
                " name of its host nor its namespaces. Give each 'host', and what module"
                " topology_info returned."
            )
    return "".join(graph for dummy, graph in graphs(hosts))


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file."""
        return {"topology_dot": topology_dot}
