# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a row is as expected, and how that is said."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._reach import judge
from ansible_collections.netfabric.container_net.plugins.module_utils._reach.model import Check, Row

GOOD = Check("ping", True, ms=0.1, sent=2, received=2, size=84)
BAD = Check("tcp", False, "Connection refused", cause="refused", port=81)


def row(*checks: Check, expect: str = "reach", target: str = "10.0.0.1") -> Row:
    return Row("ns1", target, ip_address("10.0.0.1"), checks, expect)


@pytest.mark.parametrize(
    ("checks", "expect", "reached", "ok"),
    [
        ((GOOD,), "reach", True, True),
        ((GOOD, BAD), "reach", False, False),
        ((BAD,), "reach", False, False),
        ((GOOD,), "no_reach", True, False),
        ((GOOD, BAD), "no_reach", False, False),
        ((BAD,), "no_reach", False, True),
    ],
)
def test_what_is_as_expected(
    checks: tuple[Check, ...], expect: str, reached: bool, ok: bool
) -> None:
    found = row(*checks, expect=expect)
    assert (found.reached, found.ok) == (reached, ok)
    assert bool(judge.failures([found], {})) is not ok


def test_only_what_belongs_to_a_check_is_told_of_it() -> None:
    ping, tcp = judge.row_facts(row(GOOD, BAD), ["why"])["checks"]
    assert set(ping) == {"check", "reached", "problem", "ms", "sent", "received", "size"}
    assert set(tcp) == {"check", "reached", "problem", "ms", "port"}


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (row(GOOD, BAD), "TCP 81: Connection refused"),
        (row(Check("resolve", False, "nobody knows it")), "its name: nobody knows it"),
        (row(Check("dns", False, "10.0.0.2 fails")), "DNS: 10.0.0.2 fails"),
        (row(GOOD, BAD, expect="no_reach"), "reached by ping"),
        (row(GOOD, Check("udp", True, port=53), expect="no_reach"), "reached by ping and UDP 53"),
    ],
)
def test_what_differs(found: Row, says: str) -> None:
    assert judge.problem(found) == says


def test_the_message_names_the_first_pairs_and_counts_the_others() -> None:
    rows = [row(BAD, target=f"t{number}") for number in range(12)] + [row(GOOD)]
    text = judge.text(judge.failures(rows, {0: ["Because."]}), len(rows))
    lines = text.splitlines()
    assert lines[0] == "12 of 13 pairs are not as expected."
    assert lines[1] == "ns1 -> t0: TCP 81: Connection refused. Because."
    assert len(lines) == 12
    assert lines[-1] == "And 2 more, see failures."
