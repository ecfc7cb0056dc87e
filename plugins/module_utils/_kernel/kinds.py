# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of link kinds, through pyroute2's tables of attributes.

pyroute2 is imported only here, and only when a kind's options are read or written: the import
takes 130 ms.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .._errors import HostError
from .._topology.kinds import KINDS, Type
from .._topology.model import Options, OptionValue
from .netlink import NEWLINK, attributes

# ip's name of an option -> pyroute2's name of its attribute, for each kind. That of an IPv6 address
# ends in a 6 besides.
ATTRIBUTES: dict[str, dict[str, str]] = {
    "bridge": {
        "stp_state": "IFLA_BR_STP_STATE",
        "priority": "IFLA_BR_PRIORITY",
        "forward_delay": "IFLA_BR_FORWARD_DELAY",
        "hello_time": "IFLA_BR_HELLO_TIME",
        "max_age": "IFLA_BR_MAX_AGE",
        "ageing_time": "IFLA_BR_AGEING_TIME",
        "vlan_filtering": "IFLA_BR_VLAN_FILTERING",
        "vlan_default_pvid": "IFLA_BR_VLAN_DEFAULT_PVID",
        "mcast_snooping": "IFLA_BR_MCAST_SNOOPING",
    },
    "veth": {},
    "vxlan": {
        "id": "IFLA_VXLAN_ID",
        "local": "IFLA_VXLAN_LOCAL",
        "remote": "IFLA_VXLAN_GROUP",
        "dstport": "IFLA_VXLAN_PORT",
        "dev": "IFLA_VXLAN_LINK",
        "learning": "IFLA_VXLAN_LEARNING",
    },
}

_LINKINFO, _INFO_DATA = 18, 2

IndexOf = Callable[[str], int]


def require_pyroute2() -> None:
    """Raise HostError, with the package's name, where pyroute2 is missing."""
    found = importlib.util.find_spec("pyroute2")
    # Without an origin it is only a directory of that name.
    if found is None or found.origin is None:
        raise HostError(
            f"The Python package pyroute2 is missing for {sys.executable}. Install the system's"
            " package python3-pyroute2, or run: pip install pyroute2 (0.7.2 or newer)."
        )


def _message() -> Any:
    try:
        from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
    except ImportError as error:
        raise HostError(
            f"The Python package pyroute2 cannot be used by {sys.executable}: {error}. Install"
            " the system's package python3-pyroute2, or run: pip install pyroute2."
        ) from error
    return ifinfmsg


def encode(kind: str, options: Iterable[tuple[str, OptionValue]], index: IndexOf) -> bytes:
    """IFLA_INFO_DATA's content for the options; ``index`` gives the number of a link's name."""
    message = _message()()
    data = {"attrs": [_attribute(kind, name, value, index) for name, value in options]}
    message["attrs"] = [
        ["IFLA_LINKINFO", {"attrs": [["IFLA_INFO_KIND", kind], ["IFLA_INFO_DATA", data]]}]
    ]
    message["header"]["type"] = NEWLINK
    message.encode()
    # 16 bytes of message header, 16 of struct ifinfomsg
    for number, linkinfo in attributes(bytes(message.data), 32):
        if number == _LINKINFO:
            for inner, value in attributes(linkinfo):
                if inner == _INFO_DATA:
                    return value
    raise HostError(f"pyroute2 does not know the options of a {kind}.")


def _attribute(kind: str, name: str, value: OptionValue, index: IndexOf) -> list[object]:
    option = KINDS[kind].option(name)
    attribute = ATTRIBUTES[kind][name]
    if option.type is Type.ADDRESS:
        return [f"{attribute}6" if ":" in str(value) else attribute, value]
    if option.type is Type.LINK:
        return [attribute, index(str(value)) if value else 0]
    return [attribute, value]


def decode(kind: str, body: bytes) -> Options:
    """The options in a link's message body, as far as the table has them; links as numbers."""
    header = (16 + len(body)).to_bytes(4, sys.byteorder) + b"\x10\0\0\0" + b"\0" * 8
    message = _message()(header + body)
    message.decode()
    data = message.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    if data is None:
        return ()
    found: list[tuple[str, OptionValue]] = []
    for name, attribute in ATTRIBUTES[kind].items():
        value = data.get_attr(attribute)
        if KINDS[kind].option(name).type is Type.ADDRESS:
            value = value or data.get_attr(f"{attribute}6")
            if value is not None:
                found.append((name, str(value)))
        elif value is not None:
            found.append((name, int(value)))
    return tuple(found)


def with_names(kind: str, options: Options, names: Callable[[int], str | None]) -> Options:
    """What ``decode`` found, with links by their names; those that have none are left out."""
    found: list[tuple[str, OptionValue]] = []
    for name, value in options:
        known: OptionValue | None = value
        if KINDS[kind].option(name).type is Type.LINK:
            known = names(int(value))
        if known is not None:
            found.append((name, known))
    return tuple(found)
