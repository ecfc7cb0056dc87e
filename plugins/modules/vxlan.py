#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vxlan
short_description: Manage VXLAN links
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Makes, changes and removes links that carry Ethernet frames to other hosts in UDP packets, over
    IPv4 or IPv6.
  - Static forwarding entries say behind which host a station is, so that no daemon is needed.
  - The packets leave through the namespace that the link is in.
extends_documentation_fragment:
  - netfabric.container_net.network
  - netfabric.container_net.network.vxlan
options:
  force:
    description:
      - Whether a link that others made may be changed although it has queueing disciplines or
        forwarding entries that the change would destroy.
    type: bool
    default: false
seealso:
  - module: netfabric.container_net.bridge
  - module: netfabric.container_net.topology
"""

EXAMPLES = r"""
- name: A bridge of this host
  netfabric.container_net.bridge:
    name: mybridge
    addresses: [10.50.0.1/16]
  become: true

- name: Join it with the bridges of two other hosts
  netfabric.container_net.vxlan:
    name: vx42
    vni: 42
    local: 192.168.100.12
    learning: false
    mtu: 1450
    master: mybridge
    fdb:
      - {mac: "00:00:00:00:00:00", dst: 192.168.100.13}
      - {mac: "00:00:00:00:00:00", dst: 192.168.100.14}
      - {mac: "02:00:00:00:13:01", dst: 192.168.100.13}
  become: true

- name: Remove it
  netfabric.container_net.vxlan:
    name: vx42
    state: absent
  become: true
"""

RETURN = r"""
commands:
  description:
    - The C(ip), C(bridge) and C(sysctl) commands that do the same, in their order. Empty when
      nothing changes.
    - On a host that has nothing of it yet, they make the same network as a shell script.
  type: list
  elements: str
  returned: always
  sample:
    - ip link add name vx42 mtu 1450 type vxlan id 42 local 192.168.100.12 nolearning dstport 4789
    - ip link set dev vx42 master mybridge
    - ip link set dev vx42 up
    - bridge fdb append 00:00:00:00:00:00 dev vx42 dst 192.168.100.13
    - bridge fdb append 00:00:00:00:00:00 dev vx42 dst 192.168.100.14
    - bridge fdb add 02:00:00:00:13:01 dev vx42 dst 192.168.100.13
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
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._flow import run
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import VXLAN_MODULE
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.parse import (
    from_vxlan,
)


def main() -> None:
    module = AnsibleModule(argument_spec=VXLAN_MODULE, supports_check_mode=True)
    run(module, lambda: from_vxlan(module.params))


if __name__ == "__main__":
    main()
