# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of moving a card: reach the host again, and tell it so.

Everything else of module bridge happens on the host.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

MODULE = "netfabric.container_net.bridge"
CONFIRM = "netfabric.container_net.bridge_confirm"
# The host begins to move one second after the module has left.
_FIRST, _PAUSE = 2.0, 1.0
# The host goes back by itself; after that it says so, if it can be reached at all.
_GRACE = 60.0

display = Display()


class ActionModule(ActionBase):
    """Runs module bridge, and module bridge_confirm where that has something to confirm."""

    _requires_connection = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(self._execute_module(module_name=MODULE, task_vars=task_vars))
        move = result.pop("move", None)
        if move is not None and not result.get("failed"):
            result.update(self._confirm(move, task_vars))
        return result

    def _confirm(self, move: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """What becomes of the move: nothing to add, or a failure."""
        begin = time.monotonic()
        arguments = {"name": move["name"], "id": move["id"]}
        last = "it did not answer"
        time.sleep(_FIRST)
        while time.monotonic() < begin + move["seconds"] + _GRACE:
            try:
                self._reset()
                answer = self._execute_module(
                    module_name=CONFIRM, module_args=arguments, task_vars=task_vars
                )
            except Exception as error:
                # Connection plugins have errors of their own for what is out of reach.
                last = str(error) or type(error).__name__
            else:
                if answer.get("state") == "confirmed":
                    return {}
                if answer.get("state") == "switched":
                    arguments["proof"] = answer["proof"]
                    continue
                if answer.get("state") in ("rolled_back", "failed"):
                    return {
                        "failed": True,
                        "changed": False,
                        "rolled_back": bool(answer.get("rolled_back")),
                        "msg": answer["msg"],
                    }
                # Anything else is a connection that broke off, in one of its ways.
                last = answer.get("msg") or "the move is still under way"
            display.vv(f"{MODULE}: not confirmed yet: {last}")
            time.sleep(_PAUSE)
        return {
            "failed": True,
            "unreachable": True,
            "msg": (
                f"The host was not reached through {move['name']}, and not on its old network after"
                f" {move['seconds']} seconds either, when it goes back by itself: {last}"
            ),
        }

    def _reset(self) -> None:
        """Forget the connection: the one that was may lead nowhere now."""
        with contextlib.suppress(Exception):
            self._connection.reset()
