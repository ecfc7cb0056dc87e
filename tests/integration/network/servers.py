# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on throw-away hosts that tell who asked them, and who asks; who.py has their words."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.integration.network.sandbox import ENTER, ROOT, Sandbox

WHO = (sys.executable, str(ROOT / "tests" / "integration" / "who.py"))


def _inside(netns: str) -> list[str]:
    """Empty: the host's own namespace."""
    return ["ip", "netns", "exec", netns] if netns else []


class Servers:
    """Those that run."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []

    def start(self, host: Sandbox, netns: str, *words: str) -> None:
        """ "tcp/0.0.0.0/80" and the like."""
        enter = ["nsenter", f"--target={host.first}", *ENTER]
        server = subprocess.Popen(
            [*enter, *_inside(netns), *WHO, "serve", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._running.append(server)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"

    def stop(self) -> None:
        while self._running:
            self._running.pop().communicate(timeout=30)


def ask(host: Sandbox, netns: str, *questions: str) -> list[str]:
    """Who it was that asked, as each server saw it; "" where none answered."""
    answers: list[str] = json.loads(host.run(*_inside(netns), *WHO, "ask", *questions).stdout)
    return answers
