# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of sections with key=value lines, as systemd and NetworkManager have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """``lines`` are as they were written, without comments and empty ones."""

    name: str
    lines: tuple[str, ...]

    def value(self, key: str) -> str | None:
        """What the last line with the key says."""
        found = None
        for line in self.lines:
            name, equals, value = line.partition("=")
            if equals and name.strip() == key:
                found = value.strip()
        return found

    def without(self, *keys: str) -> Section:
        kept = tuple(line for line in self.lines if line.partition("=")[0].strip() not in keys)
        return Section(self.name, kept)


def parse(text: str) -> list[Section]:
    """The sections, each as often as it stands there."""
    found: list[Section] = []
    lines: list[str] = []
    name = pending = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if pending:
            line = pending + line
            pending = ""
        if line.endswith("\\"):
            pending = line[:-1].rstrip() + " "
            continue
        if line.startswith("[") and line.endswith("]"):
            if name:
                found.append(Section(name, tuple(lines)))
            name, lines = line[1:-1], []
        else:
            lines.append(line)
    if name:
        found.append(Section(name, tuple(lines)))
    return found


def text(comment: str, sections: Iterable[Section]) -> str:
    """The file; sections without a line are left out."""
    parts = [f"# {comment}\n"]
    for section in sections:
        if section.lines:
            parts.append("\n".join([f"[{section.name}]", *section.lines]) + "\n")
    return "\n".join(parts)
