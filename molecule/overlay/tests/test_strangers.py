# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What S15 promises: nobody else's rules are touched, and no policy is changed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.molecule.overlay_nodes import Node

# Lines of a kept host state that are about our chains and what Docker does with its bridge.
OURS = re.compile(r"CONTAINER-NET|FLANNEL|DOCKER|docker0|172\.(17|20)\.")


@pytest.mark.parametrize("name", ["node1", "node2"])
def test_strangers_rules_are_untouched(nodes: dict[str, Node], name: str) -> None:
    """The firewall is what it was, policy DROP included, once our chains are taken out."""
    host = nodes[name].host
    script = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "tests/molecule/host_state.py"
    now = host.run(f"python3 - <<'END_OF_SCRIPT'\n{script.read_text()}\nEND_OF_SCRIPT")
    assert now.rc == 0, now.stderr
    kept = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "state" / f"{name}.baseline"

    def others(text: str) -> list[str]:
        rules = [line for line in text.splitlines() if line.startswith(("iptables", "ip6tables"))]
        return [line for line in rules if not OURS.search(line)]

    assert others(now.stdout) == others(kept.read_text())
    assert "iptables filter :FORWARD DROP" in now.stdout
    assert "-A DOCKER-USER -s 203.0.113.9/32 -j DROP" in now.stdout
