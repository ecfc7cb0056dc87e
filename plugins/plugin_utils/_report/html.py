# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTML whose every text is escaped, because nothing but an element is taken as it is."""

from __future__ import annotations

from collections.abc import Iterable

from .words import escape

VOID = {"br", "meta"}


class Html(str):
    """Text that is HTML already; only this module and the picture's reader make any."""


def element(tag: str, /, *children: object, **attributes: object) -> Html:
    """An element; ``class_`` is written class, ``aria_label`` aria-label, None left out."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Html(f"<{tag}{words}>")
    return Html(f"<{tag}{words}>{join(children)}</{tag}>")


def join(children: Iterable[object]) -> Html:
    """Several pieces after each other."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def table(
    head: Iterable[object], rows: Iterable[Iterable[object]], label: str, class_: str | None = None
) -> Html:
    """A table in a box of its own to scroll in; the first cell of each row is its heading."""
    body = []
    for row in rows:
        first, *others = row
        cells = [cell if _is_cell(cell) else element("td", cell) for cell in others]
        body.append(element("tr", element("th", first, scope="row"), *cells))
    columns = [element("th", cell, scope="col") for cell in head]
    made = element(
        "table",
        element("thead", element("tr", *columns)),
        element("tbody", *body),
        class_=class_,
    )
    # Whoever has no mouse scrolls it with the keys.
    return element("div", made, class_="scroll", tabindex="0", role="region", aria_label=label)


def _is_cell(value: object) -> bool:
    return isinstance(value, Html) and value.startswith("<td")
