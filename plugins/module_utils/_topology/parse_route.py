# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routes from parameters: those of module route and those that a link names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import OptionError
from . import values
from .model import DEFAULT_METRIC, HOST, TABLE_MAIN, Route, WantRouteAbsent

_TABLE_LOCAL = 255

Params = Mapping[str, Any]


def netns_of(params: Params, where: str) -> str:
    """The namespace that an entry names; the host's when it names none."""
    value = params.get("netns")
    return values.netns_name(f"{where}netns", value) if value is not None else HOST


def route_of(params: Params, where: str, netns: str, dev: str | None = None) -> Route:
    via = None
    if params.get("via") is not None:
        via = values.address(f"{where}via", params["via"])
    family_hint = via if via is not None else params.get("src")
    dst = values.network(f"{where}dst", params["dst"], family_hint)
    kind = params.get("type") or "unicast"
    src = values.address(f"{where}src", params["src"]) if params.get("src") is not None else None
    for option, other in (("via", via), ("src", src)):
        if other is not None and other.version != dst.version:
            raise OptionError(
                f"{where}{option}",
                str(other),
                f"is IPv{other.version}, but the destination {dst} is IPv{dst.version}",
                "Use one family in a route",
            )
    if params.get("dev") is not None:
        dev = values.link_name(f"{where}dev", params["dev"]) if params["dev"] != "lo" else "lo"
    if kind != "unicast":
        if via is not None or params.get("dev") is not None:
            raise OptionError(
                f"{where}type", kind, "such a route leads nowhere", "Leave out via and dev"
            )
        dev = None
    elif via is None and dev is None:
        raise OptionError(
            f"{where}dst", str(dst), "the route leads nowhere", "Give via, dev, or both"
        )
    scope = params.get("scope")
    if scope is not None and dst.version == 6:
        raise OptionError(
            f"{where}scope", scope, "IPv6 routes have no scope", "Leave the option out"
        )
    if scope in ("link", "host") and via is not None:
        raise OptionError(
            f"{where}scope", scope, "a route through a gateway is global", "Leave scope or via out"
        )
    return Route(
        netns=netns,
        dst=dst,
        via=via,
        dev=dev,
        metric=_metric(params, where, dst.version) or DEFAULT_METRIC[dst.version],
        table=_table(params, where),
        type=kind,
        scope=scope,
        src=src,
        where=where,
    )


def absent_route_of(params: Params, netns: str) -> WantRouteAbsent:
    via = values.address("via", params["via"]) if params.get("via") is not None else None
    hint = via if via is not None else params.get("src")
    dst = values.network("dst", params["dst"], hint)
    return WantRouteAbsent(
        netns=netns,
        dst=dst,
        via=via,
        dev=params.get("dev"),
        metric=_metric(params, "", dst.version),
        table=_table(params, ""),
    )


def _metric(params: Params, where: str, version: int) -> int | None:
    if params.get("metric") is None:
        return None
    metric = values.number(f"{where}metric", params["metric"], 0, 2**32 - 1)
    return metric or DEFAULT_METRIC[version]


def _table(params: Params, where: str) -> int:
    if params.get("table") is None:
        return TABLE_MAIN
    table = values.number(f"{where}table", params["table"], 1, 2**32 - 1)
    if table == _TABLE_LOCAL:
        raise OptionError(
            f"{where}table", table, "is the table that the kernel keeps itself", "Use another"
        )
    return table
