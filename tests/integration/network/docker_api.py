# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's API on a sandbox's /run/docker.sock: what it says of containers and networks.

Usage: docker_api.py FILE. The file holds {"networks": […], "containers": [inspect, …]} and is
read anew for each question.
"""

from __future__ import annotations

import json
import socketserver
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

SOCKET = "/run/docker.sock"


def answer(path: str, known: dict[str, Any]) -> tuple[int, Any]:
    if path == "/networks":
        return 200, known["networks"]
    if path == "/containers/json?all=1":
        return 200, [{"Id": found["Id"], "Names": [found["Name"]]} for found in known["containers"]]
    name = path.split("/")[2]
    for found in known["containers"]:
        if name in (found["Id"], found["Name"].lstrip("/")):
            return 200, found
    return 404, {"message": f"No such container: {name}"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, found = answer(self.path, json.loads(Path(sys.argv[1]).read_text()))
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "docker"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def inspected(name: str, pid: int = 0, mode: str = "bridge", **networks: Any) -> dict[str, Any]:
    """What Docker's inspect says of a container, as far as it is about networks."""
    return {
        "Id": f"{name}-id",
        "Name": f"/{name}",
        "State": {"Running": pid > 0, "Pid": pid, "Status": "running" if pid else "exited"},
        "Config": {"Image": "debian:12"},
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {"Networks": networks},
    }


if __name__ == "__main__":
    with socketserver.ThreadingUnixStreamServer(SOCKET, Handler) as server:
        server.serve_forever()
