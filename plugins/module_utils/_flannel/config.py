# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""flannel's network config, the value of the key PREFIX/config."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

from .._errors import OptionError
from .._networks import Network, contains
from . import backends

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


@dataclass(frozen=True)
class _Family:
    """What differs between IPv4 and IPv6 in flannel's rules (lengths are prefix lengths)."""

    version: int
    option: str  # in front of our option names
    key: str  # in front of flannel's keys
    usual: int  # a host's subnet, where the network is large enough
    longest: int  # of a host's subnet
    smallest: int  # of the whole network


V4 = _Family(4, "", "", 24, 30, 28)
V6 = _Family(6, "ipv6_", "IPv6", 64, 126, 124)


@dataclass(frozen=True)
class Range:
    """The addresses of one family: the network, and the first and the last subnet to give out."""

    network: Network
    subnet_len: int
    first: Address
    last: Address

    def problem(self, subnet: Network) -> str | None:
        """Why ``subnet`` cannot be a host's, or None."""
        if not contains(self.network, subnet):
            return f"it lies outside the network {self.network}"
        if subnet.prefixlen != self.subnet_len:
            return f"every host's subnet here is a /{self.subnet_len}"
        if not int(self.first) <= int(subnet.network_address) <= int(self.last):
            return f"flannel gives out {self.first} to {self.last} only"
        return None

    def subnets(self) -> int:
        """How many subnets there are to give out."""
        return (int(self.last) - int(self.first)) // self.step() + 1

    def step(self) -> int:
        """Addresses in one subnet."""
        return 1 << int(self.network.max_prefixlen - self.subnet_len)

    def nth(self, index: int) -> Network:
        """The subnet with that number, counted from 0."""
        start = int(self.first) + index * self.step()
        if self.network.version == 4:
            return ipaddress.IPv4Network((start, self.subnet_len))
        return ipaddress.IPv6Network((start, self.subnet_len))


@dataclass(frozen=True)
class Config:
    """The whole config. ``ipv6`` is None in a network without IPv6."""

    ipv4: Range
    ipv6: Range | None
    backend: backends.Backend
    # As it is written: only what was asked for, so that flannel's defaults stay flannel's.
    document: Mapping[str, Any]

    def ranges(self) -> tuple[Range, ...]:
        """Both families' ranges that are in use."""
        return (self.ipv4,) if self.ipv6 is None else (self.ipv4, self.ipv6)

    def meaning(self) -> tuple[Any, ...]:
        """What two configs that mean the same have in common, defaults filled in."""
        return (
            self.ipv4,
            self.ipv6,
            self.backend.kind,
            tuple(sorted(self.backend.effective().items())),
            bool(self.document.get("EnableNFTables", False)),
        )

    def text(self) -> str:
        """The value for etcd."""
        return json.dumps(self.document, separators=(",", ":"))

    def shown(self) -> dict[str, Any]:
        """The document for a person, secrets hidden."""
        return hide_secrets(self.document)


