# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as one HTML file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report_page
short_description: Make an HTML page of a report
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Makes one HTML file of what filter P(netfabric.container_net.report_data#filter) put together.
    It needs no network, no script and no other file, and follows the reader's choice of light or
    dark.
options:
  _input:
    description: What filter P(netfabric.container_net.report_data#filter) returned.
    type: dict
    required: true
  drawn:
    description:
      - What C(dot -Tsvg) made of the graphs that filter
        P(netfabric.container_net.topology_dot#filter) gives for the same hosts. Empty, the page has
        no picture.
    type: str
    default: ""
  without:
    description: Why there is no picture, which the page then says.
    type: str
    default: Graphviz drew none.
"""

EXAMPLES = r"""
- name: Write the page
  ansible.builtin.copy:
    content: "{{ report | netfabric.container_net.report_page(drawn.stdout) }}"
    dest: network.html
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.netfabric.container_net.plugins.plugin_utils._report.dot import graphs
from ansible_collections.netfabric.container_net.plugins.plugin_utils._report.page import page
from ansible_collections.netfabric.container_net.plugins.plugin_utils._report.svg import pictures


def report_page(
    data: Mapping[str, Any], drawn: str = "", without: str = "Graphviz drew none."
) -> str:
    """One file; see DOCUMENTATION."""
    titles = [title for title, dummy in graphs(data["hosts"])]
    return page(data, list(zip(titles, pictures(drawn, titles))), without)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file."""
        return {"report_page": report_page}
