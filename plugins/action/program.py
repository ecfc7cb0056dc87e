# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a program on the host with what it reads on stdin, over the connection alone.

A module has to be unpacked there and imports some dozens of others before it does anything: seconds
on a slow host, against a program that only looks at something.
"""

from __future__ import annotations

import shlex
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

FALLBACK = "ansible.legacy.command"


class ActionModule(ActionBase):
    """What M(netfabric.container_net.program) documents."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        argv, stdin = self._wanted()
        if self._task.check_mode:
            result.update(skipped=True, changed=False, msg="a program is not run in check mode")
            return result
        # Without pipelining the connection has no stdin, and sudo may want a terminal.
        if not self._connection.is_pipelining_enabled(False):
            arguments: dict[str, Any] = {"argv": argv, "stdin": stdin}
            arguments.update(stdin_add_newline=False, expand_argument_vars=False)
            result.update(
                self._execute_module(
                    module_name=FALLBACK, module_args=arguments, task_vars=task_vars
                )
            )
            self._remove_tmp_path(self._connection._shell.tmpdir)
            return result
        result.update(self._over_the_connection(argv, stdin))
        return result

    def _wanted(self) -> tuple[list[str], str]:
        dummy, wanted = self.validate_argument_spec(
            {
                "argv": {"type": "list", "elements": "str", "required": True},
                "stdin": {"type": "str", "required": True},
            }
        )
        if not wanted["argv"]:
            raise AnsibleActionFail("argv: []: there is no program to run. Name it.")
        return wanted["argv"], wanted["stdin"]

    def _over_the_connection(self, argv: list[str], stdin: str) -> dict[str, Any]:
        command = " ".join(
            word for word in (self._compute_environment_string(), shlex.join(argv)) if word
        )
        done = self._low_level_execute_command(command, in_data=stdin.encode())
        failed = done["rc"] != 0
        found = {
            "cmd": argv,
            "rc": done["rc"],
            "stdout": done["stdout"].rstrip("\r\n"),
            "stderr": done["stderr"].rstrip("\r\n"),
            "changed": True,
            "failed": failed,
        }
        found["stdout_lines"] = found["stdout"].splitlines()
        found["stderr_lines"] = found["stderr"].splitlines()
        if failed:
            found["msg"] = "non-zero return code"
        return found
