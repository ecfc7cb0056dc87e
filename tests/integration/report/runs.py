# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible on this machine, and what it finds there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.integration.network.sandbox import ROOT


def playbook(
    inventory: Path, name: str, *words: str, check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a playbook on the hosts of the inventory; a failure shows what it said."""
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-playbook"),
            "-i",
            str(inventory),
            name,
            *words,
        ],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_HOME": str(inventory.parent / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PIPELINING": "true",
            **environment,
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"{name}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def path_without_dot(folder: Path) -> str:
    """A PATH with all programs of this machine but Graphviz's."""
    programs = folder / "bin"
    programs.mkdir()
    for known in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(known).glob("*") if Path(known).is_dir() else ():
            if program.name != "dot":
                (programs / program.name).unlink(missing_ok=True)
                (programs / program.name).symlink_to(program)
    assert shutil.which("dot", path=str(programs)) is None
    return str(programs)
