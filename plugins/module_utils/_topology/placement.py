# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which links have to be made, moved, renamed or set aside before their properties are set."""

from __future__ import annotations

import zlib
from dataclasses import replace

from .._errors import OptionError
from .draft import Draft, place
from .elsewhere import Elsewhere
from .kinds import KINDS, Type, default_entries, family
from .model import HOST, HaveAddress, Key, Link, OptionValue, WantLink
from .operations import AddLink, DeleteLink, End, MoveLink, Operation, RenameLink, SetLink
from .stage import Stage

_CREATE_LATER = "vlan_filtering"


def place_links(draft: Draft) -> None:
    """Fill ``draft.base`` for every wanted link."""
    elsewhere = Elsewhere(draft)
    draft.filling = {
        (link.netns, link.master)
        for link in draft.wanted.values()
        if link.master and link.peer and link.peer[0] in draft.new_namespaces
    }
    for link in draft.wanted.values():
        if link.kind == "veth":
            if link.first:
                _place_pair(draft, link, elsewhere)
        else:
            _place_single(draft, link, elsewhere)


def _place_single(draft: Draft, want: WantLink, elsewhere: Elsewhere) -> None:
    have = draft.have.link(want.key)
    if have is None and KINDS[want.kind].lower:
        have = elsewhere.find_single(want)
    if have is None:
        _require(draft, want)
        _create(draft, want, None)
        return
    _expect_kind(want, have)
    reason = _unchangeable(want, have)
    if reason is None:
        _bring(draft, want, have)
        return
    if not want.recreate:
        option, value, text = reason
        raise OptionError(
            f"{want.where}{option}",
            value,
            f"the {want.kind} {have.name} exists {place(have.netns)} {text}, which the kernel"
            " cannot change",
            "Set recreate to true to replace it, or choose another name",
        )
    _require(draft, want)
    _set_aside(draft, want, have)
    _create(draft, want, None)


def _require(draft: Draft, want: WantLink) -> None:
    """A link can be changed without what it was made from, but not be made."""
    needed = KINDS[want.kind].required
    if needed is None:
        return
    name = next(o.name for o in KINDS[want.kind].options if o.param == needed)
    if not any(option == name for option, dummy in want.options):
        raise OptionError(
            f"{want.where}name",
            want.name,
            f"there is no such {want.kind} {place(want.netns)}, and {needed} is not given",
            f"Give {needed} to make one",
        )


def _unchangeable(want: WantLink, have: Link) -> tuple[str, OptionValue, str] | None:
    """(parameter, wanted value, what is there) of what needs a new link."""
    traits = KINDS[want.kind]
    present = dict(have.options)
    if have.lower_is_elsewhere and have.netns == want.netns:
        return "netns", want.netns, "with its packets in another namespace"
    for option in traits.options:
        value = dict(want.options).get(option.name)
        if option.fixed and value is not None and present.get(option.name, value) != value:
            return option.param, value, f"with {option.param} {present[option.name]}"
    if traits.lower:
        for name, value in want.options:
            option = traits.option(name)
            families = (family({name: value}), family(present) or 4)
            if option.type is Type.ADDRESS and families[0] != families[1]:
                return option.param, value, f"over IPv{families[1]}"
    return None


def _expect_kind(want: WantLink, have: Link) -> None:
    if have.kind != want.kind:
        kind = f"a link of kind {have.kind}" if have.kind else "a physical link"
        raise OptionError(
            f"{want.where}name",
            want.name,
            f"{kind} of that name exists {place(want.netns)}, not a {want.kind}",
            "Choose another name, or remove that link",
        )


def _create(draft: Draft, want: WantLink, peer: WantLink | None) -> None:
    near, far = want, peer
    if peer is not None and _nearness(peer) > _nearness(want):
        near, far = peer, want
    traits = KINDS[near.kind]
    pvid = any(name == "vlan_default_pvid" for name, dummy in near.options)
    options = tuple(o for o in near.options if not (pvid and o[0] == _CREATE_LATER))
    options += tuple(traits.defaults(dict(options)))
    mtu = near.mtu if traits.mtu_at_creation else None
    up = bool(near.up) and not _waits(draft, near, far)
    draft.add(
        AddLink(
            near=End(near.netns, near.name, near.mac, mtu),
            kind=near.kind,
            peer=End(far.netns, far.name, far.mac, far.mtu) if far else None,
            master=near.master or None,
            up=up,
            options=options,
            lower=traits.lower,
        )
    )
    draft.base[near.key] = Link(
        near.netns,
        near.name,
        0,
        near.kind,
        mac=near.mac or "",
        mtu=mtu or 0,
        up=up,
        master=near.master or None,
        options=options + ((("vlan_filtering", 0),) if pvid else ()),
        peer=far.key if far else None,
        entries=default_entries(dict(options)),
    )
    if far is not None:
        draft.base[far.key] = Link(
            far.netns,
            far.name,
            0,
            far.kind,
            mac=far.mac or "",
            mtu=far.mtu or 0,
            peer=near.key,
        )


def _nearness(link: WantLink) -> tuple[bool, bool]:
    """The near end gets its master and state in the request that makes the pair."""
    return (bool(link.master), link.netns == HOST)


