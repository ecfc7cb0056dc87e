# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print what a run could leave on a host, as lines that can be compared with `diff`.

Runs on a host as root with nothing but Python. Taken before the first run and after teardown, the
two must be equal. What differs between two looks at the same host is left out: counters, handles,
interface numbers, lifetimes, comments, empty base chains, docker0's MAC. What a teardown leaves on
purpose is left out too: packages, loaded modules, the forwarding sysctl, Docker's own directories.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

# Where configuration, programs and state of ours or of a stranger would be.
TREES = (
    "/etc",
    "/home",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/usr/lib/systemd/system",
    "/usr/local",
    "/var/lib",
    "/var/log",
)
# Daemons' own diaries: they change while nobody touches the host.
MOVING = re.compile(
    r"""/root/\.(ansible|cache)(/|$)
    |/run/(?!container_net|flannel|netns|lock)[^/]+
    |/run/lock/(?!container_net)
    |/var/lib/container_net/etcd(_backup)?/
    |/etc/openvswitch/
    |/var/(lib|log)/openvswitch(/|$)
    |/var/lib/(apt|containerd|dbus|docker|dpkg|lastlog|man-db|pam|private|python|systemd|ucf|wtmpdb)(/|$)
    |/var/log/(apt|journal|private|btmp|dpkg|lastlog|wtmp|alternatives)
    |/etc/(ld\.so\.cache|\.updated|(passwd|group|shadow|gshadow)-)$""",
    re.VERBOSE,
)
_COMMENT = re.compile(r' -m comment --comment ("(?:[^"\\]|\\.)*"|\S+)')
# What Docker gives its own bridge when a container first comes, and never takes back.
DOCKER_BRIDGE = "docker0"
# It is there for as long as the kernel has the module ipip.
KERNELS_LINKS = ("tunl0",)


def normal_rules(text: str) -> list[str]:
    """`iptables-save` output without counters, comments and empty base chains that accept.

    Each line starts with its table; the order of rules is kept, that of chains is not.
    """
    lines: list[str] = []
    chains: dict[str, str] = {}
    used: set[str] = set()
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table, chains, used = line[1:], {}, set()
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            chains[name] = policy
        elif line.startswith("-A"):
            used.add(line.split()[1])
            lines.append(f"{table} {_COMMENT.sub('', line)}")
        elif line == "COMMIT":
            lines += [
                f"{table} :{name} {policy}"
                for name, policy in sorted(chains.items())
                if name in used or policy != "ACCEPT"
            ]
    return lines


def normal_nft(ruleset: dict[str, Any]) -> list[str]:
    """`nft -j list ruleset` as lines, without handles, counters, empty base chains and tables."""
    entries = [
        (kind, value)
        for entry in ruleset["nftables"]
        for kind, value in entry.items()
        if kind != "metainfo"
    ]
    place = {"rule": "chain", "element": "set"}
    filled = {
        (value["family"], value["table"], value[place[kind]])
        for kind, value in entries
        if kind in place
    }

    def counts(kind: str, value: dict[str, Any]) -> bool:
        if kind != "chain":
            return kind != "table"
        key = (value["family"], value["table"], value["name"])
        return key in filled or "hook" not in value or value.get("policy") != "accept"

    kept = [(kind, value) for kind, value in entries if counts(kind, value)]
    tables = {(value["family"], value["table"]) for dummy, value in kept}
    for kind, value in entries:
        if kind == "table" and (value["family"], value["name"]) in tables:
            kept.append((kind, value))
    # Chains come in the order of their making; what counts is the order within each.
    kept.sort(key=lambda entry: _home(*entry))
    return [f"{kind} {json.dumps(_bare(value), sort_keys=True)}" for kind, value in kept]


def _home(kind: str, value: dict[str, Any]) -> tuple[str, ...]:
    table = value["name"] if kind == "table" else value["table"]
    chain = value["name"] if kind == "chain" else value.get("chain", "")
    return value["family"], table, chain, kind


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: None if key == "counter" else _bare(inner)
            for key, inner in value.items()
            if key not in ("handle", "comment")
        }
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    return value


def normal_links(links: Iterable[dict[str, Any]]) -> list[str]:
    """`ip -j -d address` as lines: links with kind, master, MTU, state, alias and addresses."""
    lines: list[str] = []
    for link in links:
        name = link["ifname"]
        if name in KERNELS_LINKS:
            continue
        docker = name == DOCKER_BRIDGE
        words = [
            name,
            link.get("linkinfo", {}).get("info_kind", "-"),
            f"mtu={link['mtu']}",
            f"master={link.get('master', '-')}",
            f"up={'UP' in link['flags']}",
            f"alias={link.get('ifalias', '-')}",
            f"mac={'-' if docker else link.get('address', '-')}",
        ]
        lines.append("link " + " ".join(words))
        for address in link.get("addr_info", []):
            if docker and address.get("scope") == "link":
                continue
            lines.append(
                f"address {name} {address['local']}/{address['prefixlen']} {address['scope']}"
            )
    return sorted(lines)


