# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases: which host has which subnet, as keys and values in etcd.

Two kinds of keys stand for a host:

* the lease, ``PREFIX/subnets/172.20.49.0-24``, bound to an etcd lease of 24 hours, which
  flanneld reads, completes and renews;
* the record, ``PREFIX/container_net/hosts/192.168.100.12``, which never ends and which flanneld
  never reads: it reads ``PREFIX/config`` and what begins with ``PREFIX/subnets``. A host that was
  off for longer than its lease gets its subnet back from the record.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._networks import Network
from .config import Config

# What flannel grants; a shorter one would let a reservation go while its host still installs.
TTL = 24 * 60 * 60

_KEY = re.compile(r"(\d+\.\d+\.\d+\.\d+)-(\d+)(?:&([a-f\d:]+)-(\d+))?$")


@dataclass(frozen=True)
class Subnets:
    """What one host gets: a subnet of each family in use."""

    ipv4: Network
    ipv6: Network | None = None

    def each(self) -> tuple[Network, ...]:
        """Both, as far as there are both."""
        return (self.ipv4,) if self.ipv6 is None else (self.ipv4, self.ipv6)


@dataclass(frozen=True)
class Lease:
    """A lease as it stands in etcd."""

    key: str
    subnets: Subnets
    public_ip: str
    backend: str  # empty for a reservation, and for the backends udp and alloc
    data: Mapping[str, Any]
    reserved: bool = False  # nobody but us has written it yet
    mod_revision: int = 0
    etcd_lease: int = 0
    public_ipv6: str = ""

    def document(self) -> dict[str, Any]:
        """As a module returns it; ``backend_data`` holds nothing secret (a MAC, a public key)."""
        return {
            "public_ip": self.public_ip,
            "public_ipv6": self.public_ipv6 or None,
            "subnet": str(self.subnets.ipv4),
            "ipv6_subnet": str(self.subnets.ipv6) if self.subnets.ipv6 else None,
            "bip": bip(self.subnets.ipv4),
            "backend": self.backend or None,
            "backend_data": dict(self.data),
            "reserved": self.reserved,
        }


@dataclass(frozen=True)
class Record:
    """What we noted about a host, with the revision of the key."""

    key: str
    public_ip: str
    subnets: Subnets
    mod_revision: int = 0


def config_key(prefix: str) -> str:
    """Where flannel's config is."""
    return f"{prefix}/config"


def subnets_prefix(prefix: str) -> str:
    """How the key of every lease begins."""
    return f"{prefix}/subnets/"


def records_prefix(prefix: str) -> str:
    """How the key of every record begins."""
    return f"{prefix}/container_net/hosts/"


def lease_key(prefix: str, subnets: Subnets) -> str:
    """The key of a lease, as flannel spells it."""
    name = f"{subnets.ipv4.network_address}-{subnets.ipv4.prefixlen}"
    if subnets.ipv6 is not None:
        name += f"&{subnets.ipv6.network_address}-{subnets.ipv6.prefixlen}"
    return subnets_prefix(prefix) + name


def parse_lease_key(key: str) -> Subnets | None:
    """The subnets in a lease's key; None for what flannel would not take for a lease either."""
    match = _KEY.search(key)
    if match is None:
        return None
    try:
        ipv4 = ipaddress.IPv4Network(f"{match[1]}/{match[2]}", strict=False)
        ipv6 = ipaddress.IPv6Network(f"{match[3]}/{match[4]}", strict=False) if match[3] else None
    except ValueError:
        return None
    return Subnets(ipv4, ipv6)


def placeholder(public_ip: str) -> str:
    """The value of a reservation.

    The type stays empty: with "vxlan" and no data every running flanneld would try, for about
    ten seconds a lease, to reach a device that does not exist yet.
    """
    return json.dumps(
        {"PublicIP": public_ip, "PublicIPv6": None, "BackendType": "", "BackendData": None},
        separators=(",", ":"),
    )


def parse_lease(key: str, value: str, mod_revision: int = 0, etcd_lease: int = 0) -> Lease | None:
    """A lease from its key and value; None for what flannel would skip as well."""
    subnets = parse_lease_key(key)
    try:
        fields = json.loads(value)
        public_ip = str(ipaddress.IPv4Address(str(fields["PublicIP"])))
    except (ValueError, KeyError, TypeError):
        return None
    if subnets is None:
        return None
    data = fields.get("BackendData")
    return Lease(
        key=key,
        subnets=subnets,
        public_ip=public_ip,
        backend=str(fields.get("BackendType") or ""),
        data=data if isinstance(data, dict) else {},
        # flanneld leaves the key out where it has nothing to say.
        reserved=fields.get("BackendType") == "",
        mod_revision=mod_revision,
        etcd_lease=etcd_lease,
        public_ipv6=str(fields.get("PublicIPv6") or ""),
    )


def record_key(prefix: str, public_ip: str) -> str:
    """The key of a host's record."""
    return records_prefix(prefix) + public_ip


def record_value(subnets: Subnets) -> str:
    """What a record says."""
    document = {"Subnet": str(subnets.ipv4)}
    if subnets.ipv6 is not None:
        document["IPv6Subnet"] = str(subnets.ipv6)
    return json.dumps(document, separators=(",", ":"))


def parse_record(key: str, value: str, mod_revision: int = 0) -> Record | None:
    """A record from its key and value; None when it is not readable (it is then rewritten)."""
    try:
        public_ip = str(ipaddress.IPv4Address(key.rpartition("/")[2]))
        fields = json.loads(value)
        ipv6 = fields.get("IPv6Subnet")
        subnets = Subnets(
            ipaddress.IPv4Network(fields["Subnet"]),
            ipaddress.IPv6Network(ipv6) if ipv6 else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Record(key, public_ip, subnets, mod_revision)


def bip(subnet: Network) -> str:
    """The bridge's address in a host's subnet: the first, with the prefix length."""
    return f"{subnet.network_address + 1}/{subnet.prefixlen}"


def orphans(config: Config, leases: Iterable[Lease]) -> list[Lease]:
    """The leases that flannel would delete under ``config``."""
    return [lease for lease in leases if not fits(config, lease.subnets)]


def fits(config: Config, subnets: Subnets) -> bool:
    """Whether flannel would keep these subnets under ``config``."""
    if config.ipv4.problem(subnets.ipv4) is not None:
        return False
    if config.ipv6 is None:
        return subnets.ipv6 is None
    return subnets.ipv6 is not None and config.ipv6.problem(subnets.ipv6) is None
