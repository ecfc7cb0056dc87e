# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure from this host's container, and from the host itself, to the containers of all others.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout. Every pair is
measured at the same time: an ICMP echo with "don't fragment" that fills the MTU, and a TCP
transfer from a port that is not published. The container's side runs in its network namespace.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CLONE_NEWNET = 0x40000000
SIOCGIFMTU = 0x8921
IP_MTU_DISCOVER, IP_PMTUDISC_DO = 10, 2
TRANSFER = 262144  # bytes that the container sends after its first line
UNREACHABLE = {0: "network", 1: "host", 3: "port", 4: "fragmentation needed", 13: "prohibited"}


def enter_namespace(pid: int) -> None:
    """Move this process into the network namespace of a container's first process."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"setns: {os.strerror(code)}")
    os.close(descriptor)


def link_mtu(name: str) -> int:
    """MTU of a link in this namespace, in bytes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16si12x", name.encode(), 0)
        return int(struct.unpack("16si12x", fcntl.ioctl(any_socket, SIOCGIFMTU, request))[1])


def checksum(data: bytes) -> int:
    """The Internet checksum of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo_request(identifier: int, sequence: int, size: int) -> bytes:
    """An ICMP echo request whose IP packet has size bytes."""
    payload = bytes(size - 28)
    blank = struct.pack("!BBHHH", 8, 0, 0, identifier, sequence) + payload
    padded = blank + b"\0" * (len(blank) % 2)
    return struct.pack("!BBHHH", 8, 0, checksum(padded), identifier, sequence) + payload


def ping(address: str, identifier: int, size: int, attempts: int) -> dict[str, Any]:
    """Send echo requests with DF until one comes back; ok, milliseconds or what went wrong."""
    problem = "no answer"
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        for sequence in range(1, attempts + 1):
            sent = time.monotonic()
            try:
                raw.sendto(echo_request(identifier, sequence, size), (address, 0))
            except OSError as error:
                problem = (
                    f"{size} bytes are more than the way takes"
                    if error.errno == errno.EMSGSIZE
                    else error.strerror or str(error)
                )
                time.sleep(1)
                continue
            while time.monotonic() < sent + 1:
                raw.settimeout(max(0.01, sent + 1 - time.monotonic()))
                try:
                    packet, (sender, dummy) = raw.recvfrom(65535)
                except socket.timeout:
                    break
                message = packet[(packet[0] & 15) * 4 :]
                kind, code = message[0], message[1]
                if kind == 0 and sender == address:
                    if struct.unpack("!HH", message[4:8]) == (identifier, sequence):
                        return {"ok": True, "ms": round((time.monotonic() - sent) * 1000, 1)}
                elif kind == 3 and message[28 + 4 : 28 + 6] == struct.pack("!H", identifier):
                    problem = f"unreachable ({UNREACHABLE.get(code, code)}), says {sender}"
    return {"ok": False, "problem": problem}


def transfer(address: str, port: int, query: str, seconds: float) -> dict[str, Any]:
    """Fetch the container's page; who answered, whom it saw, or what went wrong."""
    try:
        with socket.create_connection((address, port), timeout=seconds) as stream:
            stream.settimeout(seconds)
            stream.sendall(f"GET /cgi-bin/verify?{query} HTTP/1.0\r\n\r\n".encode())
            chunks = []
            while chunk := stream.recv(65536):
                chunks.append(chunk)
    except OSError as error:
        return {"ok": False, "problem": error.strerror or str(error)}
    body = b"".join(chunks).partition(b"\r\n\r\n")[2]
    head, dummy, rest = body.partition(b"\n")
    words = head.decode(errors="replace").split(" ")
    if len(words) != 2 or (not query and len(rest) != TRANSFER):
        return {"ok": False, "problem": f"{len(rest)} of {TRANSFER} bytes arrived"}
    return {"ok": True, "name": words[0], "seen_as": words[1]}


def measure_all(want: dict[str, Any], side: str) -> list[dict[str, Any]]:
    """Measure to every target at the same time; one row each."""

    def measure(number: int) -> dict[str, Any]:
        target = want["targets"][number]
        identifier = (os.getpid() + number) & 0xFFFF
        return {
            "from": want["host"],
            "side": side,
            "to": target["host"],
            "ping": ping(target["ip"], identifier, want["size"], want["attempts"]),
            "tcp": transfer(target["ip"], want["port"], "", want["timeout"]),
        }

    with ThreadPoolExecutor(max_workers=max(1, len(want["targets"]))) as pool:
        return list(pool.map(measure, range(len(want["targets"]))))


def report(want: dict[str, Any]) -> None:
    """Tell every container that this host is done."""
    query = f"done={want['number']}"
    with ThreadPoolExecutor(max_workers=max(1, len(want["containers"]))) as pool:
        list(pool.map(lambda ip: transfer(ip, want["port"], query, 5), want["containers"]))


def from_container(want: dict[str, Any]) -> dict[str, Any]:
    """The rows measured inside the container's namespace, and its MTU, from a child process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            enter_namespace(want["pid"])
            mtu = link_mtu("eth0")
            rows = measure_all({**want, "size": want["size"] or mtu}, "container")
            answer = {"mtu": mtu, "rows": rows}
            if not want["hosts"]:
                report(want)
        except OSError as error:
            answer = {"error": str(error)}
        with os.fdopen(writer, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = json.load(pipe)
    os.waitpid(child, 0)
    return answer


def main() -> None:
    """argv[1]: host, pid, hosts (whether they measure too), number, size (0 = the container's MTU),
    port, attempts, timeout, targets [{host, ip}] to measure, containers [address] to report to."""
    want = json.loads(sys.argv[1])
    answer = from_container(want)
    if "error" in answer:
        sys.exit(f"{want['host']}: the container's namespace cannot be used: {answer['error']}")
    if want["hosts"]:
        answer["rows"] += measure_all({**want, "size": want["size"] or answer["mtu"]}, "host")
        report(want)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
