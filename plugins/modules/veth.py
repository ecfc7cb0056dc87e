#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: veth
short_description: Manage pairs of virtual Ethernet links
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Makes, changes and removes a pair of links of which what enters one leaves the other.
  - Either end can be in any network namespace. An end that is elsewhere is moved.
  - Both ends go when either is removed.
extends_documentation_fragment:
  - netfabric.container_net.network
  - netfabric.container_net.network.veth
options:
  force:
    description:
      - Whether a link that others made may be changed although it has queueing disciplines or
        forwarding entries that the change would destroy.
    type: bool
    default: false
seealso:
  - module: netfabric.container_net.netns
  - module: netfabric.container_net.bridge
  - module: netfabric.container_net.topology
"""

EXAMPLES = r"""
- name: Make the two namespaces
  netfabric.container_net.netns:
    name: "{{ item }}"
  loop: [test1, test2]
  become: true

- name: Join them
  netfabric.container_net.veth:
    name: veth-test1
    netns: test1
    addresses:
      - 192.168.1.1/24
    peer:
      name: veth-test2
      netns: test2
      addresses:
        - 192.168.1.2/24
  become: true

- name: Remove the pair
  netfabric.container_net.veth:
    name: veth-test1
    netns: test1
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
    - ip link add name veth-test1 netns test1 type veth peer name veth-test2 netns test2
    - ip -n test1 link set dev veth-test1 up
    - ip -n test2 link set dev veth-test2 up
    - ip -n test1 addr add 192.168.1.1/24 dev veth-test1
    - ip -n test2 addr add 192.168.1.2/24 dev veth-test2
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
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import VETH_MODULE
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.parse import (
    from_veth,
)


def main() -> None:
    module = AnsibleModule(argument_spec=VETH_MODULE, supports_check_mode=True)
    run(module, lambda: from_veth(module.params))


if __name__ == "__main__":
    main()
