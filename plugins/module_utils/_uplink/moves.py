# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A move: what is written and run to make it, to take it back, and to let it last.

It lies on the host's disk while it is under way, so it is made of what JSON has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """A command. One that must succeed ends the move when it fails; ``wait`` is in seconds.

    What takes longer goes on by itself where it does not have to succeed. ``lend``: what comes
    next is slow, and the link that the steps lead to borrows the addresses until it is through.
    ``hold``: while it runs the link that the network is on may lose some, and borrows them.
    """

    argv: tuple[str, ...]
    must: bool = False
    wait: float = 20
    lend: bool = False
    hold: bool = False


@dataclass(frozen=True)
class File:
    """A file's content before and after; None is absent."""

    path: str
    before: str | None
    after: str | None
    mode: int = 0o644


@dataclass(frozen=True)
class Parts:
    """What a network manager needs for the move.

    ``now`` are files that are gone after a reboot, ``keep`` those that are written when the move
    is confirmed, in their order: the one that decides comes last. ``aids`` lie in the move's own
    folder, by name; FOLDER stands for it in the steps. ``memory`` is what the way back needs.
    ``signs``: by which file systemd-networkd shows that it has got as far as the "target" of the
    move, or back to its "source".
    """

    now: tuple[File, ...]
    switch: tuple[Step, ...]
    undo: tuple[Step, ...]
    keep: tuple[File, ...]
    memory: Mapping[str, Any]
    aids: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)


FOLDER = "@FOLDER@"


@dataclass(frozen=True)
class Move:
    """``back``: from the bridge to the card. ``addresses`` are those that have to be there then."""

    id: str
    bridge: str
    uplink: str
    mac: str
    manager: str
    back: bool
    seconds: int
    addresses: tuple[str, ...]
    parts: Parts

    @property
    def source(self) -> str:
        return self.bridge if self.back else self.uplink

    @property
    def target(self) -> str:
        return self.uplink if self.back else self.bridge

    def document(self) -> dict[str, Any]:
        return asdict(self)


def from_document(document: Mapping[str, Any]) -> Move:
    """The move that ``document`` made, after JSON had it."""
    parts = document["parts"]

    def steps(name: str) -> tuple[Step, ...]:
        return tuple(Step(**{**s, "argv": tuple(s["argv"])}) for s in parts[name])

    def files(name: str) -> tuple[File, ...]:
        return tuple(File(**f) for f in parts[name])

    made = Parts(
        files("now"),
        steps("switch"),
        steps("undo"),
        files("keep"),
        parts["memory"],
        parts["aids"],
        parts["signs"],
    )
    plain = {key: value for key, value in document.items() if key != "parts"}
    plain["addresses"] = tuple(plain["addresses"])
    return Move(**plain, parts=made)
