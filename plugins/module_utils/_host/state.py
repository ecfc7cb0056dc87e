# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a topology owns, on disk: written before the first change, and again after the last.

The file is /var/lib/container_net/topologies/<name>.json. Marks in the kernel (an alias, a route's
protocol) say the same of links, namespaces and routes; the file adds what was about to be made when
a run died (``pending``), which carries no mark yet but a MAC that only we know.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
from dataclasses import dataclass, field
from typing import Any

from .. import _files
from .._errors import HostError
from .._topology.model import Identity, Key, Network, Owned

STATE_DIR = "/var/lib/container_net/topologies"
_VERSION = 1

RouteKey = tuple[str, Network, int, int]


@dataclass(frozen=True)
class State:
    """The file's content. ``sysctls`` holds the values from before us, by namespace and path."""

    namespaces: frozenset[str] = frozenset()
    links: frozenset[Key] = frozenset()
    routes: frozenset[RouteKey] = frozenset()
    sysctls: dict[str, dict[str, str]] = field(default_factory=dict)
    pending_namespaces: frozenset[str] = frozenset()
    pending_links: dict[Key, str] = field(default_factory=dict)
    # Names that were given to namespaces of processes.
    attached: dict[str, Identity] = field(default_factory=dict)

    def owned(self) -> Owned:
        places = {netns for netns, dummy in [*self.links, *self.pending_links]}
        places |= {key[0] for key in self.routes}
        return Owned(
            self.namespaces,
            self.routes,
            self.pending_namespaces,
            self.pending_links,
            frozenset(places),
            attached=self.attached,
            links=self.links,
            sysctls=self.sysctls,
        )

    def is_empty(self) -> bool:
        return self == State()


class StateFile:
    """Load and store one topology's state, atomically."""

    def __init__(self, topology: str, directory: str = STATE_DIR) -> None:
        self._directory = directory
        self.path = os.path.join(directory, f"{topology}.json")

    def others(self) -> dict[RouteKey, str]:
        """The routes that other topologies own, with the owner's name."""
        found: dict[RouteKey, str] = {}
        names = os.listdir(self._directory) if os.path.isdir(self._directory) else []
        for name in sorted(names):
            topology, extension = os.path.splitext(name)
            other = StateFile(topology, self._directory)
            if extension == ".json" and other.path != self.path:
                found.update(dict.fromkeys(other.load().routes, topology))
        return found

    def exists(self) -> bool:
        return os.path.exists(self.path)

    def load(self) -> State:
        """An empty state where there is no file."""
        try:
            with open(self.path, encoding="utf-8") as file:
                data = json.load(file)
            return _decode(data)
        except FileNotFoundError:
            return State()
        except (ValueError, KeyError, TypeError) as error:
            raise HostError(
                f"The state file {self.path} cannot be read: {error}. Move it away: what this"
                " topology owns is then found again by its marks."
            ) from error

    def store(self, state: State) -> None:
        """Replace the file in one step and wait until the disk has it; remove an empty one."""
        if state.is_empty():
            _files.remove(self.path)
            self.tidy()
            return
        text = json.dumps(_encode(state), separators=(",", ":")) + "\n"
        _files.write(self.path, text.encode())

    def tidy(self) -> None:
        """Remove what a run that was killed in the midst of ``store`` left."""
        _files.remove(_files.leftover(self.path))
        if not self.exists():
            with contextlib.suppress(OSError):
                # Only when no other topology is left.
                os.rmdir(self._directory)


def _encode(state: State) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "namespaces": sorted(state.namespaces),
        "links": sorted(state.links),
        "routes": sorted([ns, str(dst), metric, table] for ns, dst, metric, table in state.routes),
        "sysctls": state.sysctls,
        "attached": state.attached,
        "pending": {
            "namespaces": sorted(state.pending_namespaces),
            "links": sorted([*key, mac] for key, mac in state.pending_links.items()),
        },
    }


def _decode(data: Any) -> State:
    if data["version"] != _VERSION:
        raise ValueError(f"version {data['version']} is not {_VERSION}")
    return State(
        frozenset(data["namespaces"]),
        frozenset((netns, name) for netns, name in data["links"]),
        frozenset(
            (netns, ipaddress.ip_network(dst), metric, table)
            for netns, dst, metric, table in data["routes"]
        ),
        data["sysctls"],
        frozenset(data["pending"]["namespaces"]),
        {(netns, name): mac for netns, name, mac in data["pending"]["links"]},
        {name: (device, inode) for name, (device, inode) in data.get("attached", {}).items()},
    )
