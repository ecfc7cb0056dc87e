# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One loop for all sockets, whichever namespaces they are in."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable

Action = Callable[[], None]
# So many are started before the next look at what has arrived.
_AT_ONCE = 64


class Loop:
    """Runs jobs side by side until each has called ``done``. Use as a context manager.

    A job is started when there is room for its socket, and has to end itself by a time.
    """

    def __init__(self, room: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._times: list[tuple[float, int, Action]] = []
        self._counter = itertools.count()
        self._waiting: deque[Action] = deque()
        self._running = 0
        self._room = room

    def __enter__(self) -> Loop:
        return self

    def __exit__(self, *dummy: object) -> None:
        for key in list(self._selector.get_map().values()):
            self.close(key.data[0])
        self._selector.close()

    def start(self, job: Action) -> None:
        self._waiting.append(job)

    def done(self) -> None:
        self._running -= 1

    def later(self, seconds: float, action: Action) -> None:
        heapq.heappush(self._times, (time.monotonic() + seconds, next(self._counter), action))

    def watch(self, sock: socket.socket, action: Action, writable: bool = False) -> None:
        """Call ``action`` whenever there is something to read, or once it can be written."""
        event = selectors.EVENT_WRITE if writable else selectors.EVENT_READ
        self._selector.register(sock, event, (sock, action))

    def close(self, sock: socket.socket) -> None:
        """Stop watching and close."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)
        sock.close()

    def run(self) -> None:
        """Until all jobs that were started, also meanwhile, are done."""
        while self._waiting or self._running:
            for dummy in range(_AT_ONCE):
                if not self._waiting or self._running >= self._room:
                    break
                self._running += 1
                self._waiting.popleft()()
            for key, dummy in self._selector.select(self._wait()):
                key.data[1]()
            now = time.monotonic()
            while self._times and self._times[0][0] <= now:
                heapq.heappop(self._times)[2]()

    def _wait(self) -> float | None:
        if self._waiting and self._running < self._room:
            return 0.0
        if not self._times:
            return None
        return max(0.0, self._times[0][0] - time.monotonic())
