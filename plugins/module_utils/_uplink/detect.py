# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host is like: the card, what stands on it, and who brought it up."""

from __future__ import annotations

import fcntl
import glob
import os
import re
import shutil
import socket as sockets
import struct
import subprocess
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from .._kernel.dump import Details, RawNamespace, read_namespace
from .._kernel.namespaces import Namespaces
from .._topology.model import HOST
from .carrying import current, networkd_lease, networkd_link
from .facts import (
    IFUPDOWN,
    NETWORK_MANAGER,
    NETWORKD,
    Card,
    Host,
    Ifupdown,
    Networkd,
    NetworkManager,
)
from .networkd import origin_file
from .stanzas import included

_GET_HARDWARE, _GET_WIRELESS_NAME = 0x8927, 0x8B01
_ETHERNET = 1
_UNIT_ROOTS = ("/etc", "/run", "/usr/local/lib", "/usr/lib")
INTERFACES = "/etc/network/interfaces"
_CLIENTS = ("dhclient", "udhcpc", "dhcpcd")
_RFC4361 = "ff"


def host(name: str | None, bridge: str) -> Host:
    """Everything that decides about moving the card ``name`` to the bridge, or back."""
    with Namespaces() as spaces:
        raw, opened = read_namespace(spaces, HOST, (), Details(kinds=frozenset(("vxlan",))))
        opened.__exit__()
    kinds = {entry.link.name: entry.link.kind for entry in raw.links.values()}
    card = _card(raw, name) if name else None
    found = Host(card, kinds.get(bridge), os.path.isdir("/run/systemd/system"))
    if card is None or not found.systemd:
        return found
    networkd = _networkd(card)
    ifupdown = _ifupdown(card.name)
    manager = _network_manager(card.name)
    having = {NETWORKD: networkd, IFUPDOWN: ifupdown, NETWORK_MANAGER: manager}
    managers = tuple(who for who, what in having.items() if what is not None)
    return Host(card, found.bridge_kind, True, managers, networkd, ifupdown, manager)


def ports(bridge: str) -> list[str]:
    """The names of a bridge's ports."""
    with Namespaces() as spaces:
        raw, opened = read_namespace(spaces, HOST)
        opened.__exit__()
    number = {entry.link.name: index for index, entry in raw.links.items()}.get(bridge)
    return sorted(e.link.name for e in raw.links.values() if number and e.master_index == number)


def _card(raw: RawNamespace, name: str) -> Card | None:
    entry = next((e for e in raw.links.values() if e.link.name == name), None)
    if entry is None:
        return None
    link = entry.link
    master = raw.links.get(entry.master_index)
    addresses = tuple(
        str(address.interface)
        for address in raw.addresses.get(link.index, ())
        # IPv6 addresses that come and go are made anew on the bridge.
        if address.purgeable or address.interface.version == 4
    )
    return Card(
        name=name,
        index=link.index,
        mac=link.mac,
        kind=link.kind,
        ethernet=_hardware(name) == _ETHERNET,
        wireless=_is_wireless(name),
        loopback=link.loopback,
        master=master.link.name if master else None,
        master_kind=master.link.kind if master else "",
        addresses=addresses,
        above=tuple(_above(raw, link.index, name)),
        flannel=_flannel(raw, name, addresses),
    )


def _above(raw: RawNamespace, index: int, name: str) -> Iterable[tuple[str, str]]:
    for entry in raw.links.values():
        link = entry.link
        stands = entry.peer_index == index and entry.peer_nsid is None and link.kind != "veth"
        if link.index != index and (stands or dict(link.options).get("dev") == name):
            yield link.kind or "link", link.name


def _ioctl(request: int, name: str) -> bytes | None:
    """The kernel's answer about a link of this network namespace."""
    with sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM | sockets.SOCK_CLOEXEC) as opened:
        try:
            return fcntl.ioctl(opened, request, struct.pack("16s24x", name.encode()))
        except OSError:
            return None


def _hardware(name: str) -> int:
    answer = _ioctl(_GET_HARDWARE, name)
    return struct.unpack_from("=H", answer, 16)[0] if answer else 0


def _is_wireless(name: str) -> bool:
    # Drivers of newer cards do not know the old question.
    known = _ioctl(_GET_WIRELESS_NAME, name) is not None
    return known or os.path.exists(f"/sys/class/net/{name}/phy80211")


# --- flanneld ---


def _flannel(raw: RawNamespace, name: str, addresses: Iterable[str]) -> str | None:
    """The setting by which a running flanneld has the card."""
    for pid in _processes("flanneld"):
        settings = _flannel_settings(pid)
        public = settings.get("public-ip", "")
        if settings.get("iface") in (name, *(a.partition("/")[0] for a in addresses)):
            return f"iface={settings['iface']}"
        if "iface" not in settings and public:
            if public in {a.partition("/")[0] for a in addresses}:
                return f"public-ip={public}"
        elif "iface" not in settings and any(
            route.dev == name and not route.dst.prefixlen for route in raw.routes
        ):
            return "the default route leads over it"
    return None


