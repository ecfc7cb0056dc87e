# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role docker asks of a host in its one task: read from a Docker of canned answers."""

from __future__ import annotations

import hashlib
import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.scripts import ROOT, load

PROGRAM = "roles/docker/files/docker_state.py"
NOTHING = {"running": [], "lost": [], "live_restore": False}


@pytest.fixture
def program(tmp_path: Path) -> ModuleType:
    module = load(PROGRAM)
    module.SOCKET = str(tmp_path / "docker.sock")
    return module


@contextmanager
def docker(path: str, answers: dict[str, Any]) -> Iterator[None]:
    """Docker's API on a socket; what is not in the answers is 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path in answers
            body = json.dumps(answers.get(self.path, {"message": "no such thing"})).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "socket"

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def answers(live_restore: bool, policies: dict[str, str]) -> dict[str, Any]:
    return {
        "/info": {"LiveRestoreEnabled": live_restore},
        "/containers/json": [{"Id": f"id-{name}", "Names": [f"/{name}"]} for name in policies],
        **{
            f"/containers/id-{name}/json": {"HostConfig": {"RestartPolicy": {"Name": policy}}}
            for name, policy in policies.items()
        },
    }


@pytest.mark.parametrize(
    ("live_restore", "policies", "lost"),
    [
        (False, {}, []),
        (False, {"web": "always", "db": "unless-stopped"}, []),
        (
            False,
            {"web": "always", "job": "no", "batch": "on-failure", "odd": ""},
            ["batch", "job", "odd"],
        ),
        (True, {"web": "always", "job": "no"}, []),
    ],
)
def test_containers_that_a_restart_would_stop(
    program: ModuleType, live_restore: bool, policies: dict[str, str], lost: list[str]
) -> None:
    with docker(program.SOCKET, answers(live_restore, policies)):
        found = program.containers()
    assert found == {"running": list(policies), "lost": lost, "live_restore": live_restore}


def test_a_docker_that_does_not_answer(program: ModuleType) -> None:
    assert program.containers() == NOTHING


def test_the_answer(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("text\n")
    (tmp_path / "before").write_text('{"active": false, "enabled": true}')
    question = {
        "unit": "no-such-unit.service",
        "before": str(tmp_path / "before"),
        "files": [
            {"path": str(file), "sha256": hashlib.sha256(b"text\n").hexdigest()},
            {"path": str(file), "sha256": "another"},
            {"path": str(tmp_path / "none"), "sha256": "any"},
        ],
        "ours": [str(file), str(tmp_path / "none")],
    }
    # As the role runs it: from standard input.
    process = subprocess.run(
        [sys.executable, "-", json.dumps(question)],
        input=(ROOT / PROGRAM).read_text(),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(process.stdout)
    assert answer["files"] == [str(file), str(tmp_path / "none")]
    assert answer["ours"] == [str(file)]
    assert answer["unit"] == {"active": False, "enabled": False}
    assert answer["unit_before"] == {"active": False, "enabled": True}
    assert answer["containers"] == NOTHING
    assert isinstance(answer["forwarding"], bool)
    assert answer["bridges_filtered"] in (True, False, None)
    assert answer["bridge"] == ""
    assert set(answer) == {
        "missing",
        "version",
        "unit",
        "unit_before",
        "forwarding",
        "bridges_filtered",
        "files",
        "ours",
        "containers",
        "bridge",
    }
