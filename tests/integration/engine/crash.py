# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that end before a chosen step, as SIGKILL ends them: nothing of the process goes on."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import (
    namespaces,
    netlink,
    sysctl,
)
from tests.integration.engine.cleanhost import Host

KILLED, DONE, FAILED = 90, 91, 92


class _Steps:
    """Counts the calls that write, and ends the process before one of them."""

    def __init__(self, last: int) -> None:
        self._left = last

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **named: Any) -> Any:
            if self._left == 0:
                os._exit(KILLED)
            self._left -= 1
            return call(*arguments, **named)

        return counting


class _CountedLibrary:
    """The C library, with mounts and namespaces counted."""

    def __init__(self, steps: _Steps, library: Any) -> None:
        self._library = library
        for name in ("mount", "umount2", "unshare"):
            setattr(self, name, steps.counted(getattr(library, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)


def run_until(
    host: Host, params: dict[str, Any], step: int, prepare: Callable[[], None] | None = None
) -> int:
    """Apply in a process that ends before the writing call number ``step``; how it ended.

    ``prepare`` is called in that process first.
    """
    child = os.fork()
    if child == 0:
        status = FAILED
        try:
            if prepare is not None:
                prepare()
            steps = _Steps(step)
            for module, name in (
                (os, "replace"),
                (os, "unlink"),
                (os, "fsync"),
                (os, "rmdir"),
                (os, "makedirs"),
                (sysctl, "write"),
                (netlink.Socket, "send"),
            ):
                setattr(module, name, steps.counted(getattr(module, name)))
            libc: Any = namespaces
            libc._libc = _CountedLibrary(steps, libc._libc)
            host.apply(params)
            status = DONE
        except _flow.ContainerNetError:
            pass
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


_BATCH = """link show
addr show
route show table all
"""
# Indexes, MACs that are chosen at random, and what the kernel adds by itself.
_VOLATILE = re.compile(
    r"^\d+: |@\S+|link/ether \S+ brd \S+| link-net\S+ \S+|(state|qdisc) \S+| tentative| linkdown"
    r"|valid_lft.*"
)
# Flags that follow from the state of the other end.
_FLAGS = re.compile(r"<([A-Z_,-]+)>")
_CARRIER = {"LOWER_UP", "NO-CARRIER", "M-DOWN"}
# The loopback link keeps its addresses when it goes down, but has none before it was up.
_KERNELS = re.compile(r"inet6 fe80|^fe80|^(unicast )?ff00|table local|: lo +inet")


def _own_flags(match: re.Match[str]) -> str:
    return f"<{','.join(flag for flag in match[1].split(',') if flag not in _CARRIER)}>"


def look(host: Host) -> dict[str, Any]:
    """The whole host with one process for each namespace: what has to be as it was."""
    found: dict[str, Any] = {}
    for name in ["", *host.namespaces()]:
        lines = subprocess.run(
            ["ip", *(["-n", name] if name else []), "-o", "-batch", "-"],
            input=_BATCH,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        found[name or "host"] = sorted(
            _VOLATILE.sub("", _FLAGS.sub(_own_flags, line))
            for line in lines
            if not _KERNELS.search(line)
        )
    with open("/proc/thread-self/mountinfo", encoding="utf-8") as mounts:
        found["mounts"] = sorted(line.split()[4] for line in mounts if " - nsfs " in line)
    found["files"] = sorted(
        os.path.join(folder, name)
        for top in ("/var/lib/container_net", "/run/lock")
        for folder, folders, files in os.walk(top)
        for name in [*folders, *files]
        if name != "container_net.lock"
    )
    return found
