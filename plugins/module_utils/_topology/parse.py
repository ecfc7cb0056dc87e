# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameter dictionaries, typed as Ansible gives them, become a :class:`Want`.

An option that is None or missing is left alone. Every error is an ``OptionError`` that names
option, value, reason and remedy; nothing here looks at the host.

Keys (all but ``name`` optional; ``topology`` and ``adopt`` as explained in ``model.Want``):

* netns: name, state, loopback (up|down), sysctls {key: value}, force
* link options: name, netns, addresses [CIDR], purge_addresses, mac, mtu, admin_state (up|down),
  master, routes [{dst, via, dev, metric, table, type, scope, src}]; ``dev`` defaults to the link
* veth: link options, state, recreate, peer {link options}
* bridge: link options but master, state, ports [name], purge_ports, stp, priority, forward_delay,
  hello_time, max_age, ageing_time (seconds), vlan_filtering, vlan_default_pvid,
  multicast_snooping
* route: dst, via, dev, metric, table, type, scope, src, netns, state
* topology: name, state, namespaces, bridges, veths, routes (lists of the above), prune, adopt,
  force; ``state: absent`` removes all that the topology of this name owns
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._errors import OptionError
from . import values
from .model import (
    DEFAULT_METRIC,
    HOST,
    TABLE_MAIN,
    Interface,
    Key,
    Network,
    Route,
    Want,
    WantLink,
    WantNamespace,
    WantRouteAbsent,
)

Params = Mapping[str, Any]

DEFAULT_TOPOLOGY = "default"

# option, ip's name, lowest, highest, factor to the kernel's unit, unit
_BRIDGE_NUMBERS = (
    ("priority", "priority", 0, 65535, 1, ""),
    ("forward_delay", "forward_delay", 0, 30, 100, "seconds"),
    ("hello_time", "hello_time", 1, 10, 100, "seconds"),
    ("max_age", "max_age", 6, 40, 100, "seconds"),
    ("ageing_time", "ageing_time", 0, 10_000_000, 100, "seconds"),
    ("vlan_default_pvid", "vlan_default_pvid", 0, 4094, 1, ""),
)
_BRIDGE_SWITCHES = (
    ("stp", "stp_state"),
    ("vlan_filtering", "vlan_filtering"),
    ("multicast_snooping", "mcast_snooping"),
)


class _Collector:
    """The parts of a want while they are gathered, with a check for names used twice."""

    def __init__(self) -> None:
        self.namespaces: dict[str, WantNamespace] = {}
        self.links: dict[Key, WantLink] = {}
        self.routes: dict[tuple[str, Network, int, int], Route] = {}

    def add_namespace(self, namespace: WantNamespace) -> None:
        if namespace.name in self.namespaces:
            first = self.namespaces[namespace.name].where
            raise OptionError(
                f"{namespace.where}name",
                namespace.name,
                f"the namespace is named twice, first by {first}name",
                "Name each namespace once",
            )
        self.namespaces[namespace.name] = namespace

    def add_link(self, link: WantLink) -> None:
        other = self.links.get(link.key)
        if other is not None:
            place = f"in namespace {link.netns}" if link.netns else "on the host"
            raise OptionError(
                f"{link.where}name",
                link.name,
                f"the name is used twice {place}, first by {other.where}name",
                "Give each link of a namespace a name of its own",
            )
        self.links[link.key] = link

    def add_route(self, route: Route) -> None:
        other = self.routes.get(route.key)
        if other is not None:
            if replace(other, where="") == replace(route, where=""):
                return
            raise OptionError(
                f"{route.where}dst",
                str(route.dst),
                f"{other.where}dst has another route to the same place with the same metric",
                "Keep one of them, or give them different metrics",
            )
        self.routes[route.key] = route

    def want(self, **more: Any) -> Want:
        _join_ports(self.links)
        return Want(
            namespaces=tuple(self.namespaces.values()),
            links=tuple(self.links.values()),
            routes=tuple(self.routes.values()),
            **more,
        )


