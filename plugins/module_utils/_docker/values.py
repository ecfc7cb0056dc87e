# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each kind of daemon.json value may look like. Pure.

Every function takes the option's name for messages and the value, and raises OptionError.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Callable, Union

from .._errors import OptionError
from .._networks import Network
from .document import type_name
from .keys import KEYS, Key, nearest

Check = Callable[[str, Any], None]
Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]

_SIZE = re.compile(r"^\d+(\.\d+)?\s?([kmgtp]i?)?b?$", re.IGNORECASE)
_MARK = re.compile(r"^(0x[0-9a-f]+|\d+)(/(0x[0-9a-f]+|\d+))?$", re.IGNORECASE)
_DOMAIN = re.compile(r"^(\.|([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.?)+)$")


def _expect(option: str, value: Any, wanted: tuple[type[Any], ...], what: str, like: str) -> None:
    right = isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
    if not right:
        raise OptionError(
            option, value, f"is {type_name(value)}, must be {what}", f"Write it like {like}"
        )


def boolean(option: str, value: Any) -> None:
    _expect(option, value, (bool,), "a boolean", "true or false, without quotes")


def integer(option: str, value: Any) -> None:
    _expect(option, value, (int,), "an integer", "1450, without quotes (in a template: | int)")


def string(option: str, value: Any) -> None:
    _expect(option, value, (str,), "a string", "'text', in quotes")


def _object(option: str, value: Any) -> None:
    _expect(option, value, (dict,), "an object", "{name: value}")


def _list(option: str, value: Any) -> None:
    _expect(option, value, (list, tuple), "a list", "[one, two]")


def _list_of(check: Check) -> Check:
    def checked(option: str, value: Any) -> None:
        _list(option, value)
        for index, item in enumerate(value):
            check(f"{option}[{index}]", item)

    return checked


def _object_of(check: Check) -> Check:
    def checked(option: str, value: Any) -> None:
        _object(option, value)
        for name, item in value.items():
            check(f"{option}.{name}", item)

    return checked


