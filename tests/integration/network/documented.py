# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a result is what a module's RETURN says, down to the last key."""

from __future__ import annotations

import importlib
from typing import Any

import yaml

MODULES = "ansible_collections.netfabric.container_net.plugins.modules"
TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict}


def expect_documented(name: str, result: dict[str, Any]) -> None:
    listed = yaml.safe_load(importlib.import_module(f"{MODULES}.{name}").RETURN)
    returned = {key for key in result if key not in ("changed", "invocation", "warnings", "failed")}
    assert returned == set(listed)
    seen: set[str] = set()
    for key in returned:
        _compare(key, listed[key], result[key], seen)
    assert _paths("", listed) == seen


def _compare(path: str, listed: dict[str, Any], value: Any, seen: set[str]) -> None:
    seen.add(path)
    if value is None:
        return
    assert isinstance(value, TYPES[listed["type"]]), (path, value)
    if "contains" not in listed:
        return
    for entry in value if isinstance(value, list) else [value]:
        assert set(entry) <= set(listed["contains"]), path
        for key, inner in entry.items():
            _compare(f"{path}.{key}", listed["contains"][key], inner, seen)


def _paths(start: str, listed: dict[str, Any]) -> set[str]:
    found = set()
    for key, entry in listed.items():
        path = f"{start}.{key}" if start else key
        found |= {path} | _paths(path, entry.get("contains", {}))
    return found
