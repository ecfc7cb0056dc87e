# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three members that work together, who may do what there, and their backups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.molecule.overlay_nodes import Node

NAMES = ["node1", "node2", "node3"]
PKI = "/etc/container_net/pki"
CONFIG = "/coreos.com/network/config"
SUBNETS = "/coreos.com/network/subnets"
FORBIDDEN = [f"put {CONFIG} no", "get /", "snapshot save /run/no", "user list"]


def etcdctl(node: Node, words: str, user: str = "admin") -> Any:
    """etcdctl as a user whose certificate lies on the host; without one for ''."""
    pair = f"--cert {PKI}/{user}.crt --key {PKI}/{user}.key" if user else ""
    where = f"--endpoints https://127.0.0.1:2379 --cacert {PKI}/ca.crt {pair}"
    return node.host.run(f"ETCDCTL_API=3 etcdctl {where} --command-timeout 10s {words}")


@pytest.mark.parametrize("name", NAMES)
def test_every_member_has_a_vote_and_is_healthy(nodes: dict[str, Node], name: str) -> None:
    done = etcdctl(nodes[name], "-w json member list")
    assert done.rc == 0, done.stderr
    members = json.loads(done.stdout)["members"]
    assert sorted(member["name"] for member in members) == NAMES
    assert not any(member.get("isLearner") for member in members)
    assert etcdctl(nodes[name], "endpoint health").rc == 0


@pytest.mark.parametrize("name", NAMES)
def test_flannel_reads_its_config_and_writes_its_subnets(nodes: dict[str, Node], name: str) -> None:
    node = nodes[name]
    assert '"Network"' in etcdctl(node, f"get {CONFIG}", "flannel").stdout
    assert len(etcdctl(node, f"get --prefix --keys-only {SUBNETS}", "flannel").stdout.split()) == 3
    # A reservation of nobody's. A key that is no subnet would make flanneld take all routes away.
    probe = f"{SUBNETS}/172.20.250.0-24"
    value = '{"PublicIP":"192.0.2.9","PublicIPv6":null,"BackendType":"","BackendData":null}'
    assert etcdctl(node, f"put {probe} '{value}'", "flannel").rc == 0
    assert etcdctl(node, f"del {probe}", "flannel").rc == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("words", FORBIDDEN)
def test_flannel_may_do_nothing_else(nodes: dict[str, Node], name: str, words: str) -> None:
    done = etcdctl(nodes[name], words, "flannel")
    assert done.rc != 0
    assert "permission denied" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_without_a_certificate_nobody_is_let_in(nodes: dict[str, Node], name: str) -> None:
    assert etcdctl(nodes[name], f"get {CONFIG}", "").rc != 0


@pytest.mark.parametrize("name", NAMES)
def test_a_foreign_certificate_is_refused(nodes: dict[str, Node], name: str) -> None:
    """One for root, but of an authority of its own."""
    node = nodes[name]
    node.host.check_output(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=root -keyout /run/foreign.key -out /run/foreign.crt"
    )
    try:
        where = f"--endpoints https://127.0.0.1:2379 --cacert {PKI}/ca.crt"
        pair = "--cert /run/foreign.crt --key /run/foreign.key"
        done = node.host.run(f"ETCDCTL_API=3 etcdctl {where} {pair} get {CONFIG}")
        assert done.rc != 0
    finally:
        node.host.run("rm -f /run/foreign.key /run/foreign.crt")


@pytest.mark.parametrize("name", NAMES)
def test_backups_are_made(nodes: dict[str, Node], name: str) -> None:
    host = nodes[name].host
    assert host.service("container-net-etcd-backup.timer").is_running
    assert host.service("container-net-etcd-backup.timer").is_enabled
    host.check_output("systemctl start container-net-etcd-backup.service")
    newest = host.check_output("ls /var/lib/container_net/etcd_backup/etcd-*.db | tail -n 1")
    assert host.file(newest).mode == 0o600
    assert host.file(newest).size > 10000
