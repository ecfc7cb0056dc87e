# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with it on this host. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .._errors import OptionError
from .._topology.model import Address
from .model import Host, Listener, Nat, Publish
from .parse import check_except, check_targets


def complete(nat: Nat, host: Host) -> Nat:
    """With the subnet; raises OptionError for a bridge that is not there or not fit."""
    kind = host.kinds.get(nat.bridge)
    if kind is None:
        raise OptionError(
            "bridge",
            nat.bridge,
            "there is no such link on this host",
            "Make it first, for example with module bridge or topology",
        )
    if kind != "bridge":
        raise OptionError(
            "bridge",
            nat.bridge,
            f"that link is no bridge, it is of kind {kind or 'physical'}",
            "Name the bridge that the network's links are ports of",
        )
    addresses = host.addresses.get(nat.bridge, ())
    subnet = nat.subnet
    if subnet is None:
        networks = {interface.network for interface in addresses if interface.version == 4}
        if len(networks) != 1:
            raise OptionError(
                "subnet",
                None,
                f"{nat.bridge} has addresses of {len(networks)} IPv4 networks",
                "Say which network is meant",
            )
        (subnet,) = networks
        check_targets(nat.publish, subnet)
        check_except(nat.masquerade_except, subnet)
    elif not any(interface.ip in subnet for interface in addresses):
        raise OptionError(
            "subnet",
            str(subnet),
            f"{nat.bridge} has no address in it, so it is nobody's gateway there",
            f"Give {nat.bridge} an address of the network, or the right subnet",
        )
    return replace(nat, subnet=subnet)


def check_publishes(
    nat: Nat, host: Host, loaded: str, others: Mapping[str, tuple[tuple[str, str], ...]]
) -> None:
    """What is new must be free. ``loaded``: our table as it is; ``others``: what the comments in
    other tables of ours say, by their names."""
    mine = {interface.ip for addresses in host.addresses.values() for interface in addresses}
    bridges = {interface.ip for interface in host.addresses.get(nat.bridge, ())}
    for publish in nat.publish:
        _check_ends(publish, mine, bridges, nat.bridge)
        if f'"{publish.name}"' in loaded:
            continue
        for listener in host.listeners:
            if _takes(publish, listener):
                _taken(publish, listener)
        _refuse_others(publish, others)


def _check_ends(publish: Publish, mine: set[Address], bridges: set[Address], bridge: str) -> None:
    host_ip = publish.host_ip
    if host_ip is not None and not host_ip.is_loopback and host_ip not in mine:
        raise OptionError(
            f"{publish.where}host_ip",
            str(host_ip),
            "no link of this host has that address",
            "Give one of its addresses, or leave it out for all of them",
        )
    if publish.to in bridges:
        raise OptionError(
            f"{publish.where}to",
            str(publish.to),
            f"is the address of {bridge} itself",
            "Give the address of a namespace or container behind the bridge",
        )


def _takes(publish: Publish, listener: Listener) -> bool:
    if (publish.protocol, publish.host_port) != (listener.protocol, listener.port):
        return False
    address = listener.address
    if address.is_unspecified:
        # An IPv6 socket takes IPv4 packets as well.
        return address.version >= publish.to.version
    if address.version != publish.to.version:
        return False
    if address.is_loopback:
        return (publish.loopback and str(address) == "127.0.0.1") or address == publish.host_ip
    return publish.host_ip in (None, address)


def _taken(publish: Publish, listener: Listener) -> None:
    address = f"[{listener.address}]" if listener.address.version == 6 else listener.address
    letter = publish.protocol[0]
    raise OptionError(
        f"{publish.where}host_port",
        publish.host_port,
        f"a program of this host listens on {publish.protocol} {address}:{listener.port}, and"
        " would not get its packets any more",
        f"Choose another port, give host_ip, or end the program that ss -Hln{letter}p"
        f" sport = :{listener.port} names",
    )


def _refuse_others(publish: Publish, others: Mapping[str, tuple[tuple[str, str], ...]]) -> None:
    every = f"publish {publish.protocol} * {publish.host_port}"
    mine = ("ip6" if publish.to.version == 6 else "ip", publish.protocol, str(publish.host_port))
    for name, comments in others.items():
        for family, comment in comments:
            protocol, address, port = comment.split()[1:]
            if (family, protocol, port) != mine:
                continue
            if comment == publish.name or comment == every or publish.host_ip is None:
                where = "all addresses" if address == "*" else address
                raise OptionError(
                    f"{publish.where}host_port",
                    publish.host_port,
                    f"nat {name} publishes {protocol} port {port} already, on {where}",
                    "Choose another port, give each its host_ip, or remove it there",
                )
