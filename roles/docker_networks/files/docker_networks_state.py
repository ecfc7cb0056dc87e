# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out, in one task and without changing anything, what Docker networks would stand beside.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from typing import Any

SOCKET = "/run/docker.sock"
# Routes that every link brings along, and that no network can be in the way of.
NOT_UNICAST = ("local", "broadcast", "multicast", "anycast")
OF_LINKS = ("fe80:", "ff00:")


class Engine(http.client.HTTPConnection):
    """Docker's API over its socket: much quicker than the command line on a slow machine."""

    def __init__(self) -> None:
        super().__init__("docker", timeout=60)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)

    def ask(self, path: str) -> Any:
        """The answer to a GET."""
        self.request("GET", path)
        response = self.getresponse()
        body = json.loads(response.read())
        if response.status != 200:
            raise OSError(f"{path}: {body.get('message', response.status)}")
        return body


def networks(engine: Engine) -> list[dict[str, Any]]:
    return [
        {
            "id": network["Id"],
            "name": network["Name"],
            "driver": network["Driver"],
            "subnets": [
                part["Subnet"]
                for part in (network.get("IPAM") or {}).get("Config") or []
                if part.get("Subnet")
            ],
            "options": network.get("Options") or {},
            "labels": network.get("Labels") or {},
        }
        for network in engine.ask("/networks")
    ]


def containers(engine: Engine) -> list[dict[str, Any]]:
    """All containers, with the addresses that each has or wants on its networks."""
    found = []
    for container in engine.ask("/containers/json?all=1"):
        on = {}
        for name, end in ((container.get("NetworkSettings") or {}).get("Networks") or {}).items():
            fixed = end.get("IPAMConfig") or {}
            addresses = [end.get("IPAddress"), end.get("GlobalIPv6Address")]
            addresses += [fixed.get("IPv4Address"), fixed.get("IPv6Address")]
            on[name] = sorted({address for address in addresses if address})
        # With links, one container has several names; its own has no second slash.
        own = [name[1:] for name in container["Names"] if "/" not in name[1:]]
        found.append(
            {
                "name": own[0] if own else container["Id"],
                "running": container["State"] == "running",
                "labels": container.get("Labels") or {},
                "networks": on,
                "published": [
                    {"protocol": port["Type"], "address": port.get("IP", ""), "port": public}
                    for port in container.get("Ports") or []
                    for public in [port.get("PublicPort")]
                    if public
                ],
            }
        )
    return found


def swarm(engine: Engine, own: dict[str, Any]) -> dict[str, Any]:
    """This node of a swarm, and on a manager all nodes."""
    manager = bool(own.get("ControlAvailable"))
    return {
        "state": own.get("LocalNodeState") or "inactive",
        "node": own.get("NodeID") or "",
        "manager": manager,
        "nodes": [
            {
                "id": node["ID"],
                "name": node["Description"]["Hostname"],
                "role": node["Spec"]["Role"],
                "state": node["Status"]["State"],
            }
            for node in (engine.ask("/nodes") if manager else [])
        ],
    }


def docker() -> dict[str, Any]:
    """What Docker has; ``problem`` where it does not say."""
    nothing: dict[str, Any] = {
        "docker": 0,
        "networks": [],
        "containers": [],
        "images": [],
        "pools": [],
        "swarm": {"state": "inactive", "node": "", "manager": False, "nodes": []},
    }
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    if shutil.which("dockerd", path=path) is None:
        return {**nothing, "problem": "there is no dockerd"}
    # Asking a stopped Docker's socket would start it.
    if os.path.isdir("/run/systemd/system"):
        command = ["systemctl", "is-active", "docker.service"]
        state = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if state not in ("active", "reloading"):
            return {**nothing, "problem": f"Docker is not running (docker.service is {state})"}
    engine = Engine()
    try:
        info = engine.ask("/info")
        pools = info.get("DefaultAddressPools") or []
        return {
            "problem": "",
            "docker": int(re.split(r"\D", info.get("ServerVersion") or "0")[0] or 0),
            "networks": networks(engine),
            "containers": containers(engine),
            "images": sorted(
                name
                for image in engine.ask("/images/json")
                for name in [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]
            ),
            "pools": [{"base": pool["Base"], "size": pool["Size"]} for pool in pools],
            "swarm": swarm(engine, info.get("Swarm") or {}),
        }
    except (OSError, http.client.HTTPException, ValueError) as error:
        return {**nothing, "problem": f"Docker does not answer on {SOCKET}: {error}"}
    finally:
        engine.close()


def ip(*words: str) -> list[dict[str, Any]]:
    command = ["ip", "-json", *words]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [entry for entry in json.loads(answer or "[]") if entry]


def links() -> list[dict[str, Any]]:
    return [
        {
            "name": link["ifname"],
            "kind": (link.get("linkinfo") or {}).get("info_kind", ""),
            "up": "UP" in link["flags"],
            "master": link.get("master", ""),
            "parent": link.get("link") or "",
        }
        for link in ip("-details", "link", "show")
    ]


def routes() -> list[dict[str, str]]:
    """Every route but the default ones."""
    found = []
    for family in ("-4", "-6"):
        for route in ip(family, "route", "show", "table", "all"):
            kind = route.get("type", "unicast")
            if kind in NOT_UNICAST or route["dst"] == "default":
                continue
            if route["dst"].startswith(OF_LINKS):
                continue
            found.append({"dst": route["dst"], "dev": route.get("dev", ""), "type": kind})
    return found


def listeners() -> list[dict[str, Any]]:
    """What the host's programs listen on; no address means all."""
    command = ["ss", "-H", "-l", "-n", "-t", "-u"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = []
    for line in answer.splitlines():
        words = line.split()
        address, dummy, port = words[4].rpartition(":")
        address = address.strip("[]").partition("%")[0]
        found.append(
            {
                "protocol": words[0],
                "address": "" if address == "*" else address,
                "port": int(port),
            }
        )
    return found


def flannel(path: str) -> list[str]:
    """flannel's networks, out of its subnet.env."""
    try:
        with open(path, encoding="utf-8") as file:
            values = dict(line.strip().split("=", 1) for line in file if "=" in line)
    except OSError:
        return []
    both = (values.get("FLANNEL_NETWORK", ""), values.get("FLANNEL_IPV6_NETWORK", ""))
    return [network for text in both for network in text.split(",") if network]


def made(found: dict[str, Any], label: str) -> dict[str, list[str]]:
    """What carries the role's label, under whatever name, and others' containers on it."""
    ours = [network["name"] for network in found["networks"] if label in network["labels"]]
    return {
        "networks": ours,
        "containers": [c["name"] for c in found["containers"] if label in c["labels"]],
        "strangers": [
            f"{name} {container['name']}"
            for container in found["containers"]
            for name in container["networks"]
            if name in ours and label not in container["labels"]
        ],
    }


def main() -> None:
    """Question: {note: path, subnet_file: path, label: text, needs: [Python module]}."""
    question = json.loads(sys.argv[1])
    found = docker()
    answer = {
        "missing": [name for name in question["needs"] if not importlib.util.find_spec(name)],
        "noted": os.path.exists(question["note"]),
        "links": links(),
        "routes": routes(),
        "listeners": listeners(),
        "flannel": flannel(question["subnet_file"]),
        **found,
        "made": made(found, question["label"]),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
