# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the output of a long ping says of the packets that were lost. Python alone is needed.

Usage: losses.py FILE INTERVAL [AFTER]
                          prints {"sent", "lost", "gap"} as JSON; INTERVAL is ping's, in seconds,
                          AFTER how many packets count as sent before what is to be looked at
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

# "64 bytes from 172.20.32.2: icmp_seq=7 ttl=62 time=0.1 ms", and not "From 172.20.24.1 icmp_seq=7
# Destination Host Unreachable".
_ANSWER = re.compile(r"^(?:\[[0-9.]+\] )?\d+ bytes from \S+ icmp_seq=(\d+) ", re.MULTILINE)
_SENT = re.compile(r"^(\d+) packets transmitted", re.MULTILINE)
# ping does not wait for the last ones when it is interrupted: they are on their way, not lost.
_ON_THEIR_WAY = 5


@dataclass(frozen=True)
class Losses:
    """Packets that were sent and lost, and how many seconds the longest silence took."""

    sent: int
    lost: int
    gap: float


def answers(text: str) -> list[int]:
    """The numbers of the packets that were answered."""
    return [int(number) for number in _ANSWER.findall(text)]


def losses(text: str, interval: float, after: int = 0) -> Losses:
    """What was lost of the packets behind number ``after``."""
    answered = sorted({number for number in answers(text) if number > after})
    said = _SENT.search(text)
    if said is None:
        raise ValueError("ping has not ended, or its output is cut off")
    end = int(said.group(1))
    if answered and end - answered[-1] <= _ON_THEIR_WAY:
        end = answered[-1]
    edges = [after, *answered, end + 1]
    longest = max(later - earlier - 1 for earlier, later in zip(edges, edges[1:]))
    sent = end - after
    return Losses(sent, sent - len(answered), round(longest * interval, 2))


def main() -> None:
    """Look at a file."""
    path, interval = Path(sys.argv[1]), float(sys.argv[2])
    after = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    print(json.dumps(vars(losses(path.read_text(encoding="utf-8"), interval, after))))


if __name__ == "__main__":
    main()
