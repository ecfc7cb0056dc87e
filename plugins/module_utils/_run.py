# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run, without Ansible: read, plan, journal, apply, verify, delete, verify."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ._errors import OptionError, RunError
from ._host.ledger import Ledger
from ._kernel.apply import Applier, OperationError
from ._kernel.attach import hold
from ._kernel.irreplaceable import irreplaceable
from ._kernel.namespaces import Namespaces, refuse_private_mounts
from ._kernel.read import Seen, indexes, read
from ._kernel.session import Session
from ._kernel.snapshot import Leave, Snapshot
from ._kernel.undo import Leftover, undo
from ._kernel.waiting import wait_for_links, wait_for_peers
from ._topology.commands import command, commands, route_text
from ._topology.diff import Line
from ._topology.draft import place
from ._topology.losses import endangered
from ._topology.model import Have, Want
from ._topology.operations import (
    AddLink,
    AddNamespace,
    AttachNamespace,
    DeleteAddress,
    DeleteNamespace,
    DeleteRoute,
    MoveLink,
    Operation,
    RenameLink,
    SetRoute,
    SetSysctl,
)
from ._topology.others import stray_routes
from ._topology.plan import Plan, plan


@dataclass(frozen=True)
class Outcome:
    """What a run did, or in check mode would do."""

    plan: Plan
    changed: bool
    warnings: tuple[str, ...] = ()
    # Lines of a diff: what changed on the disk, other than the state.
    kept: tuple[tuple[Line, Line], ...] = ()


def run_topology(want: Want, check_mode: bool) -> Outcome:
    """Needs root, pyroute2 and the lock. Raises ContainerNetError, RunError once it wrote."""
    ledger = Ledger(want.topology)
    with Namespaces() as spaces:
        hold(spaces, want, _pid_of)
        have = _read(spaces, want, ledger)
        planned = plan(have, want)
        outcome = Outcome(planned, bool(planned), tuple(_lost_state(have, want, ledger)))
        if any(isinstance(o, (AddNamespace, AttachNamespace)) for o in planned.operations):
            refuse_private_mounts()
        if not want.force:
            _refuse_losses(spaces, planned, have, want)
        if check_mode:
            return outcome
        if planned:
            transaction = _Transaction(spaces, want, ledger, have)
            have = transaction.carry_out(planned)
            outcome = replace(outcome, warnings=(*outcome.warnings, *transaction.lost))
        ledger.settle(have, want)
        return outcome


def _pid_of(option: str, container: str) -> int:
    # Python's HTTP takes longer to import than all the rest.
    from ._host.containers import pid_of

    return pid_of(option, container)


def _lost_state(have: Have, want: Want, ledger: Ledger) -> Iterator[str]:
    """What to say where marks tell of a state file that is not there."""
    links = [link for n in have.namespaces.values() for link in n.links.values()]
    if ledger.exists or not any(link.alias == want.mark for link in links):
        return
    yield (
        f"The state file of topology {want.topology} was missing: what it owns was found again by"
        " its marks. Forgotten are the values that sysctls had before it."
    )
    stray = [route_text(route) for route in stray_routes(have, want)]
    if stray:
        yield (
            "Routes with this collection's mark that no topology's file or link claims were left"
            f" alone: {'; '.join(stray)}."
        )


def _read(spaces: Namespaces, want: Want, ledger: Ledger, seen: Seen | None = None) -> Have:
    # Without a state file what has to be pruned is found by its marks, wherever it is.
    everywhere = want.prune and not ledger.exists

    def look() -> Have:
        return read(spaces, want, ledger.owned, everywhere or ledger.strayed, want.prune, seen)

    have = look()
    if not everywhere and not ledger.strayed and ledger.look_for_strays(have):
        have = look()
    ends = [have.link(link.key) for link in want.links if link.kind == "veth"]
    orphans = [end for end in ends if end is not None and end.is_orphan]
    # Those of a container that was replaced stay as long as its name.
    if orphans and not have.astray and wait_for_links(spaces, orphans):
        have = look()
    return have


