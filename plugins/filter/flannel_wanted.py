# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role flannel's variables ask of the hosts, and what can be said against them beforehand."""

from __future__ import annotations

DOCUMENTATION = r"""
name: flannel_wanted
short_description: What role flannel's variables ask of the hosts
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Checks the network, the backend and the hosts' subnets by the rules of module
    M(netfabric.container_net.flannel_network), without etcd, before anything is changed.
  - Made for role C(netfabric.container_net.flannel).
positional: hosts
options:
  _input:
    description: The role's variables, as far as module flannel_network has options of their names.
    type: dict
    required: true
  hosts:
    description: For each host of the group C(public_ip), C(subnet) and C(ipv6_subnet).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what is wrong with a network
  ansible.builtin.debug:
    msg: "{{ ({'network': '10.0.0.1/24'} | netfabric.container_net.flannel_wanted([])).problems }}"
"""

RETURN = r"""
_value:
  description:
    - C(problems) is a list of sentences, each with what to do about it. When it is not empty
      there is nothing else.
    - C(kind), C(networks), C(udp), C(tcp), C(modules), C(link), C(routed), C(vni), C(mtu) and
      C(names) are what the tasks C(between) of role C(netfabric.container_net.common) look for.
  type: dict
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import (
    allocation,
    backends,
    config,
)

NUMBERS = ("subnet_len", "ipv6_subnet_len")
TEXTS = ("network", "subnet_min", "subnet_max")


def options_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The variables as the module would get them: what is empty is left out."""
    params: dict[str, Any] = {
        name: given.get(name) or None
        for family in ("", "ipv6_")
        for name in (f"{family}{text}" for text in (*TEXTS, "subnet_len"))
    }
    for name in NUMBERS:
        if params[name] is not None:
            params[name] = int(params[name])
    if params["ipv6_network"] is None:
        params["ipv6_subnet_len"] = None
    params["backend"] = {"type": "vxlan", **known(given.get("backend") or {})}
    return params


def known(backend: Mapping[str, Any]) -> dict[str, Any]:
    """A backend's options by our names; templates make a text of a number or a truth value."""
    aliases = {
        key.lower(): name
        for kind in backends.KINDS.values()
        for name, (key, dummy) in kind.options.items()
    }
    options: dict[str, Any] = {}
    for key, value in backend.items():
        name = key if key in ("type", *backends.OPTIONS) else aliases.get(str(key).lower(), "")
        if not name:
            raise OptionError(
                f"backend.{key}",
                "(hidden)",
                "flannel_network's backend has no such option",
                f"Correct the name; there are {', '.join(sorted(backends.OPTIONS))}",
            )
        options[name] = plain(value) if name != "psk" else value
    return options


def plain(value: Any) -> Any:
    """A text as the number or truth value that it stands for."""
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"\d+", value):
        return int(value)
    return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower(), value)


def role_words(error: ContainerNetError, hosts: Sequence[Mapping[str, Any]]) -> str:
    """An error of the modules in the role's words: its variables, and the inventory's hosts."""
    text = str(error)
    position = re.match(r"leases\[(\d+)\]\.(\w+)", text)
    if position is None:
        whose = re.search(r" \(host ([\d.]+)\)", text)
        names = [str(host["host"]) for host in hosts if whose and host["public_ip"] == whose[1]]
        return f"{names[0] + ': ' if names else ''}flannel_{text}"
    host = hosts[int(position[1])]
    rest = text[position.end() :]
    # Other positions in the sentence are of no use to a person either.
    rest = re.sub(
        r"leases\[(\d+)\]\.public_ip", lambda match: str(hosts[int(match[1])]["host"]), rest
    )
    return f"{host['host']}: flannel_{position[2]}{rest}"


def problems_of(
    wanted: config.Config, hosts: Sequence[Mapping[str, Any]]
) -> list[ContainerNetError]:
    """What is wrong with the hosts' subnets, as far as one knows without etcd."""
    try:
        allocation.assign(wanted, allocation.wanted_from_params(hosts, "leases"), [], [])
    except ContainerNetError as error:
        return [error]
    return []


def flannel_wanted(given: Mapping[str, Any], hosts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Judge the variables; see DOCUMENTATION."""
    try:
        wanted = config.from_params(options_of(given))
    except ContainerNetError as error:
        return {"problems": [role_words(error, hosts)]}
    except ValueError:
        return {"problems": ["flannel_subnet_len: this is not a whole number. Write a number."]}
    found = [role_words(error, hosts) for error in problems_of(wanted, hosts)]
    if found:
        return {"problems": found}
    backend = wanted.backend
    port = backend.port()
    kind = backends.KINDS[backend.kind]
    return {
        "problems": [],
        "kind": backend.kind,
        "networks": [str(limits.network) for limits in wanted.ranges()],
        "udp": [port[1]] if port else [],
        "modules": ["br_netfilter", *kind.modules],
        "link": backend.link(),
        "routed": backend.routed(),
        "vni": backend.effective().get("VNI"),
        "mtu": backend.options.get("MTU"),
        "names": {
            "address": "flannel_public_ip",
            "backend": "flannel_backend.type",
            "iface": "flannel_iface",
            "mtu": "flannel_backend.mtu" if "mtu" in kind.options else "",
            "network": "flannel_network",
            "port": f"flannel_backend.{port[0]}" if port else "",
            "vni": "flannel_backend.vni",
        },
    }


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"flannel_wanted": flannel_wanted}
