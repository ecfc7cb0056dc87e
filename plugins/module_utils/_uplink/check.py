# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cannot be moved, found before the first change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import HostError, OptionError
from .._topology import values
from .facts import IFUPDOWN, NETWORK_MANAGER, NETWORKD, Card, Host, Request

SECONDS_MIN, SECONDS_MAX, SECONDS = 20, 3600, 60
# Options of the run, or with the value that they have anyway.
_ALLOWED = frozenset(("name", "uplink", "confirm_timeout", "state", "lock_timeout"))
_DEFAULTS = {"admin_state": "up", "purge_ports": False, "force": False}
# Ethernet links of software that may be a port as well as a card.
_KINDS = frozenset(("", "veth", "bond", "team", "dummy", "vlan", "tun"))
_STAND_ON = "and would lose its connection when the card becomes a port"


def request_from(params: Mapping[str, Any]) -> Request:
    """What the options ask for. OptionError for what does not go together."""
    bridge = values.link_name("name", params["name"])
    uplink = params.get("uplink")
    present = params.get("state") != "absent"
    if uplink is not None:
        uplink = values.link_name("uplink", uplink)
        if uplink == bridge:
            raise OptionError("uplink", uplink, "a bridge cannot be its own port", "Name a card")
    if params.get("netns"):
        raise OptionError(
            "netns",
            params["netns"],
            "uplink is given, too, and a card with its network manager is the host's",
            "Leave out one of them",
        )
    for option, value in params.items():
        if option in _ALLOWED or value is None or value == _DEFAULTS.get(option, ()):
            continue
        raise OptionError(
            option,
            value,
            "uplink is given, too: the bridge gets what the card has",
            "Set it with a task of its own, without uplink, after this one",
        )
    seconds = params.get("confirm_timeout")
    if seconds is None:
        seconds = SECONDS
    values.number("confirm_timeout", seconds, SECONDS_MIN, SECONDS_MAX, "seconds")
    return Request(bridge, uplink, int(seconds), present)


def refuse_card(card: Card | None, request: Request) -> Card:
    """The card, if it can become a port."""
    name = request.uplink or ""
    if card is None:
        raise _bad(name, "there is no such link on the host", "Name a network card of the host")
    if card.loopback or not card.ethernet:
        raise _bad(name, "is no Ethernet link, and a bridge takes no other", "Name another card")
    if card.wireless:
        raise _bad(
            name,
            "is wireless, and an access point takes no frames from behind a station",
            "Name a card with a cable, or route and translate addresses (module nat)",
        )
    if card.kind == "bridge":
        raise _bad(name, "is a bridge itself", "Name its card, or join the bridges with a veth")
    if card.kind not in _KINDS:
        raise _bad(name, f"is a {card.kind}, which cannot be a port", "Name the card below it")
    if card.master is not None:
        what = {"bond": "a slave of bond", "team": "a port of team"}.get(
            card.master_kind, "a port of"
        )
        if card.master_kind == "openvswitch":
            what = "a port of an Open vSwitch bridge, seen as"
        elif card.master_kind == "bridge":
            what = "a port of bridge"
        elif card.master_kind == "vrf":
            what = "in VRF"
        raise _bad(
            name,
            f"is {what} {card.master} already",
            "Take it out there first"
            if card.master_kind not in ("bond", "team")
            else f"Name {card.master} as the uplink, or take the card out first",
        )
    if card.flannel is not None:
        raise _bad(
            name,
            f"flanneld uses it ({card.flannel}) {_STAND_ON}",
            "Stop flanneld, move the card, and let flanneld use the bridge",
        )
    for kind, above in card.above:
        raise _bad(
            name,
            f"{kind} {above} stands on it {_STAND_ON}",
            f"Remove {above} first, and make it again on the bridge",
        )
    return card


def _bad(name: str, problem: str, remedy: str) -> OptionError:
    return OptionError("uplink", name, problem, remedy)


def refuse_systemd(host: Host, name: str) -> None:
    """Without a timer there is no way back by itself."""
    if not host.systemd:
        raise _bad(
            name,
            "this host does not run systemd, whose timer would undo a move that cuts it off",
            "Make the bridge by hand, from a console",
        )


def refuse_host(host: Host, request: Request) -> str:
    """The network manager that does the move, if this host can do it."""
    name = request.uplink or ""
    refuse_systemd(host, name)
    if request.present and host.bridge_kind is not None:
        raise OptionError(
            "name",
            request.bridge,
            "there is a link of that name already, and an uplink is given to a new bridge only",
            "Choose another name, or remove the link first",
        )
    known = [m for m in host.managers if m in (NETWORKD, IFUPDOWN, NETWORK_MANAGER)]
    if len(known) > 1:
        raise _bad(
            name,
            f"{' and '.join(known)} both say that they manage it",
            "Let one of them alone have it",
        )
    if not known:
        raise _bad(
            name,
            "no network manager that is known here brought it up (systemd-networkd, ifupdown,"
            " NetworkManager)",
            "Give it to one of them first: it is what keeps the bridge over a reboot",
        )
    return known[0]


def refuse_memory(memory: Mapping[str, Any] | None, request: Request) -> None:
    """Whether what an earlier run recorded of the bridge fits."""
    if memory is None or request.uplink in (None, memory["uplink"]):
        return
    raise OptionError(
        "uplink",
        request.uplink,
        f"bridge {request.bridge} has uplink {memory['uplink']}",
        f"Name that one, or give {memory['uplink']} back first (state: absent)",
    )


def lost_memory(request: Request) -> HostError:
    return HostError(
        f"uplink: {request.uplink!r}: is a port of {request.bridge}, but nothing tells how it was"
        " before: this collection did not move it. Take the bridge out of the network manager's"
        " files by hand."
    )
