# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role flannel's service.yml on a host whose flanneld runs as wanted."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils._firewall.forwarding import (
    SCRIPT,
    UNIT,
)
from tests.integration.flannel.hosts import Hosts
from tests.integration.flannel.servers import Authority
from tests.integration.flannel.test_backends import NETWORK, NETWORK6, configure
from tests.integration.flannel.test_config_role import RULES, STATE

FILES = {
    "/usr/local/lib/container_net/forward": SCRIPT,
    "/etc/systemd/system/container-net-forward.service": UNIT,
    RULES: "# Written by Ansible.\n",
}


def service(hosts: Hosts, lease: dict[str, Any], directory: Path) -> list[str]:
    """Play service.yml on a host that found that lease; the tasks that changed something."""
    systemctl = directory / "systemctl"
    systemctl.write_text("#!/bin/sh\n[ $1 = is-enabled ]\n")
    systemctl.chmod(0o755)
    authority = Authority(directory / "pki", "ours")
    cert, key = authority.pair("flannel", "flannel")
    path = f"{directory}:/usr/sbin:/usr/bin:/sbin:/bin"
    texts = {name: hosts.sandbox.run("cat", name).stdout.encode() for name in FILES}
    state = {
        **STATE,
        "files": {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()},
        "left": {"link": "", "routed": f"{NETWORK} {NETWORK6}", "masq": "true", "forward": "false"},
    }
    options = {
        "container_net_ip": "192.168.77.1",
        "container_net_iface": "eth0",
        "flannel_etcd_endpoints": hosts.where["endpoints"],
        # This etcd does not ask for them.
        "flannel_etcd_ca_cert": authority.path,
        "flannel_etcd_client_cert": cert,
        "flannel_etcd_client_key": key,
        "flannel_network": NETWORK,
        "flannel_ipv6_network": NETWORK6,
        "flannel_bridge": "docker0",
        "flannel_subnet_file": hosts.file(1),
        "__flannel_inspect": {"stdout": json.dumps(state)},
        "__flannel_stale_paths": [],
    }
    role = {"name": "netfabric.container_net.flannel", "tasks_from": "service"}
    results = hosts.sandbox.play(
        [
            {"name": "lease", "ansible.builtin.set_fact": {"flannel_lease": lease}},
            {
                "name": "service",
                "ansible.builtin.import_role": role,
                "environment": {"PATH": path},
            },
        ],
        *("-e", json.dumps(options)),
    )
    return [result["task"] for result in results if result["changed"]]


def test_hosts_that_came_in_this_run_are_let_in(hosts: Hosts, tmp_path: Path) -> None:
    """Their IPv6 addresses were not known when this host's rules were made."""
    for name, text in FILES.items():
        hosts.sandbox.run("install", "-D", "/dev/stdin", name, input=text)
    configure(hosts, {"type": "host-gw"}, ipv6_network=NETWORK6, ipv6_subnet_len=64)
    hosts.start(1)
    early = hosts.info(1)
    assert [lease["public_ipv6"] for lease in early["leases"]].count(None) == 2
    for number in (2, 3):
        hosts.start(number)
        hosts.info(number)
    assert service(hosts, early, tmp_path)
    rules = hosts.sandbox.run("cat", RULES).stdout
    assert set(re.findall(r"-s (fd77::\d) ", rules)) == {"fd77::2", "fd77::3"}
    assert service(hosts, hosts.info(1), tmp_path) == []
