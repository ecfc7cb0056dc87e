# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that all flannel modules share, once; documented in doc_fragments/etcd.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .. import _etcd
from .._errors import OptionError

_PREFIX = re.compile(r"(/[A-Za-z0-9._-]+)+")


def connection_spec(required: bool) -> dict[str, Any]:
    """The options for reaching etcd and for finding flannel's keys in it."""
    return {
        **_etcd.connection_spec(required),
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
    _etcd.check_timeout(params)
    return prefix
