# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the reboot of both hosts: they and their guests are on one segment, through the bridges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from testinfra.host import Host

from tests.molecule.run_reports import changed, checks, runs

INVENTORY = yaml.safe_load((Path(__file__).parents[1] / "inventory.yml").read_text())


def settings(host: Host) -> dict[str, str]:
    name = host.check_output("hostname")
    found: dict[str, str] = INVENTORY["container_net"]["hosts"][name]
    return found


def test_the_hosts_did_restart(host: Host) -> None:
    booted = int(host.check_output("awk '/^btime/ {print $2}' /proc/stat"))
    confirmed = int(host.check_output("stat -c %Y /var/lib/container_net/uplink/br0.json"))
    assert confirmed < booted


def test_the_card_is_a_port_and_the_bridge_has_its_mac(host: Host) -> None:
    (card,) = json.loads(host.check_output("ip -json link show dev eth1"))
    (bridge,) = json.loads(host.check_output("ip -json -details link show dev br0"))
    assert card["master"] == "br0"
    assert card["address"] == bridge["address"]
    assert bridge["linkinfo"]["info_data"]["stp_state"] == 0


def test_the_manager_has_the_bridge(host: Host) -> None:
    if settings(host)["manager"] == "ifupdown":
        assert host.check_output("ifquery --state br0") == "br0=br0"
    else:
        index = host.check_output("cat /sys/class/net/br0/ifindex")
        state = host.check_output(f"cat /run/systemd/netif/links/{index}").splitlines()
        assert "ADMIN_STATE=configured" in state
        assert "NETWORK_FILE=/etc/systemd/network/05-container_net-br0.network" in state


@pytest.mark.parametrize("size", [28, 1500])
def test_the_guests_reach_each_other_and_both_hosts(host: Host, size: int) -> None:
    """On one segment, without a router between them."""
    mine = settings(host)
    for target in (mine["other_guest"], mine["underlay"], mine["other_underlay"]):
        ping = f"ip netns exec guest ping -n -c 2 -i 0.3 -W 5 -M do -s {size - 28} {target}"
        done = host.run(ping)
        assert done.rc == 0, done.stdout
        assert "ttl=64" in done.stdout


def test_nothing_waits_any_more(host: Host) -> None:
    units = "systemctl list-units --all --plain --no-legend 'container-net-uplink-*'"
    assert host.check_output(units) == ""
    assert not host.file("/var/lib/container_net/uplink/br0.move").exists


def test_a_second_run_changed_nothing() -> None:
    """Nor did check mode."""
    first, second = runs()[:2]
    assert changed(first)
    assert not changed(second)
    assert not changed(checks()[-1])
