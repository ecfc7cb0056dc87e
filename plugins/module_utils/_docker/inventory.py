# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's networks and containers, as a person calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api import NoAnswer, get, inspect

_BRIDGE_NAME = "com.docker.network.bridge.name"

Facts = dict[str, Any]


def read() -> Facts:
    """``networks`` and ``containers``, those that do not run included. Raises NoAnswer."""
    networks = [network(answer) for answer in _listed("/networks")]
    containers = []
    for listed in _listed("/containers/json?all=1"):
        status, answer = inspect(str(listed.get("Id")))
        # One that is gone meanwhile is as good as not there.
        if status == 200:
            containers.append(container(answer))
    return {
        "networks": sorted(networks, key=lambda facts: (facts["name"], facts["id"])),
        "containers": sorted(containers, key=lambda facts: facts["name"]),
    }


def _listed(path: str) -> list[Mapping[str, Any]]:
    status, answer = get(path)
    if status != 200 or not isinstance(answer, list):
        reason = answer.get("message", "no reason") if isinstance(answer, dict) else "no list"
        raise NoAnswer(f"Docker answered {status} to {path}: {reason}")
    return answer


def network(answer: Mapping[str, Any]) -> Facts:
    """One of Docker's networks."""
    options = dict(answer.get("Options") or {})
    driver = str(answer.get("Driver") or "")
    identifier = str(answer.get("Id") or "")
    link = None
    if driver == "bridge":
        link = options.get(_BRIDGE_NAME) or f"br-{identifier[:12]}"
    elif driver in ("macvlan", "ipvlan"):
        # Without a parent Docker makes a dummy link of its own.
        link = options.get("parent") or f"dm-{identifier[:12]}"
    return {
        "name": str(answer.get("Name") or ""),
        "id": identifier,
        "driver": driver,
        "scope": str(answer.get("Scope") or ""),
        "internal": bool(answer.get("Internal")),
        "link": link,
        "subnets": [
            {"subnet": config.get("Subnet"), "gateway": config.get("Gateway") or None}
            for config in (answer.get("IPAM") or {}).get("Config") or []
        ],
        "options": options,
    }


def container(answer: Mapping[str, Any]) -> Facts:
    """One container, from what Docker's inspect says; ``netns`` is found by the kernel."""
    state = answer.get("State") or {}
    settings = answer.get("NetworkSettings") or {}
    return {
        "name": str(answer.get("Name") or "").lstrip("/"),
        "id": str(answer.get("Id") or ""),
        "pid": int(state.get("Pid") or 0) or None if state.get("Running") else None,
        "image": str((answer.get("Config") or {}).get("Image") or answer.get("Image") or ""),
        "state": str(state.get("Status") or ""),
        "network_mode": _mode(str((answer.get("HostConfig") or {}).get("NetworkMode") or "")),
        "netns": None,
        "networks": {
            str(name): _endpoint(found or {})
            for name, found in sorted((settings.get("Networks") or {}).items())
        },
    }


def _mode(mode: str) -> str:
    # The daemon's own bridge; on Linux the words mean the same.
    return "bridge" if mode == "default" else mode


def _endpoint(found: Mapping[str, Any]) -> Facts:
    addresses = []
    for address, length in (
        ("IPAddress", "IPPrefixLen"),
        ("GlobalIPv6Address", "GlobalIPv6PrefixLen"),
    ):
        if found.get(address):
            addresses.append(f"{found[address]}/{found.get(length)}")
    # DNSNames (API 1.44 and newer) are all names, Aliases those that a person gave, among others.
    names = dict.fromkeys([*(found.get("DNSNames") or []), *(found.get("Aliases") or [])])
    return {"addresses": addresses, "mac": str(found.get("MacAddress") or ""), "aliases": [*names]}
