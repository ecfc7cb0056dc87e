# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/count_tests.py: what a green run must not hide."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).resolve().parents[3]
REPORT = (
    '<testsuites><testsuite name="x" tests="{tests}" failures="{failures}" errors="{errors}"'
    ' skipped="{skipped}" time="1.5"/></testsuites>'
)


def count(report: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "count_tests.py"), str(report)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    ("counts", "status", "says"),
    [
        ((5, 0, 0, 0), 0, "5 passed, 0 failed, 0 skipped"),
        ((5, 1, 0, 0), 1, "1 failed"),
        ((5, 0, 1, 0), 1, "1 failed"),
        ((5, 0, 0, 2), 1, "nothing may be skipped"),
        ((0, 0, 0, 0), 1, "at least 1 expected"),
    ],
    ids=["green", "failure", "error", "skipped", "empty"],
)
def test_verdicts(
    tmp_path: Path, counts: tuple[int, int, int, int], status: int, says: str
) -> None:
    tests, failures, errors, skipped = counts
    report = tmp_path / "some_run.xml"
    report.write_text(REPORT.format(tests=tests, failures=failures, errors=errors, skipped=skipped))
    result = count(report)
    assert result.returncode == status
    assert says in result.stdout


def test_a_floor_that_lost_its_tests_fails(tmp_path: Path) -> None:
    report = tmp_path / "unit.xml"
    report.write_text(REPORT.format(tests=1, failures=0, errors=0, skipped=0))
    result = count(report)
    assert result.returncode == 1
    assert "unit: 1 tests, at least" in result.stdout


def verifies(scenario: Path) -> int:
    """How often a scenario's tests run."""
    return scenario.read_text().splitlines().count("    - verify")


def test_every_run_has_a_least_count() -> None:
    """A run that lost its tests, such as a scenario whose test file moved, must not pass."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        least = tomllib.load(stream)["tool"]["container_net"]["least_counts"]
    old = re.search(r"^OLD_PYROUTE2 := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert old
    scenarios = list(ROOT.glob("molecule/*/molecule.yml"))
    assert set(least) == {
        "unit",
        "kernel",
        "kernel-short",
        "kernel-faults",
        "lab",
        "molecule-bridge_network-short",
        *(f"kernel-smoke-{version}" for version in old[1].split()),
        *(f"molecule-{path.parent.name}" for path in scenarios),
        *(f"molecule-{path.parent.name}.second" for path in scenarios if verifies(path) > 1),
    }
    assert all(count > 1 for count in least.values())
