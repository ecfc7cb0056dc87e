# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role verify measures, between two namespaces that stand for two containers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "roles/verify/files/verify_measure.py"
PORT = 8099
# Answers like the container's page: who it is, whom it sees, and 256 KiB.
SERVER = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"b {self.client_address[0]}\\n".encode())
        if "done=" not in self.path:
            self.wfile.write(bytes(int(sys.argv[1])))
        else:
            open(sys.argv[2], "a").write(self.path + "\\n")
http.server.ThreadingHTTPServer(("10.77.0.2", 8099), Page).serve_forever()
"""


def ip(*words: str) -> None:
    """Run ip."""
    subprocess.run(["ip", *words], check=True)


class Pair:
    """Namespace a (10.77.0.1) and namespace b (10.77.0.2), whose links are both called eth0."""

    def __init__(self, folder: Path) -> None:
        self.names = [f"cnv{os.getpid()}{end}" for end in "ab"]
        self.processes: list[subprocess.Popen[bytes]] = []
        self.reports = folder / "reports"

    def set_up(self) -> None:
        """Both namespaces, joined; a process that keeps a open."""
        first, second = self.names
        for name in self.names:
            ip("netns", "add", name)
        ip(*f"-n {first} link add eth0 type veth peer name eth0 netns {second}".split())
        for number, name in enumerate(self.names, 1):
            ip("-n", name, "address", "add", f"10.77.0.{number}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        process = self.start(first, "sleep", "600")
        # Until ip has entered the namespace the process is in this machine's.
        inside = os.stat(f"/run/netns/{first}").st_ino
        while os.stat(f"/proc/{process.pid}/ns/net").st_ino != inside:
            time.sleep(0.02)

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process in a namespace."""
        process = subprocess.Popen(["ip", "netns", "exec", name, *command])
        self.processes.append(process)
        return process

    def serve(self, size: int = 262144) -> None:
        """Start b's page and wait for it."""
        words = [sys.executable, "-c", SERVER, str(size), str(self.reports)]
        self.start(self.names[1], *words)
        probe = ["ip", "netns", "exec", self.names[0], sys.executable, "-c"]
        code = f"import socket; socket.create_connection(('10.77.0.2', {PORT}), 1)"
        for dummy in range(50):
            if subprocess.run([*probe, code], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError("the page does not come up")

    def measure(self, size: int = 0, hosts: bool = True) -> dict[str, Any]:
        """What the script says from inside a; the pair of the container's side."""
        want = {
            "host": "a",
            "pid": self.processes[0].pid,
            "hosts": hosts,
            "number": 7,
            "size": size,
            "port": PORT,
            "attempts": 1,
            "timeout": 5,
            "targets": [{"host": "b", "ip": "10.77.0.2"}],
            "containers": [] if hosts else ["10.77.0.2"],
        }
        # From inside a, so that the host's side has somebody to talk to as well.
        inside = ["ip", "netns", "exec", self.names[0]] if hosts else []
        command = [*inside, sys.executable, str(SCRIPT)]
        result = subprocess.run(
            [*command, json.dumps(want)], capture_output=True, text=True, check=True, timeout=60
        )
        answer = json.loads(result.stdout)
        sides = ["container", "host"] if hosts else ["container"]
        assert [row["side"] for row in answer["rows"]] == sides
        return {"mtu": answer["mtu"], **answer["rows"][0]}

    def remove(self) -> None:
        """Everything away again."""
        for process in self.processes:
            process.kill()
            process.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    try:
        made.set_up()
        yield made
    finally:
        made.remove()


def test_a_good_pair(pair: Pair) -> None:
    pair.serve()
    row = pair.measure()
    assert row["mtu"] == 1500
    assert row["ping"]["ok"], row
    assert row["tcp"] == {"ok": True, "name": "b", "seen_as": "10.77.0.1"}


def test_hosts_on_no_network_of_their_containers_leave_all_to_these(pair: Pair) -> None:
    pair.serve()
    row = pair.measure(hosts=False)
    assert row["tcp"] == {"ok": True, "name": "b", "seen_as": "10.77.0.1"}
    assert pair.reports.read_text() == "/cgi-bin/verify?done=7\n"


def test_a_packet_that_is_larger_than_the_way(pair: Pair) -> None:
    pair.serve()
    ip("-n", pair.names[0], "link", "set", "eth0", "mtu", "1400")
    row = pair.measure(size=1500)
    assert row["ping"] == {"ok": False, "problem": "1500 bytes are more than the way takes"}
    assert row["tcp"]["ok"]
    # The container's own MTU is what counts when no size is asked for.
    assert pair.measure()["ping"]["ok"]


def test_nobody_answers(pair: Pair) -> None:
    ip("-n", pair.names[1], "link", "set", "eth0", "down")
    row = pair.measure()
    assert row["ping"]["ok"] is False
    assert row["tcp"]["ok"] is False


def test_nobody_listens(pair: Pair) -> None:
    row = pair.measure()
    assert row["ping"]["ok"] is True
    assert row["tcp"] == {"ok": False, "problem": "Connection refused"}


def test_a_transfer_that_breaks_off(pair: Pair) -> None:
    pair.serve(size=1000)
    assert pair.measure()["tcp"] == {"ok": False, "problem": "1000 of 262144 bytes arrived"}
