# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured: medians, ratios, limits, as a table and as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from tests.bench.contenders import FLOOR, IP_BATCH, OURS

MANY, MOST = 1000, 4000
STEPS = {
    "own": "ours, without Ansible's validation and report",
    "info": "module topology_info, reading it all",
}


@dataclass
class Results:
    """Seconds of each repetition, by contender and size.

    ``steps`` holds what else was seen of the module: unchanged, absent, own (without Ansible's
    validation and report), memory (MB), and info (module topology_info of the same network), by
    size; ``tasks`` whole tasks, plain and diff.
    """

    seconds: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    steps: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    tasks: dict[str, list[float]] = field(default_factory=dict)

    def add(self, contender: str, size: int, seconds: float) -> None:
        self.seconds.setdefault((contender, size), []).append(seconds)

    def add_step(self, step: str, size: int, value: float) -> None:
        self.steps.setdefault((step, size), []).append(value)

    def median(self, contender: str, size: int) -> float | None:
        values = self.seconds.get((contender, size))
        return statistics.median(values) if values else None

    def step(self, name: str, size: int) -> float | None:
        values = self.steps.get((name, size))
        return statistics.median(values) if values else None

    def ratio(self, one: str, other: str, size: int) -> float | None:
        return _quotient(self.median(one, size), self.median(other, size))

    def growth(self, contender: str, low: int, high: int) -> float | None:
        return _quotient(self.median(contender, high), self.median(contender, low))


@dataclass(frozen=True)
class Limit:
    """``value`` is None when this run did not measure it."""

    what: str
    value: float | None
    most: float = math.inf
    least: float = -math.inf

    @property
    def met(self) -> bool:
        return self.value is None or self.least <= self.value <= self.most

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.what}: not measured"
        verdict = "met" if self.met else "MISSED"
        bound = f"at most {self.most:.2f}" if self.most < math.inf else f"at least {self.least:.2f}"
        return f"{self.what}: {self.value:.2f}, {bound}: {verdict}"

    def document(self) -> dict[str, Any]:
        bounds = {"most": self.most, "least": self.least}
        finite = {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
        return {"what": self.what, "value": self.value, **finite, "met": self.met}


def _quotient(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def limits(results: Results, low: int) -> list[Limit]:
    """What the module promises; ``low`` is the smallest size that was measured."""
    floors = results.growth(FLOOR, low, MANY)
    own = _quotient(results.step("own", MANY), results.median(FLOOR, MANY))
    diff = {name: statistics.median(values) for name, values in results.tasks.items()}
    return [
        Limit(f"ours / ip -batch at {MANY:,}", results.ratio(OURS, IP_BATCH, MANY), 0.45),
        Limit(f"the module's own work / floor at {MANY:,}", own, 1.6),
        Limit(f"unchanged at {MANY:,}, seconds", results.step("unchanged", MANY), 1.0),
        Limit(f"topology_info at {MANY:,}, seconds", results.step("info", MANY), 1.5),
        Limit(f"memory at {MOST:,}, MB", results.step("memory", MOST), 300.0),
        Limit(
            f"growth of ours from {low:,} to {MANY:,}",
            results.growth(OURS, low, MANY),
            1.1 * floors if floors else 0.0,
        ),
        Limit(
            "a task that changes 4,000 objects, --diff / without",
            _quotient(diff.get("diff"), diff.get("plain")),
            1.5,
        ),
    ]


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    ip = subprocess.run(["ip", "-V"], capture_output=True, text=True, check=True).stdout
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
        "ip": ip.strip(),
        "pyroute2": version("pyroute2"),
        "load": round(os.getloadavg()[0], 1),
    }


def tables(results: Results, about: dict[str, Any], repeat: int) -> str:
    """Markdown, as it stands in README.md."""
    sizes = sorted({size for dummy, size in results.seconds})
    contenders = dict.fromkeys(name for name, dummy in results.seconds)
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {about['cores']} cores, {about['memory_gb']} GB,"
        f" kernel {about['kernel']}, Python {about['python']}, pyroute2 {about['pyroute2']};"
        f" seconds, the median of {repeat}, and how many times the floor's.",
        "",
        "| rooms | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for name in sorted(contenders, key=lambda n: results.median(n, MANY) or 0.0):
        lines.append(_row(name, [_cell(results, name, size) for size in sizes]))
    for step in ("own", "unchanged", "absent", "info"):
        values = [results.step(step, size) for size in sizes]
        name = STEPS.get(step, f"ours, {step}")
        cells = []
        for value, size in zip(values, sizes):
            ratio = _quotient(value, results.median(FLOOR, size)) if step == "own" else None
            cells.append(_text(value, ratio))
        lines.append(_row(name, cells))
    values = [results.step("memory", size) for size in sizes]
    lines.append(_row("ours, memory", ["" if v is None else f"{v:.0f} MB" for v in values]))
    return "\n".join(lines)


def _row(name: str, cells: list[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def _cell(results: Results, name: str, size: int) -> str:
    return _text(results.median(name, size), results.ratio(name, FLOOR, size))


def _text(seconds: float | None, ratio: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f}" + (f" ({ratio:.1f} ×)" if ratio is not None else "")


def as_json(results: Results, about: dict[str, Any], found: list[Limit]) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "machine": about,
        "seconds": [
            {
                "contender": name,
                "size": size,
                "all": [round(value, 4) for value in values],
                "median": round(statistics.median(values), 4),
                "to_floor": _rounded(results.ratio(name, FLOOR, size)),
                "to_ip_batch": _rounded(results.ratio(name, IP_BATCH, size)),
            }
            for (name, size), values in results.seconds.items()
        ],
        "ours": [
            {"step": step, "size": size, "all": [round(value, 4) for value in values]}
            for (step, size), values in results.steps.items()
        ],
        "tasks": results.tasks,
        "limits": [limit.document() for limit in found],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


class Judged(Protocol):
    """What a benchmark promises; as text it says the value and whether it is met."""

    @property
    def met(self) -> bool:
        """Whether it is kept."""


def publish(text: str, found: Sequence[Judged], data: Mapping[str, Any], path: Path) -> int:
    """Print table and limits, write ``data`` to a file; 1 when a limit is missed, else 0."""
    print(f"\n{text}\n", flush=True)
    for limit in found:
        print(limit, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    print(f"all of it: {path}", flush=True)
    return 0 if all(limit.met for limit in found) else 1
