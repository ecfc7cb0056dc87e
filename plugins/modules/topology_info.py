#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: topology_info
short_description: The network of a host as it is
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Reads every network namespace of a host (the host's own, those with a name, those of Docker's
    containers, and those that only processes live in), with its links, addresses, routes and
    forwarding settings.
  - Each link tells where its other end is, in whichever namespace that may be.
  - Reads only, and runs no program.
options:
  netns:
    description:
      - The namespaces to return, as RV(namespaces[].netns) names them. An empty name is the host's
        own. Left out, all are returned.
      - Other ends are found in every namespace, also in those that are not returned.
    type: list
    elements: str
  containers:
    description:
      - Whether to ask Docker for its containers and networks. With V(true) the module fails where
        Docker does not answer; with V(false) it is not asked, and a container's namespace counts
        as one without a name.
      - Left out, Docker is asked where its socket is, and a warning tells that it did not answer.
    type: bool
extends_documentation_fragment:
  - netfabric.container_net.network.info
seealso:
  - module: netfabric.container_net.topology
  - module: netfabric.container_net.reachability
"""

EXAMPLES = r"""
- name: Look at everything
  netfabric.container_net.topology_info:
  become: true
  register: network

- name: Which link of the host leads to which namespace
  ansible.builtin.debug:
    msg: "{{ item.name }} -> {{ item.peer.netns }} {{ item.peer.name }}"
  loop: >-
    {{ (network.namespaces | selectattr('kind', 'equalto', 'host') | first).links
       | selectattr('peer') }}
  loop_control:
    label: "{{ item.name }}"

- name: One namespace and one container
  netfabric.container_net.topology_info:
    netns: [ns1, "container:web"]
    containers: true
  become: true
"""

RETURN = r"""
namespaces:
  description:
    - The host's own namespace first, then those with a name, those of containers, and those
      without a name, each sorted.
  returned: success
  type: list
  elements: dict
  contains:
    netns:
      description:
        - What other parts of the result call this namespace, unique on the host. An empty string is
          the host's own; V(NAME) one with a name; V(container:NAME) that of a container;
          V(net:[NUMBER]), the kernel's own word, one without a name.
      type: str
      sample: ns1
    kind:
      description: V(host), V(named), V(container) or V(unnamed). One that has a name is V(named).
      type: str
      sample: named
    names:
      description: Every name that leads to it under C(/run/netns); usually one or none.
      type: list
      elements: str
      sample: [ns1]
    inode:
      description: The kernel's number of the namespace.
      type: int
      sample: 4026532281
    containers:
      description: The names of the running containers in it; several where they share one.
      type: list
      elements: str
      sample: []
    pid:
      description:
        - The first process in it; null where there is none, and for the host's own.
      type: int
    process:
      description: What that process is called, or null.
      type: str
    path:
      description:
        - A file that keeps it where it has neither a name nor a process, such as Docker's for an
          overlay; otherwise null.
      type: str
    owner:
      description: The topology that made the namespace, or null.
      type: str
      sample: two_rooms
    sysctls:
      description:
        - The settings of forwarding in it, as the kernel writes them. Those of bridges are there
          where it has a bridge and the kernel module C(br_netfilter) is loaded.
      type: dict
      sample: {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "0",
               "net.bridge.bridge-nf-call-iptables": "1"}
    links:
      description: Its links, in the order of their numbers.
      type: list
      elements: dict
      contains:
        name:
          description: The link's name.
          type: str
          sample: ns1veth0
        index:
          description: Its number, which is unique in its namespace.
          type: int
          sample: 2
        kind:
          description:
            - V(veth), V(bridge), V(vxlan), V(macvlan) and so on, as the kernel says; V(loopback);
              or V(physical) for a link of no such kind, which is a network card.
          type: str
          sample: veth
        mac:
          description: Its hardware address, or an empty string.
          type: str
          sample: "02:00:00:00:00:01"
        mtu:
          description: Its MTU in bytes.
          type: int
          sample: 1500
        up:
          description: Whether it is set up.
          type: bool
        carrier:
          description: Whether something is connected to it, so that packets can pass.
          type: bool
        master:
          description: The link that it is a port of, or null.
          type: str
        ports:
          description: The links that are ports of it.
          type: list
          elements: str
          sample: []
        alias:
          description: Its alias, or an empty string.
          type: str
          sample: container_net:two_rooms
        owner:
          description: The topology that made it, or null.
          type: str
          sample: two_rooms
        addresses:
          description: Its addresses with their prefix lengths.
          type: list
          elements: str
          sample: [192.168.2.10/24]
        peer:
          description:
            - The other end of a veth, or null for other links and where the other end is in a
              namespace that has neither a name nor a process.
          type: dict
          contains:
            netns:
              description: Its namespace, as in RV(namespaces[].netns).
              type: str
              sample: ""
            name:
              description: Its name.
              type: str
              sample: ns1veth1
        lower:
          description:
            - The link that it sits on, such as the parent of a V(macvlan), V(ipvlan) or V(vlan), or
              the one through which a V(vxlan) sends; null for others and where that is in a
              namespace that has neither a name nor a process.
          type: dict
          contains:
            netns:
              description: Its namespace, as in RV(namespaces[].netns).
              type: str
              sample: ""
            name:
              description: Its name.
              type: str
              sample: eth0
        options:
          description:
            - The options of a bridge or vxlan, in the words and units of the modules
              M(netfabric.container_net.bridge) and M(netfabric.container_net.vxlan). Empty for
              other kinds.
          type: dict
          sample: {}
        fdb:
          description:
            - The static forwarding entries of a vxlan, each with C(mac) and C(dst); C(port), C(vni)
              and C(via) where they are not the link's own. Empty for other kinds.
          type: list
          elements: dict
          sample: []
    routes:
      description: Its routes, without those that the kernel keeps for its own addresses.
      type: list
      elements: dict
      contains:
        dst:
          description: The destination, V(0.0.0.0/0) and V(::/0) for the default routes.
          type: str
          sample: 0.0.0.0/0
        via:
          description: The gateway, or null.
          type: str
          sample: 192.168.2.1
        dev:
          description: The link, or null.
          type: str
          sample: ns1veth0
        metric:
          description: The metric.
          type: int
          sample: 0
        table:
          description: The number of the table; 254 is the main one.
          type: int
          sample: 254
        type:
          description: V(unicast), V(blackhole), V(unreachable) or V(prohibit).
          type: str
          sample: unicast
        scope:
          description: V(global), V(link) or V(host); null for IPv6.
          type: str
          sample: global
        src:
          description: The source address that it prefers, or null.
          type: str
        protocol:
          description: Who made it, as a number of rtnetlink; 67 is this collection.
          type: int
          sample: 67
        owner:
          description: The topology that made it, or null.
          type: str
          sample: two_rooms
