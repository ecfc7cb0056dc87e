# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process of a lab's wire (`tests/lab/wire.py`): its start, its end."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from . import processes
from .base import PortTaken
from .ids import Identity, Slot

# From <asm-generic/socket.h>; module socket lacks it. Takes CAP_NET_ADMIN.
_SO_RCVBUFFORCE = 33
_BUFFER = 8 << 20

_PROGRAM = Path(__file__).resolve().parents[1] / "wire.py"


def _pidfile(directory: Path) -> Path:
    # Not *.pid: those are machines.
    return directory / "wire.process"


def start(directory: Path, slot: Slot, nodes: Iterable[Identity]) -> None:
    """Start the wire between the nodes; it goes on in the background. PortTaken where it cannot."""
    pidfile = _pidfile(directory)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        try:
            end.bind(("127.0.0.1", slot.wire_port(0)))
        except OSError as error:
            raise PortTaken(f"the wire's port {slot.wire_port(0)}: {error.strerror}") from None
        # Several machines send at once, and the wire may have to wait for a processor.
        with contextlib.suppress(PermissionError):
            end.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        ports = [str(slot.wire_port(node.position)) for node in nodes]
        child = subprocess.Popen(
            [sys.executable, str(_PROGRAM), str(pidfile), str(end.fileno()), *ports],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=[end.fileno()],
            start_new_session=True,
        )
    pidfile.write_text(str(child.pid), encoding="ascii")


def running(directory: Path) -> bool:
    """Whether the lab's wire is there."""
    return processes.runs(_pidfile(directory))


def stop(directory: Path) -> None:
    """Take the wire away."""
    processes.end(_pidfile(directory))
