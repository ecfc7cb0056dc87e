# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds up JUnit reports and refuses what a green run must not hide.

Usage: count_tests.py REPORT.xml...  A report's name is the name of its run. Exit 1 when
anything failed or was skipped, or when a run collected fewer tests than pyproject.toml's
[tool.container_net.least_counts] demands.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Count:
    """How many tests of one run ended how; ``seconds`` as pytest measured them."""

    total: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> int:
        return self.total - self.failed - self.skipped

    def __add__(self, other: Count) -> Count:
        return Count(
            self.total + other.total,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.seconds + other.seconds,
        )

    def __str__(self) -> str:
        return (
            f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
            f" in {self.seconds:.0f} s"
        )


def read(report: Path) -> Count:
    """Count one JUnit file; an error in set-up or tear-down is a failure."""
    count = Count()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        count += Count(
            int(suite.get("tests", "0")),
            int(suite.get("failures", "0")) + int(suite.get("errors", "0")),
            int(suite.get("skipped", "0")),
            float(suite.get("time", "0")),
        )
    return count


def complaints(counts: dict[str, Count], least: dict[str, int]) -> list[str]:
    """Say what is wrong with these counts, one sentence each."""
    found = []
    for name, count in counts.items():
        if count.failed:
            found.append(f"{name}: {count.failed} failed")
        if count.skipped:
            found.append(f"{name}: {count.skipped} skipped, and nothing may be skipped")
        if count.total < least.get(name, 1):
            found.append(f"{name}: {count.total} tests, at least {least.get(name, 1)} expected")
    return found


def main() -> int:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        least = tomllib.load(stream)["tool"]["container_net"]["least_counts"]
    counts = {path.stem: read(path) for path in map(Path, sys.argv[1:])}
    for name, count in counts.items():
        print(f"    tests: {name:<28} {count}")
    if len(counts) > 1:
        print(f"    tests: {'total':<28} {sum(counts.values(), Count())}")
    problems = complaints(counts, least)
    for problem in problems:
        print(f"    tests: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
