# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role etcd on throw-away hosts: a real cluster is set up, loses members and gets new ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.etcd.hosts import CLIENTS, DATA, PKI, Hosts, Writer, changes, member_play

GROUP = "node1 node2 node3"
THREE = {"node1": True, "node2": True, "node3": True}
CONFIG = "/coreos.com/network/config"
SUBNET = "/coreos.com/network/subnets/172.20.1.0-24"


def refused(hosts: Hosts, name: str, *words: str, **more: str) -> str:
    """What etcd says to somebody whom it does not let do that."""
    done = hosts.ctl(name, *words, **more)
    assert done.returncode != 0, f"{words} {more}: {done.stdout}"
    return done.stderr


@pytest.mark.long
def test_a_cluster_of_three_and_who_may_do_what(make_hosts: Callable[[int], Hosts]) -> None:
    hosts = make_hosts(3)
    hosts.good(GROUP, [member_play(), CLIENTS])
    for name in THREE:
        assert hosts.members(name) == THREE
        assert hosts.log(name) == ["start"]
        assert not hosts.nodes[name].sh("ls /etc/container_net | grep -x etcd.start || true")
    again = changes(hosts.good(GROUP, [member_play(), CLIENTS]))
    assert {host: changed for host, (dummy, changed) in again.items()} == dict.fromkeys(THREE, 0)
    # Of both plays; two of the six are from the clients' play.
    assert all(ok <= 4 + 2 for ok, dummy in again.values()), again

    assert hosts.ctl("node1", "put", CONFIG, "{}").returncode == 0
    flannel = {"user": "flannel"}
    for name in THREE:
        at = {"at": f"https://{hosts.address(name)}:2379"}
        assert hosts.ctl("node1", "get", CONFIG, **flannel, **at).stdout.splitlines()[1] == "{}"
        assert hosts.ctl("node1", "put", SUBNET, "x", **flannel, **at).returncode == 0
        assert hosts.ctl("node1", "del", SUBNET, **flannel, **at).returncode == 0
        denied = "permission denied"
        assert denied in refused(hosts, "node1", "put", CONFIG, "no", **flannel, **at)
        assert denied in refused(hosts, "node1", "get", "/elsewhere", **flannel, **at)
        assert denied in refused(hosts, "node1", "snapshot", "save", "/run/x", **flannel, **at)
        refused(hosts, "node1", "user", "list", user="member", **at)
        # No certificate, and one of another authority.
        refused(hosts, "node1", "get", CONFIG, **at, ETCDCTL_CERT="", ETCDCTL_KEY="")
        foreign = f"{PKI}/foreign"
        hosts.nodes["node1"].sh(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
            f"-subj /CN=root -keyout {foreign}.key -out {foreign}.crt 2>/dev/null"
        )
        refused(hosts, "node1", "get", CONFIG, user="foreign", **at)
    assert hosts.ctl("node1", "get", CONFIG).stdout.splitlines()[1] == "{}"

    # Off and on again: an etcd whose users nobody asked for so far.
    hosts.good(GROUP, etcd_authentication=False)
    assert hosts.ctl("node1", "put", CONFIG, "{}", **flannel).returncode == 0
    assert changes(hosts.good(GROUP, etcd_authentication=False))["node1"][1] == 0
    hosts.good(GROUP)
    assert "permission denied" in refused(hosts, "node1", "put", CONFIG, "no", **flannel)


@pytest.mark.long
def test_a_member_that_is_lost_for_good_is_replaced(make_hosts: Callable[[int], Hosts]) -> None:
    """The first of the group, which speaks for the others in other runs."""
    hosts = make_hosts(3)
    hosts.good(GROUP)
    assert hosts.ctl("node1", "put", "/kept", "here").returncode == 0
    others = {name: hosts.pid(name) for name in ("node2", "node3")}
    with Writer(hosts, "node2", "node2 node3") as writer:
        hosts.kill("node1")
        hosts.add("node1")
        text = hosts.good(GROUP, None, "--check")
        assert "take out node1 and add node1" in text
        assert set(hosts.members("node2")) == set(THREE), "check mode took somebody out"
        hosts.good(GROUP)
    assert writer.count > 10
    assert len(writer.failures) <= 1, writer.failures  # while a new leader is elected
    assert hosts.members("node1") == THREE
    assert hosts.ctl("node1", "get", "/kept").stdout.splitlines() == ["/kept", "here"]
    assert {name: hosts.pid(name) for name in others} == others
    assert {host: c for host, (dummy, c) in changes(hosts.good(GROUP)).items()} == dict.fromkeys(
        THREE, 0
    )


@pytest.mark.long
def test_members_come_and_go_one_at_a_time(make_hosts: Callable[[int], Hosts]) -> None:
    """From one to three, out with one that works, and in with another host in its place."""
    hosts = make_hosts(4)
    hosts.good("node1")
    assert hosts.members("node1") == {"node1": True}
    hosts.ctl("node1", "put", "/kept", "here")
    first = hosts.pid("node1")
    hosts.good(GROUP)
    assert hosts.members("node3") == THREE
    assert hosts.pid("node1") == first, "nobody is restarted for a new member"

    # Another host in the inventory in the place of one that is alive: refused.
    code, text = hosts.run("node1 node2 node4")
    assert code != 0
    assert "this member is alive" in text
    assert hosts.members("node1") == THREE
    hosts.good(GROUP, [member_play("absent")], "--limit", "node3")
    assert hosts.members("node1") == {"node1": True, "node2": True}
    assert hosts.nodes["node3"].sh(f"ls -d {DATA} {PKI} 2>/dev/null || true") == ""
    hosts.good("node1 node2 node4")
    assert hosts.members("node4") == {"node1": True, "node2": True, "node4": True}
    assert hosts.ctl("node4", "get", "/kept").stdout.splitlines() == ["/kept", "here"]


