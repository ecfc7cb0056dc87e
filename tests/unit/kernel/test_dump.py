# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a dump can hold that this kernel has no module for."""

from __future__ import annotations

import struct
from ipaddress import ip_network

from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.dump import (
    parse_route,
)

_MPLS = 28
_INET6 = 10


def body(family: int, dst: bytes, length: int) -> bytes:
    """struct rtmsg of a unicast route in table main, by hand, and its RTA_DST."""
    header = struct.pack("=BBBBBBBBI", family, length, 0, 0, 254, 4, 0, 1, 0)
    return header + struct.pack("=HH", 4 + len(dst), 1) + dst


def test_routes_of_mpls_are_left_alone() -> None:
    """linux/mpls.h: label 100, bottom of stack."""
    assert parse_route("ns1", body(_MPLS, struct.pack(">I", 100 << 12 | 1 << 8), 20), {}) is None
    route = parse_route("ns1", body(_INET6, b"\xfd" + bytes(15), 8), {})
    assert route is not None
    assert route.dst == ip_network("fd00::/8")
