# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what callback plugin run_report wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def _reports() -> list[dict[str, Any]]:
    directory = Path(os.environ["CONTAINER_NET_RUN_REPORTS"])
    found = [json.loads(path.read_text()) for path in sorted(directory.glob("*.json"))]
    return [report for report in found if report["playbook"] == "converge.yml"]


def runs() -> list[dict[str, Any]]:
    """The scenario's runs of converge.yml on all hosts, oldest first, without check mode's."""
    return [report for report in _reports() if not report["check"] and not report["limit"]]


def checks() -> list[dict[str, Any]]:
    """Its runs in check mode, oldest first."""
    return [report for report in _reports() if report["check"]]


def changed(report: dict[str, Any]) -> dict[str, list[str]]:
    """Host → names of the tasks that changed it."""
    return {host: names for host, names in report["changed"].items() if names}