def _waits(draft: Draft, near: WantLink, far: WantLink | None) -> bool:
    """Whether the near end goes up by itself: once its sysctls are set, and its peer's new
    namespace is complete. A bridge waits for such ports of its own.

    Once both ends are up IPv6 tries their addresses out, and a bridge that is up floods that to
    every port it has: with 1,000 ports that kept the kernel so busy that the rest of the run took
    twice its time.
    """
    part = f"/{near.name}/"
    if any(part in path for path in draft.sysctls.get(near.netns, ())):
        return True
    if far is None:
        return near.key in draft.filling
    return far.netns in draft.new_namespaces


def _place_pair(draft: Draft, want: WantLink, elsewhere: Elsewhere) -> None:
    have = draft.have.link(want.key)
    if have is not None:
        _expect_kind(want, have)
    if want.peer is None:
        if have is None:
            raise OptionError(
                f"{want.where}name",
                want.name,
                f"there is no such veth {place(want.netns)}, and no peer is given to make one",
                "Give peer, with the name of the other end",
            )
        draft.base[want.key] = have
        return
    peer = draft.wanted[want.peer]
    have_peer = draft.have.link(peer.key)
    if have_peer is not None:
        _expect_kind(peer, have_peer)
    if have is None and have_peer is None:
        have = elsewhere.find(want, peer)
        if have is None or have.peer is None:
            _create(draft, want, peer)
            return
        have_peer = draft.have.link(have.peer)
    elif have is None and have_peer is not None:
        have = _other_end(draft, have_peer, want)
    elif have is not None and have_peer is None:
        have_peer = _other_end(draft, have, peer)
    if have is None or have_peer is None or have.peer != have_peer.key:
        _recreate(draft, want, peer)
        return
    _bring(draft, want, have)
    _bring(draft, peer, have_peer)


def _other_end(draft: Draft, link: Link, want: WantLink) -> Link | None:
    """The peer of ``link``, when it is the wanted end: by name, or renamed and ours."""
    other = draft.have.link(link.peer) if link.peer else None
    if other is None or other.key in draft.wanted:
        return None
    if other.name == want.name or (draft.is_ours(other) and draft.is_ours(link)):
        return other
    return None


def _bring(draft: Draft, want: WantLink, have: Link) -> None:
    """Move and rename an end to where it is wanted."""
    if have.key == want.key:
        draft.base[want.key] = have
        return
    operations: list[Operation] = []
    link = have
    if link.netns != want.netns:
        operations.append(MoveLink(link.netns, link.name, want.netns, link.index))
        # What the kernel leaves of a link that moves (G3).
        link = replace(link, netns=want.netns, up=False, master=None, addresses=())
    if link.name != want.name:
        if link.up:
            operations.append(_down(link, Stage.SET_DOWN))
            link = replace(link, up=False, addresses=surviving(link))
        operations.append(RenameLink(link.netns, link.name, want.name))
        link = replace(link, name=want.name)
    draft.permit(
        f"{want.where}name",
        f"link {have.name} {place(have.netns)}",
        want.name,
        draft.have.owner(have),
        draft.is_ours(have),
        operations,
    )
    draft.add(*operations)
    draft.gone.add(have.key)
    if have.netns == want.netns:
        draft.renamed[have.key] = want.name
    draft.base[want.key] = link


def surviving(link: Link) -> tuple[HaveAddress, ...]:
    """IPv6 addresses do not outlive a link that goes down."""
    return tuple(a for a in link.addresses if a.interface.version == 4)


def _down(link: Link, stage: Stage) -> SetLink:
    return SetLink(link.netns, link.name, "up", 0, 1, link.kind, stage)


def _recreate(draft: Draft, want: WantLink, peer: WantLink) -> None:
    """The names are taken by other pairs: refuse, or set those aside and make ours."""
    for end in (want, peer):
        have = draft.have.link(end.key)
        if have is None:
            continue
        if not want.recreate and not _led_astray(draft, have, want if end is peer else peer):
            raise OptionError(
                f"{end.where}name",
                end.name,
                f"the veth exists {place(end.netns)}, but its other end is {_describe(have.peer)},"
                f" not {_describe(want.key if end is peer else peer.key)}",
                "Choose another name, or set recreate to true to replace that pair",
            )
        _set_aside(draft, end, have)
    _create(draft, want, peer)


def _set_aside(draft: Draft, want: WantLink, have: Link) -> None:
    """Out of the way for now, so that it can come back; deleted at the end."""
    aside = _aside_name(draft, have)
    operations: list[Operation] = []
    if have.up:
        operations.append(_down(have, Stage.SET_DOWN))
    operations.append(RenameLink(have.netns, have.name, aside, Stage.SET_ASIDE))
    operations.append(DeleteLink(have.netns, aside, have.kind))
    draft.permit(
        f"{want.where}name",
        f"link {have.name} {place(have.netns)}",
        have.name,
        draft.have.owner(have),
        draft.is_ours(have),
        operations,
    )
    draft.add(*operations)
    draft.gone.add(have.key)


def _led_astray(draft: Draft, have: Link, other: WantLink) -> bool:
    """Ours, and its other end is in the namespace that a container had before (G8)."""
    return draft.is_ours(have) and have.peer is None and other.netns in draft.have.astray


def _describe(key: Key | None) -> str:
    return f"{key[1]} {place(key[0])}" if key else "in a namespace without a name"


def _aside_name(draft: Draft, link: Link) -> str:
    taken = draft.have.namespaces[link.netns].links
    number = zlib.crc32(link.name.encode())
    while f"cn-{number:08x}-old" in taken:
        number = (number + 1) & 0xFFFFFFFF
    return f"cn-{number:08x}-old"