def _refuse_losses(spaces: Namespaces, planned: Plan, have: Have, want: Want) -> None:
    """G3: what others gave to a link of theirs and nobody can put back stays."""
    with contextlib.closing(Session(spaces, {})) as session:
        for link, what in endangered(planned, have, want):
            lost = irreplaceable(session.socket(link.netns), link.index, link.mac)
            if lost:
                raise OptionError(
                    "force",
                    False,
                    f"link {link.name} {place(link.netns)} was not made by topology"
                    f" {want.topology}, and {what} would destroy its {', '.join(lost)}",
                    "Take that away first, or set force to true",
                )


class _Transaction:
    """One plan on its way into the kernel."""

    def __init__(self, spaces: Namespaces, want: Want, ledger: Ledger, have: Have) -> None:
        self._spaces = spaces
        self._want = want
        self._ledger = ledger
        self._have = have
        self._session = Session(spaces, indexes(have))
        self._seen = Seen(spaces, want)
        self._applier = Applier(self._session, self._seen.look)
        self.lost: list[str] = []

    def carry_out(self, planned: Plan) -> Have:
        """Returns what is there afterwards, which is what was wanted."""
        forward = with_macs(planned.forward)
        before = Snapshot(self._session)
        keep = Snapshot(self._session)
        with self._spaces.opening_once():
            try:
                self._remember(before, planned.forward)
                self._remember(keep, [o for o in planned.operations if _loses(o)])
                self._ledger.journal(forward)
                have = self._forward(forward, before, keep, planned)
                if any(isinstance(o, RenameLink) for o in forward):
                    planned = _with_restored(planned, plan(have, self._want))
                if planned.deletes:
                    have = self._delete(planned, keep)
                return have
            finally:
                self._session.close()

    def _remember(self, snapshot: Snapshot, operations: Iterable[Operation]) -> None:
        there = self._have.namespaces
        touched = [c for o in operations for c in o.collateral() if c.netns in there]
        moved = [(o.netns, o.name) for o in operations if isinstance(o, MoveLink)]
        snapshot.take(touched, moved)

    def _forward(
        self, operations: list[Operation], before: Snapshot, keep: Snapshot, planned: Plan
    ) -> Have:
        """Up to the point of no return; everything is undone when it fails."""
        try:
            self._applier.run(operations)
            if any(isinstance(o, RenameLink) for o in operations):
                self._keep(keep, planned)
            have = self._have
            if operations:
                have = self._verify()
        except BaseException as error:
            left = undo(self._session, self._applier, before)
            if not left:
                self._ledger.revert()
            raise _failure(error, left) from error
        return have

    def _keep(self, keep: Snapshot, planned: Plan) -> None:
        """Put back what was others' and went along; what does not come back is a warning."""
        for repair, reason in keep.restore(_leave(planned.operations)):
            self.lost.append(
                f"Something of others was lost with a change and not restored: {reason}. Repair it"
                f" with: {repair}"
            )

    def _verify(self) -> Have:
        have = _read(self._spaces, self._want, self._ledger, self._seen)
        missing = plan(have, self._want).forward
        if missing:
            raise OperationError(missing[0], _not_kept(missing[0]))
        return have

    def _delete(self, planned: Plan, keep: Snapshot) -> Have:
        """No way back from here: what fails is tried once more from what is there then."""
        gone = [o.netns for o in planned.deletes if isinstance(o, DeleteNamespace)]
        gone = [netns for netns in gone if netns not in self._have.attached]
        moved = {(o.netns, o.name) for o in planned.forward if isinstance(o, MoveLink)}
        failure: OperationError | None = None
        for attempt in (planned.deletes, None):
            if attempt is None:
                have = _read(self._spaces, self._want, self._ledger)
                attempt = plan(have, self._want).operations
                if not attempt:
                    return have
                self._session.indexes.update(indexes(have))
                planned = Plan((*planned.operations, *attempt))
            try:
                self._applier.run(attempt)
                self._keep(keep, planned)
            except OperationError as error:
                failure = error
            self._session.close()
            self._spaces.let_go()
            wait_for_peers(self._spaces, self._have, gone, moved)
        have = _read(self._spaces, self._want, self._ledger)
        rest = plan(have, self._want)
        if rest:
            raise _unfinished(rest, failure)
        return have


