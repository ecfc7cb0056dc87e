# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts behind make: they outlive an edit, and the demo knows what it can have."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[3] / "tools"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the paths say: /200 is there, /403 is refused."""

    def do_HEAD(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()
    thread.join()


def probe(*urls: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(TOOLS / "probe.py"), *urls],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_release_that_is_all_there(server: str) -> None:
    done = probe(f"{server}/200", f"{server}/200")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("missing", ["/403", "/404", "/500"])
def test_an_api_that_refuses_beside_an_archive_that_is_there(server: str, missing: str) -> None:
    done = probe(f"{server}/200", f"{server}{missing}")
    assert done.returncode == 1
    assert f"{server}{missing}: HTTP Error {missing[1:]}" in done.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "", "no url"])
def test_what_nobody_answers(server: str, url: str) -> None:
    done = probe(url, f"{server}/200")
    assert done.returncode == 1
    assert "cannot be had" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["demo", "molecule", "pytest", "stages"])
def test_a_script_that_runs_long_is_read_whole_before(name: str) -> None:
    assert (TOOLS / f"{name}.sh").read_text().endswith('\n}\n\nmain "$@"; exit\n')
