# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of a measurement: each one's namespace, kept open, and its own files."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterable

from .._errors import OptionError
from .._kernel.namespaces import Namespaces
from .._topology.model import HOST, Identity
from .._topology.values import netns_name
from .model import Source
from .names import Resolver, parse_hosts, parse_resolv_conf

_MOST = 1 << 20  # bytes of a file that are read


class Post:
    """A source that is measured from."""

    def __init__(
        self,
        spaces: Namespaces,
        source: Source,
        name: str,
        folders: list[str],
        pid: int | None = None,
    ) -> None:
        self.label = source.label
        self.name = name
        self.container = (source.value, pid) if source.kind == "container" else None
        self._spaces = spaces
        self._folders = folders

    def open(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket that stays in the namespace."""
        with self._spaces.entered(self.name):
            return socket.socket(family, kind | socket.SOCK_CLOEXEC, protocol)

    def identity(self) -> Identity:
        return self._spaces.identity_of(self.name)

    def resolver(self) -> Resolver:
        return parse_resolv_conf(self._text("resolv.conf"))

    def hosts(self) -> dict[str, list[str]]:
        return {
            name: [str(address) for address in found]
            for name, found in parse_hosts(self._text("hosts")).items()
        }

    def _text(self, name: str) -> str:
        """The first of the folders that has it counts; what is no file is as good as empty."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                # A container may put anything there, a pipe for instance.
                fd = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
                with open(fd, encoding="utf-8", errors="replace") as file:
                    if stat.S_ISREG(os.fstat(fd).st_mode):
                        return file.read(_MOST)
        return ""


def open_posts(spaces: Namespaces, sources: Iterable[Source]) -> list[Post]:
    """Raises OptionError for one that is not there."""
    return [_open(spaces, source) for source in sources]


def _open(spaces: Namespaces, source: Source) -> Post:
    if source.kind == "host":
        return Post(spaces, source, HOST, ["/etc"])
    if source.kind == "netns":
        name = netns_name(source.where, source.value)
        if not spaces.exists(name):
            stale = spaces.is_file(name)
            raise OptionError(
                source.where,
                source.value,
                "is an ordinary file under /run/netns" if stale else "there is no such namespace",
                "Make it with module netns or topology, or correct the name",
            )
        return Post(spaces, source, name, [f"/etc/netns/{name}", "/etc"])
    pid = int(source.value) if source.kind == "pid" else _pid_of(source)
    name = f"{source.kind}:{source.value}"
    try:
        fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise OptionError(
            source.where,
            source.value,
            f"process {pid} has no network namespace here ({error.strerror})",
            "Give a process that runs",
        ) from error
    spaces.adopt(name, fd)
    return Post(spaces, source, name, [f"/proc/{pid}/root/etc"], pid)


def _pid_of(source: Source) -> int:
    # Python's HTTP takes longer to import than all the rest.
    from .._host.containers import pid_of

    return pid_of(source.where, source.value)
