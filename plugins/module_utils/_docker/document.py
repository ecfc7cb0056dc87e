# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""daemon.json as text and as settings. Pure."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from typing import Any

from .._errors import ContainerNetError

Settings = dict[str, Any]


class DocumentError(ContainerNetError):
    """The present file cannot be read as settings; it has been left as it is."""


class _Duplicate(ValueError):
    """A name that one object holds twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise _Duplicate(name)
        result[name] = value
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _line_of(text: str, name: str) -> str:
    """Where a name stands, for a message: ``lines 2 and 5``."""
    quoted = json.dumps(name)
    lines = [str(n) for n, line in enumerate(text.splitlines(), 1) if quoted in line]
    return "line" + ("s " if len(lines) > 1 else " ") + " and ".join(lines) if lines else "the file"


def parse(raw: bytes, path: str) -> Settings:
    """The settings in a daemon.json; an empty file holds none.

    Raises DocumentError with line and column where the text is no JSON object, where an object
    holds a name twice (dockerd would silently take the last), and where it is not UTF-8.
    """
    untouched = "The file was left as it is: mend or move it, then run again"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DocumentError(f"{path}: is UTF-16, and JSON is UTF-8. {untouched}.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DocumentError(
            f"{path}: line {line}: byte {raw[error.start]:#04x} is not UTF-8. {untouched}."
        ) from error
    if not text.strip():
        return {}
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"{path}: line {error.lineno} column {error.colno}: is not valid JSON: {error.msg}."
            f" {untouched}."
        ) from error
    except _Duplicate as error:
        name = str(error)
        raise DocumentError(
            f"{path}: {_line_of(text, name)}: {name!r} is given twice. {untouched}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{path}: is not valid JSON: {error}. {untouched}.") from error
    if not isinstance(value, dict):
        raise DocumentError(
            f"{path}: holds {type_name(value)}, and must hold an object {{…}}. {untouched}."
        )
    return value


def render(settings: Mapping[str, Any]) -> str:
    """The text of a daemon.json, keys in the order in which they are held."""
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def canonical(value: Any) -> str:
    """A text that is equal exactly for equal JSON values: 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


def type_name(value: Any) -> str:
    """What a JSON value is, for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "an object"
