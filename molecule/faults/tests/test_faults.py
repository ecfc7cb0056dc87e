# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything of the table was tried, and kept what is promised."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

CHOSEN = os.environ.get("FAULTS", "").split()
TABLE = [
    fault
    for fault in yaml.safe_load(
        (Path(__file__).parents[1] / "vars" / "table.yml").read_text(encoding="utf-8")
    )["faults"]
    if not CHOSEN or fault["name"] in CHOSEN
]


@pytest.mark.parametrize("fault", TABLE, ids=lambda fault: fault["name"])
def test_what_was_measured(fault: dict[str, Any]) -> None:
    results = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".build/results/faults"
    row = json.loads((results / f"vm-{fault['name']}-vxlan.json").read_text())
    assert row["back"] is fault.get("itself", True)
    if "reboot" not in fault:
        assert row["sent"] > 50
    if fault.get("zero"):
        assert row["lost"] == 0
    if row["back"]:
        assert row["lost_in_run"] == 0, "the run itself cost packets"
