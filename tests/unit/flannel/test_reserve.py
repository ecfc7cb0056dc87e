# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reservations for a whole inventory: who has left, what is free, and the transactions."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._etcd import (
    MAX_TXN_OPS,
    Delete,
    Put,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import (
    allocation,
    config,
    leases,
    occupancy,
    transactions,
)

PREFIX = "/coreos.com/network"
CONFIG = config.from_params({"network": "172.20.0.0/16", "backend": {"type": "vxlan"}})
SMALL = config.from_params({"network": "10.0.0.0/22", "backend": {"type": "vxlan"}})
A, B, C, D = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.10"


def subnets(text: str) -> leases.Subnets:
    return leases.Subnets(ipaddress.ip_network(text))


def lease(host: str, text: str, revision: int = 5) -> leases.Lease:
    made = subnets(text)
    key = leases.lease_key(PREFIX, made)
    return leases.Lease(key, made, host, "vxlan", {}, False, revision, 77)


def record(host: str, text: str, revision: int = 6) -> leases.Record:
    return leases.Record(leases.record_key(PREFIX, host), host, subnets(text), revision)


def wanted(*hosts: str) -> list[allocation.Wanted]:
    """Each host as ``address`` or ``address=subnet``."""
    entries = []
    for host in hosts:
        address, dummy, subnet = host.partition("=")
        entries.append({"public_ip": address, "subnet": subnet or None})
    return allocation.wanted_from_params(entries, "leases")


# --- who has left ---


def test_leavers_are_those_that_we_noted() -> None:
    records = [record(D, "172.20.4.0/24"), record(B, "172.20.2.0/24"), record(A, "172.20.1.0/24")]
    assert allocation.leavers(wanted(A, C), records) == [B, D]
    assert allocation.leavers(wanted(A), []) == []


@pytest.mark.parametrize(
    ("hosts", "held", "leaving", "result"),
    [
        pytest.param([A, C], [(A, 1), (B, 2)], [B], [1, 3], id="what one had is not given at once"),
        pytest.param([C], [(A, 1), (B, 2)], [A, B], [3], id="also when it is the lowest"),
        pytest.param([f"{C}=172.20.2.0/24"], [(B, 2)], [B], [2], id="but to whom it is pinned"),
        pytest.param([A, C], [(A, 1), (B, 2)], [], [1, 3], id="who stays keeps it"),
    ],
)
def test_what_leavers_had(
    hosts: list[str], held: list[tuple[str, int]], leaving: list[str], result: list[int]
) -> None:
    have = [lease(host, f"172.20.{number}.0/24") for host, number in held]
    noted = [record(host, f"172.20.{number}.0/24") for host, number in held]
    plan = allocation.assign(CONFIG, wanted(*hosts), have, noted, leaving)
    assert [str(item.subnets.ipv4) for item in plan] == [f"172.20.{n}.0/24" for n in result]


def test_what_a_leaver_had_is_better_than_nothing() -> None:
    have = [lease(A, "10.0.1.0/24"), lease(B, "10.0.2.0/24"), lease(C, "10.0.3.0/24")]
    plan = allocation.assign(SMALL, wanted(A, D, C), have, [], [B])
    assert [str(item.subnets.ipv4) for item in plan] == [f"10.0.{n}.0/24" for n in (1, 2, 3)]


def test_two_hosts_with_one_record() -> None:
    """Runs for single hosts can leave that: the first keeps it, and nothing fails."""
    noted = [record(A, "172.20.5.0/24"), record(B, "172.20.5.0/24")]
    plan = allocation.assign(CONFIG, wanted(A, B), [], noted)
    assert [str(item.subnets.ipv4) for item in plan] == ["172.20.5.0/24", "172.20.1.0/24"]


# --- what is free ---


@pytest.mark.parametrize(
    ("noted", "asked", "owner"),
    [
        ("172.20.5.0/24", "172.20.5.0/24", A),
        ("172.20.5.0/24", "172.20.6.0/24", None),
        ("172.20.4.0/22", "172.20.5.0/24", A),
        ("172.20.4.0/22", "172.20.8.0/24", None),
        ("172.20.5.128/25", "172.20.5.0/24", A),
        ("172.20.5.128/25", "172.20.4.0/24", None),
        ("fd00:20:0:5::/64", "fd00:20:0:5::/64", A),
        ("fd00:20:0:5::/64", "fd00:20::/48", A),
        ("172.20.5.0/24", "fd00:20:0:5::/64", None),
        ("0.0.0.0/0", "172.20.5.0/24", A),
    ],
)
def test_owner(noted: str, asked: str, owner: str | None) -> None:
    found = occupancy.Occupancy()
    found.note(A, [ipaddress.ip_network(noted)])
    assert found.owner(ipaddress.ip_network(asked)) == owner
    assert found.foreign(B, [ipaddress.ip_network(asked)]) is (owner is not None)
    assert found.foreign(A, [ipaddress.ip_network(asked)]) is False


