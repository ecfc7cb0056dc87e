# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that a report says, as data."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report_data
short_description: Put together what a report of the network says
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Joins what was found on each host and what was measured between them, and compares it with an
    earlier report. Role C(netfabric.container_net.verify) writes the result as JSON, and filter
    P(netfabric.container_net.report_page#filter) makes a page of it.
options:
  _input:
    description:
      - What module M(netfabric.container_net.topology_info) returned, by the hosts' names.
    type: dict
    required: true
  looks:
    description:
      - By the hosts' names, C(versions), a dictionary, and C(files), a list of dictionaries with
        C(path) and C(written).
    type: dict
    default: {}
  addresses:
    description: The address of each host by its name, as far as it is known.
    type: dict
    default: {}
  missing:
    description: The names of hosts that should be in the report and are not.
    type: list
    elements: str
    default: []
  failed:
    description: The names of hosts whose tasks failed, so that nothing was measured there.
    type: list
    elements: str
    default: []
  verdict:
    description: What filter P(netfabric.container_net.verify_matrix#filter) returned.
    type: dict
    default: {}
  reachability:
    description: What module M(netfabric.container_net.reachability) returned, by headings.
    type: dict
    default: {}
  controller:
    description: Names and versions of what runs on the controller.
    type: dict
    default: {}
  collection:
    description: The collection's version.
    type: str
    default: ""
  previous:
    description: An earlier report as JSON text. One that cannot be read counts as none.
    type: str
    default: ""
  passing:
    description: Name of a container that every run makes anew, and that is no change.
    type: str
    default: ""
  now:
    description: The time, as the report shows it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Keep what there is as JSON
  ansible.builtin.copy:
    content: "{{ report | to_json }}"
    dest: network.json
    mode: "0644"
  vars:
    all: "{{ ansible_play_hosts | map('extract', hostvars, 'network') }}"
    networks: "{{ dict(ansible_play_hosts | zip(all)) }}"
    report: "{{ networks | netfabric.container_net.report_data(now=now() | string) }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - C(hosts), a list with C(host), C(address), C(namespaces), C(docker), C(versions) and C(files)
      of each; C(pairs), C(failures) and C(reachability), what was measured; C(changes) with
      C(since), the time of the earlier report or null, and C(entries), the differences;
      C(written), C(missing), C(controller), C(collection), and C(format), now V(1).
  type: dict
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.netfabric.container_net.plugins.plugin_utils._report.changes import compare

FORMAT = 1
NOT_MEASURED = "a task failed there, so nothing was measured. Ansible says which one."


def earlier(text: str) -> dict[str, Any]:
    """A report of the same format, or nothing."""
    try:
        found = json.loads(text)
        return found if found["format"] == FORMAT and found["hosts"] else {}
    except (KeyError, TypeError, ValueError):
        return {}


def report_data(
    networks: Mapping[str, Mapping[str, Any]],
    now: str,
    looks: Mapping[str, Mapping[str, Any]] | None = None,
    addresses: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
    failed: Sequence[str] = (),
    verdict: Mapping[str, Any] | None = None,
    reachability: Mapping[str, Any] | None = None,
    controller: Mapping[str, str] | None = None,
    collection: str = "",
    previous: str = "",
    passing: str = "",
) -> dict[str, Any]:
    """Everything in one dictionary; see DOCUMENTATION."""
    looks, addresses, verdict = looks or {}, addresses or {}, verdict or {}
    hosts = [
        {
            "host": name,
            "address": addresses.get(name, ""),
            "namespaces": network["namespaces"],
            "docker": network.get("docker"),
            "versions": looks.get(name, {}).get("versions", {}),
            "files": looks.get(name, {}).get("files", []),
        }
        for name, network in networks.items()
    ]
    return {
        "format": FORMAT,
        "written": now,
        "collection": collection,
        "controller": dict(controller or {}),
        "hosts": hosts,
        "missing": list(missing),
        "pairs": verdict.get("pairs", []),
        "failures": [
            *(f"{name}: {NOT_MEASURED}" for name in failed),
            *verdict.get("failures", []),
        ],
        "reachability": {
            title: {"matrix": result.get("matrix", []), "failures": result.get("failures", [])}
            for title, result in (reachability or {}).items()
        },
        "changes": compare(earlier(previous), hosts, passing),
    }


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file."""
        return {"report_data": report_data}
