# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""systemd-networkd: the card's own file becomes the bridge's, and the card a port.

The new files stand before the card's own in the order of names. They lie under /run until they are
confirmed, and under /etc with the same names afterwards: no second reload, so no second gap.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from .._errors import OptionError
from . import sections
from .facts import Card, Networkd
from .moves import File, Parts, Step
from .sections import Section

RUN_DIR, KEEP_DIR = "/run/systemd/network", "/etc/systemd/network"
_PREFIX, _BACK_PREFIX = "05-container_net", "04-container_net"
# What is about addresses and routes, and goes along. The others are about the card itself.
_LAYER3 = frozenset(
    "Network Address Neighbor IPv6AddressLabel RoutingPolicyRule NextHop Route DHCP DHCPv4 DHCPv6"
    " DHCPPrefixDelegation IPv6PrefixDelegation IPv6AcceptRA DHCPServer DHCPServerStaticLease"
    " IPv6SendRA IPv6Prefix IPv6RoutePrefix IPv6PREF64Prefix".split()
)
_ONLINE = ("RequiredForOnline", "RequiredFamilyForOnline")
_INTERFACES = ("IncomingInterface", "OutgoingInterface")
_RELOAD = Step(("networkctl", "reload"), must=True)
_UDEV = Step(("udevadm", "control", "--reload"))


def link_file(bridge: str) -> tuple[str, str]:
    """(name, text) of what keeps udev from giving the bridge another MAC."""
    text = sections.text(
        f"Bridge {bridge} keeps the MAC of its uplink.",
        [
            Section("Match", (f"OriginalName={bridge}",)),
            Section("Link", ("MACAddressPolicy=none",)),
        ],
    )
    return f"{_PREFIX}-{bridge}.link", text


def files(bridge: str, card: Card, have: Networkd) -> dict[str, str]:
    """Name → text, in the order in which they may appear: the card's comes last."""
    origin = f"Written by module netfabric.container_net.bridge from {have.path}."
    own = [section for text in have.texts for section in sections.parse(text)]
    link_name, link_text = link_file(bridge)
    netdev = sections.text(
        origin,
        [
            Section("NetDev", (f"Name={bridge}", "Kind=bridge", f"MACAddress={card.mac}")),
            Section("Bridge", ("STP=no", "ForwardDelaySec=0")),
        ],
    )
    upper = [Section("Match", (f"Name={bridge}",))]
    upper += [s.without("MACAddress") for s in own if s.name == "Link"]
    upper += [_renamed(s, card.name, bridge) for s in own if s.name in _LAYER3]
    upper += _identity(own, have.iaid)
    lower = [Section("Match", (f"Name={card.name}",))]
    lower += [s.without(*_ONLINE) for s in own if s.name == "Link"]
    lower += [Section("Link", ("RequiredForOnline=no",))]
    port = (f"Bridge={bridge}", "LinkLocalAddressing=no", "IPv6AcceptRA=no")
    lower += [Section("Network", port)]
    lower += [s for s in own if s.name not in _LAYER3 | {"Match", "Link"}]
    return {
        link_name: link_text,
        f"{_PREFIX}-{bridge}.netdev": netdev,
        f"{_PREFIX}-{bridge}.network": sections.text(origin, upper),
        f"{_PREFIX}-{bridge}-uplink.network": sections.text(origin, lower),
    }


def _renamed(section: Section, old: str, new: str) -> Section:
    lines = []
    for line in section.lines:
        key, dummy, value = line.partition("=")
        is_old = key.strip() in _INTERFACES and value.strip() == old
        lines.append(f"{key.strip()}={new}" if is_old else line)
    return Section(section.name, tuple(lines))


def _identity(own: Iterable[Section], iaid: int | None) -> list[Section]:
    """The number by which the server knows the client is otherwise made of the link's name."""
    if iaid is None:
        return []
    given = {s.name for s in own if s.name in ("DHCP", "DHCPv4", "DHCPv6") and s.value("IAID")}
    found = []
    if not given & {"DHCP", "DHCPv4"}:
        found.append(Section("DHCPv4", (f"IAID={iaid}",)))
    if "DHCPv6" not in given:
        found.append(Section("DHCPv6", (f"IAID={iaid}",)))
    return found


def there(bridge: str, card: Card, have: Networkd) -> Parts:
    """The card's network goes to the bridge."""
    made = files(bridge, card, have)
    last = max(made)
    if os.path.basename(have.path) <= last:
        raise OptionError(
            "uplink",
            card.name,
            f"{have.path} would come before what is written for the bridge ({last})",
            "Rename it, so that its name starts with 10 or a letter",
        )
    if "/run/systemd/network/10-netplan-" in have.path:
        raise OptionError(
            "uplink",
            card.name,
            f"{have.path} was written by netplan, which would not know of the bridge",
            "Describe the bridge in /etc/netplan",
        )
    return Parts(
        tuple(File(f"{RUN_DIR}/{name}", None, text) for name, text in made.items()),
        (_UDEV, _RELOAD),
        # A bridge that goes before its files do leaves the card failed.
        (Step(_RELOAD.argv), Step(("ip", "link", "delete", "dev", bridge)), _UDEV),
        tuple(File(f"{KEEP_DIR}/{name}", None, text) for name, text in made.items()),
        {"path": have.path, "names": list(made)},
        signs={"target": f"{RUN_DIR}/{_PREFIX}-{bridge}.network", "source": have.path},
    )


def origin_file(card: str) -> str:
    """Where it says, until the next restart, which file the card really has after a way back.

    systemd-networkd goes on naming the one under /run: to tell it would take a second reload.
    """
    return f"/run/container_net/{card}.network"


def back(bridge: str, card: Card, have: Networkd, before: dict[str, str | None]) -> Parts:
    """The card gets its network back. ``before`` is what there is of ours, by path."""
    own = [section for text in have.texts for section in sections.parse(text)]
    text = sections.text(
        f"Written by module netfabric.container_net.bridge from {have.path}.",
        [
            Section("Match", (f"Name={card.name}",)),
            *[s for s in own if s.name != "Match"],
        ],
    )
    # The card's file goes first: what is left would be a bridge without a port.
    origin = origin_file(card.name)
    gone = sorted(before, key=lambda path: not path.endswith("-uplink.network"))
    gone = [path for path in gone if path != origin]
    now = f"{RUN_DIR}/{_BACK_PREFIX}-{card.name}.network"
    return Parts(
        (File(now, None, text),),
        (_RELOAD, Step(("ip", "link", "delete", "dev", bridge), must=True)),
        # systemd-networkd makes the bridge again, but the card waits for the one that was.
        (Step(_RELOAD.argv), Step(("ip", "link", "set", "dev", card.name, "master", bridge))),
        (
            *[File(path, before[path], None) for path in gone],
            File(origin, before.get(origin), have.path),
        ),
        {},
        signs={"target": now, "source": f"{KEEP_DIR}/{_PREFIX}-{bridge}.network"},
    )
