# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a picture consists of: boxes with rows, and lines between rows; nothing of Graphviz."""

from __future__ import annotations

from dataclasses import dataclass, field

from .network import Key

# A box and one of its rows.
Anchor = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """``left`` names, ``right`` tells; ``trouble`` is a word like DOWN."""

    port: str
    left: str
    right: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Box:
    """``style`` is a name in the palette; ``many`` stands for more than one."""

    id: str
    style: str
    title: str
    sort: str
    rows: tuple[Row, ...] = ()
    trouble: str = ""
    many: bool = False


@dataclass(frozen=True)
class Line:
    """``style``: veth, lower, route, overlay, network, or order, which is not seen.

    From left to right, or ``beside``.
    """

    style: str
    tail: Anchor
    head: Anchor
    trouble: bool = False
    beside: bool = False


@dataclass
class Picture:
    """``hosts``: a title and a subtitle for each, and its boxes; ``between`` are on no host."""

    hosts: list[tuple[str, str, list[Box]]] = field(default_factory=list)
    between: list[Box] = field(default_factory=list)
    lines: dict[tuple[str, Anchor, Anchor], Line] = field(default_factory=dict)
    anchors: dict[Key, Anchor] = field(default_factory=dict)

    def connect(self, line: Line) -> None:
        """Add a line; one that is there already only once, sound when any of them is."""
        known = self.lines.get((line.style, line.tail, line.head))
        if known is None or (known.trouble and not line.trouble):
            self.lines[line.style, line.tail, line.head] = line
