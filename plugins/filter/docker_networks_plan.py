# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role docker_networks has to do on a host, or why it must not."""

from __future__ import annotations

DOCUMENTATION = r"""
name: docker_networks_plan
short_description: What to do so that a host has these Docker networks and containers
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Compares the wanted networks and containers with each other and with what the host has, and
    names everything that does not go together, before anything is changed.
  - Made for role C(netfabric.container_net.docker_networks).
positional: containers, host
options:
  _input:
    description: The wanted networks, as the role's C(docker_networks_networks).
    type: list
    elements: dict
    required: true
  containers:
    description: The wanted containers, as the role's C(docker_networks_containers).
    type: list
    elements: dict
    required: true
  host:
    description: What the role found out about the host.
    type: dict
    required: true
  name:
    description: Name of the set that networks and containers are labelled with.
    type: str
    required: true
  prune:
    description: Whether to remove what the set no longer names.
    type: bool
    default: true
  pull:
    description: When Docker may fetch images.
    type: str
    choices: [missing, always, never]
    default: missing
"""

EXAMPLES = r"""
- name: Find out what to do
  ansible.builtin.debug:
    msg: "{{ networks | netfabric.container_net.docker_networks_plan([], host, name='web') }}"
"""

RETURN = r"""
_value:
  description:
    - C(problems) is a list of sentences, each with what to do about it. When it is not empty
      there is nothing else.
    - C(remove_containers) and C(remove_networks) are names, C(networks) and C(containers) what
      the modules of community.docker are given, C(predictable) those of the containers that check
      mode can say more about, C(unpredictable) the names of the others.
  type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.networks_plan import (
    Wanted,
    plan,
)

# The role's specification lets text pass that says a truth value, a number or a list.
_TRUTH = ("internal", "icc", "masquerade")


def _typed(entry: Mapping[str, Any]) -> dict[str, Any]:
    typed = dict(entry)
    typed.update({key: boolean(entry[key]) for key in _TRUTH if entry.get(key) is not None})
    if entry.get("mtu") is not None:
        typed["mtu"] = int(entry["mtu"])
    if entry.get("networks"):
        typed["networks"] = [
            {**part, "aliases": _texts(part.get("aliases"))} for part in entry["networks"]
        ]
    if entry.get("ports"):
        typed["ports"] = _texts(entry["ports"])
    return typed


def _texts(value: Any) -> list[str]:
    several = value.split(",") if isinstance(value, str) else value or []
    return [str(one) for one in several]


def docker_networks_plan(
    networks: Sequence[Mapping[str, Any]],
    containers: Sequence[Mapping[str, Any]],
    host: Mapping[str, Any],
    name: str,
    prune: bool = True,
    pull: str = "missing",
) -> dict[str, Any]:
    """Compare; see DOCUMENTATION."""
    wanted = Wanted(
        name, [_typed(one) for one in networks], [_typed(one) for one in containers], prune, pull
    )
    return plan(wanted, host)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"docker_networks_plan": docker_networks_plan}
