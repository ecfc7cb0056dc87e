# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs many module calls quickly: each in a forked process that calls the module's own main().

Reads a JSON list of {module, options, user, hide} from standard input and writes a JSON list of
{result, changes} to standard output. `user` is the numeric id to become, `hide` a package that
the call shall not find, `changes` the lines of the host's state that the call changed.
"""

from __future__ import annotations

import difflib
import importlib
import json
import os
import subprocess
import sys
from typing import Any

from ansible.module_utils import basic

MODULES = "ansible_collections.netfabric.container_net.plugins.modules"
STATE = r"""
see() {
    # One process for all of a namespace: this is looked at after every call.
    printf 'address show\nroute show table all\n' | $1 -d -batch - |
        # Without what comes by itself: clocks, and IPv6's own addresses and routes.
        sed -E 's/[a-z_]+_timer +[0-9.]+//g; s/ tentative//; /inet6 fe80:/,+1d; /(fe80:|ff00:)/d'
}
ls -l /run/netns
see "ip"
for name in $(ip netns list | cut -d' ' -f1); do see "ip -n $name"; done
nft list ruleset | sed -E 's/ packets [0-9]+ bytes [0-9]+//'
find /var/lib/container_net /run/container_net /etc/container_net /etc/systemd/system \
    -type f -exec md5sum {} +
"""


def state() -> list[str]:
    return subprocess.run(
        ["sh", "-c", STATE], capture_output=True, text=True, check=False
    ).stdout.splitlines()


def call(case: dict[str, Any], output: int) -> None:
    """In the forked process: become what the case says and run main()."""
    os.dup2(output, 1)
    if case.get("hide"):
        hidden = case["hide"]
        for name in [n for n in sys.modules if n == hidden or n.startswith(f"{hidden}.")]:
            del sys.modules[name]
        sys.modules[hidden] = None  # import of it raises ImportError
    if case.get("user"):
        os.setgid(case["user"])
        os.setuid(case["user"])
    basic._ANSIBLE_ARGS = json.dumps(
        {"ANSIBLE_MODULE_ARGS": {"_ansible_remote_tmp": "/tmp", **case["options"]}}
    ).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    importlib.import_module(f"{MODULES}.{case['module']}").main()


def run(case: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            call(case, writing)
        except SystemExit:
            sys.stdout.flush()
            os._exit(0)
        except BaseException as error:
            print(json.dumps({"crashed": repr(error)}), flush=True)
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    try:
        result: dict[str, Any] = json.loads(text)
    except ValueError:
        result = {"crashed": text}
    return result


def main() -> None:
    cases = json.load(sys.stdin)
    for module in {case["module"] for case in cases}:
        importlib.import_module(f"{MODULES}.{module}")
    answers = []
    before = state()
    for case in cases:
        result = run(case)
        after = state()
        changes = [
            line
            for line in difflib.unified_diff(before, after, n=0, lineterm="")
            if line[:2] not in ("--", "++", "@@")
        ]
        answers.append({"result": result, "changes": changes})
        before = after
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
