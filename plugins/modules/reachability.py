#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reachability
short_description: Who reaches whom, measured from inside the namespaces of a host
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Measures from each source to each target, from inside the source's network namespace and all at
    the same time, and fails with the pairs that are not as expected and what the cause may be.
  - A pair is reached when every check of it succeeded, and not reached when none did.
  - Names are resolved as the source does it, through its own C(/etc/hosts) and the servers of its
    C(resolv.conf). For a namespace with a name those are the ones under C(/etc/netns) where they
    are there. Other ways to find names, such as mDNS, are not tried.
  - Nothing is changed, so that it measures in check mode as well.
options:
  sources:
    description:
      - Where to measure from, each one of the following. Left out, from the host itself.
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - The host itself.
        type: bool
      netns:
        description:
          - A network namespace with a name.
        type: str
      container:
        description:
          - A running container of Docker, by its name or id.
        type: str
      pid:
        description:
          - A process, whatever namespace it is in.
        type: int
      name:
        description:
          - What to call it in the result. Left out, V(host), the namespace's name,
            V(container:NAME) or V(pid:NUMBER).
        type: str
  targets:
    description:
      - Where to, each an address, a name, or a dictionary with C(address) (an address or a name)
        and any of C(name) (what to call it in the result), C(tcp_ports) and C(udp_ports) (in place
        of O(tcp_ports) and O(udp_ports)), and C(ping) (in place of O(ping)).
    type: list
    elements: raw
  expect:
    description:
      - What is expected of every pair.
      - V(no_reach) fails as soon as one check of the pair succeeds.
    type: str
    choices: [reach, no_reach]
    default: reach
  pairs:
    description:
      - What is expected of single pairs, in place of O(expect). Of several that fit a pair the last
        counts.
    type: list
    elements: dict
    suboptions:
      source:
        description:
          - The source, as the result calls it. Left out, every source.
        type: str
      target:
        description:
          - The target, as the result calls it. Left out, every target.
        type: str
      expect:
        description:
          - What is expected.
        type: str
        choices: [reach, no_reach]
        required: true
  ping:
    description:
      - Whether to send ICMP echo requests.
    type: bool
    default: true
  count:
    description:
      - How many echo requests to send to each target. One answer is enough.
    type: int
    default: 2
  size:
    description:
      - The size of an echo request in bytes, as a whole IP packet. V(0) fills the MTU of the link
        that leads to the target.
    type: int
    default: 84
  df:
    description:
      - Whether echo requests must not be fragmented. Together with O(size) it proves that packets
        of that size pass.
    type: bool
    default: false
  path_mtu:
    description:
      - Whether to search for the largest packet that passes to each target without being
        fragmented. The result is RV(matrix[].path_mtu). What is found decides nothing.
    type: bool
    default: false
  tcp_ports:
    description:
      - TCP ports that have to accept a connection on every target.
    type: list
    elements: int
    default: []
  udp_ports:
    description:
      - UDP ports to send a datagram to on every target. A question for DNS or NTP is sent to their
        ports 53 and 123, O(udp_payload) to others.
      - An answer counts as reached, an ICMP error (such as "port unreachable") as not reached.
        What silence means is for O(udp_silence) to say, because UDP does not tell a service that
        says nothing from a packet that was dropped.
    type: list
    elements: int
    default: []
  udp_payload:
    description:
      - The text that a UDP service is sent, such as one that it answers.
    type: str
    default: container_net
  udp_silence:
    description:
      - What it means when a UDP port says nothing within O(timeout). V(reach) is for services that
        never answer.
    type: str
    choices: [reach, no_reach]
    default: no_reach
  dns:
    description:
      - Names that every source has to find an address for. Their rows of the result have the target
        V(dns:NAME).
    type: list
    elements: str
    default: []
  dns_servers:
    description:
      - The addresses of the servers to ask for names, in place of those in the source's
        C(resolv.conf); C(/etc/hosts) is not looked at then.
    type: list
    elements: str
  ip_version:
    description:
      - The family of addresses that a name is resolved to. Left out, IPv4 where the name has such
        an address, and otherwise IPv6.
    type: int
    choices: [4, 6]
  timeout:
    description:
      - How many seconds to wait for an answer. The whole task takes little longer than one wait for
        names, one for the measurement, and, with O(path_mtu), some more for the search.
    type: float
    default: 1.0
extends_documentation_fragment:
  - netfabric.container_net.network.info
notes:
  - At most 10,000 measurements are made in one task, a measurement being one check of one pair.
seealso:
  - module: netfabric.container_net.topology_info
"""

EXAMPLES = r"""
- name: Two namespaces reach each other and the world, at the full MTU
  netfabric.container_net.reachability:
    sources:
      - netns: ns1
      - netns: ns2
    targets: [192.168.2.10, 192.168.2.11, 203.0.113.7]
    size: 0
    df: true
  become: true

