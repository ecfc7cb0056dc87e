# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a packet through the namespaces of a host, from what their kernels say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .._kernel.ways import Way
from .._topology.model import Address, Link
from .world import Segment, World

_MOST_STEPS = 16
_ALL = -1


class Kernels(Protocol):
    """What the kernel of a namespace says when it is asked."""

    def way(self, netns: str, address: Address) -> Way: ...

    def silent(self, netns: str, index: int, address: Address) -> bool:
        """Whether a neighbour was asked for and did not answer."""

    def forwards(self, netns: str, index: int) -> Mapping[int, int]:
        """By version of IP, for what comes in on that link; -1 is the namespace's own setting."""


@dataclass(frozen=True)
class Step:
    """A packet leaves a namespace, or cannot.

    ``ingress`` is the link that it came in on, None at its source; ``lacks`` the sysctl without
    which it is not forwarded. ``goal`` is the neighbour that it is sent to, ``receiver`` the link
    that has that address.
    """

    netns: str
    way: Way
    ingress: Link | None = None
    lacks: str | None = None
    dev: Link | None = None
    goal: Address | None = None
    segment: Segment | None = None
    receiver: Link | None = None
    silent: bool = False


@dataclass(frozen=True)
class Trace:
    """``end`` is the namespace that has the address, where it was found."""

    steps: tuple[Step, ...]
    end: str | None = None

    def namespaces(self) -> list[str]:
        """Those that a packet goes through, as a router or over a bridge."""
        found = {step.netns: None for step in self.steps}
        for step in self.steps:
            for bridge in step.segment.bridges if step.segment else ():
                found[bridge.netns] = None
        if self.end is not None:
            found[self.end] = None
        return list(found)


def trace(world: World, kernels: Kernels, netns: str, address: Address) -> Trace:
    """From a namespace to an address, as far as it can be known."""
    steps: list[Step] = []
    ingress: Link | None = None
    for dummy in range(_MOST_STEPS):
        way = kernels.way(netns, address)
        if way.local:
            return Trace(tuple(steps), netns)
        lacks = None
        if ingress is not None:
            lacks = _lacks(kernels, netns, ingress, address.version)
        dev = world.by_index(netns, way.index)
        if way.error or dev is None:
            steps.append(Step(netns, way, ingress, lacks))
            break
        goal = way.via or address
        segment = world.segment(dev)
        receiver = segment.addresses.get(goal)
        silent = kernels.silent(netns, way.index, goal)
        steps.append(Step(netns, way, ingress, lacks, dev, goal, segment, receiver, silent))
        if receiver is None:
            break
        netns, ingress = receiver.netns, receiver
    return Trace(tuple(steps))


def _lacks(kernels: Kernels, netns: str, ingress: Link, version: int) -> str | None:
    """The sysctl that has to be 1 for what comes in there to go on."""
    if kernels.forwards(netns, ingress.index).get(version, 1):
        return None
    if not kernels.forwards(netns, _ALL).get(version, 1):
        return "net.ipv4.ip_forward" if version == 4 else "net.ipv6.conf.all.forwarding"
    # A name with dots is one element of the path.
    name = ingress.name.replace(".", "/")
    return f"net.ipv{version}.conf.{name}.forwarding"