docker:
  description: What Docker says, or null where it was not asked or does not answer.
  returned: success
  type: dict
  contains:
    networks:
      description: Docker's networks, sorted by name.
      type: list
      elements: dict
      contains:
        name:
          description: Its name.
          type: str
          sample: network01
        id:
          description: Its id.
          type: str
        driver:
          description: V(bridge), V(macvlan), V(ipvlan), V(overlay), V(host), V(null) and so on.
          type: str
          sample: bridge
        scope:
          description: V(local) or V(swarm).
          type: str
          sample: local
        internal:
          description: Whether it leads nowhere else.
          type: bool
        link:
          description:
            - The link of the host that it uses, the bridge or the parent, or null.
          type: str
          sample: br-3f1c9a7be002
        subnets:
          description: Its subnets.
          type: list
          elements: dict
          contains:
            subnet:
              description: The subnet.
              type: str
              sample: 172.10.0.0/24
            gateway:
              description: The gateway, or null.
              type: str
              sample: 172.10.0.1
        options:
          description: The options of its driver.
          type: dict
          sample: {"com.docker.network.bridge.enable_icc": "true"}
    containers:
      description: Docker's containers, those that do not run included, sorted by name.
      type: list
      elements: dict
      contains:
        name:
          description: Its name.
          type: str
          sample: server01
        id:
          description: Its id.
          type: str
        pid:
          description: Its first process, or null when it does not run.
          type: int
          sample: 4711
        image:
          description: The name of its image.
          type: str
          sample: debian:12
        state:
          description: V(running), V(exited), V(paused) and so on.
          type: str
          sample: running
        network_mode:
          description: V(bridge), V(host), V(none), a network's name, or V(container:ID).
          type: str
          sample: network01
        netns:
          description:
            - Its namespace, as in RV(namespaces[].netns), an empty string in mode V(host); null
              when it does not run.
          type: str
          sample: container:server01
        networks:
          description:
            - What it is connected to, by the names of Docker's networks. C(addresses) are its
              addresses there with their prefix lengths, C(aliases) the names by which others of
              that network find it.
          type: dict
          sample:
            network01:
              addresses: [172.10.0.2/24]
              mac: "02:42:ac:0a:00:02"
              aliases: [server01, 1f2e3d4c5b6a]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._info import gather


def main() -> None:
    """Read the options, look, report."""
    module = AnsibleModule(
        argument_spec={
            "netns": {"type": "list", "elements": "str"},
            "containers": {"type": "bool"},
        },
        supports_check_mode=True,
    )
    try:
        result, warnings = gather(module.params)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"The host refused: {error}")
    for warning in warnings:
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
