# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module etcd_member with real members: in, promoted, refused, out, and another in their place."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.servers import EtcdServer
from tests.integration.network.documented import expect_documented
from tests.integration.network.sandbox import ROOT, Sandbox


class Cluster:
    """Members of one host, by their client ports; a member's peer port is one higher."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self._directory = directory
        self.servers: dict[str, EtcdServer] = {}

    @staticmethod
    def peer(port: int) -> str:
        return f"http://127.0.0.1:{port + 1}"

    def start(self, name: str, port: int, together: str, state: str) -> EtcdServer:
        more = ("--name", name, "--initial-cluster", together, "--initial-cluster-state", state)
        own = ("--initial-advertise-peer-urls", self.peer(port))
        made = EtcdServer(self.sandbox, self._directory, port=port, more=(*more, *own))
        self.servers[name] = made
        return made

    def module(self, at: str, name: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """etcd_member, asked at one of the members."""
        given = {"endpoints": [self.servers[at].endpoint], "name": name, **options}
        if check:
            given["_ansible_check_mode"] = True
        done = self.sandbox.run(
            *(sys.executable, "tests/integration/network/runner.py"),
            input=json.dumps([{"module": "etcd_member", "options": given}]),
            env={**os.environ, "PYTHONPATH": f"{ROOT}/.build:{os.environ.get('PYTHONPATH', '')}"},
        )
        result: dict[str, Any] = json.loads(done.stdout)[0]["result"]
        return result

    def refused(self, at: str, name: str, **options: Any) -> str:
        result = self.module(at, name, **options)
        assert result.get("failed") is True, result
        return str(result["msg"])

    def join(self, at: str, name: str, port: int) -> None:
        """All three steps."""
        peers = {"peer_urls": [self.peer(port)]}
        added = self.module(at, name, **peers, voting=False)
        assert added.get("action") == "add", added
        self.start(name, port, added["initial_cluster"], "existing")
        promoted = self.module(at, name, **peers)
        assert promoted.get("action") == "promote", promoted
        self.servers[name].wait()

    def close(self) -> None:
        for server in self.servers.values():
            server.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    sandbox = Sandbox(tmp_path)
    made = Cluster(sandbox, tmp_path)
    made.start("m1", 2379, f"m1={made.peer(2379)}", "new").wait()
    yield made
    made.close()
    sandbox.close()


def test_a_member_joins_in_three_steps(cluster: Cluster) -> None:
    peers = {"peer_urls": [cluster.peer(2389)]}
    assert "the cluster has no such member" in cluster.refused("m1", "m2", **peers)
    assert cluster.module("m1", "m2", check=True, **peers, voting=False)["changed"] is True
    assert cluster.module("m1", "m2", state="absent")["changed"] is False
    added = cluster.module("m1", "m2", **peers, voting=False)
    assert (added["changed"], added["action"]) == (True, "add")
    assert "m2" not in added["diff"]["before"]
    assert "(not started) http://127.0.0.1:2390 learner" in added["diff"]["after"]
    added.pop("diff")
    expect_documented("etcd_member", added)
    assert cluster.module("m1", "m2", **peers, voting=False)["changed"] is False
    # It has not caught up: it does not even run.
    assert "has not caught up" in cluster.refused("m1", "m2", **peers, wait=0)
    cluster.start("m2", 2389, added["initial_cluster"], "existing")
    promoted = cluster.module("m1", "m2", **peers)
    assert (promoted["changed"], promoted["action"]) == (True, "promote")
    assert cluster.module("m1", "m2", **peers)["changed"] is False
    assert "is known with" in cluster.refused("m1", "m2", peer_urls=["http://127.0.0.1:9"])
    assert "this member is alive" in cluster.refused("m1", "m2", state="absent")
    assert cluster.module("m1", "m2", state="absent", force=True)["action"] == "remove"
    assert "only member" in cluster.refused("m1", "m1", state="absent", force=True)


def test_a_lost_member_is_replaced(cluster: Cluster) -> None:
    cluster.join("m1", "m2", 2389)
    cluster.join("m1", "m3", 2399)
    cluster.servers["m1"].ctl("put", "/kept", "here")
    cluster.servers["m1"].kill()
    cluster.servers["m2"].wait()
    # As long as it counts, nobody is added.
    said = cluster.refused("m2", "m4", peer_urls=[cluster.peer(2409)], voting=False, wait=1)
    assert "a member is lost" in said
    assert cluster.module("m2", "m1", state="absent")["action"] == "remove"
    assert cluster.module("m2", "m1", state="absent")["changed"] is False
    cluster.join("m2", "m4", 2409)
    assert cluster.servers["m4"].content() == {"/kept": "here"}
    members = cluster.module("m4", "m1", state="absent")["members"]
    assert sorted((item["name"], item["learner"]) for item in members) == [
        ("m2", False),
        ("m3", False),
        ("m4", False),
    ]


def test_a_cluster_that_stops_answering_is_waited_for(cluster: Cluster) -> None:
    """While it has no majority; a learner that is asked for meanwhile gets its vote later."""
    cluster.join("m1", "m2", 2389)
    peers = {"peer_urls": [cluster.peer(2399)]}
    added = cluster.module("m1", "m3", **peers, voting=False)
    asked = ThreadPoolExecutor().submit(cluster.module, "m1", "m3", **peers, timeout=1, wait=90)
    time.sleep(3)  # it is told that the learner has not caught up
    pid = str(cluster.servers["m2"].pid)
    cluster.sandbox.run("kill", "-STOP", pid)
    try:
        time.sleep(8)
        cluster.start("m3", 2399, added["initial_cluster"], "existing")
    finally:
        cluster.sandbox.run("kill", "-CONT", pid)
    promoted = asked.result()
    assert promoted.get("action") == "promote", promoted
    assert all(not item["learner"] for item in promoted["members"])
