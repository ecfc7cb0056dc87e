# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put back routes between hosts that got lost: with DirectRouting flanneld makes each only once.

A link that goes down and up again takes its routes along. Everything comes from flanneld's own
environment (FLANNELD_ETCD_...). Where etcd does not answer, the leases of last time count.
Prints a line for each route that was put back.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import re
import subprocess
import sys
from typing import Any

KEPT = os.environ.get("CONTAINER_NET_LEASES", "/run/container_net/flannel-leases.json")
ETCDCTL = {
    "ENDPOINTS": "ETCD_ENDPOINTS",
    "CACERT": "ETCD_CAFILE",
    "CERT": "ETCD_CERTFILE",
    "KEY": "ETCD_KEYFILE",
}
KEY = re.compile(r"/([\d.]+)-(\d+)(?:&([a-f\d:]+)-(\d+))?$")
# Read by systemd: a notice, where all else that the unit says is hidden.
NOTICE = "<5>"


class Lost(Exception):
    """What keeps us from looking, and what to do about it."""


def run(*command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A command's result; one that is not there is a failed one."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, **more)
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def ask_etcd() -> str:
    """The leases as etcd prints them. Raises Lost."""
    env = {**os.environ, "ETCDCTL_API": "3"}
    for theirs, flannels in ETCDCTL.items():
        if os.environ.get(f"FLANNELD_{flannels}"):
            env[f"ETCDCTL_{theirs}"] = os.environ[f"FLANNELD_{flannels}"]
    prefix = os.environ.get("FLANNELD_ETCD_PREFIX", "/coreos.com/network")
    command = ["etcdctl", "--command-timeout=5s", "get", "--prefix", f"{prefix}/subnets/"]
    done = run(*command, "--write-out=json", env=env)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Lost(f"etcd cannot be asked for the leases: {said[-1]}. Look at etcd.")
    return done.stdout


def leases() -> str:
    """The leases, those of last time where etcd does not answer. Raises Lost."""
    try:
        text = ask_etcd()
    except Lost:
        if not os.path.isfile(KEPT):
            raise
        with open(KEPT, encoding="ascii") as file:
            return file.read()
    os.makedirs(os.path.dirname(KEPT), exist_ok=True)
    with open(f"{KEPT}.new", "w", encoding="ascii") as file:
        file.write(text)
    os.replace(f"{KEPT}.new", KEPT)
    return text


def others(text: str) -> dict[str, str]:
    """For each subnet of another host the address by which that host is reached."""
    own = os.environ.get("FLANNELD_PUBLIC_IP", "")
    found: dict[str, str] = {}
    for entry in json.loads(text).get("kvs", []):
        key = KEY.search(base64.b64decode(entry["key"]).decode())
        value = json.loads(base64.b64decode(entry["value"]))
        if key is None or value.get("BackendType") != "vxlan" or value["PublicIP"] == own:
            continue
        found[f"{key[1]}/{key[2]}"] = value["PublicIP"]
        if key[3] and value.get("PublicIPv6"):
            found[str(ipaddress.ip_network(f"{key[3]}/{key[4]}"))] = value["PublicIPv6"]
    return found


def there(family: str) -> set[str]:
    """All routes of a family, as SUBNET via ADDRESS."""
    routes = json.loads(run("ip", "-j", family, "route", "show").stdout or "[]")
    return {f"{route['dst']} via {route.get('gateway', '')}" for route in routes}


def is_direct(family: str, address: str) -> bool:
    """Whether no router is between this host and the other one."""
    done = run("ip", "-j", family, "route", "get", address)
    ways = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    return bool(ways) and "gateway" not in ways[0]


def put_back() -> None:
    """Put back what is missing. Raises Lost."""
    wanted = others(leases())
    have = there("-4") | (there("-6") if any(":" in subnet for subnet in wanted) else set())
    for subnet, address in wanted.items():
        family = "-6" if ":" in subnet else "-4"
        if f"{subnet} via {address}" in have or not is_direct(family, address):
            continue
        done = run("ip", family, "route", "replace", subnet, "via", address)
        if done.returncode:
            raise Lost(f"{subnet} via {address}: {done.stderr.strip()}. Look at the link to it.")
        print(f"{NOTICE}the route to {subnet} via {address} was lost and is back", flush=True)


def main() -> None:
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    try:
        put_back()
    except Lost as error:
        sys.exit(f"<3>{error}")


if __name__ == "__main__":
    main()
