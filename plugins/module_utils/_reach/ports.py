# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes of TCP and UDP ports."""

from __future__ import annotations

import contextlib
import os
import socket
import time

from .._topology.model import Address
from .loop import Loop
from .model import SILENT, Check
from .names import A, query
from .probes import CAUSES, FAMILIES, Opener, Report, problem_of

# Level and option: errors that come back are told to the socket, which for UDP is not a matter
# of course.
_TELL_ERRORS = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
_DNS_PORT, _NTP_PORT = 53, 123
_NTP_QUESTION = b"\x23" + bytes(47)


class Connect:
    """A connection that is closed again as soon as it is there."""

    def __init__(
        self,
        loop: Loop,
        opener: Opener,
        address: Address,
        port: int,
        timeout: float,
        report: Report,
    ) -> None:
        self._loop = loop
        self._opener = opener
        self._to = (str(address), port)
        self._family = FAMILIES[address.version]
        self._port = port
        self._timeout = timeout
        self._report = report
        self._began = 0.0
        self._socket: socket.socket | None = None

    def __call__(self) -> None:
        self._began = time.monotonic()
        try:
            self._socket = self._opener.open(self._family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._socket.connect(self._to)
        except BlockingIOError:
            pass
        except OSError as error:
            self._end(error)
            return
        if self._socket is not None:
            self._loop.watch(self._socket, self._settled, writable=True)
        self._loop.later(self._timeout, self._too_late)

    def _settled(self) -> None:
        if self._socket is None:
            return
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._end(OSError(code, os.strerror(code)) if code else None)

    def _too_late(self) -> None:
        if self._socket is not None:
            self._end(TimeoutError())

    def _end(self, error: OSError | None) -> None:
        if self._socket is not None:
            self._loop.close(self._socket)
            self._socket = None
        self._loop.done()
        self._report(outcome("tcp", self._port, self._began, error))


class Datagram:
    """A datagram, sent once more when half of the time is over without an answer."""

    def __init__(
        self,
        loop: Loop,
        opener: Opener,
        address: Address,
        port: int,
        payload: bytes,
        silence_is_reach: bool,
        timeout: float,
        report: Report,
    ) -> None:
        self._loop = loop
        self._opener = opener
        self._to = (str(address), port)
        self._version = address.version
        self._port = port
        self._payload = question_for(port, payload)
        self._silence_is_reach = silence_is_reach
        self._timeout = timeout
        self._report = report
        self._began = 0.0
        self._socket: socket.socket | None = None

    def __call__(self) -> None:
        self._began = time.monotonic()
        try:
            self._socket = open_datagram(self._opener, self._version, self._to)
        except OSError as error:
            self._end(error)
            return
        self._loop.watch(self._socket, self._arrived)
        self._loop.later(self._timeout / 2, self._send)
        self._loop.later(self._timeout, self._too_late)
        self._send()

    def _send(self) -> None:
        if self._socket is not None:
            try:
                self._socket.send(self._payload)
            except OSError as error:
                self._end(error)

    def _arrived(self) -> None:
        if self._socket is not None:
            try:
                self._socket.recv(65535)
            except BlockingIOError:
                return
            except OSError as error:
                self._end(error)
                return
            self._end(None)

    def _too_late(self) -> None:
        if self._socket is not None:
            self._end(None if self._silence_is_reach else TimeoutError())

    def _end(self, error: OSError | None) -> None:
        if self._socket is not None:
            self._loop.close(self._socket)
            self._socket = None
        self._loop.done()
        self._report(outcome("udp", self._port, self._began, error))


def open_datagram(opener: Opener, version: int, to: tuple[str, int]) -> socket.socket:
    """A connected socket, which is told of errors that come back."""
    found = opener.open(FAMILIES[version], socket.SOCK_DGRAM)
    try:
        found.setblocking(False)
        with contextlib.suppress(OSError):
            found.setsockopt(*_TELL_ERRORS[version], 1)
        found.connect(to)
    except OSError:
        found.close()
        raise
    return found


def question_for(port: int, payload: bytes) -> bytes:
    """Something that a service on that port answers."""
    if port == _DNS_PORT:
        return query(1, "localhost", A)
    return _NTP_QUESTION if port == _NTP_PORT else payload


def outcome(check: str, port: int, began: float, error: OSError | None) -> Check:
    """A check that ended just now; TimeoutError stands for silence."""
    if error is None:
        ms = round((time.monotonic() - began) * 1000, 2)
        return Check(check, True, ms=ms, port=port)
    if isinstance(error, TimeoutError) and not error.errno:
        return Check(check, False, "no answer", cause=SILENT, port=port)
    cause = CAUSES.get(error.errno or 0, SILENT)
    return Check(check, False, problem_of(error), cause=cause, port=port)
