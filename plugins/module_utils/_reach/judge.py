# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows as they are returned, and what differs in a person's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .model import REACH, Check, Row

# Of more pairs the message tells only the number; ``failures`` has them all.
_TOLD = 10

Facts = dict[str, Any]
Hints = Mapping[int, Sequence[str]]


def row_facts(row: Row, hints: Sequence[str]) -> Facts:
    """One entry of ``matrix``."""
    return {
        "source": row.source,
        "target": row.target,
        "address": None if row.address is None else str(row.address),
        "expect": row.expect,
        "reached": row.reached,
        "ok": row.ok,
        "checks": [_check_facts(check) for check in row.checks],
        "path_mtu": row.path_mtu,
        "hints": list(hints),
    }


def _check_facts(check: Check) -> Facts:
    facts: Facts = {"check": check.check, "reached": check.reached, "problem": check.problem}
    facts["ms"] = check.ms
    if check.check == "ping":
        facts.update(sent=check.sent, received=check.received, size=check.size)
    elif check.check in ("tcp", "udp"):
        facts["port"] = check.port
    elif check.check == "dns":
        facts.update(addresses=list(check.addresses), server=check.server)
    return facts


def failures(rows: Sequence[Row], hints: Hints) -> list[Facts]:
    """The rows that are not as expected; ``hints`` by a row's number."""
    return [
        {
            "source": row.source,
            "target": row.target,
            "expect": row.expect,
            "problem": problem(row),
            "hints": list(hints.get(number, ())),
        }
        for number, row in enumerate(rows)
        if not row.ok
    ]


def problem(row: Row) -> str:
    """What differs from what is expected."""
    if row.expect == REACH:
        return "; ".join(f"{_name(c)}: {c.problem}" for c in row.checks if not c.reached)
    return f"reached by {' and '.join(_name(check) for check in row.checks if check.reached)}"


def _name(check: Check) -> str:
    if check.port is not None:
        return f"{check.check.upper()} {check.port}"
    return {"resolve": "its name", "dns": "DNS"}.get(check.check, check.check)


def text(failed: Sequence[Facts], total: int) -> str:
    """The message of a measurement that is not as expected."""
    lines = [f"{len(failed)} of {total} pairs are not as expected."]
    for failure in failed[:_TOLD]:
        wanted = "" if failure["expect"] == REACH else " (must not be reached)"
        line = f"{failure['source']} -> {failure['target']}{wanted}: {failure['problem']}."
        lines.append(" ".join([line, *failure["hints"]]))
    if len(failed) > _TOLD:
        lines.append(f"And {len(failed) - _TOLD} more, see failures.")
    return "\n".join(lines)
