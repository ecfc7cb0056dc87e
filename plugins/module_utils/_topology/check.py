# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can only be checked against the host: everything here is found before the first change."""

from __future__ import annotations

from .._errors import OptionError
from .draft import Draft, place
from .model import Key, Network, Route, WantLink

BRIDGE_PORTS_MAX = 1023
# What the kernel takes for a new link of the kind; those of present links are read.
MTU_MAX = {"veth": 65535, "bridge": 65535}
_MASTERS = ("bridge", "bond", "team", "vrf", "openvswitch")


def check(draft: Draft) -> None:
    """Raise OptionError for the first thing that the host does not allow."""
    for link in draft.wanted.values():
        _check_netns(draft, link.netns, f"{link.where}netns")
        _check_mtu(draft, link)
        _check_master(draft, link)
        _check_options(draft, link)
        for i, port in enumerate(link.ports or ()):
            _check_port(draft, link, port, f"{link.where}ports[{i}]")
    for namespace in draft.want.namespaces:
        if namespace.present and namespace.sysctls:
            _check_sysctls(draft, namespace.name, namespace.where, dict(namespace.sysctls))
    _check_bridge_sizes(draft)
    reachable = _Reachable(draft)
    for route in draft.want.routes:
        _check_netns(draft, route.netns, f"{route.where}netns")
        reachable.check(route)


def _check_netns(draft: Draft, netns: str, option: str) -> None:
    if netns in draft.have.namespaces or netns in draft.new_namespaces:
        return
    absent = any(n.name == netns and not n.present for n in draft.want.namespaces)
    if absent or netns in draft.have.stale:
        reason = "is no namespace, only a file" if netns in draft.have.stale else "is absent"
    else:
        reason = "there is no such namespace"
    raise OptionError(
        option, netns, reason, "Make it with module netns, or name it under namespaces"
    )


def _check_mtu(draft: Draft, link: WantLink) -> None:
    if link.mtu is None:
        return
    base = draft.base[link.key]
    low = base.min_mtu
    high = base.max_mtu or MTU_MAX.get(link.kind, 0)
    if (high and link.mtu > high) or link.mtu < low:
        raise OptionError(
            f"{link.where}mtu",
            link.mtu,
            f"the kernel takes {low or 68} to {high} for this link",
            f"Give {high} or less",
        )
    if link.mtu < 1280:
        kept = [a.interface for a in base.addresses if a.interface.version == 6]
        kept = [a for a in kept if not a.ip.is_link_local]
        if kept:
            raise OptionError(
                f"{link.where}mtu",
                link.mtu,
                f"is below 1280, the least that IPv6 takes, and the link has {kept[0]}",
                "Give 1280 or more, or remove the IPv6 addresses first",
            )


def _check_master(draft: Draft, link: WantLink) -> None:
    if not link.master:
        return
    key = (link.netns, link.master)
    if key in draft.wanted:
        kind = draft.wanted[key].kind
    else:
        have = draft.have.link(key)
        absent = any(not other.present and other.key == key for other in draft.want.links)
        if have is None or absent or key in draft.gone:
            raise OptionError(
                f"{link.where}master",
                link.master,
                f"there is no such link {place(link.netns)}",
                "Make the bridge first, or name it under bridges, in the namespace of its port",
            )
        kind = have.kind
    if kind not in _MASTERS:
        raise OptionError(
            f"{link.where}master",
            link.master,
            f"is {'a ' + kind if kind else 'a physical link'}, which takes no ports",
            "Name a bridge",
        )


def _check_options(draft: Draft, link: WantLink) -> None:
    base = draft.base[link.key]
    if not base.index:
        return
    known = dict(base.options)
    for name, value in link.options:
        if name not in known:
            raise OptionError(
                f"{link.where}{name}",
                value,
                "this kernel does not have that option for the link",
                "Leave the option out",
            )


def _check_port(draft: Draft, bridge: WantLink, port: str, option: str) -> None:
    key = (bridge.netns, port)
    if key in draft.wanted:
        return
    have = draft.have.link(key)
    if have is None or key in draft.gone:
        raise OptionError(
            option,
            port,
            f"there is no such link {place(bridge.netns)}",
            "Make the link first; a port is in the namespace of its bridge",
        )
    if have.loopback or have.kind == "bridge":
        raise OptionError(
            option,
            port,
            "the kernel takes neither a bridge nor lo as a port",
            "Join bridges with a veth",
        )


