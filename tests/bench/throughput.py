# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures one TCP stream from container to container for every way of joining, all in one run.

Usage, as root: python -m tests.bench.throughput [--seconds 3] [--repeat 7]
All ways stand side by side from the beginning; within each repetition they take turns, there and
back, so that a load that comes and goes meets them all. Exit 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.bench.report import machine, publish
from tests.bench.streams import HOST_GW, KERNEL_VXLAN, ROUTE, UDP, VXLAN, WAYS

REPORT = Path(".build/results/bench-throughput.json")

# Gbit/s of each repetition, by way.
Streams = dict[str, list[float]]


@dataclass(frozen=True)
class Ratio:
    """How many times the other's throughput one has, and how many it is to have at least."""

    one: str
    other: str
    least: float
    value: float

    @property
    def met(self) -> bool:
        return self.value >= self.least

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return f"{self.one} / {self.other}: {self.value:.2f}, at least {self.least:.2f}: {verdict}"


def ratio(streams: Streams, one: str, other: str) -> float:
    """The median of what each repetition shows: its two streams met the same load."""
    return statistics.median(a / b for a, b in zip(streams[one], streams[other]))


def ratios(streams: Streams) -> list[Ratio]:
    """What the collection promises."""
    wanted = ((HOST_GW, ROUTE, 0.95), (VXLAN, KERNEL_VXLAN, 0.95), (VXLAN, UDP, 30.0))
    return [Ratio(one, other, least, ratio(streams, one, other)) for one, other, least in wanted]


def table(streams: Streams, about: dict[str, Any], seconds: int) -> str:
    """Markdown, as it stands in README.md."""
    repeat = len(streams[ROUTE])
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {about['cores']} cores, kernel {about['kernel']};"
        f" the median of {repeat} streams of {seconds} s each.",
        "",
        "| joined by | Gbit/s | lowest to highest | a route made by hand = 1 |",
        "|---|---|---|---|",
    ]
    for way, values in streams.items():
        spread = f"{min(values):.2f} to {max(values):.2f}"
        share = ratio(streams, way, ROUTE)
        lines.append(f"| {way} | {statistics.median(values):.2f} | {spread} | {share:.2f} |")
    return "\n".join(lines)


def as_json(streams: Streams, about: dict[str, Any], found: list[Ratio]) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "machine": about,
        "gbit_per_second": [
            {
                "way": way,
                "all": [round(value, 3) for value in values],
                "median": round(statistics.median(values), 3),
            }
            for way, values in streams.items()
        ],
        "limits": [{**vars(limit), "met": limit.met} for limit in found],
    }


def measure(seconds: int, repeat: int) -> Streams:
    streams: Streams = {way: [] for way in WAYS}
    with contextlib.ExitStack() as stack:
        joined = {way: stack.enter_context(make()) for way, make in WAYS.items()}
        for number in range(1, repeat + 1):
            print(f"repetition {number} of {repeat}", flush=True)
            for way in list(joined) if number % 2 else reversed(joined):
                streams[way].append(joined[way].stream(seconds))
                print(f"  {way}: {streams[way][-1]:.2f} Gbit/s", flush=True)
    return streams


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("the benchmark makes network namespaces: run it as root")
    about = machine()
    streams = measure(arguments.seconds, arguments.repeat)
    found = ratios(streams)
    shown = table(streams, about, arguments.seconds)
    return publish(shown, found, as_json(streams, about, found), REPORT)


if __name__ == "__main__":
    sys.exit(main())
