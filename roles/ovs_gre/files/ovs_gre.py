# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One Open vSwitch bridge with a GRE port to each other host. Only here is ovs-vsctl called.

    ovs_gre.py look WANT    what the host has, and what a run would do; changes nothing
    ovs_gre.py apply WANT   does it
    ovs_gre.py remove       takes the bridge away
    ovs_gre.py attach FILE  connects the bridge to the containers' one, as FILE says, after
                            Docker's start

WANT is a JSON object: bridge, datapath (system or netdev), mtu, peers {host: address}, local_ip,
key (0 for none), master (the bridge of the containers, '' for none) and address (that the master
must have). look further wants files {path: SHA-256}, unit and note. The answer is one JSON object
on stdout.

The ports are "protected": what came in by one never leaves by another. In a full mesh nobody has to
pass anything on, so there is no loop that a broadcast could go round in, and no tree to wait for.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

# In external_ids of what is ours.
KEY, VALUE = "container_net", "ovs_gre"
SERVICE = "openvswitch-switch.service"


class Problem(Exception):
    """Something a person has to act on."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def vsctl(*words: str) -> str:
    """The only call of ovs-vsctl: a transaction, done whole or not at all."""
    done = run("ovs-vsctl", "--timeout=60", *words)
    if done.returncode != 0:
        raise Problem(f"ovs-vsctl {shlex.join(words)}: {done.stderr.strip()}")
    return done.stdout


# --- what Open vSwitch has ---


def decode(value: Any) -> Any:
    """A value as ovs-vsctl prints it in JSON: sets of one are the thing itself, UUIDs are text."""
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == "map":
        return {key: decode(one) for key, one in content}
    if kind == "set":
        return [decode(one) for one in content]
    return content


def table(name: str, *columns: str) -> list[dict[str, Any]]:
    """The rows of a table."""
    text = vsctl("--format=json", f"--columns={','.join(columns)}", "list", name)
    found = json.loads(text)
    return [
        {column: decode(value) for column, value in zip(found["headings"], row)}
        for row in found["data"]
    ]


def several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def read() -> dict[str, Any]:
    """Bridges by name, and ports by name with their first interface and the bridge they are on."""
    bridges = table("Bridge", "name", "ports", "datapath_type", "fail_mode", "external_ids")
    interfaces = {
        row["_uuid"]: row
        for row in table("Interface", "_uuid", "type", "options", "mtu_request", "error")
    }
    on = {port: bridge["name"] for bridge in bridges for port in several(bridge["ports"])}
    ports = {}
    for port in table("Port", "_uuid", "name", "interfaces", "protected", "external_ids"):
        interface = interfaces[several(port["interfaces"])[0]]
        ports[port["name"]] = {**interface, **port, "bridge": on.get(port["_uuid"], "")}
    return {"bridges": {bridge["name"]: bridge for bridge in bridges}, "ports": ports}


def ours(row: Mapping[str, Any]) -> bool:
    return bool(row["external_ids"].get(KEY) == VALUE)


# --- what has to be done; pure ---


def ports_of(want: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The wanted ports, named after the other ends' addresses: these stay whoever comes or goes."""
    found = {}
    for host, address in want["peers"].items():
        options = {"local_ip": want["local_ip"], "remote_ip": address}
        if want["key"]:
            options["key"] = str(want["key"])
        name = f"gre-{int(ipaddress.IPv4Address(address)):08x}"
        found[name] = {"host": host, "options": options}
    return found


def strangers(want: Mapping[str, Any], have: Mapping[str, Any], links: list[str]) -> list[str]:
    """Names that others have."""
    name = want["bridge"]
    bridge = have["bridges"].get(name)
    found = []
    if bridge is not None and not ours(bridge):
        found.append(f"{name} is a bridge of Open vSwitch that this role did not make")
    if bridge is None and (name in links or name in have["ports"]):
        found.append(f"{name} is the name of a link that this role did not make")
    for port in ports_of(want):
        row = have["ports"].get(port)
        if row is not None and not (row["bridge"] == name and ours(row)):
            found.append(f"{port} is a port of Open vSwitch that this role did not make")
    return found


def text(value: Any) -> str:
    """A value in ovs-vsctl's words."""
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{key}={json.dumps(one)}" for key, one in sorted(value.items())) + "}"
        )
    return json.dumps(value)


