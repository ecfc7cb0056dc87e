# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state file, the ledger and the lock."""

from __future__ import annotations

import json
import os
import threading
import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import HostError
from ansible_collections.netfabric.container_net.plugins.module_utils._host.ledger import Ledger
from ansible_collections.netfabric.container_net.plugins.module_utils._host.lock import locked
from ansible_collections.netfabric.container_net.plugins.module_utils._host.state import (
    State,
    StateFile,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    HOST,
    Have,
    Link,
    Namespace,
    Want,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.operations import (
    AddLink,
    AddNamespace,
    End,
    SetSysctl,
)

FULL = State(
    frozenset({"n"}),
    frozenset({("n", "a"), (HOST, "b")}),
    frozenset({("n", ip_network("0.0.0.0/0"), 0, 254), ("n", ip_network("fd00::/8"), 1024, 7)}),
    {"n": {"net/ipv4/ip_forward": "0"}},
    frozenset({"m"}),
    {("m", "c"): "02:00:00:00:00:01"},
)


def file_in(path: Path) -> StateFile:
    return StateFile("t", str(path / "topologies"))


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    assert file.load() == State()
    assert not file.exists()
    file.store(FULL)
    assert file.load() == FULL
    assert os.listdir(tmp_path / "topologies") == ["t.json"]


def test_an_empty_state_leaves_nothing(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.store(FULL)
    file.store(State())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 99}', '{"version": 1}'])
def test_a_broken_file_is_an_error_with_a_remedy(tmp_path: Path, text: str) -> None:
    file = file_in(tmp_path)
    file.store(FULL)
    Path(file.path).write_text(text, encoding="utf-8")
    with pytest.raises(HostError, match="Move it away"):
        file.load()


def _have() -> Have:
    """One namespace and one link with the mark of topology t, and others' links."""
    mark = "container_net:t"
    host = Namespace(
        HOST,
        {
            "b": Link(HOST, "b", 2, "bridge", alias=mark),
            "x": Link(HOST, "x", 3, "bridge", alias="container_net:other"),
        },
    )
    inside = Namespace("n", {"lo": Link("n", "lo", 1, loopback=True, alias=mark)})
    return Have({HOST: host, "n": inside}, looked=frozenset({HOST, "n", "m"}))


def test_the_journal_is_on_disk_before_and_settled_after(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    ledger = Ledger("t", file)
    ledger.journal(
        [
            AddNamespace("n"),
            AddLink(End(HOST, "b", "02:00:00:00:00:07"), "bridge"),
            SetSysctl("n", "net/ipv4/ip_forward", "1", "0"),
        ]
    )
    pending = file.load()
    assert pending.pending_namespaces == {"n"}
    assert pending.pending_links == {(HOST, "b"): "02:00:00:00:00:07"}
    assert pending.namespaces == frozenset()
    assert ledger.settle(_have(), Want("t"))
    settled = file.load()
    assert (settled.namespaces, settled.links) == ({"n"}, {(HOST, "b")})
    assert settled.pending_links == {}
    # The value from before us, for whoever takes the sysctl back.
    assert settled.sysctls == {"n": {"net/ipv4/ip_forward": "0"}}


def test_the_first_value_of_a_sysctl_is_kept(tmp_path: Path) -> None:
    for before, value in (("0", "1"), ("1", "2")):
        ledger = Ledger("t", file_in(tmp_path))
        ledger.journal([SetSysctl("n", "net/ipv4/ip_forward", value, before)])
    assert file_in(tmp_path).load().sysctls == {"n": {"net/ipv4/ip_forward": "0"}}


def test_a_reverted_journal_is_what_was_there(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    ledger = Ledger("t", file)
    ledger.journal([AddNamespace("n")])
    ledger.revert()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    ledger = Ledger("t", file)
    assert ledger.settle(_have(), Want("t"))
    written = os.stat(file.path).st_mtime_ns
    again = Ledger("t", file)
    assert not again.settle(_have(), Want("t"))
    assert os.stat(file.path).st_mtime_ns == written


def test_what_was_not_looked_at_stays(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.store(State(frozenset({"far"}), frozenset({("far", "z")})))
    ledger = Ledger("t", file)
    assert ledger.settle(_have(), Want("t"))
    assert json.loads(Path(file.path).read_text(encoding="utf-8"))["namespaces"] == ["far", "n"]
    assert ("far", "z") in file.load().links


def test_the_lock_is_for_one(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with locked(0, path), pytest.raises(HostError, match="lock_timeout"), locked(0.1, path):
        raise RuntimeError("both have it")
    with locked(0, path):
        pass


def test_a_run_that_only_looks_leaves_no_file_and_waits_for_one_that_writes(tmp_path: Path) -> None:
    path = str(tmp_path / "folder" / "lock")
    with locked(0, path, writes=False):
        pass
    assert list(tmp_path.iterdir()) == []
    with (
        locked(0, path),
        pytest.raises(HostError, match="more than 0 seconds"),
        locked(0, path, writes=False),
    ):
        raise RuntimeError("both have it")


def test_a_lock_whose_file_was_removed_meanwhile_does_not_count(tmp_path: Path) -> None:
    """A teardown removes the file while another run waits for it: the next one makes a new file."""
    path = str(tmp_path / "lock")
    order: list[str] = []

    def wait() -> None:
        with locked(5, path):
            order.append("waited")
            with pytest.raises(HostError), locked(0, path):
                order.append("both have it")

    with locked(0, path):
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        os.unlink(path)
        order.append("removed")
    waiting.join()
    assert order == ["removed", "waited"]


def test_the_lock_is_not_taken_through_a_strangers_link(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), locked(0, str(path)):
        raise RuntimeError("it was followed")
    assert not (tmp_path / "elsewhere").exists()
