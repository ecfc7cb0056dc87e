# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role docker_networks has to do on a host, or why it must not. Pure.

Docker cannot change a network: one whose definition is another now is made anew, with those of
the role's containers that are on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .._errors import OptionError
from .around import check_around, check_each_other
from .attached import Container, check_addresses, check_shared_addresses, parse_container
from .networks import DockerNetwork, parse_network
from .published import check_published

#: Label with the name of the set that a network or container belongs to.
SET = "netfabric.container_net"
#: Label with a digest of what it was made from.
DEFINITION = "netfabric.container_net.definition"

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Wanted:
    """The role's options."""

    name: str
    networks: Sequence[Mapping[str, Any]]
    containers: Sequence[Mapping[str, Any]]
    prune: bool = True
    pull: str = "missing"


def plan(wanted: Wanted, host: Mapping[str, Any]) -> dict[str, Any]:
    """``problems`` (nothing may be done then), and what to remove and to make, in order."""
    problems: list[str] = []
    networks = _each("networks", wanted.networks, parse_network, problems)
    containers = _each("containers", wanted.containers, parse_container, problems)
    if problems:
        return {"problems": problems}
    made = {network.name: _labelled(wanted.name, network.arguments()) for network in networks}
    there = {network["name"]: network for network in host["networks"]}
    ours = {name for name, network in there.items() if _set_of(network) == wanted.name}
    dropped = {name for name in ours if wanted.prune and name not in made}
    outdated = {
        name
        for name in ours & set(made)
        if there[name]["labels"].get(DEFINITION) != made[name]["labels"][DEFINITION]
    }
    gone = dropped | outdated
    problems += _refused(check_each_other, networks, host)
    for network in networks:
        problems += _refused(_check_network, network, host, wanted.name, gone)
    problems += _refused(_check_going, gone, host, wanted.name)
    problems += _refused(check_shared_addresses, containers, networks)
    for number, container in enumerate(containers):
        before = containers[:number]
        problems += _refused(_check_container, container, before, networks, host, wanted, gone)
    if problems:
        return {"problems": problems}
    away = _containers_to_remove(wanted, containers, host, gone)
    steps = [_container_step(container, wanted, host, made, gone, away) for container in containers]
    return {
        "problems": [],
        "remove_containers": away,
        "remove_networks": sorted(gone),
        "networks": list(made.values()),
        "containers": steps,
        "predictable": [step for step in steps if step["predictable"]],
        "unpredictable": [step["name"] for step in steps if not step["predictable"]],
    }


def _each(
    option: str,
    entries: Sequence[Mapping[str, Any]],
    parse: Callable[[str, Mapping[str, Any]], Parsed],
    problems: list[str],
) -> list[Parsed]:
    found = []
    for number, entry in enumerate(entries):
        try:
            found.append(parse(f"docker_networks_{option}[{number}]", entry))
        except OptionError as error:
            problems.append(str(error))
    return found


def _refused(check: Callable[..., None], *arguments: Any) -> list[str]:
    try:
        check(*arguments)
    except OptionError as error:
        return [str(error)]
    return []


