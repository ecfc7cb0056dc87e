# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What unit container-net-nat runs when the host starts, and after a firewall loaded its rules."""

from __future__ import annotations

import glob
import json
import os
import sys

from .._errors import ContainerNetError
from . import flow
from .parse import request_from_params


def apply_all(folder: str, lock_timeout: float) -> int:
    """Every nat that is kept; one that fails does not keep the others from coming up."""
    status = 0
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        try:
            with open(path, encoding="utf-8") as file:
                request = request_from_params(json.load(file)["nat"])
            done = flow.execute(request, False, lock_timeout, at_boot=True)
        except (ContainerNetError, OSError, ValueError, KeyError) as error:
            sys.stderr.write(f"{path}: {error}\n")
            status = 1
            continue
        for warning in done.warnings:
            sys.stderr.write(f"{path}: {warning}\n")
        for line in done.commands():
            sys.stdout.write(f"{line}\n")
    return status
