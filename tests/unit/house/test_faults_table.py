# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/faults.md: a row for each fault, and what is measured anew replaces no other row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.unit.scripts import load

ROOT = Path(__file__).resolve().parents[3]
faults = load("tools/faults.py")

NAMES = {"one": "The first", "two": "The second"}
EMPTY = "# Title\n\n<!-- kernel -->\n<!-- end of kernel -->\n\n<!-- vm -->\n<!-- end of vm -->\n"


def row(floor: str, fault: str, lost: int, backend: str = "vxlan") -> dict[str, Any]:
    measured = {"floor": floor, "fault": fault, "backend": backend}
    return {**measured, "sent": 1000, "lost": lost, "gap": 0.5, "itself": "all", "repair": "none"}


def test_the_document_has_a_row_for_every_fault() -> None:
    document = faults.DOCUMENT.read_text()
    rows = faults.known(document[document.index("<!-- vm -->") :], faults.titles())
    assert [name for name, dummy in rows] == list(faults.titles())


def test_every_fault_of_the_kernel_floor_is_in_the_table() -> None:
    folder = ROOT / "tests" / "integration" / "faults"
    text = "".join(path.read_text() for path in folder.glob("test_*.py"))
    noted = set(re.findall(r'overlay\.note\(\s*"([a-z_]+)"', text))
    assert noted
    assert noted <= set(faults.titles())
    document = faults.DOCUMENT.read_text()
    end = document.index("<!-- end of kernel -->")
    assert noted == {name for name, dummy in faults.known(document[:end], faults.titles())}


def test_rows_that_were_not_measured_anew_stay() -> None:
    first = faults.renew(EMPTY, "kernel", [row("kernel", "two", 7)], NAMES)
    both = faults.renew(first, "kernel", [row("kernel", "one", 0), row("vm", "one", 3)], NAMES)
    assert both.index("| The first | vxlan | 0 of 1,000 |") < both.index("| The second | vxlan | 7")
    assert faults.renew(both, "kernel", [], NAMES) == both
    assert "3 of 1,000" not in both


def test_what_no_vm_has_shown_is_said() -> None:
    text = faults.renew(EMPTY, "vm", [row("vm", "one", 3)], NAMES)
    assert "| The first | vxlan | 3 of 1,000 | 0.5 s | all | none |" in text
    assert f"| The second | vxlan | {faults.UNTRIED} | | | |" in text
    again = faults.renew(text, "vm", [{**row("vm", "two", 0), "sent": None}], NAMES)
    assert "| The first | vxlan | 3 of 1,000 |" in again
    assert "| The second | vxlan | not counted | |" in again