def _labelled(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(arguments, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {**arguments, "labels": {SET: name, DEFINITION: digest}}


def _set_of(thing: Mapping[str, Any]) -> str:
    return str((thing.get("labels") or {}).get(SET, ""))


def _whose(thing: Mapping[str, Any]) -> str:
    other = _set_of(thing)
    return f"belongs to docker_networks_name {other}" if other else "was not made by this role"


def _check_network(
    network: DockerNetwork, host: Mapping[str, Any], name: str, going: Collection[str]
) -> None:
    same = [other for other in host["networks"] if other["name"] == network.name]
    if len(same) > 1:
        raise OptionError(
            f"{network.option}.name",
            network.name,
            f"Docker has {len(same)} networks of that name",
            "Remove all but one by their ids (docker network ls)",
        )
    if same and _set_of(same[0]) != name:
        raise OptionError(
            f"{network.option}.name",
            network.name,
            f"Docker has a network of that name, which {_whose(same[0])}",
            "Choose another name, or remove that network",
        )
    check_around(network, host, going)


def _check_going(going: Collection[str], host: Mapping[str, Any], name: str) -> None:
    """Networks that go, or are made anew, must not take others' containers from the network."""
    for container in host["containers"]:
        on = sorted(set(going) & set(container["networks"]))
        if on and _set_of(container) != name:
            raise OptionError(
                "docker_networks_networks",
                on[0],
                f"would be removed, and container {container['name']}, which {_whose(container)},"
                " is on it",
                f"Run: docker network disconnect {on[0]} {container['name']}",
            )


def _check_container(
    container: Container,
    before: Sequence[Container],
    networks: Sequence[DockerNetwork],
    host: Mapping[str, Any],
    wanted: Wanted,
    going: Collection[str],
) -> None:
    option = f"{container.option}.name"
    if container.name in [other.name for other in before]:
        raise OptionError(option, container.name, "two containers have it", "Rename one")
    same = [other for other in host["containers"] if other["name"] == container.name]
    if same and _set_of(same[0]) != wanted.name:
        raise OptionError(
            option,
            container.name,
            f"Docker has a container of that name, which {_whose(same[0])}",
            "Choose another name, or remove that container",
        )
    ours = {network.name: network for network in networks}
    there = {n["name"]: n for n in host["networks"] if n["name"] not in going}
    for end in container.endpoints:
        known = ours.get(end.network)
        if known is None and end.network not in there:
            raise OptionError(
                f"{end.option}.name",
                end.network,
                "there is no such network",
                "Add it to docker_networks_networks, or correct the name",
            )
        subnets = (
            [str(subnet.network) for subnet in known.subnets]
            if known
            else there[end.network]["subnets"]
        )
        check_addresses(end, known, subnets)
        for stranger in host["containers"]:
            theirs = stranger["networks"].get(end.network, [])
            for key, value in end.addresses:
                if value in theirs and _set_of(stranger) != wanted.name:
                    raise OptionError(
                        key, value, f"container {stranger['name']} has it", "Choose another address"
                    )
    if container.shares_with:
        _check_shared(container, before, host, wanted)
    check_published(
        container.published,
        {other.name: other.published for other in before},
        host,
        lambda there: _set_of(there) == wanted.name,
    )
    if wanted.pull == "never" and image_name(container.passed["image"]) not in host["images"]:
        raise OptionError(
            f"{container.option}.image",
            container.passed["image"],
            "the host has no such image, and docker_networks_pull is never",
            "Load it (docker load, docker import), or set docker_networks_pull to missing",
        )


def _check_shared(
    container: Container,
    before: Sequence[Container],
    host: Mapping[str, Any],
    wanted: Wanted,
) -> None:
    name = container.shares_with
    if name in [other.name for other in before]:
        return
    option = f"{container.option}.network_mode"
    listed = [entry["name"] for entry in wanted.containers]
    if name in listed:
        raise OptionError(
            option, container.mode, f"{name} comes later in the list", f"Put {name} first"
        )
    found = [other for other in host["containers"] if other["name"] == name]
    if not found:
        raise OptionError(
            option, container.mode, f"there is no container {name}", "Start it, or correct the name"
        )
    if wanted.prune and _set_of(found[0]) == wanted.name:
        raise OptionError(
            option,
            container.mode,
            f"{name} is not in the list any more and is removed",
            f"Add {name} to docker_networks_containers",
        )
    if not found[0]["running"]:
        raise OptionError(
            option,
            container.mode,
            f"container {name} is not running, so it has no network",
            f"Run: docker start {name}",
        )


def image_name(name: str) -> str:
    """An image's name as Docker lists it: with a tag."""
    if "@" in name or ":" in name.rpartition("/")[2]:
        return name
    return f"{name}:latest"


def _containers_to_remove(
    wanted: Wanted,
    containers: Sequence[Container],
    host: Mapping[str, Any],
    going: Collection[str],
) -> list[str]:
    kept = {container.name for container in containers}
    return sorted(
        there["name"]
        for there in host["containers"]
        if _set_of(there) == wanted.name
        and ((wanted.prune and there["name"] not in kept) or set(going) & set(there["networks"]))
    )


def _container_step(
    container: Container,
    wanted: Wanted,
    host: Mapping[str, Any],
    made: Mapping[str, Any],
    going: Collection[str],
    away: Collection[str],
) -> dict[str, Any]:
    """What community.docker.docker_container is given: first one network, then all of them."""
    passed = dict(container.passed)
    if container.mode:
        passed["network_mode"] = container.mode
    networks = [end.arguments() for end in container.endpoints]
    present = {network["name"] for network in host["networks"]} - set(going)
    there = {other["name"]: set(other["networks"]) for other in host["containers"]}
    needed = {network["name"] for network in networks}
    shared = container.shares_with
    found = {} if container.name in away else there
    on = found.get(container.name, set())
    return {
        **_labelled(wanted.name, passed),
        "name": container.name,
        "networks": networks,
        "connect": len(networks) > 1 or bool(networks and on - needed),
        # In check mode: whether all that it stands on is there already.
        "predictable": needed <= present and (not shared or shared in set(there) - set(away)),
    }
