# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies between hosts: networks that they share, and overlays."""

from __future__ import annotations

from .network import Host, Interface, Key
from .parts import Box, Line, Picture


def joining(hosts: list[Host]) -> set[Key]:
    """The links that join hosts."""
    found = {key for members in overlays(hosts).values() for key in members}
    return found | {key for members in shared_networks(hosts).values() for key in members}


def overlays(hosts: list[Host]) -> dict[tuple[int, int], list[Key]]:
    """VXLAN links that belong together, by VNI and port, where two hosts have one."""
    found: dict[tuple[int, int], list[Key]] = {}
    for host in hosts:
        for room in host.rooms:
            for link in room.links:
                if link.kind == "vxlan":
                    vni, port = link.options.get("vni"), link.options.get("dstport")
                    found.setdefault((vni or 0, port or 0), []).append(link.key)
    return {kind: keys for kind, keys in found.items() if len({key[0] for key in keys}) > 1}


def shared_networks(hosts: list[Host]) -> dict[str, list[Key]]:
    """Networks in which two hosts have links, each with an address of its own."""
    found: dict[str, dict[Interface, list[Key]]] = {}
    for host in hosts:
        for link in host.own.links if host.own else ():
            for address in link.shown_addresses:
                if address.network.prefixlen < address.max_prefixlen and link.kind != "loopback":
                    users = found.setdefault(str(address.network), {})
                    users.setdefault(address, []).append(link.key)
    shared = {}
    for network, users in found.items():
        keys = [key for own in users.values() for key in own]
        # The same address twice: two networks that only look like one (QEMU's 10.0.2.15).
        if len(keys) == len(users) and len({key[0] for key in keys}) > 1:
            shared[network] = keys
    return shared


def join(picture: Picture, hosts: list[Host]) -> None:
    """What lies between the hosts."""
    kinds = {link.key: link.kind for host in hosts for room in host.rooms for link in room.links}
    for number, (network, keys) in enumerate(sorted(shared_networks(hosts).items())):
        box = f"/network{number}"
        # flannel's backend udp sends through a link of its own making.
        tunnel = all(kinds[key] == "tun" for key in keys)
        style, line, words = (
            ("overlay", "overlay", "overlay")
            if tunnel
            else ("card", "network", "network of the hosts")
        )
        picture.between.append(Box(box, style, network, words))
        for key in keys:
            if key in picture.anchors:
                picture.connect(Line(line, picture.anchors[key], (box, "head")))
    for number, ((vni, port), keys) in enumerate(sorted(overlays(hosts).items())):
        box = f"/overlay{number}"
        picture.between.append(Box(box, "overlay", f"VXLAN {vni}", f"overlay, UDP {port}"))
        for key in keys:
            if key in picture.anchors:
                picture.connect(Line("overlay", picture.anchors[key], (box, "head")))
