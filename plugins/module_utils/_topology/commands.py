# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell command that a person would have typed for an operation."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from .kinds import words
from .model import HOST, TABLE_MAIN, Entry, Route, with_peer
from .operations import (
    AddAddress,
    AddLink,
    AddNamespace,
    AttachNamespace,
    DeleteAddress,
    DeleteEntry,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    End,
    MoveLink,
    Operation,
    RenameLink,
    SetEntry,
    SetLink,
    SetRoute,
    SetSysctl,
)


def commands(operations: Iterable[Operation]) -> list[str]:
    """One line each, replayable as a shell script on a clean host.

    Links are always named with "name" or "dev": a bare "br" or "a" would be read as an option.
    Marks are left out: they say whose a thing is, not what the network is.
    """
    return [text for operation in operations for text in command(operation)]


def command(operation: Operation) -> list[str]:
    """The equivalent commands of one operation; none for a mark."""
    if isinstance(operation, AddNamespace):
        return [f"ip netns add {_quote(operation.netns)}"]
    if isinstance(operation, DeleteNamespace):
        return [f"ip netns del {_quote(operation.netns)}"]
    if isinstance(operation, AttachNamespace):
        return _attach(operation)
    if isinstance(operation, AddLink):
        return _add_link(operation)
    if isinstance(operation, SetLink):
        return _set_link(operation)
    if isinstance(operation, SetSysctl):
        path = operation.path if "." in operation.path else operation.path.replace("/", ".")
        run = f"ip netns exec {_quote(operation.netns)} " if operation.netns != HOST else ""
        return [f"{run}sysctl -w {_quote(path + '=' + operation.value)}"]
    if isinstance(operation, (SetRoute, DeleteRoute)):
        return [_route(operation)]
    if isinstance(operation, (SetEntry, DeleteEntry)):
        return [_entry(operation)]
    return [f"{_ip(operation.netns)} {_simple(operation)}"]


def _attach(operation: AttachNamespace) -> list[str]:
    word, value = operation.source
    name = _quote(operation.netns)
    if word == "container":
        asked = "docker inspect --format '{{.State.Pid}}'"
        value = f'"$({asked} {_quote(str(value))})"'
    attach = f"ip netns attach {name} {value}"
    return [f"ip netns del {name}", attach] if operation.replaces else [attach]


def _simple(operation: Operation) -> str:
    if isinstance(operation, AddAddress):
        verb = "replace" if operation.again else "add"
        address = with_peer(operation.interface, operation.peer)
        text = f"addr {verb} {address} dev {_quote(operation.name)}"
        return f"{text} nodad" if operation.nodad else text
    if isinstance(operation, DeleteAddress):
        return f"addr del {operation.address} dev {_quote(operation.name)}"
    if isinstance(operation, DeleteLink):
        return f"link del dev {_quote(operation.name)}"
    if isinstance(operation, MoveLink):
        target = _quote(operation.target) if operation.target != HOST else "1"
        return f"link set dev {_quote(operation.name)} netns {target}"
    if isinstance(operation, RenameLink):
        return f"link set dev {_quote(operation.name)} name {_quote(operation.target)}"
    raise TypeError(type(operation).__name__)


def _quote(text: str) -> str:
    return shlex.quote(text)


def _ip(netns: str) -> str:
    return f"ip -n {_quote(netns)}" if netns != HOST else "ip"


def _end(end: End, verb: str) -> str:
    parts = [verb, _quote(end.name)]
    if end.mac:
        parts.append(f"address {end.mac}")
    if end.mtu:
        parts.append(f"mtu {end.mtu}")
    if end.netns != HOST:
        parts.append(f"netns {_quote(end.netns)}")
    return " ".join(parts)


def _add_link(operation: AddLink) -> list[str]:
    text = f"{_end(operation.near, 'ip link add name')} type {operation.kind}"
    if operation.peer:
        text += f" {_end(operation.peer, 'peer name')}"
    for name, value in operation.options:
        text += f" {words(operation.kind, name, value)}"
    if operation.lower and operation.netns != HOST:
        # Made there, not moved there: its packets leave through a link of that namespace.
        text = text.replace(f" netns {_quote(operation.netns)}", "", 1)
        text = text.replace("ip ", f"{_ip(operation.netns)} ", 1)
    found = [text]
    link = f"{_ip(operation.netns)} link set dev {_quote(operation.near.name)}"
    if operation.master:
        found.append(f"{link} master {_quote(operation.master)}")
    if operation.up:
        found.append(f"{link} up")
    return found


def _set_link(operation: SetLink) -> list[str]:
    link = f"{_ip(operation.netns)} link set dev {_quote(operation.name)}"
    key, value = operation.key, operation.value
    if key == "alias":
        return []
    if key == "up":
        return [f"{link} {'up' if value else 'down'}"]
    if key == "mac":
        return [f"{link} address {value}"]
    if key == "mtu":
        return [f"{link} mtu {value}"]
    if key == "master":
        return [f"{link} master {_quote(str(value))}" if value else f"{link} nomaster"]
    options = [words(operation.kind, *option) for option in ((key, value), *operation.beside)]
    return [f"{link} type {operation.kind} {' '.join(options)}"]


def _entry(operation: SetEntry | DeleteEntry) -> str:
    entry = operation.entry
    verb = "del"
    if isinstance(operation, SetEntry):
        verb = "append" if entry.is_shared else "replace" if operation.before else "add"
    bridge = f"bridge -n {_quote(operation.netns)}" if operation.netns != HOST else "bridge"
    return f"{bridge} fdb {verb} {entry.mac} dev {_quote(operation.name)} {entry_text(entry)}"


def entry_text(entry: Entry) -> str:
    """Where a forwarding entry leads, in the words of ``bridge fdb``."""
    text = f"dst {entry.dst}"
    for word, value in (("port", entry.port), ("vni", entry.vni), ("via", entry.via)):
        if value is not None:
            text += f" {word} {_quote(str(value))}"
    return text


def _route(operation: SetRoute | DeleteRoute) -> str:
    route = operation.route
    verb = "del"
    if isinstance(operation, SetRoute):
        verb = "replace" if operation.before or operation.again else "add"
    family = " -6" if route.dst.version == 6 else ""
    return f"{_ip(route.netns)}{family} route {verb} {route_text(route)}"


def route_text(route: Route) -> str:
    """A route in the words of ``ip route``."""
    parts = [] if route.type == "unicast" else [route.type]
    parts.append("default" if route.dst.prefixlen == 0 else str(route.dst))
    if route.via is not None:
        parts.append(f"via {route.via}")
    if route.dev is not None:
        parts.append(f"dev {_quote(route.dev)}")
    if route.src is not None:
        parts.append(f"src {route.src}")
    if route.scope is not None and route.scope != ("global" if route.via else "link"):
        parts.append(f"scope {route.scope}")
    if route.metric and not (route.dst.version == 6 and route.metric == 1024):
        parts.append(f"metric {route.metric}")
    if route.table != TABLE_MAIN:
        parts.append(f"table {route.table}")
    return " ".join(parts)
