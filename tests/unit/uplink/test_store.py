# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A move on the disk: it comes back as it went, and a restart of the host ends it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.carry import End, Load
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink import store
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.moves import (
    File,
    Move,
    Parts,
    Step,
)

PARTS = Parts(
    (File("/run/x", None, "now\n"),),
    (Step(("ip", "link"), True, 5, True),),
    (Step(("true",)),),
    (File("/etc/x", "old", None, 0o600),),
    {"names": ["x"]},
    {"new": "iface\n"},
    {"target": "/run/x"},
)
MOVE = Move(
    "abc", "br0", "eth1", "02:00:00:00:00:01", "ifupdown", False, 60, ("10.0.0.1/8",), PARTS
)
LOAD = Load((b"\x01",), (b"\x02", b"\x03"), (), (b"\xff",), ())


@pytest.fixture
def pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> store.Pending:
    monkeypatch.setattr(store, "FOLDER", str(tmp_path / "uplink"))
    made = store.Pending(store.folder_of("br0"))
    assert not made.exists
    made.create(MOVE, LOAD, End("eth1", 3), b"program")
    return made


def test_it_comes_back_as_it_went(pending: store.Pending) -> None:
    assert pending.move() == MOVE
    assert pending.load() == (LOAD, End("eth1", 3))
    assert Path(pending.folder, "new").read_text() == "iface\n"
    assert Path(pending.folder, "program.pyz").read_bytes() == b"program"
    assert pending.state()["state"] == "armed"
    assert (MOVE.source, MOVE.target) == ("eth1", "br0")


def test_only_root_may_read_it(pending: store.Pending) -> None:
    assert {p.stat().st_mode & 0o077 for p in Path(pending.folder).iterdir()} == {0}


@pytest.mark.parametrize("state", store.RUNNING)
def test_a_restart_of_the_host_ends_it(pending: store.Pending, state: str) -> None:
    pending.set_state(state)
    assert pending.state()["state"] == state
    path = Path(pending.folder, "state.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "boot": "another"}))
    assert pending.state()["state"] == "undone"
    assert "restarted" in pending.state()["reason"]


def test_one_at_a_time_works_on_it(pending: store.Pending) -> None:
    with pending.locked(0) as first:
        assert first
        with pending.locked(0.1) as second:
            assert not second
    with pending.locked(0) as third:
        assert third


def test_memory(pending: store.Pending) -> None:
    assert store.memory_of("br0") is None
    store.remember("br0", {"uplink": "eth1"})
    assert store.memory_of("br0") == {"uplink": "eth1"}
    pending.remove()
    store.forget("br0")
    assert not Path(store.FOLDER).exists()
