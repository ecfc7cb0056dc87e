# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the host matters for module nat: links, addresses, ports, sockets, switches."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Mapping

from .._kernel import ports, sysctl
from .._kernel.dump import RawLink, read_namespace
from .._kernel.namespaces import Namespaces
from .._topology.model import HOST, Address, Interface
from .model import Host, Listener, Switch

# In /proc/net, of a socket that waits: TCP_LISTEN, and UDP without another end.
_WAITING = {"tcp": "0A", "udp": "07"}


def read() -> Host:
    with Namespaces() as spaces:
        raw, rtnetlink = read_namespace(spaces, HOST)
        with rtnetlink:
            hairpins = ports.hairpins(rtnetlink)
    kinds: dict[str, str] = {}
    addresses: dict[str, tuple[Interface, ...]] = {}
    members: dict[str, list[str]] = {}
    ends: dict[str, list[str]] = {}
    for index, found in raw.links.items():
        link = found.link
        kinds[link.name] = link.kind
        addresses[link.name] = tuple(a.interface for a in raw.addresses.get(index, ()))
        master = raw.links.get(found.master_index)
        if master is not None:
            members.setdefault(master.link.name, []).append(link.name)
            if _is_end(found, raw.links):
                ends.setdefault(master.link.name, []).append(link.name)
    return Host(
        kinds,
        addresses,
        {bridge: tuple(sorted(names)) for bridge, names in members.items()},
        {bridge: tuple(sorted(names)) for bridge, names in ends.items()},
        hairpins,
        tuple(_listeners()),
    )


def _is_end(port: RawLink, links: Mapping[int, RawLink]) -> bool:
    """A pair of links that does not lead on to another bridge.

    In hairpin mode everything else, such as a network card or a vxlan, would send back to others
    what they sent to all, and they might do the same.
    """
    if port.link.kind != "veth":
        return False
    other = links.get(port.peer_index) if port.peer_nsid is None else None
    return other is None or not other.master_index


def values(switches: Iterable[Switch], host: Host) -> dict[Switch, str]:
    """Of those whose link is there."""
    found = {}
    for switch in switches:
        if switch.kind == "hairpin":
            value = host.hairpins.get(switch.link)
        else:
            value = sysctl.read([switch.path]).get(switch.path)
        if value is not None:
            found[switch] = value
    return found


def set_switch(switch: Switch, value: str) -> None:
    """HostError with the kernel's word."""
    if switch.kind == "hairpin":
        ports.set_hairpin(switch.link, value == "1")
    else:
        sysctl.write(switch.path, value)


def _listeners() -> Iterable[Listener]:
    for protocol, state in _WAITING.items():
        for suffix in ("", "6"):
            try:
                with open(f"/proc/net/{protocol}{suffix}", encoding="ascii") as file:
                    rows = [line.split() for line in file][1:]
            except FileNotFoundError:
                # A host without IPv6.
                continue
            for row in rows:
                if row[3] == state:
                    address, dummy, port = row[1].partition(":")
                    yield Listener(protocol, _address(address), int(port, 16))


def _address(text: str) -> Address:
    """Hexadecimal words in the host's byte order."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    address = ipaddress.ip_address(packed)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
