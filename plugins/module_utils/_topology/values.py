# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single values: each function takes the option's name, for the error, and returns the value."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from .._errors import OptionError
from .model import Address, Interface, Network

_NAME_MAX = 15
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_TOPOLOGY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_SYSCTL = re.compile(r"net([./])[^\s]+")
MTU_MIN = 68
MTU_MIN_IPV6 = 1280


def link_name(option: str, value: Any) -> str:
    """A name that the kernel takes for a link."""
    text = str(value)
    if not text:
        raise OptionError(option, value, "a link needs a name", "Give 1 to 15 characters")
    if len(text.encode()) > _NAME_MAX:
        raise OptionError(
            option,
            value,
            f"a link's name has at most {_NAME_MAX} characters, this one has {len(text.encode())}",
            "Choose a shorter name",
        )
    if text in (".", ".."):
        raise OptionError(option, value, "is no name for a link", "Choose another name")
    for char in text:
        # "%" would be a pattern: the kernel puts a number there.
        if char in "/:%" or char.isspace() or not char.isprintable():
            raise OptionError(
                option,
                value,
                f"a link's name cannot contain {char!r}",
                "Use letters, digits, '-', '_' and '.'",
            )
    if text == "lo":
        raise OptionError(
            option, value, "is the loopback link", "Use option loopback of the namespace"
        )
    if text in ("all", "default"):
        raise OptionError(
            option, value, "is a name that the kernel keeps for sysctls", "Choose another name"
        )
    return text


def netns_name(option: str, value: Any) -> str:
    """A name that a file under /run/netns can have."""
    text = str(value)
    if not text or text in (".", ".."):
        raise OptionError(option, value, "is no name for a namespace", "Choose another name")
    for char in text:
        if char == "/" or char.isspace() or not char.isprintable():
            raise OptionError(
                option,
                value,
                f"a namespace's name cannot contain {char!r}",
                "It is a file name under /run/netns: use letters, digits, '-', '_' and '.'",
            )
    if text.startswith("-"):
        raise OptionError(
            option,
            value,
            "starts with '-', which ip would read as an option",
            "Choose another name",
        )
    if len(text.encode()) > 255:
        raise OptionError(
            option,
            value,
            f"a namespace's name has at most 255 bytes, this one has {len(text.encode())}",
            "Choose a shorter name",
        )
    return text


def topology_name(option: str, value: Any) -> str:
    """A name for the mark and the state file."""
    text = str(value)
    if not _TOPOLOGY.fullmatch(text):
        raise OptionError(
            option,
            value,
            "is no name for a topology",
            "Use 1 to 64 letters, digits, '_', '-' and '.', not starting with '-' or '.'",
        )
    return text


def _refuse_zone(option: str, value: Any) -> None:
    if "%" in str(value):
        raise OptionError(
            option,
            value,
            "has a zone after '%'",
            "Leave it out: the link is named by the option that the value stands in, or by dev",
        )


def interface(option: str, value: Any) -> Interface:
    """An address with its prefix length, such as 192.168.2.1/24."""
    text = str(value)
    _refuse_zone(option, value)
    if "/" not in text:
        raise OptionError(
            option, value, "has no prefix length", "Write address/length, such as 192.168.2.1/24"
        )
    if not text.rpartition("/")[2].isdigit():
        raise OptionError(
            option,
            value,
            "the prefix length is no number",
            "Write address/length, such as 192.168.2.1/24",
        )
    try:
        parsed = ipaddress.ip_interface(text)
    except ValueError as error:
        raise OptionError(
            option, value, str(error), "Write address/length, such as 192.168.2.1/24 or fd00::1/64"
        ) from None
    host = parsed.ip
    if host.is_multicast or host.is_unspecified or (host.version == 6 and host.is_loopback):
        raise OptionError(
            option, value, "is no address that a link can have", "Give a unicast address"
        )
    network = parsed.network
    if network.version == 4 and network.prefixlen < 31:
        if host == network.network_address:
            raise OptionError(
                option,
                value,
                f"is the network {network} itself",
                "Give a host's address inside that network",
            )
        if host == network.broadcast_address:
            raise OptionError(
                option,
                value,
                f"is the broadcast address of {network}",
                "Give a host's address inside that network",
            )
    return parsed


