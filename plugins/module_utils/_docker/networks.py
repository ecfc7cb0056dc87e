# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's user-defined networks as role docker_networks is asked for them. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._errors import OptionError
from .._networks import Network, contains, overlaps
from .values import address, network_of

MODES = {
    "macvlan": ("bridge", "private", "vepa", "passthru"),
    "ipvlan": ("l2", "l3", "l3s"),
}
# What an option is called in the driver's own words.
_BRIDGE = "com.docker.network.bridge."
_MTU = "com.docker.network.driver.mtu"
_ONLY_BRIDGE = ("icc", "masquerade", "bridge_name", "internal")
_ONLY_PARENT = ("parent", "mode")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_OF_DOCKER = ("bridge", "default", "host", "none")


@dataclass(frozen=True)
class Subnet:
    """Addresses of a network; Docker chooses what is None."""

    network: Network
    gateway: str | None
    ip_range: Network | None

    @property
    def gateways(self) -> list[str]:
        """The gateway; where Docker chooses it, the first addresses of subnet and ip_range."""
        if self.gateway:
            return [str(ipaddress.ip_address(self.gateway))]
        first = [str(self.network.network_address + 1)]
        return first + ([str(self.ip_range.network_address)] if self.ip_range else [])

    def as_ipam(self) -> dict[str, str]:
        """In the words of community.docker's ipam_config."""
        found = {"subnet": str(self.network), "gateway": self.gateway, "iprange": self.ip_range}
        return {key: str(value) for key, value in found.items() if value is not None}


@dataclass(frozen=True)
class DockerNetwork:
    """A wanted network; ``option`` is how messages call it."""

    option: str
    name: str
    driver: str
    subnets: tuple[Subnet, ...]
    parent: str
    mode: str
    internal: bool
    bridge_name: str
    driver_options: Mapping[str, str]

    @property
    def on_the_segment(self) -> bool:
        """Whether containers share the network that the parent is on."""
        return self.driver == "macvlan" or self.mode == "l2"

    def arguments(self) -> dict[str, Any]:
        """What community.docker.docker_network is given."""
        return {
            "name": self.name,
            "driver": self.driver,
            "driver_options": dict(self.driver_options),
            "internal": self.internal,
            "enable_ipv6": any(subnet.network.version == 6 for subnet in self.subnets),
            "ipam_config": [subnet.as_ipam() for subnet in self.subnets],
        }


def docker_name(option: str, value: Any, what: str) -> str:
    """A name that Docker takes for a network or container."""
    text = str(value)
    if not _NAME.fullmatch(text):
        raise OptionError(
            option,
            value,
            f"is no name for a {what}",
            "Use letters, digits, '_', '.' and '-', a letter or digit first",
        )
    return text


def parse_network(option: str, entry: Mapping[str, Any]) -> DockerNetwork:
    """One entry of the role's list; Ansible has checked its types. Raises OptionError."""
    name = docker_name(f"{option}.name", entry["name"], "network")
    option = f"{option.partition('[')[0]}[{name}]"
    if name in _OF_DOCKER:
        raise OptionError(f"{option}.name", name, "is Docker's own network", "Choose another name")
    driver = entry.get("driver") or "bridge"
    for key in _ONLY_PARENT if driver == "bridge" else _ONLY_BRIDGE:
        if entry.get(key) is not None:
            raise OptionError(
                f"{option}.{key}", entry[key], f"a {driver} network has no {key}", "Leave it out"
            )
    network = DockerNetwork(
        option=option,
        name=name,
        driver=driver,
        subnets=_subnets(option, entry, driver),
        parent=entry.get("parent") or "",
        mode=_mode(option, entry, driver),
        internal=bool(entry.get("internal")),
        bridge_name=entry.get("bridge_name") or "",
        driver_options={},
    )
    if driver != "bridge" and not network.parent:
        raise OptionError(
            f"{option}.parent",
            "",
            f"a {driver} network needs the link that leads out",
            "Name a network card or bridge of the host, such as eth1",
        )
    return replace(network, driver_options=_options(network, entry))


def _mode(option: str, entry: Mapping[str, Any], driver: str) -> str:
    if driver not in MODES:
        return ""
    mode = str(entry.get("mode") or MODES[driver][0])
    if mode not in MODES[driver]:
        raise OptionError(
            f"{option}.mode",
            mode,
            f"is no mode of {driver}",
            "Choose one of " + ", ".join(MODES[driver]),
        )
    return mode


