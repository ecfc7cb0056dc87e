# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to change on links that are in their place: properties, addresses, ports."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from .._errors import OptionError
from .draft import Draft, place
from .entries import set_entries
from .kinds import KINDS, Type
from .model import HaveAddress, Interface, Key, Link, Options, OptionValue, WantLink
from .operations import AddAddress, AddLink, DeleteAddress, Operation, SetLink, SetRoute, set_link
from .placement import surviving
from .stage import Stage


def set_properties(draft: Draft) -> None:
    """Compare every wanted link with its base."""
    ports: dict[Key, set[str]] = {}
    for want in draft.wanted.values():
        if want.master:
            ports.setdefault((want.netns, want.master), set()).add(want.name)
    for want in draft.wanted.values():
        base = draft.base[want.key]
        operations = _differences(draft, want, base)
        if base.index:
            draft.permit(
                f"{want.where}name",
                f"link {want.name} {place(want.netns)}",
                want.name,
                draft.have.owner(base),
                draft.is_ours(base),
                operations,
            )
        if base.alias != draft.want.mark and (
            not base.index or draft.may_mark(draft.is_ours(base), draft.have.owner(base))
        ):
            draft.add(set_link(base, "alias", draft.want.mark, base.alias))
        draft.add(*operations)
        if KINDS[want.kind].takes_ports:
            _ports(draft, want, ports.get(want.key, set()))
    _keep_mtus(draft)


def _keep_mtus(draft: Draft) -> None:
    """Set a bridge's MTU again where the plan gives it ports of another: it may follow them."""
    ports: dict[Key, set[int]] = {}
    for operation in draft.operations:
        if isinstance(operation, AddLink) and operation.master:
            key = (operation.netns, operation.master)
            # What the kernel chooses for a link over another one is not known here.
            chosen = 0 if operation.lower else 1500
            ports.setdefault(key, set()).add(operation.near.mtu or chosen)
        elif isinstance(operation, SetLink) and operation.key in ("master", "mtu"):
            link = (operation.netns, operation.name)
            want, base = draft.wanted.get(link), draft.base.get(link) or draft.have.link(link)
            master = (want.master if want else None) or (base.master if base else None)
            if operation.key == "master":
                master = str(operation.value) or None
            if master and base:
                mtu = (want.mtu if want else None) or base.mtu or 1500
                ports.setdefault((operation.netns, master), set()).add(mtu)
    for key, mtus in ports.items():
        bridge = draft.wanted.get(key)
        if bridge is None or not KINDS[bridge.kind].takes_ports or bridge.mtu is None:
            continue
        base = draft.base[key]
        if base.mtu == bridge.mtu and mtus - {bridge.mtu}:
            draft.add(set_link(base, "mtu", bridge.mtu, bridge.mtu))


def _differences(draft: Draft, want: WantLink, base: Link) -> list[Operation]:
    found: list[Operation] = []
    if want.mac is not None and want.mac != base.mac:
        found.append(set_link(base, "mac", want.mac, base.mac))
    if want.mtu is not None and want.mtu != base.mtu:
        found.append(set_link(base, "mtu", want.mtu, base.mtu))
    found.extend(_options(draft, want, base))
    found.extend(set_entries(draft, want, base))
    if want.master is not None and want.master != (base.master or ""):
        found.append(set_link(base, "master", want.master, base.master or ""))
    if want.up is not None and want.up != base.up:
        found.append(set_link(base, "up", int(want.up), int(base.up)))
    if want.addresses is not None:
        if base.up and want.up is False:
            # IPv6 addresses do not outlive that, and come again afterwards.
            base = replace(base, addresses=surviving(base))
        found.extend(_addresses(draft, want, base, draft.purges(want, base)))
    return found


def _options(draft: Draft, want: WantLink, base: Link) -> list[Operation]:
    have = dict(base.options)
    traits = KINDS[want.kind]
    for name, value in want.options:
        option = traits.option(name)
        have.setdefault(name, option.nothing(value))
        if option.type is Type.LINK and (want.netns, have[name]) in draft.gone:
            # That name is another link's now.
            have[name] = ""
    changed = {name: value for name, value in want.options if have[name] != value}
    if "vlan_default_pvid" in changed and have.get("vlan_filtering"):
        # Filtering goes off for the change, and on again unless it is to stay off.
        after = changed.get("vlan_filtering", 1)
        found: list[Operation] = [set_link(base, "vlan_filtering", 0, 1)]
        if after:
            found.append(set_link(base, "vlan_filtering", 1, 0))
        changed.pop("vlan_filtering", None)
    else:
        found = []
    remote = have.get("remote", "")
    if "dev" in changed and remote and remote != traits.option("remote").nothing(remote):
        # The entry that the kernel makes of it keeps the link it was made with.
        nothing = traits.option("remote").nothing(remote)
        after = changed.pop("remote", remote)
        found.append(replace(set_link(base, "remote", nothing, remote), stage=Stage.OPTION_EARLY))
        again = set_link(base, "remote", after, nothing)
        beside = _beside("remote", after, changed["dev"])
        found.append(replace(again, stage=Stage.OPTION_LATE, beside=beside))
    for name, value in changed.items():
        change = set_link(base, name, value, have[name])
        found.append(replace(change, beside=_beside(name, value, have.get("dev"))))
    return found


