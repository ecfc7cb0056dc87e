# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark of streams makes of what it measured."""

from __future__ import annotations

import pytest

from tests.bench.streams import HOST_GW, KERNEL_VXLAN, ROUTE, UDP, VXLAN
from tests.bench.throughput import as_json, ratio, ratios, table

ABOUT = {"cores": 2, "kernel": "6.18.1"}
STREAMS = {
    ROUTE: [10.0, 5.0, 10.0],
    HOST_GW: [9.8, 5.0, 9.9],
    KERNEL_VXLAN: [8.0, 4.0, 8.0],
    VXLAN: [7.9, 4.0, 8.1],
    UDP: [0.2, 0.1, 0.2],
}


def test_a_slow_repetition_meets_both_sides_of_a_ratio() -> None:
    assert ratio(STREAMS, HOST_GW, ROUTE) == pytest.approx(0.99)
    assert [limit.met for limit in ratios(STREAMS)] == [True, True, True]


@pytest.mark.parametrize(
    ("way", "values", "met"),
    [
        (HOST_GW, [9.4, 4.7, 9.4], [False, True, True]),
        (VXLAN, [7.5, 3.7, 7.5], [True, False, True]),
        (UDP, [0.3, 0.2, 0.3], [True, True, False]),
    ],
)
def test_what_is_too_slow_fails(way: str, values: list[float], met: list[bool]) -> None:
    found = ratios({**STREAMS, way: values})
    assert [limit.met for limit in found] == met
    assert [
        limit["met"] for limit in as_json(STREAMS | {way: values}, ABOUT, found)["limits"]
    ] == met


def test_the_table_names_every_way() -> None:
    lines = table(STREAMS, ABOUT, 3).splitlines()
    assert lines[0].endswith("2 cores, kernel 6.18.1; the median of 3 streams of 3 s each.")
    assert "| flannel, host-gw | 9.80 | 5.00 to 9.90 | 0.99 |" in lines
    assert len(lines) == 4 + len(STREAMS)
