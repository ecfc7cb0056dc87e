# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host of its own for each test: the real kernel, in a network and a mount namespace.

What a test sees as "the host" is a fresh network namespace with an empty /run/netns and no state
file, so a dump of all that it has can be compared exactly, and nothing of the machine is touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import json
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._run import Outcome
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.commands import (
    commands,
)

_NEWNS, _NEWNET = 0x20000, 0x40000000
_MS_PRIVATE, _MS_REC, _MS_SHARED = 0x40000, 0x4000, 0x100000
# Mounts of ours on /run/netns itself would go when somebody removes the machine's directory.
_OWN_MOUNTS = ("/run", "/var/lib")
_OWN_DIRECTORIES = ("/run/netns", "/run/lock", "/var/lib/container_net")
# What changes by itself, or says how a thing came to be and not what it is.
_VOLATILE = frozenset(
    "valid_life_time preferred_life_time tentative dadfailed stats stats64 operstate carrier"
    " linkmode qdisc carrier_changes carrier_up_count carrier_down_count link_netnsid"
    " link_netns cacheinfo used expires".split()
)
_LINK_VOLATILE = frozenset(
    "hello_timer tcn_timer topology_change_timer gc_timer root_port topology_change"
    " topology_change_detected state bridge_id root_id designated_cost designated_port"
    " designated_bridge designated_root hold_timer message_age_timer forward_delay_timer"
    " config_pending id port_id port_no no".split()
)
_SYSCTLS = "net/ipv{4,6}/conf/*/{forwarding,disable_ipv6,accept_ra,rp_filter,proxy_arp}"

libc = ctypes.CDLL(None, use_errno=True)


def _check(code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _clean(value: Any, also: frozenset[str] = frozenset()) -> Any:
    if isinstance(value, dict):
        return {k: _clean(v, also) for k, v in value.items() if k not in _VOLATILE | also}
    if isinstance(value, list):
        # "LOWER_UP" and the like follow the state of the other end.
        items = [_clean(item, also) for item in value]
        return [item for item in items if item not in ("LOWER_UP", "NO-CARRIER", "M-DOWN")]
    return value


def _follows_from_the_mac(address: dict[str, Any], link: dict[str, Any]) -> bool:
    mac = bytes.fromhex(str(link.get("address", "")).replace(":", ""))
    if len(mac) != 6:
        return False
    host = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    return ipaddress.ip_address(address["local"]).packed == b"\xfe\x80" + bytes(6) + host


class Host:
    """The engine and ``ip`` on a host that nobody else uses."""

    def sh(self, script: str, check: bool = True) -> str:
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, command: str) -> Any:
        text = self.sh(command)
        return json.loads(text) if text.strip() else []

    def apply(self, params: dict[str, Any], check_mode: bool = False) -> Outcome:
        return _flow.execute(parse.topology_from_params(params), check_mode, 10)

    def commands(self, outcome: Outcome) -> list[str]:
        return commands(outcome.plan.operations)

    def pings(self, netns: str, address: str, options: str = "") -> bool:
        run = f"ip netns exec {netns} ping -c1 -W2 {options} {address}"
        return subprocess.run(run.split(), capture_output=True, check=False).returncode == 0

    def namespaces(self) -> list[str]:
        return sorted(os.listdir("/run/netns"))

    def dump(self, marks: bool = True) -> dict[str, Any]:
        """Links, addresses, routes, neighbours and sysctls of every namespace, as ip has them.

        Without ``marks``: as two networks with the same meaning agree, so without aliases, MACs,
        ifindexes and the routes' protocols.
        """
        return {name or "host": self._dump(name, marks) for name in ["", *self.namespaces()]}

    def _dump(self, netns: str, marks: bool) -> dict[str, Any]:
        ip = f"ip -n {netns}" if netns else "ip"
        run = f"ip netns exec {netns} " if netns else ""
        also = _LINK_VOLATILE
        if not marks:
            also = also | frozenset(
                ["ifalias", "address", "ifindex", "link_index", "protocol", "altnames"]
            )
        addresses = self.json(f"{ip} -j addr")
        for link in addresses:
            # Those that the kernel makes of the MAC come once a link has a carrier.
            link["addr_info"] = [
                a
                for a in link["addr_info"]
                if a["scope"] != "link" or (marks and not _follows_from_the_mac(a, link))
            ]
        routes = self.json(f"{ip} -j -d route show table all")
        routes += self.json(f"{ip} -j -d -6 route show table all")
        routes = [r for r in routes if not str(r.get("dst", "")).startswith(("fe80", "multicast"))]
        # The kernel derives these from addresses, some of them a while later.
        routes = [r for r in routes if r.get("table") != "local"]
        for route in routes:
            # A link without carrier is said in a route's flags.
            route["flags"] = [f for f in route.get("flags", []) if f != "linkdown"]
        fdb = [
            entry
            for entry in (self.json(f"{run}bridge -j fdb show") if marks else [])
            # Groups that the kernel listens to follow from the addresses, a while later.
            if entry["state"] == "permanent" and not entry["mac"].startswith("33:33:")
        ]
        paths = f"grep -s . /proc/sys/{_SYSCTLS} || true"
        sysctls = self.sh(f"{run}bash -c '{paths}'").split()
        return {
            "links": sorted(_clean(self.json(f"{ip} -j -d link"), also), key=_text),
            "addresses": sorted(_clean(addresses, also | {"broadcast"}), key=_text),
            "routes": sorted(_clean(routes, also if not marks else frozenset()), key=_text),
            "neighbours": sorted(_clean(self.json(f"{ip} -j neigh show nud permanent")), key=_text),
            "fdb": sorted(fdb, key=_text),
            "sysctls": sorted(sysctls),
        }


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@contextlib.contextmanager
def clean_host() -> Iterator[Host]:
    """Enter a host of its own, and come back whatever happens."""
    if os.geteuid() != 0:
        raise RuntimeError("The kernel tests make namespaces: run them as root.")
    directory = os.getcwd()
    threads = len(os.listdir("/proc/self/task"))
    saved = [os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY) for kind in ("mnt", "net")]
    try:
        _check(libc.unshare(_NEWNS | _NEWNET))
        _check(libc.mount(b"none", b"/", None, _MS_PRIVATE | _MS_REC, None))
        for path in _OWN_MOUNTS:
            _check(libc.mount(b"tmpfs", path.encode(), b"tmpfs", 0, None))
        for path in _OWN_DIRECTORIES:
            os.makedirs(path)
        _check(libc.mount(b"tmpfs", b"/run/netns", b"tmpfs", 0, None))
        _check(libc.mount(b"none", b"/run/netns", None, _MS_SHARED, None))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield Host()
    finally:
        for name in os.listdir("/run/netns"):
            libc.umount2(f"/run/netns/{name}".encode(), 2)
        # A thread that was joined may still be on its way out, and two cannot change the root.
        end = time.monotonic() + 5
        while len(os.listdir("/proc/self/task")) > threads and time.monotonic() < end:
            time.sleep(0.01)
        for fd, kind in zip(saved, (_NEWNS, _NEWNET)):
            _check(libc.setns(fd, kind))
            os.close(fd)
        os.chdir(directory)
