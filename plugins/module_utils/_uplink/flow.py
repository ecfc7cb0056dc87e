# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module bridge with an uplink: plan, write it all down, arm, and return before anything moves."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import HostError, OptionError
from .._flow import LOCK_TIMEOUT
from .._host import engine
from .._host.kept import python
from .._host.lock import locked
from .._kernel import carry
from .._kernel.carry import End
from .._kernel.kinds import require_pyroute2
from .._kernel.netlink import Socket
from . import check, detect, ifupdown, networkd, networkmanager, program, store
from .carrying import addresses_of, by_name, current
from .facts import IFUPDOWN, NETWORKD, Card, Host, Request
from .moves import FOLDER, Move, Parts
from .store import RUNNING, Pending

_SWITCH_DELAY = 1


@dataclass(frozen=True)
class Started:
    """What a run did, or in check mode would do; ``move`` is None when nothing has to move."""

    move: Move | None
    armed: bool = False

    @property
    def commands(self) -> list[str]:
        if self.move is None:
            return []
        folder = store.folder_of(self.move.bridge)
        return [
            shlex.join(word.replace(FOLDER, folder) for word in step.argv)
            for step in self.move.parts.switch
        ]

    @property
    def diff(self) -> dict[str, str]:
        """The files that a confirmed move changes, and the card."""
        if self.move is None:
            return {"before": "", "after": ""}
        move = self.move
        port = f"link {move.uplink} master {move.bridge}\n"
        sides = ["" if not move.back else port, port if not move.back else ""]
        for i, name in enumerate(("before", "after")):
            for file in move.parts.keep:
                text = getattr(file, name)
                if text is not None:
                    sides[i] += f"# {file.path}\n{text}"
        return {"before": sides[0], "after": sides[1]}


def concerns(params: Mapping[str, Any]) -> bool:
    """Whether a task of module bridge is about an uplink."""
    if params.get("uplink") is not None or params.get("confirm_timeout") is not None:
        return True
    absent = params.get("state") == "absent" and not params.get("netns")
    return absent and "/" not in params["name"] and store.memory_of(params["name"]) is not None


def start(params: Mapping[str, Any], check_mode: bool) -> Started:
    """Plan the move and arm it. Raises ContainerNetError before anything has changed."""
    if params.get("uplink") is None and params.get("state") != "absent":
        raise OptionError(
            "confirm_timeout",
            params["confirm_timeout"],
            "there is nothing to confirm without an uplink",
            "Give uplink, too, or leave it out",
        )
    request = check.request_from(params)
    if os.geteuid() != 0:
        raise HostError("Not root: only root can move a card. Use become: true.")
    require_pyroute2()
    timeout = params.get("lock_timeout")
    with locked(LOCK_TIMEOUT if timeout is None else timeout, writes=not check_mode):
        _refuse_running(request.bridge)
        memory = store.memory_of(request.bridge)
        check.refuse_memory(memory, request)
        move = _there(request) if request.present else _back(request, memory)
        if move is None or check_mode:
            return Started(move)
        _arm(move)
        return Started(move, armed=True)


def _refuse_running(bridge: str) -> None:
    pending = Pending(store.folder_of(bridge))
    if not pending.exists:
        return
    state = pending.state()
    if state["state"] in RUNNING:
        left = max(0, round(state["armed"] + pending.move().seconds - time.monotonic()))
        raise HostError(
            f"name: {bridge!r}: a move of its uplink waits to be confirmed, and is undone in"
            f" {left} seconds otherwise. Confirm it with module bridge_confirm, or wait."
        )


def _there(request: Request) -> Move | None:
    host = detect.host(request.uplink, request.bridge)
    if host.card is not None and host.card.master == request.bridge:
        return None
    card = check.refuse_card(host.card, request)
    manager = check.refuse_host(host, request)
    return _move(request, card, manager, _there_parts(request, card, host, manager), False)


