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
from . import leases
from .allocation import Assignment, Wanted, assign
from .config import Config, from_text
from .leases import Lease, Record

# Hosts in one transaction: each needs up to four operations of the 128 that etcd takes.
_HOSTS_PER_TXN = 30
_ATTEMPTS = 20


@dataclass(frozen=True)
class State:
    """All that etcd holds about one flannel network, read once."""

    config: KeyValue | None
    leases: tuple[Lease, ...]
    records: tuple[Record, ...]
    # Every key that stands where a lease or record may stand, readable or not.
    revisions: dict[str, int]


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

    def reserve(self, state: State, wanted: Sequence[Wanted]) -> list[Assignment]:
        """Give every host of ``wanted`` its subnet; other hosts' keys stay as they are.

        Everything is written under the condition that nobody wrote it since it was read; when
        somebody did, it is all read and planned again.
        """
        first: list[Assignment] = []
        for attempt in range(_ATTEMPTS):
            plan = assign(self.config(state), wanted, state.leases, state.records)
            first = plan if attempt == 0 else first
            if self._write(state, plan):
                self._refresh(state, plan)
                return _merge(first, plan)
            # Whoever lost the race waits a little, each a different time.
            time.sleep(random.uniform(0.0, 0.2) * (attempt + 1))
            state = self.read()
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
        for start in range(0, len(keys), _HOSTS_PER_TXN):
            self._etcd.txn([], [Delete(key) for key in keys[start : start + _HOSTS_PER_TXN]])
        self._end(dropped)

    def _write(self, state: State, plan: Sequence[Assignment]) -> bool:
        """Write what the plan asks for; False as soon as something had changed meanwhile."""
        todo = [item for item in plan if item.put_lease or item.put_record or item.drop]
        kept = {leases.lease_key(self._prefix, item.subnets) for item in plan}
        for start in range(0, len(todo), _HOSTS_PER_TXN):
            part = todo[start : start + _HOSTS_PER_TXN]
            needs_lease = any(item.put_lease for item in part)
            lease = self._etcd.lease_grant(leases.TTL) if needs_lease else 0
            conditions, operations = self._operations(state, part, kept, lease)
            if not self._etcd.txn(conditions, operations):
                if lease:
                    self._etcd.lease_revoke(lease)
                return False
        self._end(lease for item in todo for lease in item.drop)
        return True

    def _operations(
        self, state: State, part: Sequence[Assignment], kept: set[str], lease: int
    ) -> tuple[list[Unchanged], list[Put | Delete]]:
        conditions: list[Unchanged] = []
        operations: list[Put | Delete] = []
        for item in part:
            drop = [gone for gone in item.drop if gone.key not in kept]
            conditions += [Unchanged(gone.key, gone.mod_revision) for gone in drop]
            operations += [Delete(gone.key) for gone in drop]
            if item.put_lease:
                key = leases.lease_key(self._prefix, item.subnets)
                conditions.append(Unchanged(key, state.revisions.get(key, 0)))
                operations.append(Put(key, leases.placeholder(item.public_ip), lease))
            if item.put_record:
                key = leases.record_key(self._prefix, item.public_ip)
                conditions.append(Unchanged(key, state.revisions.get(key, 0)))
                operations.append(Put(key, leases.record_value(item.subnets)))
        return conditions, operations

    def _refresh(self, state: State, plan: Sequence[Assignment]) -> None:
        """Give the reservations that no flanneld has taken yet their full day again."""
        waiting = {item.public_ip for item in plan if not item.put_lease}
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


def _merge(first: Sequence[Assignment], last: Sequence[Assignment]) -> list[Assignment]:
    """The last plan's result, with what an earlier attempt had already written for it."""
    return [
        Assignment(
            now.public_ip,
            now.subnets,
            now.put_lease or before.put_lease,
            now.put_record or before.put_record,
            now.drop or before.drop,
        )
        for before, now in zip(first, last)
    ]
