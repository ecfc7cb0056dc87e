# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the present settings and what is asked to the settings to write. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import OptionError
from .document import Settings, canonical
from .keys import IGNORED_WHEN_GONE, KEYS, MERGED_WITH_FLAG, NEWEST, RESET_BY_RELOAD, Version
from .together import check_together
from .unit import Flag
from .values import check_value, look_up

_MISSING = object()


@dataclass(frozen=True)
class Want:
    """What the options ask for."""

    settings: Mapping[str, Any]
    remove: Sequence[str] = ()
    replace: bool = False


@dataclass(frozen=True)
class Conflict:
    """A key of the file that the unit also gives as a flag: dockerd refuses to start."""

    key: str
    flag: str
    source: str


def check(want: Want, version: Version | None) -> list[str]:
    """Validate the options by themselves and against the installed version.

    Returns warnings; raises OptionError. Without a version every key that some version takes is
    accepted. A dockerd that is newer than the table may know keys that the table does not.
    """
    warnings: list[str] = []
    both = sorted(set(want.settings) & set(want.remove))
    if both:
        raise OptionError("remove", both[0], "is also in settings", "Name it in one of the two")
    if want.replace and want.remove:
        raise OptionError(
            "remove",
            list(want.remove),
            "has no meaning with update=replace, which removes all that settings does not name",
            "Leave remove out, or use update=merge",
        )
    for name, value in want.settings.items():
        option = f"settings.{name}"
        try:
            key = look_up(option, name)
        except OptionError:
            if version is not None and version > NEWEST and name not in KEYS:
                warnings.append(
                    f"{option}: is not known here, and Docker {_dotted(version)} is newer than"
                    f" what is known ({_dotted(NEWEST)}): dockerd has to judge it"
                )
                continue
            raise
        # A member that is null is taken out; a key that is null is refused.
        check_value(option, key, _without_null(value))
        if version is None or key.known_to(version):
            continue
        if key.since is not None and version < key.since:
            raise OptionError(
                option,
                value,
                f"Docker {_dotted(version)} does not know it; it came with {_dotted(key.since)}",
                "Leave it out on this host, or install a newer Docker",
            )
        if name in IGNORED_WHEN_GONE:
            warnings.append(f"{option}: Docker {_dotted(version)} ignores it. Leave it out.")
            continue
        raise OptionError(
            option,
            value,
            f"Docker {_dotted(version)} no longer knows it; {_dotted(key.until)} was the last",
            "Leave it out",
        )
    for name in want.remove:
        if not isinstance(name, str) or not name:
            raise OptionError("remove", name, "is no key's name", "Write it like bip")
    return warnings


def check_result(settings: Mapping[str, Any], want: Want, path: str) -> list[str]:
    """Validate what the file will hold, keys that others put there included.

    Others' keys only lead to warnings; that they go together with ours is checked as an error.
    """
    warnings: list[str] = []
    sound = {}
    for name, value in settings.items():
        if name not in want.settings:
            try:
                key = look_up(path, name)
                if value != "":
                    check_value(f"{path}: {name}", key, value)
            except OptionError as error:
                warnings.append(str(error))
                continue
        if name in KEYS:
            sound[name] = value
    check_together("settings", sound)
    return warnings


def merged(have: Settings, want: Want) -> Settings:
    """The settings to write.

    merge: objects are merged member by member and a member that is null goes; everything else
    is replaced; ``remove`` takes keys away. replace: exactly what is asked.
    """
    if want.replace:
        return {name: _without_null(value) for name, value in want.settings.items()}
    result = {name: value for name, value in have.items() if name not in want.remove}
    for name, value in want.settings.items():
        result[name] = _patched(result.get(name, _MISSING), value)
    return result


def _patched(old: Any, new: Any) -> Any:
    if not isinstance(new, dict):
        return copy.deepcopy(new)
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in new.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _patched(result.get(name, _MISSING), value)
    return result


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(item) for name, item in value.items() if item is not None}
    return copy.deepcopy(value)


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two files say the same, whatever their order and spacing."""
    return canonical(one) == canonical(other)


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Keys that one of the two lacks or holds with another value, sorted."""
    return sorted(
        name
        for name in set(old) | set(new)
        if (name in old) != (name in new) or canonical(old.get(name)) != canonical(new.get(name))
    )


def needs(running: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[bool, bool]:
    """What a daemon that runs with the first settings needs to run with the second.

    Returns (restart, reload). A reload (SIGHUP) applies the reloadable keys; one that has left
    the file keeps its value until a restart, but for the few that a reload resets.
    """
    changed = changed_keys(running, new)
    by_reload = [name for name in changed if name in KEYS and KEYS[name].reloadable]
    kept = [name for name in by_reload if name not in new and name not in RESET_BY_RELOAD]
    restart = len(by_reload) < len(changed) or bool(kept)
    return restart, bool(changed) and not restart


def conflicts(settings: Mapping[str, Any], flags: Sequence[Flag]) -> list[Conflict]:
    """Keys that stand in the file and on the daemon's command line."""
    present = set(settings)
    for name, value in settings.items():
        # dockerd looks inside objects that it does not know as values: proxies.http-proxy.
        if isinstance(value, dict) and name in KEYS and KEYS[name].kind == "proxies":
            present |= set(value)
    return [
        Conflict(name, flag.written, flag.source)
        for flag in flags
        for name in _keys_of(flag)
        if name in present and name not in MERGED_WITH_FLAG
    ]


def _keys_of(flag: Flag) -> frozenset[str]:
    if flag.key == "host-gateway-ips":
        return frozenset(("host-gateway-ip", "host-gateway-ips"))
    return frozenset((flag.key,)) if flag.key else frozenset()


def restored(
    original: Mapping[str, Any], written: Mapping[str, Any], have: Mapping[str, Any]
) -> Settings:
    """The file as it would be without us.

    ``written`` is what we wrote last. A key that somebody changed since stays as it is; every
    other one goes back to what it was in the original.
    """
    result: Settings = {}
    theirs = set(changed_keys(written, have))
    for name in [*original, *(n for n in have if n not in original)]:
        source = have if name in theirs else original
        if name in source:
            result[name] = source[name]
    return result


def _dotted(version: Version | None) -> str:
    if version is None:
        return "an unknown version"
    major, minor = version
    return f"{major}.{minor:02d}" if major < 20 else f"{major}.{minor}"
