# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NetworkManager: the profiles, as its documentation describes them. No test runs them."""

from __future__ import annotations

from ansible_collections.netfabric.container_net.plugins.module_utils._uplink import networkmanager
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.facts import (
    Card,
    NetworkManager,
)

CARD = Card("eth1", 3, "52:54:00:00:00:01")
TEXT = """\
[connection]
id=Wired
uuid=old
type=ethernet
interface-name=eth1

[ethernet]
mtu=1400

[ipv4]
method=manual
address1=192.168.100.12/24,192.168.100.1

[ipv6]
method=auto
dhcp-iaid=5
"""
HAVE = NetworkManager("old", "/etc/NetworkManager/w.nmconnection", TEXT, ("upper", "lower"))


def test_the_profile_is_split() -> None:
    above, below = (
        text.partition("\n\n")[2] for text in networkmanager.files("br0", CARD, HAVE).values()
    )
    assert above == (
        "[connection]\nid=container_net-br0\nuuid=upper\ntype=bridge\ninterface-name=br0\n"
        "autoconnect-priority=900\n\n"
        "[ethernet]\ncloned-mac-address=52:54:00:00:00:01\n\n"
        "[bridge]\nstp=false\nmac-address=52:54:00:00:00:01\n\n"
        "[ipv4]\nmethod=manual\naddress1=192.168.100.12/24,192.168.100.1\ndhcp-iaid=mac\n\n"
        "[ipv6]\nmethod=auto\ndhcp-iaid=5\n"
    )
    assert below == (
        "[connection]\nid=container_net-br0-uplink\nuuid=lower\ntype=ethernet\n"
        "interface-name=eth1\nmaster=br0\nslave-type=bridge\nautoconnect-priority=900\n\n"
        "[ethernet]\nmtu=1400\n"
    )


def test_profiles_are_secret_and_gone_after_a_reboot() -> None:
    parts = networkmanager.there("br0", CARD, HAVE)
    assert all(f.path.startswith("/run/NetworkManager/") for f in parts.now)
    assert all(f.path.startswith("/etc/NetworkManager/") for f in parts.keep)
    assert {f.mode for f in (*parts.now, *parts.keep)} == {0o600}
    assert parts.undo[-1].argv == ("nmcli", "connection", "up", "old")


def test_the_way_back() -> None:
    parts = networkmanager.there("br0", CARD, HAVE)
    before = {f.path: f.after for f in parts.keep}
    back = networkmanager.back("br0", dict(parts.memory), before)
    assert back.switch[1].argv == ("nmcli", "connection", "up", "old")
    assert all(f.after is None for f in back.keep)
    assert back.undo[-1].argv == ("nmcli", "connection", "up", "upper")
