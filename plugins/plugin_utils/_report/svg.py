# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Graphviz drew, as parts of a page: parsed, and only what draws is kept."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from .html import Html, element
from .words import escape

_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = {"g", "ellipse", "path", "polygon", "polyline", "text"}
_ATTRIBUTES = {
    "class",
    "cx",
    "cy",
    "d",
    "fill",
    "font-family",
    "font-size",
    "font-weight",
    "id",
    "points",
    "rx",
    "ry",
    "stroke",
    "stroke-dasharray",
    "stroke-width",
    "text-anchor",
    "transform",
    "x",
    "y",
}
# Several graphs give several documents, one after the other.
_DOCUMENT = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_POINT = 4 / 3  # pixels


def pictures(drawn: str, labels: list[str]) -> list[Html]:
    """One picture for each label; a picture that was not drawn is missing at the end."""
    documents = _DOCUMENT.findall(drawn)
    return [_picture(text, label) for text, label in zip(documents, labels)]


def _picture(text: str, label: str) -> Html:
    root = ElementTree.fromstring(text)
    box = root.get("viewBox", "0 0 1 1")
    width, height = (float(number) * _POINT for number in box.split()[2:])
    return element(
        "svg",
        *(_copy(child) for child in root),
        viewBox=box,
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        style=f"--natural:{width:.0f}px",
        role="img",
        aria_label=label,
    )


def _copy(node: ElementTree.Element) -> Html:
    name = node.tag.removeprefix(f"{{{_SVG}}}")
    if name not in _ELEMENTS:
        return Html("")
    words = "".join(
        f' {key}="{escape(value)}"' for key, value in node.attrib.items() if key in _ATTRIBUTES
    )
    # Blanks between two words are two elements' own.
    text = escape(node.text) if name == "text" else ""
    inner = "".join(_copy(child) for child in node)
    return Html(f"<{name}{words}>{text}{inner}</{name}>")
