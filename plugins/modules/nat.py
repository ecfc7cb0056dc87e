#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nat
short_description: Masquerade a bridge's network, and publish ports of it
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Lets the network behind a bridge of the host reach the world under the host's address, and lets
    the world reach ports of namespaces and containers behind the bridge.
  - Address translation stands in a table of nftables of its own, C(inet container_net.NAME), which
    is loaded in one step and compared with what is wanted, so a change by hand is found and
    repaired. Accepts stand in the chain C(CONTAINER-NET), which C(DOCKER-USER) or C(FORWARD) jumps
    to. No policy is changed, nothing is flushed, and no rule of others is touched.
  - What is not mentioned is not there. All of a name is said in one task.
attributes:
  check_mode:
    description: Predicts exactly what a run would do, refusals included.
    support: full
  diff_mode:
    description: Shows rules, settings and files, before and after.
    support: full
  platform:
    description: Linux.
    platforms: posix
    support: full
options:
  name:
    description:
      - Name of the table, up to 64 letters, digits, V(_), V(-) and V(.).
      - Left out, it is the bridge's.
    type: str
  bridge:
    description:
      - The bridge whose network is meant. It has to be there.
      - Required with O(state=present).
    type: str
  subnet:
    description:
      - The network behind the bridge, IPv4 or IPv6. The bridge has an address in it. An address
        with its prefix length stands for its network.
      - Left out, it is the network of the bridge's only IPv4 address.
    type: str
  masquerade:
    description:
      - Whether packets of O(subnet) that leave through another link get the host's address.
    type: bool
    default: false
  masquerade_except:
    description:
      - Networks to which packets keep their source address, of the same IP version as O(subnet),
        such as those of other hosts' containers, which a route leads to.
      - Only with O(masquerade=true).
    type: list
    elements: str
    default: []
  forward:
    description:
      - Whether to accept, where C(FORWARD) drops, what O(subnet) sends, the answers, what is
        published, and traffic between the bridge's own ports.
      - The host itself has to forward packets (C(net.ipv4.ip_forward)). Where it does not, there
        is a warning.
    type: bool
    default: true
  publish:
    description:
      - Ports of the host that lead to ports of the network. They are reached from other hosts, the
        host itself, and from behind the same bridge, the target included.
    type: list
    elements: dict
    default: []
    suboptions:
      host_ip:
        description:
          - The address of the host that is meant.
          - Left out, all its addresses but those of the loopback.
        type: str
      host_port:
        description:
          - The host's port, from V(1) to V(65535). No program of the host may listen on it.
        type: int
        required: true
      protocol:
        description:
          - What is published.
        type: str
        choices: [tcp, udp]
        default: tcp
      to:
        description:
          - The target's address, in O(subnet).
        type: str
        required: true
      to_port:
        description:
          - The target's port.
          - Left out, it is O(publish[].host_port).
        type: int
      loopback:
        description:
          - Whether the host itself reaches it at V(127.0.0.1), too. IPv6 has no such way.
          - Needs C(route_localnet) on the bridge. A rule drops what the bridge's members send to
            the host's loopback, before anything else sees it.
        type: bool
        default: false
  isolate:
    description:
      - Whether the bridge's ports cannot reach each other, neither directly nor through the host,
        except at published ports.
      - Ports that come later are meant, too, where the kernel can name bridges in rules
        (C(nft_meta_bridge), which Debian's has). Elsewhere it is those that the bridge has at the
        time of the run.
    type: bool
    default: false
  state:
    description:
      - Whether what is described has to be there. For V(absent) O(name), or without it O(bridge),
        is enough.
    type: str
    choices: [present, absent]
    default: present
  persist:
    description:
      - Whether it is there again after a reboot, and after C(nftables) or C(netfilter-persistent)
        loaded its rules again.
      - Writes C(/etc/container_net/nat.d/NAME.json), the engine under
        C(/usr/local/lib/container_net), and the units C(container-net-nat) and
        C(container-net-forward) for systemd. V(false) removes what an earlier run with V(true)
        wrote.
    type: bool
    default: false
  lock_timeout:
    description:
      - How long to wait for another run on the same host, in seconds. V(0) does not wait.
    type: int
    default: 60
notes:
  - Other chains of nftables that drop forwarded packets cannot be overruled by an accept elsewhere.
    The error names the chain, and the rule that its owner has to add.
  - A target reaches its own published port through hairpin mode of its port where
    C(net.bridge.bridge-nf-call-iptables) is 1. The module sets it on those of the bridge's ports
    that are veth, at the time of the run, and takes it back.
seealso:
  - module: netfabric.container_net.bridge
  - module: netfabric.container_net.topology
"""

EXAMPLES = r"""
- name: Let the network behind mybridge reach the world under the host's address
  netfabric.container_net.nat:
    bridge: mybridge
    masquerade: true
  become: true

- name: Publish a web server and a name server behind it as well, also after a reboot
  netfabric.container_net.nat:
    bridge: mybridge
    subnet: 192.168.2.0/24
    masquerade: true
    publish:
      - {host_port: 8080, to: 192.168.2.10, to_port: 80}
      - {host_port: 5353, to: 192.168.2.11, protocol: udp}
    persist: true
  become: true

- name: Only the host itself reaches it, and the bridge's ports reach nothing of each other
  netfabric.container_net.nat:
    bridge: mybridge
    publish:
      - {host_ip: 127.0.0.1, host_port: 8080, to: 192.168.2.10, to_port: 80, loopback: true}
    isolate: true
  become: true

- name: Let other hosts' containers, which routes lead to, see who it is
  netfabric.container_net.nat:
    bridge: docker0
    masquerade: true
    masquerade_except: [172.20.0.0/16]
  become: true

- name: Remove it
  netfabric.container_net.nat:
    bridge: mybridge
    state: absent
  become: true
"""

RETURN = r"""
commands:
  description:
    - The commands that do the same, in their order. Empty when nothing changes, or only files do.
    - On a host that has nothing of it yet, they do the same as a shell script.
  type: list
  elements: str
  returned: always
  sample:
    - sysctl -w net/ipv4/conf/mybridge/route_localnet=0
    - nft delete table inet container_net.mybridge
    - iptables -w -D CONTAINER-NET -i mybridge -s 192.168.2.0/24 -j ACCEPT
    - >-
      iptables -w -D CONTAINER-NET -o mybridge -d 192.168.2.0/24 -m conntrack
      --ctstate RELATED,ESTABLISHED -j ACCEPT
    - >-
      iptables -w -D CONTAINER-NET -o mybridge -d 192.168.2.0/24 -m conntrack
      --ctstate DNAT -j ACCEPT
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
    - What could not be undone, as the commands that do it. Empty when RV(rolled_back=true).
  type: list
  elements: str
  returned: when a change failed
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._firewall.flow import run
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import NAT_MODULE


def main() -> None:
    run(AnsibleModule(argument_spec=NAT_MODULE, supports_check_mode=True))


if __name__ == "__main__":
    main()
