# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a namespace or a link of it forwards, without /proc.

The first opening of a file under /proc/sys in a namespace takes the kernel a millisecond, which
for 1,000 namespaces is more than all the rest.
"""

from __future__ import annotations

import socket as sockets
import struct

from .netlink import Request, Socket, attr, attributes

ALL = -1  # what the namespace's own setting is called
_GETNETCONF = 82
_IFINDEX, _FORWARDING = 1, 2
_FAMILIES = {4: sockets.AF_INET, 6: sockets.AF_INET6}


def forwarding(socket: Socket, index: int = ALL) -> dict[int, int]:
    """The setting by version of IP, for packets that come in on the link with that number.

    A version that the kernel or the link does not have is left out.
    """
    which = attr(_IFINDEX, struct.pack("=i", index))
    requests = [
        Request(_GETNETCONF, 0, struct.pack("=Bxxx", family) + which)
        for family in _FAMILIES.values()
    ]
    found = {}
    for version, answer in zip(_FAMILIES, socket.get(requests)):
        if isinstance(answer, bytes):
            values = dict(attributes(answer, 4))
            if _FORWARDING in values:
                found[version] = int(struct.unpack("=i", values[_FORWARDING])[0])
    return found
