# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every namespace that can be found on a host, and what it is called."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .._topology.model import HOST, Identity
from .namespaces import NETNS_DIR, Namespaces, identity, is_namespace, path_of

_ORDER = {"host": 0, "named": 1, "container": 2, "unnamed": 3}


@dataclass(frozen=True)
class Place:
    """A namespace. ``netns`` is what everything else calls it, unique on the host.

    ``containers`` are those in it, ``pid`` the first process that was found in it. ``path`` is a
    file that keeps it, where it has no name.
    """

    netns: str
    kind: str
    identity: Identity
    names: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    pid: int | None = None
    process: str | None = None
    path: str | None = None


def find(spaces: Namespaces, containers: Mapping[str, int] | None = None) -> list[Place]:
    """All of them, open from now on by their ``netns``; ``containers`` are first processes by name.

    Of containers that share a namespace the first gives its name to it.
    Those that have neither a name, nor a process, nor a file that is seen from here cannot be
    found.
    """
    found = {spaces.identity_of(HOST): Place(HOST, "host", spaces.identity_of(HOST))}
    for name in spaces.list():
        with contextlib.suppress(FileNotFoundError):
            key = identity(os.stat(path_of(name)))
            known = found.get(key)
            if known is not None:
                found[key] = replace(known, names=(*known.names, name))
            elif is_namespace(path_of(name)):
                found[key] = Place(name, "named", key, (name,))
    for pid, key in _processes():
        known = found.setdefault(key, Place(f"net:[{key[1]}]", "unnamed", key))
        if known.kind != "host" and known.pid is None:
            found[key] = replace(known, pid=pid, process=_name_of(pid))
    for path, inode in _files():
        key = (_device(found), inode)
        if key not in found:
            found[key] = Place(f"net:[{inode}]", "unnamed", key, path=path)
    for name, pid in (containers or {}).items():
        with contextlib.suppress(OSError):
            key = identity(os.stat(f"/proc/{pid}/ns/net"))
            known = found.get(key, Place(f"net:[{key[1]}]", "unnamed", key, pid=pid))
            found[key] = _with_container(known, name)
    places = sorted(found.values(), key=lambda place: (_ORDER[place.kind], place.netns))
    return [place for place in places if _open(spaces, place)]


def _with_container(place: Place, name: str) -> Place:
    place = replace(place, containers=(*place.containers, name))
    if place.kind != "unnamed":
        return place
    # No name under /run/netns can contain a slash, but it may well contain a colon.
    taken = is_namespace(path_of(f"container:{name}"))
    return place if taken else replace(place, netns=f"container:{name}", kind="container")


def _open(spaces: Namespaces, place: Place) -> bool:
    """Whether it is still there, and if so it stays."""
    if place.kind in ("host", "named"):
        return spaces.exists(place.netns)
    path = place.path or f"/proc/{place.pid}/ns/net"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    # The number of a process may be another's by now.
    if identity(os.fstat(fd)) != place.identity:
        os.close(fd)
        return False
    spaces.adopt(place.netns, fd)
    return True


def _processes() -> Iterator[tuple[int, Identity]]:
    """Each process with its namespace, the oldest numbers first."""
    for pid in sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
        with contextlib.suppress(OSError):
            yield pid, identity(os.stat(f"/proc/{pid}/ns/net"))


def _name_of(pid: int) -> str | None:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", "rb") as file:
        return file.read().rstrip(b"\n").decode(errors="replace")
    return None


def _device(found: Mapping[Identity, Place]) -> int:
    """All namespaces are on one device."""
    return next(iter(found))[0]


def _files() -> Iterator[tuple[str, int]]:
    """What is mounted elsewhere than under /run/netns, such as by Docker for its overlays."""
    with contextlib.suppress(OSError), open("/proc/self/mountinfo", "rb") as mounts:
        for line in mounts:
            fields = line.split()
            root = fields[3]
            if root.startswith(b"net:[") and not fields[4].startswith(f"{NETNS_DIR}/".encode()):
                yield _unescaped(fields[4]), int(root[5:-1])


def _unescaped(text: bytes) -> str:
    """A path as mountinfo writes it, with blanks and the like in octal."""
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), text))
