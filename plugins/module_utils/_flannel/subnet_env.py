# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``subnet.env``, the file in which flanneld says what the host got."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class SubnetEnv:
    """The file's content. ``bip`` is the bridge's address with its prefix length."""

    network: str | None
    bip: str | None
    subnet: str | None
    ipv6_network: str | None
    ipv6_bip: str | None
    ipv6_subnet: str | None
    mtu: int
    ip_masq: bool

    def document(self) -> dict[str, Any]:
        """As a module returns it."""
        return asdict(self)


def parse(text: str) -> SubnetEnv:
    """Read the file's text. Raises ValueError that says what is wrong."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, sep, value = line.partition("=")
        if not sep:
            raise ValueError(f"the line {line!r} is no assignment")
        values[name.strip()] = value.strip().strip("\"'")
    mtu = values.get("FLANNEL_MTU", "")
    if not mtu.isdigit():
        raise ValueError(f"FLANNEL_MTU is {mtu!r}, not a number of bytes")
    bip, subnet = _subnet(values, "FLANNEL_SUBNET")
    ipv6_bip, ipv6_subnet = _subnet(values, "FLANNEL_IPV6_SUBNET")
    if bip is None and ipv6_bip is None:
        raise ValueError("FLANNEL_SUBNET is missing")
    return SubnetEnv(
        network=values.get("FLANNEL_NETWORK"),
        bip=bip,
        subnet=subnet,
        ipv6_network=values.get("FLANNEL_IPV6_NETWORK"),
        ipv6_bip=ipv6_bip,
        ipv6_subnet=ipv6_subnet,
        mtu=int(mtu),
        ip_masq=values.get("FLANNEL_IPMASQ", "false") == "true",
    )


def _subnet(values: dict[str, str], name: str) -> tuple[str | None, str | None]:
    text = values.get(name)
    if not text:
        return None, None
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}, not an address with a prefix length") from None
    return str(address), str(address.network)
