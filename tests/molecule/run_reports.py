# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what callback plugin run_report wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def reports(playbook: str) -> list[dict[str, Any]]:
    """The reports of a playbook's runs in this scenario, oldest first."""
    directory = Path(os.environ["CONTAINER_NET_RUN_REPORTS"])
    found = [json.loads(path.read_text()) for path in sorted(directory.glob("*.json"))]
    return [report for report in found if report["playbook"] == playbook]


def changed(report: dict[str, Any]) -> dict[str, list[str]]:
    """Host → names of the tasks that changed it."""
    return {host: names for host, names in report["changed"].items() if names}
