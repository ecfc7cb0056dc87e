# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cards, hosts and options that are refused, with the reason and the remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    HostError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink import check
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.facts import (
    IFUPDOWN,
    NETWORKD,
    Card,
    Host,
    Request,
)

CARD = Card("eth1", 3, "52:54:00:00:00:01")
REQUEST = Request("br0", "eth1", 60)
HOST = Host(CARD, managers=(NETWORKD,))

CARDS: list[tuple[str, Card | None, str]] = [
    ("missing", None, "no such link on the host. Name a network card"),
    ("no Ethernet", replace(CARD, ethernet=False), "no Ethernet link"),
    ("loopback", replace(CARD, loopback=True), "no Ethernet link"),
    ("wireless", replace(CARD, wireless=True), "wireless.*with a cable"),
    ("bridge", replace(CARD, kind="bridge"), "is a bridge itself"),
    ("macvlan", replace(CARD, kind="macvlan"), "is a macvlan, which cannot be a port"),
    ("ipvlan", replace(CARD, kind="ipvlan"), "is a ipvlan, which cannot be a port"),
    (
        "port of another bridge",
        replace(CARD, master="br9", master_kind="bridge"),
        "port of bridge br9 already. Take it out",
    ),
    (
        "bond slave",
        replace(CARD, master="bond0", master_kind="bond"),
        "slave of bond bond0 already. Name bond0 as the uplink",
    ),
    (
        "Open vSwitch",
        replace(CARD, master="ovs-system", master_kind="openvswitch"),
        "Open vSwitch bridge, seen as ovs-system",
    ),
    ("VRF", replace(CARD, master="red", master_kind="vrf"), "in VRF red already"),
    ("flanneld", replace(CARD, flannel="iface=eth1"), r"flanneld uses it \(iface=eth1\)"),
    *[
        (
            f"below a {kind}",
            replace(CARD, above=((kind, "up0"),)),
            f"{kind} up0 stands on it.*Remove up0 first",
        )
        for kind in ("macvlan", "ipvlan", "vlan", "vxlan", "macvtap")
    ],
]


@pytest.mark.parametrize(("card", "says"), [r[1:] for r in CARDS], ids=[r[0] for r in CARDS])
def test_cards_that_cannot_be_a_port(card: Card | None, says: str) -> None:
    with pytest.raises(OptionError, match=f"^uplink: 'eth1': .*{says}"):
        check.refuse_card(card, REQUEST)


@pytest.mark.parametrize("kind", ["", "veth", "bond", "team", "dummy", "vlan"])
def test_cards_that_can(kind: str) -> None:
    card = replace(CARD, kind=kind)
    assert check.refuse_card(card, REQUEST) is card


HOSTS = [
    ("no systemd", replace(HOST, systemd=False), "uplink: 'eth1': .*not run systemd.*console"),
    ("bridge there", replace(HOST, bridge_kind="bridge"), "name: 'br0': there is a link"),
    ("unmanaged", replace(HOST, managers=()), "uplink: 'eth1': no network manager that is known"),
    (
        "two managers",
        replace(HOST, managers=(NETWORKD, IFUPDOWN)),
        "systemd-networkd and ifupdown both",
    ),
]


@pytest.mark.parametrize(("host", "says"), [r[1:] for r in HOSTS], ids=[r[0] for r in HOSTS])
def test_hosts_that_cannot_do_it(host: Host, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check.refuse_host(host, REQUEST)


def test_a_host_that_can() -> None:
    assert check.refuse_host(HOST, REQUEST) == NETWORKD


def options(**more: Any) -> dict[str, Any]:
    """As Ansible hands them over: what was left out is None, or the default."""
    left_out = ("netns", "addresses", "mac", "mtu", "ports", "stp", "confirm_timeout")
    defaults = {"state": "present", "admin_state": "up", "purge_ports": False, "force": False}
    given = {"name": "br0", "uplink": "eth1", "lock_timeout": 60}
    return {**dict.fromkeys(left_out), **defaults, **given, **more}


BAD = [
    ({"uplink": "br0"}, "uplink: 'br0': a bridge cannot be its own port"),
    ({"uplink": "a/b"}, "uplink: 'a/b': .*cannot contain"),
    ({"name": "b" * 16}, "name: .*at most 15"),
    ({"netns": "room"}, "netns: 'room': uplink is given, too"),
    ({"mtu": 1400}, "mtu: 1400: uplink is given, too.*task of its own"),
    ({"addresses": ["10.0.0.1/24"]}, "addresses: .*uplink is given, too"),
    ({"stp": False}, "stp: False: uplink is given, too"),
    ({"admin_state": "down"}, "admin_state: 'down': uplink is given, too"),
    ({"force": True}, "force: True: uplink is given, too"),
    ({"confirm_timeout": 19}, "confirm_timeout: 19: is outside 20 to 3600 seconds"),
    ({"confirm_timeout": 3601}, "confirm_timeout: 3601: is outside"),
]


@pytest.mark.parametrize(("more", "says"), BAD)
def test_options_that_do_not_go_together(more: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=f"^{says}"):
        check.request_from(options(**more))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Request("br0", "eth1", 60)),
        ({"confirm_timeout": 20}, Request("br0", "eth1", 20)),
        ({"state": "absent"}, Request("br0", "eth1", 60, False)),
        ({"state": "absent", "uplink": None}, Request("br0", None, 60, False)),
    ],
)
def test_what_is_asked_for(more: dict[str, Any], expected: Request) -> None:
    assert check.request_from(options(**more)) == expected


def test_a_bridge_has_one_uplink() -> None:
    check.refuse_memory(None, REQUEST)
    check.refuse_memory({"uplink": "eth1"}, REQUEST)
    check.refuse_memory({"uplink": "eth1"}, replace(REQUEST, uplink=None))
    with pytest.raises(OptionError, match="uplink: 'eth1': bridge br0 has uplink eth0"):
        check.refuse_memory({"uplink": "eth0"}, REQUEST)
    assert isinstance(check.lost_memory(REQUEST), HostError)
