# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names looked up as a source does it: its hosts file first, then its servers, all at once."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from .._topology.model import Address
from .loop import Loop
from .names import TYPES, Answer, Resolver, answer, choose, identifier_of, query
from .ports import open_datagram
from .probes import Opener, problem_of

_PORT = 53


@dataclass(frozen=True)
class Found:
    """The addresses of a name; ``problem`` is why there are none."""

    addresses: tuple[Address, ...] = ()
    server: str | None = None
    problem: str | None = None
    ms: float | None = None


class Lookup:
    """One name, asked of every server and under every name that it may have.

    The first name in their order that has an address counts, as with the C library.
    """

    def __init__(
        self,
        loop: Loop,
        opener: Opener,
        resolver: Resolver,
        name: str,
        version: int | None,
        timeout: float,
        report: Callable[[Found], None],
    ) -> None:
        self._loop = loop
        self._opener = opener
        self._resolver = resolver
        self._name = name
        self._version = version
        self._timeout = timeout
        self._report = report
        self._began = 0.0
        self._sockets: dict[str, socket.socket] = {}
        self._problems: dict[str, str] = {}
        self._questions: dict[int, tuple[str, int]] = {}
        self._answers: dict[tuple[str, int], tuple[str, Answer]] = {}
        self._over = False

    def __call__(self) -> None:
        self._began = time.monotonic()
        versions = [self._version] if self._version else list(TYPES)
        identifier = int.from_bytes(os.urandom(2), "big")
        for candidate in self._resolver.candidates(self._name):
            for version in versions:
                identifier = (identifier + 1) & 0xFFFF
                self._questions[identifier] = (candidate, version)
        for server in self._resolver.servers:
            try:
                opened = open_datagram(self._opener, server.version, (str(server), _PORT))
            except OSError as error:
                self._problems[str(server)] = problem_of(error)
                continue
            self._sockets[str(server)] = opened
            self._loop.watch(opened, partial(self._arrived, str(server)))
        self._loop.later(self._timeout / 2, self._ask)
        self._loop.later(self._timeout, partial(self._end, None))
        self._ask()
        if not self._sockets:
            self._end(None)

    def _ask(self) -> None:
        """Ask every server for what none has said yet."""
        for server, opened in list(self._sockets.items()):
            for identifier, (candidate, version) in self._questions.items():
                if (candidate, version) in self._answers or server not in self._sockets:
                    continue
                try:
                    opened.send(query(identifier, candidate, TYPES[version]))
                except OSError as error:
                    self._lose(server, problem_of(error))

    def _arrived(self, server: str) -> None:
        while server in self._sockets:
            try:
                data = self._sockets[server].recv(65535)
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(server, problem_of(error))
                return
            identifier = identifier_of(data)
            question = None if identifier is None else self._questions.get(identifier)
            if question is None or question in self._answers:
                continue
            found = answer(data, TYPES[question[1]])
            if found.problem:
                self._lose(server, found.problem)
            else:
                self._answers[question] = (server, found)
                self._decide()

    def _lose(self, server: str, problem: str) -> None:
        """A server that is of no use."""
        self._problems[server] = problem
        opened = self._sockets.pop(server, None)
        if opened is not None:
            self._loop.close(opened)
        if not self._sockets:
            self._end(None)

    def _decide(self) -> None:
        """Whether what is known suffices: every name before the one that counts has no address."""
        for candidate in self._resolver.candidates(self._name):
            known: dict[int, list[Address]] = {}
            server = None
            for version in [self._version] if self._version else TYPES:
                if (candidate, version) not in self._answers:
                    return
                server, found = self._answers[(candidate, version)]
                known[version] = list(found.addresses)
                # IPv4 is taken before IPv6 in any case.
                if choose(known, self._version):
                    self._end(Found(tuple(known[version]), server, ms=self._since()))
                    return
        self._end(Found(server=server, problem=f"{server} knows no address for it"))

    def _since(self) -> float:
        return round((time.monotonic() - self._began) * 1000, 2)

    def _end(self, found: Found | None) -> None:
        if self._over:
            return
        self._over = True
        silent = list(self._sockets)
        for opened in self._sockets.values():
            self._loop.close(opened)
        self._sockets.clear()
        self._loop.done()
        self._report(found or Found(problem=self._why(silent)))

    def _why(self, silent: Iterable[str]) -> str:
        texts = [f"{server} does not answer" for server in silent]
        texts += [f"{server}: {problem}" for server, problem in self._problems.items()]
        return "; ".join(texts) or "its resolv.conf names no server"
