# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role flannel's method `release`, against a local HTTPS server shaped like the real one."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import ssl
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.servers import Authority
from tests.integration.network.sandbox import ROOT

VERSION = "0.28.7"
ARCHIVE = f"flannel-v{VERSION}-linux-amd64.tar.gz"
PROGRAM = b"#!/bin/sh\necho v0.28.7 >&2\n"
OTHER_ARCHIVE = f"flannel-v{VERSION}-linux-arm64.tar.gz"
OTHER_PROGRAM = PROGRAM + b"# of another architecture\n"


def archive(program: bytes) -> bytes:
    """A release as the project makes it: flanneld and a script, nothing above them."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, data in (("flanneld", program), ("mk-docker-opts.sh", b"#!/bin/sh\n")):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            tar.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Server:
    """The release's server and its API in one, with an authority of its own."""

    def __init__(self, directory: Path) -> None:
        self.archive = archive(PROGRAM)
        self.other_archive = archive(OTHER_PROGRAM)
        self.assets: list[dict[str, Any]] = [
            {"name": OTHER_ARCHIVE, "digest": sha256(self.other_archive)},
            {"name": ARCHIVE, "digest": self.digest},
        ]
        self.asked: list[str] = []
        authority = Authority(directory / "pki", "releases")
        self.authority = authority.path
        cert, key = authority.pair("server", "localhost", ("127.0.0.1",))
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                found = server.answer(self.path)
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", found[0] if found else "text/plain")
                self.send_header("Content-Length", str(len(found[1]) if found else 0))
                self.end_headers()
                if found:
                    self.wfile.write(found[1])

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    @property
    def digest(self) -> str:
        return sha256(self.archive)

    def answer(self, path: str) -> tuple[str, bytes] | None:
        if path == f"/repos/flannel-io/flannel/releases/tags/v{VERSION}":
            document = {"tag_name": f"v{VERSION}", "assets": self.assets}
            return "application/json; charset=utf-8", json.dumps(document).encode()
        if path == f"/flannel-io/flannel/releases/download/v{VERSION}/{ARCHIVE}":
            return "application/octet-stream", self.archive
        if path == f"/flannel-io/flannel/releases/download/v{VERSION}/{OTHER_ARCHIVE}":
            return "application/octet-stream", self.other_archive
        return None

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.close()


def include(tasks_from: str) -> dict[str, Any]:
    role = {"name": "netfabric.container_net.flannel", "tasks_from": tasks_from}
    return {"name": "get", "ansible.builtin.include_role": role}


