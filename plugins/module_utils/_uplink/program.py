# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that a move's timers run: ``switch FOLDER`` or ``undo FOLDER``.

It is on the host's disk before the first change, and needs nothing of Ansible.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from .carrying import Carrier
from .store import ARMED, RUNNING, SWITCHED, UNDOING, UNDONE, Pending

# The undo is started so many seconds early: its own start is slow where a processor is.
HEAD_START = 5
SWITCH_UNIT, UNDO_UNIT = "container-net-uplink-switch-{}", "container-net-uplink-undo-{}"


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    action, folder = arguments
    pending = Pending(folder)
    if not pending.exists:
        return 0
    return _switch(pending) if action == "switch" else _undo(pending)


def _switch(pending: Pending) -> int:
    with pending.locked(10) as alone:
        if not alone or pending.state()["state"] != ARMED:
            return 1
        Carrier(pending).switch()
        state = pending.state()
    if state["state"] == SWITCHED:
        return 0
    sys.stderr.write(f"{state['reason']}\n")
    stop(UNDO_UNIT.format(state["id"]), timer_only=True)
    return 1


def _undo(pending: Pending) -> int:
    """When the time is over: whatever the switch is at, it ends."""
    seconds = pending.move().seconds
    time.sleep(max(0.0, pending.state()["armed"] + seconds - time.monotonic()))
    if not pending.exists:
        return 0
    unit = SWITCH_UNIT.format(pending.state()["id"])
    # One that goes back by itself may end, if it does.
    if pending.state()["state"] != UNDOING:
        stop(unit)
    with pending.locked(20) as alone:
        if not alone:
            stop(unit)
        state = pending.state()
        reason = state["reason"] or f"nobody confirmed it within {seconds} seconds"
        if state["state"] == ARMED:
            pending.set_state(UNDONE, reason=reason)
        elif state["state"] in RUNNING:
            Carrier(pending).undo(reason)
    return 0


def stop(unit: str, timer_only: bool = False) -> None:
    """End a unit of the move, and the timer that would start it."""
    names = [f"{unit}.timer"] if timer_only else [f"{unit}.timer", f"{unit}.service"]
    subprocess.run(
        ["systemctl", "stop", *names],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
    )
