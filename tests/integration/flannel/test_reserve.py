# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reservations for a whole inventory, against a real etcd: who keeps what, who loses it, how many
transactions that takes."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.servers import EtcdServer
from tests.integration.network.sandbox import ROOT, Sandbox

PREFIX = "/coreos.com/network"
A, B, C, D = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"


class Site:
    """A network in etcd, and the task that reserves its hosts' subnets."""

    def __init__(self, sandbox: Sandbox, etcd: EtcdServer) -> None:
        self.sandbox = sandbox
        self.etcd = etcd
        self.where = {"endpoints": [etcd.endpoint]}

    def call(self, *cases: dict[str, Any], **environment: str) -> list[dict[str, Any]]:
        """Modules' results; without ansible-playbook, which would take most of the time."""
        done = self.sandbox.run(
            *(sys.executable, "tests/integration/network/runner.py"),
            input=json.dumps(cases),
            env={**os.environ, "PYTHONPATH": f"{ROOT}/.build", **environment},
        )
        return [answer["result"] for answer in json.loads(done.stdout)]

    def network(self, network: str = "172.20.0.0/16", **options: Any) -> None:
        options = {**self.where, "network": network, **options}
        (result,) = self.call({"module": "flannel_network", "options": options})
        assert result["changed"] is True, result

    def inventory(self, *hosts: str, **options: Any) -> dict[str, Any]:
        """The options for an inventory of ``address`` or ``address=subnet``."""
        leases = []
        for host in hosts:
            address, dummy, subnet = host.partition("=")
            leases.append({"public_ip": address, "subnet": subnet})
        return {**self.where, "leases": leases, "purge": True, **options}

    def case(self, *hosts: str, **options: Any) -> dict[str, Any]:
        options = {"_ansible_diff": True, **options}
        return {"module": "flannel_subnet", "options": self.inventory(*hosts, **options)}

    def reserve(self, *hosts: str, **options: Any) -> dict[str, Any]:
        """Predict it, do it, do it again; what was done."""
        step = self.case(*hosts, **options)
        check = self.case(*hosts, **options, _ansible_check_mode=True)
        transactions = self.etcd.requests("Txn")
        before = self.etcd.content()
        (predicted,) = self.call(check)
        assert (self.etcd.content(), self.etcd.requests("Txn")) == (before, transactions)
        made, again = self.call(step, step)
        assert "failed" not in made, made
        for key in ("changed", "leases", "revoked", "diff"):
            assert predicted[key] == made[key]
        assert again["changed"] is False
        assert again["revoked"] == []
        assert again["leases"] == made["leases"]
        return made

    def refuse(self, *hosts: str, **options: Any) -> str:
        """The error, in a real run and in check mode; neither writes anything."""
        before, transactions = self.etcd.content(), self.etcd.requests("Txn")
        predicted, refused = self.call(
            self.case(*hosts, **options, _ansible_check_mode=True), self.case(*hosts, **options)
        )
        assert predicted["failed"] is refused["failed"] is True
        assert self.etcd.content() == before
        assert self.etcd.requests("Txn") == transactions
        assert predicted["msg"] == refused["msg"]
        return str(refused["msg"])

    def stranger(self, subnet: str, host: str) -> None:
        """A lease as flanneld writes it on a host that nobody here set up."""
        value = {"PublicIP": host, "PublicIPv6": None, "BackendType": "vxlan", "BackendData": {}}
        self.etcd.ctl("put", f"{PREFIX}/subnets/{subnet.replace('/', '-')}", json.dumps(value))

    def holders(self) -> dict[str, str]:
        """Each subnet with a lease, and the host that has it."""
        start = f"{PREFIX}/subnets/"
        return {
            key.removeprefix(start): json.loads(value)["PublicIP"]
            for key, value in self.etcd.content().items()
            if key.startswith(start)
        }


@pytest.fixture
def site(sandbox: Sandbox, etcd: EtcdServer) -> Site:
    made = Site(sandbox, etcd)
    made.network()
    return made


def subnets(result: dict[str, Any]) -> list[str]:
    return [entry["subnet"] for entry in result["leases"]]


