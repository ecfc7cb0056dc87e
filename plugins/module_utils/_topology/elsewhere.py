# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links of ours, or that may become ours, that are not where they are wanted."""

from __future__ import annotations

from .draft import Draft
from .kinds import KINDS
from .model import Link, WantLink


class Elsewhere:
    """What is free to be taken; looked up once the first link is missing."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._spoken_of = set(draft.want.namespace_names())
        self._by_name: dict[str, list[Link]] | None = None
        self._singles: list[Link] | None = None

    def find_single(self, want: WantLink) -> Link | None:
        """A link of ours that somebody moved to another namespace, or gave another name."""
        unique = KINDS[want.kind].unique
        number = {name: value for name, value in want.options if name in unique}
        for link in self._our_singles():
            if link.kind != want.kind:
                continue
            present = dict(link.options)
            same = all(present.get(name) == value for name, value in number.items())
            renamed = bool(number) and same and link.netns == want.netns and self._strayed(link)
            moved = link.name == want.name and link.lower_is_elsewhere
            if moved or renamed:
                return link
        return None

    def _our_singles(self) -> list[Link]:
        """Links of ours that are no veth and that nobody wants."""
        if self._singles is None:
            self._singles = [
                link
                for namespace in self._draft.have.namespaces.values()
                for link in namespace.links.values()
                if link.kind != "veth"
                and link.key not in self._draft.wanted
                and self._draft.is_ours(link)
                and not self._is_in_place(link)
            ]
        return self._singles

    def _strayed(self, link: Link) -> bool:
        """Whether it does not have the name that a run gave it, or the want names all links."""
        return self._draft.want.prune or link.key not in self._draft.have.owned.links

    def _is_in_place(self, link: Link) -> bool:
        """Whether another task means this link: a run has put it into a namespace of its own.

        A task for a single link says nothing of the others of its topology, and names such as eth0
        are in every namespace. One that names all links (``prune``) moves them.
        """
        return link.netns not in self._spoken_of and not self._strayed(link)

    def find(self, want: WantLink, peer: WantLink) -> Link | None:
        """The end called ``want.name`` of a pair with both names that nobody else wants."""
        if self._by_name is None:
            self._by_name = {}
            wanted = self._draft.wanted
            for namespace in self._draft.have.namespaces.values():
                for link in namespace.links.values():
                    if link.kind == "veth" and link.key not in wanted and self._may_have(link):
                        self._by_name.setdefault(link.name, []).append(link)
        ours = self._by_name.get(want.name, [])
        theirs = self._by_name.get(peer.name, [])
        # The rarer name first: "eth0" may be in every namespace.
        if len(theirs) < len(ours):
            ours = [
                found
                for link in theirs
                if link.peer and (found := self._draft.have.link(link.peer)) is not None
            ]
        for link in ours:
            if link.name == want.name and link.peer is not None and link.peer[1] == peer.name:
                return link
        return None

    def _may_have(self, link: Link) -> bool:
        """Names such as eth0 are common: what others have elsewhere is not meant by them."""
        other = self._draft.have.link(link.peer) if link.peer else None
        if other is None or other.key in self._draft.wanted:
            return False
        if self._draft.is_ours(link) and self._draft.is_ours(other):
            return not (self._is_in_place(link) and self._is_in_place(other))
        if self._draft.want.adopt is False or not {link.netns, other.netns} <= self._spoken_of:
            return False
        return not (self._draft.anothers(link) or self._draft.anothers(other))
