# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces of running processes and containers that get, or have, a name (G8)."""

from __future__ import annotations

import os
from collections.abc import Callable

from .._errors import OptionError
from .._topology.model import HOST, Want
from .namespaces import Namespaces


def hold(spaces: Namespaces, want: Want, pid_of: Callable[[str, str], int]) -> None:
    """Find each namespace that the want names by a process, and hold it until the end of the run.

    ``pid_of(option, container)`` is asked for containers. Raises OptionError.
    """
    for namespace in want.namespaces:
        if namespace.source is None or not namespace.present:
            continue
        word, value = namespace.source
        option = f"{namespace.where}{word}"
        pid = int(value) if word == "pid" else pid_of(option, str(value))
        try:
            fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise OptionError(
                option,
                value,
                f"process {pid} has no network namespace here ({error.strerror})",
                "Give a process that runs",
            ) from error
        other = spaces.hold(namespace.name, fd)
        if other == HOST:
            raise OptionError(
                option,
                value,
                f"process {pid} is in the host's own network",
                "Leave netns out to speak of the host",
            )
        if other is not None:
            raise OptionError(
                option,
                value,
                f"the namespace of process {pid} is {other} already",
                "Give each namespace one name",
            )
