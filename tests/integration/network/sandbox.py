# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A throw-away host: the real kernel, in network, mount and process namespaces of its own.

Its /run, and so its /run/netns, its /etc and the collection's directories are its own too. All of
it, and every process on it, is gone as soon as its process 1 ends, which it does when pytest does,
however that ends. So the tests can use the tutorials' names and run beside anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]

UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc")
ENTER = ("--net", "--mount", "--pid")

# A shared /run is what systemd's hosts have. /var/lib is the machine's, but for our directory.
MOUNTS = """
set -e
mount -t tmpfs tmpfs /run
mount --make-shared /run
mkdir -p /run/lock /run/var.lib
mount --bind /var/lib /run/var.lib
mount -t tmpfs tmpfs /var/lib
ln -s /run/var.lib/* /var/lib/
rm -f /var/lib/container_net
cp -a /etc /run/etc
mount --bind /run/etc /etc
mkdir /run/usr.lib
mount --bind /usr/local/lib /run/usr.lib
mount -t tmpfs tmpfs /usr/local/lib
for folder in /run/usr.lib/*; do
    [ ! -e "$folder" ] || [ "${folder##*/}" = container_net ] || ln -s "$folder" /usr/local/lib/
done
rm -rf /etc/container_net
ip link set dev lo up
"""
# Process 1 inherits what is left behind. It is no init, so the kernel has to take the dead away:
# who waits for a daemon to be gone would wait for ever.
FIRST = """
echo ready
exec env --ignore-signal=CHLD """


class Sandbox:
    setup = MOUNTS + FIRST + "cat"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._process = subprocess.Popen(
            [*UNSHARE, "sh", "-c", self.setup],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the sandbox did not start: are you root?")
        # unshare waits for its one child, which is process 1 in there.
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        self.first = children.strip()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def run(
        self, *command: str, check: bool = True, timeout: float = 900, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as on that host; a failure shows what it said."""
        done = subprocess.run(
            ["nsenter", f"--target={self.first}", *ENTER, "--wd", *command],
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
            **more,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def sh(self, script: str, check: bool = True) -> str:
        return self.run("sh", "-ec", script, check=check).stdout

    def succeeds(self, *command: str) -> bool:
        return self.run(*command, check=False).returncode == 0

    def ip(self, *arguments: str) -> Any:
        """`ip -j`, parsed."""
        text = self.run("ip", "-j", "-d", *arguments).stdout
        return json.loads(text) if text.strip() else []

    # --- Ansible ---

    def ansible(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_REMOTE_TMP": str(self.directory / "remote"),
            "ANSIBLE_LOCAL_TEMP": str(self.directory / "local"),
        }
        return self.run(*command, check=check, env=environment)

    def playbook(self, path: Path | str, *options: str, check: bool = True) -> list[dict[str, Any]]:
        """Run a playbook on this host; the results of its tasks, in their order."""
        # The tests are root already, and a small machine has no sudo.
        options = ("-e", '{"ansible_become": false}', *options)
        done = self.ansible(
            "ansible-playbook", "-i", "localhost,", "-c", "local", str(path), *options, check=False
        )
        if "{" not in done.stdout:
            raise AssertionError(f"{path}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        results = self._results(done.stdout)
        if check and done.returncode != 0:
            raise AssertionError(f"{path}: exit {done.returncode}\n{results[-1]}\n{done.stderr}")
        return results

    def play(self, tasks: list[dict[str, Any]], *options: str, check: bool = True) -> list[Any]:
        """Run tasks on this host; their results, in their order."""
        path = self.directory / "play.yml"
        play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
        path.write_text(json.dumps([play]), encoding="utf-8")
        return self.playbook(path, *options, check=check)

    @staticmethod
    def _results(text: str) -> list[dict[str, Any]]:
        plays = json.loads(text[text.index("{") :])["plays"]
        return [
            {"task": task["task"]["name"], **task["hosts"]["localhost"]}
            for play in plays
            for task in play["tasks"]
            if "localhost" in task["hosts"]  # not so for meta tasks
        ]

    # --- what is there ---

    def namespaces(self) -> list[str]:
        return sorted(entry["name"] for entry in self.ip("netns", "list"))

    def network(self) -> dict[str, Any]:
        """The whole network as data, without what differs between two equal ones."""
        names = [None, *self.namespaces()]
        return {name or "host": self._namespace(name) for name in names}

    def _namespace(self, name: str | None) -> dict[str, Any]:
        inside = ["-n", name] if name else []
        links = {}
        by_index = {}
        for link in self.ip(*inside, "addr", "show"):
            by_index[link["ifindex"]] = link["ifname"]
            links[link["ifname"]] = {
                "kind": link.get("linkinfo", {}).get("info_kind"),
                "up": "UP" in link["flags"],
                "mtu": link["mtu"],
                "master": link.get("master"),
                "group": link.get("group"),
                "addresses": sorted(
                    f"{address['local']}/{address['prefixlen']}"
                    for address in link["addr_info"]
                    if address["scope"] != "link"
                ),
                "bridge": {
                    key: value
                    for key, value in link.get("linkinfo", {}).get("info_data", {}).items()
                    if key in BRIDGE_KEYS
                },
            }
        routes = sorted(
            " ".join(f"{key} {route[key]}" for key in ROUTE_KEYS if key in route)
            for family in ("-4", "-6")
            for route in self.ip(*inside, family, "route", "show", "table", "all")
            if route.get("protocol") != "kernel" and route.get("dst") != "ff00::/8"
        )
        return {"links": links, "routes": routes}


BRIDGE_KEYS = (
    "forward_delay",
    "hello_time",
    "max_age",
    "ageing_time",
    "stp_state",
    "priority",
    "vlan_filtering",
    "vlan_default_pvid",
    "mcast_snooping",
)
ROUTE_KEYS = ("type", "dst", "gateway", "dev", "table", "metric", "scope", "prefsrc")


def reached(host: Sandbox, directory: Path, programs: Path) -> dict[str, Any]:
    """Ansible's variables for a host that it reaches through a shell in that host's namespaces.

    The shell lies in ``directory``; ``programs`` is a folder that comes first in its PATH.
    """
    shell = directory / "shell"
    words = " ".join([f"--target={host.first}", *ENTER])
    shell.write_text(
        f'#!/bin/sh\nPATH={programs}:$PATH; export PATH\nexec nsenter {words} --wd /bin/sh "$@"\n'
    )
    shell.chmod(0o755)
    return {
        "ansible_connection": "local",
        "ansible_shell_executable": str(shell),
        "ansible_python_interpreter": sys.executable,
        "ansible_become": False,
    }