def _fields(fields: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    def checked(option: str, value: Any) -> None:
        _object(option, value)
        for name, item in value.items():
            if name not in fields:
                near = nearest(str(name), fields) or ", ".join(fields)
                raise OptionError(
                    f"{option}.{name}", item, f"{option} has no such member", f"Known: {near}"
                )
            fields[name](f"{option}.{name}", item)
        for name in required:
            if name not in value:
                raise OptionError(option, value, f"lacks {name!r}", f"Add {name}")

    return checked


def address(option: str, value: Any) -> None:
    string(option, value)
    try:
        ipaddress.ip_address(value)
    except ValueError as error:
        raise OptionError(
            option, value, "is not an IP address", "Write a plain address like 10.0.0.254"
        ) from error


def size(option: str, value: Any) -> None:
    string(option, value)
    if not _SIZE.match(value):
        raise OptionError(option, value, "is not a size", "Write a number and a unit like 64M")


def pool(option: str, value: Any) -> None:
    _fields({"base": string, "size": integer}, ("base", "size"))(option, value)
    network = network_of(f"{option}.base", value["base"])
    if not network.prefixlen <= value["size"] <= network.max_prefixlen:
        raise OptionError(
            f"{option}.size",
            value["size"],
            f"is not between /{network.prefixlen}, the size of {network},"
            f" and /{network.max_prefixlen}",
            "Give the prefix length of each network cut from the base",
        )


def network_of(option: str, value: Any) -> Network:
    """A network as a prefix; bits beyond the prefix are let pass, as Docker does."""
    string(option, value)
    try:
        if "/" in value:
            return ipaddress.ip_network(value, strict=False)
    except ValueError:
        pass
    raise OptionError(option, value, "is not a network", "Write it like 10.200.0.0/16")


def bridge_address(option: str, value: Any, family: int) -> Interface:
    """A bridge's own address with its prefix length, which must leave room for containers."""
    string(option, value)
    example = "10.0.0.1/24" if family == 4 else "fd00:10::1/64"
    remedy = f"Write the bridge's own address with its prefix length, like {example}"
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError as error:
        raise OptionError(option, value, "is not an address", remedy) from error
    if interface.version != family:
        raise OptionError(option, value, f"is not an IPv{family} address", remedy)
    network = interface.network
    if "/" not in value:
        raise OptionError(option, value, "has no prefix length", remedy)
    if network.prefixlen > network.max_prefixlen - 2:
        raise OptionError(option, value, "leaves no address for containers", remedy)
    if interface.ip == network.network_address:
        raise OptionError(option, value, "is the network, not an address in it", remedy)
    if family == 4 and interface.ip == network.broadcast_address:
        raise OptionError(option, value, "is the network's broadcast address", remedy)
    if interface.ip.is_loopback or interface.ip.is_multicast or interface.ip.is_unspecified:
        raise OptionError(option, value, "is not an address that a bridge can have", remedy)
    return interface


_ULIMIT = _fields({"Name": string, "Hard": integer, "Soft": integer}, ("Name", "Hard", "Soft"))
_RUNTIME = _fields(
    {
        "path": string,
        "runtimeArgs": _list_of(string),
        "runtimeType": string,
        "options": _object,
    }
)

KINDS: dict[str, Check] = {
    "bool": boolean,
    "int": integer,
    "str": string,
    "strs": _list_of(string),
    "ip": address,
    "ips": _list_of(address),
    "size": size,
    "map": _object_of(string),
    "switches": _object_of(boolean),
    "maps": _object_of(_object_of(string)),
    "pools": _list_of(pool),
    "ulimits": _object_of(_ULIMIT),
    "runtimes": _object_of(_RUNTIME),
    "proxies": _fields({"http-proxy": string, "https-proxy": string, "no-proxy": string}),
    "builder": _fields({"gc": _object, "entitlements": _object_of(boolean), "history": _object}),
    "nri": _fields(
        {
            "enable": boolean,
            "plugin-path": string,
            "plugin-config-path": string,
            "socket-path": string,
        }
    ),
}

# Least and greatest value; the MTU's depends on more and is looked at with its neighbours.
_RANGES = {
    "default-stop-timeout": (-1, None),
    "max-concurrent-downloads": (0, None),
    "max-concurrent-uploads": (0, None),
    "max-download-attempts": (1, None),
    "network-control-plane-mtu": (500, 65535),
    "network-diagnostic-port": (0, 65535),
    "shutdown-timeout": (-1, None),
}


def _texts(name: str, option: str, value: Any) -> None:
    """Rules for the text of single keys."""
    if name == "bip":
        bridge_address(option, value, 4)
    elif name == "bip6":
        bridge_address(option, value, 6)
    elif name in ("fixed-cidr", "fixed-cidr-v6"):
        family = 6 if name.endswith("v6") else 4
        if network_of(option, value).version != family:
            raise OptionError(option, value, f"is not an IPv{family} network", "Use its family")
    elif name in ("default-gateway", "default-gateway-v6"):
        family = 6 if name.endswith("v6") else 4
        if ipaddress.ip_address(value).version != family:
            raise OptionError(option, value, f"is not an IPv{family} address", "Use its family")
    elif name == "bridge-accept-fwmark" and not _MARK.match(value):
        raise OptionError(option, value, "is not a firewall mark", "Write 0x1 or 0x1/0x3")
    elif name == "dns-search":
        for index, domain in enumerate(value):
            if not _DOMAIN.match(domain):
                raise OptionError(
                    f"{option}[{index}]", domain, "is not a domain", "Write it like example.org"
                )
    elif name == "hosts":
        for index, host in enumerate(value):
            if not host.startswith(("unix://", "tcp://", "fd://")):
                raise OptionError(
                    f"{option}[{index}]",
                    host,
                    "is not an endpoint",
                    "Write it like unix:///var/run/docker.sock or tcp://127.0.0.1:2375",
                )
    elif name == "labels":
        for index, label in enumerate(value):
            if not label.partition("=")[1]:
                raise OptionError(f"{option}[{index}]", label, "has no '='", "Write name=value")


def check_value(option: str, key: Key, value: Any) -> None:
    """The value of one key of daemon.json, by itself."""
    if value is None:
        raise OptionError(
            option, value, "is empty", f"Leave {key.name} out, or list it under remove"
        )
    KINDS[key.kind](option, value)
    if key.choices and value not in key.choices:
        raise OptionError(
            option, value, "is no choice", "Choose one of " + ", ".join(filter(None, key.choices))
        )
    least, most = _RANGES.get(key.name, (None, None))
    if (least is not None and value < least) or (most is not None and value > most):
        bounds = f"at least {least}" if most is None else f"between {least} and {most}"
        raise OptionError(option, value, f"is not {bounds}", "Give a number in that range")
    _texts(key.name, option, value)


def look_up(option: str, name: Any) -> Key:
    """The table's entry for a key, or an error with the name that was probably meant."""
    key = KEYS.get(name) if isinstance(name, str) else None
    if key is not None and key.in_file:
        return key
    near = nearest(str(name))
    why = (
        "is a field of Docker's that daemon.json does not take" if key else "is no daemon.json key"
    )
    raise OptionError(
        option,
        name,
        why,
        f"Write {near}" if near and near != name else "Take it out",
    )
