# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of a daemon, read from systemd's unit files as text. Pure.

The unit files are read instead of asking ``systemctl show``: they say which file a flag comes
from, they are what the next start will use, and they can be read where systemd does not run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Callable, Optional

from .keys import FLAG_TO_KEY, KEYS

ReadFile = Callable[[str], Optional[str]]

_PREFIXES = "@-:+!|"
_VARIABLE = re.compile(r"\$(\$|\{(\w+)\}|(\w+))")
_TOKEN = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+""", re.DOTALL)
_PIECE = re.compile(r"""\\(.)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^"'\\]+)""", re.DOTALL)


@dataclass(frozen=True)
class Flag:
    """A flag of the command line; ``key`` is the daemon.json key that it stands for, or ''."""

    name: str
    value: str | None
    key: str
    written: str
    source: str


@dataclass(frozen=True)
class CommandLine:
    """What systemd would start: the program, and its flags with the file each comes from."""

    program: str
    flags: tuple[Flag, ...]

    def value_of(self, *names: str) -> str | None:
        """The value of the last of these flags, or None."""
        values = [flag.value for flag in self.flags if flag.name in names]
        return values[-1] if values else None


@dataclass(frozen=True)
class _Variable:
    value: str
    source: str


def assignments(text: str, section: str) -> list[tuple[str, str]]:
    """``Name=value`` pairs of one section, in order; comments out, continued lines joined."""
    result: list[tuple[str, str]] = []
    current = ""
    pending = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(("#", ";")) or (not line and not pending):
            continue
        line = pending + line
        pending = ""
        if line.endswith("\\"):
            pending = line[:-1].rstrip() + " "
            continue
        if line.startswith("[") and line.endswith("]"):
            current = line[1:-1]
        elif current == section and "=" in line:
            name, dummy, value = line.partition("=")
            result.append((name.strip(), value.strip()))
    return result


def words(text: str) -> list[str]:
    """A line cut at blanks, quotes and backslashes taken out."""
    return [_unquoted(match.group(0)) for match in _TOKEN.finditer(text)]


def _unquoted(token: str) -> str:
    out = ""
    for escaped, double, single, plain in _PIECE.findall(token):
        out += escaped or plain or re.sub(r"\\(.)", r"\1", double or single)
    return out


def _environment_file(text: str) -> dict[str, str]:
    result = {}
    for raw in re.sub(r"\\\n", " ", text).splitlines():
        line = raw.strip()
        if line and not line.startswith(("#", ";")) and "=" in line:
            name, dummy, value = line.partition("=")
            name = name.replace("export ", "").strip()
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            result[name] = value
    return result


def _environment(
    settings: Sequence[tuple[str, str, str]], read_file: ReadFile
) -> Mapping[str, _Variable]:
    """Variables of the unit; files win over Environment=, as in systemd."""
    direct: dict[str, _Variable] = {}
    files: list[str] = []
    for name, value, source in settings:
        if name == "Environment":
            if not value:
                direct.clear()
            for word in words(value):
                variable, equals, text = word.partition("=")
                if equals:
                    direct[variable] = _Variable(text, source)
        elif name == "EnvironmentFile":
            if not value:
                files.clear()
            else:
                files.append(value.lstrip("-"))
    for path in files:
        text_of_file = read_file(path)
        if text_of_file is not None:
            direct.update(
                (name, _Variable(value, path))
                for name, value in _environment_file(text_of_file).items()
            )
    return direct


def _expanded(
    command: str, source: str, environment: Mapping[str, _Variable]
) -> list[tuple[str, str]]:
    """Words with the file each comes from. ``$NAME`` alone is cut at blanks, as systemd does."""
    result: list[tuple[str, str]] = []
    for token in words(command):
        alone = re.fullmatch(r"\$(\w+)", token)
        if alone is None:
            result.append(_substituted(token, source, environment))
        elif alone.group(1) in environment:
            variable = environment[alone.group(1)]
            result += [(word, variable.source) for word in words(variable.value)]
    return result


def _substituted(token: str, source: str, environment: Mapping[str, _Variable]) -> tuple[str, str]:
    """A word with its variables put in, and the file of the last of them, else ``source``."""
    sources = [source]

    def put(match: re.Match[str]) -> str:
        if match.group(1) == "$":
            return "$"
        variable = environment.get(match.group(2) or match.group(3), _Variable("", sources[-1]))
        sources.append(variable.source)
        return variable.value

    text = _VARIABLE.sub(put, token)
    return text, sources[-1]


def _takes_value(name: str) -> bool:
    key = FLAG_TO_KEY.get(name)
    return key is None or KEYS[key].kind != "bool"


def _flags(arguments: Sequence[tuple[str, str]]) -> list[Flag]:
    result: list[Flag] = []
    rest = list(arguments)
    while rest:
        word, source = rest.pop(0)
        if not word.startswith("-") or word in ("-", "--"):
            continue
        value: str | None
        if word.startswith("--"):
            name, equals, text = word[2:].partition("=")
        else:
            # -H fd://, -H=fd:// and -Hfd:// are the same to dockerd.
            name, text = word[1], word[2:].lstrip("=")
            equals = text
        value = text if equals else None
        if value is None and _takes_value(name) and rest and not rest[0][0].startswith("-"):
            value = rest.pop(0)[0]
        written = ("--" if word.startswith("--") else "-") + name
        shown = written if value is None else f"{written}{'=' if equals else ' '}{value}"
        result.append(Flag(name, value, FLAG_TO_KEY.get(name, ""), shown, source))
    return result


def command_line(files: Sequence[tuple[str, str]], read_file: ReadFile) -> CommandLine | None:
    """The command line that a unit and its drop-ins give, in the order systemd reads them.

    ``files`` are (path, text), the unit first; ``read_file`` gives the text of an environment
    file, or None when there is none. None when no ExecStart is set.
    """
    settings = [
        (name, value, path) for path, text in files for name, value in assignments(text, "Service")
    ]
    command, source = "", ""
    for name, value, path in settings:
        if name == "ExecStart":
            command, source = (value, path) if value else ("", "")
    if not command:
        return None
    environment = _environment(settings, read_file)
    arguments = _expanded(command.lstrip(_PREFIXES), source, environment)
    if not arguments:
        return None
    return CommandLine(program=arguments[0][0], flags=tuple(_flags(arguments[1:])))
