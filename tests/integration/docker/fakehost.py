# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host of paths: daemon.json, a unit, a dockerd of shell, and the module run through Ansible."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
MODULE = "netfabric.container_net.docker_daemon_json"

DOCKERD = """#!/bin/sh
case "$1" in
--version) echo "Docker version {version}, build deadbee" ;;
--validate)
    if grep -q refuse-me "$3"; then
        echo "unable to configure the Docker daemon with file $3: no such log driver: refuse-me" >&2
        exit 1
    fi
    echo "configuration OK" >&2 ;;
*) exit 2 ;;
esac
"""


@dataclass
class Host:
    """Everything below ``root``; nothing of this machine's Docker is touched."""

    root: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.root / "etc" / "daemon.json"

    @property
    def unit(self) -> Path:
        return self.root / "unit" / "docker.service"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def marker(self) -> Path:
        return self.state / "pending" / "docker"

    @property
    def pidfile(self) -> Path:
        return self.root / "docker.pid"

    def set_up(self, version: str = "26.1.5+dfsg1", options: str = "-H fd://") -> None:
        """A dockerd of this version, started by a unit with these options."""
        program = self.root / "bin" / "dockerd"
        for folder in (self.file.parent, self.unit.parent, program.parent):
            folder.mkdir(parents=True, exist_ok=True)
        program.write_text(DOCKERD.format(version=version))
        program.chmod(0o755)
        self.unit.write_text(
            f"[Service]\nExecStart={program} --pidfile={self.pidfile} {options} $DOCKER_OPTS\n"
        )

    def start(self) -> None:
        """Start, or start again, something that counts as the running daemon."""
        self.stop()
        daemon = self.root / "dockerd"
        if not daemon.exists():
            shutil.copy("/bin/sleep", daemon)
        process = subprocess.Popen([str(daemon), "600"])
        self.processes.append(process)
        self.pidfile.write_text(f"{process.pid}\n")

    def stop(self) -> None:
        while self.processes:
            process = self.processes.pop()
            process.kill()
            process.wait()

    def options(self, **options: Any) -> dict[str, Any]:
        return {
            "path": str(self.file),
            "unit": str(self.unit),
            "state_dir": str(self.state),
            **options,
        }

    def run(self, *tasks: dict[str, Any], flags: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Run the module once for each set of options; the results in order."""
        return play([{MODULE: self.options(**options)} for options in tasks], self.root, flags)

    def once(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """One run, with --diff; it must succeed."""
        flags = ["--diff", "--check"] if check else ["--diff"]
        (result,) = self.run(options, flags=flags)
        assert not result.get("failed"), result["msg"]
        return result

    def tree(self) -> dict[str, tuple[int, int, bytes]]:
        """All files: mode, owner, content."""
        return {
            str(path.relative_to(self.root)): (
                path.stat().st_mode,
                path.stat().st_uid,
                path.read_bytes(),
            )
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and "ansible" not in path.relative_to(self.root).parts[0]
        }


def play(
    tasks: list[dict[str, Any]], folder: Path, flags: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Run tasks on localhost and return their results; a failed task does not end the play."""
    playbook = folder / "ansible.play.json"
    temporary = folder / "ansible.tmp"
    temporary.mkdir(exist_ok=True)
    # Refusals are results here, which the callers check; Ansible is only to go on to the next.
    play_tasks = [{**task, "ignore_errors": True} for task in tasks]
    playbook.write_text(
        json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": play_tasks}])
    )
    python = Path(sys.executable)
    environment = {
        "PATH": f"{python.parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(
            [str(ROOT / ".build"), *(p for p in sys.path if p.endswith("site-packages"))]
        ),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    }
    process = subprocess.run(
        [
            str(python.parent / "ansible-playbook"),
            *flags,
            "-e",
            f"ansible_python_interpreter={python}",
            str(playbook),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    answer = json.loads(process.stdout)
    return [task["hosts"]["localhost"] for task in answer["plays"][0]["tasks"]]
