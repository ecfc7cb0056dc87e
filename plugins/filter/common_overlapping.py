# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's networks on a host that leave no room for another one, from the host's facts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: common_overlapping
short_description: Networks of Docker on a host that share addresses with another network
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Docker does not start with a network for C(docker0) that overlaps one that it has, such as those
    of Docker Compose, which takes V(172.18.0.0/16) and the next ones.
  - Looks at links with the names that Docker itself gives (C(br-) and twelve digits,
    C(docker_gwbridge)). Whatever else a host is connected to may lie around a longer prefix.
positional: _input, network
options:
  _input:
    description: The host's facts, C(ansible_facts), with the subset network.
    type: dict
    required: true
  network:
    description: The network that is to be C(docker0)'s, such as V(172.20.1.0/24).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what keeps Docker from starting
  ansible.builtin.debug:
    msg: "{{ ansible_facts | netfabric.container_net.common_overlapping('172.20.1.0/24') }}"
# [172.20.0.0/16 (br-4f6f1b2c3d4e)]
"""

RETURN = r"""
_value:
  description: Each such network with its link; empty when there is none.
  type: list
  elements: str
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.netfabric.container_net.plugins.filter.common_network import addresses_in

DOCKERS = re.compile(r"^(br-[0-9a-f]{12}|docker_gwbridge)$")


def common_overlapping(facts: Mapping[str, Any], network: str) -> list[str]:
    """Those that overlap; see DOCUMENTATION."""
    wanted = ipaddress.IPv4Network(network, strict=False)
    return [
        f"{address.network} ({address.iface})"
        for address in addresses_in(facts)
        if DOCKERS.match(address.iface)
        and address.network is not None
        and address.network.overlaps(wanted)
    ]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"common_overlapping": common_overlapping}
