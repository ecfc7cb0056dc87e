# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each nat needs switched on, and what was so before: a note on the disk."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Mapping

from .. import _files
from .._errors import HostError
from .model import Switch

FOLDER = "/var/lib/container_net/nat"
_VERSION = 1


def load(name: str) -> dict[Switch, str | None]:
    """Nothing where there is no note. None: it was so already."""
    path = _path(name)
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if document["version"] != _VERSION:
            raise ValueError(f"version {document['version']} is not {_VERSION}")
        return {Switch(kind, link): value for kind, link, value in document["switches"]}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise HostError(
            f"The note {path} cannot be read: {error}. Move it away: hairpin mode and"
            " route_localnet then stay as they are when the nat goes."
        ) from error


def store(name: str, switches: Mapping[Switch, str | None]) -> bool:
    """Returns whether that changed it. An empty note is none."""
    if load(name) == dict(switches):
        return False
    path = _path(name)
    if switches:
        rows = sorted([s.kind, s.link, value] for s, value in switches.items())
        document = {"version": _VERSION, "switches": rows}
        _files.write(path, (json.dumps(document) + "\n").encode())
    else:
        _files.remove(path)
        if os.path.isdir(FOLDER) and not os.listdir(FOLDER):
            os.rmdir(FOLDER)
    return True


def others(name: str) -> dict[Switch, str]:
    """The switches that other names need."""
    found = {}
    for path in sorted(glob.glob(f"{FOLDER}/*.json")):
        other = os.path.splitext(os.path.basename(path))[0]
        if other != name:
            found.update(dict.fromkeys(load(other), other))
    return found


def hand_over(name: str, left: Mapping[Switch, str | None]) -> None:
    """Others that go on needing a switch learn what it was before."""
    needed = others(name)
    for switch, before in left.items():
        other = needed.get(switch)
        if other is not None and before is not None:
            theirs = load(other)
            if theirs[switch] is None:
                store(other, {**theirs, switch: before})


def _path(name: str) -> str:
    return os.path.join(FOLDER, f"{name}.json")
