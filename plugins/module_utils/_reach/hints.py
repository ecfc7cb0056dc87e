# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a pair may not be reached, in a person's words, from the steps between its ends. Pure."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence

from .._topology.draft import place
from .._topology.model import Address, Link
from .drops import Drop
from .model import REFUSED, TOO_LARGE, Row
from .trace import Step, Trace
from .world import World, name_of

_TYPES = {
    errno.EHOSTUNREACH: "unreachable",
    errno.EINVAL: "blackhole",
    errno.EACCES: "prohibit",
}
_MOST = 3


def hints(
    row: Row, out: Trace, back: Trace | None, drops: Sequence[Drop], world: World, df: bool
) -> list[str]:
    """The most telling first. ``back``: from the target's namespace to the source's address."""
    if row.address is None:
        return []
    found = dict.fromkeys(_of_ways(row.address, out, world, "to"))
    found.update(dict.fromkeys(drop.text(out) for drop in drops))
    if any(check.check == "ping" and not check.reached for check in row.checks):
        found.update(dict.fromkeys(_of_sizes(row, out, back, df)))
    if back is not None and not found:
        found.update(dict.fromkeys(_of_ways(row.address, back, world, "back from")))
    for check in row.checks:
        if check.cause == REFUSED and check.port is not None:
            what = f"{check.check.upper()} port {check.port}"
            found[f"Nobody listens on {what} of {row.address}, or a firewall rejects it."] = None
    return list(found)[:_MOST]


def _of_ways(address: Address, way: Trace, world: World, word: str) -> Iterator[str]:
    """``word``: whether the packet is on its way to the address, or back from it."""
    for step in way.steps:
        if step.lacks is not None:
            yield f"Packets are not forwarded {place(step.netns)}: {step.lacks} is 0."
        if step.way.error:
            yield _no_route(step, address, world, word)
        elif step.dev is not None and step.receiver is None:
            yield from _not_heard(step, world)
        elif step.silent and step.receiver is not None:
            yield (
                f"{name_of(step.receiver)} has the address {step.goal}, but does not answer"
                f" {_question(address)} on {_name(step.dev)}."
            )


def _no_route(step: Step, address: Address, world: World, word: str) -> str:
    where = place(step.netns)
    if step.way.error in _TYPES:
        kind = _TYPES[step.way.error]
        return f"The route {word} {address} {where} is of the type {kind}."
    if not world.has_links(step.netns):
        return f"There is no route {word} {address} {where}, because no link is up there."
    return f"There is no route {word} {address} {where}. Add one, such as a default route."


def _not_heard(step: Step, world: World) -> Iterator[str]:
    """Nobody that is known has the address of the next step."""
    segment, goal = step.segment, step.goal
    if segment is None or goal is None:
        return
    for reason in segment.broken[:2]:
        yield f"The way of {_name(step.dev)} is cut: {reason}."
    if segment.broken:
        return
    others = [link for link in world.owners(goal) if link.netns != step.netns]
    if segment.outside:
        if step.silent:
            yield (
                f"{goal} does not answer {_question(goal)} on {_name(step.dev)}: nobody there has"
                " that address, or the way to it is cut."
            )
    elif others:
        yield (
            f"{goal} is an address of {name_of(others[0])}, which is not on the segment of"
            f" {_name(step.dev)}."
        )
    else:
        yield f"Nobody on the segment of {_name(step.dev)} has the address {goal}."


def _of_sizes(row: Row, out: Trace, back: Trace | None, df: bool) -> Iterator[str]:
    """Links that are too narrow for the packets of this pair."""
    sizes = [check.size for check in row.checks if check.check == "ping"]
    if not df and not any(check.cause == TOO_LARGE for check in row.checks):
        return
    for step in (*out.steps, *(back.steps if back else ())):
        for link in (step.dev, step.receiver):
            if link is not None and link.mtu < sizes[0]:
                yield (
                    f"The MTU of {name_of(link)} is {link.mtu}, the packets have {sizes[0]} bytes."
                )


def _question(address: Address) -> str:
    return "ARP" if address.version == 4 else "neighbour discovery"


def _name(link: Link | None) -> str:
    return name_of(link) if link is not None else "?"
