# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make bench-hosts` makes of what it measured: which limits fail, and the table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bench.hosts_report import PLAIN, RESERVED, Results, Run, as_json, limits, tables
from tests.bench.report import Limit

ABOUT = {"cores": 2, "memory_gb": 24, "kernel": "6.18", "load": 0.1}


def run(how: str, size: int = 100, **changes: Any) -> Run:
    usual: dict[str, Any] = {
        "seconds": 12.0,
        "restarts": 0 if how == RESERVED else 21,
        "flanneld_mb": 47.0,
        "all_flanneld_mb": 900.0,
        "etcd_seconds": 6.0,
        "etcd_idle_share": 0.004,
        "requests": {"LeaseTimeToLive": 20100.0, "Range": 300.0},
    }
    return Run(how, size, **{**usual, **changes})


def missed(*runs: Run) -> list[str]:
    return [limit.what for limit in limits(Results(list(runs))) if not limit.met]


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([run(PLAIN), run(RESERVED)], []),
        ([run(PLAIN), run(RESERVED, restarts=1)], ["restarts after reserving"]),
        ([run(PLAIN), run(RESERVED, seconds=20.1)], ["seconds until all routes"]),
        # Where nothing collides the reservations prove nothing.
        ([run(PLAIN, restarts=0), run(RESERVED)], ["restarts of the plain start"]),
        ([run(PLAIN), run(RESERVED, etcd_idle_share=0.5)], ["etcd's share of a core"]),
        # The slowest of several counts.
        ([run(PLAIN), run(RESERVED), run(RESERVED, seconds=30.0)], ["seconds until all routes"]),
        # Other sizes are shown, and only restarts are promised for them.
        ([run(PLAIN, 25, restarts=0), run(RESERVED, 25, seconds=60.0)], []),
        ([run(PLAIN, 25), run(RESERVED, 25, restarts=1)], ["restarts after reserving"]),
    ],
)
def test_limits(runs: list[Run], words: list[str]) -> None:
    found = missed(*runs)
    assert len(found) == len(words)
    assert all(what.startswith(word) for what, word in zip(found, words))


@pytest.mark.parametrize(
    ("limit", "met", "text"),
    [
        (Limit("x", 1.0, 2.0), True, "x: 1.00, at most 2.00: met"),
        (Limit("x", 3.0, 2.0), False, "x: 3.00, at most 2.00: MISSED"),
        (Limit("x", 3.0, least=1.0), True, "x: 3.00, at least 1.00: met"),
        (Limit("x", 0.0, least=1.0), False, "x: 0.00, at least 1.00: MISSED"),
        (Limit("x", None, 2.0), True, "x: not measured"),
    ],
)
def test_a_limit(limit: Limit, met: bool, text: str) -> None:
    assert limit.met is met
    assert str(limit) == text


def test_the_table_has_a_column_for_each_size_and_the_median() -> None:
    runs = [run(how, size) for size in (25, 100) for how in (PLAIN, RESERVED)]
    runs += [run(RESERVED, 100, seconds=seconds) for seconds in (14.0, 99.0)]
    lines = tables(Results(runs), ABOUT, 3).splitlines()
    assert "| hosts | 25 | 100 |" in lines
    assert "| plain start: restarts of flanneld | 21 | 21 |" in lines
    assert "| reserved start: seconds | 12.0 | 14.0 |" in lines
    assert "| of them for a lease's time to live | 20,100 | 20,100 |" in lines
    assert "| etcd while starting, share of a core | 50% | 43% |" in lines


def test_the_report_is_json() -> None:
    results = Results([run(PLAIN), run(RESERVED)])
    document = json.loads(json.dumps(as_json(results, ABOUT, limits(results))))
    assert [entry["how"] for entry in document["runs"]] == [PLAIN, RESERVED]
    assert {"what", "value", "met"} <= set(document["limits"][0])
    assert "Infinity" not in json.dumps(document)
