# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role flannel's config.yml on a host that is as wanted, but for one thing."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.network.sandbox import Sandbox

RULES = "/etc/container_net/forward.d/flannel.rules"
LEASE = {"public_ip": "192.0.2.1", "subnet": "172.20.1.0/24", "ipv6_subnet": None}
INFO = {
    "ready": True,
    "problem": None,
    "subnet": LEASE["subnet"],
    "mtu": 1450,
    "link": "flannel.1",
    "link_mtu": 1450,
    "config": {"Network": "172.20.0.0/16", "Backend": {"Type": "vxlan"}},
    "config_digest": "0",
    "expected_link": "flannel.1",
    "expected_ipv6_link": None,
    "leases": [LEASE],
    "lease": LEASE,
}
STATE = {
    "missing": [],
    "lacking": [],
    "version": "v0.28.7",
    "binary": "",
    "files": {RULES: ""},
    "active": True,
    "enabled": True,
    "networkd": True,
    "forward": "",
    "forward_enabled": True,
    "pending": False,
    "left": {"link": "flannel.1", "routed": "", "masq": "true", "forward": "false"},
    "route_check": False,
    "bridge_netfilter": True,
    "ip_forward": True,
    "ipv6_forward": True,
    "ra_links": [],
}


def config(sandbox: Sandbox, *words: str, **variables: Any) -> list[dict[str, Any]]:
    """The results of the tasks that did something, in a play of config.yml alone."""
    role = {"name": "netfabric.container_net.flannel", "tasks_from": "config"}
    extra = {
        "container_net_ip": "192.0.2.1",
        "container_net_iface": "eth0",
        "flannel_etcd_endpoints": ["https://192.0.2.1:2379"],
        "flannel_bridge": "",
        "flannel_lease": INFO,
        "__flannel_inspect": {"stdout": json.dumps(STATE)},
        # The files are as wanted.
        "__flannel_stale_paths": [],
        **variables,
    }
    results = sandbox.play(
        [{"name": "config", "ansible.builtin.import_role": role}],
        *("-e", json.dumps(extra), *words),
    )
    return [result for result in results if result["changed"] and "skipped" not in result]


def coming(backend: dict[str, Any], changed: bool = True) -> dict[str, Any]:
    """What the look at etcd's config gave, as tasks/reserve.yml keeps it."""
    return {"changed": changed, "config": {**INFO["config"], "Backend": backend}}


def test_check_mode_says_what_a_changed_backend_does(sandbox: Sandbox) -> None:
    cases = [
        (coming({"Type": "udp"}), True),
        (coming({"Type": "vxlan", "MTU": 1400}), True),
        (coming({"Type": "vxlan", "DirectRouting": True}), False),
    ]
    for result, link in cases:
        (said,) = config(sandbox, "--check", __flannel_network_result=result)
        assert "write /etc/container_net/flannel.env, " in said["msg"]
        assert "restart flanneld with the new config" in said["msg"]
        assert ("remove the link flannel.1" in said["msg"]) is link
    unchanged = coming({"Type": "vxlan"}, changed=False)
    assert config(sandbox, "--check", __flannel_network_result=unchanged) == []
    assert config(sandbox, "--check") == []


def test_forwarding_rules_go_with_the_bridge(sandbox: Sandbox) -> None:
    state = {**STATE, "files": {RULES: "a digest"}}
    known = {"__flannel_inspect": {"stdout": json.dumps(state)}}
    sandbox.sh(f"mkdir -p {RULES.rpartition('/')[0]}; echo '4 -i br0 -o br0 -j ACCEPT' >{RULES}")
    (said,) = config(sandbox, "--check", **known)
    assert said["msg"].startswith("Would take the forwarding rules away")
    assert sandbox.succeeds("test", "-f", RULES)
    (removed,) = config(sandbox, **known)
    assert removed["task"].endswith("Remove the forwarding rules")
    assert not sandbox.succeeds("test", "-f", RULES)
    assert config(sandbox) == []
