# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""flannel's keys in etcd: read, and written in transactions that never overwrite a stranger's."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._errors import ContainerNetError
from .._etcd import Delete, Etcd, EtcdError, KeyValue, Put, Unchanged
from . import leases, transactions
from .allocation import Assignment, Wanted, assign, leavers
from .config import Config, from_text
from .leases import Lease, Record

_ATTEMPTS = 20


@dataclass(frozen=True)
class State:
    """All that etcd holds about one flannel network, read once."""

    config: KeyValue | None
    leases: tuple[Lease, ...]
    records: tuple[Record, ...]
    # Every key that stands where a lease or record may stand, readable or not.
    revisions: dict[str, int]


@dataclass(frozen=True)
class Plan:
    """Who gets what, and who loses all: hosts that are not in the inventory any more."""

    hosts: tuple[Assignment, ...]
    leaving: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.leaving) or any(
            item.put_lease or item.put_record or item.drop for item in self.hosts
        )


class Registry:
    """One flannel network, the keys under ``prefix``."""

    def __init__(self, etcd: Etcd, prefix: str) -> None:
        self._etcd = etcd
        self._prefix = prefix

    def read(self) -> State:
        """Config, leases and records."""
        prefix = self._prefix
        lease_keys = self._etcd.get_prefix(leases.subnets_prefix(prefix))
        record_keys = self._etcd.get_prefix(leases.records_prefix(prefix))
        found = [
            leases.parse_lease(item.key, item.value, item.mod_revision, item.lease)
            for item in lease_keys
        ]
        noted = [
            leases.parse_record(item.key, item.value, item.mod_revision) for item in record_keys
        ]
        return State(
            self._etcd.get(leases.config_key(prefix)),
            tuple(item for item in found if item is not None),
            tuple(item for item in noted if item is not None),
            {item.key: item.mod_revision for item in [*lease_keys, *record_keys]},
        )

    def read_as_flannel(self) -> State:
        """Config and leases: what flannel's own certificate may read."""
        found = [
            leases.parse_lease(item.key, item.value, item.mod_revision, item.lease)
            for item in self._etcd.get_prefix(leases.subnets_prefix(self._prefix))
        ]
        config = self._etcd.get(leases.config_key(self._prefix))
        return State(config, tuple(item for item in found if item is not None), (), {})

    def config(self, state: State) -> Config:
        """The config in force. Raises ContainerNetError when there is none, or a broken one."""
        key = leases.config_key(self._prefix)
        if state.config is None:
            raise ContainerNetError(
                f"prefix: {self._prefix!r}: etcd holds no key {key}. Write flannel's config first, "
                "with the module flannel_network, or correct prefix."
            )
        try:
            return from_text(state.config.value)
        except ValueError as error:
            raise ContainerNetError(
                f"prefix: {self._prefix!r}: flannel cannot use the config in {key}: {error}. "
                "Write it anew with the module flannel_network."
            ) from None

    def write_config(self, state: State, config: Config) -> None:
        """Replace the config that was read, and no other. Raises EtcdError."""
        key = leases.config_key(self._prefix)
        revision = state.config.mod_revision if state.config else 0
        if not self._etcd.txn([Unchanged(key, revision)], [Put(key, config.text())]):
            raise EtcdError(f"{key}: somebody else wrote it meanwhile. Look at it, and run again.")
        now = self._etcd.get(key)
        if now is None or now.value != config.text():
            raise EtcdError(
                f"{key}: the value did not stay as written. Find out who else writes it."
            )

    def remove_network(self, state: State) -> None:
        """Delete config, leases and records, all that was read."""
        keys = [*state.revisions]
        if state.config is not None:
            # The config goes first: no flanneld that lost its lease may then take a new one.
            keys.insert(0, state.config.key)
        self._delete(keys, state.leases)

    def plan(self, state: State, wanted: Sequence[Wanted], purge: bool = False) -> Plan:
        """Who of ``wanted`` gets what; with ``purge`` nobody else that we noted keeps anything."""
        leaving = leavers(wanted, state.records) if purge else []
        config = self.config(state)
        hosts = assign(config, wanted, state.leases, state.records, frozenset(leaving))
        return Plan(tuple(hosts), tuple(leaving))

    def reserve(
        self, state: State, wanted: Sequence[Wanted], purge: bool = False
    ) -> tuple[Plan, bool]:
        """Make it so; the plan that was carried out, and whether anything was written.

        Everything is written under the condition that nobody wrote it since it was read; when
        somebody did, it is all read and planned again.
        """
        lease = _LateLease(self._etcd)
        wrote = False
        for attempt in range(_ATTEMPTS):
            plan = self.plan(state, wanted, purge)
            done, all_done = self._carry_out(state, plan, lease)
            wrote = wrote or done > 0
            if all_done:
                self._refresh(state, plan)
                lease.end_if_unused()
                return plan, wrote
            # Whoever lost the race waits a little, each a different time.
            time.sleep(random.uniform(0.0, 0.2) * (attempt + 1))
            state = self.read()
        lease.end_if_unused()
        raise EtcdError(
            f"{self._prefix}: other hosts took subnets faster than they could be reserved, "
            f"{_ATTEMPTS} times. Run again."
        )

    def release(self, state: State, hosts: Iterable[str]) -> None:
        """Delete leases and records of ``hosts``; a running flanneld then stops."""
        gone = set(hosts)
        dropped = [item for item in state.leases if item.public_ip in gone]
        records = [leases.record_key(self._prefix, host) for host in sorted(gone)]
        keys = [item.key for item in dropped] + [key for key in records if key in state.revisions]
        self._delete(keys, dropped)

    def _delete(self, keys: Sequence[str], dropped: Iterable[Lease]) -> None:
        for start in range(0, len(keys), transactions.MOST):
            self._etcd.txn([], [Delete(key) for key in keys[start : start + transactions.MOST]])
        self._end(dropped)

    def _carry_out(self, state: State, plan: Plan, lease: _LateLease) -> tuple[int, bool]:
        """How many transactions were done, and whether these were all; it ends at the first that
        meets something that was changed meanwhile."""
        clearing = transactions.clearing(
            self._prefix, plan.hosts, plan.leaving, state.leases, state.revisions
        )
        number = lease.number() if any(item.put_lease for item in plan.hosts) else 0
        creating = transactions.creating(self._prefix, plan.hosts, number, state.revisions)
        batches = [*transactions.batches(clearing), *transactions.batches(creating)]
        revision = state.config.mod_revision if state.config else 0
        planned_for = Unchanged(leases.config_key(self._prefix), revision)
        for done, batch in enumerate(batches):
            conditions = [planned_for, *(write.condition() for write in batch)]
            if not self._etcd.txn(conditions, [write.operation for write in batch]):
                return done, False
        gone = [item for item in state.leases if item.public_ip in plan.leaving]
        self._end([*gone, *(item for host in plan.hosts for item in host.drop)])
        return len(batches), True

    def _refresh(self, state: State, plan: Plan) -> None:
        """Give the reservations that no flanneld has taken yet their full day again."""
        waiting = {item.public_ip for item in plan.hosts if not item.put_lease}
        ids = {
            item.etcd_lease
            for item in state.leases
            if item.reserved and item.public_ip in waiting and item.etcd_lease
        }
        for lease in sorted(ids):
            self._etcd.lease_keep_alive(lease)

    def _end(self, dropped: Iterable[Lease]) -> None:
        """End the etcd leases that hold no key any more; one lease may hold many hosts' keys."""
        for lease in sorted({item.etcd_lease for item in dropped if item.etcd_lease}):
            if self._etcd.lease_keys(lease) == []:
                self._etcd.lease_revoke(lease)


class _LateLease:
    """One etcd lease for all reservations of a run, asked for when the first one is made."""

    def __init__(self, etcd: Etcd) -> None:
        self._etcd = etcd
        self._number = 0

    def number(self) -> int:
        """Its number."""
        if not self._number:
            self._number = self._etcd.lease_grant(leases.TTL)
        return self._number

    def end_if_unused(self) -> None:
        """End it when somebody else turned out to have made all that it was for."""
        if self._number and self._etcd.lease_keys(self._number) == []:
            self._etcd.lease_revoke(self._number)
