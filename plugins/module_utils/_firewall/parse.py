# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of module nat to the model. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._topology import values
from .._topology.model import Address, Network
from .model import Nat, Publish, Request

_PORT_MAX = 65535
_LIKE = "Write it like 192.168.2.0/24"
# Other characters mean something to nft or to iptables, such as + at the end.
_PLAIN = re.compile(r"[A-Za-z0-9_.@-]+")


def request_from_params(params: Mapping[str, Any]) -> Request:
    """Raises OptionError for what is wrong by itself, whatever the host is like."""
    given, bridge = params.get("name"), params.get("bridge")
    absent = params.get("state") == "absent"
    if bridge is None and (given is None or not absent):
        raise OptionError(
            "bridge", None, "it has to be known whose packets are meant", "Name the bridge"
        )
    if bridge is not None:
        bridge = plain_name("bridge", bridge)
    name = values.topology_name("name" if given is not None else "bridge", given or bridge)
    if absent:
        return Request(name, None)
    subnet = None if params.get("subnet") is None else _subnet(params["subnet"])
    nat = Nat(
        name,
        str(bridge),
        subnet,
        bool(params.get("masquerade")),
        params.get("forward") is not False,
        bool(params.get("isolate")),
        tuple(
            _publish(entry, f"publish[{position}].")
            for position, entry in enumerate(params.get("publish") or [])
        ),
        _except(params.get("masquerade_except") or []),
    )
    if not (nat.masquerade or nat.forward or nat.isolate or nat.publish):
        raise OptionError(
            "forward",
            False,
            "nothing is left to do: neither masquerade, publish nor isolate is given",
            "Give one of them, or state=absent",
        )
    if nat.masquerade_except and not nat.masquerade:
        raise OptionError(
            "masquerade_except",
            list(params["masquerade_except"]),
            "has no meaning without masquerade",
            "Set masquerade to true, or leave it out",
        )
    refuse_twice(nat.publish)
    if subnet is not None:
        check_targets(nat.publish, subnet)
        check_except(nat.masquerade_except, subnet)
    return Request(name, nat, bool(params.get("persist")))


def plain_name(option: str, value: Any) -> str:
    """A link's name that can stand in a rule."""
    text = values.link_name(option, value)
    if not _PLAIN.fullmatch(text):
        raise OptionError(
            option,
            value,
            "some of its characters mean something else in a rule of a firewall",
            "Use a link whose name has letters, digits, '-', '_', '.' and '@' only",
        )
    return text


def _subnet(value: Any) -> Network:
    network = _network("subnet", value)
    if not network.prefixlen or network.is_multicast or network.is_loopback:
        raise OptionError("subnet", value, "is no network that a bridge can have", _LIKE)
    return network


def _network(option: str, value: Any) -> Network:
    """As with iptables, an address of the network with its length stands for it, too."""
    text = str(value)
    if "/" not in text:
        raise OptionError(option, value, "has no prefix length", _LIKE)
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise OptionError(option, value, str(error), _LIKE) from None


def _except(texts: Sequence[Any]) -> tuple[Network, ...]:
    """Sorted, and none in another: nft takes no sets in which networks overlap."""
    networks = [_network(f"masquerade_except[{n}]", text) for n, text in enumerate(texts)]
    v4 = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
    v6 = [network for network in networks if isinstance(network, ipaddress.IPv6Network)]
    if v4 and v6:
        raise OptionError(
            "masquerade_except",
            list(texts),
            "has IPv4 and IPv6 networks",
            "Name those of the bridge's own IP version only",
        )
    return (*ipaddress.collapse_addresses(v4), *ipaddress.collapse_addresses(v6))


def _publish(entry: Mapping[str, Any], where: str) -> Publish:
    host_ip = entry.get("host_ip")
    port = values.number(f"{where}host_port", entry["host_port"], 1, _PORT_MAX)
    to_port = entry.get("to_port")
    publish = Publish(
        entry.get("protocol") or "tcp",
        None if host_ip is None else values.address(f"{where}host_ip", host_ip),
        port,
        values.address(f"{where}to", entry["to"]),
        port if to_port is None else values.number(f"{where}to_port", to_port, 1, _PORT_MAX),
        bool(entry.get("loopback")),
        where,
    )
    _check_addresses(publish)
    return publish


def _check_addresses(publish: Publish) -> None:
    host_ip, option = publish.host_ip, f"{publish.where}host_ip"
    if host_ip is not None and host_ip.version != publish.to.version:
        raise OptionError(
            option,
            str(host_ip),
            f"is IPv{host_ip.version}, but the target {publish.to} is IPv{publish.to.version}",
            "Use one family for both",
        )
    if publish.to.version == 6 and (publish.loopback or (host_ip and host_ip.is_loopback)):
        raise OptionError(
            f"{publish.where}loopback",
            publish.loopback,
            "the kernel lets no packet of ::1 leave the host",
            "Leave it out, and use an address of the host's, or publish an IPv4 target",
        )
    if host_ip is not None and (host_ip.is_unspecified or host_ip.is_multicast):
        raise OptionError(
            option,
            str(host_ip),
            "is no address that a packet can be sent to",
            "Leave it out: then the port is published on all addresses of the host",
        )
    if host_ip is not None and host_ip.is_loopback and not publish.loopback:
        raise OptionError(
            option,
            str(host_ip),
            "only the host itself reaches it, and that needs more than a rule",
            "Set loopback to true as well",
        )


def _clash(one: Publish, other: Publish) -> bool:
    if (one.protocol, one.host_port) != (other.protocol, other.host_port):
        return False
    if one.to.version != other.to.version:
        return False
    if one.loopback and other.loopback:
        return True
    addresses = (one.host_ip, other.host_ip)
    for first, second in ((one, other), (other, one)):
        if first.host_ip is None and (second.host_ip is None or not second.host_ip.is_loopback):
            return True
    return addresses[0] == addresses[1]


def refuse_twice(publishes: Sequence[Publish]) -> None:
    """A packet can go to one target only."""
    for position, one in enumerate(publishes):
        for other in publishes[:position]:
            if _clash(one, other):
                raise OptionError(
                    f"{one.where}host_port",
                    one.host_port,
                    f"{one.protocol} port {one.host_port} is published twice, also by"
                    f" {other.where.rstrip('.')}",
                    "Choose another port, or give each its host_ip",
                )


def check_targets(publishes: Sequence[Publish], subnet: Network) -> None:
    """Every target has an address of the network that a host in it can have."""
    for publish in publishes:
        option, target = f"{publish.where}to", publish.to
        if target.version != subnet.version or target not in subnet:
            raise OptionError(
                option,
                str(target),
                f"is outside the network {subnet}",
                "Give an address of that network, or the right subnet",
            )
        if _is_special(target, subnet):
            raise OptionError(
                option,
                str(target),
                f"is the network's or the broadcast address of {subnet}",
                "Give the address of a host in that network",
            )


def check_except(networks: Sequence[Network], subnet: Network) -> None:
    """What another IP version sends is not masqueraded here anyway."""
    for network in networks:
        if network.version != subnet.version:
            raise OptionError(
                "masquerade_except",
                str(network),
                f"is IPv{network.version}, but the bridge's network {subnet} is not",
                "Name networks of the same IP version, or give the right subnet",
            )


def _is_special(address: Address, subnet: Network) -> bool:
    if subnet.num_addresses <= 2:
        return False
    last = subnet.version == 4 and address == subnet.broadcast_address
    return last or address == subnet.network_address
