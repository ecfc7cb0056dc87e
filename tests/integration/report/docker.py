# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does for role verify what Docker's command does, on a throw-away host: imports an image, runs it
in a network namespace of its own on docker0, and takes it away again.

The first argument names the file that docker_api.py answers from; the container stands there too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.integration.network.docker_api import inspected

IMAGES = Path("/run/images")
RUNNING = Path("/run/running.json")  # name → pid
JOIN = """
# The one before, whose namespace is just going; like Docker's, the next one has the same MAC.
ip link del vethverify 2>/dev/null || true
ip link add vethverify mtu 1450 master docker0 up type veth \\
    peer name eth0 mtu 1450 address 02:42:ac:14:00:63 netns "$1"
exec nsenter --net="/proc/$1/ns/net" sh -ec '
    ip link set lo up
    ip link set eth0 up
    ip address add "$1/24" dev eth0
    ip route add default via "$2"' join "$2" "$3"
"""


def running() -> dict[str, int]:
    """The containers whose process is there."""
    known = json.loads(RUNNING.read_text()) if RUNNING.exists() else {}
    return {name: pid for name, pid in known.items() if Path(f"/proc/{pid}/root/init").exists()}


def address() -> tuple[str, str]:
    """The container's and the bridge's."""
    done = subprocess.run(
        "ip -j -4 address show dev docker0".split(), capture_output=True, text=True, check=True
    )
    bridge = json.loads(done.stdout)[0]["addr_info"][0]["local"]
    return f"{bridge.rpartition('.')[0]}.99", bridge


def import_image(words: list[str]) -> None:
    folder = IMAGES / words[-1].replace("/", "_")
    folder.mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--directory", folder], check=True)
    (folder / "tmp").mkdir()
    (folder / "dev").mkdir()
    os.mknod(folder / "dev/zero", 0o600 | 0o020000, os.makedev(1, 5))
    os.mknod(folder / "dev/null", 0o600 | 0o020000, os.makedev(1, 3))


def run(known: Path, words: list[str]) -> None:
    settings = dict(
        word.partition("=")[::2] for before, word in zip(words, words[1:]) if before == "-e"
    )
    name = words[words.index("--name") + 1]
    folder = IMAGES / words[-1].replace("/", "_")
    if not folder.exists():
        sys.exit(f"docker: Error response from daemon: No such image: {words[-1]}.")
    if name in running():
        sys.exit(f'docker: Conflict. The container name "/{name}" is already in use.')
    shutil.rmtree(folder / "tmp/done", ignore_errors=True)
    null = subprocess.DEVNULL
    process = subprocess.Popen(
        ["unshare", "--net", "chroot", folder, "/bin/busybox", "sh", "/init"],
        env={"PATH": "/bin:/usr/sbin", **settings},
        stdin=null,
        stdout=null,
        stderr=null,
        start_new_session=True,
    )
    while not Path(f"/proc/{process.pid}/root/init").exists():
        if process.poll() is not None:
            sys.exit(f"docker run: the container ended with {process.returncode}")
        time.sleep(0.02)
    own, bridge = address()
    subprocess.run(["sh", "-ec", JOIN, "join", str(process.pid), own, bridge], check=True)
    RUNNING.write_text(json.dumps({name: process.pid}))
    said = json.loads(known.read_text())
    endpoint = {"IPAddress": own, "IPPrefixLen": 24}
    others = [found for found in said["containers"] if found["Name"] != f"/{name}"]
    said["containers"] = [*others, inspected(name, process.pid, "bridge", bridge=endpoint)]
    known.write_text(json.dumps(said))


def inspect(known: Path, name: str) -> list[Any]:
    said = json.loads(known.read_text())
    return [found for found in said["containers"] if found["Name"] == f"/{name}"]


def main() -> None:
    known, (verb, *words) = Path(sys.argv[1]), sys.argv[2:]
    if verb == "import":
        import_image(words)
    elif verb == "run":
        run(known, words)
    elif (verb, words[0]) == ("container", "inspect"):
        print(json.dumps(inspect(known, words[-1])))
    elif (verb, words[0]) == ("container", "ls"):
        print("\n".join(running()))
    elif verb == "rm":
        for pid in running().values():
            os.killpg(pid, 9)
    else:
        sys.exit(f"docker {verb}: not known here")


if __name__ == "__main__":
    main()
