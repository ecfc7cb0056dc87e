# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host for roles docker and docker_networks.

Own /etc, /run, /var/lib and network, and a stand-in for systemd.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.network.sandbox import FIRST

ROOT = Path(__file__).resolve().parents[3]
STAND_IN = Path(__file__).resolve().parent / "stand_in"
ROLE = "netfabric.container_net.docker"

SETUP = """
set -e
mount --make-rprivate /
cp -a /etc "$1/etc"
mount --bind "$1/etc" /etc
rm -rf /etc/docker /etc/systemd/system/docker.service*
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /usr/local/lib
mkdir -p /run/lock /run/systemd/system /run/stand_in "$1/bin"
for name in systemctl journalctl dockerd docker; do
    printf '#!/bin/sh\\nexec /usr/bin/python3 "%s/%s" "$@"\\n' "$1/programs" "$name" >"$1/bin/$name"
    chmod 755 "$1/bin/$name"
done
mkdir "$1/programs"
for name in systemctl journalctl dockerd docker; do cp "$2/stand_in.py" "$1/programs/$name"; done
ip link set dev lo up
/usr/bin/python3 "$2/api.py" &
for i in $(seq 600); do [ ! -S /run/docker.sock ] || break; sleep 0.05; done
"""


class RoleHost:
    """All of it, and every process on it, is gone when its process 1 ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc"]
            + ["sh", "-c", SETUP + FIRST + "cat", "setup", str(directory), str(STAND_IN)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the host did not start: not root?"
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        self._first = children.strip()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def shell(self, command: str, check: bool = True) -> str:
        """Run a shell command on the host."""
        done = self._enter(["sh", "-c", command])
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log(self) -> list[str]:
        """What was done to Docker since the last call."""
        return self.shell("cat /run/stand_in/log 2>/dev/null; rm -f /run/stand_in/log").splitlines()

    def settings(self) -> Any:
        """daemon.json, None where there is none."""
        text = self.shell("cat /etc/docker/daemon.json 2>/dev/null", check=False)
        return json.loads(text) if text else None

    def apply(
        self,
        *flags: str,
        role: str = ROLE,
        tasks_from: str = "main",
        die: bool = False,
        **variables: Any,
    ) -> tuple[dict[str, int], str]:
        """Run the role; the counts of Ansible's recap, and all that Ansible said.

        With ``die`` a task after the role fails, before the handlers run.
        """
        tasks: list[dict[str, Any]] = [
            {"ansible.builtin.include_role": {"name": role, "tasks_from": tasks_from}}
        ]
        if die:
            tasks.append({"ansible.builtin.fail": {"msg": "on purpose"}})
        playbook = self.directory / "play.json"
        play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks, "vars": variables}
        playbook.write_text(json.dumps([play]))
        python = Path(sys.executable)
        packages = ":".join(path for path in sys.path if path.endswith("site-packages"))
        done = self._enter(
            [
                "env",
                f"PATH={self.directory}/bin:{python.parent}:/usr/sbin:/usr/bin:/sbin:/bin",
                f"HOME={self.directory}",
                "LANG=C.UTF-8",
                f"ANSIBLE_COLLECTIONS_PATH={ROOT / '.build'}:{packages}",
                "ANSIBLE_STDOUT_CALLBACK=ansible.posix.json",
                str(python.parent / "ansible-playbook"),
                *flags,
                "-e",
                f"ansible_python_interpreter={python}",
                str(playbook),
            ]
        )
        assert done.stdout.lstrip().startswith("{"), done.stdout + done.stderr
        return json.loads(done.stdout)["stats"]["localhost"], done.stdout

    def _enter(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nsenter", f"--target={self._first}", "--net", "--mount", "--pid", *command],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
