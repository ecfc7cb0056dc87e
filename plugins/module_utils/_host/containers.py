# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's containers, asked for over its socket: no program and no package is needed."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote

from .._errors import OptionError

SOCKET = "/var/run/docker.sock"
_SECONDS = 30.0


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(SOCKET)


def pid_of(option: str, name: str) -> int:
    """The first process of a running container, by its name or id. Raises OptionError."""
    status, answer = _ask(option, name)
    if status == 404:
        raise OptionError(
            option, name, "Docker knows no such container", "Start it first, or correct the name"
        )
    if status != 200:
        problem = f"Docker answered {status}: {answer.get('message', 'no reason')}"
        raise OptionError(option, name, problem, "Mend that, or give pid instead")
    state = answer.get("State") or {}
    pid = state.get("Pid") or 0
    if not state.get("Running") or pid < 1:
        raise OptionError(
            option,
            name,
            f"the container is {state.get('Status', 'not running')}, so it has no network",
            "Start it first",
        )
    return int(pid)


def _ask(option: str, name: str) -> tuple[int, dict[str, Any]]:
    connection = _Connection("docker", timeout=_SECONDS)
    try:
        connection.request("GET", f"/containers/{quote(name, safe='')}/json")
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise OptionError(
            option,
            name,
            f"Docker does not answer on {SOCKET} ({error})",
            "Start Docker, or give pid instead",
        ) from error
    finally:
        connection.close()
    return response.status, answer if isinstance(answer, dict) else {}
