# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module, such as topology or topology_info, in a process of its own: from parameters to result.

Reads {"module", "options", "diff": bool} as JSON from standard input, calls the module's main() and
prints {"seconds", "ansible_seconds", "memory_mb", "changed"} as JSON. ``ansible_seconds`` is the
part of ``seconds`` that Ansible's own validation and report take, ``memory_mb`` the most memory
that the process had.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
from typing import Any

from ansible.module_utils import basic

from ansible_collections.netfabric.container_net.plugins.modules import (
    flannel_network,
    flannel_subnet,
    topology,
    topology_info,
)

MODULES = {
    "flannel_network": flannel_network,
    "flannel_subnet": flannel_subnet,
    "topology": topology,
    "topology_info": topology_info,
}


class TimedModule(basic.AnsibleModule):
    """Counts what it does itself; leaving through exit_json is its last act."""

    seconds = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        begin = time.perf_counter()
        super().__init__(*arguments, **options)
        TimedModule.seconds += time.perf_counter() - begin

    def exit_json(self, **result: Any) -> None:
        begin = time.perf_counter()
        try:
            super().exit_json(**result)
        finally:
            TimedModule.seconds += time.perf_counter() - begin


def main() -> None:
    request = json.load(sys.stdin)
    options = {
        **request["options"],
        "_ansible_remote_tmp": "/tmp",
        "_ansible_diff": request.get("diff", False),
    }
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    called = MODULES[request["module"]]
    called.AnsibleModule = TimedModule
    output = io.StringIO()
    begin = time.perf_counter()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        called.main()
    seconds = time.perf_counter() - begin
    result = json.loads(output.getvalue())
    if result.get("failed"):
        raise RuntimeError(f"the module failed: {result.get('msg')}")
    report = {
        "seconds": seconds,
        "ansible_seconds": TimedModule.seconds,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "changed": result.get("changed", False),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
