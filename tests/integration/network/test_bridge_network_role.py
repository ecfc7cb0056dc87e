# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role bridge_network's way back, on a throw-away host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.network.sandbox import Sandbox

NAME = "bridge_network"


def take_away(sandbox: Sandbox) -> dict[str, Any]:
    """What the role would do with its network, where a package that it wants is missing."""
    role = {"name": "netfabric.container_net.bridge_network", "tasks_from": "absent"}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": role}],
        "vars": {"bridge_network_packages": ["no-such-package"]},
    }
    path = sandbox.directory / "absent.yml"
    path.write_text(json.dumps([play]), encoding="utf-8")
    # Only in check mode: /etc is the machine's.
    done = sandbox.ansible(
        "ansible-playbook", "-i", "localhost,", "-c", "local", str(path), "--check"
    )
    tasks = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"]
    (result,) = (
        task["hosts"]["localhost"]
        for task in tasks
        if task["task"]["name"] == f"{role['name']} : Take the network away"
    )
    return dict(result)


@pytest.mark.parametrize("made", [True, False], ids=["made", "never made"])
def test_a_missing_package_keeps_no_network(sandbox: Sandbox, made: bool) -> None:
    """Packages may have gone, or more be wanted, since the network was made."""
    if made:
        topology = {"name": NAME, "namespaces": [{"name": "ns1"}]}
        sandbox.play([{"netfabric.container_net.topology": topology}])
    result = take_away(sandbox)
    assert result["changed"] is made
    assert result.get("skipped", False) is not made
