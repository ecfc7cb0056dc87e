# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role verify on a host that has no Docker."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.integration.roles.playing import inventory, play


def test_verify_says_what_to_run_first(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ip").symlink_to(shutil.which("ip") or "")
    playbook = tmp_path / "play.yml"
    # The docker command is looked for in PATH.
    playbook.write_text(
        "- hosts: container_net\n  gather_facts: false\n"
        f"  environment: {{PATH: '{programs}'}}\n"
        "  roles:\n    - role: netfabric.container_net.verify\n"
    )
    code, text = play(playbook, tmp_path, "-i", inventory(tmp_path, {"container_net": {"a": {}}}))
    assert code != 0, text
    assert "a: there is no docker command. Run site.yml" in text, text
