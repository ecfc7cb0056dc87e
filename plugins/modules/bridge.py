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
  - With O(uplink) a network card of the host becomes the port of a new bridge, which takes over the
    card's addresses, its routes in all tables, the rules that name it and its identity as a DHCP
    client. The host's own network manager does that, so it is the same after a reboot. The card may
    be the one that Ansible comes through.
  - Such a move has to be confirmed, which the action plugin of the same name does as soon as it
    reaches the host again (with module M(netfabric.container_net.bridge_confirm)). Otherwise the
    host goes back to its old network by itself, by a timer that is armed before the first change,
    and so does a host that restarts before.
extends_documentation_fragment:
  - netfabric.container_net.network
  - netfabric.container_net.network.bridge
options:
  uplink:
    description:
      - The network card, or another Ethernet link of the host, that becomes a port of the bridge.
      - It has to be managed by systemd-networkd or ifupdown. NetworkManager is supported as well,
        but was never tried.
      - The bridge has the card's MAC, and no spanning tree. Other options of the bridge are set by
        a task of their own, without O(uplink).
      - With O(state=absent) a bridge that got its card this way gives it back, in the same careful
        manner, and is removed; O(uplink) may be left out then.
      - Refused are cards that are a port or a slave already, wireless ones, those that another link
        stands on (VLAN, macvlan, ipvlan, VXLAN) or that flanneld uses.
      - Rules of a firewall that name the card as where packets come in or go out have to name the
        bridge afterwards; they are not changed.
    type: str
  confirm_timeout:
    description:
      - Seconds after which the host goes back to its old network when the move is not confirmed,
        V(20) to V(3600). Left out, they are V(60).
    type: int
  force:
    description:
      - Whether a link that others made may be changed although it has queueing disciplines or
        forwarding entries that the change would destroy.
    type: bool
    default: false
seealso:
  - module: netfabric.container_net.bridge_confirm
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

- name: Give containers addresses of the host's own segment
  netfabric.container_net.bridge:
    name: br0
    uplink: eth1
    confirm_timeout: 90
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
    - With O(uplink) those that the move runs once its files are written; RV(diff) shows them.
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
    - With O(uplink) the host is back on its old network then.
  type: bool
  returned: when a change failed
move:
  description:
    - A move that waits for its confirmation. The action plugin confirms it and leaves this out.
  type: dict
  returned: when a card begins to move and nobody has confirmed it
  contains:
    name:
      description: The bridge.
      type: str
    id:
      description: The move, for O(netfabric.container_net.bridge_confirm#module:id).
      type: str
    seconds:
      description: How long the host waits before it goes back by itself.
      type: int
repair:
  description:
    - What could not be undone, or after the point of no return not be finished, as the commands
      that do it. Empty when RV(rolled_back=true).
  type: list
  elements: str
  returned: when a change failed
"""


from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flow import run
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import BRIDGE_MODULE
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.parse import (
    from_bridge,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink import flow


def move(module: Any) -> None:
    """Begin to move a card, and leave before it does."""
    started = flow.start(module.params, bool(module.check_mode))
    result: dict[str, Any] = {"changed": started.move is not None, "commands": started.commands}
    if module._diff:
        result["diff"] = started.diff
    if started.move is not None and started.armed:
        name, number, seconds = started.move.bridge, started.move.id, started.move.seconds
        result["move"] = {"name": name, "id": number, "seconds": seconds}
    module.exit_json(**result)


def main() -> None:
    module = AnsibleModule(argument_spec=BRIDGE_MODULE, supports_check_mode=True)
    try:
        if flow.concerns(module.params):
            move(module)
        else:
            run(module, lambda: from_bridge(module.params))
    except ContainerNetError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
