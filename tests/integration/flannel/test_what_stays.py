# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What flanneld leaves as it is when its config or its flags change, and role flannel does not: a
link with the old MTU, and the chains for what was switched off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.hosts import PINS, ROLE, Hosts, becomes, container
from tests.integration.flannel.test_backends import configure, links, rules
from tests.unit.scripts import load

state = load("roles/flannel/files/flannel_state.py")


class Role:
    """What role flannel makes of a host: the file with flanneld's flags, and what has to go."""

    def __init__(self, hosts: Hosts, directory: Path) -> None:
        self._hosts, self._directory = hosts, directory
        self.marker = directory / "marker"

    def flags(self, number: int) -> Path:
        path = self._directory / f"flannel-{number}.env"
        path.touch()
        return path

    def look(self, number: int, **variables: Any) -> dict[str, Any]:
        """What its variables say, with what is on that host now."""
        left = state.left(str(self.flags(number)), str(self.marker))
        template = f"lookup('ansible.builtin.template', '{ROLE}/templates/flannel.env.j2')"
        extra = {
            "flannel_etcd_endpoints": self._hosts.where["endpoints"],
            "flannel_lease": self._hosts.info(number, wait=0),
            "flannel_public_ip": f"192.168.77.{number}",
            "flannel_iface": "eth0",
            "__flannel_inspect": {"stdout": json.dumps({"left": left})},
            "__flannel_there": {"stdout": self.flags(number).read_text()},
            # Outside of the role the template is not found by its name.
            "__flannel_env": f"{{{{ {template} }}}}",
            **variables,
        }
        files = [ROLE / folder / "main.yml" for folder in ("defaults", "vars")]
        said = {
            "link": "{{ __flannel_old_link }}",
            "rules": "{{ __flannel_old_rules | bool }}",
            "then": "{{ __flannel_then_link }}",
            "flags": "{{ __flannel_env }}",
        }
        results = self._hosts.sandbox.play(
            [
                *({"name": "v", "ansible.builtin.include_vars": str(path)} for path in files),
                {"name": "said", "ansible.builtin.debug": {"msg": said}},
            ],
            *("-e", json.dumps(extra)),
        )
        return dict(results[-1]["msg"])

    def run(self, number: int) -> str:
        """A run of the role on a host whose flanneld runs; the link that it takes away."""
        said = self.look(number)
        self.write(number, said["flags"])
        self._hosts.stop(number)
        if said["link"]:
            self._hosts.sweep(number, "backend", said["link"], "")
        self._hosts.start(number)
        return str(said["link"])

    def write(self, number: int, text: str) -> None:
        self.flags(number).write_text(text)

    def noted(self, number: int) -> str:
        return state.left(str(self.flags(number)), "")["link"]


@pytest.fixture
def role(hosts: Hosts, tmp_path: Path) -> Role:
    return Role(hosts, tmp_path)


def check(hosts: Hosts, mtu: int) -> None:
    """flannel is ready with a link of that MTU, and containers reach each other at exactly it."""
    for number in (1, 2):
        found = hosts.info(number)
        assert (found["mtu"], found["link"], found["link_mtu"]) == (mtu, "flannel.1", mtu)
        assert links(hosts, number) == ["flannel.1"]
        hosts.remtu(number, mtu)
    assert hosts.ping("c1", container(PINS[2]), mtu)
    assert not hosts.ping("c1", container(PINS[2]), mtu + 1)


def learns(hosts: Hosts) -> bool:
    (link,) = hosts.sandbox.ip("-n", "h1", "link", "show", "dev", "flannel.1")
    return bool(link["linkinfo"]["info_data"]["learning"])


def start(hosts: Hosts, role: Role) -> None:
    configure(hosts, {"type": "vxlan"})
    for number in (1, 2):
        hosts.start(number)
        found = hosts.info(number)
        hosts.container(number, found["bip"], found["mtu"])
        assert role.run(number) == "", "nothing of an earlier run is there"
    check(hosts, 1450)
    assert [role.noted(number) for number in (1, 2)] == ["flannel.1"] * 2


@pytest.mark.long
def test_a_changed_mtu_and_learning_make_a_new_link(hosts: Hosts, role: Role) -> None:
    start(hosts, role)
    steps: list[tuple[dict[str, Any], str, int]] = [
        ({"mtu": 1400}, "flannel.1 mtu 1400", 1350),
        ({"mtu": 1400, "learning": True}, "flannel.1 mtu 1400 learning", 1350),
        ({}, "flannel.1", 1450),
    ]
    for options, note, mtu in steps:
        configure(hosts, {"type": "vxlan", **options})
        assert [role.run(number) for number in (1, 2)] == ["flannel.1"] * 2
        check(hosts, mtu)
        assert role.noted(1) == note
        assert learns(hosts) is options.get("learning", False)
        # A run with nothing to do, and tasks_from: absent.
        assert [role.look(1)[what] for what in ("link", "then")] == ["", "flannel.1"]


@pytest.mark.long
def test_a_link_that_was_kept_when_the_hosts_own_got_another_mtu(hosts: Hosts, role: Role) -> None:
    start(hosts, role)
    for number in (1, 2):
        hosts.sandbox.ip("-n", f"h{number}", "link", "set", "eth0", "mtu", "1300")
        hosts.stop(number)
        hosts.start(number)
        becomes(lambda number=number: hosts.info(number, wait=0)["mtu"], 1250)
        found = hosts.info(number, wait=0)
        assert (found["ready"], found["link_mtu"]) == (False, 1450), (
            "flanneld does it by itself now"
        )
    assert [role.run(number) for number in (1, 2)] == ["flannel.1"] * 2
    check(hosts, 1250)
    # Before flanneld ran there is no file, and then nothing has to go.
    hosts.sandbox.run("rm", hosts.file(1))
    assert role.look(1)["link"] == ""


def test_what_was_switched_off_leaves_no_chain(hosts: Hosts, role: Role) -> None:
    configure(hosts, {"type": "vxlan"})
    hosts.start(1)
    hosts.info(1)
    becomes(lambda: "FLANNEL-POSTRTG" in str(rules(hosts, 1)), True)
    settings = {"iptables-forward-rules": True}
    role.write(1, role.look(1, flannel_settings=settings)["flags"])
    assert role.look(1, flannel_settings=settings)["rules"] is False
    assert role.look(1)["rules"] is True, "the forward rules"
    role.write(1, role.look(1)["flags"])
    assert role.look(1)["rules"] is False
    assert role.look(1, flannel_settings={"ip-masq": False})["rules"] is True
    assert role.look(1, flannel_ip_masq=False)["rules"] is True
    # A run that died after it wrote the flags: the marker knows better.
    before = role.flags(1).read_text()
    role.write(1, role.look(1, flannel_ip_masq=False)["flags"])
    assert role.look(1, flannel_ip_masq=False)["rules"] is False
    role.marker.write_text(before)
    assert role.look(1, flannel_ip_masq=False)["rules"] is True

    hosts.stop(1)
    hosts.start(1, masq=False)
    hosts.info(1)
    hosts.sandbox.sh("sleep 2")
    assert "FLANNEL-POSTRTG" in str(rules(hosts, 1)), "flanneld does it by itself now"
    hosts.stop(1)
    assert "chain FLANNEL-POSTRTG" in hosts.sweep(1, "all", "", "")
    hosts.start(1, masq=False)
    assert hosts.info(1)["ready"] is True
    assert "FLANNEL" not in str(rules(hosts, 1))
    assert links(hosts, 1) == ["flannel.1"]
