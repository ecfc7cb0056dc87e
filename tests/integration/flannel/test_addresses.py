# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts whose interface has more than one address."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.flannel.hosts import PINS, Hosts, container
from tests.integration.flannel.test_backends import configure
from tests.integration.flannel.test_what_stays import Role

FIRST = """
ip -n h{0} address del 192.168.77.{0}/24 dev eth0
ip -n h{0} address add 192.168.66.{0}/24 dev eth0
ip -n h{0} address add 192.168.77.{0}/24 dev eth0
"""


def facts(*addresses: str) -> dict[str, object]:
    """As ansible_facts has them of a link."""
    first, *others = [{"address": address} for address in addresses]
    return {"ipv4": first, "ipv4_secondaries": others} if others else {"ipv4": first}


def test_the_address_is_not_the_first_one(hosts: Hosts, tmp_path: Path) -> None:
    role = Role(hosts, tmp_path)
    configure(hosts, {"type": "host-gw"})
    for number in (1, 2):
        hosts.sandbox.sh(FIRST.format(number))
        two = facts(f"192.168.66.{number}", f"192.168.77.{number}")
        flags = role.look(number, __flannel_iface_facts=two)["flags"]
        (iface,) = re.findall("(?m)^FLANNELD_IFACE=(.*)$", flags)
        hosts.start(number, iface=iface)
        found = hosts.info(number)
        assert found["ready"], found
        hosts.container(number, found["bip"], found["mtu"])
    assert hosts.ping("c1", container(PINS[2]), found["mtu"])


def test_one_address_or_one_that_others_translate(hosts: Hosts, tmp_path: Path) -> None:
    """The interface's name then."""
    role = Role(hosts, tmp_path)
    configure(hosts, {"type": "vxlan"})
    for addresses in (["192.168.77.1"], ["10.0.0.1", "10.0.0.2"]):
        flags = role.look(1, __flannel_iface_facts=facts(*addresses))["flags"]
        assert "\nFLANNELD_IFACE=eth0\n" in flags
