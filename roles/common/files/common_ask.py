# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask every other host whether what joins them will get through: ports, and the path's MTU.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout. Whoever listens
there was left behind by common_look.py. All hosts are asked at the same time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

ATTEMPTS = 3
LEAST_MTU = 576
HEADERS = 28  # of IPv4 and ICMP


def words_of(error: OSError) -> str:
    """What went wrong, in the kernel's words."""
    return error.strerror or str(error)


def ask_udp(address: str, port: int, said: str) -> str:
    """'' when exactly what was said comes back, else what went wrong."""
    problem = "no answer"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for dummy in range(ATTEMPTS):
            # Refused by ICMP, it says so at once: wait all the same, others may be under way.
            asking.settimeout(1)
            try:
                asking.connect((address, port))
                asking.send(said.encode())
                if asking.recv(256) == said.encode():
                    return ""
                problem = "somebody else answers"
            except socket.timeout:
                continue
            except OSError as error:
                problem = words_of(error)
                time.sleep(0.2)
    return problem


def ask_tcp(address: str, port: int, said: str, seconds: float) -> str:
    """'' when the connection is accepted; with something said, only when it comes back."""
    try:
        with socket.create_connection((address, port), timeout=seconds) as stream:
            stream.settimeout(seconds)
            if not said:
                return ""
            stream.sendall(said.encode())
            return "" if stream.recv(256) == said.encode() else "somebody else answers"
    except OSError as error:
        return words_of(error)


def ping(address: str, size: int, attempts: int = ATTEMPTS) -> bool:
    """Whether a packet of so many bytes that may not be split is answered."""
    command = ["ping", "-n", "-q", "-M", "do", "-W", "1", "-i", "0.2", "-c", str(attempts)]
    done = subprocess.run(
        [*command, "-s", str(size - HEADERS), address], capture_output=True, text=True, check=False
    )
    received = re.search(r"(\d+) received", done.stdout)
    return received is not None and received[1] != "0"


def path_mtu(address: str, most: int) -> int | None:
    """The largest packet that passes, at most ``most``; None where nothing answers a ping."""
    if most <= LEAST_MTU or shutil.which("ping") is None or not ping(address, LEAST_MTU):
        return None
    if ping(address, most):
        return most
    low, high = LEAST_MTU, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if ping(address, middle, 2) else (low, middle)
    return low


def ask(want: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    """All that there is to know about the way to one host."""
    address, said = target["address"], f"{target['token']} ask {want['host']}"
    problems = {f"udp {port}": ask_udp(address, port, said) for port in target["udp"]}
    for entry in target["tcp"]:
        # What members say to each other is nobody else's business, nor any firewall's mistake.
        if entry["inner"] and not want["inner"]:
            continue
        problems[f"tcp {entry['port']}"] = ask_tcp(
            address, entry["port"], said if entry["ours"] else "", want["timeout"]
        )
    return {
        "to": target["host"],
        "address": address,
        "inner": [entry["port"] for entry in target["tcp"] if entry["inner"]],
        "problems": {name: problem for name, problem in problems.items() if problem},
        "path_mtu": path_mtu(address, want["mtu"]),
    }


def say_done(want: dict[str, Any], target: dict[str, Any]) -> None:
    """Tell a host that this one asks no more."""
    said = f"{target['token']} done {want['host']}"
    ours = [entry["port"] for entry in target["tcp"] if entry["ours"]]
    if target["udp"]:
        ask_udp(target["address"], target["udp"][0], said)
    elif ours:
        ask_tcp(target["address"], ours[0], said, 1)


def main() -> None:
    """Answer argv[1], an object with these keys.

    host, mtu (of the own link), timeout (seconds for a connection), and targets, all hosts of the
    run, this one as well: for each what common_look.py calls "here".
    """
    want: dict[str, Any] = json.loads(sys.argv[1])
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    others = [target for target in want["targets"] if target["host"] != want["host"]]
    own = [target for target in want["targets"] if target["host"] == want["host"]]
    want["inner"] = any(entry["inner"] for target in own for entry in target["tcp"])
    with ThreadPoolExecutor(max_workers=max(1, len(want["targets"]))) as pool:
        rows = list(pool.map(lambda target: ask(want, target), others))
        list(pool.map(lambda target: say_done(want, target), want["targets"]))
    print(json.dumps({"host": want["host"], "rows": rows}))


if __name__ == "__main__":
    main()
