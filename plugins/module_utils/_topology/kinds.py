# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of links: what each has of its own. A new kind is an entry of ``KINDS``.

The numbers that the kernel knows the options by stand in ``_kernel/kinds.py``.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .._errors import OptionError
from . import values
from .model import ZERO_MAC, Entry, OptionValue

Params = Mapping[str, Any]

VXLAN_PORT = 4789
# Bytes that VXLAN, UDP, IP and an inner Ethernet header take from a packet.
_VXLAN_OVERHEAD = {4: 50, 6: 70}


class Type(Enum):
    """What an option's value is in the model: SWITCH 0 or 1, ADDRESS and LINK a string."""

    NUMBER = "number"
    SWITCH = "switch"
    ADDRESS = "address"
    LINK = "link"


@dataclass(frozen=True)
class Option:
    """``param`` is the modules' word, ``name`` ip's; two parameters may share a name.

    A number's ``factor`` leads from ``unit`` to the kernel's. ``default``: what a new link gets
    when the option is left out. ``fixed``: the kernel takes it only at creation. ``bare``: ip
    writes the switch as NAME or noNAME.
    """

    param: str
    name: str
    type: Type = Type.SWITCH
    low: int = 0
    high: int = 0
    factor: int = 1
    unit: str = ""
    default: int | None = None
    fixed: bool = False
    bare: bool = False

    def parse(self, option: str, value: Any) -> OptionValue:
        if self.type is Type.NUMBER:
            return values.number(option, value, self.low, self.high, self.unit) * self.factor
        if self.type is Type.ADDRESS:
            return str(values.address(option, value))
        if self.type is Type.LINK:
            return values.link_name(option, value)
        return int(bool(value))

    def nothing(self, like: OptionValue) -> OptionValue:
        """The value that stands for "not set"; an address is of the family of ``like``."""
        if self.type is Type.ADDRESS:
            return "::" if ":" in str(like) else "0.0.0.0"
        return "" if self.type is Type.LINK else 0


def _nothing_to_refuse(params: Params, where: str) -> None:
    """Each option by itself says all."""


@dataclass(frozen=True)
class Kind:
    """``plural`` is the option of module topology.

    ``refuse`` raises OptionError for options that do not go together.

    ``required``: the parameter without which a link of the kind cannot be made. ``unique``:
    options that together are one link's alone in a namespace. ``lower``: packets leave through
    another link, so it is made by its own namespace's hand, and after other links.
    """

    plural: str
    options: tuple[Option, ...] = ()
    mtu_max: int = 65535
    refuse: Callable[[Params, str], None] = _nothing_to_refuse
    required: str | None = None
    unique: tuple[str, ...] = ()
    lower: bool = False
    takes_ports: bool = False
    # Whether an MTU that is given at creation counts as set: a bridge's follows its ports until
    # it is set.
    mtu_at_creation: bool = True
    # Whether static forwarding entries name other hosts.
    entries: bool = False

    def option(self, name: str) -> Option:
        return next(option for option in self.options if option.name == name)

    def parse(self, params: Params, where: str) -> tuple[tuple[str, OptionValue], ...]:
        """The kind's options that are given."""
        found = [
            (option.name, option.parse(f"{where}{option.param}", params[option.param]))
            for option in self.options
            if params.get(option.param) is not None
        ]
        self.refuse(params, where)
        return tuple(found)

    def defaults(self, given: Mapping[str, OptionValue]) -> Iterator[tuple[str, OptionValue]]:
        for option in self.options:
            if option.default is not None and option.name not in given:
                yield option.name, option.default


def _refuse_bridge(params: Params, where: str) -> None:
    if params.get("stp") and params.get("forward_delay") in (0, 1):
        raise OptionError(
            f"{where}forward_delay",
            params["forward_delay"],
            "with STP on the kernel takes 2 to 30 seconds",
            "Give 2 or more, or turn stp off",
        )


