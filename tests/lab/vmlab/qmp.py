# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The little of QEMU's machine protocol (QMP) that the lab speaks."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from .base import LabError


class Monitor:
    """A connection to a running QEMU's monitor socket; use it as a context manager."""

    def __init__(self, path: Path, timeout: float = 60) -> None:
        self._path = path
        self._timeout = timeout

    def __enter__(self) -> Monitor:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(self._timeout)
        try:
            # Through the folder's descriptor: a socket's path has 107 characters at most.
            folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
            try:
                self._socket.connect(f"/proc/self/fd/{folder}/{self._path.name}")
            finally:
                os.close(folder)
        except OSError as error:
            self._socket.close()
            raise LabError(f"no QEMU answers at {self._path}: {error}") from error
        self._stream = self._socket.makefile("rw", encoding="utf-8")
        self._stream.readline()  # the greeting
        self.call("qmp_capabilities")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._socket.close()

    def call(self, command: str, **arguments: Any) -> Any:
        """Run a command and return what it answers."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._stream.write(json.dumps(request) + "\n")
            self._stream.flush()
            while True:
                line = self._stream.readline()
                if not line:
                    raise LabError(f"QEMU at {self._path} went away during '{command}'")
                answer = json.loads(line)
                if "error" in answer:
                    raise LabError(f"QEMU refuses '{command}': {answer['error'].get('desc')}")
                if "return" in answer:
                    return answer["return"]
        except OSError as error:
            raise LabError(f"QEMU at {self._path}: '{command}': {error}") from error

    def wait(self, command: str, wanted: str, seconds: float) -> None:
        """Repeat a query until its `status` is the wanted one."""
        end = time.monotonic() + seconds
        while True:
            status = self.call(command).get("status")
            if status == wanted:
                return
            if status == "failed" or time.monotonic() > end:
                raise LabError(f"QEMU at {self._path}: {command} stays '{status}', not '{wanted}'")
            time.sleep(0.05)
