# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures a run of site.yml that finds nothing to do against bare fact gathering, on two VMs.

Usage: python -m tests.bench.site [--repeat 5]
Starts a lab of its own, joins its hosts with site.yml, and then lets `ansible -m setup` and
site.yml take turns, with Ansible's own strategy. Exit 1 when a run changed something or the limit
is missed.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from tests.bench.report import machine, publish

LAB = "bench-site"
LAB_PY = ("/usr/bin/python3", "tests/lab/lab.py")
REPORT = Path(".build/results/bench-site.json")
MOST = 8.0
_CHANGED = re.compile(r" changed=([0-9]+) ")


@dataclass(frozen=True)
class Limit:
    """How many times as long as fact gathering a run may take."""

    value: float

    @property
    def met(self) -> bool:
        return self.value <= MOST

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return f"site.yml / setup: {self.value:.2f}, at most {MOST:.2f}: {verdict}"


def timed(command: Sequence[str]) -> tuple[float, str]:
    """Seconds and output of a command; what failed is shown."""
    began = time.monotonic()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    took = time.monotonic() - began
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        done.check_returncode()
    return took, done.stdout


def measure(inventory: str, repeat: int) -> tuple[list[float], list[float]]:
    """Seconds of fact gathering and of site.yml, in turns."""
    setup = ["ansible", "-i", inventory, "container_net", "-m", "ansible.builtin.setup"]
    site = ["ansible-playbook", "-i", inventory, "-e", "flannel_install_method=go"]
    site.append("netfabric.container_net.site")
    print(f"the first run: {timed(site)[0]:.0f} s", flush=True)
    bare: list[float] = []
    unchanged: list[float] = []
    for number in range(1, repeat + 1):
        bare.append(timed(setup)[0])
        took, output = timed(site)
        changes = _CHANGED.findall(output)
        if not changes or any(count != "0" for count in changes):
            raise SystemExit(f"a second run changed something:\n{output}")
        unchanged.append(took)
        print(f"repetition {number} of {repeat}: setup {bare[-1]:.1f} s, site.yml {took:.1f} s")
    return bare, unchanged


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    about = machine()
    nodes = ["--node=node1=bookworm", "--node=node2=trixie"]
    try:
        found = timed([*LAB_PY, "up", LAB, "--flavour", "warm", *nodes])[1]
        bare, unchanged = measure(found.splitlines()[-1], arguments.repeat)
    finally:
        timed([*LAB_PY, "down", LAB])
    limit = Limit(statistics.median(late / early for early, late in zip(bare, unchanged)))
    text = (
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {about['cores']} cores, two VMs: fact gathering "
        f"{statistics.median(bare):.1f} s, site.yml without changes "
        f"{statistics.median(unchanged):.1f} s (medians of {arguments.repeat})."
    )
    data = {"machine": about, "setup": bare, "site": unchanged, "ratio": limit.value}
    return publish(text, [limit], data, REPORT)


if __name__ == "__main__":
    sys.exit(main())