def _check_sysctls(draft: Draft, netns: str, where: str, wanted: dict[str, str]) -> None:
    namespace = draft.have.namespaces.get(netns)
    present = namespace.sysctls if namespace else draft.have.probed.get(netns, {})
    for path in wanted:
        parts = path.split("/")
        if path in present:
            if present[path] is None:
                raise OptionError(
                    f"{where}sysctls",
                    path.replace("/", "."),
                    "cannot be written in a network namespace",
                    "It belongs to the whole machine: set it with ansible.posix.sysctl",
                )
        elif not (
            len(parts) > 4 and parts[2] in ("conf", "neigh") and (netns, parts[3]) in draft.wanted
        ):
            raise OptionError(
                f"{where}sysctls",
                path.replace("/", "."),
                "there is no such sysctl in the namespace",
                "Check the spelling; a link's sysctl needs the link",
            )


def _check_bridge_sizes(draft: Draft) -> None:
    ports: dict[Key, set[str]] = {}
    first: dict[Key, WantLink] = {}
    for link in draft.wanted.values():
        if link.master:
            ports.setdefault((link.netns, link.master), set()).add(link.name)
            first.setdefault((link.netns, link.master), link)
        if link.ports:
            ports.setdefault(link.key, set()).update(link.ports)
            first.setdefault(link.key, link)
    if not ports:
        return
    for namespace in draft.have.namespaces.values():
        for have in namespace.links.values():
            if have.master is None or (have.netns, have.master) not in ports:
                continue
            wanted = draft.wanted.get(have.key)
            stays = wanted is None or wanted.master in (None, have.master)
            if stays and have.key not in draft.gone:
                ports[(have.netns, have.master)].add(have.name)
    for key, names in ports.items():
        if len(names) > BRIDGE_PORTS_MAX:
            raise OptionError(
                f"{first[key].where}master",
                key[1],
                f"would have {len(names)} ports, and a bridge takes {BRIDGE_PORTS_MAX}",
                "Spread the links over more bridges",
            )


class _Reachable:
    """Whether a gateway is on a network that an address, wanted or present, is in."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._networks: dict[str, list[Network]] = {}
        self._own: dict[str, set[object]] = {}
        for route in draft.want.routes:
            self._add_link_route(route)
        for link in draft.wanted.values():
            for interface in link.addresses or ():
                self._add(link.netns, interface.network)
                self._own.setdefault(link.netns, set()).add(interface.ip)
        for namespace in draft.have.namespaces.values():
            for have in namespace.links.values():
                if have.key in draft.gone:
                    continue
                wanted = draft.wanted.get(have.key)
                purged = wanted is not None and draft.purges(wanted, draft.base[have.key])
                for address in have.addresses:
                    if purged and address.purgeable:
                        continue
                    self._add(have.netns, address.interface.network)
                    self._own.setdefault(have.netns, set()).add(address.interface.ip)
            for route in namespace.routes:
                if route.dev is None or (route.netns, route.dev) not in draft.gone:
                    self._add_link_route(route)

    def _add(self, netns: str, network: Network) -> None:
        self._networks.setdefault(netns, []).append(network)

    def _add_link_route(self, route: Route) -> None:
        if route.via is None and route.type == "unicast" and route.dst.prefixlen:
            self._add(route.netns, route.dst)

    def check(self, route: Route) -> None:
        self._check_dev(route)
        if route.via is not None:
            self._check_via(route)
        if route.src is not None and route.src not in self._own.get(route.netns, set()):
            raise OptionError(
                f"{route.where}src",
                str(route.src),
                f"is no address of a link {place(route.netns)}",
                "Give the address to a link first, or name it under its addresses",
            )

    def _check_dev(self, route: Route) -> None:
        if route.dev is None or route.dev == "lo":
            return
        key = (route.netns, route.dev)
        wanted = self._draft.wanted.get(key)
        have = self._draft.have.link(key)
        if wanted is None and (have is None or key in self._draft.gone):
            raise OptionError(
                f"{route.where}dev",
                route.dev,
                f"there is no such link {place(route.netns)}",
                "Make the link first",
            )
        up = have.up if have is not None else False
        if wanted is not None and wanted.up is not None:
            up = wanted.up
        if not up:
            raise OptionError(
                f"{route.where}dst",
                str(route.dst),
                f"the link {route.dev} is down, and the kernel takes no route over it",
                "Set admin_state to up, or leave out the route",
            )

    def _check_via(self, route: Route) -> None:
        via = route.via
        if via is None or (via.version == 6 and via.is_link_local and route.dev is not None):
            return
        if via in self._own.get(route.netns, set()):
            raise OptionError(
                f"{route.where}via",
                str(via),
                f"is an address of this side {place(route.netns)}",
                "Give the address of the gateway on the other side",
            )
        if not any(
            network.version == via.version and via in network
            for network in self._networks.get(route.netns, ())
        ):
            raise OptionError(
                f"{route.where}via",
                str(via),
                f"no address, wanted or present, reaches this gateway {place(route.netns)}",
                "Give a link an address in the gateway's network, or correct the gateway",
            )
