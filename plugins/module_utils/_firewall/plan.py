# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what is there to what is wanted: the steps, each with its command and its undoing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Union

from .model import Have, Switch
from .render import table_name

_CHAIN, _USER = "CONTAINER-NET", "DOCKER-USER"
_TOOLS = {"4": "iptables", "6": "ip6tables"}


@dataclass(frozen=True)
class LoadTables:
    """All tables of a name at once. ``script``: family -> what is loaded; ``before`` and
    ``after``: family -> the table as nft lists it."""

    name: str
    script: Mapping[str, str]
    before: Mapping[str, str]
    after: Mapping[str, str]

    def text(self) -> str:
        """One transaction: the kernel takes all of it or nothing."""
        families = sorted({*self.before, *self.script})
        found = []
        for family in families:
            table = f"{family} {table_name(self.name)}"
            # Only a table that is there can be deleted, and adding one that is there does nothing.
            found.append(f"table {table}\ndelete table {table}\n")
            found.append(self.script.get(family, ""))
        return "".join(found)

    def commands(self) -> list[str]:
        if not self.script:
            return [f"nft delete table {family} {table_name(self.name)}" for family in self.before]
        return [f"nft -f - <<'END'\n{self.text()}END"]

    def lines(self) -> tuple[list[str], list[str]]:
        before, after = (
            [line for family in sorted(tables) for line in tables[family].splitlines()]
            for tables in (self.before, self.after)
        )
        return before, after

    def undone(self) -> LoadTables:
        return replace(self, script=self.before, before=self.after, after=self.before)


@dataclass(frozen=True)
class SetSwitch:
    """A link's setting."""

    switch: Switch
    before: str
    value: str

    def commands(self) -> list[str]:
        if self.switch.kind == "hairpin":
            word = "on" if self.value == "1" else "off"
            return [f"bridge link set dev {self.switch.link} hairpin {word}"]
        return [f"sysctl -w {self.switch.path}={self.value}"]

    def lines(self) -> tuple[list[str], list[str]]:
        name = f"link {self.switch.link} {self.switch.kind}"
        return [f"{name} {self.before}"], [f"{name} {self.value}"]

    def undone(self) -> SetSwitch:
        return replace(self, before=self.value, value=self.before)


@dataclass(frozen=True)
class SetForward:
    """The rules of a name in the chain CONTAINER-NET. ``said``: what the script for it says that
    it would do."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    said: tuple[str, ...] = ()

    def commands(self) -> list[str]:
        if not self.after:
            return [
                f"{_TOOLS[family]} -w -D {_CHAIN} {rule}"
                for family, rule in (line.split(" ", 1) for line in self.before)
            ]
        return [command for line in self.said for command in _typed(line)]

    def lines(self) -> tuple[list[str], list[str]]:
        if self.before == self.after:
            # The file is right, the kernel's chain is not.
            return [], [f"forward {line}" for line in self.said]
        return [f"forward {line}" for line in self.before], [
            f"forward {line}" for line in self.after
        ]

    def undone(self) -> SetForward:
        return replace(self, before=self.after, after=self.before, said=())


Step = Union[LoadTables, SetSwitch, SetForward]


def _typed(said: str) -> list[str]:
    """The commands behind a line of the script for the chain."""
    family, what = said.split(" ", 1)
    tool = f"{_TOOLS[family]} -w"
    if not what.startswith(f"{_CHAIN}: "):
        new = [f"{tool} -N {_USER} 2>/dev/null || true"] if what == f"-I FORWARD -j {_USER}" else []
        return [*new, f"{tool} {what}"]
    rules = what[len(_CHAIN) + 2 :].split(";")
    return [
        f"{tool} -N {_CHAIN} 2>/dev/null || {tool} -F {_CHAIN}",
        *(f"{tool} -A {_CHAIN} {rule}" for rule in rules if rule),
    ]


def plan(
    name: str,
    have: Have,
    script: Mapping[str, str],
    listed: Mapping[str, str],
    wanted: tuple[Switch, ...],
    others: Mapping[Switch, str],
    forward: SetForward | None,
) -> tuple[Step, ...]:
    """``script`` and ``listed``: the tables as they are loaded, and as nft then lists them.

    ``others``: the switches that other names need, with the name. What opens something comes
    behind the rules that guard it, and goes before them.
    """
    steps: list[Step] = []
    for switch, before in have.noted.items():
        present = have.values.get(switch)
        if switch in wanted or switch in others or before is None:
            continue
        if present not in (None, before):
            steps.append(SetSwitch(switch, str(present), before))
    if dict(have.tables) != dict(listed):
        steps.append(LoadTables(name, script, have.tables, listed))
    for switch in wanted:
        present = have.values.get(switch)
        if present is not None and present != "1":
            steps.append(SetSwitch(switch, present, "1"))
    if forward is not None and (forward.said or forward.before != forward.after):
        steps.append(forward)
    return tuple(steps)


def noted(have: Have, wanted: tuple[Switch, ...], keep_old: bool) -> dict[Switch, str | None]:
    """What the note says while (``keep_old``) and after a run."""
    found: dict[Switch, str | None] = dict(have.noted) if keep_old else {}
    for switch in wanted:
        present = have.values.get(switch)
        # Only the first value is the one from before us.
        first = None if present == "1" else present
        found[switch] = have.noted.get(switch, first)
    return found
