# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan writes, in as few transactions as etcd takes. Pure.

First what is in the way is deleted, then everything is created, never written over: a flanneld
whose lease is overwritten does not notice, and writes it back a day later; one whose lease is
deleted ends, is started again and takes the lease that then has its address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._etcd import MAX_TXN_OPS, Delete, Put, Unchanged
from . import leases
from .allocation import Assignment
from .leases import Lease

# One condition of each transaction is that the config is still the one that was planned for.
MOST = MAX_TXN_OPS - 1


@dataclass(frozen=True)
class Write:
    """An operation, and the revision that its key has to have; 0 says that it is not there."""

    operation: Put | Delete
    revision: int

    def condition(self) -> Unchanged:
        """What etcd is to check."""
        return Unchanged(self.operation.key, self.revision)


def clearing(
    prefix: str,
    plan: Sequence[Assignment],
    leaving: Collection[str],
    held: Iterable[Lease],
    revisions: Mapping[str, int],
) -> list[list[Write]]:
    """What has to go first, by host: leases that hosts give up, and all of the leavers'."""
    gone: dict[str, list[str]] = {host: [] for host in leaving}
    for lease in held:
        if lease.public_ip in gone:
            gone[lease.public_ip].append(lease.key)
    for host, keys in gone.items():
        keys.append(leases.record_key(prefix, host))
    given_up = {lease.key for item in plan for lease in item.drop}
    given_up.update(key for keys in gone.values() for key in keys)
    steps = [*gone.values(), *([lease.key for lease in item.drop] for item in plan)]
    for item in plan:
        key = leases.lease_key(prefix, item.subnets)
        # Nothing that flannel could read: it belongs to nobody.
        if item.put_lease and key in revisions and key not in given_up:
            steps.append([key])
    return [[Write(Delete(key), revisions[key]) for key in keys] for keys in steps if keys]


def creating(
    prefix: str, plan: Sequence[Assignment], lease: int, revisions: Mapping[str, int]
) -> list[list[Write]]:
    """What is made, by host; ``lease`` is the etcd lease of the new reservations."""
    steps = []
    for item in plan:
        step = []
        if item.put_lease:
            key = leases.lease_key(prefix, item.subnets)
            step.append(Write(Put(key, leases.placeholder(item.public_ip), lease), 0))
        if item.put_record:
            key = leases.record_key(prefix, item.public_ip)
            value = leases.record_value(item.subnets)
            step.append(Write(Put(key, value), revisions.get(key, 0)))
        if step:
            steps.append(step)
    return steps


def batches(steps: Iterable[Sequence[Write]], most: int = MOST) -> list[list[Write]]:
    """The steps in their order, each whole, in transactions of at most ``most`` operations."""
    found: list[list[Write]] = []
    for step in steps:
        if not found or len(found[-1]) + len(step) > most:
            found.append([])
        found[-1].extend(step)
    return found