def test_hosts_come_and_go(site: Site) -> None:
    assert subnets(site.reserve(A, B)) == ["172.20.1.0/24", "172.20.2.0/24"]
    # In front of the others, and nobody moves.
    more = site.reserve(C, A, B)
    assert subnets(more) == ["172.20.3.0/24", "172.20.1.0/24", "172.20.2.0/24"]
    less = site.reserve(C, B)
    assert (less["changed"], less["revoked"]) == (True, [A])
    assert less["diff"]["before"].splitlines()[-1] == f"{A} 172.20.1.0/24"
    assert A not in less["diff"]["after"]
    assert site.holders() == {"172.20.2.0-24": B, "172.20.3.0-24": C}
    assert A not in json.dumps(site.etcd.content())
    # The next new host gets what became free.
    assert subnets(site.reserve(C, B, D))[2] == "172.20.1.0/24"


def test_hosts_that_were_off_for_days(site: Site) -> None:
    """Every lease ended, some hosts left, others came: who is still there has the same subnet."""
    site.reserve(A, f"{B}=172.20.77.0/24", C)
    for lease in json.loads(site.etcd.ctl("-w", "json", "lease", "list").stdout)["leases"]:
        site.etcd.ctl("lease", "revoke", f"{lease['id']:x}")
    assert site.holders() == {}
    back = site.reserve(D, C, f"{B}=172.20.77.0/24")
    assert subnets(back) == ["172.20.3.0/24", "172.20.2.0/24", "172.20.77.0/24"]
    assert back["revoked"] == [A]
    assert f"{C} 172.20.2.0/24 (noted, no lease)" in back["diff"]["before"]


def test_without_purge_nobody_loses_anything(site: Site) -> None:
    site.reserve(A, B)
    assert site.reserve(B, purge=False)["revoked"] == []
    assert site.holders() == {"172.20.1.0-24": A, "172.20.2.0-24": B}


def test_strangers_keep_what_they_have(site: Site) -> None:
    """A lease that was never noted here is not ours to take, nor is its subnet to give."""
    site.stranger("172.20.1.0/24", "198.51.100.7")
    made = site.reserve(A)
    assert (subnets(made), made["revoked"]) == (["172.20.2.0/24"], [])
    site.reserve(B)
    assert site.holders() == {"172.20.1.0-24": "198.51.100.7", "172.20.3.0-24": B}
    message = site.refuse(f"{B}=172.20.1.0/24")
    assert "subnet: '172.20.1.0/24': the host 198.51.100.7 has it" in message


def test_what_a_leaver_had_is_given_out_last(site: Site) -> None:
    """One that left by mistake, and still runs, is back in its own subnet at once."""
    site.reserve(A, B)
    swapped = site.reserve(C, B)
    assert (subnets(swapped), swapped["revoked"]) == (["172.20.3.0/24", "172.20.2.0/24"], [A])
    # Its flanneld takes the same subnet again, from its subnet.env.
    site.stranger("172.20.1.0/24", A)
    back = site.reserve(A, B, C)
    assert subnets(back) == ["172.20.1.0/24", "172.20.2.0/24", "172.20.3.0/24"]


def test_a_host_with_a_new_address_keeps_its_pin(site: Site) -> None:
    site.reserve(f"{A}=172.20.5.0/24", B)
    moved = site.reserve(f"{C}=172.20.5.0/24", B)
    assert (subnets(moved)[0], moved["revoked"]) == ("172.20.5.0/24", [A])
    assert site.holders() == {"172.20.5.0-24": C, "172.20.1.0-24": B}


def test_a_full_network(site: Site) -> None:
    site.network("10.9.0.0/22", force=True)
    assert subnets(site.reserve(A, B, C)) == ["10.9.1.0/24", "10.9.2.0/24", "10.9.3.0/24"]
    message = site.refuse(A, B, C, D, "192.0.2.5")
    assert "network: '10.9.0.0/22': all 3 subnets of it are taken" in message
    assert "2 of the 5 hosts of this task get none" in message
    assert "configure a larger network" in message
    # With one that leaves there is room, in the same run.
    changed = site.reserve(A, C, D)
    assert subnets(changed) == ["10.9.1.0/24", "10.9.3.0/24", "10.9.2.0/24"]


