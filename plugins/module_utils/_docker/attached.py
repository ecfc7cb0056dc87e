# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers and the networks they are on, as role docker_networks is asked for them. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import OptionError
from .networks import DockerNetwork, docker_name, inside
from .published import Published, parse_published
from .values import address

SHARES = "container:"
# What has no meaning, or is refused by Docker, for a container without a network of its own.
_NOT_WITH = {
    "host": ("ports",),
    "none": ("ports", "dns"),
    SHARES: ("ports", "dns", "hostname"),
}
# Passed on to community.docker.docker_container under the same or this name.
_PASSED = {
    "image": "image",
    "command": "command",
    "entrypoint": "entrypoint",
    "env": "env",
    "volumes": "volumes",
    "ports": "published_ports",
    "hostname": "hostname",
    "capabilities": "capabilities",
    "dns": "dns_servers",
}


@dataclass(frozen=True)
class Endpoint:
    """A container's end on a network."""

    option: str
    network: str
    address: str
    address6: str
    aliases: tuple[str, ...]

    @property
    def addresses(self) -> Iterator[tuple[str, str]]:
        """Option and value of the fixed addresses."""
        for key in ("address", "address6"):
            if getattr(self, key):
                yield f"{self.option}.{key}", getattr(self, key)

    def arguments(self) -> dict[str, Any]:
        """In the words of community.docker's networks."""
        found: dict[str, Any] = {
            "name": self.network,
            "ipv4_address": self.address,
            "ipv6_address": self.address6,
            "aliases": list(self.aliases),
        }
        return {key: value for key, value in found.items() if value}


@dataclass(frozen=True)
class Container:
    """A wanted container: on networks (endpoints), or in a mode."""

    option: str
    name: str
    mode: str
    endpoints: tuple[Endpoint, ...]
    passed: Mapping[str, Any]
    published: tuple[Published, ...]

    @property
    def shares_with(self) -> str:
        """The container whose network this one uses, "" for none."""
        return self.mode[len(SHARES) :] if self.mode.startswith(SHARES) else ""


def parse_container(option: str, entry: Mapping[str, Any]) -> Container:
    """One entry of the role's list; Ansible has checked its types. Raises OptionError."""
    name = docker_name(f"{option}.name", entry["name"], "container")
    option = f"{option.partition('[')[0]}[{name}]"
    mode = entry.get("network_mode") or ""
    networks = entry.get("networks") or []
    if mode and networks:
        raise OptionError(
            f"{option}.network_mode", mode, "networks is given, too", "Use one of the two"
        )
    kind = SHARES if mode.startswith(SHARES) else mode
    if kind not in ("", "bridge", *_NOT_WITH) or mode == SHARES:
        raise OptionError(
            f"{option}.network_mode",
            mode,
            "is no mode",
            "Use bridge, host, none or container:NAME; name networks under networks",
        )
    for key in _NOT_WITH.get(kind, ()):
        if entry.get(key):
            raise OptionError(
                f"{option}.{key}",
                entry[key],
                f"has no meaning with network_mode {mode}",
                "Leave it out",
            )
    passed = {_PASSED[key]: entry[key] for key in _PASSED if entry.get(key) is not None}
    # A restart of Docker, or of the host, brings the containers back.
    passed["restart_policy"] = entry.get("restart_policy") or "unless-stopped"
    return Container(
        option,
        name,
        mode or ("" if networks else "bridge"),
        tuple(_endpoints(option, networks)),
        passed,
        parse_published(f"{option}.ports", entry.get("ports") or ()),
    )


def _endpoints(option: str, networks: Sequence[Mapping[str, Any]]) -> Iterator[Endpoint]:
    seen = set()
    for number, part in enumerate(networks):
        where = f"{option}.networks[{number}]"
        name = str(part["name"])
        if name in ("host", "none"):
            raise OptionError(
                f"{where}.name", name, "is a mode", f"Write network_mode: {name} instead"
            )
        if name in seen:
            raise OptionError(f"{where}.name", name, "is named twice", "Name it once")
        seen.add(name)
        endpoint = Endpoint(
            where,
            name,
            part.get("address") or "",
            part.get("address6") or "",
            tuple(part.get("aliases") or ()),
        )
        for key, value in endpoint.addresses:
            address(key, value)
            family = 6 if key.endswith("6") else 4
            if ipaddress.ip_address(value).version != family:
                raise OptionError(
                    key, value, f"is not an IPv{family} address", "Use address or address6"
                )
        if name == "bridge" and (endpoint.aliases or any(endpoint.addresses)):
            raise OptionError(
                f"{where}.name",
                name,
                "on Docker's own bridge there are no aliases and no fixed addresses",
                "Make a network, and put the container on that",
            )
        yield endpoint


def check_addresses(
    endpoint: Endpoint, network: DockerNetwork | None, subnets: Sequence[str]
) -> None:
    """The fixed addresses of an endpoint, for a wanted network or one that is there already."""
    for option, value in endpoint.addresses:
        parts = [ipaddress.ip_network(subnet) for subnet in subnets]
        family = [part for part in parts if part.version == ipaddress.ip_address(value).version]
        if not family:
            raise OptionError(
                option,
                value,
                f"network {endpoint.network} has no subnet of its own for it,"
                " and Docker then refuses fixed addresses",
                "Give the network a subnet",
            )
        around = [part for part in family if ipaddress.ip_address(value) in part]
        inside(option, value, (around or family)[0])
        for subnet in network.subnets if network else ():
            if str(ipaddress.ip_address(value)) in subnet.gateways:
                given = "is" if subnet.gateway else "is what Docker may choose for"
                raise OptionError(
                    option,
                    value,
                    f"{given} the gateway of network {endpoint.network}",
                    "Choose another address, or give the network another gateway",
                )


def check_shared_addresses(
    containers: Sequence[Container], networks: Sequence[DockerNetwork]
) -> None:
    """Addresses that two containers could get on one network."""
    ranges = {
        network.name: [part.ip_range or part.network for part in network.subnets]
        for network in networks
    }
    ends = [end for container in containers for end in container.endpoints]
    owner = {end.option: container.name for container in containers for end in container.endpoints}
    taken: dict[tuple[str, Any], str] = {}
    for end in ends:
        for option, value in end.addresses:
            place = (end.network, ipaddress.ip_address(value))
            if place in taken:
                raise OptionError(
                    option, value, f"{taken[place]} has it, too", "Choose another address"
                )
            taken[place] = owner[end.option]
    for end in ends:
        for option, value in end.addresses:
            if not any(ipaddress.ip_address(value) in part for part in ranges.get(end.network, [])):
                continue
            key = option.rpartition(".")[2]
            for other in ends:
                if other.network == end.network and not getattr(other, key):
                    raise OptionError(
                        option,
                        value,
                        f"{owner[other.option]} has no {key} on {end.network}, so Docker may give"
                        " it this one first",
                        f"Give it an {key}, too, or the network an ip_range without this one",
                    )
