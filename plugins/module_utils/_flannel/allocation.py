# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who gets which subnet: the hosts of a task, and the lowest free subnets for them."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .._errors import ContainerNetError, OptionError
from .._networks import Network, overlaps
from .config import Config, Range, parse_network
from .leases import Lease, Record, Subnets, fits
from .occupancy import Occupancy


@dataclass(frozen=True)
class Wanted:
    """One host of the task; a subnet that is None is for us to choose."""

    public_ip: str
    ipv4: Network | None = None
    ipv6: Network | None = None
    move: bool = True  # whether it may lose what it has for something else


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
        wanted.append(Wanted(host, ipv4, ipv6, entry.get("move") is not False))
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


def leavers(wanted: Sequence[Wanted], records: Sequence[Record]) -> list[str]:
    """The hosts that we noted once and that ``wanted``, the whole inventory, has no more.

    A lease without a record is somebody else's: nobody here knows who still wants it.
    """
    stay = {want.public_ip for want in wanted}
    return sorted({item.public_ip for item in records} - stay, key=ipaddress.IPv4Address)


def assign(
    config: Config,
    wanted: Sequence[Wanted],
    leases: Sequence[Lease],
    records: Sequence[Record],
    leaving: Collection[str] = (),
) -> list[Assignment]:
    """Who gets what: the pin, else the lease there is, else the record, else the lowest free.

    Hosts that have something keep it whatever stands in front of them in the list, so that a
    new host never moves an old one. What the hosts of ``leaving`` have is free, and given out
    last: one that still runs then takes its old subnet again, and nobody else is in it. Raises
    OptionError for a pin that cannot be, and ContainerNetError when the network is full.
    """
    pins = {want.public_ip: _pinned(config, want) for want in wanted}
    avoid = _noted(leaving, leases, records)
    leases = [item for item in leases if item.public_ip not in leaving]
    records = [item for item in records if item.public_ip not in leaving]
    have = _kept(config, pins, leases, records)
    known: list[Lease | Record] = [*leases, *records]
    others = {item.public_ip for item in known} - set(pins)
    busy = _noted(others, leases, records)
    for host, subnets in have.items():
        busy.note(host, subnets.each())
    for host, pin in pins.items():
        _claim(busy, host, pin)
    held, noted = by_host(leases), by_host(records)
    result: list[Assignment] = []
    short: list[_FullError] = []
    for want in wanted:
        host = want.public_ip
        try:
            subnets = _choose(config, want, have.get(host), busy, avoid)
        except _FullError as error:
            short.append(error)
            continue
        _claim(busy, host, subnets.each())
        result.append(_assignment(host, subnets, held.get(host, []), noted.get(host, [])))
        if not want.move:
            _refuse_to_move(result[-1])
    if short:
        raise ContainerNetError(
            f"{short[0]}, and {len(short)} of the {len(wanted)} hosts of this task get none. "
            "Remove the leases of hosts that are gone (state: absent), or configure a larger "
            "network."
        )
    return result


def _refuse_to_move(item: Assignment) -> None:
    """Raise OptionError when the host has another subnet than it would get."""
    if item.drop:
        old, new = (
            " ".join(str(subnet) for subnet in had.each())
            for had in (item.drop[0].subnets, item.subnets)
        )
        raise OptionError(
            "move",
            False,
            f"the host {item.public_ip} has {old} and would get {new}",
            "Correct the subnets, or let it move: role flannel does when the host is part of the "
            "run (--limit)",
        )


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


_Kept = TypeVar("_Kept", Lease, Record)


def by_host(items: Iterable[_Kept]) -> dict[str, list[_Kept]]:
    """Leases or records, by the host that they are for."""
    found: dict[str, list[_Kept]] = {}
    for item in items:
        found.setdefault(item.public_ip, []).append(item)
    return found


def _noted(hosts: Collection[str], leases: Iterable[Lease], records: Iterable[Record]) -> Occupancy:
    """What those hosts have. A lease counts more than a record: somebody uses it."""
    found = Occupancy()
    items: list[Lease | Record] = [*records, *leases]
    for item in items:
        if item.public_ip in hosts:
            found.note(item.public_ip, item.subnets.each())
    return found


def _kept(
    config: Config,
    pins: Mapping[str, tuple[Network, ...]],
    leases: Sequence[Lease],
    records: Sequence[Record],
) -> dict[str, Subnets]:
    """What each host has and may keep: its lease, else its record."""
    pinned, used = Occupancy(), Occupancy()
    for host, pin in pins.items():
        pinned.note(host, pin)
    for lease in leases:
        used.note(lease.public_ip, lease.subnets.each())
    kept: dict[str, Subnets] = {}
    items: list[Lease | Record] = [*leases, *records]
    for item in items:
        host, mine = item.public_ip, item.subnets.each()
        if host not in pins or host in kept or not fits(config, item.subnets):
            continue
        # Runs for single hosts can leave two with one record: the first has it then.
        if not pinned.foreign(host, mine) and not used.foreign(host, mine):
            kept[host] = item.subnets
            used.note(host, mine)
    return kept


def _claim(busy: Occupancy, host: str, subnets: Iterable[Network]) -> None:
    """Give ``subnets`` to ``host``. Raises OptionError when another one has one of them."""
    for subnet in subnets:
        owner = busy.owner(subnet)
        if owner not in (None, host):
            raise OptionError(
                "subnet",
                str(subnet),
                f"the host {owner} has it, and {host} cannot have it as well",
                f"Choose another subnet, or remove the lease of {owner} first (state: absent)",
            )
    busy.note(host, subnets)


class _FullError(Exception):
    """There is no subnet left for a host."""


def _choose(
    config: Config, want: Wanted, have: Subnets | None, busy: Occupancy, avoid: Occupancy
) -> Subnets:
    ipv4 = want.ipv4 or (have.ipv4 if have else _lowest_free(config.ipv4, busy, avoid, "network"))
    ipv6: Network | None = None
    if config.ipv6 is not None:
        kept = have.ipv6 if have else None
        ipv6 = want.ipv6 or kept or _lowest_free(config.ipv6, busy, avoid, "ipv6_network")
    return Subnets(ipv4, ipv6)


def _lowest_free(limits: Range, busy: Occupancy, avoid: Occupancy, option: str) -> Network:
    subnet = busy.lowest_free(limits, avoid)
    if subnet is None:
        taken = f"all {limits.subnets()} subnets of it are taken"
        raise _FullError(f"{option}: {str(limits.network)!r}: {taken}")
    return subnet


def _assignment(
    host: str, subnets: Subnets, held: Sequence[Lease], noted: Sequence[Record]
) -> Assignment:
    return Assignment(
        public_ip=host,
        subnets=subnets,
        put_lease=all(lease.subnets != subnets for lease in held),
        put_record=all(record.subnets != subnets for record in noted),
        drop=tuple(lease for lease in held if lease.subnets != subnets),
    )
