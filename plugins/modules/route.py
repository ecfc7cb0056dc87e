#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: route
short_description: Manage a route
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Makes, changes and removes one route, on the host or in a network namespace.
  - A route is the same when O(dst), O(table) and O(metric) are. One that leads another way is
    changed, not added a second time.
extends_documentation_fragment:
  - netfabric.container_net.network
  - netfabric.container_net.network.route
seealso:
  - module: netfabric.container_net.topology
"""

EXAMPLES = r"""
- name: Reach the containers of another host
  netfabric.container_net.route:
    dst: 172.20.32.0/24
    via: 192.168.100.13
  become: true

- name: A default route in a namespace
  netfabric.container_net.route:
    netns: ns1
    dst: default
    via: 192.168.2.1
  become: true

- name: Remove it
  netfabric.container_net.route:
    netns: ns1
    dst: default
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
    - ip -n ns1 route add default via 192.168.2.1
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
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import ROUTE_MODULE
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.parse import (
    from_route,
)


def main() -> None:
    module = AnsibleModule(argument_spec=ROUTE_MODULE, supports_check_mode=True)
    run(module, lambda: from_route(module.params))


if __name__ == "__main__":
    main()
