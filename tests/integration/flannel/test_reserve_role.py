# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role flannel, tasks_from reserve, with real inventories, against an etcd with TLS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.conftest import Secured
from tests.integration.network.sandbox import Sandbox

PREFIX = "/coreos.com/network"
PLAY = """
- hosts: container_net
  gather_facts: false
  any_errors_fatal: true
  environment: {PATH: "%s:/usr/sbin:/usr/bin:/sbin:/bin"}
  tasks:
    - import_role: {name: netfabric.container_net.flannel, tasks_from: "{{ what }}"}
"""
HOSTS = {f"h{number}": {"container_net_ip": f"192.0.2.{number}"} for number in range(1, 5)}


class Site:
    def __init__(self, sandbox: Sandbox, secured: Secured, directory: Path) -> None:
        self.sandbox = sandbox
        self.secured = secured
        self.directory = directory
        self.playbook = directory / "play.yml"
        # There is no systemd here, and no unit of etcd's either.
        systemctl = directory / "bin" / "systemctl"
        systemctl.parent.mkdir()
        systemctl.write_text('#!/bin/sh\n[ "$1" != is-active ]\n')
        systemctl.chmod(0o755)
        self.playbook.write_text(PLAY % systemctl.parent)

    def run(
        self,
        hosts: dict[str, dict[str, Any]],
        *words: str,
        what: str = "reserve",
        check: bool = True,
        **more: Any,
    ) -> tuple[int, str]:
        """Play it for an inventory; how many tasks changed something, and all that was printed."""
        options = self.secured.options("root")
        variables = {
            "ansible_connection": "local",
            "container_net_iface": "eth0",
            "flannel_etcd_endpoints": options["endpoints"],
            "flannel_etcd_ca_cert": options["ca_cert"],
            "flannel_etcd_admin_cert": options["client_cert"],
            "flannel_etcd_admin_key": options["client_key"],
            # The program lies where this machine's may, so it is another one.
            "__flannel_binary": "/run/flanneld",
            **more,
        }
        path = self.directory / "inventory.json"
        path.write_text(json.dumps({"all": {"vars": variables}, "container_net": {"hosts": hosts}}))
        done = self.sandbox.ansible(
            *("ansible-playbook", "-i", str(path), "-e", f"what={what}", *words),
            str(self.playbook),
            check=check,
        )
        plays = json.loads(done.stdout[done.stdout.index("{") :])["plays"]
        answers = [answer for task in plays[0]["tasks"] for answer in task["hosts"].values()]
        return sum(answer.get("changed", False) for answer in answers), json.dumps(answers)

    def holders(self) -> dict[str, str]:
        start = f"{PREFIX}/subnets/"
        return {
            json.loads(value)["PublicIP"]: key.removeprefix(start)
            for key, value in self.secured.server.content(**self.secured.env).items()
            if key.startswith(start)
        }


@pytest.fixture
def site(sandbox: Sandbox, secured: Secured, tmp_path: Path) -> Site:
    return Site(sandbox, secured, tmp_path)


def some(*names: str, **pins: str) -> dict[str, dict[str, Any]]:
    hosts = {name: dict(HOSTS[name]) for name in names}
    for name, pin in pins.items():
        hosts[name]["flannel_subnet"] = pin
    return hosts


def test_the_inventory_is_what_is_reserved(site: Site) -> None:
    first = some("h1", "h2", "h3", h2="172.20.40.0/24")
    # The config and the leases, each once, whatever the number of hosts.
    assert site.run(first)[0] == 2
    both = {"192.0.2.1": "172.20.1.0-24", "192.0.2.2": "172.20.40.0-24"}
    assert site.holders() == {**both, "192.0.2.3": "172.20.2.0-24"}
    assert site.run(first)[0] == 0
    assert site.run(first, "--check")[0] == 0

    # With --limit the other hosts are in the inventory all the same, and stay.
    assert site.run(some("h1", "h2", "h3", "h4", h2="172.20.40.0/24"), "--limit", "h4")[0] == 1
    everybody = {**both, "192.0.2.3": "172.20.2.0-24", "192.0.2.4": "172.20.3.0-24"}
    assert site.holders() == everybody

    # A subnet of theirs is not given away behind their backs.
    taken = some("h1", "h2", "h3", "h4", h2="172.20.40.0/24", h4="172.20.1.0/24")
    dummy, said = site.run(taken, "--limit", "h4", check=False)
    assert "the host 192.0.2.1 has 172.20.1.0/24 and would get 172.20." in said
    assert site.holders() == everybody

    # One left the inventory: a run for any host takes its lease away, unless that is not wanted.
    left = some("h1", "h2", "h4", h2="172.20.40.0/24")
    assert site.run(left, flannel_purge=False)[0] == 0
    assert site.run(left, "--check")[0] == 1
    assert site.holders() == everybody
    changed, said = site.run(left, "--limit", "h1")
    assert changed == 1
    assert '"revoked": ["192.0.2.3"]' in said
    assert site.holders() == {**both, "192.0.2.4": "172.20.3.0-24"}
    assert site.run(left)[0] == 0


def test_a_host_with_an_address_of_its_own_for_flannel(site: Site) -> None:
    """What flanneld is told to publish is what the lease has to name."""
    hosts = some("h1", "h2")
    hosts["h2"]["flannel_public_ip"] = "198.51.100.2"
    site.run(hosts)
    assert sorted(site.holders()) == ["192.0.2.1", "198.51.100.2"]


def test_two_hosts_with_one_address(site: Site) -> None:
    hosts = some("h1", "h2", "h3")
    hosts["h3"]["container_net_ip"] = "192.0.2.1"
    dummy, said = site.run(hosts, check=False)
    assert "leases[0].public_ip is the same address" in said
    assert site.holders() == {}


def test_more_hosts_than_subnets(site: Site) -> None:
    dummy, said = site.run(some(*HOSTS), check=False, flannel_network="10.9.0.0/22")
    assert "all 3 subnets of it are taken, and 1 of the 4 hosts of this task get none" in said
    assert site.holders() == {}


def test_check_mode_needs_no_unit_where_etcd_is_somebody_elses(site: Site) -> None:
    changed, said = site.run(some("h1", "h2"), "--check")
    assert changed == 1
    assert "cannot be predicted" not in said


def test_absent_frees_the_subnet_with_ones_own_certificates(site: Site) -> None:
    """As far as etcd goes: there is no flanneld here."""
    hosts = some("h1", "h2")
    site.run(hosts)
    flags = (
        "mkdir -p /etc/container_net; echo FLANNELD_PUBLIC_IP={} >/etc/container_net/flannel.env"
    )
    # Without a key nothing is freed, and that is said.
    site.sandbox.sh(flags.format("192.0.2.1"))
    words = ("--limit", "h1")
    key = "/nowhere/admin.key"
    dummy, said = site.run(hosts, *words, what="absent", flannel_etcd_admin_key=key)
    assert f"lacks {key}: the subnet of 192.0.2.1 stays reserved" in said
    assert sorted(site.holders()) == ["192.0.2.1", "192.0.2.2"]

    site.sandbox.sh(flags.format("192.0.2.1"))
    dummy, said = site.run(hosts, *words, what="absent")
    assert "stays reserved" not in said
    assert sorted(site.holders()) == ["192.0.2.2"]
