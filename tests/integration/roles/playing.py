# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play playbooks on this machine, for tests that need no host of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def play(playbook: Path, folder: Path, *words: str, patience: int = 600) -> tuple[int, str]:
    """Run a playbook; its exit code, and what it printed with every white space as one blank.

    ``patience`` is in seconds.
    """
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([str(ROOT / ".build"), *sys.path]),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    result = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), str(playbook), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
    )
    return result.returncode, " ".join((result.stdout + result.stderr).split())


def inventory(folder: Path, groups: dict[str, Any]) -> str:
    """Write an inventory of groups with their hosts' variables, all on this machine; its path."""
    path = folder / "inventory.json"
    everybody = {"all": {"vars": {"ansible_connection": "local"}}}
    path.write_text(json.dumps({**everybody, **{k: {"hosts": v} for k, v in groups.items()}}))
    return str(path)
