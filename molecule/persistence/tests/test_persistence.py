# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the reboot of both hosts: the network works, and a run has nothing to do."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host

from tests.molecule.run_reports import changed, checks, runs


def other(host: Host) -> int:
    """The number of the other host."""
    return 2 if host.check_output("hostname") == "node1" else 1


def test_the_hosts_did_restart(host: Host) -> None:
    """Otherwise the other tests would prove nothing: the run before is older than the boot."""
    booted = int(host.check_output("awk '/^btime/ {print $2}' /proc/stat"))
    kept = int(host.check_output("stat -c %Y /etc/container_net/lasting.json"))
    assert kept < booted


@pytest.mark.parametrize("address", ["10.60.0.{}", "10.60.0.1{}", "fd00:60::{}", "fd00:60::1{}"])
def test_namespaces_of_both_hosts_reach_each_other(host: Host, address: str) -> None:
    """Through the vxlan, at full MTU: the other host's bridge and the namespace on it."""
    target = address.format(other(host))
    size = 1450 - (48 if ":" in target else 28)
    ping = host.run(f"ip netns exec room ping -n -c 3 -i 0.3 -W 5 -M do -s {size} {target}")
    assert ping.rc == 0, ping.stdout


def test_namespaces_of_one_host_reach_each_other(host: Host) -> None:
    """The pair that touches the host nowhere."""
    assert host.run("ip netns exec cellar ping -n -c 1 -W 5 10.62.0.1").rc == 0


def test_the_route_through_the_hosts_network_is_there(host: Host) -> None:
    number = other(host)
    shown = host.check_output(f"ip route show 10.63.{number}.0/24")
    assert f"via 192.168.100.{11 + number} dev eth1" in shown


def test_what_is_there_is_still_owned(host: Host) -> None:
    """The marks are what a later run goes by."""
    for link in ("mybridge", "vx60", "roomveth"):
        (shown,) = json.loads(host.check_output(f"ip -json link show dev {link}"))
        assert shown["ifalias"] == "container_net:lasting"


def test_no_unit_failed_and_systemd_has_nothing_to_say(host: Host) -> None:
    units = "container-net-topology@lasting.service container-net-topology-online@lasting.service"
    translation = "container-net-nat.service container-net-forward.service"
    assert host.run(f"systemctl is-failed {units} {translation}").rc != 0
    done = host.run(f"systemd-analyze verify {units} {translation}")
    assert done.rc == 0, done.stderr


def test_the_run_after_the_reboot_changes_nothing() -> None:
    """Nor do the second run before it, and check mode."""
    first, second, after_reboot = runs()[:3]
    assert changed(first)
    assert not changed(second)
    assert not changed(after_reboot)
    assert not changed(checks()[-1])
