# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/failures.py: the end of a failed `make` says what failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[3] / "tools" / "failures.py"
MOLECULE = r"""
INFO     zz ➜ converge: Executing
  ~[2m│~[0m TASK [Well]
  ~[2m│~[0m   ******************************************************
  ~[2m~[32m│~[0m ~[0;32mok: [node1]~[0m
  ~[2m│~[0m TASK [Run it]
  ~[2m│~[0m   ******************************************************
  ~[2m~[31m│~[0m ~[31mfatal: [node1]: FAILED! => {"rc": 2, "stdout":~[0m
  ~[2m~[31m│~[0m ~[31m  "PLAY [I]\n\nTASK [Inner]\n\u001b[0;31mfatal: [node2]:~[0m
  ~[2m~[31m│~[0m ~[31m  UNREACHABLE! => no route\u001b[0m\n", "stderr": ""}~[0m
  ~[2m│~[0m PLAY RECAP
INFO     zz ➜ destroy: Executing
""".replace("~", "\x1b")


def said(log: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "stage.log"
    path.write_text(log)
    words = [sys.executable, str(TOOL), str(path)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()


def test_a_task_of_molecule_and_the_one_within_it(tmp_path: Path) -> None:
    assert said(MOLECULE, tmp_path) == [
        "TASK [Run it]",
        'fatal: [node1]: FAILED! => {"rc": 2, "stdout": "PLAY [I]',
        "TASK [Inner]",
        "fatal: [node2]: UNREACHABLE! => no route",
    ]


def test_pytest_and_make(tmp_path: Path) -> None:
    lines = ["E   assert 1 == 2", "FAILED tests/x.py::test_y", "make[1]: *** [x] Error 2"]
    assert said("\n".join(["collected 3 items", *lines, "3 failed"]), tmp_path) == lines


def test_only_the_last_of_many(tmp_path: Path) -> None:
    found = said("\n".join(f"FAILED tests/x.py::test_{number}" for number in range(99)), tmp_path)
    assert len(found) == 10
    assert found[-1].endswith("test_98")
