# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that a host runs when it starts: what is kept, by the modules' own flow.

Usage: engine-VERSION.pyz [--early] FILE. A topology; with --early what needs no link of others.
       engine-VERSION.pyz --nat FOLDER. Every nat that has a file there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from ._errors import ContainerNetError
from ._firewall.boot import apply_all
from ._flow import execute
from ._topology.commands import commands
from ._topology.lasting import early_part
from ._topology.parse import topology_from_params

# Several come up at once, and take turns.
LOCK_TIMEOUT = 300


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status; says on standard output what it did."""
    *options, path = arguments
    if "--nat" in options:
        return apply_all(path, LOCK_TIMEOUT)
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
