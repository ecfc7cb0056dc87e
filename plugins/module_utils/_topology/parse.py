# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameter dictionaries, typed as Ansible gives them, become a :class:`Want`.

An option that is None or missing is left alone. Every error is an ``OptionError`` that names
option, value, reason and remedy; nothing here looks at the host.

Keys (all but ``name`` optional; ``topology`` and ``adopt`` as explained in ``model.Want``):

* netns: name, state, loopback (up|down), sysctls {key: value}, force, pid, container
* link options: name, netns, addresses [CIDR], purge_addresses, mac, mtu, admin_state (up|down),
  master, routes [{dst, via, dev, metric, table, type, scope, src}]; ``dev`` defaults to the link
* veth: link options, state, recreate, peer {link options}
* bridge: link options but master, state, ports [name], purge_ports, and the kind's own
* vxlan: link options, state, recreate, fdb [{mac, dst}], purge_fdb, and the kind's own
  (``kinds.KINDS`` has them all)
* route: dst, via, dev, metric, table, type, scope, src, netns, state
* topology: name, state, namespaces, bridges, veths, vxlans, routes (lists of the above), prune,
  adopt, force; ``state: absent`` removes all that the topology of this name owns
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from . import values
from .collector import Collector
from .kinds import KINDS
from .model import OptionValue, Want, WantNamespace
from .parse_link import add_link, is_present
from .parse_route import absent_route_of, netns_of, route_of

Params = Mapping[str, Any]

DEFAULT_TOPOLOGY = "default"
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def topology_from_params(params: Params) -> Want:
    """Module ``topology``."""
    name = values.topology_name("name", params["name"])
    more: dict[str, Any] = {
        "topology": name,
        "adopt": bool(params.get("adopt")),
        "force": bool(params.get("force")),
    }
    if params.get("state") == "absent":
        return Want(prune=True, **more)
    parts = Collector()
    for where, entry in _entries(params, "namespaces"):
        parts.add_namespace(_namespace(entry, where))
    for kind, traits in KINDS.items():
        for where, entry in _entries(params, traits.plural):
            add_link(parts, kind, entry, where)
    for where, entry in _entries(params, "routes"):
        parts.add_route(route_of(entry, where, netns_of(entry, where)))
    return parts.want(prune=params.get("prune") is not False, **more)


def from_netns(params: Params) -> Want:
    """Module ``netns``."""
    parts = Collector()
    parts.add_namespace(_namespace(params, ""))
    return parts.want(**_single(params))


def from_link(kind: str, params: Params) -> Want:
    """The module of a kind of links. An absent pair may be named by either end, or by both."""
    parts = Collector()
    add_link(parts, kind, params, "")
    return parts.want(**_single(params))


def from_veth(params: Params) -> Want:
    """Module ``veth``."""
    return from_link("veth", params)


def from_bridge(params: Params) -> Want:
    """Module ``bridge``."""
    return from_link("bridge", params)


def from_vxlan(params: Params) -> Want:
    """Module ``vxlan``."""
    return from_link("vxlan", params)


def from_route(params: Params) -> Want:
    """Module ``route``."""
    parts = Collector()
    netns = netns_of(params, "")
    if params.get("state") == "absent":
        return parts.want(absent_routes=(absent_route_of(params, netns),), **_single(params))
    parts.add_route(route_of(params, "", netns))
    return parts.want(**_single(params))


def _single(params: Params) -> dict[str, Any]:
    name = params.get("topology") or DEFAULT_TOPOLOGY
    return {
        "topology": values.topology_name("topology", name),
        "adopt": params.get("adopt"),
        "force": bool(params.get("force")),
    }


def _entries(params: Params, option: str) -> Sequence[tuple[str, Params]]:
    return [(f"{option}[{i}].", entry) for i, entry in enumerate(params.get(option) or ())]


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
        present=is_present(params),
        loopback_up=None if loopback is None else loopback == "up",
        sysctls=tuple(sysctls.items()),
        force=bool(params.get("force")),
        source=_source(params, where),
    )


def _source(params: Params, where: str) -> tuple[str, OptionValue] | None:
    pid, container = params.get("pid"), params.get("container")
    if container is not None:
        name = str(container)
        if pid is not None:
            raise OptionError(f"{where}container", name, "pid is given, too", "Give one of them")
        if not _CONTAINER.fullmatch(name):
            raise OptionError(
                f"{where}container",
                container,
                "is no name or id of a container",
                "Use letters, digits, '_', '-' and '.'",
            )
        return "container", name
    if pid is not None:
        return "pid", values.number(f"{where}pid", pid, 1, 2**22)
    return None
