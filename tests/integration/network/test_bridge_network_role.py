# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role bridge_network's way back, on a throw-away host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.network.sandbox import Sandbox

ROLE = "netfabric.container_net.bridge_network"
NAME = "bridge_network"
NOTE = "/var/lib/container_net/bridge_network"


def predict(sandbox: Sandbox, tasks_from: str = "main", **variables: Any) -> dict[str, Any]:
    """What the role would do, by its tasks' names. Only in check mode: /etc is the machine's."""
    role = {"name": ROLE, "tasks_from": tasks_from}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": role}],
        "vars": variables,
    }
    path = sandbox.directory / "role.yml"
    path.write_text(json.dumps([play]), encoding="utf-8")
    done = sandbox.ansible(
        "ansible-playbook", "-i", "localhost,", "-c", "local", str(path), "--check", check=False
    )
    tasks = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"]
    found = {t["task"]["name"].rpartition(" : ")[2]: t["hosts"]["localhost"] for t in tasks}
    assert not [name for name, result in found.items() if result.get("failed")], found
    return found


def make(sandbox: Sandbox, *names: str) -> None:
    for name in names:
        topology = {"name": name, "namespaces": [{"name": f"{name}.ns"}]}
        sandbox.play([{"netfabric.container_net.topology": topology}])


@pytest.mark.parametrize("made", [True, False], ids=["made", "never made"])
def test_a_missing_package_keeps_no_network(sandbox: Sandbox, made: bool) -> None:
    """Packages may have gone, or more be wanted, since the network was made."""
    if made:
        make(sandbox, NAME)
    tasks = predict(sandbox, "absent", bridge_network_packages=["no-such-package"])
    result = tasks["Take the network away"]["results"][0]
    assert result["changed"] is made
    assert result.get("skipped", False) is not made


def test_a_network_of_an_earlier_name_goes(sandbox: Sandbox) -> None:
    make(sandbox, "old", "strangers")
    sandbox.sh(f"echo old > {NOTE}")
    variables: dict[str, Any] = {
        "bridge_network_packages": [],
        "bridge_network_forward": False,
        "bridge_network_topology": {"name": "new", "namespaces": [{"name": "x"}]},
    }
    tasks = predict(sandbox, **variables)
    gone = tasks["Take away the network of an earlier name"]
    assert gone["commands"] == ["ip netns del old.ns"]
    assert tasks["Note the network's name"]["changed"]
    assert tasks["Build the network"]["commands"][0] == "ip netns add x"
    # Not when nothing is to be pruned, and not when the name is the same.
    tasks = predict(sandbox, **variables, bridge_network_prune=False)
    assert tasks["Take away the network of an earlier name"].get("skipped")
    sandbox.sh(f"echo new > {NOTE}")
    tasks = predict(sandbox, **variables)
    for name in ("Take away the network of an earlier name", "Note the network's name"):
        assert tasks[name].get("skipped")


@pytest.mark.long
def test_the_way_back_knows_the_name_of_the_last_run(sandbox: Sandbox) -> None:
    make(sandbox, "old", "new", "strangers")
    sandbox.sh(f"echo old > {NOTE}")
    tasks = predict(
        sandbox,
        "absent",
        bridge_network_packages=[],
        bridge_network_topology={"name": "new"},
    )
    found = [result["commands"] for result in tasks["Take the network away"]["results"]]
    assert found == [["ip netns del old.ns"], ["ip netns del new.ns"]]
    removed = tasks["Forget that IPv4 and IPv6 packets are forwarded, and the network's name"]
    assert [r["item"] for r in removed["results"] if r["changed"]] == [NOTE]


def test_each_ip_version_has_an_address_translation_of_its_own(sandbox: Sandbox) -> None:
    """And what a bridge that is not the role's publishes passes the host's firewall."""
    sandbox.sh(
        "ip link add docker0 up type bridge; ip address add 172.17.0.1/16 dev docker0;"
        "ip address add fd00:17::1/64 dev docker0"
    )
    publish = [{"host_port": 8080, "to": "172.17.0.2", "to_port": 80}]
    tasks = predict(
        sandbox,
        bridge_network_packages=[],
        bridge_network_topology={"name": "none"},
        bridge_network_nat=[
            {"bridge": "docker0", "masquerade": True, "publish": publish},
            {"bridge": "docker0", "subnet": "fd00:17::/64", "masquerade": True},
        ],
    )
    four, six = (
        result["invocation"]["module_args"] for result in tasks["Translate addresses"]["results"]
    )
    assert (four["name"], four["forward"]) == ("bridge_network.docker0", True)
    assert (six["name"], six["forward"]) == ("bridge_network.ipv6.docker0", False)