def topology_from_params(params: Params) -> Want:
    """Module ``topology``."""
    name = values.topology_name("name", params["name"])
    more: dict[str, Any] = {
        "topology": name,
        "adopt": bool(params.get("adopt") or False),
        "force": bool(params.get("force") or False),
    }
    if params.get("state") == "absent":
        return Want(prune=True, **more)
    parts = _Collector()
    for where, entry in _entries(params, "namespaces"):
        parts.add_namespace(_namespace(entry, where))
    for where, entry in _entries(params, "bridges"):
        _add_bridge(parts, entry, where)
    for where, entry in _entries(params, "veths"):
        _add_veth(parts, entry, where)
    for where, entry in _entries(params, "routes"):
        parts.add_route(_route(entry, where, _netns(entry, where)))
    return parts.want(prune=params.get("prune") is not False, **more)


def from_netns(params: Params) -> Want:
    """Module ``netns``."""
    parts = _Collector()
    parts.add_namespace(_namespace(params, ""))
    return parts.want(**_single(params))


def from_veth(params: Params) -> Want:
    """Module ``veth``. An absent pair may be named by either end, or by both."""
    parts = _Collector()
    _add_veth(parts, params, "")
    return parts.want(**_single(params))


def from_bridge(params: Params) -> Want:
    """Module ``bridge``."""
    parts = _Collector()
    _add_bridge(parts, params, "")
    return parts.want(**_single(params))


def from_route(params: Params) -> Want:
    """Module ``route``."""
    parts = _Collector()
    netns = _netns(params, "")
    if params.get("state") == "absent":
        return parts.want(absent_routes=(_absent_route(params, netns),), **_single(params))
    parts.add_route(_route(params, "", netns))
    return parts.want(**_single(params))


def _single(params: Params) -> dict[str, Any]:
    name = params.get("topology") or DEFAULT_TOPOLOGY
    return {
        "topology": values.topology_name("topology", name),
        "adopt": params.get("adopt"),
        "force": bool(params.get("force") or False),
    }


def _entries(params: Params, option: str) -> Sequence[tuple[str, Params]]:
    return [(f"{option}[{i}].", entry) for i, entry in enumerate(params.get(option) or ())]


def _netns(params: Params, where: str) -> str:
    value = params.get("netns")
    return values.netns_name(f"{where}netns", value) if value is not None else HOST


def _present(params: Params) -> bool:
    return params.get("state") != "absent"


def _namespace(params: Params, where: str) -> WantNamespace:
    loopback = params.get("loopback")
    sysctls: dict[str, str] = {}
    for key, value in (params.get("sysctls") or {}).items():
        path, text = values.sysctl(f"{where}sysctls", key, value)
        if sysctls.get(path, text) != text:
            raise OptionError(
                f"{where}sysctls", key, "is given twice with different values", "Keep one of them"
            )
        sysctls[path] = text
    return WantNamespace(
        name=values.netns_name(f"{where}name", params["name"]),
        where=where,
        present=_present(params),
        loopback_up=None if loopback is None else loopback == "up",
        sysctls=tuple(sysctls.items()),
        force=bool(params.get("force") or False),
    )


def _link_options(params: Params, where: str) -> dict[str, Any]:
    """What every kind of link has."""
    addresses: tuple[Interface, ...] | None = None
    if params.get("addresses") is not None:
        found: dict[Interface, None] = {}
        for i, text in enumerate(params["addresses"]):
            option = f"{where}addresses[{i}]"
            parsed = values.interface(option, text)
            for other in found:
                if other.ip == parsed.ip:
                    raise OptionError(
                        option, text, "the address is given twice", "Keep one of them"
                    )
            found[parsed] = None
        addresses = tuple(found)
    mtu = None
    if params.get("mtu") is not None:
        mtu = values.mtu(f"{where}mtu", params["mtu"])
        if mtu < values.MTU_MIN_IPV6 and any(a.version == 6 for a in addresses or ()):
            raise OptionError(
                f"{where}mtu",
                mtu,
                f"is below {values.MTU_MIN_IPV6}, the least that IPv6 takes, and the link has an"
                " IPv6 address",
                f"Give {values.MTU_MIN_IPV6} or more, or no IPv6 address",
            )
    state = params.get("admin_state")
    return {
        "netns": _netns(params, where),
        "name": values.link_name(f"{where}name", params["name"]),
        "where": where,
        "addresses": addresses,
        "purge_addresses": params.get("purge_addresses"),
        "mac": values.mac(f"{where}mac", params["mac"]) if params.get("mac") else None,
        "mtu": mtu,
        "up": None if state is None else state == "up",
    }


def _add_link_routes(parts: _Collector, link: WantLink, params: Params) -> None:
    for i, entry in enumerate(params.get("routes") or ()):
        where = f"{link.where}routes[{i}]."
        parts.add_route(_route(entry, where, link.netns, link.name))


