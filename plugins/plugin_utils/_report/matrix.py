# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who reaches whom, as tables: verdicts in words and signs, and in colours beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .html import Html, element, join, table
from .words import count, natural

GOOD, BAD, NONE = "\N{CHECK MARK}", "\N{MULTIPLICATION X}", "\N{EN DASH}"
# Larger ones get a line for each source, with the pairs that failed.
COLUMNS, CELLS = 40, 1200


@dataclass(frozen=True)
class Pair:
    """One measurement; ``verdict`` and ``details`` are words."""

    source: str
    target: str
    good: bool
    verdict: str
    details: str = ""


def grid(pairs: Iterable[Pair], label: str) -> Html:
    """Sources as lines, targets as columns."""
    cells = {(pair.source, pair.target): pair for pair in pairs}
    sources = list(dict.fromkeys(source for source, dummy in cells))
    targets = list(dict.fromkeys(target for dummy, target in cells))
    if len(targets) > COLUMNS or len(sources) * len(targets) > CELLS:
        return _lines(cells, sources, label)
    targets.sort(key=natural)
    rows = [
        [source, *(_cell(cells.get((source, target))) for target in targets)] for source in sources
    ]
    return table(["from \N{RIGHTWARDS ARROW} to", *targets], rows, label, "matrix")


def _cell(pair: Pair | None) -> Html:
    if pair is None:
        return element("td", NONE, class_="none")
    sign = element("b", f"{GOOD if pair.good else BAD} {pair.verdict}")
    details = element("small", pair.details) if pair.details else ""
    return element("td", sign, details, class_="good" if pair.good else "bad")


def _lines(cells: Mapping[tuple[str, str], Pair], sources: list[str], label: str) -> Html:
    rows: list[list[object]] = []
    for source in sources:
        own = [pair for (other, dummy), pair in cells.items() if other == source]
        bad = [pair for pair in own if not pair.good]
        words = f"{BAD} {len(bad):,} of {len(own):,} fail" if bad else f"{GOOD} all {len(own):,}"
        shown = [element("div", f"{pair.target}: {pair.verdict}") for pair in bad[:20]]
        if len(bad) > len(shown):
            shown.append(element("div", f"and {count(len(bad) - len(shown), 'more pair')}"))
        verdict = element("b", words)
        rows.append([source, element("td", verdict, *shown, class_="bad" if bad else "good")])
    return table(["from", "to all the others"], rows, label, "matrix")


# --- where pairs come from ---


def containers(rows: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """The pairs of filter verify_matrix."""
    found = []
    for row in rows:
        verdict = f"{row['ms']} ms" if row["ok"] and row.get("ms") is not None else "ok"
        details = f"ping {row['size']} bytes, TCP" if row["ok"] else "; ".join(row["problems"])
        source = " ".join(filter(None, [row["from"], row["side"], row.get("from_address")]))
        found.append(
            Pair(
                source,
                f"{row['to']} container {row['to_address']}",
                row["ok"],
                verdict if row["ok"] else "FAILED",
                details,
            )
        )
    return found


def reached(rows: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """The rows of module reachability."""
    found = []
    for row in rows:
        wanted = row.get("expect") != "no_reach"
        checks = row.get("checks") or []
        if row["ok"]:
            verdict = "reached" if wanted else "blocked, as it should be"
            details = ", ".join(filter(None, (_check(check) for check in checks if wanted)))
            if row.get("path_mtu"):
                details += f", path MTU {row['path_mtu']}"
        else:
            verdict = "NOT REACHED" if wanted else "REACHED, BUT SHOULD NOT BE"
            details = "; ".join(
                f"{_name(check)}: {check.get('problem') or 'answered'}"
                for check in checks
                if bool(check.get("reached")) != wanted
            )
        found.append(Pair(row["source"], row["target"], row["ok"], verdict, details))
    return found


def _name(check: Mapping[str, Any]) -> str:
    port = f" {check['port']}" if check.get("port") else ""
    return f"{check.get('check', 'check')}{port}"


def _check(check: Mapping[str, Any]) -> str:
    time = f" {check['ms']} ms" if check.get("ms") is not None else ""
    return f"{_name(check)}{time}"


def failures(sentences: Iterable[object]) -> Html:
    """What failed, each with its hint."""
    return element("ol", *(element("li", sentence) for sentence in sentences), class_="failures")


def sentences(failed: Iterable[Mapping[str, Any]]) -> list[Html]:
    """The failures of module reachability in sentences, hints beneath."""
    arrow = "\N{RIGHTWARDS ARROW}"
    return [
        join(
            [
                f"{row['source']} {arrow} {row['target']}: {row.get('problem')}",
                *(element("div", hint, class_="hint") for hint in row.get("hints") or ()),
            ]
        )
        for row in failed
    ]
