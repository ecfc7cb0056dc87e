# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role etcd again, on a member that runs: after runs that ended half-way, and with other values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.etcd.hosts import DATA, PKI, Hosts, member_play

OLD = "/var/lib/container_net/etcd.before_restore"
PENDING = "/var/lib/container_net/pending/etcd"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """A cluster of one."""
    hosts = Hosts(tmp_path_factory.mktemp("one"), 1)
    hosts.good("node1")
    yield hosts
    hosts.close()


@pytest.mark.long
def test_a_noted_restart_is_done_whatever_the_tags(one: Hosts) -> None:
    node = one.nodes["node1"]
    node.sh(f"touch {PENDING}")
    one.log("node1")
    one.good("node1", None, "--check")
    assert one.log("node1") == []
    one.good("node1", None, "--tags", "service")
    assert one.log("node1") == ["stop", "start"]
    assert node.sh(f"ls {PENDING} 2>/dev/null || true") == ""


@pytest.mark.long
def test_an_address_that_the_others_do_not_know_is_refused(one: Hosts) -> None:
    node = one.nodes["node1"]
    one.log("node1")
    settings = node.sh("cat /etc/container_net/etcd.env")
    code, text = one.run("node1", etcd_peer_port=2390)
    assert code != 0
    assert "https://192.168.100.11:2390: the cluster knows this member by" in text
    assert one.log("node1") == []
    assert node.sh("cat /etc/container_net/etcd.env") == settings


@pytest.mark.long
def test_check_mode_says_what_users_would_be_let_do(one: Hosts) -> None:
    users = [{"name": "flannel", "permissions": [{"type": "read", "key": "/x"}]}]
    text = one.good("node1", None, "--check", etcd_users=users)
    assert "Would write no file and run etcdctl role revoke-permission flannel" in text
    assert "etcdctl role grant-permission flannel read /x" in text
    assert "Would write" not in one.good("node1", None, "--check"), "check mode changed something"


@pytest.mark.long
def test_a_second_restore_keeps_what_the_first_set_aside(one: Hosts) -> None:
    node = one.nodes["node1"]
    one.ctl("node1", "snapshot", "save", "/run/snapshot.db")
    snapshot = one.directory / "snapshot.db"
    node.sh(f"cp /run/snapshot.db {snapshot}; touch {DATA}/the_first")
    for count in (1, 2):
        one.good("node1", [member_play("restore")], etcd_restore_file=str(snapshot))
        assert len(node.sh(f"ls {OLD}").split()) == count
    oldest = node.sh(f"ls {OLD}").split()[0]
    assert node.sh(f"cd {OLD}; ls -d */the_first").split() == [f"{oldest}/the_first"]
    one.good("node1", [member_play("absent")])
    assert node.sh(f"ls -d {OLD} 2>/dev/null || true") == ""


@pytest.mark.long
def test_another_host_joins_and_begins_no_cluster_of_its_own(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A learner that never came is in nobody's way, nor what a vain start left on the host."""
    hosts = Hosts(tmp_path_factory.mktemp("two"), 2)
    try:
        hosts.good("node1")
        lost = ["member", "add", "gone", "--learner", "--peer-urls=https://192.168.100.99:2380"]
        assert hosts.ctl("node1", *lost).returncode == 0
        code, text = hosts.run("node2")
        assert code != 0
        assert "node2: none of them holds data of etcd, but node1 does" in text
        assert hosts.nodes["node2"].sh(f"ls -d {PKI} {DATA} 2>/dev/null || true") == ""
        hosts.nodes["node2"].sh(f"mkdir -p {DATA}/member/snap; touch {DATA}/member/snap/db")
        hosts.good("node1 node2")
        assert hosts.members("node2") == {"node1": True, "node2": True}
        assert len(hosts.nodes["node2"].sh(f"ls {OLD}").split()) == 1
        # Check mode ends where a real run would.
        code, text = hosts.run("node1", None, "--check")
        assert code != 0
        assert "this member is alive" in text
    finally:
        hosts.close()
