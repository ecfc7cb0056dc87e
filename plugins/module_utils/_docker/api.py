# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's API over its socket: no program and no package is needed."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote

from .._errors import HostError

SOCKET = "/var/run/docker.sock"
_SECONDS = 30.0


class NoAnswer(HostError):
    """Docker does not answer, or with something else than what was asked for."""


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(SOCKET)


def get(path: str) -> tuple[int, Any]:
    """(HTTP's status, the answer) of one question. Raises NoAnswer."""
    connection = _Connection("docker", timeout=_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswer(f"Docker does not answer on {SOCKET} ({error})") from error
    finally:
        connection.close()


def inspect(container: str) -> tuple[int, dict[str, Any]]:
    """What Docker knows of a container, by its name or id."""
    status, answer = get(f"/containers/{quote(container, safe='')}/json")
    return status, answer if isinstance(answer, dict) else {}
