#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: topology
short_description: Manage a whole network of namespaces, bridges, links and routes
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Makes a network of any number of objects in one task, completely or not at all.
  - The order in the lists does not matter.
  - What it makes is marked as its own, links with the alias C(container_net:NAME).
extends_documentation_fragment:
  - netfabric.container_net.network
  - netfabric.container_net.network.topology
options:
  name:
    description:
      - Name of the topology. What it makes is marked with it.
    type: str
    required: true
  prune:
    description:
      - Whether to remove what this topology made in an earlier run and does not mention any more.
        A kernel parameter gets the value back that it had before.
      - Nothing that others made is ever removed. Where something of another topology, or a pair of
        links that leads elsewhere, would go along with it, that is an error.
    type: bool
    default: true
  adopt:
    description:
      - What to do with a link or namespace of a wanted name that others made. With V(true) it
        becomes this topology's own, also when it was another topology's. With V(false) it becomes
        so when it already is as wanted and nobody's, and is an error where it would have to change.
    type: bool
    default: false
  persist:
    description:
      - Whether the host builds the network again when it starts, before Docker and flanneld. What
        leads through links that this topology does not make waits for the host's network.
      - Writes C(/etc/container_net/NAME.json), the engine under C(/usr/local/lib/container_net),
        and units for systemd. V(false) removes what an earlier run with V(true) wrote.
      - What it names has to be its own. Namespaces of processes and containers cannot be kept.
    type: bool
    default: false
  force:
    description:
      - Whether to go on where something would be destroyed that cannot be put back, such as a
        namespace with physical links or processes in it, or where something of another topology
        would go along.
    type: bool
    default: false
seealso:
  - module: netfabric.container_net.netns
  - module: netfabric.container_net.bridge
  - module: netfabric.container_net.veth
  - module: netfabric.container_net.route
  - plugin: netfabric.container_net.bridge_topology
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Two namespaces on a bridge
  netfabric.container_net.topology:
    name: two_rooms
    namespaces:
      - name: ns1
      - name: ns2
        sysctls:
          net.ipv4.ip_forward: "1"
    bridges:
      - name: mybridge
        addresses: [192.168.2.1/24]
    veths:
      - name: ns1veth0
        netns: ns1
        addresses: [192.168.2.10/24]
        routes:
          - dst: default
            via: 192.168.2.1
        peer:
          name: ns1veth1
          master: mybridge
      - name: ns2veth0
        netns: ns2
        addresses: [192.168.2.11/24]
        routes:
          - dst: default
            via: 192.168.2.1
        peer:
          name: ns2veth1
          master: mybridge
  become: true

- name: A network that is there again after a reboot
  netfabric.container_net.topology:
    name: lasting
    bridges:
      - name: lasting0
        addresses: [192.168.3.1/24]
    persist: true
  become: true

- name: Remove that one, from the disk as well
  netfabric.container_net.topology:
    name: lasting
    state: absent
  become: true

- name: Remove everything it made
  netfabric.container_net.topology:
    name: two_rooms
    state: absent
  become: true
"""

RETURN = r"""
commands:
  description:
    - The C(ip) and C(sysctl) commands that do the same, in their order. Empty when nothing changes.
    - On a host that has nothing of it yet, they make the same network as a shell script.
  type: list
  elements: str
  returned: always
  sample:
    - ip link del dev ns1veth1
    - ip link del dev ns2veth1
    - ip link del dev mybridge
    - ip netns del ns1
    - ip netns del ns2
diff:
  description:
    - What was touched, before and after. Only with C(--diff).
  type: dict
  returned: in diff mode
rolled_back:
  description:
    - Whether everything that was done before a failure has been undone.
  type: bool
  returned: when a change failed
repair:
  description:
    - What could not be undone, or after the point of no return not be finished, as the commands
      that do it. Empty when RV(rolled_back=true).
  type: list
  elements: str
  returned: when a change failed
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._flow import run
from ansible_collections.netfabric.container_net.plugins.module_utils._host.persist import (
    Persistence,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import TOPOLOGY_MODULE
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.parse import (
    topology_from_params,
)


def main() -> None:
    module = AnsibleModule(argument_spec=TOPOLOGY_MODULE, supports_check_mode=True)
    run(module, lambda: topology_from_params(module.params), Persistence)


if __name__ == "__main__":
    main()
