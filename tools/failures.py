# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints what went wrong in a stage's log, in the words of Ansible, pytest and make.

Usage: failures.py LOG  Of a long output often only the end is shown, and that is a summary.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

COLOUR = re.compile(r"(\x1b|\\ ?u001b)\[[0-9;]*m")
FAILED = re.compile(r"(fatal|failed): \[|\[ERROR\]: |FAILED |ERROR +tests/|E  |.* Error [0-9]+$")
SHOWN = 10
WIDTH = 500


def whole_lines(log: str) -> Iterator[str]:
    """The lines as Ansible wrote them, without Molecule's frame.

    Molecule wraps them. The output of a playbook that a task ran stands within that task's result.
    """
    joined = re.sub(r"\n *│   +(?=[^ ])", " ", COLOUR.sub("", log))
    for line in joined.splitlines():
        yield from COLOUR.sub("", re.sub(r"^ *│ ", "", line)).split("\\n")


def failures(log: str) -> list[str]:
    """The last lines that tell of a failure, each task's under its name."""
    found: list[str] = []
    task = ""
    for line in whole_lines(log):
        if line.startswith("TASK ["):
            task = line.rstrip(" *")
        elif FAILED.match(line):
            found += [task] if task else []
            found.append(line[:WIDTH])
            task = ""
    return found[-SHOWN:]


if __name__ == "__main__":
    print("\n".join(failures(Path(sys.argv[1]).read_text(errors="replace"))))
