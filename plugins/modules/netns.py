#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns
short_description: Manage named network namespaces
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Makes and removes network namespaces that have a name, as C(ip netns add) does.
  - Switches their loopback on and sets kernel parameters inside them.
  - Gives the namespace of a running process or container a name, so that other modules can put
    links and routes into it.
  - A namespace that is removed takes the virtual links in it along, with their other ends.
  - In check mode a namespace is only promised, so that later tasks do not find it. To predict a
    namespace and the links in it together, use M(netfabric.container_net.topology).
extends_documentation_fragment:
  - netfabric.container_net.network
  - netfabric.container_net.network.netns
options:
  force:
    description:
      - Whether a namespace may be removed although there are physical links or processes in it.
    type: bool
    default: false
seealso:
  - module: netfabric.container_net.veth
  - module: netfabric.container_net.topology
"""

EXAMPLES = r"""
- name: Make a namespace with only a loopback that is off
  netfabric.container_net.netns:
    name: test1
    loopback: down
  become: true

- name: Switch its loopback on and let it forward packets
  netfabric.container_net.netns:
    name: test1
    sysctls:
      net.ipv4.ip_forward: "1"
  become: true

- name: Give the network of a running process a name
  netfabric.container_net.netns:
    name: worker
    pid: "{{ worker.stdout | int }}"
  become: true

- name: Take only the name away
  netfabric.container_net.netns:
    name: worker
    state: absent
  become: true

- name: Remove it
  netfabric.container_net.netns:
    name: test1
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
    - ip netns exec test1 sysctl -w net.ipv4.ip_forward=1
    - ip -n test1 link set dev lo up
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
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import NETNS_MODULE
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.parse import (
    from_netns,
)


def main() -> None:
    module = AnsibleModule(argument_spec=NETNS_MODULE, supports_check_mode=True)
    run(module, lambda: from_netns(module.params))


if __name__ == "__main__":
    main()
