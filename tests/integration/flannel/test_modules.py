# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flannel modules through ansible-playbook, against a real etcd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.conftest import Secured
from tests.integration.flannel.servers import EtcdServer, task
from tests.integration.network.sandbox import Sandbox

PREFIX = "/coreos.com/network"
A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"
CONFIG = '{"Network":"172.20.0.0/16","Backend":{"Type":"vxlan"}}'


def network(where: dict[str, Any], name: str = "network", **options: Any) -> dict[str, Any]:
    return task(name, "flannel_network", **where, **{"network": "172.20.0.0/16", **options})


def subnet(where: dict[str, Any], name: str = "subnet", **options: Any) -> dict[str, Any]:
    return task(name, "flannel_subnet", **where, **options)


@pytest.fixture
def where(etcd: EtcdServer) -> dict[str, Any]:
    return {"endpoints": [etcd.endpoint]}


def test_network(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    (predicted,) = sandbox.play([network(where)], "--check", "--diff")
    assert predicted["changed"] is True
    assert etcd.content() == {}

    made, again, same, other, back = sandbox.play(
        [
            network(where),
            network(where),
            # What flannel would assume anyway.
            network(where, subnet_len=24, backend={"type": "vxlan", "vni": 1, "port": 8472}),
            network(where, backend={"type": "udp", "Port": 7890}),
            network(where),
        ],
        "--diff",
    )
    for key in ("changed", "config", "diff", "subnet_len", "hosts_max"):
        assert made[key] == predicted[key]
    assert made["diff"]["before"] == ""
    assert json.loads(made["diff"]["after"]) == json.loads(CONFIG)
    assert (made["subnet_len"], made["hosts_max"]) == (24, 255)
    assert [entry["changed"] for entry in (again, same, other, back)] == [False, False, True, True]
    assert other["config"]["Backend"] == {"Type": "udp", "Port": 7890}
    assert etcd.content() == {f"{PREFIX}/config": CONFIG}


def test_leases(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    group = [{"public_ip": A, "subnet": "172.20.24.0/24"}, {"public_ip": B}]
    sandbox.play([network(where)])
    (predicted,) = sandbox.play([subnet(where, leases=group)], "--check", "--diff")
    assert etcd.content() == {f"{PREFIX}/config": CONFIG}
    made, again, single = sandbox.play(
        [subnet(where, leases=group), subnet(where, leases=group), subnet(where, public_ip=A)],
        "--diff",
    )
    assert made["changed"] is True
    assert (made["leases"], made["diff"]) == (predicted["leases"], predicted["diff"])
    assert made["leases"][0] == {
        "public_ip": A,
        "subnet": "172.20.24.0/24",
        "ipv6_subnet": None,
        "bip": "172.20.24.1/24",
        "mtu": 1450,
    }
    assert made["leases"][1]["subnet"] == "172.20.1.0/24"
    assert made["diff"]["after"] == f"{A} 172.20.24.0/24\n{B} 172.20.1.0/24\n"
    assert (again["changed"], single["changed"]) == (False, False)
    assert (single["subnet"], single["bip"]) == ("172.20.24.0/24", "172.20.24.1/24")

    keys = etcd.content()
    placeholder = f'{{"PublicIP":"{A}","PublicIPv6":null,"BackendType":"","BackendData":null}}'
    assert keys[f"{PREFIX}/subnets/172.20.24.0-24"] == placeholder
    assert keys[f"{PREFIX}/container_net/hosts/{A}"] == '{"Subnet":"172.20.24.0/24"}'
    lease = json.loads(etcd.ctl("-w", "json", "lease", "list").stdout)["leases"][0]["id"]
    left = json.loads(etcd.ctl("-w", "json", "lease", "timetolive", f"{lease:x}").stdout)
    assert 86300 < left["ttl"] <= 86400


def test_a_lease_that_ended_comes_back(
    sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]
) -> None:
    """The host was off for longer than a day, and others came meanwhile."""
    sandbox.play([network(where), subnet(where, public_ip=A)])
    etcd.ctl("del", f"{PREFIX}/subnets/172.20.1.0-24")
    other, back = sandbox.play([subnet(where, public_ip=B), subnet(where, public_ip=A)])
    assert (other["subnet"], other["changed"]) == ("172.20.2.0/24", True)
    assert (back["subnet"], back["changed"]) == ("172.20.1.0/24", True)


def test_a_completed_lease_is_left_alone(
    sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]
) -> None:
    value = (
        f'{{"PublicIP":"{A}","PublicIPv6":null,"BackendType":"vxlan",'
        '"BackendData":{"VNI":1,"VtepMAC":"36:2c:9f:01:d5:7b"}}'
    )
    etcd.ctl("put", f"{PREFIX}/config", CONFIG)
    etcd.ctl("put", f"{PREFIX}/subnets/172.20.77.0-24", value)
    # One that flannel would not read either.
    etcd.ctl("put", f"{PREFIX}/subnets/172.20.78.0-24", "nonsense")
    had, info = sandbox.play(
        [subnet(where, public_ip=A), task("info", "flannel_subnet_info", **where)]
    )
    assert had["subnet"] == "172.20.77.0/24"
    assert etcd.content()[f"{PREFIX}/subnets/172.20.77.0-24"] == value
    assert [lease["backend"] for lease in info["leases"]] == ["vxlan"]
    assert info["leases"][0]["backend_data"]["VtepMAC"] == "36:2c:9f:01:d5:7b"


