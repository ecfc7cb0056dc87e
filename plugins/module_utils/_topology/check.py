# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can only be checked against the host: everything here is found before the first change."""

from __future__ import annotations

from .._errors import OptionError
from .check_upper import check_upper
from .draft import Draft, place
from .kinds import KINDS, Type
from .model import Key, WantLink, default_path
from .reachable import Reachable

BRIDGE_PORTS_MAX = 1023
_MASTERS = ("bridge", "bond", "team", "vrf", "openvswitch")


def check(draft: Draft) -> None:
    """Raise OptionError for the first thing that the host does not allow."""
    sysctls = {n.name: dict(n.sysctls) for n in draft.want.namespaces if n.sysctls}
    for link in draft.wanted.values():
        _check_netns(draft, link.netns, f"{link.where}netns")
        _check_mtu(draft, link)
        _check_ipv6(draft, link, sysctls.get(link.netns, {}))
        _check_master(draft, link)
        _check_options(draft, link)
        if KINDS[link.kind].lower:
            check_upper(draft, link)
        for i, port in enumerate(link.ports or ()):
            _check_port(draft, link, port, f"{link.where}ports[{i}]")
    for namespace in draft.want.namespaces:
        if namespace.present and namespace.sysctls:
            _check_sysctls(draft, namespace.name, namespace.where, dict(namespace.sysctls))
    _check_bridge_sizes(draft)
    reachable = Reachable(draft)
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
    base = draft.base[link.key]
    if link.mtu is None:
        for i, interface in enumerate(link.addresses or ()):
            if interface.version == 6 and base.index and base.mtu < 1280:
                raise OptionError(
                    f"{link.where}addresses[{i}]",
                    str(interface),
                    f"the link's MTU is {base.mtu}, and IPv6 needs at least 1280",
                    "Give mtu, too",
                )
        return
    low = base.min_mtu
    # What the kernel takes for a new link of the kind; that of present links is read.
    high = base.max_mtu or KINDS[link.kind].mtu_max
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


def _check_ipv6(draft: Draft, link: WantLink, sysctls: dict[str, str]) -> None:
    names = [link.name, "all"] if draft.base[link.key].index else [link.name, "all", "default"]
    paths = [f"net/ipv6/conf/{name}/disable_ipv6" for name in names]
    value = next((sysctls[path] for path in paths if path in sysctls), "0")
    for i, interface in enumerate(link.addresses or ()):
        if interface.version == 6 and value != "0":
            raise OptionError(
                f"{link.where}addresses[{i}]",
                str(interface),
                "a sysctl of the namespace switches IPv6 off for the link",
                "Leave out disable_ipv6, or the address",
            )


def _check_master(draft: Draft, link: WantLink) -> None:
    if not link.master:
        return
    key = (link.netns, link.master)
    if key in draft.wanted:
        kind = draft.wanted[key].kind
    else:
        have = draft.have.link(key)
        if have is None or key in draft.unwanted or key in draft.gone:
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
        option = KINDS[link.kind].option(name)
        # The kernel says nothing of an address or link that is not set.
        if name not in known and option.type in (Type.NUMBER, Type.SWITCH):
            raise OptionError(
                f"{link.where}{option.param}",
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
            default_path(path) in present and len(parts) > 4 and (netns, parts[3]) in draft.wanted
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
