# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller makes of a host's answers, and of none. The real thing is scenario uplink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.netfabric.container_net.plugins.action import bridge

MOVE = {"name": "br0", "id": "cafe", "seconds": 30}
CONFIRMED = {"state": "confirmed", "rolled_back": False, "changed": True}
WAITING = {"state": "waiting", "rolled_back": False, "changed": False}
LATE = {"state": "rolled_back", "rolled_back": True, "failed": True, "msg": "The host is back"}
ERROR = {"state": "failed", "failed": True, "msg": "interfaces was changed meanwhile"}
# A connection that breaks off under the module.
BROKEN = {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "closed", "rc": 255}
GONE = AnsibleConnectionFailure("no route to host")


class Clock:
    """Time that only passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Controller(bridge.ActionModule):
    """Hears the answers that a test gives it, the last one again and again."""

    def __init__(self, answers: list[Any], clock: Clock) -> None:
        self._answers: Iterator[Any] = iter(answers)
        self._last: Any = None
        self._clock = clock
        self.asked: list[dict[str, Any]] = []

    def _reset(self) -> None:
        self._clock.sleep(0.5)

    def _execute_module(self, **call: Any) -> dict[str, Any]:
        self.asked.append(call)
        self._last = next(self._answers, self._last)
        if isinstance(self._last, Exception):
            self._clock.sleep(10)
            raise self._last
        return dict(self._last)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(bridge, "time", made)
    return made


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([CONFIRMED], 1),
        ([WAITING, WAITING, CONFIRMED], 3),
        ([GONE, BROKEN, CONFIRMED], 3),
    ],
    ids=["at once", "under way", "out of reach at first"],
)
def test_confirmed(clock: Clock, answers: list[Any], asked: int) -> None:
    controller = Controller(answers, clock)
    assert controller._confirm(MOVE, None) == {}
    assert len(controller.asked) == asked
    assert controller.asked[0]["module_args"] == {"name": "br0", "id": "cafe"}


@pytest.mark.parametrize("before", [[], [GONE] * 5, [WAITING] * 5])
def test_too_late(clock: Clock, before: list[Any]) -> None:
    assert Controller([*before, LATE], clock)._confirm(MOVE, None) == {
        "failed": True,
        "changed": False,
        "rolled_back": True,
        "msg": "The host is back",
    }


def test_what_the_module_says_is_said(clock: Clock) -> None:
    result = Controller([ERROR], clock)._confirm(MOVE, None)
    assert (result["failed"], result["rolled_back"], result["msg"]) == (True, False, ERROR["msg"])


@pytest.mark.parametrize("answer", [GONE, BROKEN, WAITING])
def test_a_host_that_stays_away_is_not_waited_for_for_ever(clock: Clock, answer: Any) -> None:
    """But longer than it takes to go back by itself."""
    result = Controller([answer], clock)._confirm(MOVE, None)
    assert result["failed"]
    assert result["unreachable"]
    assert "br0" in result["msg"]
    assert MOVE["seconds"] + 30 < clock.now < MOVE["seconds"] + 90
