# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``persist`` by ansible-playbook: the engine comes out of what Ansible, or Mitogen, sent along."""

from __future__ import annotations

import json

import pytest

from tests.integration.network.lives import rooms
from tests.integration.network.sandbox import ROOT, Sandbox
from tests.integration.until import until

MADE = rooms(1, 2, name="two_rooms", persist=True)
REBOOT = f"""
for name in $(ls /run/netns); do ip netns del $name; done
{until('[ -z "$(ip -o link show type veth)" ]')}
ip link del dev mybridge
"""


@pytest.mark.parametrize("strategy", ["ansible.builtin.linear", "mitogen_linear"])
def test_life_of_a_persisted_topology(
    sandbox: Sandbox, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_STRATEGY", strategy)
    monkeypatch.setenv("ANSIBLE_STRATEGY_PLUGINS", f"{ROOT}/tests/molecule/strategy_plugins")
    task = {"netfabric.container_net.topology": MADE}
    first, second = sandbox.play([task, task], "--diff")
    assert first["changed"]
    assert "/etc/container_net/two_rooms.json" in str(first["diff"])
    assert not second["changed"]
    unit = "/etc/systemd/system/container-net-topology@two_rooms.service"
    wanted = "/etc/systemd/system/multi-user.target.wants/container-net-topology@two_rooms.service"
    assert sandbox.sh(f"readlink -f {wanted}").strip() == unit
    kept = json.loads(sandbox.sh("cat /etc/container_net/two_rooms.json"))
    assert kept["topology"]["bridges"][0]["addresses"] == ["192.168.2.1/24"]

    before = sandbox.network()
    sandbox.sh(REBOOT)
    sandbox.sh(f"$(sed -n s/^ExecStart=//p {unit})")
    assert sandbox.network() == before
    (again,) = sandbox.play([task])
    assert not again["changed"]

    absent = {"netfabric.container_net.topology": {"name": "two_rooms", "state": "absent"}}
    check, gone, again = sandbox.play([{**absent, "check_mode": True}, absent, absent])
    assert [check["changed"], gone["changed"], again["changed"]] == [True, True, False]
    assert (
        sandbox.sh("ls -d /etc/container_net /usr/local/lib/container_net 2>&1 || true").count(
            "No such file"
        )
        == 2
    )
    assert "two_rooms" not in sandbox.sh("ls -R /etc/systemd/system")
