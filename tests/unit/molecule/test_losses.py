# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counting what a ping lost: table tests."""

from __future__ import annotations

import pytest

from tests.molecule.losses import Losses, losses


def output(answered: list[int], sent: int) -> str:
    """As ping writes it, five packets a second."""
    lines = ["PING 172.20.32.2 (172.20.32.2) 56(84) bytes of data."]
    lines += [
        f"[{1764363600 + n / 5:.6f}] 64 bytes from 172.20.32.2: icmp_seq={n} ttl=62 time=0.1 ms"
        for n in answered
    ]
    lines += ["", "--- 172.20.32.2 ping statistics ---"]
    share = f"{len(answered)} received, 0% packet loss, time {sent * 200}ms"
    return "\n".join([*lines, f"{sent} packets transmitted, {share}", "rtt min/avg 1/2", ""])


@pytest.mark.parametrize(
    ("answered", "sent", "expected"),
    [
        (range(1, 101), 100, Losses(100, 0, 0.0)),
        # Out of order, and twice.
        ([1, 3, 2, 2, 4], 4, Losses(4, 0, 0.0)),
        # In the middle, in two places, at the start.
        ([1, 2, 6, 7], 7, Losses(7, 3, 0.8)),
        ([1, 3, 6], 6, Losses(6, 3, 0.6)),
        ([4, 5], 5, Losses(5, 3, 0.0)),
        # Those on their way do not count; a silence up to the end does.
        (range(1, 98), 100, Losses(97, 0, 0.0)),
        (range(1, 91), 100, Losses(100, 10, 2.2)),
        ([], 50, Losses(50, 50, 10.0)),
    ],
)
def test_what_is_counted(answered: list[int], sent: int, expected: Losses) -> None:
    assert losses(output(list(answered), sent)) == expected


def test_an_error_is_no_answer() -> None:
    unreachable = "[1764363600.4] From 172.20.24.1 icmp_seq=2 Destination Host Unreachable\n"
    assert losses(unreachable + output([1, 3], 3)) == Losses(3, 1, 0.4)


def test_a_ping_that_still_runs_is_refused() -> None:
    with pytest.raises(ValueError, match="not ended"):
        losses("[1764363600.1] 64 bytes from 10.0.0.1: icmp_seq=1 ttl=62 time=0.1 ms\n")