def _refuse_vxlan(params: Params, where: str) -> None:
    remote, group, local = (params.get(name) for name in ("remote", "group", "local"))
    if remote is not None and group is not None:
        raise OptionError(
            f"{where}group", group, "remote is given, too", "Give one host or a group, not both"
        )
    for option, value, is_group in (
        ("remote", remote, False),
        ("group", group, True),
        ("local", local, False),
    ):
        if value is not None:
            _refuse_scope(f"{where}{option}", value, is_group)
    other = remote if remote is not None else group
    if other is not None and local is not None:
        mine, theirs = ipaddress.ip_address(str(local)), ipaddress.ip_address(str(other))
        if mine.version != theirs.version:
            raise OptionError(
                f"{where}local",
                local,
                f"is IPv{mine.version}, but the other side {theirs} is IPv{theirs.version}",
                "Use one family on both sides",
            )
    for option, value in (("group", group), ("remote", remote), ("local", local)):
        link_local = value is not None and ipaddress.ip_address(str(value)).is_link_local
        if (link_local or (option == "group" and value is not None)) and not params.get("dev"):
            raise OptionError(
                f"{where}{option}",
                value,
                "only says where together with a link",
                "Give dev, the link through which it is reached",
            )


def _refuse_scope(option: str, value: Any, is_group: bool) -> None:
    address = ipaddress.ip_address(str(value))
    if address.is_multicast is not is_group or address.is_unspecified:
        raise OptionError(
            option,
            value,
            "is no multicast group" if is_group else "is no address of a host",
            "Give a multicast address, or use remote" if is_group else "Give a unicast address",
        )


def overhead(link: Mapping[str, OptionValue]) -> int:
    """What a vxlan with these options takes from the MTU of the link below it."""
    is_v6 = any(":" in str(link.get(name, "")) for name in ("local", "remote"))
    return _VXLAN_OVERHEAD[6 if is_v6 else 4]


def family(options: Mapping[str, OptionValue]) -> int | None:
    """4 or 6, or None when no address says so."""
    for name in ("local", "remote"):
        if options.get(name):
            return 6 if ":" in str(options[name]) else 4
    return None


def default_entries(options: Mapping[str, OptionValue]) -> tuple[Entry, ...]:
    """What the kernel makes of ``remote`` and ``group``: unknown frames go there."""
    remote = str(options.get("remote") or "")
    if not remote or ipaddress.ip_address(remote).is_unspecified:
        return ()
    return (Entry(ZERO_MAC, remote, via=str(options.get("dev") or "") or None),)


def words(kind: str, name: str, value: OptionValue) -> str:
    """An option in the words of ``ip link``."""
    option = KINDS[kind].option(name)
    if option.bare:
        return name if value else f"no{name}"
    if option.type is Type.LINK and not value:
        return f"no{name}"
    if option.type is Type.ADDRESS and ipaddress.ip_address(str(value)).is_multicast:
        name = "group"
    return f"{name} {shlex.quote(str(value))}"


def _number(param: str, name: str, low: int, high: int, factor: int = 1, unit: str = "") -> Option:
    return Option(param, name, Type.NUMBER, low, high, factor, unit)


KINDS: dict[str, Kind] = {
    "bridge": Kind(
        "bridges",
        options=(
            _number("priority", "priority", 0, 65535),
            # Before forward_delay, which may be short only without it.
            Option("stp", "stp_state"),
            _number("forward_delay", "forward_delay", 0, 30, 100, "seconds"),
            _number("hello_time", "hello_time", 1, 10, 100, "seconds"),
            _number("max_age", "max_age", 6, 40, 100, "seconds"),
            _number("ageing_time", "ageing_time", 0, 10_000_000, 100, "seconds"),
            _number("vlan_default_pvid", "vlan_default_pvid", 0, 4094),
            Option("vlan_filtering", "vlan_filtering"),
            Option("multicast_snooping", "mcast_snooping"),
        ),
        refuse=_refuse_bridge,
        takes_ports=True,
        mtu_at_creation=False,
    ),
    "veth": Kind("veths"),
    "vxlan": Kind(
        "vxlans",
        options=(
            Option("vni", "id", Type.NUMBER, 0, 2**24 - 1, fixed=True),
            # Before remote, whose entry remembers it.
            Option("dev", "dev", Type.LINK),
            Option("local", "local", Type.ADDRESS),
            Option("remote", "remote", Type.ADDRESS),
            Option("group", "remote", Type.ADDRESS),
            # Never the kernel's own default, 8472, which is flannel's port (G14).
            Option("dstport", "dstport", Type.NUMBER, 1, 65535, default=VXLAN_PORT, fixed=True),
            Option("learning", "learning", bare=True),
        ),
        refuse=_refuse_vxlan,
        required="vni",
        unique=("id", "dstport"),
        lower=True,
        entries=True,
    ),
}
