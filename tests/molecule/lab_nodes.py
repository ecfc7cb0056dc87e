# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts the lab of a scenario has, for tests that are parametrised by them."""

from __future__ import annotations

import json
import os
from pathlib import Path

# docker0's address, as the scenarios pin it.
BRIDGES = {"node1": "172.20.24.1/24", "node2": "172.20.32.1/24", "node3": "172.20.40.1/24"}


def names() -> list[str]:
    """The hosts in their order; two where there is no lab."""
    lab = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", "")) / "inventory" / "lab.yml"
    if not lab.exists():
        return ["node1", "node2"]
    return list(json.loads(lab.read_text())["all"]["children"]["container_net"]["hosts"])
