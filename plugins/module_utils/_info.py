# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network of a host as it is: what module topology_info returns, without Ansible."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from ._errors import ContainerNetError, OptionError
from ._host.state import StateFile
from ._kernel.dump import RawNamespace, join
from ._kernel.kinds import require_pyroute2
from ._kernel.namespaces import Namespaces, require_root
from ._kernel.places import Place, find
from ._kernel.survey import Survey, survey
from ._topology.facts import Facts, RouteKey, link_facts, owner, route_facts
from ._topology.model import ROUTE_PROTOCOL, Key, Link


def gather(params: Mapping[str, Any]) -> tuple[Facts, list[str]]:
    """(what is returned, warnings). Raises ContainerNetError."""
    require_root()
    require_pyroute2()
    warnings: list[str] = []
    docker = _ask_docker(params["containers"], warnings)
    with Namespaces() as spaces, spaces.opening_once():
        places = find(spaces, running(docker) if docker else {})
        _refuse_unknown(params["netns"], places)
        seen = survey(spaces, [place.netns for place in places])
    if docker:
        _place_containers(docker, places)
    wanted = params["netns"]
    places = [place for place in places if wanted is None or place.netns in wanted]
    owners = _owners(seen, warnings)
    facts = [
        namespace_facts(place, seen, owners) for place in places if place.netns in seen.namespaces
    ]
    return {"namespaces": facts, "docker": docker}, warnings


def _ask_docker(wanted: bool | None, warnings: list[str]) -> Facts | None:
    if wanted is False:
        return None
    # Python's HTTP takes longer to import than all the rest.
    from ._docker import api

    if wanted is None and not os.path.exists(api.SOCKET):
        return None
    from ._docker.inventory import read

    try:
        return read()
    except api.NoAnswer as error:
        if wanted:
            raise OptionError(
                "containers", True, str(error), "Start Docker, or leave the option out"
            ) from error
        warnings.append(f"{error}. Its containers count as namespaces without a name.")
        return None


def running(docker: Facts) -> dict[str, int]:
    """The first processes of containers; those that live in another's namespace come last."""
    found = [container for container in docker["containers"] if container["pid"]]
    found.sort(key=lambda container: str(container["network_mode"]).startswith("container:"))
    return {str(container["name"]): int(container["pid"]) for container in found}


def _place_containers(docker: Facts, places: Iterable[Place]) -> None:
    where = {name: place.netns for place in places for name in place.containers}
    for container in docker["containers"]:
        container["netns"] = where.get(container["name"])


def _refuse_unknown(wanted: list[str] | None, places: list[Place]) -> None:
    known = {place.netns for place in places}
    for number, name in enumerate(wanted or ()):
        if name not in known:
            some = ", ".join(sorted(repr(other) for other in known)[:10])
            more = f" and {len(known) - 10} more" if len(known) > 10 else ""
            raise OptionError(
                f"netns[{number}]",
                name,
                "there is no such namespace on the host",
                f"There are {some}{more}",
            )


def _owners(seen: Survey, warnings: list[str]) -> dict[RouteKey, str]:
    routes = (route for raw in seen.namespaces.values() for route in raw.routes)
    if not any(route.protocol == ROUTE_PROTOCOL for route in routes):
        return {}
    try:
        return dict(StateFile("").others())
    except ContainerNetError as error:
        warnings.append(f"{error} Until then the owners of routes are not told.")
        return {}


def namespace_facts(place: Place, seen: Survey, owners: Mapping[RouteKey, str]) -> Facts:
    """One entry of ``namespaces``."""
    raw = seen.namespaces[place.netns]
    loopback = next((entry for entry in raw.links.values() if entry.link.loopback), None)
    values = seen.sysctls.get(place.netns, {})
    return {
        "netns": place.netns,
        "kind": place.kind,
        "names": list(place.names),
        "inode": place.identity[1],
        "containers": list(place.containers),
        "pid": place.pid,
        "process": place.process,
        "path": place.path,
        "owner": owner(loopback.link.alias) if loopback and place.kind == "named" else None,
        "sysctls": {path.replace("/", "."): value for path, value in values.items()},
        "links": _links(raw, seen),
        "routes": [route_facts(route, owners) for route in raw.routes],
    }


def _links(raw: RawNamespace, seen: Survey) -> list[Facts]:
    namespace = join(raw, seen.peers)
    ports: dict[str, list[str]] = {}
    for link in namespace.links.values():
        if link.master is not None:
            ports.setdefault(link.master, []).append(link.name)
    return [
        link_facts(
            link,
            raw.links[link.index].carrier,
            ports.get(link.name, ()),
            seen.lowers.get(link.key) or _sends_through(link),
        )
        for link in sorted(namespace.links.values(), key=lambda link: link.index)
    ]


def _sends_through(link: Link) -> Key | None:
    """Of a vxlan only its options tell."""
    dev = dict(link.options).get("dev")
    return (link.netns, str(dev)) if dev else None
