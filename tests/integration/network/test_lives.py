# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module through its life, by ansible-playbook: every step in check mode, for real, and again.

One playbook a module; a step's test looks at what its tasks returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.network.lives import LIVES, TOPOLOGY, Life, Step, call
from tests.integration.network.sandbox import Sandbox

STEPS = [
    pytest.param(life, step, id=f"{life.module}: {step.title}")
    for life in LIVES
    for step in life.steps
]


def result_of(results: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in results:
        last = list(results.values())[-1]
        pytest.fail(f"the run ended before, at {last['task']!r}: {last.get('msg')}")
    result: dict[str, Any] = results[name]
    assert not result.get("failed"), result
    return result


@pytest.mark.parametrize("life, step", STEPS)
def test_step(lived: Callable[[str], dict[str, Any]], life: Life, step: Step) -> None:
    check, real, again, probe = (
        result_of(lived(life.module), f"{step.title}: {kind}")
        for kind in ("check", "real", "again", "probe")
    )

    assert real["changed"] is step.changed
    assert bool(real["commands"]) is step.changed
    for fragment in step.shows:
        assert fragment in probe["stdout"] + "\n"
    for fragment in step.lacks:
        assert fragment not in probe["stdout"] + "\n"

    assert check["changed"] is step.changed
    assert check["commands"] == real["commands"], "check mode predicts something else"
    assert check["diff"] == real["diff"], "check mode predicts something else"
    assert (real["diff"]["before"] != real["diff"]["after"]) is step.changed

    assert again["changed"] is False
    assert again["commands"] == []
    assert again["diff"]["before"] == again["diff"]["after"]
    assert "rolled_back" not in real


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.module)
def test_a_life_by_hand(
    lived: Callable[[str], dict[str, Any]], sandbox: Sandbox, life: Life
) -> None:
    """What `commands` lists, typed on another host step by step: the same is seen as after the
    module's own work. (Here, because a file's tests share the lives.)"""
    results = lived(life.module)
    sandbox.sh(life.before)
    for step in life.steps:
        sandbox.sh("\n".join(results[f"{step.title}: real"]["commands"]))
        seen = sandbox.sh(step.probe, check=False)
        for fragment in step.shows:
            assert fragment in seen, step.title
        for fragment in step.lacks:
            assert fragment not in seen, step.title


def test_diff_shows_what_was_and_what_is(lived: Callable[[str], dict[str, Any]]) -> None:
    diff = lived("topology")["an address, a parameter, a route of its own: real"]["diff"]
    before, after = str(diff["before"]), str(diff["after"])
    assert "192.168.2.10/24" in before
    assert "192.168.2.10/24" not in after
    assert "192.168.2.20/24" in after
    assert "10.3.0.0/16" in after
    assert "10.3.0.0/16" not in before


def test_a_life_ends_with_what_was_there_before(sandbox: Sandbox) -> None:
    """Made and removed in one go: it is marked while it is there, and then nothing is left of it,
    on the network or on the disk."""
    before = sandbox.network()
    made, removed = (call(TOPOLOGY, TOPOLOGY.steps[position]) for position in (0, -1))
    look = {"ansible.builtin.shell": "ip link; ip -n ns1 link"}
    dummy, seen, dummy = sandbox.play([made, look, removed])
    # The bridge, four ends of pairs of which two are seen here and one there, and ns1's lo.
    assert seen["stdout"].count("alias container_net:two_rooms") == 5
    assert sandbox.network() == before
    assert sandbox.sh("find /var/lib/container_net -name '*two_rooms*'") == ""