def _flannel_settings(pid: str) -> dict[str, str]:
    words, environment = _words(pid, "cmdline"), _words(pid, "environ")
    found = {}
    for word in environment:
        key, dummy, value = word.partition("=")
        if key.startswith("FLANNELD_"):
            found[key[9:].lower().replace("_", "-")] = value
    for word, following in zip(words[1:], [*words[2:], ""]):
        key, equals, value = word.lstrip("-").partition("=")
        if word.startswith("-"):
            found[key] = value if equals else following
    return found


def _processes(program: str) -> list[str]:
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            if Path(path).read_text(encoding="utf-8", errors="replace").strip() == program:
                found.append(path.split("/")[2])
        except OSError:
            continue
    return found


def _words(pid: str, what: str) -> list[str]:
    try:
        data = Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return []
    return [word.decode(errors="replace") for word in data.split(b"\0") if word]


# --- the network managers ---


def _networkd(card: Card) -> Networkd | None:
    said = networkd_link(card.index)
    path = said.get("NETWORK_FILE", "")
    if said.get("ADMIN_STATE") not in ("configured", "configuring") or not path:
        return None
    if not os.path.exists(path):
        path = str(current([origin_file(card.name)])[origin_file(card.name)])
    return networkd_file(path, card.index)


def networkd_file(path: str, index: int) -> Networkd | None:
    """What a file of systemd-networkd says, with its drop-ins; None where it is gone."""
    if not os.path.exists(path):
        return None
    by_name: dict[str, str] = {}
    for root in reversed(_UNIT_ROOTS):
        for dropin in glob.glob(f"{root}/systemd/network/{os.path.basename(path)}.d/*.conf"):
            by_name[os.path.basename(dropin)] = dropin
    dropins = tuple(by_name[name] for name in sorted(by_name))
    texts = tuple(Path(each).read_text(encoding="utf-8") for each in (path, *dropins))
    return Networkd(path, dropins, texts, _iaid(networkd_lease(index).get("CLIENTID", "")))


def _iaid(client: str) -> int | None:
    """The second part of an identifier as in RFC 4361; others are made of the MAC."""
    if not re.fullmatch(r"[0-9a-fA-F]{14,}", client) or client[:2].lower() != _RFC4361:
        return None
    return int(client[2:10], 16)


def _ifupdown(name: str) -> Ifupdown | None:
    if shutil.which("ifup", path=_path()) is None:
        return None
    try:
        state = Path("/run/network/ifstate").read_text(encoding="utf-8")
    except OSError:
        return None
    if name not in [line.partition("=")[0].strip() for line in state.splitlines()]:
        return None
    return ifupdown_of(name)


def ifupdown_of(name: str) -> Ifupdown:
    """ifupdown's files as they are, and the DHCP client of a link."""
    return Ifupdown(interfaces(), _client(name))


def interfaces(path: str = INTERFACES) -> dict[str, str]:
    """ifupdown's files, by path, in the order in which it reads them."""
    found: dict[str, str] = {}
    todo = [path]
    while todo:
        current = todo.pop(0)
        if current in found or not os.path.isfile(current):
            continue
        found[current] = Path(current).read_text(encoding="utf-8")
        new = []
        for word, pattern in included(found[current]):
            full = os.path.join(os.path.dirname(current), pattern)
            if word == "source":
                new += sorted(glob.glob(full))
            else:
                new += [
                    each
                    for each in sorted(glob.glob(os.path.join(full, "*")))
                    if re.fullmatch(r"[A-Za-z0-9_-]+", os.path.basename(each))
                ]
        todo = new + todo
    return found


def _client(name: str) -> str | None:
    """The DHCP client that runs for the link."""
    for client in _CLIENTS:
        for pid in _processes(client) + (_processes("busybox") if client == "udhcpc" else []):
            words = " ".join(_words(pid, "cmdline"))
            if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", words) and client in words:
                return client
    return None


def _network_manager(name: str) -> NetworkManager | None:
    if shutil.which("nmcli", path=_path()) is None:
        return None
    said = _nmcli("-g", "GENERAL.STATE,GENERAL.CON-UUID", "device", "show", name)
    if len(said) < 2 or not said[0].startswith("100"):
        return None
    for line in _nmcli("-t", "-f", "UUID,FILENAME", "connection", "show"):
        number, dummy, path = line.partition(":")
        if number == said[1] and os.path.isfile(path):
            text = Path(path).read_text(encoding="utf-8")
            return NetworkManager(number, path, text, (str(uuid.uuid4()), str(uuid.uuid4())))
    return None


def _nmcli(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["nmcli", *arguments], check=False, capture_output=True, text=True, env=_environment()
    )
    return done.stdout.splitlines() if done.returncode == 0 else []


def _environment() -> Mapping[str, str]:
    return {**os.environ, "LC_ALL": "C", "PATH": _path()}


def _path() -> str:
    return f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
