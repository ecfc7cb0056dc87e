# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text for pictures and pages: what may stand there, in which order, and how many are named."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What XML forbids, which covers HTML: control characters, halves of surrogates, and two more.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f]")
_DIGITS = re.compile(r"(\d+)")


def clean(value: object) -> str:
    """A value as text that a page may hold; a name on a host can be any bytes."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", "" if value is None else str(value))


def escape(value: object) -> str:
    """Text for HTML, inside elements and attributes, and for the labels of Graphviz."""
    text = clean(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def shorten(value: object, length: int) -> str:
    """One line of at most so many characters; the end tells names apart, so the middle goes."""
    text = re.sub("[\t\n\r]", "\N{REPLACEMENT CHARACTER}", clean(value))
    if len(text) <= length:
        return text
    return f"{text[: length - length // 3 - 1]}\N{HORIZONTAL ELLIPSIS}{text[-(length // 3) :]}"


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which ns2 comes before ns10."""
    return tuple(
        (0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part)
        for part in _DIGITS.split(text)
    )


def span(values: Iterable[str]) -> str:
    """First and last of many; all of two; the only one of one."""
    ordered = sorted(dict.fromkeys(values), key=natural)
    if len(ordered) < 3:
        return ", ".join(ordered)
    return f"{ordered[0]} \N{HORIZONTAL ELLIPSIS} {ordered[-1]}"


def count(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
