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

import contextlib
import glob
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import _files
from .._errors import ContainerNetError, HostError, OptionError
from .._topology.lasting import early_part, is_same, refuse_unlasting
from .._topology.model import Want
from .._topology.parse import topology_from_params

CONFIG_DIR = "/etc/container_net"
ENGINE_DIR = "/usr/local/lib/container_net"
UNIT_DIR = "/etc/systemd/system"
_WANTS = "multi-user.target.wants"
_VERSION = 1
_SYSTEMD = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")
# Options of the run, not of the network.
_NOT_KEPT = ("state", "persist", "lock_timeout")

_UNIT = """\
# Written by module netfabric.container_net.topology (persist: true).
[Unit]
Description=Network topology {name}{part}
Documentation=https://github.com/netfabric/container_net
{order}
Before=flanneld.service docker.service

[Service]
Type=oneshot
ExecStart={command}
TimeoutStartSec=600

[Install]
WantedBy=multi-user.target
"""
_EARLY = "After=systemd-modules-load.service systemd-sysctl.service"
_ONLINE = "Wants=network-online.target\nAfter=network-online.target {first}"


@dataclass(frozen=True)
class Change:
    """A file, or the link to one, before and after; None is absent."""

    path: str
    before: bytes | None
    after: bytes | None
    is_link: bool = False

    def line(self, content: bytes | None) -> str | None:
        """For --diff: which content, not what."""
        if content is None:
            return None
        return f"file {self.path} {hashlib.sha256(content).hexdigest()[:12]}"


class Persistence:
    """What one topology has on the disk, and what it shall have."""

    def __init__(self, params: Mapping[str, Any], want: Want) -> None:
        """Raises OptionError for what cannot outlive a reboot. Reads only."""
        self._name = want.topology
        self._wanted: dict[str, tuple[bytes, bool]] = {}
        if params.get("persist") and params.get("state") != "absent":
            if not any(os.path.exists(path) for path in _SYSTEMD):
                raise OptionError(
                    "persist",
                    True,
                    "this host has no systemd, which would build the network when it starts",
                    "Set persist to false",
                )
            refuse_unlasting(want)
            self._want(params, want)
        self.changes = self._compare()

    def _units(self) -> tuple[str, str]:
        return (
            f"container-net-topology@{self._name}.service",
            f"container-net-topology-online@{self._name}.service",
        )

    def _want(self, params: Mapping[str, Any], want: Want) -> None:
        # Only now: most runs need neither it nor what it imports.
        from . import engine

        name, program = engine.build()
        program_path = os.path.join(ENGINE_DIR, name)
        config = os.path.join(CONFIG_DIR, f"{self._name}.json")
        # The same network, written in another way, is no change.
        kept = _read(config)
        if kept is None or not _means(kept, want):
            kept = _encode(params)
        self._wanted[program_path] = (program, False)
        self._wanted[config] = (kept, False)
        command = f"{python()} {program_path}"
        first, second = self._units()
        early = early_part(want) is not None
        self._want_unit(first, "", _EARLY, f"{command}{' --early' if early else ''} {config}")
        if early:
            order = _ONLINE.format(first=first)
            self._want_unit(second, ", through others' links", order, f"{command} {config}")

    def _want_unit(self, unit: str, part: str, order: str, command: str) -> None:
        text = _UNIT.format(name=self._name, part=part, order=order, command=command)
        path = os.path.join(UNIT_DIR, unit)
        self._wanted[path] = (text.encode(), False)
        self._wanted[os.path.join(UNIT_DIR, _WANTS, unit)] = (path.encode(), True)

    def _compare(self) -> tuple[Change, ...]:
        found = []
        for path, (content, is_link) in self._wanted.items():
            before = _read(path)
            if before != content:
                found.append(Change(path, before, content, is_link))
        mine = [os.path.join(CONFIG_DIR, f"{self._name}.json")]
        for unit in self._units():
            mine += [os.path.join(UNIT_DIR, _WANTS, unit), os.path.join(UNIT_DIR, unit)]
        gone = [path for path in mine if path not in self._wanted]
        for path in [*gone, *self._unused_engines(gone)]:
            before = _read(path)
            if before is not None:
                found.append(Change(path, before, None, os.path.islink(path)))
        return tuple(found)

    def _unused_engines(self, gone: list[str]) -> list[str]:
        """Engines that no unit names once this is done."""
        texts = [content for content, is_link in self._wanted.values() if not is_link]
        units = glob.glob(os.path.join(UNIT_DIR, "container-net-topology*@*.service"))
        for path in units:
            if path not in self._wanted and path not in gone:
                texts.append(_read(path) or b"")
        return [
            path
            for path in glob.glob(os.path.join(ENGINE_DIR, "engine-*.pyz"))
            if path not in self._wanted and not any(path.encode() in text for text in texts)
        ]

    def lines(self) -> list[tuple[str | None, str | None]]:
        """The changes as lines of a diff."""
        return [(change.line(change.before), change.line(change.after)) for change in self.changes]

    def carry_out(self) -> None:
        """Write and remove, each in one step; HostError says what is left to do."""
        try:
            for change in self.changes:
                if change.after is None:
                    _files.remove(change.path)
                elif change.is_link:
                    _files.link(change.path, change.after.decode())
                else:
                    _files.write(change.path, change.after)
            for folder in (CONFIG_DIR, ENGINE_DIR):
                with contextlib.suppress(OSError):
                    # Only when nothing is left in it.
                    os.rmdir(folder)
            if any(change.path.startswith(UNIT_DIR) for change in self.changes):
                _reload()
        except OSError as error:
            raise HostError(
                f"The network is as wanted, but what persist is about could not be written:"
                f" {error}. Mend that, and run the task again."
            ) from error


def _read(path: str) -> bytes | None:
    """A file's content, or where a symbolic link leads."""
    if os.path.islink(path):
        return os.readlink(path).encode()
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _encode(params: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in params.items() if name not in _NOT_KEPT}
    document = {"version": _VERSION, "topology": _without_none(kept)}
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


def python() -> str:
    """The interpreter that runs this, by the name that outlives an upgrade of the system."""
    common = "/usr/bin/python3"
    is_systems = sys.prefix == sys.base_prefix
    if is_systems and os.path.realpath(common) == os.path.realpath(sys.executable):
        return common
    return sys.executable


def _reload() -> None:
    """Let a running systemd read its units again."""
    if not os.path.isdir("/run/systemd/system"):
        return
    done = subprocess.run(
        ["systemctl", "daemon-reload"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise OSError(f"systemctl daemon-reload: {done.stderr.strip() or done.returncode}")
