# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wire of a lab, a program that `lab.py up` starts: `wire.py PIDFILE SOCKET PORT...`.

Each frame is a datagram on 127.0.0.1. What comes from one port goes to all the others, as through a
hub. SOCKET is the number of an open socket; PIDFILE is only for who looks for this process.
QEMU's own multicast segment would hand each machine its own frames again: a bridge in it then
takes its guests to be outside, and they lose what is sent to them.
"""

from __future__ import annotations

import socket
import sys

_LARGEST_FRAME = 65536


def main(arguments: list[str]) -> None:
    descriptor, *ports = arguments[1:]
    peers = [("127.0.0.1", int(port)) for port in ports]
    with socket.socket(fileno=int(descriptor)) as wire:
        while True:
            frame, sender = wire.recvfrom(_LARGEST_FRAME)
            if sender in peers:
                for peer in peers:
                    if peer != sender:
                        wire.sendto(frame, peer)


if __name__ == "__main__":
    main(sys.argv[1:])
