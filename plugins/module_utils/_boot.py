# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that a host runs when it starts: a persisted topology, by the modules' own flow.

Usage: engine-VERSION.pyz [--early] FILE. With --early only what needs no link of others.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from ._errors import ContainerNetError
from ._flow import execute
from ._topology.commands import commands
from ._topology.lasting import early_part
from ._topology.parse import topology_from_params

# Several topologies come up at once, and take turns.
LOCK_TIMEOUT = 300


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status; says on standard output what it did."""
    *options, path = arguments
    try:
        with open(path, encoding="utf-8") as file:
            want = topology_from_params(json.load(file)["topology"])
        if "--early" in options:
            want = early_part(want) or want
        outcome = execute(want, False, LOCK_TIMEOUT)
    except (ContainerNetError, OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 1
    for warning in outcome.warnings:
        sys.stderr.write(f"{warning}\n")
    for line in commands(outcome.plan.operations):
        sys.stdout.write(f"{line}\n")
    return 0
