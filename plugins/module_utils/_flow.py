# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one flow of all network modules."""

from __future__ import annotations

from typing import Any, Callable

from ._topology.model import Want


def run(module: Any, build: Callable[[], Want]) -> None:
    """Validate, lock, read, plan, apply, read again, and leave through exit_json or fail_json.

    ``module`` is an AnsibleModule with ``supports_check_mode=True``. An optional parameter
    ``lock_timeout`` (seconds, 60) is honoured when the module has it. Exits with

    * ``changed`` (bool), ``commands`` (list of str, the equivalent shell commands),
    * ``diff`` ({before, after} or {prepared}), in --diff mode only,
    * on failure ``msg`` and, once something had been written, ``rolled_back`` (bool).
    """
    raise NotImplementedError
