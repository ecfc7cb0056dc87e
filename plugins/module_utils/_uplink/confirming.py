# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module bridge_confirm: a move that was made is made to last, or what became of it is told."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from dataclasses import dataclass

from .._errors import HostError, OptionError
from .._kernel.netlink import Socket
from .._topology import values
from . import program, store
from .carrying import addresses_of, by_name, current, restore, write
from .moves import File
from .store import CONFIRMED, SWITCHED, UNDONE, Pending

# How long a confirmation waits for a switch that is at work.
_WAIT = 5.0


@dataclass(frozen=True)
class Answer:
    """``state`` is one of waiting, switched, confirmed and rolled_back."""

    state: str
    changed: bool = False
    reason: str = ""
    addresses: tuple[str, ...] = ()
    proof: str = ""

    @property
    def rolled_back(self) -> bool:
        return self.state == "rolled_back"

    @property
    def message(self) -> str:
        return f"The host is back on its old network: {self.reason}."


def confirm(bridge: str, number: str | None, proof: str | None, check_mode: bool) -> Answer:
    """Let the move last, if it is made; say what became of it otherwise.

    That this runs proves nothing: the call may have come in before the card moved, on a host that
    is slow to begin. Only what answered after the switch and was answered knows the ``proof``.
    """
    pending = Pending(store.folder_of(values.link_name("name", bridge)))
    if os.geteuid() != 0:
        raise HostError("Not root: only root can confirm a move. Use become: true.")
    if not pending.exists:
        return _nothing_pending(bridge, number)
    end = time.monotonic() + _WAIT
    while True:
        with pending.locked(0) as alone:
            state = pending.state()
            if number is not None and state["id"] != number:
                return Answer("rolled_back", reason="another move has taken its place")
            if state["state"] == UNDONE:
                return Answer("rolled_back", reason=state["reason"])
            if alone and state["state"] == SWITCHED:
                if check_mode:
                    return Answer("confirmed", True)
                if proof is None or proof != state.get("proof"):
                    return _ask_for_proof(pending)
                return _commit(pending)
        if time.monotonic() >= end:
            return Answer("waiting")
        time.sleep(0.2)


def _nothing_pending(bridge: str, number: str | None) -> Answer:
    if number is None and store.memory_of(bridge) is None:
        raise OptionError(
            "name",
            bridge,
            "no move of an uplink to it, or back from it, is under way",
            "Start one with module bridge and its option uplink",
        )
    # The answer to an earlier call may have been lost on its way.
    return Answer("confirmed")


def _ask_for_proof(pending: Pending) -> Answer:
    proof = secrets.token_hex(8)
    pending.set_state(SWITCHED, proof=proof)
    return Answer("switched", proof=proof)


def _commit(pending: Pending) -> Answer:
    move = pending.move()
    _refuse_changed(move.parts.keep)
    memory = {
        "uplink": move.uplink,
        "manager": move.manager,
        "mac": move.mac,
        "parts": dict(move.parts.memory),
    }
    with Socket() as socket:
        target = by_name(socket)[move.target]
        have = tuple(sorted(addresses_of(socket, target.link.index)))
    try:
        if not move.back:
            store.remember(move.bridge, memory)
        write(move.parts.keep)
    except OSError as error:
        with contextlib.suppress(OSError):
            restore(move.parts.keep)
        if not move.back:
            store.forget(move.bridge)
        raise HostError(
            f"The move of {move.uplink} could not be made to last: {error}. It is undone when its"
            " time is over."
        ) from error
    pending.set_state(CONFIRMED)
    program.stop(program.UNDO_UNIT.format(move.id))
    # The same names lie under /etc now, or the card's own do: no reload is needed.
    restore(move.parts.now)
    pending.remove()
    if move.back:
        store.forget(move.bridge)
    return Answer("confirmed", True, addresses=have)


def _refuse_changed(files: tuple[File, ...]) -> None:
    now = current([file.path for file in files])
    for file in files:
        if now[file.path] != file.before:
            raise HostError(
                f"{file.path} was changed while the move was under way. It is undone when its time"
                " is over; run the task again then."
            )
