# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what a playbook run did as JSON, so that tests can look at it afterwards."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from pathlib import Path

from ansible import context
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: run_report
type: notification
short_description: Write what a playbook run did as JSON
description:
  - Counts, for each role and host, the tasks that really ran on the host. Skipped tasks do not
    count, nor do tasks that run on the controller alone. A loop counts once.
options:
  directory:
    description: Where the reports go; without it nothing is written.
    type: path
    env:
      - name: CONTAINER_NET_RUN_REPORTS
"""

# These never reach the host.
CONTROLLER_ONLY = {
    "add_host",
    "assert",
    "debug",
    "fail",
    "group_by",
    "include_role",
    "include_tasks",
    "include_vars",
    "import_role",
    "import_tasks",
    "meta",
    "pause",
    "set_fact",
    "set_stats",
    "validate_argument_spec",
}


class CallbackModule(CallbackBase):
    """Collects results and writes one file at the end of the run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "run_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._playbook = ""
        self._started = time.time()
        self._tasks = defaultdict(lambda: defaultdict(list))
        self._changed = defaultdict(list)

    def v2_playbook_on_start(self, playbook):
        self._playbook = playbook._file_name

    def v2_runner_on_ok(self, result):
        self._note(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._note(result)

    def _note(self, result):
        task, host = result.task, result.host.get_name()
        name = task.get_name()
        if result.result.get("changed"):
            self._changed[host].append(name)
        if task.action.rpartition(".")[2] in CONTROLLER_ONLY:
            return
        if task.delegate_to:
            # It costs the host that it ran on.
            delegated = result.result.get("_ansible_delegated_vars", {})
            host = delegated.get("ansible_delegated_host", "localhost")
            if host == "localhost":
                return
        # A role that another one includes works for that one.
        roles = [*(task.get_dep_chain() or []), task._role]
        role = roles[0].get_name() if roles[0] else ""
        self._tasks[role.rpartition(".")[2]][host].append(name)

    def v2_playbook_on_stats(self, stats):
        directory = self.get_option("directory")
        if not directory:
            return
        hosts = sorted(stats.processed)
        report = {
            "playbook": os.path.basename(self._playbook),
            "check": bool(context.CLIARGS.get("check")),
            "limit": context.CLIARGS.get("subset"),
            "seconds": round(time.time() - self._started, 1),
            "hosts": {host: stats.summarize(host) for host in hosts},
            "changed": self._changed,
            "tasks": self._tasks,
        }
        target = Path(directory)
        target.mkdir(parents=True, exist_ok=True)
        path = target / f"{time.time_ns()}.json"
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
