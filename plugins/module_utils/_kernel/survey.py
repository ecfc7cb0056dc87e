# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dump every namespace of a host, and find out which links belong together across them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .._topology.model import HOST, Key
from . import sysctl
from .dump import Details, RawLink, RawNamespace, link_indexes, read_namespace
from .namespaces import Namespaces
from .netconf import forwarding
from .netlink import GETLINK, Request, Socket, attr, attr_u32, attributes, link_body
from .pairs import Pairs, ask_nsids

FORWARDING = {4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding"}
# Of kernels with br_netfilter loaded, and in each namespace its own since Linux 5.3.
BRIDGED = ("net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables")

_DETAILS = Details(kinds=frozenset(("bridge", "vxlan")))
_MAC, _EXT_MASK, _TARGET_NSID, _SKIP_STATS = 1, 29, 46, 8


@dataclass(frozen=True)
class Survey:
    """``peers`` are the two ends of veths, ``lowers`` the links that others sit on."""

    namespaces: Mapping[str, RawNamespace]
    sysctls: Mapping[str, Mapping[str, str]]
    peers: Mapping[Key, Key]
    lowers: Mapping[Key, Key]


def survey(spaces: Namespaces, names: Iterable[str]) -> Survey:
    """One that is gone meanwhile is as good as not there."""
    reader = _Reader(spaces)
    reader.read(names)
    reader.connect()
    return Survey(reader.raws, reader.sysctls, reader.pairs.peers, reader.lowers)


class _Reader:
    def __init__(self, spaces: Namespaces) -> None:
        self._spaces = spaces
        self.raws: dict[str, RawNamespace] = {}
        self.sysctls: dict[str, dict[str, str]] = {}
        self.pairs = Pairs(self.raws)
        self.lowers: dict[Key, Key] = {}
        self._holders: dict[tuple[int, str, str], list[str]] = {}

    def read(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                raw, socket = read_namespace(self._spaces, name, (), _DETAILS)
            except FileNotFoundError:
                continue
            with socket:
                forwards = forwarding(socket)
            self.raws[name] = raw
            self.sysctls[name] = {
                FORWARDING[version]: str(value) for version, value in forwards.items()
            }
            if any(entry.link.kind == "bridge" for entry in raw.links.values()):
                with self._spaces.entered(name):
                    self.sysctls[name].update(sysctl.values(BRIDGED))

    def connect(self) -> None:
        """Most lead to the host, so that is asked first, and the others only for what is left."""
        self.pairs.local()
        for raw in self.raws.values():
            for entry in raw.links.values():
                if entry.peer_nsid is None:
                    self._put_on(entry, raw)
        others = [name for name in self.raws if name != HOST]
        if HOST in self.raws and others:
            self._translate(HOST, others)
        for name in self.raws:
            if self._open_ends(name):
                self._translate(name, None)

    def _open_ends(self, name: str) -> list[RawLink]:
        """Links whose other ends or lower links are in namespaces that are not known yet."""
        return [
            entry
            for entry in self.raws[name].links.values()
            if entry.peer_nsid is not None
            and entry.link.key not in self.pairs.peers
            and entry.link.key not in self.lowers
        ]

    def _translate(self, name: str, others: list[str] | None) -> None:
        """Without ``others``: those that have such links as are looked for."""
        with self._spaces.entered(name):
            socket = Socket()
        with socket:
            if others is None:
                others = self._candidates(socket, name)
            numbers = ask_nsids(self._spaces, socket, others)
        self.pairs.translate(name, numbers)
        for entry in self._open_ends(name):
            other = numbers.get(entry.peer_nsid) if entry.peer_nsid is not None else None
            if other is not None:
                self._put_on(entry, self.raws[other])

    def _put_on(self, entry: RawLink, raw: RawNamespace) -> None:
        lower = raw.links.get(entry.peer_index)
        if entry.link.kind != "veth" and lower is not None and lower is not entry:
            self.lowers[entry.link.key] = lower.link.key

    def _candidates(self, socket: Socket, name: str) -> list[str]:
        """Where the kernel's own description of the wanted links fits.

        To ask for the number of every namespace in every other would be a million questions for a
        thousand.
        """
        if not self._holders:
            for raw in self.raws.values():
                for index, entry in raw.links.items():
                    key = (index, entry.link.name, entry.link.mac)
                    self._holders.setdefault(key, []).append(raw.name)
        requests = [
            Request(GETLINK, 0, _description(entry.peer_index, entry.peer_nsid))
            for entry in self._open_ends(name)
            if entry.peer_nsid is not None
        ]
        found: dict[str, None] = {}
        for answer in socket.get(requests):
            if isinstance(answer, bytes):
                label, index, dummy = link_indexes(answer)
                macs = [value for number, value in attributes(answer, 16) if number == _MAC]
                mac = macs[0].hex(":") if macs else ""
                found.update(dict.fromkeys(self._holders.get((index, label, mac), ())))
        found.pop(name, None)
        return list(found)


def _description(index: int, nsid: int) -> bytes:
    """A question for a link of another namespace, by the number that this one has for that."""
    target = attr(_TARGET_NSID, struct.pack("=i", nsid))
    return link_body(index) + attr_u32(_EXT_MASK, _SKIP_STATS) + target
