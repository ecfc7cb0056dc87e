# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ifupdown: the card's stanzas and the bridge's, the commands of the move, and the way back."""

from __future__ import annotations

import re

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    HostError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink import ifupdown
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.facts import (
    Card,
    Ifupdown,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.moves import Parts
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.stanzas import (
    included,
    parse,
    stanzas,
)

CARD = Card("eth1", 3, "52:54:00:00:00:01")
MAIN = "/etc/network/interfaces"
STATIC = """\
# what came with the system
source /etc/network/interfaces.d/*

auto lo eth1
iface lo inet loopback

iface eth1 inet static
    address 192.168.100.13/24
    gateway 192.168.100.1
    mtu 1400
    # the cellar
    up ip route add 10.9.0.0/16 \\
        via 192.168.100.1 dev eth1 table 100
    up ethtool -K eth1 gro off
    down /sbin/ip rule del iif eth1 table 100
    dns-nameservers 192.168.100.1
    ethernet-wol g

# somebody else's
iface eth10 inet dhcp
"""
HEAD = """\
# Written by module netfabric.container_net.bridge: eth1 is its port.
iface eth1 inet manual
"""
PORT = (
    "    pre-up ip link show dev br0 >/dev/null 2>&1 ||"
    " ip link add name br0 address 52:54:00:00:00:01 type bridge stp_state 0\n"
    "    pre-up ip link set dev eth1 up master br0\n"
)
END = "    post-down ip link delete dev br0 2>/dev/null || true\n"


def there(text: str, client: str | None = None) -> Parts:
    return ifupdown.there("br0", CARD, Ifupdown({MAIN: text}, client))


MAKE = ("ip", "link", "add", "name", "br0", "address", CARD.mac)
MAKE += ("type", "bridge", "stp_state", "0")
FLUSH = ("ip", "address", "flush", "dev", "eth1", "scope", "global")
DELETE = ("ip", "link", "delete", "dev", "br0")
JOIN = ("ip", "link", "set", "dev", "eth1", "up", "master", "br0")
BRIDGE_UP = ("ip", "link", "set", "dev", "br0", "up")
CARD_UP = ("ip", "link", "set", "dev", "eth1", "up")


def kept(parts: Parts, path: str = MAIN) -> str:
    (text,) = [f.after for f in parts.keep if f.path == path]
    assert text is not None
    return text


def test_a_static_stanza_becomes_the_bridges() -> None:
    assert kept(there(STATIC)) == (
        STATIC.partition("iface eth1")[0]
        + HEAD
        + "    mtu 1400\n    up ethtool -K eth1 gro off\n    ethernet-wol g\n\n"
        + "auto br0\niface br0 inet static\n"
        + PORT
        + "    address 192.168.100.13/24\n    gateway 192.168.100.1\n    mtu 1400\n"
        + "    up ip route add 10.9.0.0/16  via 192.168.100.1 dev br0 table 100\n"
        + "    down /sbin/ip rule del iif br0 table 100\n"
        + "    dns-nameservers 192.168.100.1\n"
        + END
        + "\n# somebody else's\niface eth10 inet dhcp\n"
    )


def test_what_a_comment_says_is_no_stanza() -> None:
    """Neither on the way there nor on the way back."""
    text = "# was:\n#iface eth1 inet dhcp\nauto eth1\niface eth1 inet dhcp\n"
    parts = there(text)
    assert kept(parts).startswith("# was:\n#iface eth1 inet dhcp\nauto eth1\n" + HEAD)
    commented = "".join(f"#{line}" for line in kept(parts).splitlines(True)) + kept(parts)
    have = Ifupdown({MAIN: commented}, None)
    back = ifupdown.back("br0", CARD, have, parts.memory)
    assert kept(back).endswith(text)


def test_words_are_parted_by_tabs_as_well() -> None:
    text = "iface eth1 inet static\n\taddress\t192.168.100.13/24\n\tgateway\t192.168.100.1\n"
    assert kept(there(text)) == (
        HEAD
        + "\nauto br0\niface br0 inet static\n"
        + PORT
        + "    address 192.168.100.13/24\n    gateway 192.168.100.1\n"
        + END
    )


def test_both_families_go_and_the_bridge_is_made_once() -> None:
    text = "iface eth1 inet dhcp\niface eth1 inet6 static\n    address fd00::13/64\n"
    assert kept(there(text)) == (
        HEAD
        + "\nauto br0\niface br0 inet dhcp\n"
        + PORT
        + "# Written by module netfabric.container_net.bridge: eth1 is its port.\n"
        + "iface br0 inet6 static\n    address fd00::13/64\n"
        + END
    )


def test_a_stanza_in_a_file_of_its_own_is_changed_there() -> None:
    files = {
        MAIN: "source interfaces.d/*\n",
        "/etc/network/interfaces.d/eth1": "iface eth1 inet dhcp",
    }
    parts = ifupdown.there("br0", CARD, Ifupdown(files))
    assert [f.path for f in parts.keep] == [
        "/etc/systemd/network/05-container_net-br0.link",
        "/etc/network/interfaces.d/eth1",
    ]


def test_static_addresses_go_by_ifdown_and_ifup() -> None:
    parts = there(STATIC)
    assert parts.now == ()
    assert [s.argv for s in parts.switch] == [
        MAKE,
        ("ifdown", "--force", "-i", "@FOLDER@/old-quiet", "eth1"),
        BRIDGE_UP,
        JOIN,
        FLUSH,
        ("ifup", "-i", "@FOLDER@/new", "eth1", "br0"),
    ]
    # The old address does not wait for ifdown, which takes the link down for a moment.
    assert [s.argv for s in parts.undo] == [
        CARD_UP,
        DELETE,
        ("ifdown", "--force", "-i", "@FOLDER@/new-quiet", "br0", "eth1"),
        FLUSH,
        CARD_UP,
        DELETE,
        ("ifup", "--force", "eth1"),
    ]
    # While ifdown has the link down the routes are borrowed again.
    hold = [step.argv[0] for step in (*parts.switch, *parts.undo) if step.hold]
    assert hold == ["ifdown", "ifdown"]
    # From there on the link has the addresses, however slow ifup is.
    lend = [step.argv for step in (*parts.switch, *parts.undo) if step.lend]
    assert lend == [BRIDGE_UP, CARD_UP, CARD_UP]
    assert not any(step.must for step in parts.undo)


@pytest.mark.parametrize("header", ["iface eth1 inet static", "  iface  eth1\tinet6  auto"])
def test_ifdown_takes_nothing_away_before_its_time(header: str) -> None:
    """Neither addresses nor, for longer than a moment, the link; and the bridge stays."""
    parts = there(f"{header}\n    address fd00::13/64\n    down echo bye\n")
    for text in (parts.aids["old-quiet"], parts.aids["new-quiet"]):
        assert "static" not in text
        assert "auto\n" not in text
        assert "link delete" not in text
        for link in re.findall(r"iface\s+(\S+)\s+inet6?\s+manual\n", text):
            assert f"    post-down ip link set dev {link} up || true\n" in text
        assert "    down echo bye\n" in text
    assert "link delete" in parts.aids["new"]


STOPS = [
    (
        "dhclient",
        "sh -c kill -KILL $(cat /run/dhclient.eth1.pid) && rm -f /run/dhclient.eth1.pid",
        'sh -c sed \'s/interface "eth1";/interface "br0";/\''
        " /var/lib/dhcp/dhclient.eth1.leases >/var/lib/dhcp/dhclient.br0.leases",
    ),
    (
        "dhcpcd",
        "dhcpcd -x eth1",
        "cp -p /var/lib/dhcpcd/eth1.lease /var/lib/dhcpcd/br0.lease",
    ),
    ("udhcpc", "pkill --pidfile /run/udhcpc.eth1.pid", None),
]


@pytest.mark.parametrize(("client", "stop", "hand_over"), STOPS, ids=[row[0] for row in STOPS])
def test_a_lease_is_not_released_and_goes_along(
    client: str, stop: str, hand_over: str | None
) -> None:
    parts = there("iface eth1 inet dhcp\n    up echo hello\n", client)
    commands = [" ".join(s.argv) for s in parts.switch]
    assert commands[0] == stop
    up = commands.index("ifup -i @FOLDER@/new eth1 br0")
    assert (commands[up - 1] == hand_over) is (hand_over is not None)
    # Only then do others hear of the end: they would take the addresses away.
    told = ["env reason=STOP interface=eth1 /sbin/dhclient-script"]
    assert commands[up + 1 :] == (told if client == "dhclient" else [])
    # ifdown would end the lease, were it told that there is one.
    assert parts.aids["old-quiet"] == (
        "iface eth1 inet manual\n    post-down ip link set dev eth1 up || true\n    up echo hello\n"
    )
    assert "dhcp" not in parts.aids["new-quiet"]
    assert "iface br0 inet dhcp\n" in parts.aids["new"]
    # The way back waits for no server.
    assert parts.undo[-1].wait <= 3


REFUSED = [
    ("auto /eth*\niface lo inet loopback\n", "no iface stanza has exactly this name"),
    ("iface eth1 inet static inherits base\n", "cannot be moved"),
    ("iface eth1 inet ppp\n", "cannot be moved"),
    ("iface eth1 inet6 v4tunnel\n", "cannot be moved"),
    ("iface eth1 inet\n", "cannot be moved"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_stanzas_that_are_refused(text: str, problem: str) -> None:
    with pytest.raises(OptionError, match=f"uplink: 'eth1': .*{problem}"):
        there(text)


@pytest.mark.parametrize("text", [STATIC, "iface eth1 inet dhcp\niface eth1 inet6 auto\n"])
def test_there_and_back_gives_the_file_that_was(text: str) -> None:
    parts = there(text, "dhclient")
    new = kept(parts)
    back = ifupdown.back("br0", CARD, Ifupdown({MAIN: new}, "dhclient"), dict(parts.memory))
    assert kept(back) == text
    assert back.keep[-1].path.endswith(".link")
    assert back.keep[-1].after is None
    assert back.aids["old"] == parts.aids["new"]
    assert back.aids["new"] == parts.aids["old"]
    assert "ifup -i @FOLDER@/new eth1" in [" ".join(step.argv) for step in back.switch]
    assert [step.argv for step in back.undo][-4:-1] == [BRIDGE_UP, JOIN, FLUSH]
    assert " ".join(back.undo[-1].argv) == "ifup --force eth1 br0"


def test_what_others_wrote_meanwhile_stays() -> None:
    parts = there(STATIC)
    new = kept(parts) + "\nauto eth2\niface eth2 inet dhcp\n"
    back = ifupdown.back("br0", CARD, Ifupdown({MAIN: new}), dict(parts.memory))
    assert kept(back) == STATIC + "\nauto eth2\niface eth2 inet dhcp\n"


def test_a_stanza_that_somebody_changed_is_not_thrown_away() -> None:
    parts = there(STATIC)
    new = kept(parts).replace("100.13/24", "100.14/24")
    with pytest.raises(HostError, match=r"/etc/network/interfaces was changed .* eth1 by hand"):
        ifupdown.back("br0", CARD, Ifupdown({MAIN: new}), dict(parts.memory))


COMMANDS = [
    ("ip route add default via 10.0.0.1 dev eth1", True),
    ("/sbin/ip -6 rule add iif eth1 table 7", True),
    ("ip addr add 10.0.0.2/24 dev eth1", True),
    ("route add -net 10.1.0.0/16 dev eth1", True),
    ("ip link set eth1 promisc on", False),
    ("ethtool -s eth1 speed 100", False),
    ("iptables-restore </etc/rules", False),
    ("", False),
]


@pytest.mark.parametrize(("command", "goes"), COMMANDS)
def test_commands_about_routes_go_and_others_stay(command: str, goes: bool) -> None:
    text = kept(there(f"iface eth1 inet dhcp\n    up {command}\n"))
    bridges = text.partition("iface br0")[2]
    assert (command.replace("eth1", "br0") in bridges) is goes or not command
    assert (f"up {command}" in text.partition("auto br0")[0]) is not goes


def test_a_name_that_only_begins_like_the_card_is_another() -> None:
    text = kept(there("iface eth1 inet dhcp\n    up ip route add 10.0.0.0/8 dev eth1.7\n"))
    assert "dev eth1.7" in text.partition("iface br0")[2]


def test_comments_between_stanzas_belong_to_none() -> None:
    (found,) = stanzas({MAIN: STATIC}, "eth1")
    assert found.text.endswith("ethernet-wol g\n")
    assert found.options[2] == ("mtu", "1400")
    assert [s.header[1] for s in parse(MAIN, STATIC)] == ["lo", "eth1", "eth10"]
    assert list(included(STATIC)) == [("source", "/etc/network/interfaces.d/*")]