def test_the_lowest_free_one_is_found_again_and_again() -> None:
    busy, nothing = occupancy.Occupancy(), occupancy.Occupancy()
    busy.note(A, [ipaddress.ip_network("10.0.2.0/24")])
    given = []
    for host in (B, C, D):
        subnet = busy.lowest_free(SMALL.ipv4, nothing)
        given.append(subnet and str(subnet))
        busy.note(host, [subnet] if subnet else [])
    assert given == ["10.0.1.0/24", "10.0.3.0/24", None]


def test_a_thousand_hosts_are_no_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look-ups grow with the hosts, and not with hosts times hosts."""
    looks = 0
    plain = occupancy.Occupancy.owner

    def counting(self: occupancy.Occupancy, subnet: object) -> str | None:
        nonlocal looks
        looks += 1
        return plain(self, subnet)

    monkeypatch.setattr(occupancy.Occupancy, "owner", counting)
    large = config.from_params({"network": "10.0.0.0/8", "backend": {"type": "vxlan"}})
    counts = []
    for count in (500, 1000):
        looks = 0
        hosts = [f"192.168.{number // 250}.{number % 250 + 1}" for number in range(count)]
        plan = allocation.assign(large, wanted(*hosts), [], [])
        assert len({item.subnets for item in plan}) == count
        counts.append(looks)
    assert counts[1] <= 2.1 * counts[0] <= 12 * 500


# --- the transactions ---


def keys(batches: list[list[transactions.Write]]) -> list[list[str]]:
    def short(operation: Put | Delete) -> str:
        return f"{type(operation).__name__.lower()} {operation.key.rpartition('/')[2]}"

    return [[short(write.operation) for write in batch] for batch in batches]


@pytest.mark.parametrize(("hosts", "count"), [(1, 1), (63, 1), (64, 2), (100, 2), (1000, 16)])
def test_as_few_as_etcd_takes(hosts: int, count: int) -> None:
    names = [f"192.168.{number // 250}.{number % 250 + 1}" for number in range(hosts)]
    large = config.from_params({"network": "10.0.0.0/8", "backend": {"type": "vxlan"}})
    plan = allocation.assign(large, wanted(*names), [], [])
    batches = transactions.batches(transactions.creating(PREFIX, plan, 7, {}))
    assert len(batches) == count
    assert sum(len(batch) for batch in batches) == 2 * hosts
    # One place is left for the condition that the config stayed.
    assert max(len(batch) for batch in batches) < MAX_TXN_OPS
    # A host's keys are never torn apart.
    assert all(len(batch) % 2 == 0 for batch in batches)


def test_everything_is_created_and_nothing_overwritten() -> None:
    plan = allocation.assign(CONFIG, wanted(A, B), [], [record(B, "172.20.9.0/24")])
    (batch,) = transactions.batches(transactions.creating(PREFIX, plan, 7, {}))
    assert keys([batch]) == [["put 172.20.1.0-24", f"put {A}", "put 172.20.9.0-24"]]
    assert [write.revision for write in batch] == [0, 0, 0]
    assert [w.operation.lease for w in batch if isinstance(w.operation, Put)] == [7, 0, 7]


def test_two_that_swap_give_up_first() -> None:
    held = [lease(A, "172.20.1.0/24", 11), lease(B, "172.20.2.0/24", 12)]
    noted = [record(A, "172.20.1.0/24", 13), record(B, "172.20.2.0/24", 14)]
    revisions = {item.key: item.mod_revision for item in (*held, *noted)}
    hosts = wanted(f"{A}=172.20.2.0/24", f"{B}=172.20.1.0/24")
    plan = allocation.assign(CONFIG, hosts, held, noted)
    first = transactions.batches(transactions.clearing(PREFIX, plan, [], held, revisions))
    assert keys(first) == [["delete 172.20.1.0-24", "delete 172.20.2.0-24"]]
    assert [write.revision for write in first[0]] == [11, 12]
    then = transactions.batches(transactions.creating(PREFIX, plan, 7, revisions))
    # The records are ours, and known by the revision that was read.
    assert [write.revision for write in then[0]] == [0, 13, 0, 14]


def test_leavers_lose_every_lease_and_the_record() -> None:
    held = [lease(B, "172.20.2.0/24"), lease(A, "172.20.1.0/24"), lease(B, "172.20.7.0/24")]
    noted = [record(B, "172.20.2.0/24"), record(C, "172.20.3.0/24"), record(A, "172.20.1.0/24")]
    revisions = {item.key: item.mod_revision for item in (*held, *noted)}
    leaving = allocation.leavers(wanted(A), noted)
    plan = allocation.assign(CONFIG, wanted(A), held, noted, leaving)
    steps = transactions.clearing(PREFIX, plan, leaving, held, revisions)
    assert keys(steps) == [
        ["delete 172.20.2.0-24", "delete 172.20.7.0-24", f"delete {B}"],
        [f"delete {C}"],
    ]
    assert transactions.creating(PREFIX, plan, 7, revisions) == []


def test_what_flannel_could_not_read_makes_way() -> None:
    plan = allocation.assign(CONFIG, wanted(A), [], [])
    key = f"{PREFIX}/subnets/172.20.1.0-24"
    ((write,),) = transactions.clearing(PREFIX, plan, [], [], {key: 9})
    assert write == transactions.Write(Delete(key), 9)
    assert write.condition().mod_revision == 9