def normal_routes(family: str, routes: Iterable[dict[str, Any]]) -> list[str]:
    """`ip -j route show table all` as sorted lines, without what comes and goes by itself."""
    lines: list[str] = []
    for route in routes:
        if route.get("dev") == DOCKER_BRIDGE and route["dst"].startswith(("fe80", "ff00")):
            continue
        # The routers' address of every network: there while IPv6 packets are forwarded.
        if route.get("type") == "anycast" and route.get("protocol") == "kernel":
            continue
        keys = ("type", "dst", "gateway", "dev", "prefsrc", "metric", "scope", "table", "protocol")
        words = [f"{key}={route[key]}" for key in keys if key in route]
        lines.append(f"route{family} " + " ".join(words))
    return sorted(lines)


def files(trees: Iterable[str]) -> Iterator[str]:
    """Every file below the trees: kind, mode, owner and what is in it."""
    for tree in trees:
        for directory, names, leaves in os.walk(tree):
            names[:] = sorted(n for n in names if not MOVING.match(os.path.join(directory, n)))
            for name in sorted(leaves) + names:
                path = os.path.join(directory, name)
                if not MOVING.match(path):
                    yield "file " + _describe(path)


def _describe(path: str) -> str:
    try:
        info = os.lstat(path)
        content = ""
        if stat.S_ISLNK(info.st_mode):
            content = "-> " + os.readlink(path)
        elif stat.S_ISREG(info.st_mode):
            with open(path, "rb") as handle:
                content = hashlib.sha256(handle.read()).hexdigest()[:16]
    except FileNotFoundError:
        return f"{path} went away"
    return f"{path} {stat.filemode(info.st_mode)} {info.st_uid}:{info.st_gid} {content}".rstrip()


def units(active: str) -> list[str]:
    """What runs or failed, out of `systemctl list-units`, plain and without a legend.

    What ended by itself is not said to run: it depends on the boot. So do logins on a serial line,
    which systemd gives up when the line comes late. A timer runs while what it starts does, such as
    systemd-tmpfiles-clean.timer a quarter of an hour after the boot. Unit files and whether they
    are enabled are among the files: asking systemd takes half a minute on an emulated processor.
    """
    lines: list[str] = []
    for line in active.splitlines():
        name, dummy, state, sub = line.split()[:4]
        # Docker's own, from its first container without a network of its own until it stops; and a
        # service's own, for as long as that runs.
        if name.startswith(("serial-getty@", "run-docker-netns-", "run-credentials-")):
            continue
        runs = state == "active" and sub in ("running", "listening", "mounted")
        if state == "failed" or (runs and not name.endswith(".timer")):
            lines.append(f"active {name} {state}")
    return sorted(lines)


def normal_docker(
    images: Iterable[dict[str, Any]],
    networks: Iterable[dict[str, Any]],
    containers: Iterable[dict[str, Any]],
) -> list[str]:
    """Docker's answers as sorted lines: names of images, networks and containers."""
    tags = [tag for image in images for tag in image.get("RepoTags") or [image["Id"]]]
    names = [name for container in containers for name in container["Names"]]
    return sorted(
        [f"docker image {tag}" for tag in tags]
        + [f"docker network {network['Name']}" for network in networks]
        + [f"docker container {name}" for name in names]
    )


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def _docker(path: str) -> Any:
    # Docker's own client takes seconds to start on an emulated processor.
    connection = http.client.HTTPConnection("localhost", timeout=120)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect("/run/docker.sock")
    connection.request("GET", path)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def _which(program: str) -> bool:
    places = os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/sbin"]
    return any(os.access(os.path.join(place, program), os.X_OK) for place in places)


def _json(*command: str) -> Any:
    return json.loads(_run(*command) or "[]")


def state() -> list[str]:
    """Everything of this host, as lines."""
    lines = normal_links(_json("ip", "-j", "-d", "address"))
    for family in ("4", "6"):
        routes = _json("ip", f"-{family}", "-j", "route", "show", "table", "all")
        lines += normal_routes(family, routes)
        lines += [f"rule{family} {line}" for line in _run("ip", f"-{family}", "rule").splitlines()]
    lines += [f"netns {line}" for line in _run("ip", "netns", "list").splitlines()]
    for program in ("iptables", "ip6tables"):
        if _which(f"{program}-save"):
            lines += [f"{program} {rule}" for rule in normal_rules(_run(f"{program}-save"))]
    if _which("nft"):
        lines += [f"nft {line}" for line in normal_nft(_json("nft", "-j", "list", "ruleset"))]
    plain = ("--no-legend", "--plain", "--no-pager")
    lines += units(
        _run("systemctl", "list-units", "--all", "--type=service,socket,timer,path,mount", *plain),
    )
    docker_runs = subprocess.run(
        ["systemctl", "is-active", "--quiet", "docker.service"], check=False
    )
    if docker_runs.returncode == 0:
        lines += normal_docker(
            _docker("/images/json"), _docker("/networks"), _docker("/containers/json?all=1")
        )
    lines += files(TREES)
    return lines


if __name__ == "__main__":
    print("\n".join(state()))
