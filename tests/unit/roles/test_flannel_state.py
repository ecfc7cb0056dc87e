# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role flannel's look at a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.scripts import load

state = load("roles/flannel/files/flannel_state.py")


@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_a_program_that_this_host_cannot_run(tmp_path: Path, mode: int) -> None:
    """Of another architecture, or not executable: what it says is no version, and it goes."""
    program = tmp_path / "flanneld"
    program.write_bytes(b"\x7fELF of another machine")
    program.chmod(mode)
    done = state.run(str(program), "-version")
    assert done.returncode != 0
    assert done.stderr


def test_a_program_that_is_not_there() -> None:
    assert state.run("/nowhere/flanneld", "-version").returncode == 127
