# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module reachability does: read the options, measure, judge, and look for causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._kernel.kinds import require_pyroute2
from .._kernel.namespaces import Namespaces, require_root
from . import judge
from .explain import explain
from .measure import measure
from .model import REACH, Row, Want
from .posts import Post, open_posts
from .want import want_from_params

# Seconds of the second measurement, which only has to be seen by the filters on the way.
_AGAIN = 0.3


def run(params: Mapping[str, Any]) -> dict[str, Any]:
    """What is returned; with ``msg`` when something is not as expected. Raises OptionError."""
    require_root()
    require_pyroute2()
    want = want_from_params(params)
    with Namespaces() as spaces, spaces.opening_once():
        posts = open_posts(spaces, want.sources)
        rows = measure(spaces, want, posts)
        failed = {number: row for number, row in enumerate(rows) if not row.ok}
        unreached = {number: row for number, row in failed.items() if row.expect == REACH}
        hints: dict[int, list[str]] = {}
        if unreached:

            def again() -> object:
                return measure(spaces, _only(want, unreached), _places(posts, unreached))

            hints = explain(spaces, want, posts, unreached, again)
    result: dict[str, Any] = {
        "matrix": [judge.row_facts(row, hints.get(number, ())) for number, row in enumerate(rows)],
        "failures": judge.failures(rows, hints),
    }
    if failed:
        result["msg"] = judge.text(result["failures"], len(rows))
    return result


def _only(want: Want, rows: Mapping[int, Row]) -> Want:
    """The same with nothing but the rows' targets, and little patience."""
    labels = {row.target for row in rows.values()}
    return replace(
        want,
        targets=tuple(target for target in want.targets if target.label in labels),
        names=(),
        path_mtu=False,
        count=1,
        timeout=min(want.timeout, _AGAIN),
    )


def _places(posts: Sequence[Post], rows: Mapping[int, Row]) -> list[Post]:
    labels = {row.source for row in rows.values()}
    return [post for post in posts if post.label in labels]
