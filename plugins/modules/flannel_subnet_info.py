#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flannel_subnet_info
short_description: flannel's leases, and what a host got
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Reads flannel's config and leases from etcd, what flanneld wrote on the host, or both, and
    compares them.
  - With both, RV(ready) says that the host's flanneld has taken its lease, with the backend of the
    config, and that its link is there with the MTU and the address that the others know.
options:
  endpoints:
    description:
      - The URLs of etcd's members. Left out, etcd is not asked.
    type: list
    elements: str
  subnet_file:
    description:
      - The file that flanneld writes, its C(-subnet-file). Left out, the host is not looked at.
    type: path
  public_ip:
    description:
      - The host's address. Left out, its lease is the one with the subnet of O(subnet_file).
    type: str
  wait:
    description:
      - How many seconds to wait until RV(ready); when it is not by then, the module fails. V(0)
        looks once and never fails for that. Meanwhile an etcd that does not answer is waited for,
        too.
      - Needs O(subnet_file).
    type: int
    default: 0
extends_documentation_fragment:
  - netfabric.container_net.etcd
  - netfabric.container_net.etcd.prefix
attributes:
  check_mode:
    support: full
    description: Changes nothing.
  diff_mode:
    support: none
    description: Changes nothing.
seealso:
  - module: netfabric.container_net.flannel_network
  - module: netfabric.container_net.flannel_subnet
"""

EXAMPLES = r"""
- name: What Docker needs to know
  netfabric.container_net.flannel_subnet_info:
    subnet_file: /var/lib/flannel/subnet.env
  register: flannel

- name: All leases
  netfabric.container_net.flannel_subnet_info:
    endpoints: ["http://127.0.0.1:2379"]

- name: Wait for flanneld to take the lease that is reserved for this host
  netfabric.container_net.flannel_subnet_info:
    endpoints: ["https://192.168.100.12:2379"]
    ca_cert: /etc/container_net/pki/ca.crt
    client_cert: /etc/container_net/pki/flannel.crt
    client_key: /etc/container_net/pki/flannel.key
    subnet_file: /var/lib/flannel/subnet.env
    public_ip: 192.168.100.12
    wait: 60
"""

RETURN = r"""
ready:
  description: Whether flannel on this host is where lease and config want it.
  returned: success
  type: bool
problem:
  description: Why it is not, or null.
  returned: success
  type: str
network:
  description: The network of all hosts.
  returned: success
  type: str
  sample: 172.20.0.0/16
subnet:
  description: The host's subnet; the one that is reserved while flanneld has written nothing.
  returned: success
  type: str
  sample: 172.20.24.0/24
ipv6_subnet:
  description: The host's IPv6 subnet, or null.
  returned: success
  type: str
bip:
  description: The address for Docker's bridge, as C(bip) in daemon.json.
  returned: success
  type: str
  sample: 172.20.24.1/24
mtu:
  description: The MTU for Docker's bridge, as C(mtu) in daemon.json; null before flanneld ran.
  returned: success
  type: int
  sample: 1450
link:
  description: flannel's link as far as it is there, or null.
  returned: success
  type: str
  sample: flannel.1
link_mtu:
  description:
    - The MTU of that link, or null. Where it is not RV(mtu), flanneld took a link that was there as
      it was, and only a new one helps.
  returned: success
  type: int
  sample: 1450
subnet_file:
  description: What stands in the file, or null.
  returned: success
  type: dict
  sample:
    network: 172.20.0.0/16
    bip: 172.20.24.1/24
    subnet: 172.20.24.0/24
    ipv6_network: null
    ipv6_bip: null
    ipv6_subnet: null
    mtu: 1450
    ip_masq: true
config:
  description: flannel's config, with keys hidden.
  returned: when O(endpoints) is given
  type: dict
  sample: {"Network": "172.20.0.0/16", "Backend": {"Type": "vxlan"}}
config_digest:
  description: A SHA-256 sum of the config, to notice that it changed.
  returned: when O(endpoints) is given
  type: str
expected_link:
  description: The link that the backend makes, or null where it makes none.
  returned: when O(endpoints) is given
  type: str
  sample: flannel.1
expected_ipv6_link:
  description: The link that the backend makes for IPv6, or null where it makes none.
  returned: when O(endpoints) is given
  type: str
  sample: flannel-v6.1
lease:
  description: The host's lease, as in RV(leases), or null.
  returned: when O(endpoints) is given
  type: dict
leases:
  description: All leases in etcd.
  returned: when O(endpoints) is given
  type: list
  elements: dict
  contains:
    public_ip:
      description: The host.
      type: str
      sample: 192.168.100.12
    public_ipv6:
      description: Its IPv6 address for the others, or null.
      type: str
    subnet:
      description: Its subnet.
      type: str
      sample: 172.20.24.0/24
    ipv6_subnet:
      description: Its IPv6 subnet, or null.
      type: str
    bip:
      description: The address of its bridge.
      type: str
      sample: 172.20.24.1/24
    backend:
      description: What its flanneld said about its backend; null for V(udp) and reservations.
      type: str
      sample: vxlan
    backend_data:
      description: What the others have to know to reach it.
      type: dict
      sample: {"VNI": 1, "VtepMAC": "36:2c:9f:01:d5:7b"}
    reserved:
      description: Whether no flanneld has taken it yet.
      type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._etcd import (
    Etcd,
    connection_from_params,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import info, spec
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel.registry import (
    Registry,
)


def main() -> None:
    """Read the options, look, report."""
    module = AnsibleModule(
        argument_spec={
            **spec.connection_spec(required=False),
            "subnet_file": {"type": "path"},
            "public_ip": {"type": "str"},
            "wait": {"type": "int", "default": 0},
        },
        required_one_of=[("endpoints", "subnet_file")],
        supports_check_mode=True,
    )
    try:
        info.check(module.params)
        prefix = spec.check_prefix(module.params)
        registry = None
        if module.params["endpoints"] is not None:
            registry = Registry(Etcd(connection_from_params(module.params)), prefix)
        result = info.gather(module.params, registry)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
