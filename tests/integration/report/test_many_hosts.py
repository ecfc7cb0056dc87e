# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many hosts, whose graphs and pictures are more than a pipe holds, and many namespaces."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ansible_collections.netfabric.container_net.plugins.filter.report_data import report_data
from ansible_collections.netfabric.container_net.plugins.filter.report_page import report_page
from ansible_collections.netfabric.container_net.plugins.filter.topology_dot import topology_dot
from tests.integration.report.chromium import Chromium
from tests.integration.report.runs import path_without_dot, playbook
from tests.unit.report.networks import overlay_host, rooms

HOSTS = 30
PIPE = 65536  # bytes
PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.import_role": {
                    "name": "netfabric.container_net.verify",
                    "tasks_from": "write",
                }
            }
        ],
    }
]


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Hosts of which everything is known already."""
    hosts = {}
    for number in range(1, HOSTS + 1):
        network = overlay_host(number, HOSTS)
        hosts[network["host"]] = {
            "ansible_connection": "local",
            "container_net_ip": network["address"],
            "verify_report_file": "reports/many.html",
            "__verify_network": network,
            "__verify_looked": {"stdout": json.dumps({"versions": {}, "files": []})},
        }
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (tmp_path / "play.yml").write_text(json.dumps(PLAY))
    return tmp_path / "inventory.json"


def write(inventory: Path, **environment: str) -> str:
    """The page, in a folder beside the inventory, where the run starts."""
    folder = inventory.parent
    playbook(inventory, str(folder / "play.yml"), PWD=str(folder), **environment)
    return (folder / "reports/many.html").read_text()


def test_every_host_has_its_picture(inventory: Path, tmp_path: Path) -> None:
    page = write(inventory)
    assert (tmp_path / "reports/many.dot").stat().st_size > 2 * PIPE
    assert page.count("<svg") == 1 + HOSTS
    assert "How the hosts are joined" in page


def test_without_graphviz_there_is_a_page(inventory: Path, tmp_path: Path) -> None:
    page = write(inventory, PATH=path_without_dot(tmp_path))
    assert "There is no picture: Graphviz is not on the controller" in page
    assert "<svg" not in page


def test_a_thousand_namespaces_fit_on_a_screen(chromium: Chromium, tmp_path: Path) -> None:
    crowd = rooms(1000)
    crowd["namespaces"][500]["links"][1]["up"] = False
    data = report_data({"node1": crowd}, "now")
    graph = topology_dot(data["hosts"])
    drawn = subprocess.run(
        ["dot", "-Tsvg"], input=graph, capture_output=True, text=True, check=True
    )
    page = tmp_path / "crowd.html"
    page.write_text(report_page(data, drawn.stdout))
    chromium.open(page, 1400, "light")
    assert chromium.texts_outside() == []
    picture = "document.querySelector('.picture')"
    assert chromium.evaluate(f"{picture}.scrollWidth <= {picture}.clientWidth")
    assert "999 namespaces" in chromium.evaluate(f"{picture}.textContent")
