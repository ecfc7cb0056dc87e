# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search for the largest packet that passes undivided."""

from __future__ import annotations

from collections.abc import Callable

from .._topology.model import Address
from .model import Check
from .packets import HEADERS
from .probes import Pinger

_TOKEN = 8


class Bounds:
    """What is known of a path MTU: ``low`` passes, ``high + 1`` does not. Pure."""

    def __init__(self, low: int, high: int) -> None:
        self._least = low
        self.low = low - 1
        self.high = high
        self._hint: int | None = high
        self._told: int | None = None

    def next(self) -> int | None:
        """The size to try, or None when it is known."""
        if self.low >= self.high:
            return None
        hint, self._hint = self._hint, None
        if hint is not None and self.low < hint <= self.high:
            return hint
        return (self.low + self.high + 1) // 2

    def passed(self, size: int) -> None:
        self.low = max(self.low, size)
        if size == self._told:
            # Then it is most likely the very size, and one byte more shows it.
            self._hint = size + 1

    def failed(self, size: int, mtu: int | None) -> None:
        """``mtu``: what somebody on the way says that it takes."""
        self.high = min(self.high, size - 1)
        self._hint = self._told = mtu

    def result(self) -> int | None:
        """None where nothing passed."""
        return self.low if self.low >= self._least else None


class Search:
    """Tries one size after the other with one pair."""

    def __init__(
        self,
        pinger: Pinger,
        address: Address,
        high: int,
        wait: float,
        report: Callable[[int | None], None],
    ) -> None:
        self._pinger = pinger
        self._address = address
        self._bounds = Bounds(HEADERS[address.version] + _TOKEN, high)
        self._wait = wait
        self._report = report

    def begin(self) -> None:
        size = self._bounds.next()
        if size is None:
            self._report(self._bounds.result())
            return
        # Two, so that one that is lost does not decide.
        self._pinger.ping(self._address, size, 2, self._wait, self._measured, enough=1)

    def _measured(self, check: Check) -> None:
        if check.reached:
            self._bounds.passed(check.size)
        else:
            self._bounds.failed(check.size, check.mtu)
        self.begin()
