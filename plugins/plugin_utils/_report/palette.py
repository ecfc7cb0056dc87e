# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The colours of picture and page, light and dark, in one place.

Graphviz writes the light ones into the picture, where the page's style sheet finds them and puts
the dark ones in their place: a cell of a table in such a picture can carry no class of its own.
So no two entries that a picture uses may have the same light colour.
"""

from __future__ import annotations

# What for: light, dark.
COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#f7f8fa", "#101418"),
    "paper": ("#ffffff", "#181d23"),
    "ink": ("#1c2733", "#e6ebf0"),
    "muted": ("#5b6876", "#9aa7b4"),
    "rule": ("#d9dfe5", "#2e3640"),
    "link": ("#0b5cad", "#7fb8f5"),
    # A host's ground, and what stands on it.
    "host": ("#eef2f6", "#1b222a"),
    "host-line": ("#b9c4cf", "#46525f"),
    "namespace": ("#dff3ec", "#12372c"),
    "namespace-line": ("#2f8f74", "#4fc3a1"),
    "container": ("#dfeefc", "#12304c"),
    "container-line": ("#2f7fc1", "#6db5f2"),
    "process": ("#ececf1", "#2a2e37"),
    "process-line": ("#81889a", "#959db0"),
    "bridge": ("#fdf1d8", "#3b2f12"),
    "bridge-line": ("#b98a1c", "#dfb44c"),
    "card": ("#e3e8ee", "#27303a"),
    "card-line": ("#627285", "#92a3b5"),
    "overlay": ("#efe6fc", "#2e2148"),
    "overlay-line": ("#7a4fc0", "#b794f4"),
    "routes": ("#fbfcfd", "#141a20"),
    "routes-line": ("#7d8a98", "#8592a0"),
    # Verdicts.
    "good": ("#dcf5e3", "#12351f"),
    "good-ink": ("#11612f", "#7ddb9b"),
    "bad": ("#fde2e1", "#471a1a"),
    "bad-ink": ("#b3211c", "#ff9d97"),
    "idle": ("#f0f2f5", "#20262d"),
}
LIGHT = {name: light for name, (light, dummy) in COLOURS.items()}


def style_sheet() -> str:
    """The colours as variables, and what makes a picture use them."""
    light = "".join(f"--{name}:{pair[0]};" for name, pair in COLOURS.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in COLOURS.items())
    used = "".join(
        f'svg [{attribute}="{pair[0]}"]{{{attribute}:var(--{name})}}\n'
        for name, pair in COLOURS.items()
        for attribute in ("fill", "stroke")
    )
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{used}"
    )