def _beside(name: str, value: OptionValue, dev: OptionValue | None) -> Options:
    """ip takes a group only together with the link to it."""
    if name == "remote" and dev and ip_address(value).is_multicast:
        return (("dev", dev),)
    return ()


def _addresses(draft: Draft, want: WantLink, base: Link, purge: bool) -> list[Operation]:
    found: list[Operation] = []
    present = {a.interface: a for a in base.addresses if not a.leads_elsewhere}
    wanted = want.addresses or ()
    removed: list[HaveAddress] = []
    # Detection takes a second or two, fails for good where ends change places, and tells nothing
    # of links whose other ends are made here. The kernel takes no route from an address before.
    ours = not base.index or draft.is_ours(base) or draft.want.adopt is not None
    for interface in wanted:
        if interface in present and not (ours and present[interface].failed):
            continue
        nodad = False
        if interface.version == 6:
            # The kernel takes an IPv6 address once, so another prefix length is a change.
            for have in base.addresses:
                if have.interface.ip == interface.ip:
                    found.append(DeleteAddress(want.netns, want.name, have, change=True))
                    removed.append(have)
            nodad = ours or (want.netns, interface.ip) in draft.sources
        found.append(AddAddress(want.netns, want.name, interface, nodad=nodad))
    if not purge:
        return found
    kept = {*removed, *(present[interface] for interface in wanted if interface in present)}
    extra = [a for a in base.addresses if a not in kept and a.purgeable]
    for have in extra:
        found.append(DeleteAddress(want.netns, want.name, have))
    again = _taken_along(wanted, extra)
    found.extend(AddAddress(want.netns, want.name, interface, again=True) for interface in again)
    if again and not _outlasts(want, base, extra, again):
        found.extend(_routes_again(draft, want))
    return found


def _taken_along(wanted: tuple[Interface, ...], extra: list[HaveAddress]) -> list[Interface]:
    """Wanted addresses that are secondaries of a deleted one go with it, so they come again."""
    primaries = {a.network for a in extra if a.interface.version == 4 and not a.secondary}
    return [interface for interface in wanted if interface.network in primaries]


def _outlasts(want: WantLink, base: Link, extra: list[HaveAddress], again: list[Interface]) -> bool:
    """Whether an IPv4 address is there all the time: with the last one all routes go."""
    there = {a.interface for a in base.addresses} | set(want.addresses or ())
    going = {a.interface for a in extra} | set(again)
    return any(interface.version == 4 for interface in there - going)


def _routes_again(draft: Draft, want: WantLink) -> list[Operation]:
    """Ours are operations; a stranger's come back from the snapshot, with all that they have."""
    return [
        SetRoute(route, again=True)
        for route in draft.want.routes
        if route.netns == want.netns and route.dst.version == 4 and route.dev == want.name
    ]


def _ports(draft: Draft, bridge: WantLink, wanted: set[str]) -> None:
    """Ports that are not wanted links themselves, and those that have to go.

    ``wanted`` are the links that name the bridge as their master.
    """
    namespace = draft.have.namespaces.get(bridge.netns)
    links = namespace.links if namespace else {}
    named = set(bridge.ports or ())
    for i, name in enumerate(bridge.ports or ()):
        link = links.get(name)
        if (bridge.netns, name) in draft.wanted or link is None:
            continue
        if link.master != bridge.name:
            _refuse_anothers_port(draft, link, f"{bridge.where}ports[{i}]")
            draft.add(set_link(link, "master", bridge.name, link.master or ""))
    if not bridge.purge_ports or not (named or wanted or bridge.ports is not None):
        return
    named |= wanted
    for link in links.values():
        if link.master != bridge.name or link.name in named or link.key in draft.gone:
            continue
        if (bridge.netns, link.name) in draft.wanted and _moves_on(draft, link):
            continue
        if draft.anothers(link) and draft.want.adopt is not True:
            continue
        draft.add(
            SetLink(
                link.netns,
                link.name,
                "master",
                "",
                bridge.name,
                link.kind,
                Stage.DELETE_PORT,
            )
        )


def _refuse_anothers_port(draft: Draft, link: Link, option: str) -> None:
    """A link that is named as a port is asked for, but not one that belongs elsewhere."""
    if draft.want.adopt is True:
        return
    owner = draft.anothers(link)
    if owner is not None:
        problem = f"the link belongs to topology {owner}"
    elif link.master and draft.want.adopt is False and not draft.is_ours(link):
        problem = f"the link is a port of {link.master} and was not made by this topology"
    else:
        return
    raise OptionError(option, link.name, problem, "Free it there, or set adopt to true")


def _moves_on(draft: Draft, link: Link) -> bool:
    """Whether a wanted link gets another master by this plan anyway."""
    return draft.wanted[link.key].master not in (None, link.master)
