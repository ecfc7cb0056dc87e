#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge
short_description: Manage bridges
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Makes, changes and removes Linux bridges, on the host or in a network namespace.
  - Ports can be named here with O(ports), or by the C(master) of a link in other modules.
extends_documentation_fragment:
  - netfabric.container_net.network
  - netfabric.container_net.network.bridge
options:
  force:
    description:
      - Whether a link that others made may be changed although it has queueing disciplines or
        forwarding entries that the change would destroy.
    type: bool
    default: false
seealso:
  - module: netfabric.container_net.veth
  - module: netfabric.container_net.topology
"""

EXAMPLES = r"""
- name: Make a bridge with an address
  netfabric.container_net.bridge:
    name: mybridge
    addresses:
      - 192.168.2.1/24
  become: true

- name: Let it take part in the spanning tree, and forget stations after a minute
  netfabric.container_net.bridge:
    name: mybridge
    stp: true
    priority: 4096
    ageing_time: 60
  become: true

- name: Remove it
  netfabric.container_net.bridge:
    name: mybridge
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
    - ip link add name mybridge type bridge
    - ip link set dev mybridge up
    - ip addr add 192.168.2.1/24 dev mybridge
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
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import BRIDGE_MODULE
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.parse import (
    from_bridge,
)


def main() -> None:
    module = AnsibleModule(argument_spec=BRIDGE_MODULE, supports_check_mode=True)
    run(module, lambda: from_bridge(module.params))


if __name__ == "__main__":
    main()