def test_moves_and_swaps(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    pins = [
        {"public_ip": A, "subnet": "172.20.5.0/24"},
        {"public_ip": B, "subnet": "172.20.6.0/24"},
    ]
    turned = [
        {"public_ip": A, "subnet": "172.20.6.0/24"},
        {"public_ip": B, "subnet": "172.20.5.0/24"},
    ]
    results = sandbox.play(
        [
            network(where),
            subnet(where, leases=[{"public_ip": A}, {"public_ip": B}]),
            subnet(where, leases=pins),
            subnet(where, leases=turned),
            subnet(where, leases=turned),
        ]
    )
    assert [entry["changed"] for entry in results] == [True, True, True, True, False]
    keys = etcd.content()
    assert sorted(key for key in keys if "/subnets/" in key) == [
        f"{PREFIX}/subnets/172.20.5.0-24",
        f"{PREFIX}/subnets/172.20.6.0-24",
    ]
    assert A in keys[f"{PREFIX}/subnets/172.20.6.0-24"]
    assert keys[f"{PREFIX}/container_net/hosts/{B}"] == '{"Subnet":"172.20.5.0/24"}'


def test_absent(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    sandbox.play([network(where), subnet(where, leases=[{"public_ip": A}, {"public_ip": B}])])
    (predicted,) = sandbox.play([subnet(where, public_ip=A, state="absent")], "--check", "--diff")
    gone, again = sandbox.play([subnet(where, public_ip=A, state="absent")] * 2, "--diff")
    assert (predicted["changed"], gone["changed"], again["changed"]) == (True, True, False)
    assert predicted["diff"] == gone["diff"]
    # The other host's key hangs on the same etcd lease, and stays.
    assert sorted(etcd.content()) == [
        f"{PREFIX}/config",
        f"{PREFIX}/container_net/hosts/{B}",
        f"{PREFIX}/subnets/172.20.2.0-24",
    ]
    refused = sandbox.play([task("all", "flannel_network", **where, state="absent")], check=False)[
        0
    ]
    assert "1 leases would be lost: 172.20.2.0/24 (192.0.2.2)" in refused["msg"]
    forced, nothing = sandbox.play(
        [task("all", "flannel_network", **where, state="absent", force=True)] * 2
    )
    assert (forced["changed"], nothing["changed"]) == (True, False)
    assert etcd.content() == {}
    assert not json.loads(etcd.ctl("-w", "json", "lease", "list").stdout)["leases"]


def test_orphans_need_force(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    sandbox.play([network(where), subnet(where, public_ip=A)])
    before = etcd.content()
    refused = sandbox.play([network(where, network="172.21.0.0/16")], check=False)[0]
    assert "1 leases would be lost: 172.20.1.0/24 (192.0.2.1)" in refused["msg"]
    assert "force" in refused["msg"]
    assert etcd.content() == before
    forced, moved = sandbox.play(
        [network(where, network="172.21.0.0/16", force=True), subnet(where, public_ip=A)]
    )
    assert forced["orphaned"] == ["172.20.1.0/24"]
    assert forced["restart_required"] is True
    assert moved["subnet"] == "172.21.1.0/24"
    leases = [key for key in etcd.content() if "/subnets/" in key]
    assert leases == [f"{PREFIX}/subnets/172.21.1.0-24"]


def test_the_hosts_own_routes(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    sandbox.sh("ip link add br9 up type bridge; ip address add 172.20.5.1/24 dev br9")
    refused = sandbox.play([network(where)], check=False)[0]
    assert "already routes 172.20.5.0/24 through br9" in refused["msg"]
    assert etcd.content() == {}
    # The bridge of a host that has exactly this lease is no stranger.
    made, *dummy = sandbox.play([network(where, check_host_routes=False)])
    assert made["changed"] is True
    lease, changed = sandbox.play(
        [
            subnet(where, public_ip=A, subnet="172.20.5.0/24"),
            network(where, backend={"type": "udp"}),
        ]
    )
    assert (lease["changed"], changed["changed"]) == (True, True)


def test_certificates(sandbox: Sandbox, secured: Secured) -> None:
    """Users are known by their certificates; flannel's may do what flanneld does, and no more."""
    root, flannel = secured.options("root"), secured.options("flannel")
    results = sandbox.play(
        [
            network(root),
            subnet(root, leases=[{"public_ip": A}, {"public_ip": B}]),
            subnet(root, leases=[{"public_ip": A}, {"public_ip": B}]),
            task("info", "flannel_subnet_info", **flannel),
        ]
    )
    assert [entry["changed"] for entry in results] == [True, True, False, False]
    assert len(results[-1]["leases"]) == 2
    for refused in (
        network(flannel, subnet_len=25),
        subnet(flannel, public_ip=C),
        task("info", "flannel_subnet_info", **secured.options("nobody")),
    ):
        (result,) = sandbox.play([refused], check=False)
        assert "this user may not do that" in result["msg"]


def test_user_and_password(sandbox: Sandbox, etcd: EtcdServer, tmp_path: Path) -> None:
    """They reach etcdctl through its environment: nothing secret stands in an argument."""
    for command in ("user add root:s3cr3t", "user grant-role root root", "auth enable"):
        etcd.ctl(*command.split())
    log = tmp_path / "arguments"
    wrapper = tmp_path / "bin" / "etcdctl"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >>{log}\nexec /usr/bin/etcdctl "$@"\n')
    wrapper.chmod(0o755)
    psk = "A" * 43 + "="
    where = {"endpoints": [etcd.endpoint], "user": "root", "password": "s3cr3t"}
    steps = [
        network(where, backend={"type": "wireguard", "psk": psk}),
        subnet(where, public_ip=A),
        task("info", "flannel_subnet_info", **where),
    ]
    for step in steps:
        step["environment"] = {"PATH": f"{wrapper.parent}:/usr/sbin:/usr/bin:/sbin:/bin"}
    path = tmp_path / "secret.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": steps}]))
    done = sandbox.ansible(
        "ansible-playbook", "-i", "localhost,", "-c", "local", "-vvv", "--diff", str(path)
    )
    assert etcd.content(user="root:s3cr3t")[f"{PREFIX}/config"].count(psk) == 1
    assert log.read_text().count("txn") >= 2
    for secret in ("s3cr3t", psk):
        assert secret not in log.read_text()
        assert secret not in done.stdout
        assert secret not in done.stderr


def test_two_at_once(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    """Ten runs that each reserve one host: all different, none lost."""
    sandbox.play([network(where)])
    hosts = [f"192.0.2.{number}" for number in range(1, 11)]
    path = sandbox.directory / "race.yml"
    step = subnet(where, public_ip="{{ inventory_hostname }}")
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [step]}]))
    sandbox.ansible(
        "ansible-playbook", "-i", f"{','.join(hosts)},", "-c", "local", "--forks", "10", str(path)
    )
    leases = [key for key in etcd.content() if "/subnets/" in key]
    assert len(leases) == 10


def test_many_hosts_in_one_task(sandbox: Sandbox, etcd: EtcdServer, where: dict[str, Any]) -> None:
    group = [{"public_ip": f"192.0.2.{number}"} for number in range(1, 151)]
    made, again = sandbox.play(
        [network(where), subnet(where, leases=group), subnet(where, leases=group)]
    )[1:]
    assert (made["changed"], again["changed"]) == (True, False)
    assert len({entry["subnet"] for entry in made["leases"]}) == 150
    assert made["leases"][149]["subnet"] == "172.20.150.0/24"