def _options(network: DockerNetwork, entry: Mapping[str, Any]) -> dict[str, str]:
    options = {}
    if network.driver == "bridge":
        options[f"{_BRIDGE}enable_icc"] = _truth(entry.get("icc"))
        options[f"{_BRIDGE}enable_ip_masquerade"] = _truth(entry.get("masquerade"))
        if network.bridge_name:
            if len(network.bridge_name.encode()) > 15 or re.search(r"[/\s]", network.bridge_name):
                raise OptionError(
                    f"{network.option}.bridge_name",
                    network.bridge_name,
                    "is no name for a link",
                    "Give 1 to 15 characters without blanks and '/'",
                )
            options[f"{_BRIDGE}name"] = network.bridge_name
    else:
        options["parent"] = network.parent
        options[f"{network.driver}_mode"] = network.mode
    if entry.get("mtu"):
        options[_MTU] = str(_mtu(network, entry["mtu"]))
    for key, value in (entry.get("options") or {}).items():
        if key in options:
            raise OptionError(
                f"{network.option}.options.{key}",
                value,
                "has an option of its own in this role",
                "Use icc, masquerade, bridge_name, mtu, parent or mode",
            )
        options[key] = str(value)
    return options


def _truth(value: Any) -> str:
    return "false" if value is False else "true"


def _mtu(network: DockerNetwork, value: int) -> int:
    least = 1280 if any(subnet.network.version == 6 for subnet in network.subnets) else 68
    if not least <= value <= 65535:
        raise OptionError(
            f"{network.option}.mtu",
            value,
            f"is not between {least} and 65535 bytes",
            "Give the MTU of the way that the containers use, or leave it out",
        )
    return value


def _subnets(option: str, entry: Mapping[str, Any], driver: str) -> tuple[Subnet, ...]:
    """Of the short form (subnet, gateway, ip_range) or of the list subnets."""
    several = entry.get("subnets") or []
    short = {key: entry.get(key) for key in ("subnet", "gateway", "ip_range") if entry.get(key)}
    if several and short:
        raise OptionError(
            f"{option}.subnets", len(several), f"{min(short)} is given, too", "Use one of the two"
        )
    if short and "subnet" not in short:
        key = min(short)
        raise OptionError(f"{option}.{key}", short[key], "there is no subnet", "Add the subnet")
    found = [_subnet(option, short)] if short else []
    found += [
        _subnet(f"{option}.subnets[{number}]", {k: v for k, v in part.items() if v})
        for number, part in enumerate(several)
    ]
    for number, one in enumerate(found):
        for other in found[:number]:
            if overlaps(one.network, other.network):
                raise OptionError(
                    f"{option}.subnets",
                    str(one.network),
                    f"overlaps {other.network} of the same network",
                    "Choose another",
                )
            if driver == "bridge" and one.network.version == other.network.version:
                raise OptionError(
                    f"{option}.subnets",
                    str(one.network),
                    f"a bridge network has one IPv{one.network.version} subnet,"
                    f" and {other.network} is one",
                    "Make two networks, and put the containers on both",
                )
    return tuple(found)


def _subnet(option: str, part: Mapping[str, Any]) -> Subnet:
    network = network_of(f"{option}.subnet", part["subnet"])
    if ipaddress.ip_interface(part["subnet"]).ip != network.network_address:
        raise OptionError(
            f"{option}.subnet",
            part["subnet"],
            "is an address in a network, not the network",
            f"Write {network}",
        )
    if network.prefixlen > network.max_prefixlen - 2:
        raise OptionError(
            f"{option}.subnet",
            part["subnet"],
            "leaves no address for containers",
            f"Use a prefix length of at most {network.max_prefixlen - 2}",
        )
    if network.is_loopback or network.is_multicast:
        raise OptionError(
            f"{option}.subnet", part["subnet"], "no container can have such an address", "Change it"
        )
    gateway = part.get("gateway")
    if gateway:
        inside(f"{option}.gateway", gateway, network)
    ip_range = network_of(f"{option}.ip_range", part["ip_range"]) if part.get("ip_range") else None
    if ip_range is not None and not contains(network, ip_range):
        raise OptionError(
            f"{option}.ip_range",
            part["ip_range"],
            f"is not inside {network}",
            f"Choose a part of {network}",
        )
    return Subnet(network, gateway, ip_range)


def inside(option: str, value: str, network: Network) -> None:
    """An address that a member of the network can have. Raises OptionError."""
    address(option, value)
    found = ipaddress.ip_address(value)
    if found not in network:
        raise OptionError(option, value, f"is not in {network}", f"Choose an address in {network}")
    last = network.broadcast_address if network.version == 4 else None
    if found in (network.network_address, last):
        raise OptionError(
            option,
            value,
            f"is the first or last address of {network}, which no member can have",
            "Choose one between them",
        )
