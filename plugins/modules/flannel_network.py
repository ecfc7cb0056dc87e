#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flannel_network
short_description: The network that flannel divides among its hosts
description:
  - Writes flannel's config, the key C(config) below O(prefix), through etcd's API v3.
  - The key is written as a whole. What is left out here goes back to flannel's own default, and
    a config that already means the same is left as it is.
  - Nothing is written when flannel could not start with it, when the network overlaps with a route
    of the target, or when hosts would lose their subnets.
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
options:
  endpoints:
    description:
      - The URLs of etcd's members.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(absent) removes the config, all leases and all that
        M(netfabric.container_net.flannel_subnet) noted. While there are leases it needs O(force).
    type: str
    choices: [present, absent]
    default: present
  network:
    description:
      - The IPv4 network for all hosts together, such as V(172.20.0.0/16).
      - Required when O(state=present).
    type: str
  subnet_len:
    description:
      - The prefix length of each host's subnet. The network must hold at least four subnets.
      - flannel's default is 24, or two more than the network's where that is longer than 22.
    type: int
  subnet_min:
    description:
      - The address of the first subnet to give out. flannel's default leaves out the very first.
    type: str
  subnet_max:
    description:
      - The address of the last subnet to give out.
    type: str
  ipv6_network:
    description:
      - The IPv6 network for all hosts together; without it the network is IPv4 only.
    type: str
  ipv6_subnet_len:
    description:
      - The prefix length of each host's IPv6 subnet. flannel's default is 64.
    type: int
  ipv6_subnet_min:
    description:
      - The address of the first IPv6 subnet to give out.
    type: str
  ipv6_subnet_max:
    description:
      - The address of the last IPv6 subnet to give out.
    type: str
  backend:
    description:
      - How packets get from host to host. Each backend takes only its own options.
    type: dict
    suboptions:
      type:
        description:
          - The backend. V(vxlan) is the one for nearly everybody. V(host-gw) is faster and needs
            all hosts on one segment. V(udp) is slow, for kernels without vxlan. V(alloc) only
            gives out subnets.
        type: str
        choices: [vxlan, host-gw, udp, wireguard, ipip, ipsec, alloc]
        default: vxlan
      vni:
        description:
          - The VXLAN network identifier, 1 by default; the link is called C(flannel.VNI). For
            V(vxlan).
        type: int
        aliases: [VNI]
      port:
        description:
          - The UDP port, 8472 by default for V(vxlan), 8285 for V(udp).
        type: int
        aliases: [Port]
      mtu:
        description:
          - The MTU of the way between the hosts, in bytes, by default that of the host's link. The
            overlay gets what is left of it. For V(vxlan) and V(wireguard).
        type: int
        aliases: [MTU]
      gbp:
        description:
          - Group based policy. For V(vxlan).
        type: bool
        aliases: [GBP]
      learning:
        description:
          - Let the link learn addresses from traffic. For V(vxlan).
        type: bool
        aliases: [Learning]
      direct_routing:
        description:
          - Plain routes between hosts on one segment, encapsulation for the others only. For
            V(vxlan) and V(ipip).
        type: bool
        aliases: [DirectRouting]
      psk:
        description:
          - The key that all hosts share. For V(wireguard) (32 bytes in base64) and V(ipsec) (at
            least 96 characters, required).
        type: str
        aliases: [PSK]
      listen_port:
        description:
          - The UDP port, 51820 by default. For V(wireguard).
        type: int
        aliases: [ListenPort]
      listen_port_v6:
        description:
          - The UDP port of the second tunnel, 51821 by default. For V(wireguard).
        type: int
        aliases: [ListenPortV6]
      mode:
        description:
          - Over which family the tunnels run. For V(wireguard).
        type: str
        choices: [separate, auto, ipv4, ipv6]
        aliases: [Mode]
      persistent_keepalive_interval:
        description:
          - Seconds between two packets that keep a tunnel open, 0 for none. For V(wireguard).
        type: int
        aliases: [PersistentKeepaliveInterval]
      udp_encap:
        description:
          - Carry ESP in UDP. For V(ipsec).
        type: bool
        aliases: [UDPEncap]
      esp_proposal:
        description:
          - The algorithms, as strongSwan writes them. For V(ipsec).
        type: str
        aliases: [ESPProposal]
  check_host_routes:
    description:
      - Whether to refuse a network that overlaps with a route of the target. Routes of flannel
        itself, and routes to exactly a subnet that it has given out, do not count.
    type: bool
    default: true
  force:
    description:
      - Change the config even though hosts lose their subnets by it. Each of them gets another one
        when its flanneld starts the next time.
    type: bool
    default: false
