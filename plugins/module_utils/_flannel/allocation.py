# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who gets which subnet: the hosts of a task, and the lowest free subnets for them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import ContainerNetError, OptionError
from .._networks import Network, overlaps
from .config import Config, Range, parse_network
from .leases import Lease, Record, Subnets, fits


@dataclass(frozen=True)
class Wanted:
    """One host of the task; a subnet that is None is for us to choose."""

    public_ip: str
    ipv4: Network | None = None
    ipv6: Network | None = None


@dataclass(frozen=True)
class Assignment:
    """What one host has after the run, and what there was to do for it."""

    public_ip: str
    subnets: Subnets
    put_lease: bool
    put_record: bool
    drop: tuple[Lease, ...] = ()


def wanted_from_params(entries: Sequence[Mapping[str, Any]], option: str) -> list[Wanted]:
    """The hosts of a task, checked as far as one can without looking into etcd.

    ``option`` names the list in errors; an empty one stands for the single form.
    """
    wanted: list[Wanted] = []
    seen: dict[str, str] = {}
    taken: list[tuple[Network, str]] = []
    for index, entry in enumerate(entries):
        where = f"{option}[{index}]." if option else ""
        host = _host(f"{where}public_ip", entry.get("public_ip"))
        if host in seen:
            raise OptionError(
                f"{where}public_ip",
                host,
                f"{seen[host]} is the same address, and two hosts with one address would share "
                "a lease",
                "Give every host the address that the others reach it by",
            )
        seen[host] = f"{where}public_ip"
        ipv4 = _optional(f"{where}subnet", entry.get("subnet"), 4)
        ipv6 = _optional(f"{where}ipv6_subnet", entry.get("ipv6_subnet"), 6)
        for subnet in (ipv4, ipv6):
            if subnet is None:
                continue
            for other, owner in taken:
                if overlaps(subnet, other):
                    raise OptionError(
                        f"{where}subnet",
                        str(subnet),
                        f"it overlaps with {other} of {owner}",
                        "Give every host a subnet of its own",
                    )
            taken.append((subnet, host))
        wanted.append(Wanted(host, ipv4, ipv6))
    return wanted


def _host(option: str, text: Any) -> str:
    remedy = "Write the IPv4 address by which the other hosts reach this one"
    if not text:
        raise OptionError(option, text, "it is missing", remedy)
    try:
        address = ipaddress.IPv4Address(str(text))
    except ValueError:
        raise OptionError(option, text, "this is not an IPv4 address", remedy) from None
    if address.is_loopback or address.is_multicast or address.is_unspecified:
        raise OptionError(option, text, "no other host can reach this address", remedy)
    return str(address)


def _optional(option: str, text: Any, version: int) -> Network | None:
    # An empty text stands for a variable that the inventory leaves empty.
    return parse_network(option, text, version) if text else None


def assign(
    config: Config,
    wanted: Sequence[Wanted],
    leases: Sequence[Lease],
    records: Sequence[Record],
) -> list[Assignment]:
    """Who gets what: the pin, else the lease there is, else the record, else the lowest free.

    Hosts that have something keep it whatever stands in front of them in the list, so that a
    new host never moves an old one. Raises OptionError for a pin that cannot be, and
    ContainerNetError when the network is full.
    """
    pins = {want.public_ip: _pinned(config, want) for want in wanted}
    have = {want.public_ip: _present(config, want, pins, leases, records) for want in wanted}
    busy = _Busy(wanted, leases, records, have)
    for want in wanted:
        for subnet in pins[want.public_ip]:
            busy.claim(want.public_ip, subnet)
    result = []
    for want in wanted:
        subnets = _choose(config, want, have[want.public_ip], busy)
        for subnet in subnets.each():
            busy.claim(want.public_ip, subnet)
        result.append(_assignment(want.public_ip, subnets, leases, records))
    return result


def _pinned(config: Config, want: Wanted) -> tuple[Network, ...]:
    found = []
    for option, subnet, limits in (
        ("subnet", want.ipv4, config.ipv4),
        ("ipv6_subnet", want.ipv6, config.ipv6),
    ):
        if subnet is None:
            continue
        if limits is None:
            raise OptionError(
                option, str(subnet), "flannel's config has no IPv6", "Set ipv6_network there"
            )
        problem = limits.problem(subnet)
        if problem is not None:
            raise OptionError(
                option,
                str(subnet),
                f"{problem} (host {want.public_ip})",
                f"Choose a /{limits.subnet_len} from {limits.nth(0)} to "
                f"{limits.nth(limits.subnets() - 1)}",
            )
        found.append(subnet)
    return tuple(found)


