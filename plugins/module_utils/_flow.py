# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one flow of all network modules: validate, lock, read, plan, apply, read again, report."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from ._errors import ContainerNetError, RunError
from ._host.lock import locked
from ._kernel.kinds import require_pyroute2
from ._kernel.namespaces import require_root
from ._run import Outcome, run_topology
from ._topology.commands import commands
from ._topology.diff import Line, diff
from ._topology.model import Want

LOCK_TIMEOUT = 60


class Keeper(Protocol):
    """What a run leaves on the disk besides its state: ``_host.persist.Persistence``."""

    def lines(self) -> list[tuple[Line, Line]]:
        """What changes, as lines of a diff; empty when nothing does."""

    def carry_out(self) -> None:
        """Do it."""


def run(
    module: Any,
    build: Callable[[], Want],
    keeper: Callable[[Mapping[str, Any], Want], Keeper] | None = None,
) -> None:
    """Make the network as ``build()`` wants it, and leave through exit_json or fail_json.

    ``module`` is an AnsibleModule with ``supports_check_mode=True`` and an option ``lock_timeout``
    (seconds, left out 60). Exits with

    * ``changed`` (bool), ``commands`` (list of str, the equivalent shell commands),
    * ``diff`` ({before, after} or {prepared}), in --diff mode only,
    * on failure ``msg`` and, once something had been written, ``rolled_back`` (bool) and
      ``repair`` (list of str, the commands that are left for a person).
    """
    try:
        with _no_garbage_collection():
            want = build()
            outcome = execute(
                want,
                bool(module.check_mode),
                module.params.get("lock_timeout"),
                (lambda: keeper(module.params, want)) if keeper else None,
            )
    except RunError as error:
        module.fail_json(msg=str(error), rolled_back=error.rolled_back, repair=error.repair)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"The host refused: {error}")
    else:
        for warning in outcome.warnings:
            module.warn(warning)
        # Marks and the like are changes, too, but no commands of a person.
        result: dict[str, Any] = {
            "changed": outcome.changed,
            "commands": commands(outcome.plan.operations),
        }
        if getattr(module, "_diff", False):
            result["diff"] = diff(outcome.plan.operations, outcome.kept)
        module.exit_json(**result)


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A run makes many objects and no cycles, and looking for some takes 4 % of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def execute(
    want: Want,
    check_mode: bool,
    lock_timeout: float | None = None,
    keeper: Callable[[], Keeper] | None = None,
) -> Outcome:
    """The flow without Ansible. Raises ContainerNetError."""
    require_root()
    require_pyroute2()
    timeout = LOCK_TIMEOUT if lock_timeout is None else lock_timeout
    with locked(timeout, writes=not check_mode):
        # What cannot be kept is found before the first change, and kept after the last.
        kept = keeper() if keeper else None
        outcome = run_topology(want, check_mode)
        lines = kept.lines() if kept else []
        if kept is None or not lines:
            return outcome
        if not check_mode:
            kept.carry_out()
        return replace(outcome, changed=True, kept=tuple(lines))
