# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which links of others a plan would rob of what no snapshot can bring back (G3)."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Have, Link, Want
from .operations import MoveLink, RenameLink, SetLink
from .plan import Plan
from .stage import Stage


def endangered(planned: Plan, have: Have, want: Want) -> Iterator[tuple[Link, str]]:
    """(link, what is done to it), for links that are not this topology's.

    A link that is named as absent is not among them: that it goes is what was asked for.
    """
    for operation in planned.operations:
        if isinstance(operation, MoveLink):
            what = "moving it to another namespace"
        elif isinstance(operation, RenameLink) and operation.stage == Stage.SET_ASIDE:
            what = "recreating it"
        elif isinstance(operation, SetLink) and operation.key == "master" and operation.before:
            what = "taking it off its bridge"
        else:
            continue
        link = have.link((operation.netns, operation.name))
        if link is None or link.alias == want.mark:
            continue
        if not link.alias and have.owned.pending_links.get(link.key) == link.mac:
            continue
        yield link, what
