# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""systemd-networkd: what is written for the bridge and for the card, and what takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink import networkd
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.facts import (
    Card,
    Networkd,
)

CARD = Card("eth1", 3, "52:54:00:00:00:01", addresses=("192.168.100.12/24",))
PATH = "/etc/systemd/network/10-eth1.network"
STATIC = """\
# the lab's segment
[Match]
Name=eth1

[Link]
MTUBytes=1400
RequiredForOnline=yes

[Network]
Address=192.168.100.12/24
Address=192.168.100.112/24
DNS=192.168.100.1

[Route]
Destination=10.9.0.0/16
Gateway=192.168.100.1
Table=100

[RoutingPolicyRule]
IncomingInterface=eth1
Table=100

[CAKE]
Bandwidth=10M
"""
DHCP = """\
[Match]
Name=en* eth*
[Network]
DHCP=yes
[DHCPv4]
RouteMetric=50
"""


def made(text: str, iaid: int | None = None, *dropins: str) -> dict[str, str]:
    """The files by the ends of their names, without their comment."""
    paths = tuple(f"{PATH}.d/{i}.conf" for i, dummy in enumerate(dropins))
    have = Networkd(PATH, paths, (text, *dropins), iaid)
    found = networkd.files("br0", CARD, have)
    return {
        name.removeprefix("05-container_net-br0"): text.partition("\n\n")[2]
        for name, text in found.items()
    }


def test_static_addresses_routes_and_rules_go_to_the_bridge() -> None:
    assert made(STATIC)[".network"] == (
        "[Match]\nName=br0\n\n"
        "[Link]\nMTUBytes=1400\nRequiredForOnline=yes\n\n"
        "[Network]\nAddress=192.168.100.12/24\nAddress=192.168.100.112/24\nDNS=192.168.100.1\n\n"
        "[Route]\nDestination=10.9.0.0/16\nGateway=192.168.100.1\nTable=100\n\n"
        "[RoutingPolicyRule]\nIncomingInterface=br0\nTable=100\n"
    )


def test_the_card_keeps_what_is_its_own() -> None:
    assert made(STATIC)["-uplink.network"] == (
        "[Match]\nName=eth1\n\n"
        "[Link]\nMTUBytes=1400\n\n"
        "[Link]\nRequiredForOnline=no\n\n"
        "[Network]\nBridge=br0\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n\n"
        "[CAKE]\nBandwidth=10M\n"
    )


def test_the_bridge_has_the_cards_mac_and_no_spanning_tree() -> None:
    files = made(STATIC)
    assert files[".netdev"] == (
        "[NetDev]\nName=br0\nKind=bridge\nMACAddress=52:54:00:00:00:01\n\n"
        "[Bridge]\nSTP=no\nForwardDelaySec=0\n"
    )
    assert files[".link"] == "[Match]\nOriginalName=br0\n\n[Link]\nMACAddressPolicy=none\n"


def test_a_dhcp_client_keeps_its_identity() -> None:
    text = made(DHCP, 0xDEADBEEF)[".network"]
    assert text == (
        "[Match]\nName=br0\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nRouteMetric=50\n\n"
        "[DHCPv4]\nIAID=3735928559\n\n[DHCPv6]\nIAID=3735928559\n"
    )


@pytest.mark.parametrize("section", ["DHCP", "DHCPv4"])
def test_an_identity_that_a_person_chose_stays(section: str) -> None:
    text = made(DHCP.replace("[DHCPv4]", f"[{section}]") + "IAID=7\n", 9)[".network"]
    assert "[DHCPv4]\nIAID=9" not in text
    assert "IAID=7" in text
    assert text.endswith("[DHCPv6]\nIAID=9\n")


def test_without_a_lease_nothing_is_said_of_identity() -> None:
    assert "IAID" not in made(DHCP)[".network"]


def test_drop_ins_count() -> None:
    text = made(STATIC, None, "[Network]\nAddress=\nAddress=192.168.100.99/24\n")[".network"]
    assert text.endswith("[Network]\nAddress=\nAddress=192.168.100.99/24\n")


def test_a_mac_that_the_file_gives_to_the_card_stays_there() -> None:
    files = made(STATIC.replace("MTUBytes=1400", "MACAddress=02:00:00:00:00:09"))
    assert "MACAddress=" not in files[".network"]
    assert "MACAddress=02:00:00:00:00:09" in files["-uplink.network"]


def test_until_it_is_confirmed_the_files_are_gone_after_a_reboot() -> None:
    parts = networkd.there("br0", CARD, Networkd(PATH, (), (STATIC,)))
    now, keep = ([f.path for f in files] for files in (parts.now, parts.keep))
    assert all(path.startswith("/run/systemd/network/05-container_net-br0") for path in now)
    assert [path.replace("/run/", "/etc/") for path in now] == keep
    assert [f.after for f in parts.now] == [f.after for f in parts.keep]
    # Cut off while it is written, the card is still what it was.
    assert keep[-1].endswith("-uplink.network")
    assert [s.argv for s in parts.switch][-1] == ("networkctl", "reload")
    assert [s.argv for s in parts.undo] == [
        ("networkctl", "reload"),
        ("ip", "link", "delete", "dev", "br0"),
        ("udevadm", "control", "--reload"),
    ]
    assert not any(step.must for step in parts.undo)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/etc/systemd/network/00-first.network", "would come before"),
        ("/run/systemd/network/10-netplan-eth1.network", "written by netplan"),
    ],
)
def test_files_that_cannot_be_overruled(path: str, problem: str) -> None:
    with pytest.raises(OptionError, match=f"uplink: 'eth1': .*{problem}"):
        networkd.there("br0", CARD, Networkd(path, (), (STATIC,)))


def test_the_way_back_is_the_cards_own_file() -> None:
    names = list(networkd.files("br0", CARD, Networkd(PATH, (), (DHCP,))))
    before: dict[str, str | None] = {f"/etc/systemd/network/{name}": name for name in names}
    parts = networkd.back("br0", CARD, Networkd(PATH, (), (DHCP,)), before)
    (now,) = parts.now
    assert now.path == "/run/systemd/network/04-container_net-eth1.network"
    assert now.after is not None
    assert now.after.endswith(
        "[Match]\nName=eth1\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nRouteMetric=50\n"
    )
    assert now.path.rpartition("/")[2] < min(names)
    *gone, origin = parts.keep
    assert {f.path: (f.before, f.after) for f in gone} == {
        path: (text, None) for path, text in before.items()
    }
    # The file under /run goes as well, and systemd-networkd does not notice.
    assert (origin.path, origin.before, origin.after) == (
        "/run/container_net/eth1.network",
        None,
        PATH,
    )
    assert parts.keep[0].path.endswith("-uplink.network")
    # A reload would make the bridge again, so it goes last.
    assert [s.argv[0] for s in parts.switch] == ["networkctl", "ip"]


def test_equal_facts_give_equal_files() -> None:
    have = Networkd(PATH, (), (STATIC,))
    same = networkd.files("br0", CARD, have)
    assert same == networkd.files("br0", replace(CARD, addresses=()), have)
