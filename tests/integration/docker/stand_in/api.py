# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's API for what the roles ask: the containers named in a file, NAME POLICY a line.

What changes something is refused, and noted.
"""

from __future__ import annotations

import json
import socketserver
from http.server import BaseHTTPRequestHandler
from pathlib import Path

CONTAINERS = Path("/run/stand_in/containers")
LIVE_RESTORE = Path("/run/stand_in/live-restore")

NETWORKS = [
    {
        "Id": "b" * 64,
        "Name": "bridge",
        "Driver": "bridge",
        "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]},
    }
]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = CONTAINERS.read_text() if CONTAINERS.exists() else ""
        policies = dict(line.split() for line in text.splitlines())
        answers = {
            "/info": {"LiveRestoreEnabled": LIVE_RESTORE.exists()},
            "/images/json": [{"RepoTags": ["busybox:latest"]}],
            "/networks": NETWORKS,
            "/containers/json?all=1": [
                {"Id": name, "Names": [f"/{name}"], "State": policy}
                for name, policy in policies.items()
            ],
            "/containers/json": [{"Id": name, "Names": [f"/{name}"]} for name in policies],
            **{
                f"/containers/{name}/json": {"HostConfig": {"RestartPolicy": {"Name": policy}}}
                for name, policy in policies.items()
            },
        }
        body = json.dumps(answers.get(self.path, {})).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        with open("/run/stand_in/changes", "a", encoding="utf-8") as file:
            file.write(self.path + "\n")
        self.send_error(500)

    do_DELETE = do_POST

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


socketserver.ThreadingUnixStreamServer("/run/docker.sock", Handler).serve_forever()
