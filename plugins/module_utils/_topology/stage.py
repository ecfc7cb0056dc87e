# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which order operations are done, and what has to be remembered before them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Stage(IntEnum):
    """Operations of one stage do not depend on each other; deletes come after VERIFY."""

    NAMESPACE = 0
    SYSCTL_EARLY = 1
    SET_DOWN = 2
    SET_ASIDE = 3
    LINK = 4
    PAIR = 5
    MOVE = 6
    RENAME = 7
    UPPER = 8
    MARK = 9
    MAC = 10
    OPTION_EARLY = 11
    OPTION = 12
    OPTION_LATE = 13
    MTU = 14
    SYSCTL = 15
    MASTER = 16
    BRIDGE_MTU = 17
    ENTRY = 18
    STATE = 19
    BRIDGE_STATE = 20
    ADDRESS = 21
    ROUTE = 22
    ROUTE_VIA = 23
    VERIFY = 24
    DELETE_ROUTE = 25
    DELETE_ADDRESS = 26
    RESTORE_ADDRESS = 27
    RESTORE_ROUTE = 28
    DELETE_ENTRY = 29
    DELETE_PORT = 30
    DELETE_LINK = 31
    DELETE_NAMESPACE = 32


@dataclass(frozen=True)
class Collateral:
    """What to remember of ``netns`` before the operation. ``link`` None means every link."""

    netns: str
    link: str | None
    sysctls: tuple[str, ...] = ()
