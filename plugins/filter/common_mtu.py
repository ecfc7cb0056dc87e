# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The largest packet that the links between hosts carry, from the facts of all of them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: common_mtu
short_description: The largest packet that the links between the hosts of a group carry
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - The smallest MTU of the links that the hosts reach each other through.
  - Hosts without facts are left out. Where no host has any, it is 1500.
positional: _input, hostvars
options:
  _input:
    description: What filter P(netfabric.container_net.common_network#filter) returned.
    type: dict
    required: true
  hostvars:
    description: Variables of the hosts, as in C(hostvars). Used are C(ansible_facts).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what containers may send
  ansible.builtin.debug:
    msg: >-
      {{ groups['container_net'] | netfabric.container_net.common_network(hostvars)
         | netfabric.container_net.common_mtu(hostvars) }}
"""

RETURN = r"""
_value:
  description: The MTU in bytes.
  type: int
"""

from collections.abc import Mapping
from typing import Any

DEFAULT = 1500


def link_mtu(facts: Mapping[str, Any], iface: str) -> int | None:
    """A link's MTU, as the facts have it."""
    fact = facts.get(iface.replace("-", "_").replace(":", "_")) or {}
    return int(fact["mtu"]) if fact.get("mtu") else None


def common_mtu(addresses: Mapping[str, Mapping[str, str]], hostvars: Mapping[str, Any]) -> int:
    """The smallest; see DOCUMENTATION."""
    found = [
        link_mtu(hostvars[name].get("ansible_facts") or {}, entry["iface"])
        for name, entry in addresses.items()
    ]
    return min((mtu for mtu in found if mtu), default=DEFAULT)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"common_mtu": common_mtu}
