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
    MARK = 8
    MAC = 9
    OPTION_EARLY = 10
    OPTION = 11
    OPTION_LATE = 12
    MTU = 13
    SYSCTL = 14
    MASTER = 15
    BRIDGE_MTU = 16
    STATE = 17
    ADDRESS = 18
    ROUTE = 19
    ROUTE_VIA = 20
    VERIFY = 21
    DELETE_ROUTE = 22
    DELETE_ADDRESS = 23
    RESTORE_ADDRESS = 24
    RESTORE_ROUTE = 25
    DELETE_PORT = 26
    DELETE_LINK = 27
    DELETE_NAMESPACE = 28


@dataclass(frozen=True)
class Collateral:
    """What to remember of ``netns`` before the operation. ``link`` None means every link."""

    netns: str
    link: str | None
    sysctls: tuple[str, ...] = ()