@pytest.mark.long
def test_a_lost_majority_is_refused_and_a_backup_brings_it_back(
    make_hosts: Callable[[int], Hosts],
) -> None:
    hosts = make_hosts(3)
    hosts.good(GROUP, [member_play(), CLIENTS])
    hosts.ctl("node1", "put", "/kept", "here")
    script = "/usr/local/lib/container_net/etcd-backup"
    env = "ETCDCTL_ENDPOINTS=https://127.0.0.1:2379 " + " ".join(
        f"ETCDCTL_{key}={PKI}/{file}"
        for key, file in (("CACERT", "ca.crt"), ("CERT", "admin.crt"), ("KEY", "admin.key"))
    )
    folder = "/var/lib/container_net/etcd_backup"
    node = hosts.nodes["node3"]
    for dummy in range(3):
        made = node.sh(f"{env} {script} {folder} 2; sleep 1.1").split()[-1]
    assert len(node.sh(f"ls -A {folder}").split()) == 2
    assert node.sh(f"stat -c %a {folder} {made}").split() == ["700", "600"]
    hosts.ctl("node1", "put", "/kept", "changed since")

    for name in ("node1", "node2"):
        hosts.kill(name)
        hosts.add(name)
    code, text = hosts.run(GROUP)
    assert code != 0
    assert "node1, node2 of node1, node2, node3 hold no data" in text
    assert "etcd_restore" in text
    assert hosts.nodes["node1"].sh("ls /etc/container_net 2>/dev/null || true") == ""

    # From the controller: module fetch does not look through the eyes of these hosts.
    snapshot = hosts.directory / "snapshot.db"
    node.sh(f"cp {made} {snapshot}")
    restore = [member_play("restore")]
    hosts.good(GROUP, restore, etcd_restore_file=str(snapshot))
    for name in THREE:
        assert hosts.members(name) == THREE
        assert hosts.ctl(name, "get", "/kept").stdout.splitlines() == ["/kept", "here"]
    assert "permission denied" in refused(hosts, "node3", "put", CONFIG, "no", user="flannel")
    assert {host: c for host, (dummy, c) in changes(hosts.good(GROUP)).items()} == dict.fromkeys(
        THREE, 0
    )

    # What stops it, and check mode, change nothing.
    pids = {name: hosts.pid(name) for name in THREE}
    code, text = hosts.run(GROUP, restore)
    assert code != 0
    assert "etcd_restore_file: ''" in text
    hosts.good(GROUP, restore, "--check", etcd_restore_file=str(snapshot))
    assert {name: hosts.pid(name) for name in THREE} == pids


@pytest.mark.long
def test_certificates_and_settings_change_while_clients_go_on(
    make_hosts: Callable[[int], Hosts],
) -> None:
    hosts = make_hosts(3)
    hosts.good(GROUP, [member_play(), CLIENTS])
    pids = {name: hosts.pid(name) for name in THREE}

    def digests(name: str) -> dict[str, str]:
        lines = hosts.nodes[name].sh(f"cd {PKI}; sha256sum *.crt *.key").splitlines()
        return {line.split()[1]: line.split()[0] for line in lines}

    before = {name: digests(name) for name in THREE}
    with Writer(hosts, "node1", GROUP) as writer:
        hosts.good(GROUP, [member_play(), CLIENTS], etcd_certificate_renew=True)
    assert writer.count > 10
    assert writer.failures == []
    for name in THREE:
        after = digests(name)
        same = {file for file in after if after[file] == before[name][file]}
        assert (same, set(after)) == ({"ca.crt"}, set(before[name]))
        # etcd reads them anew for each connection, flanneld does not.
        assert hosts.nodes[name].sh("ls /var/lib/container_net/pending").split() == ["flanneld"]
    assert {name: hosts.pid(name) for name in THREE} == pids
    serving = hosts.nodes["node1"].sh(
        f"openssl s_client -connect 192.168.100.12:2379 -CAfile {PKI}/ca.crt -cert {PKI}/admin.crt "
        f"-key {PKI}/admin.key </dev/null 2>/dev/null | openssl x509 -noout -fingerprint"
    )
    assert serving == hosts.nodes["node2"].sh(
        f"openssl x509 -noout -fingerprint -in {PKI}/member.crt"
    )

    # Another setting: each is restarted, and never two at once.
    for name in THREE:
        hosts.log(name)
    with Writer(hosts, "node1", GROUP) as writer:
        hosts.good(GROUP, etcd_settings={"AUTO_COMPACTION_RETENTION": "2h"})
    assert len(writer.failures) <= 1, writer.failures  # while a new leader is elected
    for name in THREE:
        assert hosts.log(name) == ["stop", "start"]
        assert hosts.members(name) == THREE


@pytest.mark.long
def test_another_authority_that_did_not_reach_all_members(
    make_hosts: Callable[[int], Hosts],
) -> None:
    """The two that were restarted are well; the third only gets well by its own restart."""
    hosts = make_hosts(3)
    hosts.good(GROUP)
    (hosts.directory / "authority").rename(hosts.directory / "before")
    systemctl = hosts.directory / "node3" / "bin" / "systemctl"
    works = systemctl.read_text()
    systemctl.write_text(works.replace("exec", 'case "$*" in *restart*) exit 1;; esac\nexec'))
    code, dummy = hosts.run(GROUP, etcd_ca_replace=True)
    assert code != 0
    systemctl.write_text(works)
    old = hosts.pid("node3")
    hosts.good(GROUP)
    assert hosts.pid("node3") != old
    assert hosts.members("node3") == THREE