def network(option: str, value: Any, family_of: Any = None) -> Network:
    """A route's destination: ``default``, a network or an address.

    ``default`` is IPv6 when ``family_of`` (the gateway) is.
    """
    text = str(value)
    if text == "default":
        is_v6 = family_of is not None and ":" in str(family_of)
        text = "::/0" if is_v6 else "0.0.0.0/0"
    try:
        parsed = ipaddress.ip_network(text)
    except ValueError as error:
        raise OptionError(
            option, value, str(error), "Write default, or a network such as 10.1.0.0/16"
        ) from None
    if parsed.version == 6 and (parsed.is_link_local or parsed.is_multicast):
        raise OptionError(
            option,
            value,
            "the kernel makes the routes to such addresses itself, on every link",
            "Leave the route out",
        )
    return parsed


def address(option: str, value: Any) -> Address:
    """A plain address."""
    _refuse_zone(option, value)
    try:
        return ipaddress.ip_address(str(value))
    except ValueError:
        raise OptionError(
            option, value, "is no address", "Write an address without prefix length"
        ) from None


def mac(option: str, value: Any) -> str:
    """A MAC address that a link can have, in small letters."""
    text = station(option, value)
    if int(text[:2], 16) & 1:
        raise OptionError(option, value, "is a multicast address", "The first byte has to be even")
    if text == "00:00:00:00:00:00":
        raise OptionError(option, value, "is no address for a link", "Choose another address")
    return text


def station(option: str, value: Any) -> str:
    """A MAC address that frames can be sent to: a group's and the zero one, too."""
    text = str(value).lower().replace("-", ":")
    if not _MAC.fullmatch(text):
        raise OptionError(
            option, value, "is no MAC address", "Write six bytes, such as 02:00:00:00:00:01"
        )
    return text


def mtu(option: str, value: Any) -> int:
    """Bytes; the upper limit is the kernel's and looked up later."""
    number = int(value)
    if number < MTU_MIN:
        raise OptionError(
            option,
            value,
            f"is below {MTU_MIN}, the least that IPv4 takes",
            f"Give {MTU_MIN} or more",
        )
    return number


def number(option: str, value: Any, low: int, high: int, unit: str = "") -> int:
    """A whole number within limits."""
    parsed = int(value)
    if not low <= parsed <= high:
        suffix = f" {unit}" if unit else ""
        raise OptionError(
            option,
            value,
            f"is outside {low} to {high}{suffix}",
            f"Give a number from {low} to {high}",
        )
    return parsed


def sysctl(option: str, key: Any, value: Any) -> tuple[str, str]:
    """(path below /proc/sys, value). Links with dots in their names are path elements (G9)."""
    text = str(key)
    if not _SYSCTL.fullmatch(text) or ".." in text or "//" in text or text.endswith((".", "/")):
        raise OptionError(
            option,
            key,
            "is no sysctl of a network namespace",
            "Only net.* can be set here, such as net.ipv4.ip_forward",
        )
    if isinstance(value, bool):
        value = int(value)
    if value is None or isinstance(value, (dict, list)) or str(value).strip() == "":
        raise OptionError(option, f"{key}={value!r}", "has no value", "Give a number or text")
    if any(char in str(value) for char in "\n\0"):
        raise OptionError(option, f"{key}={value!r}", "has more than one line", "Give one line")
    return sysctl_path(text), " ".join(str(value).split())


def sysctl_path(key: str) -> str:
    """``net.ipv4.conf.eth0.100.forwarding`` becomes ``net/ipv4/conf/eth0.100/forwarding``."""
    if "/" in key:
        return key
    parts = key.split(".")
    if len(parts) > 5 and parts[1] in ("ipv4", "ipv6") and parts[2] in ("conf", "neigh"):
        parts = parts[:3] + [".".join(parts[3:-1]), parts[-1]]
    return "/".join(parts)
