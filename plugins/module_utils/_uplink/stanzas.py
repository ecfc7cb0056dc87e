# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/etc/network/interfaces and what it includes: the stanzas of one link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Words that begin something new; allow-* besides.
_STARTS = frozenset(
    ("iface", "mapping", "auto", "no-auto-down", "no-scripts", "source", "source-directory")
    + ("template", "rename")
)
COMMANDS = ("pre-up", "up", "post-up", "down", "pre-down", "post-down")


@dataclass(frozen=True)
class Stanza:
    """``text`` is exactly what stands in the file. Options are (name, value), as often as given."""

    path: str
    text: str
    header: tuple[str, ...]
    options: tuple[tuple[str, str], ...]

    @property
    def family(self) -> str:
        return self.header[2] if len(self.header) > 2 else ""

    @property
    def method(self) -> str:
        return self.header[3] if len(self.header) > 3 else ""


def _logical(text: str) -> Iterator[tuple[str, str]]:
    """(as written, in one line): a line that ends in a backslash goes on in the next."""
    raw = line = ""
    for piece in text.splitlines(keepends=True):
        raw += piece
        stripped = piece.strip()
        if stripped.endswith("\\") and not stripped.startswith("#"):
            line += stripped[:-1] + " "
            continue
        yield raw, (line + stripped).strip()
        raw = line = ""
    if raw:
        yield raw, line.strip()


def _begins(line: str) -> bool:
    word = line.split()[0]
    return word in _STARTS or word.startswith("allow-")


def parse(path: str, text: str) -> list[Stanza]:
    """The iface stanzas of a file, each up to its last option."""
    found: list[Stanza] = []
    header: tuple[str, ...] = ()
    kept, waiting = "", ""
    options: list[tuple[str, str]] = []

    def close() -> None:
        if header:
            found.append(Stanza(path, kept, header, tuple(options)))

    for raw, line in _logical(text):
        if not line or line.startswith("#"):
            # Belongs to the stanza only when an option follows.
            waiting += raw
            continue
        if _begins(line):
            close()
            words = tuple(line.split())
            header = words if words[0] == "iface" else ()
            kept, waiting, options = raw, "", []
        else:
            name, *value = line.split(None, 1)
            options.append((name, value[0].strip() if value else ""))
            kept, waiting = kept + waiting + raw, ""
    close()
    return found


def stanzas(files: Mapping[str, str], link: str) -> list[Stanza]:
    """Those of the link, by its exact name."""
    return [
        stanza
        for path, text in files.items()
        for stanza in parse(path, text)
        if len(stanza.header) > 1 and stanza.header[1] == link
    ]


def included(text: str) -> Iterator[tuple[str, str]]:
    """("source" or "source-directory", pattern), in their order."""
    for dummy, line in _logical(text):
        words = line.split()
        if len(words) == 2 and words[0] in ("source", "source-directory"):
            yield words[0], words[1]
