# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More graphs and pictures than a pipe holds: role verify writes the report of thirty hosts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.report.runs import path_without_dot, playbook
from tests.unit.report.networks import overlay_host

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
            "verify_report_file": str(tmp_path / "report.html"),
            "__verify_network": network,
            "__verify_looked": {"stdout": json.dumps({"versions": {}, "files": []})},
        }
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (tmp_path / "play.yml").write_text(json.dumps(PLAY))
    return tmp_path / "inventory.json"


def test_every_host_has_its_picture(inventory: Path, tmp_path: Path) -> None:
    playbook(inventory, str(tmp_path / "play.yml"))
    assert (tmp_path / "report.dot").stat().st_size > 2 * PIPE
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 1 + HOSTS
    assert "How the hosts are joined" in page


def test_without_graphviz_there_is_a_page(inventory: Path, tmp_path: Path) -> None:
    playbook(inventory, str(tmp_path / "play.yml"), PATH=path_without_dot(tmp_path))
    page = (tmp_path / "report.html").read_text()
    assert "There is no picture: Graphviz is not on the controller" in page
    assert "<svg" not in page
