# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the output of a long `ping -D` says of the packets that were lost. Python alone is needed.

Usage: losses.py FILE   prints {"sent", "lost", "gap"} as JSON; gap is the longest silence in s
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

# "[1764363600.123456] 64 bytes from 172.20.32.2: icmp_seq=7 ttl=62 time=0.1 ms", and not
# "[1764363600.123456] From 172.20.24.1 icmp_seq=7 Destination Host Unreachable".
_ANSWER = re.compile(r"^\[([0-9.]+)\] \d+ bytes from \S+ icmp_seq=(\d+) ", re.MULTILINE)
_SENT = re.compile(r"^(\d+) packets transmitted.* time (\d+)ms$", re.MULTILINE)
# ping does not wait for the last ones when it is interrupted: they are on their way, not lost.
_ON_THEIR_WAY = 5


@dataclass(frozen=True)
class Losses:
    """Packets that were sent and lost, and how many seconds the longest silence took."""

    sent: int
    lost: int
    gap: float


def answers(text: str) -> dict[int, float]:
    """When the packets that were answered were answered, by their number; the first time counts."""
    found: dict[int, float] = {}
    for moment, number in _ANSWER.findall(text):
        found.setdefault(int(number), float(moment))
    return found


def losses(text: str) -> Losses:
    """What was lost. The silence is measured in time: a busy machine sends less often."""
    answered = answers(text)
    said = _SENT.search(text)
    if said is None:
        raise ValueError("ping has not ended, or its output is cut off")
    sent, seconds = int(said.group(1)), int(said.group(2)) / 1000
    if not answered:
        return Losses(sent, sent, round(seconds, 1))
    numbers = sorted(answered)
    first, last = numbers[0], numbers[-1]
    gaps = [0.0]
    for one, next_one in zip(numbers, numbers[1:]):
        if next_one > one + 1:
            gaps.append(answered[next_one] - answered[one])
    if sent - last <= _ON_THEIR_WAY:
        sent = last
    else:
        gaps.append(seconds - (answered[last] - answered[first]))
    return Losses(sent, sent - len(numbers), round(max(gaps), 1))


def main() -> None:
    """Look at a file."""
    print(json.dumps(vars(losses(Path(sys.argv[1]).read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main()