def _there_parts(request: Request, card: Card, host: Host, manager: str) -> Parts:
    if manager == NETWORKD and host.networkd is not None:
        return networkd.there(request.bridge, card, host.networkd)
    if manager == IFUPDOWN and host.ifupdown is not None:
        return ifupdown.there(request.bridge, card, host.ifupdown)
    if host.network_manager is not None:
        return networkmanager.there(request.bridge, card, host.network_manager)
    raise HostError(f"{manager} does not say how it has {card.name}.")


def _back(request: Request, memory: Mapping[str, Any] | None) -> Move | None:
    name = request.uplink if memory is None else memory["uplink"]
    host = detect.host(name, request.bridge)
    card = host.card
    if memory is None:
        if card is not None and card.master == request.bridge:
            raise check.lost_memory(request)
        return None
    if card is None or card.master != request.bridge:
        raise HostError(
            f"name: {request.bridge!r}: {name} is no port of it any more. Take what is left out of"
            " the network manager's files by hand, and remove"
            f" {store.FOLDER}/{request.bridge}.json."
        )
    others = [port for port in detect.ports(request.bridge) if port != name]
    if others:
        raise OptionError(
            "name",
            request.bridge,
            f"has other ports than its uplink: {', '.join(others)}",
            "Take them away first",
        )
    check.refuse_systemd(host, card.name)
    parts = _back_parts(request.bridge, card, memory)
    return _move(request, card, memory["manager"], parts, True)


def _back_parts(bridge: str, card: Card, memory: Mapping[str, Any]) -> Parts:
    parts = memory["parts"]
    if memory["manager"] == IFUPDOWN:
        have = detect.ifupdown_of(bridge)
        return ifupdown.back(bridge, card, have, parts)
    if memory["manager"] == NETWORKD:
        own = detect.networkd_file(parts["path"], card.index)
        if own is None:
            raise HostError(
                f"name: {bridge!r}: {parts['path']}, by which systemd-networkd had {card.name}, is"
                " gone. Write it again, or another one, and the card's name into its Match section."
            )
        ours = [f"{networkd.KEEP_DIR}/{name}" for name in parts["names"]]
        before = current([*ours, networkd.origin_file(card.name)])
        return networkd.back(bridge, card, own, dict(before))
    before = current([f"{networkmanager.KEEP_DIR}/{name}" for name in parts["names"]])
    return networkmanager.back(bridge, parts, dict(before))


def _move(request: Request, card: Card, manager: str, parts: Parts, back: bool) -> Move:
    expected = card.addresses
    if back:
        with Socket() as socket:
            bridge = by_name(socket)[request.bridge]
            expected = tuple(sorted(addresses_of(socket, bridge.link.index)))
    return Move(
        id=uuid.uuid4().hex[:12],
        bridge=request.bridge,
        uplink=card.name,
        mac=card.mac,
        manager=manager,
        back=back,
        seconds=request.seconds,
        addresses=expected,
        parts=parts,
    )


def _arm(move: Move) -> None:
    """Write everything down, then the timer for the way back, and only then that for the way."""
    pending = Pending(store.folder_of(move.bridge))
    with Socket() as socket:
        source = End(move.source, by_name(socket)[move.source].link.index)
        load = carry.take(socket, source)
    pending.create(move, load, source, engine.build(program.__name__)[1])
    undo = program.UNDO_UNIT.format(move.id)
    try:
        _timer(undo, move.seconds - program.HEAD_START, "undo", pending.folder)
        _timer(program.SWITCH_UNIT.format(move.id), _SWITCH_DELAY, "switch", pending.folder)
    except HostError:
        program.stop(undo)
        pending.remove()
        raise


def _timer(unit: str, seconds: int, action: str, folder: str) -> None:
    command = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--on-active={seconds}"]
    command += ["--timer-property=AccuracySec=100ms"]
    # A DHCP client that a step starts has to outlive it.
    command += ["--property=KillMode=process"]
    command += [python(), os.path.join(folder, store.PROGRAM), action, folder]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise HostError(
            f"systemd-run: {done.stderr.strip() or done.returncode}. Nothing was changed: without"
            " a timer there would be no way back."
        )