def test_what_cannot_be_is_refused_before_the_first_write(site: Site) -> None:
    site.reserve(A, B)
    assert f"the host {B} has it" in site.refuse(A, f"{C}=172.20.2.0/24", purge=False), (
        "of a host that this task does not name"
    )
    assert "overlaps with 172.20.9.0/24" in site.refuse(f"{A}=172.20.9.0/24", f"{B}=172.20.9.0/24")
    assert "outside the network" in site.refuse(A, B, f"{C}=172.21.0.0/24")
    assert "the same address" in site.refuse(A, B, A)
    assert "names none" in site.refuse()
    assert "Leave purge out" in site.refuse(A, state="absent")


def test_a_config_that_changed_meanwhile(site: Site, tmp_path: Path) -> None:
    """Somebody writes another network between our look and our first write: planned again."""
    wrapper = tmp_path / "bin" / "etcdctl"
    wrapper.parent.mkdir()
    other = '{"Network":"10.77.0.0/16","Backend":{"Type":"vxlan"}}'
    wrapper.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *txn*) if mkdir {tmp_path}/once 2>/dev/null; then\n'
        f"    /usr/bin/etcdctl put {PREFIX}/config '{other}' >/dev/null\n"
        "fi;; esac\n"
        'exec /usr/bin/etcdctl "$@"\n'
    )
    wrapper.chmod(0o755)
    (made,) = site.call(site.case(A, B), PATH=f"{wrapper.parent}:/usr/sbin:/usr/bin:/sbin:/bin")
    assert (tmp_path / "once").is_dir()
    assert subnets(made) == ["10.77.1.0/24", "10.77.2.0/24"]
    assert site.holders() == {"10.77.1.0-24": A, "10.77.2.0-24": B}
    leases = json.loads(site.etcd.ctl("-w", "json", "lease", "list").stdout)["leases"]
    assert len(leases) == 1


def many(count: int) -> list[str]:
    return [f"10.1.{number // 250}.{number % 250 + 1}" for number in range(count)]


def test_two_controllers_at_once(site: Site) -> None:
    """Four runs for one inventory, two of them from its other end: all agree in the end."""
    site.network("172.16.0.0/12", force=True)
    hosts = many(150)
    runs = [site.case(*hosts), site.case(*reversed(hosts))]
    with ThreadPoolExecutor(4) as pool:
        answers = [result for (result,) in pool.map(site.call, [runs[0], runs[1]] * 2)]
    assert sum(answer["changed"] for answer in answers) >= 1
    agreed = [
        {entry["public_ip"]: entry["subnet"] for entry in answer["leases"]} for answer in answers
    ]
    assert agreed[1:] == agreed[:-1]
    assert len(site.holders()) == 150
    assert sorted(site.holders().values()) == sorted(hosts)
    # Nothing of those who lost is left, not even an etcd lease without keys.
    for lease in json.loads(site.etcd.ctl("-w", "json", "lease", "list").stdout)["leases"]:
        number = f"{lease['id']:x}"
        left = site.etcd.ctl("-w", "json", "lease", "timetolive", "--keys", number).stdout
        assert json.loads(left).get("keys")


@pytest.mark.parametrize(("count", "transactions"), [(63, 1), (100, 2), (1000, 16)])
def test_transactions(site: Site, count: int, transactions: int) -> None:
    """Two keys for each host, 127 operations and the condition that the config stayed."""
    site.network("172.16.0.0/12", force=True)
    step = site.case(*many(count))

    def counted(changed: bool, step: dict[str, Any]) -> tuple[int, int]:
        """Transactions and etcd leases that a run takes."""
        before = [site.etcd.requests(kind) for kind in ("Txn", "LeaseGrant")]
        (done,) = site.call(step)
        assert done["changed"] is changed, done
        after = [site.etcd.requests(kind) for kind in ("Txn", "LeaseGrant")]
        return after[0] - before[0], after[1] - before[1]

    assert counted(True, step) == (transactions, 1)
    assert counted(False, step) == (0, 0)
    assert len(set(site.holders().values())) == count
    # One more is one more transaction, one that left as well.
    assert counted(True, site.case(*many(count), D)) == (1, 1)
    assert counted(True, step) == (1, 0)
