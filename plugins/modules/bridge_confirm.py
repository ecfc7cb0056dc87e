#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_confirm
short_description: Confirm that a host is reached through its new bridge
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Module M(netfabric.container_net.bridge) with its option C(uplink) moves a network card to a
    bridge, or back, after it has armed a timer that undoes it. This module stops the timer, and
    writes the network manager's files so that the new network outlives a reboot.
  - It takes two calls. That it runs on the host does not show that the host is reached through its
    new network, because the call may have come in before. The first call after the switch returns
    RV(proof), and whoever can hand that back as O(proof) was answered and is heard.
  - The action plugin of module M(netfabric.container_net.bridge) calls it. A playbook needs it
    only where it runs that module in another way.
options:
  name:
    description: The bridge.
    type: str
    required: true
  id:
    description:
      - The move, as RV(netfabric.container_net.bridge#module:move.id) has it. Left out, it is the
        one that is under way.
    type: str
  proof:
    description: What the call before returned as RV(proof).
    type: str
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction.
    support: full
    details: Nothing is confirmed.
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: none
    details: Module M(netfabric.container_net.bridge) has shown them.
seealso:
  - module: netfabric.container_net.bridge
"""

EXAMPLES = r"""
- name: Wait until the host answers through br0
  netfabric.container_net.bridge_confirm:
    name: br0
  register: moved
  until: moved.state == 'switched'
  become: true

- name: Confirm that it was heard
  netfabric.container_net.bridge_confirm:
    name: br0
    proof: "{{ moved.proof }}"
  become: true
"""

RETURN = r"""
state:
  description:
    - V(confirmed), the new network lasts.
    - V(waiting), the host has not moved yet; ask again.
    - V(switched), it has; ask again with RV(proof).
    - V(rolled_back), the host is back on its old network. The module fails then.
    - V(failed), the move cannot be confirmed, for the reason that the message gives. When one is
      under way it is undone as soon as its time is over.
  type: str
  returned: always
  sample: confirmed
proof:
  description: What the next call needs as O(proof).
  type: str
  returned: when RV(state=switched)
  sample: 5f0c2a9be1d47c38
rolled_back:
  description: Whether it was too late, or the move failed, and the host went back.
  type: bool
  returned: always
addresses:
  description: The addresses that the bridge has, or after a way back the card.
  type: list
  elements: str
  returned: when the move was confirmed just now
  sample: [192.168.100.12/24]
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._specs import (
    BRIDGE_CONFIRM_MODULE,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.confirming import (
    confirm,
)


def main() -> None:
    module = AnsibleModule(argument_spec=BRIDGE_CONFIRM_MODULE, supports_check_mode=True)
    try:
        answer = confirm(
            module.params["name"],
            module.params["id"],
            module.params["proof"],
            bool(module.check_mode),
        )
    except ContainerNetError as error:
        module.fail_json(msg=str(error), changed=False, state="failed", rolled_back=False)
    result = {"changed": answer.changed, "state": answer.state, "rolled_back": answer.rolled_back}
    if answer.rolled_back:
        module.fail_json(msg=answer.message, **result)
    if answer.changed and not module.check_mode:
        result["addresses"] = list(answer.addresses)
    if answer.proof:
        result["proof"] = answer.proof
    module.exit_json(**result)


if __name__ == "__main__":
    main()
