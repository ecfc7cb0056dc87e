# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be measured, what is expected of it, and what was found, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from .._topology.model import Address

REACH, NO_REACH = "reach", "no_reach"
# The targets of names that are only looked up.
DNS = "dns:"


@dataclass(frozen=True)
class Source:
    """``kind`` is the word that it was given by, ``where`` the option, for errors."""

    label: str
    kind: str
    value: str
    where: str


@dataclass(frozen=True)
class Target:
    """``ip`` is None for a name."""

    label: str
    address: str
    ip: Address | None
    ping: bool = True
    tcp_ports: tuple[int, ...] = ()
    udp_ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Rule:
    """What is expected of some pairs; None stands for every one."""

    source: str | None
    target: str | None
    expect: str


@dataclass(frozen=True)
class Want:
    sources: tuple[Source, ...]
    targets: tuple[Target, ...]
    names: tuple[str, ...] = ()
    servers: tuple[Address, ...] | None = None
    expect: str = REACH
    rules: tuple[Rule, ...] = ()
    count: int = 2
    size: int = 84
    df: bool = False
    path_mtu: bool = False
    payload: bytes = b""
    silence_is_reach: bool = False
    version: int | None = None
    timeout: float = 1.0

    def expected(self, source: str, target: str) -> str:
        """The last rule that fits counts."""
        found = self.expect
        for rule in self.rules:
            if rule.source in (None, source) and rule.target in (None, target):
                found = rule.expect
        return found


@dataclass(frozen=True)
class Check:
    """One measurement of a pair. ``cause`` is what hints go by: one of the words below, or None."""

    check: str
    reached: bool
    problem: str | None = None
    ms: float | None = None
    cause: str | None = None
    port: int | None = None
    sent: int = 0
    received: int = 0
    size: int = 0
    addresses: tuple[str, ...] = ()
    server: str | None = None
    # Of a packet that was too large: what would have passed, where somebody said so.
    mtu: int | None = None


SILENT = "silent"  # no answer in time
REFUSED = "refused"  # somebody answered that nobody listens
TOO_LARGE = "too_large"
NO_ROUTE = "no_route"
NOT_PERMITTED = "not_permitted"  # the source's own firewall
PROHIBITED = "prohibited"  # a firewall on the way said so


@dataclass(frozen=True)
class Row:
    """A pair and what was measured of it; ``address`` is None where a name has none."""

    source: str
    target: str
    address: Address | None
    checks: tuple[Check, ...]
    expect: str
    path_mtu: int | None = None

    @property
    def reached(self) -> bool:
        return all(check.reached for check in self.checks)

    @property
    def ok(self) -> bool:
        if self.expect == REACH:
            return self.reached
        return not any(check.reached for check in self.checks)
