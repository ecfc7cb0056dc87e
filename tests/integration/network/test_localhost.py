# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules as a person types them: `ansible localhost -m netfabric.container_net.<module>`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.servers import EtcdServer
from tests.integration.network.sandbox import ROOT, Sandbox

SUBNET_FILE = """\
FLANNEL_NETWORK=172.20.0.0/16
FLANNEL_SUBNET=172.20.24.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
"""


@pytest.fixture
def etcd(sandbox: Sandbox, tmp_path: Path) -> Iterator[EtcdServer]:
    server = EtcdServer(sandbox, tmp_path)
    server.wait()
    yield server
    server.close()


@pytest.mark.smoke
def test_every_module_is_the_file_in_this_tree(
    sandbox: Sandbox, etcd: EtcdServer, tmp_path: Path
) -> None:
    """Another copy of the collection, somewhere on the machine, must not be what is tested."""
    there = {"endpoints": [etcd.endpoint]}
    subnet_file = tmp_path / "subnet.env"
    subnet_file.write_text(SUBNET_FILE, encoding="ascii")
    daemon_json = {"path": str(tmp_path / "daemon.json"), "check_with_dockerd": "never"}
    calls: dict[str, dict[str, Any]] = {
        "netns": {"name": "room"},
        "bridge": {"name": "br", "addresses": ["10.8.0.1/24"]},
        "bridge_confirm": {"name": "br"},
        "veth": {"name": "left", "netns": "room", "peer": {"name": "right", "master": "br"}},
        "route": {"dst": "10.3.0.0/16", "type": "blackhole"},
        "topology": {"name": "all", "bridges": [{"name": "other"}]},
        "nat": {"bridge": "br", "subnet": "10.8.0.0/24", "masquerade": True},
        "vxlan": {"name": "vx", "vni": 5, "dstport": 4789},
        "docker_daemon_json": {**daemon_json, "settings": {"mtu": 1450}},
        "etcd_member": {
            **there,
            "name": "next",
            "peer_urls": ["http://127.0.0.1:9"],
            "voting": False,
        },
        "flannel_network": {**there, "network": "172.20.0.0/16"},
        "flannel_subnet": {**there, "public_ip": "192.0.2.1"},
        "flannel_subnet_info": {"subnet_file": str(subnet_file)},
        "topology_info": {"containers": False},
        "reachability": {"sources": [{"host": True}], "targets": ["127.0.0.1"]},
    }
    found = {path.name for path in (ROOT / "plugins" / "modules").glob("*.py")}
    # Module program is its action plugin, which the controller runs.
    assert {f"{module}.py" for module in calls} == found - {"program.py"}
    for module, options in calls.items():
        name = f"netfabric.container_net.{module}"
        done = sandbox.ansible(
            *("ansible", "localhost", "-vvv", "-m", name, "-a", json.dumps(options)),
            # There is no move to confirm.
            check=module != "bridge_confirm",
        )
        used = re.search(r"Using module file (\S+)", done.stdout)
        assert used, done.stdout
        assert os.path.realpath(used[1]) == str(ROOT / "plugins" / "modules" / f"{module}.py")
        only_looks = module in ("reachability", "bridge_confirm") or module.endswith("_info")
        changed = "false" if only_looks else "true"
        assert f'"changed": {changed}' in done.stdout


@pytest.fixture
def unique() -> Iterator[str]:
    """The beginning of names that nobody else has on this machine; they go in any case."""
    prefix = f"cn{os.getpid():x}"
    yield prefix
    subprocess.run(["ip", "link", "delete", "dev", f"{prefix}a"], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "delete", f"{prefix}ns"], check=False, capture_output=True)
    Path(f"/var/lib/container_net/topologies/{prefix}.json").unlink(missing_ok=True)


def test_on_the_machine_itself(unique: str, tmp_path: Any) -> None:
    """The one test without a sandbox: links and /run/netns are the machine's own."""
    topology = {
        "name": unique,
        "namespaces": [{"name": f"{unique}ns"}],
        "veths": [
            {
                "name": f"{unique}a",
                "addresses": ["fd00:6e65:7466:6162::1/64"],
                "peer": {
                    "name": f"{unique}b",
                    "netns": f"{unique}ns",
                    "addresses": ["fd00:6e65:7466:6162::2/64"],
                },
            }
        ],
    }
    call = {"netfabric.container_net.topology": topology}
    ping = ["ip", "netns", "exec", f"{unique}ns", "ping", "-c1", "-W2", "fd00:6e65:7466:6162::1"]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {**call, "check_mode": True},
            call,
            call,
            {
                "ansible.builtin.command": {"argv": ping},
                "register": "ping",
                # Duplicate address detection takes a second or two.
                "until": "ping.rc == 0",
                "retries": 10,
                "delay": 1,
            },
            {"netfabric.container_net.topology": {"name": unique, "state": "absent"}},
        ],
    }
    path = tmp_path / "play.yml"
    path.write_text(json.dumps([play]), encoding="utf-8")

    def links() -> str:
        done = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True)
        return done.stdout

    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_REMOTE_TMP": str(tmp_path / "remote"),
        },
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tasks = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"]
    results = [task["hosts"]["localhost"] for task in tasks]
    assert [result["changed"] for result in results] == [True, True, False, True, True]
    assert unique not in links()
    assert not os.path.exists(f"/run/netns/{unique}ns")
    assert not list(Path("/var/lib/container_net").rglob(f"*{unique}*"))