class Controller:
    """Runs the role's tasks for getting a release, with a cache of its own."""

    def __init__(self, directory: Path, server: Server) -> None:
        self.program = directory / "cache" / "flannel" / VERSION / "release-amd64" / "flanneld"
        self._directory = directory
        self._server = server

    def get(self, **variables: Any) -> tuple[bool, str]:
        """Whether it went well, and all that was said."""
        return self.play("localhost,", [include("get_release")], variables)

    def play(
        self, hosts: str, tasks: list[dict[str, Any]], variables: dict[str, Any], *options: str
    ) -> tuple[bool, str]:
        """Tasks on a list of hosts, all of them this machine."""
        play = {
            "hosts": "all",
            "gather_facts": False,
            "tasks": tasks,
            "vars": {
                "container_net_artifact_dir": str(self._directory / "cache"),
                "flannel_release_url": f"{self._server.url}/flannel-io/flannel/releases",
                "flannel_release_api_url": f"{self._server.url}/repos/flannel-io/flannel/releases",
                "flannel_ca_path": self._server.authority,
                **variables,
            },
        }
        path = self._directory / "get.yml"
        path.write_text(json.dumps([play]), encoding="utf-8")
        done = subprocess.run(
            ["ansible-playbook", "-i", hosts, "-c", "local", str(path), *options],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                "ANSIBLE_LOCAL_TEMP": str(self._directory / "local"),
                "ANSIBLE_REMOTE_TMP": str(self._directory / "remote"),
                "ANSIBLE_NOCOLOR": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def controller(tmp_path: Path, server: Server) -> Controller:
    return Controller(tmp_path, server)


def test_the_api_vouches(controller: Controller, server: Server) -> None:
    good, said = controller.get()
    assert good, said
    assert controller.program.read_bytes() == PROGRAM
    assert controller.program.stat().st_mode & 0o777 == 0o755
    assert len(server.asked) == 2
    # It is there now: nothing is asked for again.
    good, said = controller.get()
    assert good, said
    assert len(server.asked) == 2
    assert "changed=0" in said


def test_the_users_digest(controller: Controller, server: Server) -> None:
    good, said = controller.get(flannel_checksum=server.digest)
    assert good, said
    assert [path for path in server.asked if "/tags/" in path] == []
    assert controller.program.read_bytes() == PROGRAM


@pytest.mark.parametrize(
    "how",
    ["program cut", "killed before the end", pytest.param("all cut", marks=pytest.mark.long)],
)
def test_what_an_interrupted_run_left_is_not_trusted(
    controller: Controller, server: Server, how: str
) -> None:
    good, said = controller.get()
    assert good, said
    cache = controller.program.parent
    controller.program.write_bytes(PROGRAM[:9])
    if how == "killed before the end":
        (cache / "flanneld.sha256").unlink()
    if how == "all cut":
        (cache / ARCHIVE).write_bytes(server.archive[:9])
    good, said = controller.get()
    assert good, said
    assert controller.program.read_bytes() == PROGRAM
    assert sorted(path.name for path in cache.iterdir()) == [ARCHIVE, "flanneld", "flanneld.sha256"]
    # Only a whole archive is spared.
    assert len(server.asked) == (4 if how == "all cut" else 3)


@pytest.mark.long
def test_a_digest_that_comes_later_is_compared(controller: Controller, server: Server) -> None:
    good, said = controller.get()
    assert good, said
    good, said = controller.get(flannel_checksum=server.digest)
    assert good, said
    assert len(server.asked) == 2
    good, said = controller.get(flannel_checksum=f"sha256:{'1' * 64}")
    assert not good
    assert "did not match" in said


@pytest.mark.long
def test_hosts_of_two_architectures(controller: Controller, server: Server, tmp_path: Path) -> None:
    facts = {"ansible_architecture": "{{ {'a': 'x86_64', 'b': 'aarch64'}[inventory_hostname] }}"}
    # What the role's preflight would have found out.
    found = {"__flannel_inspect": {"stdout": json.dumps({"version": "", "binary": ""})}}
    tasks = [
        {"ansible.builtin.set_fact": {**facts, "cacheable": True}},
        {"ansible.builtin.set_fact": found},
        include("install"),
    ]
    variables = {"flannel_install_method": "release"}
    binary = f"__flannel_binary={tmp_path}/{{{{ inventory_hostname }}}}"
    good, said = controller.play("a,b", tasks, variables, "-e", binary)
    assert good, said
    assert (tmp_path / "a").read_bytes() == PROGRAM
    assert (tmp_path / "b").read_bytes() == OTHER_PROGRAM


@pytest.mark.parametrize("whose", ["api", "user"])
def test_a_wrong_digest(controller: Controller, server: Server, whose: str) -> None:
    wrong = f"sha256:{'1' * 64}"
    variables = {}
    if whose == "api":
        server.assets[1]["digest"] = wrong
    else:
        variables["flannel_checksum"] = wrong
    good, said = controller.get(**variables)
    assert not good
    assert "did not match" in said
    assert "flannel_checksum" in said
    assert not controller.program.exists()


@pytest.mark.parametrize("how", ["no digest", "empty digest", "no such file", "weak digest"])
def test_nothing_vouches(controller: Controller, server: Server, how: str) -> None:
    if how == "no digest":
        del server.assets[1]["digest"]
    elif how == "empty digest":
        server.assets[1]["digest"] = None
    elif how == "weak digest":
        server.assets[1]["digest"] = f"md5:{'1' * 32}"
    else:
        del server.assets[1]
    good, said = controller.get()
    assert not good
    assert "nothing is installed unchecked" in " ".join(said.split())
    assert [path for path in server.asked if "/download/" in path] == []
    assert not controller.program.exists()


def test_a_version_that_is_not_there(controller: Controller) -> None:
    good, said = controller.get(flannel_version="9.9.9")
    assert not good
    assert "404" in said
    assert "flannel_install_method to go or file" in " ".join(said.split())


def test_an_authority_that_nobody_knows(controller: Controller, server: Server) -> None:
    good, said = controller.get(flannel_ca_path="")
    assert not good
    assert "certificate verify failed" in said
    assert "flannel_ca_path" in said
    assert server.asked == []


def test_nobody_listens(controller: Controller, server: Server) -> None:
    dead = "https://127.0.0.1:9/releases"
    good, said = controller.get(flannel_release_url=dead, flannel_release_api_url=dead)
    assert not good
    assert "refused" in said
    assert server.asked == []
