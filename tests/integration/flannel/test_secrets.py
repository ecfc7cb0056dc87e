# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key that hosts share over wireguard is in etcd, and in nothing that a run prints."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.conftest import Secured
from tests.integration.network.sandbox import ROOT, Sandbox

KEYS = [
    "Zmlyc3Qga2V5LCAzMiBieXRlcyBvZiBwbGFpbiB0ZXg=",
    "c2Vjb25kIGtleSwgMzIgYnl0ZXMgb2YgcGxhaW4gdGU=",
]
PLAY = """
- hosts: container_net
  gather_facts: false
  tasks:
    - import_role: {name: netfabric.container_net.flannel, tasks_from: reserve}
"""


class Reserving:
    """Role flannel's `reserve` on this host, with everything shown that Ansible shows."""

    def __init__(self, sandbox: Sandbox, secured: Secured, directory: Path) -> None:
        self.sandbox, self.secured, self.directory = sandbox, secured, directory
        (directory / "play.yml").write_text(PLAY)

    def run(self, backend: dict[str, Any], *words: str) -> tuple[int, str]:
        root = self.secured.options("root")
        variables = {
            "ansible_connection": "local",
            "container_net_ip": "192.0.2.1",
            "container_net_iface": "eth0",
            "flannel_etcd_endpoints": root["endpoints"],
            "flannel_etcd_ca_cert": root["ca_cert"],
            "flannel_etcd_admin_cert": root["client_cert"],
            "flannel_etcd_admin_key": root["client_key"],
            "flannel_backend": backend,
        }
        inventory = self.directory / "inventory.json"
        inventory.write_text(json.dumps({"container_net": {"hosts": {"a": variables}}}))
        paths = ":".join([str(ROOT / ".build"), *(path for path in sys.path if path)])
        done = self.sandbox.ansible(
            *("env", "ANSIBLE_STDOUT_CALLBACK=default", f"ANSIBLE_COLLECTIONS_PATH={paths}"),
            *("ansible-playbook", "-vvv", "--diff", "-i", str(inventory)),
            *(str(self.directory / "play.yml"), *words),
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def kept(self) -> str:
        """The config in etcd."""
        content = self.secured.server.content(**self.secured.env)
        return content.get("/coreos.com/network/config", "")


@pytest.fixture
def reserving(sandbox: Sandbox, secured: Secured, tmp_path: Path) -> Reserving:
    return Reserving(sandbox, secured, tmp_path)


def test_no_key_is_shown(reserving: Reserving) -> None:
    """When it is written, changed, left as it is, under its other name, and beside a mistake."""
    runs: list[tuple[dict[str, Any], int, str]] = [
        ({"psk": KEYS[0]}, 0, "changed: [a]"),
        ({"PSK": KEYS[0]}, 0, "ok: [a]"),
        ({"psk": KEYS[1]}, 0, '"PSK": "(hidden)"'),
        ({"psk": KEYS[1], "listen_port": 0}, 2, "backend.listen_port: 0"),
        ({"psk": KEYS[1][:-8]}, 2, "backend.psk: '(hidden)'"),
    ]
    for number, (options, code, words) in enumerate(runs):
        ended, text = reserving.run({"type": "wireguard", **options})
        assert ended == code, text
        assert words in text, text
        assert "backend" in text, "-vvv shows what the module was called with"
        for key in (*KEYS, KEYS[1][:-8]):
            assert key not in text
        assert f'"PSK":"{KEYS[0] if number < 2 else KEYS[1]}"' in reserving.kept()


def test_check_mode_shows_none_either(reserving: Reserving) -> None:
    code, text = reserving.run({"type": "wireguard", "psk": KEYS[0]}, "--check")
    assert code == 0, text
    assert KEYS[0] not in text
    assert reserving.kept() == ""