def _present(
    config: Config,
    want: Wanted,
    pins: Mapping[str, tuple[Network, ...]],
    leases: Sequence[Lease],
    records: Sequence[Record],
) -> Subnets | None:
    """What the host has and may keep: its lease, else its record."""
    foreign = [subnet for host, pin in pins.items() if host != want.public_ip for subnet in pin]
    others = [lease.subnets for lease in leases if lease.public_ip != want.public_ip]
    candidates = [item.subnets for item in leases if item.public_ip == want.public_ip]
    candidates += [
        item.subnets
        for item in records
        if item.public_ip == want.public_ip and not _meet(item.subnets.each(), others)
    ]
    for subnets in candidates:
        if fits(config, subnets) and not any(
            overlaps(mine, pin) for mine in subnets.each() for pin in foreign
        ):
            return subnets
    return None


def _meet(subnets: Iterable[Network], others: Sequence[Subnets]) -> bool:
    return any(overlaps(mine, its) for mine in subnets for other in others for its in other.each())


class _Busy:
    """Which subnets belong to whom."""

    def __init__(
        self,
        wanted: Sequence[Wanted],
        leases: Sequence[Lease],
        records: Sequence[Record],
        have: Mapping[str, Subnets | None],
    ) -> None:
        ours = {want.public_ip for want in wanted}
        self._owners: dict[Network, str] = {}
        for record in records:
            if record.public_ip not in ours:
                self._note(record.public_ip, record.subnets)
        # A lease counts more than a record: somebody uses it.
        for lease in leases:
            if lease.public_ip not in ours:
                self._note(lease.public_ip, lease.subnets)
        for host, subnets in have.items():
            if subnets is not None:
                self._note(host, subnets)

    def _note(self, host: str, subnets: Subnets) -> None:
        for subnet in subnets.each():
            self._owners[subnet] = host

    def owner(self, subnet: Network) -> str | None:
        """Whose addresses are in ``subnet``, or None."""
        exact = self._owners.get(subnet)
        if exact is not None:
            return exact
        # Subnets of one length meet only when they are equal; others are rare.
        for other, host in self._owners.items():
            if other.prefixlen != subnet.prefixlen and overlaps(other, subnet):
                return host
        return None

    def claim(self, host: str, subnet: Network) -> None:
        """Give ``subnet`` to ``host``."""
        owner = self.owner(subnet)
        if owner is not None and owner != host:
            raise OptionError(
                "subnet",
                str(subnet),
                f"the host {owner} has it, and {host} cannot have it as well",
                f"Choose another subnet, or remove the lease of {owner} first (state: absent)",
            )
        self._owners[subnet] = host


def _choose(config: Config, want: Wanted, have: Subnets | None, busy: _Busy) -> Subnets:
    ipv4 = want.ipv4 or (have.ipv4 if have else _lowest_free(config.ipv4, busy, "network"))
    ipv6: Network | None = None
    if config.ipv6 is not None:
        kept = have.ipv6 if have else None
        ipv6 = want.ipv6 or kept or _lowest_free(config.ipv6, busy, "ipv6_network")
    return Subnets(ipv4, ipv6)


def _lowest_free(limits: Range, busy: _Busy, option: str) -> Network:
    for index in range(limits.subnets()):
        subnet = limits.nth(index)
        if busy.owner(subnet) is None:
            return subnet
    raise ContainerNetError(
        f"{option}: {str(limits.network)!r}: all {limits.subnets()} subnets of it are taken. "
        "Remove the leases of hosts that are gone (state: absent), or configure a larger network."
    )


def _assignment(
    host: str, subnets: Subnets, leases: Sequence[Lease], records: Sequence[Record]
) -> Assignment:
    mine = [lease for lease in leases if lease.public_ip == host]
    noted = [record for record in records if record.public_ip == host]
    return Assignment(
        public_ip=host,
        subnets=subnets,
        put_lease=all(lease.subnets != subnets for lease in mine),
        put_record=all(record.subnets != subnets for record in noted),
        drop=tuple(lease for lease in mine if lease.subnets != subnets),
    )