extends_documentation_fragment:
  - netfabric.container_net.etcd
  - netfabric.container_net.etcd.prefix
attributes:
  check_mode:
    support: full
    description: Reads etcd and predicts what a real run would do.
  diff_mode:
    support: full
    description: Shows the config before and after, without keys.
seealso:
  - module: netfabric.container_net.flannel_subnet
  - module: netfabric.container_net.flannel_subnet_info
"""

EXAMPLES = r"""
- name: A network for 254 hosts, over VXLAN
  netfabric.container_net.flannel_network:
    endpoints: ["https://192.168.100.12:2379"]
    ca_cert: /etc/container_net/pki/ca.crt
    client_cert: /etc/container_net/pki/admin.crt
    client_key: /etc/container_net/pki/admin.key
    network: 172.20.0.0/16

- name: Plain routes on one segment, from the middle of the network only
  netfabric.container_net.flannel_network:
    endpoints: ["http://127.0.0.1:2379"]
    network: 10.100.0.0/16
    subnet_len: 26
    subnet_min: 10.100.64.0
    subnet_max: 10.100.127.192
    backend:
      type: host-gw
"""

RETURN = r"""
config:
  description: The config as it is now, or would be, with keys hidden. Empty when there is none.
  returned: success
  type: dict
  sample: {"Network": "172.20.0.0/16", "Backend": {"Type": "vxlan"}}
subnet_len:
  description: The prefix length of each host's subnet.
  returned: when O(state=present)
  type: int
  sample: 24
hosts_max:
  description: For how many hosts there are subnets.
  returned: when O(state=present)
  type: int
  sample: 254
orphaned:
  description: The leases that do not fit the config, which only O(force) allows.
  returned: success
  type: list
  elements: str
  sample: []
restart_required:
  description:
    - Whether flanneld has to be started anew on the hosts, because it reads the config only then.
  returned: success
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._etcd import (
    Etcd,
    connection_from_params,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import (
    backends,
    network,
    spec,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel.registry import (
    Registry,
)


def _backend_spec() -> dict[str, Any]:
    flag, number = {"type": "bool"}, {"type": "int"}
    return {
        "type": {"type": "str", "choices": [*backends.KINDS], "default": "vxlan"},
        "vni": {**number, "aliases": ["VNI"]},
        "port": {**number, "aliases": ["Port"]},
        "mtu": {**number, "aliases": ["MTU"]},
        "gbp": {**flag, "aliases": ["GBP"]},
        "learning": {**flag, "aliases": ["Learning"]},
        "direct_routing": {**flag, "aliases": ["DirectRouting"]},
        "psk": {"type": "str", "no_log": True, "aliases": ["PSK"]},
        "listen_port": {**number, "aliases": ["ListenPort"]},
        "listen_port_v6": {**number, "aliases": ["ListenPortV6"]},
        "mode": {"type": "str", "choices": [*backends.WIREGUARD_MODES], "aliases": ["Mode"]},
        "persistent_keepalive_interval": {**number, "aliases": ["PersistentKeepaliveInterval"]},
        "udp_encap": {**flag, "aliases": ["UDPEncap"]},
        "esp_proposal": {"type": "str", "aliases": ["ESPProposal"]},
    }


def main() -> None:
    """Read the options, do what they say, report."""
    module = AnsibleModule(
        argument_spec={
            **spec.connection_spec(required=True),
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "network": {"type": "str"},
            "subnet_len": {"type": "int"},
            "subnet_min": {"type": "str"},
            "subnet_max": {"type": "str"},
            "ipv6_network": {"type": "str"},
            "ipv6_subnet_len": {"type": "int"},
            "ipv6_subnet_min": {"type": "str"},
            "ipv6_subnet_max": {"type": "str"},
            "backend": {"type": "dict", "options": _backend_spec()},
            "check_host_routes": {"type": "bool", "default": True},
            "force": {"type": "bool", "default": False},
        },
        required_if=[("state", "present", ["network"])],
        supports_check_mode=True,
    )
    params = {**module.params, "backend": module.params["backend"] or {"type": "vxlan"}}
    try:
        prefix = spec.check_prefix(params)
        registry = Registry(Etcd(connection_from_params(params)), prefix)
        act = network.present if params["state"] == "present" else network.absent
        result = act(params, registry, module.check_mode)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