def setting(kind: str, name: str, row: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The words that set what differs in a row; none where nothing does."""
    words = []
    for column, value in wanted.items():
        whole, dummy, key = column.partition(":")
        now = row.get(whole, {}).get(key) if key else row.get(whole)
        if now != value:
            words.append(f"{column}={text(value)}")
    return ["--", "set", kind, name, *words] if words else []


def transaction(want: Mapping[str, Any], have: Mapping[str, Any]) -> list[str]:
    """The words of one call of ovs-vsctl; none when everything is as wanted."""
    bridge, mark, ports = want["bridge"], f"external_ids:{KEY}", ports_of(want)
    words: list[str] = []
    for name, row in sorted(have["bridges"].items()):
        if ours(row) and name != bridge:
            words += ["--", "del-br", name]
    if bridge not in have["bridges"]:
        words += ["--", "add-br", bridge]
    row = have["bridges"].get(bridge, {"datapath_type": ""})
    # A bridge that says nothing has the kernel's datapath.
    same = (row["datapath_type"] or "system") == want["datapath"]
    datapath = row["datapath_type"] if same else want["datapath"]
    on_bridge = {"datapath_type": datapath, "fail_mode": "standalone", mark: VALUE}
    words += setting("Bridge", bridge, row, on_bridge)
    row = have["ports"].get(bridge, {})
    words += setting("Interface", bridge, row, {"mtu_request": want["mtu"]})
    for name, port in sorted(ports.items()):
        row = have["ports"].get(name, {})
        if not row:
            words += ["--", "add-port", bridge, name]
        on_port = {"protected": True, mark: VALUE, "external_ids:host": port["host"]}
        words += setting("Port", name, row, on_port)
        words += setting("Interface", name, row, {"type": "gre", "options": port["options"]})
    for name, row in sorted(have["ports"].items()):
        if row["bridge"] == bridge and name not in ports and ours(row):
            words += ["--", "del-port", bridge, name]
    return words


def attachment(want: Mapping[str, Any], link: Mapping[str, Any]) -> list[list[str]]:
    """The commands that connect the bridge to the containers' one, and bring it up."""
    commands = []
    if want["master"] and link["ready"] and link["master"] != want["master"]:
        commands.append(["ip", "link", "set", "dev", want["bridge"], "master", want["master"]])
    if not link["up"]:
        commands.append(["ip", "link", "set", "dev", want["bridge"], "up"])
    return commands


# --- what the kernel has ---


def ip(*words: str) -> list[dict[str, Any]]:
    """What ip prints of a link; nothing where there is no such link."""
    answer = run("ip", "-json", *words)
    return (
        [one for one in json.loads(answer.stdout or "[]") if one] if not answer.returncode else []
    )


def link_of(want: Mapping[str, Any]) -> dict[str, Any]:
    """The bridge's own link: up, its master, and whether the wanted master may be given to it.

    A docker0 with another address than is wanted has yet to be made anew: as long as all hosts have
    Docker's default address, they must not share a segment. Docker's start brings the unit along.
    """
    found = (ip("link", "show", "dev", want["bridge"]) or [{}])[0]
    master = ip("-4", "address", "show", "dev", want["master"]) if want["master"] else []
    addresses = [
        f"{one['local']}/{one['prefixlen']}" for link in master for one in link["addr_info"]
    ]
    return {
        "there": bool(found),
        "up": "UP" in found.get("flags", []),
        "master": found.get("master", ""),
        "master_addresses": addresses,
        "ready": bool(master) and want["address"] in ["", *addresses],
    }


# --- the commands ---


def unit_state(unit: str) -> dict[str, bool]:
    """Whether a unit is active, and whether it will be after a reboot."""
    words = ["systemctl", "show", "-p", "ActiveState,UnitFileState", unit]
    lines = run(*words).stdout.splitlines() if shutil.which("systemctl") else []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return {
        "active": values.get("ActiveState") == "active",
        "enabled": values.get("UnitFileState") == "enabled",
    }


def differs(path: str, sha256: str) -> bool:
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() != sha256
    except OSError:
        return True


def look(want: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "missing": [] if shutil.which("ovs-vsctl") else ["ovs-vsctl"],
        "unit": unit_state(SERVICE),
        "attaches": unit_state(want["unit"])["enabled"],
        "noted": os.path.exists(want["note"]),
        "stale": [path for path, sha256 in want["files"].items() if differs(path, sha256)],
        "strangers": [],
        "commands": [],
        "errors": {},
    }
    if answer["missing"] or not answer["unit"]["active"]:
        return answer
    have, link = read(), link_of(want)
    answer["strangers"] = strangers(want, have, [want["bridge"]] if link["there"] else [])
    answer["errors"] = errors(want, have)
    words = transaction(want, have)
    answer["commands"] = typed(([["ovs-vsctl", *words]] if words else []) + attachment(want, link))
    return answer


def typed(commands: list[list[str]]) -> list[str]:
    """Commands as one would type them."""
    return [shlex.join(command) for command in commands]


def errors(want: Mapping[str, Any], have: Mapping[str, Any]) -> dict[str, str]:
    """What Open vSwitch says about our ports that it cannot make."""
    rows = {name: have["ports"].get(name) for name in [want["bridge"], *ports_of(want)]}
    return {name: row["error"] for name, row in rows.items() if row and row["error"]}


def connect(want: Mapping[str, Any]) -> list[list[str]]:
    """Do what is to be done on the kernel's side."""
    commands = attachment(want, link_of(want))
    for command in commands:
        done = run(*command)
        if done.returncode != 0:
            raise Problem(f"{shlex.join(command)}: {done.stderr.strip()}")
    return commands


def apply(want: Mapping[str, Any]) -> dict[str, Any]:
    have = read()
    problems = strangers(want, have, [want["bridge"]] if link_of(want)["there"] else [])
    if problems:
        raise Problem("; ".join(problems))
    words = transaction(want, have)
    if words:
        vsctl(*words)
    wrong = errors(want, read())
    if wrong:
        raise Problem("; ".join(f"{name}: {problem}" for name, problem in sorted(wrong.items())))
    if not link_of(want)["there"]:
        raise Problem(
            f"{want['bridge']}: Open vSwitch has made no link. Datapath {want['datapath']}: is the"
            " kernel's module openvswitch there? It says more in: journalctl -u ovs-vswitchd"
        )
    return {"commands": typed(([["ovs-vsctl", *words]] if words else []) + connect(want))}


def remove() -> dict[str, Any]:
    """Take the bridge away with all that is on it, and say which bridges of others are left."""
    if not shutil.which("ovs-vsctl"):
        return {"installed": False, "commands": [], "others": []}
    # The database is kept while Open vSwitch is stopped, and the bridge would come back with it.
    if not unit_state(SERVICE)["active"]:
        run("systemctl", "start", SERVICE)
    bridges = read()["bridges"]
    words = [
        word for name in sorted(bridges) if ours(bridges[name]) for word in ("--", "del-br", name)
    ]
    if words:
        vsctl(*words)
    return {
        "installed": True,
        "commands": typed([["ovs-vsctl", *words]] if words else []),
        "others": sorted(name for name in bridges if not ours(bridges[name])),
    }


def attach(path: str) -> dict[str, Any]:
    """Connect the bridge, whose link comes with Open vSwitch's start, when Docker has started."""
    with open(path, encoding="utf-8") as file:
        want = json.load(file)
    end = time.monotonic() + 30
    while not link_of(want)["there"] and time.monotonic() < end:
        time.sleep(0.5)
    link = link_of(want)
    if not link["there"]:
        raise Problem(f"{want['bridge']}: Open vSwitch has no such bridge. Run site.yml again.")
    if want["master"] and not link["ready"]:
        raise Problem(
            f"{want['master']} has {', '.join(link['master_addresses']) or 'no address'}, not"
            f" {want['address']}: not connected to {want['bridge']}. Run site.yml again."
        )
    return {"commands": typed(connect(want))}


def main() -> None:
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    verb, *rest = sys.argv[1:]
    try:
        if verb == "attach":
            answer = attach(rest[0])
        elif verb == "remove":
            answer = remove()
        else:
            answer = {"look": look, "apply": apply}[verb](json.loads(rest[0]))
    except Problem as error:
        sys.exit(str(error))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
