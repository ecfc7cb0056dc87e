# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module flannel_network: the config in etcd, written or refused."""

from __future__ import annotations

import json
from typing import Any

from .._errors import OptionError
from . import config, leases, routes
from .registry import Registry, State

_SHOWN = 5


def _refuse_overlap(want: config.Config, state: State) -> None:
    """Raise OptionError when a route of this host leads into the network."""
    texts = []
    for path in ("/proc/net/route", "/proc/net/ipv6_route"):
        try:
            with open(path, encoding="ascii") as file:
                texts.append(file.read())
        except FileNotFoundError:  # a kernel without IPv6
            texts.append("")
    given = [subnet for lease in state.leases for subnet in lease.subnets.each()]
    networks = [limits.network for limits in want.ranges()]
    route = routes.in_the_way(routes.parse(*texts), networks, given)
    if route is not None:
        raise OptionError(
            "network" if route.dst.version == 4 else "ipv6_network",
            str(networks[0] if route.dst.version == 4 else networks[-1]),
            f"this host already routes {route.dst} through {route.dev}",
            "Choose another network, or set check_host_routes to false",
        )


def _refuse_orphans(option: str, value: str, lost: list[leases.Lease], remedy: str) -> None:
    some = ", ".join(f"{lease.subnets.ipv4} ({lease.public_ip})" for lease in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    raise OptionError(option, value, f"{len(lost)} leases would be lost: {some}{more}", remedy)


def present(params: dict[str, Any], registry: Registry, check_mode: bool) -> dict[str, Any]:
    """Make the config so; what the module returns. ``backend`` is the dict of module options."""
    want = config.from_params(params)
    state = registry.read()
    changed = not _same(state, want)
    lost = leases.orphans(want, state.leases)
    if changed:
        if lost and not params["force"]:
            _refuse_orphans(
                "network",
                params["network"],
                lost,
                "Remove them first (flannel_subnet with state: absent), or set force to true",
            )
        if params["check_host_routes"]:
            _refuse_overlap(want, state)
        if not check_mode:
            registry.write_config(state, want)
    return {
        "changed": changed,
        "config": want.shown() if changed else _shown(state),
        "subnet_len": want.ipv4.subnet_len,
        "hosts_max": want.ipv4.subnets(),
        "orphaned": [str(lease.subnets.ipv4) for lease in lost],
        "restart_required": changed and bool(state.leases),
        "diff": _diff(state, want.shown()),
    }


def absent(params: dict[str, Any], registry: Registry, check_mode: bool) -> dict[str, Any]:
    """Remove config, leases and records; what the module returns."""
    state = registry.read()
    changed = state.config is not None or bool(state.revisions)
    if state.leases and not params["force"]:
        _refuse_orphans(
            "state",
            "absent",
            list(state.leases),
            "Stop flanneld on those hosts and remove their leases, or set force to true",
        )
    if changed and not check_mode:
        registry.remove_network(state)
    return {
        "changed": changed,
        "config": {},
        "orphaned": [str(lease.subnets.ipv4) for lease in state.leases],
        "restart_required": bool(state.leases),
        "diff": _diff(state, {}),
    }


def _same(state: State, want: config.Config) -> bool:
    """Whether what stands in etcd already means the same; an unreadable config never does."""
    if state.config is None:
        return False
    try:
        return config.from_text(state.config.value).meaning() == want.meaning()
    except ValueError:
        return False


def _shown(state: State) -> dict[str, Any]:
    if state.config is None:
        return {}
    try:
        document = json.loads(state.config.value)
    except ValueError:
        return {"unreadable": True}
    return config.hide_secrets(document) if isinstance(document, dict) else {"unreadable": True}


def _diff(state: State, after: dict[str, Any]) -> dict[str, str]:
    before = _shown(state)
    return {
        "before": f"{json.dumps(before, indent=2, sort_keys=True)}\n" if before else "",
        "after": f"{json.dumps(after, indent=2, sort_keys=True)}\n" if after else "",
    }
