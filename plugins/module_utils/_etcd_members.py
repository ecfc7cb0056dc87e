# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Members of an etcd cluster: one is added as a learner, promoted, or taken out.

A learner has no vote: while it fetches the data the cluster is no easier to stop than before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ._errors import OptionError
from ._etcd import Connection, Etcd, EtcdError, EtcdSettlingError, EtcdUnreachableError


@dataclass(frozen=True)
class Member:
    """One member as the cluster knows it; ``name`` is empty until it has started once."""

    id: int
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    learner: bool

    def report(self) -> dict[str, Any]:
        """What a module returns: the number as etcdctl shows it."""
        return {**asdict(self), "id": f"{self.id:x}"}


@dataclass(frozen=True)
class Want:
    """What one task asks for. ``wait`` is in seconds."""

    name: str
    peer_urls: tuple[str, ...]
    state: str
    voting: bool
    force: bool
    wait: int


def parse(answer: Mapping[str, Any]) -> list[Member]:
    """The members in what ``etcdctl -w json member …`` printed (pure)."""
    return [
        Member(
            id=int(entry["ID"]),
            name=entry.get("name", ""),
            peer_urls=tuple(sorted(entry.get("peerURLs") or [])),
            client_urls=tuple(sorted(entry.get("clientURLs") or [])),
            learner=bool(entry.get("isLearner", False)),
        )
        for entry in answer.get("members") or []
    ]


def find(members: Sequence[Member], want: Want) -> Member | None:
    """The member that is meant: of that name, or not started yet at that address (pure)."""
    for member in members:
        if member.name == want.name:
            return member
    for member in members:
        if not member.name and member.peer_urls == want.peer_urls:
            return member
    return None


def initial_cluster(members: Sequence[Member], want: Want) -> str:
    """What a member that joins has to be started with as ``--initial-cluster`` (pure)."""
    return ",".join(
        f"{member.name or want.name}={url}" for member in members for url in member.peer_urls
    )


def decide(members: Sequence[Member], want: Want) -> str:
    """What has to be done: ``add``, ``promote``, ``remove`` or nothing, '' (pure).

    Raises OptionError where what is asked for cannot be done.
    """
    member = find(members, want)
    if want.state == "absent":
        return _decide_absent(members, member, want)
    if member is None:
        return _decide_new(members, want)
    if member.peer_urls != want.peer_urls:
        raise OptionError(
            "peer_urls",
            list(want.peer_urls),
            f"member {want.name} is known with {', '.join(member.peer_urls)}",
            "Take it out of the cluster first (state: absent), and add it again with an empty "
            "data directory",
        )
    return "promote" if member.learner and want.voting else ""


def _decide_absent(members: Sequence[Member], member: Member | None, want: Want) -> str:
    if member is None:
        return ""
    if len(members) == 1:
        raise OptionError(
            "name", want.name, "it is the cluster's only member", "Stop etcd and delete its data"
        )
    return "remove"


def _decide_new(members: Sequence[Member], want: Want) -> str:
    if want.voting:
        raise OptionError(
            "name",
            want.name,
            "the cluster has no such member",
            "Add it with voting: false, and start its etcd, before it gets a vote",
        )
    for member in members:
        if set(member.peer_urls) & set(want.peer_urls):
            raise OptionError(
                "peer_urls",
                list(want.peer_urls),
                f"member {member.name or '(not started)'} has this address",
                "Take that member out of the cluster first (state: absent)",
            )
    return "add"


def ensure(etcd: Etcd, connection: Connection, want: Want, check_mode: bool) -> dict[str, Any]:
    """Bring one member to what is wanted; the module's result."""
    before = parse(etcd.run(["member", "list"]))
    todo = decide(before, want)
    member = find(before, want)
    if todo == "remove" and member is not None and not want.force:
        _refuse_living(connection, member)
    after = before
    if todo and not check_mode:
        after = _patiently(etcd, connection, want)
    found = find(after, want)
    return {
        "changed": bool(todo),
        "action": todo,
        "member": found.report() if found else None,
        "members": [item.report() for item in after],
        "initial_cluster": initial_cluster(after, want),
        "diff": {"before": _lines(before), "after": _lines(after)},
    }


def _leader(etcd: Etcd, connection: Connection, members: Sequence[Member]) -> Etcd:
    """The way to the leader alone.

    A follower passes a promotion on without saying who asks for it, and a leader with
    authentication refuses that (etcd-io/etcd issue 20757).
    """
    leaders = {int(entry["Status"].get("leader", 0)) for entry in etcd.run(["endpoint", "status"])}
    urls = [url for member in members if member.id in leaders for url in member.client_urls]
    return Etcd(replace(connection, endpoints=tuple(urls))) if urls else etcd


def _patiently(etcd: Etcd, connection: Connection, want: Want) -> list[Member]:
    """The members afterwards. Asks until the learner has caught up, those that came last have been
    there for a while, and a cluster that elects a leader answers again."""
    end = time.monotonic() + want.wait
    while True:
        try:
            return _do(etcd, connection, want)
        except (EtcdSettlingError, EtcdUnreachableError):
            if time.monotonic() >= end:
                raise
        time.sleep(0.5)


def _do(etcd: Etcd, connection: Connection, want: Want) -> list[Member]:
    """From the members as they are now: what got no answer may have been done all the same."""
    members = parse(etcd.run(["member", "list"]))
    todo = decide(members, want)
    if not todo:
        return members
    member = find(members, want)
    if todo == "add" or member is None:
        urls = f"--peer-urls={','.join(want.peer_urls)}"
        etcd.tell(["member", "add", want.name, urls, "--learner"])
    elif todo == "remove":
        etcd.tell(["member", "remove", f"{member.id:x}"])
    else:
        _leader(etcd, connection, members).tell(["member", "promote", f"{member.id:x}"])
    members = parse(etcd.run(["member", "list"]))
    if decide(members, want):
        raise EtcdError(f"member {want.name}: etcd took the change, but it is not there.")
    return members


def _refuse_living(connection: Connection, member: Member) -> None:
    if not member.client_urls:
        return
    own = replace(connection, endpoints=member.client_urls, timeout=min(connection.timeout, 5))
    try:
        Etcd(own).run(["endpoint", "health"])
    except EtcdError:
        return
    raise OptionError(
        "name",
        member.name,
        f"this member is alive at {', '.join(member.client_urls)}",
        "Leave it in the cluster, or set force: true to take a vote from a member that works",
    )


def _lines(members: Sequence[Member]) -> str:
    """The members for --diff."""
    return "".join(
        f"{member.name or '(not started)'} {' '.join(member.peer_urls)}"
        f"{' learner' if member.learner else ''}\n"
        for member in sorted(members, key=lambda item: (item.name, item.peer_urls))
    )