def with_macs(operations: Iterable[Operation]) -> list[Operation]:
    """Choose the MAC of every new link, so that the journal knows it before it exists (G2)."""
    found: list[Operation] = []
    for operation in operations:
        if isinstance(operation, AddLink):
            near = operation.near
            peer = operation.peer
            operation = replace(
                operation,
                near=near if near.mac else replace(near, mac=_random_mac()),
                peer=peer if peer is None or peer.mac else replace(peer, mac=_random_mac()),
            )
        found.append(operation)
    return found


def _random_mac() -> str:
    data = bytearray(os.urandom(6))
    # Locally administered, not multicast.
    data[0] = data[0] & 0xFC | 0x02
    return data.hex(":")


def _not_kept(operation: Operation) -> str:
    reason = "the kernel took the request but did not keep it"
    if not isinstance(operation, SetSysctl):
        return reason
    # A list of ports, for one, becomes ranges.
    return f"{reason}: it says {operation.before!r} now. Write the value in the kernel's words"


def _loses(operation: Operation) -> bool:
    """Whether a run that succeeds takes something along that has to stay."""
    return isinstance(operation, (DeleteAddress, RenameLink))


def _with_restored(planned: Plan, again: Plan) -> Plan:
    """Addresses that go with a rename are restored with what others have, and then removed."""
    extra = [o for o in again.deletes if isinstance(o, DeleteAddress)]
    extra = [o for o in extra if o not in planned.deletes]
    return Plan(tuple(sorted([*planned.operations, *extra], key=lambda o: o.stage)))


def _leave(operations: Iterable[Operation]) -> Leave:
    addresses, routes = set(), set()
    for operation in operations:
        if isinstance(operation, DeleteAddress):
            interface = operation.address.interface
            length = interface.network.prefixlen
            addresses.add((operation.netns, interface.ip.packed, length))
        elif isinstance(operation, (DeleteRoute, SetRoute)):
            dst = operation.route.dst
            packed = dst.network_address.packed if dst.prefixlen else b""
            routes.add((operation.netns, packed, dst.prefixlen, operation.route.table))
    return Leave(False, frozenset(addresses), frozenset(routes))


def _failure(error: BaseException, left: list[Leftover]) -> BaseException:
    """The error that a person sees: operation, kernel's word, and what could not be undone."""
    if isinstance(error, OperationError):
        text = f"{describe(error.operation)}: {error.reason}."
    elif isinstance(error, Exception):
        text = f"{error}"
    else:
        text = f"Interrupted ({type(error).__name__})."
    if not left:
        return RunError(f"{text} Everything that this run had changed was undone.", True)
    said = [("; ".join(repair), reason.rstrip(".")) for repair, reason in left]
    lines = [f"{repair}: {reason}" if repair else reason for repair, reason in said]
    repairs = [command for repair, dummy in left for command in repair]
    return RunError(
        f"{text} Undoing it was not complete. What is left, as the commands that do it, and why"
        f" they failed here: {'. '.join(lines)}.",
        False,
        repairs,
    )


def _unfinished(rest: Plan, failure: OperationError | None) -> RunError:
    text = "The new network is in place, but not everything that has to go could be removed"
    if failure is not None:
        text += f": {describe(failure.operation)}: {failure.reason}"
    left = commands(rest.operations)
    todo = "; ".join(left) or "run the task again"
    return RunError(f"{text}. Left to do: {todo}.", False, left)


def describe(operation: Operation) -> str:
    """An operation in a person's words: its commands, or the mark that it is."""
    return "; ".join(command(operation)) or f"marking link {getattr(operation, 'name', '')}"