def _master(params: Params, where: str, name: str) -> str | None:
    if params.get("master") is None:
        return None
    master = values.link_name(f"{where}master", params["master"])
    if master == name:
        raise OptionError(
            f"{where}master", master, "a link cannot be its own master", "Name a bridge"
        )
    return master


def _add_veth(parts: _Collector, params: Params, where: str) -> None:
    present = _present(params)
    link = WantLink(
        kind="veth",
        present=present,
        recreate=bool(params.get("recreate") or False),
        master=_master(params, where, params["name"]),
        **_link_options(params, where),
    )
    peer_params = params.get("peer")
    if peer_params is None:
        # Without a peer an existing pair can be changed or removed, but not made.
        parts.add_link(link)
    else:
        peer_where = f"{where}peer."
        peer = WantLink(
            kind="veth",
            present=present,
            first=False,
            recreate=link.recreate,
            peer=link.key,
            master=_master(peer_params, peer_where, peer_params["name"]),
            **_link_options(peer_params, peer_where),
        )
        if peer.key == link.key:
            raise OptionError(
                f"{peer_where}name",
                peer.name,
                "the peer is the link itself",
                "Give the other end another name or another netns",
            )
        parts.add_link(replace(link, peer=peer.key))
        parts.add_link(peer)
        if present:
            _add_link_routes(parts, peer, peer_params)
    if present:
        _add_link_routes(parts, link, params)


def _add_bridge(parts: _Collector, params: Params, where: str) -> None:
    ports: tuple[str, ...] | None = None
    if params.get("ports") is not None:
        named: list[str] = []
        for i, text in enumerate(params["ports"]):
            option = f"{where}ports[{i}]"
            port = values.link_name(option, text)
            if port == params["name"]:
                raise OptionError(option, port, "a bridge cannot be its own port", "Remove it")
            if port in named:
                raise OptionError(option, port, "the port is named twice", "Name it once")
            named.append(port)
        ports = tuple(named)
    link = WantLink(
        kind="bridge",
        present=_present(params),
        ports=ports,
        purge_ports=bool(params.get("purge_ports") or False),
        options=_bridge_options(params, where),
        **_link_options(params, where),
    )
    parts.add_link(link)
    if link.present:
        _add_link_routes(parts, link, params)


def _bridge_options(params: Params, where: str) -> tuple[tuple[str, int], ...]:
    options: list[tuple[str, int]] = []
    for option, name, low, high, factor, unit in _BRIDGE_NUMBERS:
        if params.get(option) is not None:
            number = values.number(f"{where}{option}", params[option], low, high, unit)
            options.append((name, number * factor))
    for option, name in _BRIDGE_SWITCHES:
        if params.get(option) is not None:
            options.append((name, int(bool(params[option]))))
    if params.get("stp") and params.get("forward_delay") in (0, 1):
        raise OptionError(
            f"{where}forward_delay",
            params["forward_delay"],
            "with STP on the kernel takes 2 to 30 seconds",
            "Give 2 or more, or turn stp off",
        )
    return tuple(options)


def _route(params: Params, where: str, netns: str, dev: str | None = None) -> Route:
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


def _absent_route(params: Params, netns: str) -> WantRouteAbsent:
    via = values.address("via", params["via"]) if params.get("via") is not None else None
    dst = values.network("dst", params["dst"], params.get("via"))
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
    return values.number(f"{where}table", params["table"], 1, 2**32 - 1)


def _join_ports(links: dict[Key, WantLink]) -> None:
    """Let a bridge's ``ports`` and the links' own ``master`` say the same thing."""
    taken: set[Key] = set()
    for bridge in [link for link in links.values() if link.ports is not None and link.present]:
        for i, port in enumerate(bridge.ports or ()):
            option = f"{bridge.where}ports[{i}]"
            key = (bridge.netns, port)
            link = links.get(key)
            if key in taken or (link is not None and link.master not in (None, bridge.name)):
                raise OptionError(
                    option, port, "the link is given to two bridges", "Name it under one of them"
                )
            taken.add(key)
            if link is None:
                continue
            if link.kind == "bridge":
                raise OptionError(
                    option, port, "a bridge cannot be a port of a bridge", "Join them with a veth"
                )
            links[key] = replace(link, master=bridge.name)
