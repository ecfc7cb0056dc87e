# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tarball for Galaxy: small, complete, and without what a run leaves in a checkout."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

CAP = 2 * 1024 * 1024  # bytes

# What a working checkout holds beside the files that git knows.
RUBBISH = [
    ".ansible/tmp/x",
    ".build/results/unit.xml",
    ".mypy_cache/3.11/x.json",
    ".ruff_cache/x",
    ".venv/bin/python",
    "disk.qcow2",
    "examples/pki/lab/ca.key",
    "inventories/lab/pki/lab/ca.key",
    "inventories/lab/.pki/lab/ca.key",
    "netfabric-container_net-0.0.1.tar.gz",
    "plugins/module_utils/__pycache__/_errors.cpython-311.pyc",
    "tests/lab/bookworm.img",
    "tests/output/x",
]
NEEDED = [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "playbooks/site.yml",
    "playbooks/single_host.yml",
    "playbooks/teardown.yml",
    "playbooks/verify.yml",
    "plugins/modules/topology.py",
    "roles/flannel/tasks/main.yml",
]
ONLY_FOR_CHECKOUTS = {
    ".ansible",
    ".build",
    ".ci",
    ".config",
    ".git",
    ".mypy_cache",
    ".ruff_cache",
    ".venv",
    "Makefile",
    "activate",
    "molecule",
    "pki",
    "tools",
    "__pycache__",
}


@pytest.fixture(scope="module")
def tarball(
    root: Path,
    known_files: list[Path],
    tmp_path_factory: pytest.TempPathFactory,
    tool: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    """Build from a copy of the tree with rubbish in it."""
    copy = tmp_path_factory.mktemp("copy")
    for path in known_files:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / path, copy / path)
    for name in RUBBISH:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(b"rubbish")
    out = tmp_path_factory.mktemp("out")
    tool("ansible-galaxy", "collection", "build", str(copy), "--output-path", str(out))
    (built,) = out.glob("netfabric-container_net-*.tar.gz")
    return built


@pytest.fixture(scope="module")
def names(tarball: Path) -> set[str]:
    with tarfile.open(tarball) as archive:
        return set(archive.getnames())


def test_it_stays_below_the_cap(tarball: Path) -> None:
    assert tarball.stat().st_size <= CAP


def test_it_holds_what_a_user_needs(names: set[str]) -> None:
    assert [name for name in NEEDED if name not in names] == []


def test_it_holds_no_rubbish(names: set[str]) -> None:
    assert [name for name in RUBBISH if name in names] == []


def test_it_holds_nothing_that_only_a_checkout_needs(names: set[str]) -> None:
    assert [name for name in names if ONLY_FOR_CHECKOUTS & set(Path(name).parts)] == []
    assert [
        name for name in names if name.startswith("tests/") and name != "tests/config.yml"
    ] == []
