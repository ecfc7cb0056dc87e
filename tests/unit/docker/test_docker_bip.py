# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that makes bip and mtu follow the flannel lease before Docker starts."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "roles" / "docker" / "files" / "docker_bip.py"
LEASE = """FLANNEL_NETWORK=172.20.0.0/16
FLANNEL_SUBNET=172.20.24.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
"""
FOLLOWED = {"bip": "172.20.24.1/24", "mtu": 1450}


class Files:
    """The three files of one run."""

    def __init__(self, folder: Path) -> None:
        self.lease = folder / "subnet.env"
        self.file = folder / "docker" / "daemon.json"
        self.record = folder / "daemon.json.state"
        self.file.parent.mkdir()

    def run(self) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            str(PROGRAM),
            f"--subnet-file={self.lease}",
            f"--daemon-json={self.file}",
            f"--record={self.record}",
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def settings(self) -> dict[str, object]:
        return json.loads(self.file.read_text())


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    made.lease.write_text(LEASE)
    return made


@pytest.mark.parametrize(
    ("have", "result"),
    [
        (None, FOLLOWED),
        ("", FOLLOWED),
        ("{}", FOLLOWED),
        ('{"bip": "172.20.9.1/24", "mtu": 1450}', FOLLOWED),
        ('{"bip": "172.20.24.1/24", "mtu": 1500}', FOLLOWED),
        ('{"ip-masq": false, "mtu": 1500}', {"ip-masq": False, **FOLLOWED}),
    ],
)
def test_follows(files: Files, have: str | None, result: dict[str, object]) -> None:
    if have is not None:
        files.file.write_text(have)
    process = files.run()
    assert process.returncode == 0, process.stderr
    assert files.settings() == result
    assert "->" in process.stdout
    again = files.run()
    assert (again.returncode, again.stdout) == (0, "")


def test_the_right_file_is_not_written(files: Files) -> None:
    text = '{"mtu":1450,"bip":"172.20.24.1/24"  }'
    files.file.write_text(text)
    inode = files.file.stat().st_ino
    assert files.run().returncode == 0
    assert files.file.read_text() == text
    assert files.file.stat().st_ino == inode


def test_mode_order_and_link_are_kept(files: Files, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text('{"mtu": 1500, "debug": true, "bip": "10.0.0.1/24"}')
    real.chmod(0o640)
    files.file.symlink_to(real)
    assert files.run().returncode == 0
    assert files.file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert list(files.settings()) == ["mtu", "debug", "bip"]


def test_new_file_can_be_read_by_all(files: Files) -> None:
    files.run()
    assert stat.S_IMODE(files.file.stat().st_mode) == 0o644


def test_no_lease_yet(files: Files) -> None:
    files.lease.unlink()
    files.file.write_text('{"bip": "172.20.9.1/24"}')
    process = files.run()
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    assert files.settings() == {"bip": "172.20.9.1/24"}


@pytest.mark.parametrize(
    ("lease", "have", "message"),
    [
        (LEASE, "{broken", "is not valid JSON, left as it is"),
        (LEASE, "[]", "holds no object"),
        ("FLANNEL_SUBNET=nonsense\n", "{}", "subnet.env: "),
        ("FLANNEL_SUBNET=172.20.24.1/24\nFLANNEL_MTU=big\n", "{}", "subnet.env: "),
    ],
)
def test_trouble_leaves_the_file(files: Files, lease: str, have: str, message: str) -> None:
    files.lease.write_text(lease)
    files.file.write_text(have)
    process = files.run()
    assert process.returncode == 1
    assert message in process.stderr
    assert "Traceback" not in process.stderr
    assert files.file.read_text() == have
    assert os.listdir(files.file.parent) == ["daemon.json"]


@pytest.mark.parametrize("ours", [True, False])
def test_the_modules_record_follows(files: Files, ours: bool) -> None:
    """Otherwise the module would take the new bip for the user's own, and leave it at teardown."""
    files.file.write_text('{"bip": "172.20.9.1/24", "mtu": 1450, "icc": false}')
    record = {"ours": ours, "written": {"bip": "172.20.9.1/24", "mtu": 1450}, "path": "x"}
    files.record.write_text(json.dumps(record))
    files.record.chmod(0o600)
    assert files.run().returncode == 0
    found = json.loads(files.record.read_text())
    assert found["path"] == "x"
    assert found["written"]["bip"] == ("172.20.24.1/24" if ours else "172.20.9.1/24")
    assert stat.S_IMODE(files.record.stat().st_mode) == 0o600
