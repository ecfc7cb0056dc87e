#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flannel_subnet
short_description: Which host has which of flannel's subnets
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Reserves a lease for a host before its flanneld starts, so that addresses can be read from the
    inventory and a hundred hosts that start at once do not collide.
  - A host keeps the lease that it has, else the subnet that was noted for it, else it gets the
    lowest one that is free. No lease is ever overwritten.
  - What a host has is also noted in C(PREFIX/container_net/hosts/PUBLIC_IP), a key that flannel
    does not read and that does not end after a day as leases do. A host that was off for longer
    gets its subnet back when this module runs again.
options:
  endpoints:
    description:
      - The URLs of etcd's members.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(absent) removes the lease and what was noted. A flanneld that runs there then stops.
      - A flanneld up to 0.28.9 that loses its lease at the moment at which another lease changes
        may hang instead of ending, so that its unit does not start it again. Module
        M(netfabric.container_net.flannel_subnet_info) says of such a host that it is not ready;
        restart flanneld there, as role C(flannel) does.
    type: str
    choices: [present, absent]
    default: present
  public_ip:
    description:
      - The IPv4 address by which the other hosts reach this one; flanneld's C(-public-ip).
      - Either this or O(leases) is required.
    type: str
  subnet:
    description:
      - The subnet that the host is to have, such as V(172.20.24.0/24). Left out, a lease that is
        there is kept.
    type: str
  ipv6_subnet:
    description:
      - The IPv6 subnet that the host is to have, in a network with IPv6.
    type: str
  leases:
    description:
      - Several hosts in one task. They are written in as few transactions as etcd takes, two for a
        hundred hosts; what cannot be is refused before the first of them.
    type: list
    elements: dict
    suboptions:
      public_ip:
        description:
          - The IPv4 address by which the other hosts reach this one.
        type: str
        required: true
      subnet:
        description:
          - The subnet that the host is to have.
        type: str
      ipv6_subnet:
        description:
          - The IPv6 subnet that the host is to have.
        type: str
      move:
        description:
          - V(false) refuses, before anything is written, to give the host another subnet than it
            has, be it that it is to have another (O(leases[].subnet)) or that another host is to
            have its one. For hosts whose containers would stay behind in the old subnet.
        type: bool
        default: true
  purge:
    description:
      - V(true) says that O(leases) names the whole inventory. Hosts that an earlier run of this
        module noted and that are not in it any more lose their leases. A flanneld that still runs
        there stops.
      - A lease that this module did not note is somebody else's and stays.
      - What they had is given to new hosts only when nothing else is free, or in a later run.
    type: bool
    default: false
  link_mtu:
    description:
      - The MTU of the hosts' links, in bytes, from which RV(mtu) follows.
    type: int
    default: 1500
extends_documentation_fragment:
  - netfabric.container_net.etcd
  - netfabric.container_net.etcd.prefix
attributes:
  check_mode:
    support: full
    description: Reads etcd and predicts what a real run would do.
  diff_mode:
    support: full
    description: Shows each host with its subnets, before and after.
seealso:
  - module: netfabric.container_net.flannel_network
  - module: netfabric.container_net.flannel_subnet_info
"""

EXAMPLES = r"""
- name: A subnet for one host
  netfabric.container_net.flannel_subnet:
    endpoints: ["http://127.0.0.1:2379"]
    public_ip: 192.168.100.12
    subnet: 172.20.24.0/24

- name: A subnet for every host of the group, pinned where the inventory has one, and for no other
  netfabric.container_net.flannel_subnet:
    endpoints: ["https://192.168.100.12:2379"]
    ca_cert: /etc/container_net/pki/ca.crt
    client_cert: /etc/container_net/pki/admin.crt
    client_key: /etc/container_net/pki/admin.key
    leases:
      - {public_ip: 192.168.100.12, subnet: 172.20.24.0/24}
      - {public_ip: 192.168.100.13}
    purge: true

- name: A host has left
  netfabric.container_net.flannel_subnet:
    endpoints: ["http://127.0.0.1:2379"]
    public_ip: 192.168.100.13
    state: absent
"""

RETURN = r"""
leases:
  description: The hosts of the task with what they have, in the order of the task.
  returned: success
  type: list
  elements: dict
  contains:
    public_ip:
      description: The host.
      type: str
      sample: 192.168.100.12
    subnet:
      description: Its subnet.
      type: str
      sample: 172.20.24.0/24
    ipv6_subnet:
      description: Its IPv6 subnet, null in a network without IPv6.
      type: str
    bip:
      description: The address for Docker's bridge.
      type: str
      sample: 172.20.24.1/24
    mtu:
      description: The MTU for Docker's bridge, over links of O(link_mtu) bytes.
      type: int
      sample: 1450
revoked:
  description: The hosts whose leases and notes were removed.
  returned: success
  type: list
  elements: str
  sample: [192.168.100.14]
subnet:
  description: The host's subnet.
  returned: when O(public_ip) is given and O(state=present)
  type: str
  sample: 172.20.24.0/24
ipv6_subnet:
  description: The host's IPv6 subnet, null in a network without IPv6.
  returned: when O(public_ip) is given and O(state=present)
  type: str
bip:
  description: The address for Docker's bridge.
  returned: when O(public_ip) is given and O(state=present)
  type: str
  sample: 172.20.24.1/24
mtu:
  description: The MTU for Docker's bridge, over links of O(link_mtu) bytes.
  returned: when O(public_ip) is given and O(state=present)
  type: int
  sample: 1450
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._etcd import (
    Etcd,
    connection_from_params,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import spec, subnets
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel.registry import (
    Registry,
)


def main() -> None:
    """Read the options, do what they say, report."""
    module = AnsibleModule(
        argument_spec={
            **spec.connection_spec(required=True),
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "public_ip": {"type": "str"},
            "subnet": {"type": "str"},
            "ipv6_subnet": {"type": "str"},
            "leases": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "public_ip": {"type": "str", "required": True},
                    "subnet": {"type": "str"},
                    "ipv6_subnet": {"type": "str"},
                    "move": {"type": "bool", "default": True},
                },
            },
            "purge": {"type": "bool", "default": False},
            "link_mtu": {"type": "int", "default": 1500},
        },
        required_one_of=[("public_ip", "leases")],
        mutually_exclusive=[
            ("public_ip", "leases"),
            ("subnet", "leases"),
            ("ipv6_subnet", "leases"),
        ],
        supports_check_mode=True,
    )
    try:
        prefix = spec.check_prefix(module.params)
        registry = Registry(Etcd(connection_from_params(module.params)), prefix)
        act = subnets.present if module.params["state"] == "present" else subnets.absent
        result = act(module.params, registry, module.check_mode)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
