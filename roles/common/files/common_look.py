# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out, without changing anything, whether this host can be joined to the others.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout. Whoever asks these
hosts next (common_ask.py) needs somebody who answers: for as long as that takes, a child of this
process listens on the ports that are wanted and that nobody has.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from typing import Any

SIOCGIFMTU = 0x8921
# A kernel without the module has none of these.
SIGNS = {"br_netfilter": "/proc/sys/net/bridge/bridge-nf-call-iptables", "tun": "/dev/net/tun"}
LINKS = {"vxlan": ["id", "1", "dstport", "8472"], "wireguard": [], "ipip": ["local", "127.0.0.1"]}


def run(*command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A command's result; one that is not there is a failed one."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, **more)
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def text(path: str) -> str:
    """A file's text, '' when there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def link_mtu(name: str) -> int:
    """A link's MTU in bytes, 0 where there is no such link."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16si12x", name.encode()[:15], 0)
        try:
            return int(struct.unpack("16si12x", fcntl.ioctl(any_socket, SIOCGIFMTU, request))[1])
        except OSError:
            return 0


def addresses() -> dict[str, list[str]]:
    """Every link with its addresses, as ADDRESS/LENGTH; those of IPv6 only where they lead on."""
    found: dict[str, list[str]] = {}
    for line in run("ip", "-o", "address", "show").stdout.splitlines():
        words = line.split()
        if len(words) > 3 and " scope global" in line:
            found.setdefault(words[1], []).append(words[3])
    for line in run("ip", "-o", "link", "show").stdout.splitlines():
        found.setdefault(line.split(": ")[1].partition("@")[0], [])
    return found


def vxlans() -> list[list[Any]]:
    """Name, VNI and UDP port of every VXLAN link."""
    text = run("ip", "-o", "-d", "link", "show", "type", "vxlan").stdout
    found = re.findall(r"(?m)^\d+: ([^:@]+).* vxlan id (\d+) .*dstport (\d+)", text)
    return [[name, int(vni), int(port)] for name, vni, port in found]


def has_module(name: str) -> bool:
    """Whether the kernel has the module, or could load it."""
    if os.path.exists(f"/sys/module/{name}") or os.path.exists(SIGNS.get(name, "")):
        return True
    if run("modprobe", "--dry-run", "--quiet", name).returncode == 0:
        return True
    if name not in LINKS or shutil.which("unshare") is None:
        return False
    # Built in, and nobody has loaded it: a link of that kind can be made where nobody sees it.
    make = ["ip", "link", "add", "look0", "type", name, *LINKS[name]]
    return run("unshare", "--net", *make).returncode == 0


# --- who has a port -----------------------------------------------------------------------------


def inodes(protocol: str, port: int) -> set[str]:
    """The numbers of the sockets on a port."""
    found = set()
    for path in (f"/proc/net/{protocol}", f"/proc/net/{protocol}6"):
        for line in text(path).splitlines()[1:]:
            words = line.split()
            listens = protocol == "udp" or words[3] == "0A"
            if listens and int(words[1].rpartition(":")[2], 16) == port:
                found.add(words[9])
    return found


def holder(protocol: str, port: int) -> str:
    """The name of the program that has a port, 'the kernel' for a tunnel of its own.

    The kernel's own sockets have a number that no process has, in newer kernels 0.
    """
    wanted = inodes(protocol, port)
    for pid in (name for name in os.listdir("/proc") if name.isdigit()):
        try:
            held = {os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")}
        except OSError:
            continue
        if any(f"socket:[{inode}]" in held for inode in wanted):
            return text(f"/proc/{pid}/comm").strip()
    return "the kernel" if wanted else "somebody"


# --- who would drop our packets -----------------------------------------------------------------


def droppers(forward: dict[str, Any]) -> str:
    """What the script for forwarding rules says of base chains that drop, '' for nothing.

    Without its programs there is no such chain, and they are installed later.
    """
    if not forward or any(shutil.which(name) is None for name in ("nft", "iptables", "ip6tables")):
        return ""
    with tempfile.TemporaryDirectory(prefix="container_net.") as folder:
        with open(os.path.join(folder, "wanted.rules"), "w", encoding="ascii") as file:
            file.write("\n".join(forward["rules"]) + "\n")
        done = run(
            *("sh", "-s", "--", "check"),
            input=forward["script"],
            env={
                **os.environ,
                "CONTAINER_NET_FORWARD_RULES": folder,
                "CONTAINER_NET_FORWARD_PASSING": os.path.join(folder, "none"),
                "CONTAINER_NET_FORWARD_LOCK": os.path.join(folder, "lock"),
            },
        )
    said = [line for line in done.stderr.splitlines() if line.startswith("forward: ")]
    return said[0][len("forward: ") :] if done.returncode == 2 and said else ""


# --- who answers --------------------------------------------------------------------------------


def open_port(kind: int, address: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OSError where somebody else does."""
    made = socket.socket(socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen(64)
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made


def answer_all(sockets: list[socket.socket], token: str, hosts: int, lifetime: float) -> None:
    """Answer whoever knows the token, until all hosts said that they are done, or for too long."""
    end = time.monotonic() + lifetime
    done: set[str] = set()
    while len(done) < hosts and time.monotonic() < end:
        for ready in select.select(sockets, [], [], max(0.0, end - time.monotonic()))[0]:
            try:
                if ready.type == socket.SOCK_DGRAM:
                    said, sender = ready.recvfrom(256)
                    if said.startswith(token.encode()):
                        ready.sendto(said, sender)
                else:
                    stream = ready.accept()[0]
                    with stream:
                        stream.settimeout(1)
                        said = stream.recv(256)
                        if said.startswith(token.encode()):
                            stream.sendall(said)
            except OSError:
                continue
            words = said.decode(errors="replace").split(" ")
            if len(words) == 3 and words[0] == token and words[1] == "done":
                done.add(words[2])


def listen(wanted: dict[str, Any]) -> tuple[list[socket.socket], dict[str, Any], dict[str, str]]:
    """Sockets for the ports that are free, the ports where somebody is, and who has the others.

    Where a service that is to be there runs already, it is the one to be asked.
    """
    sockets, held = [], {}
    here: dict[str, Any] = {"udp": [], "tcp": []}
    local = [entry.partition("/")[0] for found in addresses().values() for entry in found]
    # An address that is translated on its way is on no link of this host.
    address = wanted["address"] if wanted["address"] in local else "0.0.0.0"
    for port in wanted["udp"]:
        try:
            sockets.append(open_port(socket.SOCK_DGRAM, address, port))
            here["udp"].append(port)
        except OSError:
            held[f"udp {port}"] = holder("udp", port)
    for entry in wanted["tcp"]:
        port, ours = entry["port"], True
        try:
            sockets.append(open_port(socket.SOCK_STREAM, address, port))
        except OSError:
            held[f"tcp {port}"] = holder("tcp", port)
            ours = False
        if ours or held[f"tcp {port}"] == entry["service"]:
            here["tcp"].append({"port": port, "inner": entry["inner"], "ours": ours})
    return sockets, here, held


def leave_behind(sockets: list[socket.socket], token: str, wanted: dict[str, Any]) -> None:
    """Answer in a child that Ansible does not wait for."""
    if os.fork():
        return
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        answer_all(sockets, token, wanted["hosts"], wanted["lifetime"])
    finally:
        os._exit(0)


def main() -> None:
    """Answer argv[1], an object with these keys.

    host, address, iface, udp (list of ports), tcp (list of port, service, and whether only other
    hosts with such a port use it: inner), modules (of the kernel), forward (script and rules),
    subnet_file (flannel's), asked (the controller's clock), hosts (how many will ask), lifetime
    (seconds to wait for them).
    """
    wanted: dict[str, Any] = json.loads(sys.argv[1])
    now = time.time()
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    sockets, here, held = listen(wanted)
    token = secrets.token_hex(8)
    answer = {
        "here": {"host": wanted["host"], "address": wanted["address"], "token": token, **here},
        "iface": wanted["iface"],
        "inner": [entry["port"] for entry in wanted["tcp"] if entry["inner"]],
        "skew": now - float(wanted["asked"]),
        "held": {
            name: who
            for name, who in held.items()
            if not any(name == f"tcp {entry['port']}" for entry in here["tcp"])
        },
        "mtu": link_mtu(wanted["iface"]),
        "links": addresses(),
        "vxlans": vxlans(),
        "missing": [name for name in wanted["modules"] if not has_module(name)],
        "routes": [text("/proc/net/route"), text("/proc/net/ipv6_route")],
        "own": re.findall(r"(?m)^FLANNEL_(?:IPV6_)?SUBNET=(.*)$", text(wanted["subnet_file"])),
        "forward": droppers(wanted["forward"]),
    }
    if sockets:
        leave_behind(sockets, token, wanted)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
