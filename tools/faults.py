# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what the tests of faults measured into the tables of docs/faults.md.

Usage: tools/faults.py. Reads .build/results/faults/*.json, which the kernel floor's tests and the
scenario `faults` leave. Rows that were not measured anew stay as they are.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "faults.md"
RESULTS = ROOT / ".build" / "results" / "faults"
TABLE = ROOT / "molecule" / "faults" / "vars" / "table.yml"
BACKENDS = ["vxlan", "host-gw", "udp"]
HEAD = (
    "| fault | joined by | packets lost | longest silence | what comes back by itself"
    " | what the next run repairs |\n|---|---|---|---|---|---|"
)
UNTRIED = "not yet tried on VMs"

Row = dict[str, Any]
Key = tuple[str, str]


def titles() -> dict[str, str]:
    """What the faults are called, in their order."""
    faults = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["faults"]
    return {fault["name"]: fault["title"] for fault in faults}


def cells(row: Row, title: str) -> list[str]:
    lost, gap = "not counted", ""
    if row["sent"] is not None:
        lost, gap = f"{row['lost']:,} of {row['sent']:,}", f"{row['gap']:.1f} s"
    return [title, row["backend"], lost, gap, row["itself"], row["repair"]]


def untried(title: str) -> list[str]:
    return [title, BACKENDS[0], UNTRIED, "", "", ""]


def known(text: str, names: dict[str, str]) -> dict[Key, list[str]]:
    """The rows that a table has, by fault and backend."""
    by_title = {title: name for name, title in names.items()}
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    return {(by_title[row[0]], row[1]): row for row in rows if len(row) == 6 and row[0] in by_title}


def table(rows: dict[Key, list[str]], names: dict[str, str]) -> str:
    order = [(name, backend) for name in names for backend in BACKENDS]
    lines = ["| " + " | ".join(rows[key]) + " |" for key in order if key in rows]
    return "\n".join([HEAD, *(re.sub(r"  +(?=\|)", " ", line) for line in lines)])


def renew(document: str, floor: str, measured: list[Row], names: dict[str, str]) -> str:
    """The document with the rows of one floor replaced that were measured."""
    pattern = re.compile(rf"(<!-- {floor} -->\n)(.*?)(\n?<!-- end of {floor} -->)", re.DOTALL)
    found = pattern.search(document)
    if found is None:
        raise ValueError(f"{DOCUMENT.name} has no place for the rows of {floor}")
    rows = {(name, BACKENDS[0]): untried(title) for name, title in names.items()}
    rows = rows if floor == "vm" else {}
    rows.update(known(found.group(2), names))
    for row in measured:
        if row["floor"] == floor:
            rows[row["fault"], row["backend"]] = cells(row, names[row["fault"]])
    start, end = found.span(2)
    return document[:start] + table(rows, names) + "\n" + document[end:].lstrip("\n")


def main() -> None:
    names = titles()
    measured = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    document = DOCUMENT.read_text(encoding="utf-8")
    for floor in ("kernel", "vm"):
        document = renew(document, floor, measured, names)
    DOCUMENT.write_text(document, encoding="utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)}: {len(measured)} results")


if __name__ == "__main__":
    main()
