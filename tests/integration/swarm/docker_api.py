# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker's API on a throw-away host, for what the modules of a swarm ask of it. No containers run.

    docker_api.py NAME FOLDER

All hosts of a test keep their swarms in FOLDER, a file each, where a manager finds its nodes and a
worker the manager's tokens. What one host knows is in /run/stand_in/swarm. Every POST and DELETE is
a line of /run/stand_in/changes.
"""

from __future__ import annotations

import fcntl
import json
import re
import socketserver
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

NAME, FOLDER = sys.argv[1], Path(sys.argv[2])
OWN = Path("/run/stand_in/swarm")
CONTAINERS = Path("/run/stand_in/on_networks")
OTHERS = Path("/run/stand_in/networks")
REFUSED = Path("/run/stand_in/refused")  # why, in Docker's words
GATEWAY = "docker_gwbridge"
INACTIVE = {"cluster": "", "node": "", "gateway": False}
Answer = tuple[int, Any]


def own() -> dict[str, Any]:
    return json.loads(OWN.read_text()) if OWN.exists() else dict(INACTIVE)


def save(**changes: Any) -> None:
    OWN.write_text(json.dumps({**own(), **changes}))


@contextmanager
def cluster(name: str) -> Iterator[dict[str, Any]]:
    """A swarm, to look at and to change."""
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = FOLDER / f"{name}.json"
        found = json.loads(path.read_text()) if path.exists() else {"nodes": {}, "networks": {}}
        yield found
        path.write_text(json.dumps(found))


def live_restore() -> bool:
    path = Path("/etc/docker/daemon.json")
    return bool(path.exists() and json.loads(path.read_text()).get("live-restore"))


def me(found: dict[str, Any]) -> dict[str, Any]:
    return found["nodes"].get(own()["node"]) or {}


def is_manager() -> bool:
    with cluster(own()["cluster"] or "none") as found:
        return bool(me(found).get("role") == "manager")


def info() -> dict[str, Any]:
    active = bool(own()["node"])
    return {
        "ServerVersion": "26.1.5",
        "LiveRestoreEnabled": live_restore(),
        "Swarm": {
            "NodeID": own()["node"],
            "LocalNodeState": "active" if active else "inactive",
            "ControlAvailable": active and is_manager(),
        },
    }


def node(key: str, value: dict[str, str]) -> dict[str, Any]:
    return {
        "ID": key,
        "Version": {"Index": 1},
        "Description": {"Hostname": value["name"]},
        "Spec": {"Role": value["role"], "Availability": "active", "Labels": {}},
        "Status": {"State": "ready", "Addr": value["address"]},
    }


def networks() -> list[dict[str, Any]]:
    """Docker's own, others' (NAME SUBNET a line), and on a manager those of the swarm."""
    bridge = {"Id": "b" * 64, "Name": "bridge", "Driver": "bridge", "Scope": "local"}
    found = [{**bridge, "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}}]
    for line in OTHERS.read_text().splitlines() if OTHERS.exists() else []:
        name, subnet = line.split()
        config = [{"Subnet": subnet}]
        found.append({**bridge, "Id": f"id-{name}", "Name": name, "IPAM": {"Config": config}})
    if own()["gateway"]:
        config = [{"Subnet": "172.18.0.0/16"}]
        found.append({**bridge, "Id": "9" * 64, "Name": GATEWAY, "IPAM": {"Config": config}})
    if own()["node"] and is_manager():
        with cluster(own()["cluster"]) as swarm:
            found += swarm["networks"].values()
    return found


def containers() -> list[dict[str, Any]]:
    """NAME NETWORK a line of the file."""
    lines = CONTAINERS.read_text().split("\n") if CONTAINERS.exists() else []
    pairs = [line.split() for line in lines if line]
    return [
        {
            "Id": name,
            "Names": [f"/{name}"],
            "State": "running",
            "NetworkSettings": {"Networks": {network: {}}},
        }
        for name, network in pairs
    ]


def get(path: str) -> Answer:
    name = path.rpartition("/")[2]
    if path == "/version":
        return 200, {"ApiVersion": "1.45", "Version": "26.1.5", "MinAPIVersion": "1.24"}
    if path == "/info":
        return 200, info()
    if path == "/networks":
        return 200, networks()
    if path.startswith("/networks/"):
        for network in networks():
            if name in (network["Id"], network["Name"]):
                return 200, {"Containers": {}, **network}
        return 404, {"message": f"network {name} not found"}
    if path in ("/containers/json", "/images/json"):
        return 200, containers() if "containers" in path else []
    if path.startswith("/containers/"):
        return 200, {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
    if not (own()["node"] and is_manager()):
        return 503, {"message": "This node is not a swarm manager."}
    with cluster(own()["cluster"]) as found:
        nodes = [node(key, value) for key, value in found["nodes"].items()]
        if path == "/swarm":
            spec: dict[str, Any] = {"Name": "default", "TaskDefaults": {}}
            tokens = found["tokens"]
            version = {"Index": 1}
            return 200, {"ID": "s", "Spec": spec, "Version": version, "JoinTokens": tokens}
        if path == "/nodes":
            return 200, nodes
        for one in nodes:
            if path == f"/nodes/{one['ID']}":
                return 200, one
    return 404, {"message": f"{path} not found"}


def enter(name: str, role: str, address: str) -> Answer:
    key = uuid.uuid4().hex[:25]
    with cluster(name) as found:
        found["nodes"][key] = {"name": NAME, "role": role, "address": address}
    save(cluster=name, node=key, gateway=True)
    return 200, key


def init(data: dict[str, Any]) -> Answer:
    if REFUSED.exists():
        return 500, {"message": REFUSED.read_text().strip()}
    if live_restore():
        return 400, {
            "message": "--live-restore daemon configuration is incompatible with swarm mode"
        }
    name = uuid.uuid4().hex
    pool = data["DefaultAddrPool"][0]
    subnet = pool.replace("/16", f"/{data['SubnetSize']}")
    ingress = {"Id": "ingress", "Name": "ingress", "Driver": "overlay", "Scope": "swarm"}
    with cluster(name) as found:
        found["tokens"] = {"Worker": f"SWMTKN-worker-{name}", "Manager": f"SWMTKN-manager-{name}"}
        found["networks"] = {"ingress": {**ingress, "IPAM": {"Config": [{"Subnet": subnet}]}}}
    return enter(name, "manager", data["AdvertiseAddr"])


def join(data: dict[str, Any]) -> Answer:
    dummy, role, name = data["JoinToken"].split("-")
    with cluster(name) as found:
        known = [f"{value['address']}:2377" for value in found["nodes"].values()]
    if data["RemoteAddrs"][0] not in known:
        return 500, {"message": f"{data['RemoteAddrs']}: no manager there"}
    return enter(name, role, data["AdvertiseAddr"])


def leave() -> Answer:
    """Like Docker, a manager takes its networks along, and docker_gwbridge stays."""
    with cluster(own()["cluster"]) as found:
        del found["nodes"][own()["node"]]
    save(cluster="", node="")
    return 200, None


def post(path: str, data: dict[str, Any]) -> Answer:
    if path == "/swarm/init":
        return init(data)
    if path == "/swarm/join":
        return join(data)
    if path == "/swarm/leave":
        return leave()
    name = path.split("/")[2]
    with cluster(own()["cluster"]) as found:
        if path == "/networks/create":
            network = {**data, "Id": f"id-{data['Name']}", "Scope": "swarm"}
            found["networks"][data["Name"]] = network
            return 201, {"Id": network["Id"]}
        if path == f"/nodes/{name}/update":
            found["nodes"][name]["role"] = data["Role"]
            return 200, None
    return 404, {"message": f"{path} not found"}


def delete(path: str) -> Answer:
    name = path.rpartition("/")[2]
    if name == GATEWAY:
        save(gateway=False)
    else:
        with cluster(own()["cluster"]) as found:
            del found["networks"][name]
    return 204, None


class Handler(BaseHTTPRequestHandler):
    def _answer(self, method: str) -> None:
        parts = urlsplit(re.sub(r"^/v[\d.]+(?=/)", "", self.path))
        length = int(self.headers.get("Content-Length") or 0)
        data = json.loads(self.rfile.read(length) or "{}")
        if method != "GET":
            with open("/run/stand_in/changes", "a", encoding="utf-8") as file:
                file.write(f"{method} {parts.path} {json.dumps(parse_qs(parts.query))}\n")
        if method == "GET":
            status, found = get(parts.path)
        else:
            status, found = post(parts.path, data) if method == "POST" else delete(parts.path)
        body = b"" if found is None else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


socketserver.ThreadingUnixStreamServer("/run/docker.sock", Handler).serve_forever()
