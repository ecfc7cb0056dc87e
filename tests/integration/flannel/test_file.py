# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role flannel's method `file`: a program that lies on the controller."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.integration.roles.playing import play

PROGRAM = b"#!/bin/sh\necho v0.28.7 >&2\n"
DIGEST = hashlib.sha256(PROGRAM).hexdigest()


def install(folder: Path, checksum: str = "", *words: str) -> tuple[int, str, Path]:
    """Install PROGRAM as the role does; exit code, output, and the path it goes to."""
    source, target = folder / "flanneld", folder / "bin" / "flanneld"
    source.write_bytes(PROGRAM)
    target.parent.mkdir(exist_ok=True)

    def role(tasks: str) -> dict[str, object]:
        name = "netfabric.container_net.flannel"
        return {"ansible.builtin.include_role": {"name": name, "tasks_from": tasks}}

    # What the role's preflight finds out of the file, and of a host without flanneld.
    look = {"path": str(source), "checksum_algorithm": "sha256"}
    digest = {"ansible.builtin.stat": look, "register": "__flannel_file_digest"}
    tasks = [digest, role("get_file"), role("program")]
    playbook = folder / "play.json"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    variables = {
        "flannel_install_method": "file",
        "flannel_file": str(source),
        "flannel_checksum": checksum,
        "__flannel_binary": str(target),
        "__flannel_inspect": {"stdout": json.dumps({"version": "", "binary": ""})},
    }
    where = ("-i", "localhost,", "-c", "local", "-e", json.dumps(variables))
    code, text = play(playbook, folder, *where, *words)
    return code, text, target


def test_the_file_is_installed_and_the_second_time_left_alone(tmp_path: Path) -> None:
    code, text, target = install(tmp_path, f"sha256:{DIGEST}")
    assert code == 0, text
    assert target.read_bytes() == PROGRAM
    assert target.stat().st_mode & 0o7777 == 0o755
    code, text, target = install(tmp_path)
    assert code == 0, text
    assert "changed=0" in text


def test_a_file_with_another_digest_is_refused(tmp_path: Path) -> None:
    code, text, target = install(tmp_path, "sha256:" + "0" * 64)
    assert code != 0
    assert f"{tmp_path}/flanneld has sha256:{DIGEST}" in text
    assert not target.exists()


def test_check_mode_says_so_and_installs_nothing(tmp_path: Path) -> None:
    code, text, target = install(tmp_path, "", "--check")
    assert code == 0, text
    assert "Would install flanneld" in text
    assert not target.exists()
