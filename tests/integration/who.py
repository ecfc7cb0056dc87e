# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that tell who asked them, and a client that asks many at once. Python alone is needed.

Usage: who.py serve WORD...   until the end of standard input; says `ready` when all listen
       who.py ask [--wait SECONDS] WORD...
                              prints what each answered, "" for nothing, as JSON
A WORD is PROTOCOL/ADDRESS/PORT: tcp or udp; or, to be asked only, `open`: whether TCP connects.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor


def parse(word: str) -> tuple[str, int, str, int]:
    """Protocol, family, address and port."""
    protocol, address, port = word.split("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return protocol, family, address, int(port)


def serve(word: str) -> None:
    """Answer each question with the address that it came from."""
    protocol, family, address, port = parse(word)
    if protocol == "udp":
        waiting = socket.socket(family, socket.SOCK_DGRAM)
        waiting.bind((address, port))
        target = _answer_datagrams
    else:
        waiting = socket.create_server((address, port), family=family)
        target = _answer_connections
    threading.Thread(target=target, args=(waiting,), daemon=True).start()


def _answer_datagrams(waiting: socket.socket) -> None:
    while True:
        dummy, peer = waiting.recvfrom(99)
        waiting.sendto(peer[0].encode(), peer)


def _answer_connections(waiting: socket.socket) -> None:
    while True:
        found, peer = waiting.accept()
        found.sendall(peer[0].encode())
        found.close()


def ask(word: str, wait: float) -> str:
    protocol, family, address, port = parse(word)
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as client:
        client.settimeout(wait)
        try:
            client.connect((address, port))
            if protocol == "open":
                return "open"
            if protocol == "udp":
                client.send(b"who?")
            return client.recv(99).decode()
        except OSError:
            return ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve", "ask"])
    parser.add_argument("--wait", type=float, default=2)
    parser.add_argument("words", nargs="+")
    given = parser.parse_args()
    if given.command == "serve":
        for word in given.words:
            serve(word)
        print("ready", flush=True)
        sys.stdin.read()
    else:
        with ThreadPoolExecutor(20) as pool:
            print(json.dumps(list(pool.map(lambda word: ask(word, given.wait), given.words))))


if __name__ == "__main__":
    main()
