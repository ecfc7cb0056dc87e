# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the module against the other ways to build the same network, all in one run.

Usage, as root: python -m tests.bench [--sizes 100,200,1000,4000] [--repeat 3]
The contenders take turns within each repetition, so that a load that comes and goes meets them
all. At 4,000 only the floor and the module run; at less than 1,000 those two run five times as
often, since they take a tenth of a second, of which a hiccup is much. Exit 1 when a limit is
missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.bench.contenders import (
    FLOOR,
    OTHERS,
    OURS,
    expect_built,
    fresh_host,
    module,
    task_seconds,
)
from tests.bench.network import Network
from tests.bench.report import MANY, MOST, Results, as_json, limits, machine, publish, tables

REPORT = Path(".build/results/bench.json")


def say(text: str) -> None:
    print(text, flush=True)


def measure_other(results: Results, name: str, wanted: Network) -> None:
    with fresh_host() as host:
        seconds = OTHERS[name](host, wanted)
        expect_built(host, wanted)
    results.add(name, wanted.size, seconds)
    say(f"  {wanted.size:>5} {name}: {seconds:.2f} s")


def measure_ours(results: Results, wanted: Network) -> None:
    size = wanted.size
    with fresh_host() as host:
        made = module(host, wanted.topology(), changed=True)
        expect_built(host, wanted)
        unchanged = module(host, wanted.topology(), changed=False)
        info = module(host, {}, changed=False, name="topology_info")
        absent = module(host, {"name": "bench", "state": "absent"}, changed=True)
        left = host.sh("ls /run/netns").split()
        if left:
            raise RuntimeError(f"absent left {len(left)} namespaces")
    results.add(OURS, size, made["seconds"])
    results.add_step("own", size, made["seconds"] - made["ansible_seconds"])
    results.add_step("unchanged", size, unchanged["seconds"])
    results.add_step("info", size, info["seconds"])
    results.add_step("absent", size, absent["seconds"])
    results.add_step("memory", size, made["memory_mb"])
    say(
        f"  {size:>5} {OURS}: {made['seconds']:.2f} s, unchanged {unchanged['seconds']:.2f} s,"
        f" read {info['seconds']:.2f} s, absent {absent['seconds']:.2f} s,"
        f" {made['memory_mb']:.0f} MB"
    )


def measure_diff(results: Results) -> None:
    """1,000 namespaces, pairs, addresses and routes: a change of 4,000 objects."""
    for name, options in (("plain", ()), ("diff", ("--diff",))):
        with fresh_host() as host:
            seconds = task_seconds(host, Network(MANY), *options)
        results.tasks.setdefault(name, []).append(seconds)
        say(f"  {MANY:>5} {OURS}, a whole task, {name}: {seconds:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=f"100,200,{MANY},{MOST}")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    sizes = [int(text) for text in arguments.sizes.split(",")]
    if os.geteuid() != 0:
        parser.error("the benchmark makes network namespaces: run it as root")
    about = machine()
    results = Results()
    for number in range(1, arguments.repeat + 1):
        say(f"repetition {number} of {arguments.repeat}")
        for size in sizes:
            wanted = Network(size)
            for name in OTHERS:
                if size < MOST and name != FLOOR:
                    measure_other(results, name, wanted)
            for dummy in range(1 if size >= MANY else 5):
                measure_other(results, FLOOR, wanted)
                measure_ours(results, wanted)
        if MANY in sizes:
            measure_diff(results)
    found = limits(results, min(sizes))
    shown = tables(results, about, arguments.repeat)
    return publish(shown, found, as_json(results, about, found), REPORT)


if __name__ == "__main__":
    sys.exit(main())
