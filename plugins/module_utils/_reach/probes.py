# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Echo requests of a source, and what probes have in common: each ends with a Check."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from .._topology.model import Address
from .loop import Loop
from .model import (
    NO_ROUTE,
    NOT_PERMITTED,
    PROHIBITED,
    REFUSED,
    SILENT,
    TOO_LARGE,
    Check,
)
from .packets import Refusal, Reply, echo_request, message

Report = Callable[[Check], None]

FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_ICMP = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
# (level, option) of what Python has no names for.
_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
_FRAGMENT, _NEVER, _PROBE = 0, 2, 3
_SNDBUFFORCE, _RCVBUFFORCE = 32, 33
_BUFFER = 8 << 20
_TOKEN = 8
_BETWEEN_PINGS = 0.1

CAUSES = {
    errno.ENETUNREACH: NO_ROUTE,
    errno.EHOSTUNREACH: NO_ROUTE,
    errno.EINVAL: NO_ROUTE,  # a blackhole
    errno.EACCES: PROHIBITED,
    errno.EPERM: NOT_PERMITTED,
    errno.EMSGSIZE: TOO_LARGE,
    errno.ECONNREFUSED: REFUSED,
}
_WORDS = {
    errno.EINVAL: "The route leads into a black hole",
    errno.EACCES: "It is prohibited",
    errno.EPERM: "A firewall of the source does not let it out",
    errno.EMSGSIZE: "The packet is too large for the way",
}


def problem_of(error: OSError) -> str:
    """The kernel's word, in a person's."""
    return _WORDS.get(error.errno or 0) or error.strerror or str(error)


class Opener(Protocol):
    """Makes sockets in a source's namespace."""

    def open(self, family: int, kind: int, protocol: int = 0) -> socket.socket: ...


class _Ping:
    """One target's echo requests."""

    def __init__(
        self, address: Address, size: int, count: int, enough: int, report: Report
    ) -> None:
        self.address = address
        self.size = size
        self.count = count
        self.enough = enough
        self.report = report
        self.sent: dict[int, float] = {}
        self.received = 0
        self.ms: float | None = None
        self.problem = "no answer"
        self.cause = SILENT
        self.mtu: int | None = None
        self.over = False


class Pinger:
    """The echo requests of one source and version of IP, over one socket.

    A raw one: the kernel gives the other kind to nobody unless a sysctl of the namespace says so.
    """

    def __init__(self, loop: Loop, opener: Opener, version: int, df: bool, probing: bool) -> None:
        self._loop = loop
        self._version = version
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._token = os.urandom(_TOKEN)
        self._sequence = 0
        self._open: dict[int, _Ping] = {}
        self._socket = opener.open(FAMILIES[version], socket.SOCK_RAW, _ICMP[version])
        self._socket.setblocking(False)
        fragment = _PROBE if probing else _NEVER if df else _FRAGMENT
        self._socket.setsockopt(*_DISCOVER[version], fragment)
        for option in (_RCVBUFFORCE, _SNDBUFFORCE):
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        loop.watch(self._socket, self._receive)

    def ping(
        self,
        address: Address,
        size: int,
        count: int,
        timeout: float,
        report: Report,
        enough: int | None = None,
    ) -> None:
        """Ends when all, or ``enough``, are answered, or ``timeout`` seconds after the last."""
        probe = _Ping(address, size, count, count if enough is None else enough, report)
        self._loop.start(partial(self._send, probe, timeout))

    def _send(self, probe: _Ping, timeout: float) -> None:
        if probe.over:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        number = self._sequence
        packet = echo_request(self._version, self._identifier, number, probe.size, self._token)
        probe.sent[number] = time.monotonic()
        self._open[number] = probe
        try:
            self._socket.sendto(packet, (str(probe.address), 0))
        except BlockingIOError:
            pass
        except OSError as error:
            probe.problem = problem_of(error)
            probe.cause = CAUSES.get(error.errno or 0, SILENT)
            # The kernel says it at once, and would say the same of the next.
            self._loop.later(0, partial(self._end, probe))
            return
        if len(probe.sent) < probe.count:
            self._loop.later(_BETWEEN_PINGS, partial(self._send, probe, timeout))
        else:
            self._loop.later(timeout, partial(self._end, probe))

    def _receive(self) -> None:
        while True:
            try:
                data, (sender, *dummy) = self._socket.recvfrom(65535)
            except OSError:
                # Nothing more, or an error that a message tells of as well.
                return
            found = message(self._version, data, _TOKEN)
            if found is None or found.identifier != self._identifier:
                continue
            probe = self._open.get(found.sequence)
            if probe is None or probe.over:
                continue
            if isinstance(found, Reply):
                if found.token == self._token:
                    self._answered(probe, found.sequence)
            else:
                _refused(probe, found, sender)
                done = len(probe.sent) == probe.count or probe.cause == TOO_LARGE
                if done and not probe.received:
                    self._end(probe)

    def _answered(self, probe: _Ping, sequence: int) -> None:
        if self._open.pop(sequence, None) is None:
            return
        probe.received += 1
        if probe.ms is None:
            probe.ms = round((time.monotonic() - probe.sent[sequence]) * 1000, 2)
        if probe.received == probe.enough:
            self._end(probe)

    def _end(self, probe: _Ping) -> None:
        if probe.over:
            return
        probe.over = True
        for number in probe.sent:
            self._open.pop(number, None)
        reached = probe.received > 0
        self._loop.done()
        probe.report(
            Check(
                "ping",
                reached,
                None if reached else probe.problem,
                probe.ms,
                None if reached else probe.cause,
                sent=len(probe.sent),
                received=probe.received,
                size=probe.size,
                mtu=probe.mtu,
            )
        )


def _refused(probe: _Ping, found: Refusal, sender: str) -> None:
    probe.problem = f"{found.text}, says {sender}"
    if found.mtu:
        probe.problem += f", which takes {found.mtu} bytes"
    probe.mtu = found.mtu
    too_large = "too large" in found.text
    probe.cause = TOO_LARGE if too_large else PROHIBITED if found.prohibited else SILENT
