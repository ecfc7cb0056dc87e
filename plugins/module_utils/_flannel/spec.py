# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that all flannel modules share, once; documented in doc_fragments/etcd.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._errors import OptionError

_PREFIX = re.compile(r"(/[A-Za-z0-9._-]+)+")


def connection_spec(required: bool) -> dict[str, Any]:
    """The options for reaching etcd and for finding flannel's keys in it."""
    return {
        "endpoints": {"type": "list", "elements": "str", "required": required},
        "ca_cert": {"type": "path"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "timeout": {"type": "int", "default": 10},
        "prefix": {"type": "str", "default": "/coreos.com/network"},
    }


def check_prefix(params: Mapping[str, Any]) -> str:
    """The prefix of flannel's keys. Raises OptionError."""
    prefix = str(params["prefix"])
    if not _PREFIX.fullmatch(prefix):
        raise OptionError(
            "prefix",
            prefix,
            "this is not the path of a key",
            "Begin with / and end without one, for example /coreos.com/network",
        )
    timeout = params["timeout"]
    if not 1 <= timeout <= 300:
        raise OptionError(
            "timeout", timeout, "it must be from 1 to 300 seconds", "Choose another value"
        )
    return prefix
