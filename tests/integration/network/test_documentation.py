# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules' documentation says is so: the examples run, the results are those listed."""

from __future__ import annotations

import importlib

import pytest
import yaml

from tests.integration.network.sandbox import Sandbox

MODULES = "ansible_collections.netfabric.container_net.plugins.modules"
# What the examples of module route stand on.
NETWORK = """
ip link add up0 up type veth peer name down0
ip link set dev down0 up
ip addr add 192.168.100.12/24 dev up0
ip netns add ns1
ip link add name far netns ns1 type veth peer name near
ip link set dev near up
ip -n ns1 link set dev far up
ip -n ns1 addr add 192.168.2.10/24 dev far
"""


# What the examples of module nat stand on.
BRIDGE = """
sysctl -qw net.ipv4.ip_forward=1
ip link add mybridge type bridge
ip addr add 192.168.2.1/24 dev mybridge
ip link add docker0 type bridge
ip addr add 172.20.1.1/24 dev docker0
"""


@pytest.mark.parametrize("name", ["netns", "bridge", "veth", "vxlan", "route", "nat", "topology"])
def test_examples_run_and_return_what_is_listed(sandbox: Sandbox, name: str) -> None:
    module = importlib.import_module(f"{MODULES}.{name}")
    listed = yaml.safe_load(module.RETURN)
    if name == "route":
        sandbox.sh(NETWORK)
    if name == "nat":
        sandbox.sh(BRIDGE)
    # A card is moved by the network manager of a whole host: scenario uplink.
    examples = [t for t in yaml.safe_load(module.EXAMPLES) if "uplink" not in str(t)]
    tasks = list(examples)
    if name == "netns":
        # The process that an example speaks of.
        command = {"cmd": "unshare --net sh -c 'sleep 600 >/dev/null 2>&1 & echo $!'"}
        tasks.insert(0, {"ansible.builtin.shell": command, "register": "worker"})
    results = []
    for result in sandbox.play(tasks, "--diff")[len(tasks) - len(examples) :]:
        assert result["changed"], result["task"]
        results += result.get("results", [result])

    by_ansible = {"changed", "invocation", "failed", "task", "action", "item", "ansible_loop_var"}
    for result in results:
        returned = {key for key in result if not key.startswith("_")} - by_ansible
        # After a failure, and while a card moves.
        assert returned == set(listed) - {"rolled_back", "repair", "move"}
    assert listed["commands"]["sample"] in [result["commands"] for result in results]
