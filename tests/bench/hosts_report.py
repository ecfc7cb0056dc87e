# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured of many hosts: limits, a table and JSON."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from tests.bench.report import Limit

PLAIN, RESERVED = "plain start", "reserved start"
# The size that the limits are promised for.
PROMISED = 100


@dataclass(frozen=True)
class Run:
    """One start of all hosts; memory in MB, ``requests`` to etcd by their kind."""

    how: str
    size: int
    seconds: float
    restarts: int
    flanneld_mb: float
    all_flanneld_mb: float
    etcd_seconds: float
    etcd_idle_share: float
    requests: dict[str, float]
    reserving_seconds: float = 0.0

    @property
    def etcd_share(self) -> float:
        """How much of a processor core etcd took until all routes were there."""
        return self.etcd_seconds / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.size:>5} {self.how}: {self.restarts} restarts, {self.seconds:.1f} s until all"
            f" routes were everywhere; etcd {self.etcd_seconds:.1f} s of a core, flanneld"
            f" {self.flanneld_mb:.0f} MB"
        )


@dataclass
class Results:
    """All runs, of every repetition."""

    runs: list[Run] = field(default_factory=list)

    def sizes(self) -> list[int]:
        return sorted({run.size for run in self.runs})

    def values(self, how: str, size: int, of: Callable[[Run], float]) -> list[float]:
        return [of(run) for run in self.runs if (run.how, run.size) == (how, size)]

    def median(self, how: str, size: int, of: Callable[[Run], float]) -> float:
        return statistics.median(self.values(how, size, of))


def limits(results: Results) -> list[Limit]:
    """What is promised. The plain start has to show what the reservations are for."""
    reserved = [run for run in results.runs if run.how == RESERVED]
    slowest = results.values(RESERVED, PROMISED, lambda run: run.seconds)
    plain = results.values(PLAIN, PROMISED, lambda run: run.restarts)
    return [
        Limit("restarts after reserving, at any size", max(run.restarts for run in reserved), 0),
        Limit(
            f"seconds until all routes are everywhere, {PROMISED} reserved hosts",
            max(slowest, default=None),
            20.0,
        ),
        Limit(
            f"restarts of the plain start of {PROMISED} hosts",
            min(plain, default=None),
            least=1,
        ),
        Limit(
            "etcd's share of a core afterwards, at any size",
            max(run.etcd_idle_share for run in reserved),
            0.2,
        ),
    ]


def tables(results: Results, about: dict[str, Any], repeat: int) -> str:
    """Markdown, as it stands in docs/scale.md."""
    sizes = results.sizes()
    rows: list[tuple[str, str, Callable[[Run], float], str]] = [
        ("plain start: restarts of flanneld", PLAIN, lambda run: run.restarts, ".0f"),
        ("plain start: seconds until all routes are everywhere", PLAIN, lambda r: r.seconds, ".1f"),
        ("reserved start: restarts of flanneld", RESERVED, lambda run: run.restarts, ".0f"),
        ("reserved start: seconds", RESERVED, lambda run: run.seconds, ".1f"),
        ("reserving before it: seconds", RESERVED, lambda run: run.reserving_seconds, ".1f"),
        ("memory of one flanneld, MB", RESERVED, lambda run: run.flanneld_mb, ".0f"),
        ("memory of all flanneld here, MB", RESERVED, lambda run: run.all_flanneld_mb, ".0f"),
        ("requests to etcd while starting", RESERVED, _requests, ",.0f"),
        ("of them for a lease's time to live", RESERVED, _time_to_live, ",.0f"),
        ("etcd while starting, seconds of a core", RESERVED, lambda run: run.etcd_seconds, ".1f"),
        ("etcd while starting, share of a core", RESERVED, lambda run: run.etcd_share, ".0%"),
        ("etcd afterwards, share of a core", RESERVED, lambda run: run.etcd_idle_share, ".1%"),
    ]
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {about['cores']} cores, {about['memory_gb']} GB,"
        f" kernel {about['kernel']}, load {about['load']} before; the median of {repeat}.",
        "",
        "| hosts | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for name, how, value, style in rows:
        cells = [format(results.median(how, size, value), style) for size in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _requests(run: Run) -> float:
    return sum(run.requests.values())


def _time_to_live(run: Run) -> float:
    return run.requests.get("LeaseTimeToLive", 0.0)


def as_json(results: Results, about: dict[str, Any], found: list[Limit]) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "machine": about,
        "runs": [asdict(run) for run in results.runs],
        "limits": [limit.document() for limit in found],
    }
