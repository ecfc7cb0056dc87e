# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module flannel_subnet: leases and records in etcd, put or removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .allocation import Assignment, Wanted, by_host, wanted_from_params
from .config import Config
from .leases import bip
from .registry import Registry, State

_OVERHEAD_ROOM = 576


def wanted(params: Mapping[str, Any]) -> list[Wanted]:
    """The hosts of the task, from either form of it."""
    if params["link_mtu"] < _OVERHEAD_ROOM:
        raise OptionError(
            "link_mtu", params["link_mtu"], "no IPv4 network is that narrow", "Write 1500 or so"
        )
    if params["leases"] is not None:
        return wanted_from_params(params["leases"], "leases")
    single = {name: params[name] for name in ("public_ip", "subnet", "ipv6_subnet")}
    return wanted_from_params([single], "")


def present(params: Mapping[str, Any], registry: Registry, check_mode: bool) -> dict[str, Any]:
    """Give every host its lease; what the module returns."""
    hosts = wanted(params)
    _check_purge(params)
    state = registry.read()
    config = registry.config(state)
    plan = registry.plan(state, hosts, params["purge"])
    changed = plan.changes
    if not check_mode:
        plan, changed = registry.reserve(state, hosts, params["purge"])
    entries = [_entry(config, item, params["link_mtu"]) for item in plan.hosts]
    names = [item.public_ip for item in plan.hosts]
    after = [f"{item.public_ip} {_names(item.subnets.each())}" for item in plan.hosts]
    result = {
        "changed": changed,
        "leases": entries,
        "revoked": list(plan.leaving),
        "diff": _diff(_lines(state, [*names, *plan.leaving]), after),
    }
    if params["leases"] is None:
        single = dict(entries[0])
        del single["public_ip"]
        result.update(single)
    return result


def _check_purge(params: Mapping[str, Any]) -> None:
    """Refuse to take the subnets of hosts away that this task does not know of."""
    if params["purge"] and not params["leases"]:
        raise OptionError(
            "purge",
            True,
            "every host that leases does not name would lose its subnet, and leases names none",
            "Name the whole inventory in leases",
        )


def absent(params: Mapping[str, Any], registry: Registry, check_mode: bool) -> dict[str, Any]:
    """Take every host's lease away; what the module returns."""
    hosts = wanted(params)
    if params["purge"]:
        raise OptionError(
            "purge",
            True,
            "with state: absent it is the hosts of the task that lose their leases, and no others",
            "Leave purge out",
        )
    for host in hosts:
        if host.ipv4 is not None or host.ipv6 is not None:
            raise OptionError(
                "subnet",
                str(host.ipv4 or host.ipv6),
                "with state: absent the host loses its lease, whichever it is",
                "Leave subnet out",
            )
    state = registry.read()
    names = [host.public_ip for host in hosts]
    known = {item.public_ip for item in state.leases} | {item.public_ip for item in state.records}
    gone = [name for name in names if name in known]
    if gone and not check_mode:
        registry.release(state, gone)
    return {
        "changed": bool(gone),
        "leases": [],
        "revoked": gone,
        "diff": _diff(_lines(state, names), []),
    }


def _entry(config: Config, item: Assignment, link_mtu: int) -> dict[str, Any]:
    subnets = item.subnets
    return {
        "public_ip": item.public_ip,
        "subnet": str(subnets.ipv4),
        "ipv6_subnet": str(subnets.ipv6) if subnets.ipv6 else None,
        "bip": bip(subnets.ipv4),
        "mtu": config.backend.mtu(link_mtu),
    }


def _names(subnets: Sequence[object]) -> str:
    return " ".join(str(subnet) for subnet in subnets)


def _lines(state: State, hosts: Sequence[str]) -> list[str]:
    """Each host with what it has now; a record without a lease is shown as such."""
    held, noted = by_host(state.leases), by_host(state.records)
    lines = []
    for host in hosts:
        has = [_names(item.subnets.each()) for item in held.get(host, [])]
        had = [f"{_names(item.subnets.each())} (noted, no lease)" for item in noted.get(host, [])]
        lines += [f"{host} {subnets}" for subnets in has or had]
    return lines


def _diff(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    return {
        "before": "".join(f"{line}\n" for line in before),
        "after": "".join(f"{line}\n" for line in after),
    }
