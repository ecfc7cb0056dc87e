# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that drop, as iptables-save tells of them with its counters. Pure."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .._topology.draft import place
from .._topology.model import Address
from .trace import Trace

_POLICY = re.compile(r":(?P<chain>\S+) (?P<policy>\S+) \[(?P<packets>\d+):\d+\]")
_RULE = re.compile(r"\[(?P<packets>\d+):\d+\] -A (?P<chain>\S+) (?P<rest>.*)")
_TARGETS = ("DROP", "REJECT")


@dataclass(frozen=True)
class Filter:
    """A policy (``rule`` is None) or a rule that drops, and how often it did."""

    table: str
    chain: str
    rule: str | None
    packets: int
    src: str | None = None
    dst: str | None = None
    protocol: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None]:
        return (self.table, self.chain, self.rule)

    def fits(self, src: Address | None, dst: Address, protocols: Iterable[str]) -> bool:
        """Whether packets of a pair, or their answers, can match. What is not known fits."""
        if self.protocol is not None and self.protocol not in (*protocols, "all"):
            return False
        there = _inside(dst, self.dst) and (src is None or _inside(src, self.src))
        back = _inside(dst, self.src) and (src is None or _inside(src, self.dst))
        return there or back


@dataclass(frozen=True)
class Drop:
    """A filter that took a packet of a pair, and where."""

    netns: str
    filter: Filter
    version: int
    counted: bool = True

    def text(self, out: Trace) -> str:
        """For a person, with what can be done."""
        program = "iptables" if self.version == 4 else "ip6tables"
        where = place(self.netns)
        found = self.filter
        if found.table == "raw" and found.rule and re.search(r"! -i (docker0|br-)", found.rule):
            return (
                f"Docker 28 and newer drop what comes to a container from elsewhere than its"
                f" bridge: {program} -t raw -A {found.chain} {found.rule} ({where}). Set"
                " allow-direct-routing in daemon.json, as role docker does for an overlay."
            )
        if found.rule is None:
            verb = "drops" if self.counted else "may drop"
            first = f"{found.chain} of {program} {verb} what no rule accepts ({where})."
        else:
            first = f"A rule drops it {where}: {program} -t {found.table} -A {found.chain}"
            first += f" {found.rule}."
        return f"{first}{self._remedy(out)}"

    def _remedy(self, out: Trace) -> str:
        if self.filter.chain != "FORWARD":
            return ""
        routed = any(step.netns == self.netns for step in out.steps if step.ingress)
        if not routed:
            return (
                " Packets that only cross a bridge go through it as well, because"
                " net.bridge.bridge-nf-call-iptables is 1. Accept them with role bridge_network."
            )
        return " Accept them with module nat or role bridge_network."


def parse(text: str) -> list[Filter]:
    """What drops, of the output of ``iptables-save -c``."""
    found = []
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
            continue
        policy = _POLICY.match(line)
        if policy and policy["policy"] == "DROP":
            found.append(Filter(table, policy["chain"], None, int(policy["packets"])))
        rule = _RULE.match(line)
        if rule:
            found.extend(_rule(table, rule["chain"], rule["rest"], int(rule["packets"])))
    return found


def _rule(table: str, chain: str, rest: str, packets: int) -> Iterator[Filter]:
    words = shlex.split(rest)
    if "-j" not in words[:-1] or words[words.index("-j") + 1] not in _TARGETS:
        return
    yield Filter(
        table,
        chain,
        rest,
        packets,
        _value(words, "-s"),
        _value(words, "-d"),
        _value(words, "-p"),
    )


def _value(words: list[str], option: str) -> str | None:
    """None where it is left out or negated: then anything may match."""
    if option not in words[:-1]:
        return None
    position = words.index(option)
    return None if position and words[position - 1] == "!" else words[position + 1]


def _inside(address: Address, network: str | None) -> bool:
    if network is None:
        return True
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return True


def grown(before: Iterable[Filter], after: Iterable[Filter]) -> list[Filter]:
    """Those that dropped something meanwhile."""
    counts = {found.key: found.packets for found in before}
    return [found for found in after if found.packets > counts.get(found.key, 0)]
