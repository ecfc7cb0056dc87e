# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import matrix
from .dot import LINES
from .html import Html, element, join
from .network import Host, read
from .palette import style_sheet
from .sections import changes, links, section, versions
from .style import STYLE
from .words import clean, count

LEGEND = (
    ("veth", "a pair of links (veth)"),
    ("route", "the way of routed packets"),
    ("lower", "a link that sits on another"),
    ("network", "a network that hosts share"),
    ("overlay", "an overlay between hosts"),
)


def page(data: Mapping[str, Any], pictures: Sequence[tuple[str, Html]], without: str = "") -> str:
    """``data`` as filter report_data makes it; titles and pictures, or why there are none."""
    hosts = read(data["hosts"])
    title = f"Container network of {_names(hosts)}"
    parts = [
        _header(data, hosts, title),
        element(
            "main",
            *_failures(data),
            *_pictures(pictures, without),
            *_matrices(data),
            *changes(data),
            *links(hosts),
            *versions(data),
        ),
        element(
            "footer",
            f"Written by netfabric.container_net {data.get('collection', '')} from"
            f" {data['written']}. The same as data: the files of this name that end in .json"
            " and .dot.",
        ),
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width,initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        # A page without an icon is asked for one; this one asks nobody for anything.
        Html('<link rel="icon" href="data:,">'),
        element("title", title),
        # The collection's own text, which holds nothing from a host.
        Html(f"<style>{style_sheet()}{STYLE}</style>"),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *parts), lang='en')}\n"


def _names(hosts: Sequence[Host]) -> str:
    names = [host.name for host in hosts]
    if len(names) > 3:
        return count(len(names), "host")
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "no host"


def measured(data: Mapping[str, Any]) -> list[bool]:
    """Of every pair, whether it is as expected."""
    rows = list(data.get("pairs") or ())
    for result in (data.get("reachability") or {}).values():
        rows += result.get("matrix") or ()
    return [bool(row["ok"]) for row in rows]


def sentences(data: Mapping[str, Any]) -> list[object]:
    """What fails, as sentences with hints."""
    found: list[object] = list(data.get("failures") or ())
    for name, result in (data.get("reachability") or {}).items():
        for sentence in matrix.sentences(result.get("failures") or ()):
            found.append(join([element("b", f"{name}: "), sentence]))
    return found


def verdict(data: Mapping[str, Any]) -> Html:
    """The report in one line."""
    verdicts, failures = measured(data), sentences(data)
    pairs, bad = count(len(verdicts), "pair"), verdicts.count(False)
    if bad:
        kind, words = "bad", f"{matrix.BAD} {bad:,} of {pairs} failed"
    elif failures:
        kind, words = "bad", f"{matrix.BAD} {count(len(failures), 'failure')}, {pairs} measured"
    elif verdicts:
        kind, words = "good", f"{matrix.GOOD} {pairs} measured, all as expected"
    else:
        kind, words = "idle", "Nothing was measured: this is only what is there"
    return element("div", words, class_=f"verdict {kind}")


def _header(data: Mapping[str, Any], hosts: Sequence[Host], title: str) -> Html:
    rooms = [room for host in hosts for room in host.others]
    numbers = {
        "hosts": len(hosts),
        "namespaces": sum(not room.containers for room in rooms),
        "containers": sum(len(room.containers) for host in hosts for room in host.rooms),
        "links": sum(len(room.links) for host in hosts for room in host.rooms),
        "pairs measured": len(measured(data)),
    }
    facts = [
        element("div", element("dt", name), element("dd", f"{number:,}"))
        for name, number in numbers.items()
    ]
    missing = data.get("missing") or []
    lacking = (
        [
            element(
                "p",
                f"Not in this report, because they could not be looked at: {', '.join(missing)}.",
            )
        ]
        if missing
        else []
    )
    return element(
        "header",
        element("h1", title),
        element("p", f"As it was at {data['written']}", class_="muted"),
        verdict(data),
        *lacking,
        element("dl", *facts, class_="facts"),
    )


def _failures(data: Mapping[str, Any]) -> list[Html]:
    found = sentences(data)
    title = "What fails, and what may be the cause"
    return section(title, matrix.failures(found)) if found else []


def _pictures(pictures: Sequence[tuple[str, Html]], without: str) -> list[Html]:
    if not pictures:
        return section("The network", element("p", f"There is no picture: {without}"))
    boxes = [
        element("div", svg, class_="picture", tabindex="0", role="region", aria_label=title)
        for title, svg in pictures
    ]
    legend = element("ul", *(_legend(style, words) for style, words in LEGEND), class_="legend")
    shown = [element("figure", boxes[0], legend)]
    shown += [
        element("details", element("summary", title), box)
        for (title, dummy), box in zip(pictures[1:], boxes[1:])
    ]
    return section("The network", *shown)


def _legend(style: str, words: str) -> Html:
    colour, dash, width = LINES[style]
    line = f"border-top:{max(2, round(width))}px {dash} var(--{colour})"
    return element("li", element("span", style=line), words)


def _matrices(data: Mapping[str, Any]) -> list[Html]:
    parts: list[object] = []
    if data.get("pairs"):
        words = (
            "From the container on each host, and from each host itself: a ping that fills the MTU"
            " and must not be fragmented, and TCP to a port that is not published."
        )
        label = "Between containers of all hosts"
        grid = matrix.grid(matrix.containers(data["pairs"]), label)
        parts += [element("h3", label), element("p", words, class_="muted"), grid]
    for name, result in (data.get("reachability") or {}).items():
        parts += [
            element("h3", name),
            matrix.grid(matrix.reached(result.get("matrix") or ()), clean(name)),
        ]
    return section("Who reaches whom", *parts) if parts else []