def hide_secrets(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a config document in which nothing is worth stealing."""
    # Go reads the keys of JSON objects without regard to their case.
    return {
        key: _hide_in_backend(value) if key.lower() == "backend" else value
        for key, value in document.items()
    }


def _hide_in_backend(backend: Any) -> Any:
    if not isinstance(backend, Mapping):
        return backend
    return {
        key: "(hidden)" if key.upper() in backends.SECRETS else value
        for key, value in backend.items()
    }


def from_params(params: Mapping[str, Any]) -> Config:
    """The options of module flannel_network, checked as flannel does and more strictly.

    Keys: network, subnet_len, subnet_min, subnet_max, ipv6_network, ipv6_subnet_len,
    ipv6_subnet_min, ipv6_subnet_max, backend (a dict). Raises OptionError.
    """
    document: dict[str, Any] = {}
    ipv4 = _range(V4, params, document)
    if ipv4 is None:
        raise OptionError("network", None, "flannel needs an IPv4 network", "Set it")
    ipv6 = _range(V6, params, document)
    if ipv6 is not None:
        document["EnableIPv6"] = True
    backend = backends.from_params(params["backend"], dual_stack=ipv6 is not None)
    if ipv6 is not None and backend.kind in ("udp", "ipip", "ipsec"):
        raise OptionError(
            "backend.type",
            backend.kind,
            "this backend carries no IPv6",
            "Choose vxlan, host-gw or wireguard, or leave out ipv6_network",
        )
    document["Backend"] = backend.document()
    return Config(ipv4, ipv6, backend, document)


def from_text(text: str) -> Config:
    """A config as it stands in etcd. Raises ValueError where flannel could not start with it."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    fields = {str(key).lower(): value for key, value in document.items()}
    if fields.get("enableipv4") is False:
        raise ValueError("IPv4 is switched off, and this collection needs it")
    params: dict[str, Any] = {}
    for family in (V4, V6):
        if family is V6 and not fields.get("enableipv6"):
            continue
        for name in ("network", "subnet_len", "subnet_min", "subnet_max"):
            key = f"{family.key}{name}".replace("_", "").lower()
            params[f"{family.option}{name}"] = fields.get(key) or None
        params[f"{family.option}network"] = _without_host_bits(fields, f"{family.key}network")
    try:
        ipv4, ipv6 = _range(V4, params, {}), _range(V6, params, {})
    except OptionError as error:
        raise ValueError(str(error)) from None
    if ipv4 is None:
        raise ValueError("it names no Network")
    if ipv6 is None and fields.get("enableipv6"):
        raise ValueError("IPv6 is switched on, and it names no IPv6Network")
    return Config(ipv4, ipv6, backends.from_document(fields.get("backend")), document)


def _without_host_bits(fields: Mapping[str, Any], key: str) -> str | None:
    """The network as flannel understands it: it drops host bits without a word."""
    text = fields.get(key.lower())
    try:
        return str(ipaddress.ip_network(str(text), strict=False)) if text else None
    except ValueError:
        raise ValueError(f"{key} is {text!r}") from None


def _range(family: _Family, params: Mapping[str, Any], document: dict[str, Any]) -> Range | None:
    """Read one family's options and note in ``document`` what flannel must be told."""
    text = params.get(f"{family.option}network")
    if not text:
        for name in ("subnet_len", "subnet_min", "subnet_max"):
            value = params.get(f"{family.option}{name}")
            if value is not None:
                raise OptionError(
                    f"{family.option}{name}",
                    value,
                    f"{family.option}network is not given",
                    f"Set {family.option}network as well",
                )
        return None
    network = parse_network(f"{family.option}network", text, family.version)
    length = _subnet_len(family, network, params.get(f"{family.option}subnet_len"))
    step = 1 << int(network.max_prefixlen - length)
    # flannel leaves out the first subnet: its address is the network's own.
    first = _limit(family, "subnet_min", params, network, step)
    last = _limit(family, "subnet_max", params, network, step)
    low = first or network.network_address + step
    high = last or network.broadcast_address + 1 - step
    if int(low) > int(high):
        raise OptionError(
            f"{family.option}subnet_min",
            str(low),
            f"it lies above {family.option}subnet_max, {high}",
            "Exchange the two, or leave one out",
        )
    document[f"{family.key}Network"] = str(network)
    if params.get(f"{family.option}subnet_len") is not None:
        document[f"{family.key}SubnetLen"] = length
    if first is not None:
        document[f"{family.key}SubnetMin"] = str(first)
    if last is not None:
        document[f"{family.key}SubnetMax"] = str(last)
    return Range(network, length, low, high)


def parse_network(option: str, text: Any, version: int) -> Network:
    """A network in CIDR form. Raises OptionError, also for host bits or a missing length."""
    example = "172.20.0.0/16" if version == 4 else "fd00:20::/48"
    if "/" not in str(text):
        raise OptionError(option, text, "the prefix length is missing", f"Write it like {example}")
    try:
        network = ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        raise OptionError(
            option, text, "this is not a network", f"Write it like {example}"
        ) from None
    if network.version != version:
        raise OptionError(
            option, text, f"this is not an IPv{version} network", f"Write it like {example}"
        )
    if str(network.network_address) != str(ipaddress.ip_interface(str(text)).ip):
        raise OptionError(option, text, "this is an address inside the network", f"Write {network}")
    return network


def _subnet_len(family: _Family, network: Network, given: int | None) -> int:
    option = f"{family.option}subnet_len"
    if given is None:
        if network.prefixlen > family.smallest:
            raise OptionError(
                f"{family.option}network",
                str(network),
                "it is too small for four hosts",
                f"Choose a network of /{family.smallest} or larger",
            )
        return family.usual if network.prefixlen <= family.usual - 2 else network.prefixlen + 2
    if given > family.longest or given < 1:
        raise OptionError(
            option,
            given,
            "a host's subnet needs room for its bridge and a container",
            f"Choose at most {family.longest}",
        )
    if given < network.prefixlen + 2:
        raise OptionError(
            option,
            given,
            f"the network {network} must hold at least four subnets",
            f"Choose at least {network.prefixlen + 2}, or a larger network",
        )
    return given


def _limit(
    family: _Family, name: str, params: Mapping[str, Any], network: Network, step: int
) -> Address | None:
    option = f"{family.option}{name}"
    text = params.get(option)
    if text is None:
        return None
    try:
        address = ipaddress.ip_address(str(text))
    except ValueError:
        raise OptionError(
            option,
            text,
            "this is not an address",
            "Write the first address of a subnet, without a prefix length",
        ) from None
    if address.version != network.version or address not in network:
        raise OptionError(
            option, text, f"it lies outside the network {network}", "Choose an address inside"
        )
    if int(address) % step:
        below = (
            network.network_address + (int(address) - int(network.network_address)) // step * step
        )
        raise OptionError(option, text, "no subnet begins there", f"Write {below}")
    return address