- name: Containers of one network find each other by name, those of another do not
  netfabric.container_net.reachability:
    sources:
      - container: server01
      - container: server02
      - container: server03
    targets: [server01, server02]
    pairs:
      - source: container:server03
        expect: no_reach
  become: true

- name: A published port and a DNS server
  netfabric.container_net.reachability:
    sources:
      - host: true
    targets:
      - {address: 192.168.100.13, name: web, tcp_ports: [8080]}
      - {address: 192.168.2.53, name: dns, udp_ports: [53]}
    dns: [example.org]
  become: true
"""

RETURN = r"""
matrix:
  description: One row for each source and target, in the order of the options.
  returned: when it was measured, also when the module fails then
  type: list
  elements: dict
  contains:
    source:
      description: The source.
      type: str
      sample: ns1
    target:
      description: The target, V(dns:NAME) for those of O(dns).
      type: str
      sample: 192.168.2.11
    address:
      description: The address that was measured to, or null where a name has none.
      type: str
      sample: 192.168.2.11
    expect:
      description: What was expected, V(reach) or V(no_reach).
      type: str
      sample: reach
    reached:
      description: Whether every check succeeded.
      type: bool
    ok:
      description: Whether it is as expected. With V(no_reach) no check at all may succeed.
      type: bool
    checks:
      description: What was measured.
      type: list
      elements: dict
      contains:
        check:
          description: V(ping), V(tcp), V(udp), V(dns), or V(resolve) where a name has no address.
          type: str
          sample: ping
        reached:
          description: Whether it succeeded.
          type: bool
        problem:
          description: What went wrong, or null.
          type: str
          sample: "no answer"
        ms:
          description: How many milliseconds the first answer took, or null.
          type: float
          sample: 0.1
        sent:
          description: How many echo requests were sent; of V(ping) only.
          type: int
          sample: 2
        received:
          description: How many were answered; of V(ping) only.
          type: int
          sample: 2
        size:
          description: The size of an echo request in bytes; of V(ping) only.
          type: int
          sample: 84
        port:
          description: The port; of V(tcp) and V(udp) only.
          type: int
          sample: 8080
        addresses:
          description: The addresses that were found; of V(dns) only.
          type: list
          elements: str
        server:
          description: The server that was asked, V(/etc/hosts), or null; of V(dns) only.
          type: str
          sample: 127.0.0.11
    path_mtu:
      description:
        - The largest packet in bytes that passes, or null where it was not searched or not found.
      type: int
      sample: 1450
    hints:
      description: What the cause may be, where it is not as expected; otherwise empty.
      type: list
      elements: str
failures:
  description: The rows that are not as expected, in a person's words. Empty when all are.
  returned: when it was measured, also when the module fails then
  type: list
  elements: dict
  contains:
    source:
      description: The source.
      type: str
      sample: ns1
    target:
      description: The target.
      type: str
      sample: 203.0.113.7
    expect:
      description: What was expected.
      type: str
      sample: reach
    problem:
      description: What differs.
      type: str
      sample: "ping: no answer"
    hints:
      description: What the cause may be, found from what the host's kernel says.
      type: list
      elements: str
      sample:
        - FORWARD of iptables drops packets that no rule accepts, on this host. Accept them with
          module nat or role bridge_network.
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._reach.flow import run

EXPECT = {"type": "str", "choices": ["reach", "no_reach"]}
PORTS = {"type": "list", "elements": "int", "default": []}
SOURCE = {
    "host": {"type": "bool"},
    "netns": {"type": "str"},
    "container": {"type": "str"},
    "pid": {"type": "int"},
    "name": {"type": "str"},
}
PAIR = {
    "source": {"type": "str"},
    "target": {"type": "str"},
    "expect": {**EXPECT, "required": True},
}


def main() -> None:
    """Read the options, measure, report."""
    module = AnsibleModule(
        argument_spec={
            "sources": {"type": "list", "elements": "dict", "options": SOURCE},
            "targets": {"type": "list", "elements": "raw"},
            "expect": {**EXPECT, "default": "reach"},
            "pairs": {"type": "list", "elements": "dict", "options": PAIR},
            "ping": {"type": "bool", "default": True},
            "count": {"type": "int", "default": 2},
            "size": {"type": "int", "default": 84},
            "df": {"type": "bool", "default": False},
            "path_mtu": {"type": "bool", "default": False},
            "tcp_ports": PORTS,
            "udp_ports": PORTS,
            "udp_payload": {"type": "str", "default": "container_net"},
            "udp_silence": {**EXPECT, "default": "no_reach"},
            "dns": {"type": "list", "elements": "str", "default": []},
            "dns_servers": {"type": "list", "elements": "str"},
            "ip_version": {"type": "int", "choices": [4, 6]},
            "timeout": {"type": "float", "default": 1.0},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module.params)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"The host refused: {error}")
    if "msg" in result:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
