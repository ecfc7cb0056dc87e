# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors that the collection's utilities raise; only main() turns one into fail_json."""

from __future__ import annotations

from collections.abc import Iterable


class ContainerNetError(Exception):
    """Something a person has to act on. ``str(error)`` is the whole message."""


class OptionError(ContainerNetError):
    """An option's value cannot be used.

    The message always reads ``<option>: <value>: <what is wrong>. <what to do>``.
    """

    def __init__(self, option: str, value: object, problem: str, remedy: str) -> None:
        super().__init__(f"{option}: {value!r}: {problem}. {remedy}.")
        self.option = option
        self.value = value
        self.problem = problem
        self.remedy = remedy


class HostError(ContainerNetError):
    """The host cannot do what is asked: not root, a program is missing, the kernel refuses."""


class RunError(ContainerNetError):
    """A run that failed after it had begun to write."""

    def __init__(self, message: str, rolled_back: bool, repair: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.rolled_back = rolled_back
        self.repair = list(repair)
