# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A topology on the host's disk: its options, the engine, and the units that run it at boot (G6).

* /etc/container_net/NAME.json, what the task was given
* /usr/local/lib/container_net/engine-VERSION.pyz, shared by the topologies that were kept with it
* units container-net-topology@NAME, and container-net-topology-online@NAME for what leads through
  links of others
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .._errors import ContainerNetError, HostError
from .._topology.lasting import early_part, is_same, refuse_unlasting
from .._topology.model import Want
from .._topology.parse import topology_from_params
from . import kept

_VERSION = 1
# Options of the run, not of the network.
_NOT_KEPT = ("state", "persist", "lock_timeout")

_UNIT = """\
# Written by module netfabric.container_net.topology (persist: true).
[Unit]
Description=Network topology {name}{part}
Documentation=https://github.com/netfabric/container_net
{order}
Before=flanneld.service docker.service container-net-nat.service

[Service]
Type=oneshot
ExecStart={command}
TimeoutStartSec=600

[Install]
WantedBy=multi-user.target
"""
_EARLY = "After=systemd-modules-load.service systemd-sysctl.service"
_ONLINE = "Wants=network-online.target\nAfter=network-online.target {first}"


class Persistence:
    """What one topology has on the disk, and what it shall have."""

    def __init__(self, params: Mapping[str, Any], want: Want) -> None:
        """Raises OptionError for what cannot outlive a reboot. Reads only."""
        self._name = want.topology
        self._config = os.path.join(kept.CONFIG_DIR, f"{self._name}.json")
        wanted: dict[str, kept.Content] = {}
        if params.get("persist") and params.get("state") != "absent":
            kept.refuse_without_systemd()
            refuse_unlasting(want)
            wanted = self._want(params, want)
        mine = [self._config]
        for unit in self._units():
            mine += reversed(kept.unit_paths(unit))
        self.changes = kept.compare(wanted, mine)

    def _units(self) -> tuple[str, str]:
        return (
            f"container-net-topology@{self._name}.service",
            f"container-net-topology-online@{self._name}.service",
        )

    def _want(self, params: Mapping[str, Any], want: Want) -> dict[str, kept.Content]:
        engine, program, command = kept.engine()
        # The same network, written in another way, is no change.
        config = kept.read(self._config)
        if config is None or not _means(config.data, want):
            config = kept.Content(_encode(params))
        first, second = self._units()
        early = early_part(want) is not None
        options = " --early" if early else ""
        found = {
            engine: program,
            self._config: config,
            **self._unit(first, "", _EARLY, f"{command}{options} {self._config}"),
        }
        if early:
            order = _ONLINE.format(first=first)
            found.update(
                self._unit(second, ", through others' links", order, f"{command} {self._config}")
            )
        return found

    def _unit(self, unit: str, part: str, order: str, command: str) -> dict[str, kept.Content]:
        text = _UNIT.format(name=self._name, part=part, order=order, command=command)
        return kept.unit(unit, text)

    def lines(self) -> list[tuple[str | None, str | None]]:
        """The changes as lines of a diff."""
        return [change.lines() for change in self.changes]

    def carry_out(self) -> None:
        """Write and remove, each in one step; HostError says what is left to do."""
        try:
            kept.carry_out(self.changes, (kept.CONFIG_DIR, kept.ENGINE_DIR))
        except OSError as error:
            raise HostError(
                f"The network is as wanted, but what persist is about could not be written:"
                f" {error}. Mend that, and run the task again."
            ) from error


def _encode(params: Mapping[str, Any]) -> bytes:
    given = {name: value for name, value in params.items() if name not in _NOT_KEPT}
    document = {"version": _VERSION, "topology": _without_none(given)}
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(v) for key, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(v) for v in value]
    return value


def _means(content: bytes, want: Want) -> bool:
    try:
        return is_same(topology_from_params(json.loads(content)["topology"]), want)
    except (ContainerNetError, ValueError, KeyError, TypeError, AttributeError):
        return False
