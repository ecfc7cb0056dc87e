# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running container's first process: whose namespaces are the container's."""

from __future__ import annotations

from .._docker.api import NoAnswer, inspect
from .._errors import OptionError


def pid_of(option: str, name: str) -> int:
    """The first process of a running container, by its name or id. Raises OptionError."""
    try:
        status, answer = inspect(name)
    except NoAnswer as error:
        raise OptionError(option, name, str(error), "Start Docker, or give pid instead") from error
    if status == 404:
        raise OptionError(
            option, name, "Docker knows no such container", "Start it first, or correct the name"
        )
    if status != 200:
        problem = f"Docker answered {status}: {answer.get('message', 'no reason')}"
        raise OptionError(option, name, problem, "Mend that, or give pid instead")
    state = answer.get("State") or {}
    pid = state.get("Pid") or 0
    if not state.get("Running") or pid < 1:
        raise OptionError(
            option,
            name,
            f"the container is {state.get('Status', 'not running')}, so it has no network",
            "Start it first",
        )
    return int(pid)
