# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to go: named as absent, or owned and no longer named."""

from __future__ import annotations

from dataclasses import replace

from .._errors import OptionError
from .draft import Draft, place
from .model import HOST, ROUTE_PROTOCOL, Key, Link, Route, WantLink, WantRouteAbsent
from .operations import DeleteLink, DeleteNamespace, DeleteRoute
from .others import refuse_losses_of_others


def remove(draft: Draft) -> None:
    """Routes first, then links, then namespaces, each once."""
    removal = _Removal(draft)
    for absent in draft.want.absent_routes:
        removal.absent_route(absent)
    for link in draft.want.links:
        if not link.present:
            removal.absent_link(link)
    for namespace in draft.want.namespaces:
        if not namespace.present:
            removal.absent_namespace(namespace.name, f"{namespace.where}name", namespace.force)
    if draft.want.prune:
        removal.prune()
    if not draft.want.force:
        removal.refuse_losses_of_others()


class _Removal:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._links: set[Key] = set()
        self._namespaces: set[str] = set()
        self._pruned: set[str] = set()

    def absent_route(self, absent: WantRouteAbsent) -> None:
        namespace = self._draft.have.namespaces.get(absent.netns)
        for route in namespace.routes if namespace else ():
            if (
                route.dst == absent.dst
                and route.table == absent.table
                and absent.via in (None, route.via)
                and absent.dev in (None, route.dev)
                and absent.metric in (None, route.metric)
            ):
                owner = self._draft.route_owner(route)
                if owner is not None and self._draft.want.adopt is not True:
                    raise OptionError(
                        "dst",
                        str(route.dst),
                        f"the route {place(route.netns)} belongs to topology {owner}",
                        "Remove it from that topology",
                    )
                self._delete_route(route)

    def _delete_route(self, route: Route) -> None:
        """A route goes with its link, also when that moves away, but not when it is renamed."""
        key = (route.netns, route.dev or "")
        if key in self._draft.renamed:
            route = replace(route, dev=self._draft.renamed[key])
        elif key in self._draft.gone:
            return
        self._draft.add(DeleteRoute(route))

    def absent_link(self, want: WantLink) -> None:
        link = self._draft.have.link(want.key)
        if link is None:
            return
        if link.kind != want.kind:
            kind = f"of kind {link.kind}" if link.kind else "a physical link"
            raise OptionError(
                f"{want.where}name",
                want.name,
                f"the link {place(want.netns)} is {kind}, not a {want.kind}",
                f"Only a {want.kind} is removed here",
            )
        self._refuse_other_owner(want, link)
        self._delete_link(link)

    def _refuse_other_owner(self, want: WantLink, link: Link) -> None:
        owner = self._draft.have.owner(link)
        if owner not in (None, self._draft.want.topology) and self._draft.want.adopt is not True:
            raise OptionError(
                f"{want.where}name",
                want.name,
                f"the link belongs to topology {owner}",
                "Remove it from that topology, or set adopt to true",
            )

    def absent_namespace(self, name: str, option: str, force: bool) -> None:
        draft = self._draft
        if name not in draft.have.namespaces:
            if draft.is_our_stale(name):
                draft.add(DeleteNamespace(name))
            return
        if name in draft.have.attached:
            # It is its process's: only our name for it goes.
            draft.add(DeleteNamespace(name))
            return
        owner = draft.have.namespace_owner(name)
        if owner not in (None, draft.want.topology) and draft.want.adopt is not True:
            raise OptionError(
                option,
                name,
                f"the namespace belongs to topology {owner}",
                "Remove it from that topology, or set adopt to true",
            )
        self._delete_namespace(name, option, force)

    def prune(self) -> None:
        """Everything with our mark that the want does not name."""
        draft = self._draft
        wanted_namespaces = {n.name for n in draft.want.namespaces if n.present}
        for name in sorted(draft.have.stale - wanted_namespaces):
            if draft.is_our_stale(name):
                draft.add(DeleteNamespace(name))
        for name in draft.have.namespaces:
            if name not in wanted_namespaces and draft.is_our_namespace(name):
                self._pruned.add(name)
                self._delete_namespace(name, f"namespace {name}", draft.want.force)
            elif name not in wanted_namespaces and name in draft.have.attached:
                draft.add(DeleteNamespace(name))
        for namespace in draft.have.namespaces.values():
            for link in namespace.links.values():
                named = link.key in draft.wanted or link.key in draft.gone
                if not link.loopback and not named and draft.is_ours(link):
                    self._delete_link(link)
        wanted_routes = {route.key for route in draft.want.routes}
        for namespace in draft.have.namespaces.values():
            for route in namespace.routes:
                if route.key not in wanted_routes and self._owns_route(route):
                    self._delete_route(route)

    def refuse_losses_of_others(self) -> None:
        refuse_losses_of_others(self._draft, self._links, self._namespaces, self._pruned)

    def _owns_route(self, route: Route) -> bool:
        """Only the protocol number says "ours"; the file, link or namespace says whose."""
        if route.protocol != ROUTE_PROTOCOL or route.netns in self._namespaces:
            return False
        if self._draft.route_owner(route) is not None:
            return False
        link = self._draft.have.link((route.netns, route.dev)) if route.dev else None
        if link is not None and link.key in self._links:
            return False
        return (
            route.key in self._draft.have.owned.routes
            or self._draft.is_our_namespace(route.netns)
            or (link is not None and self._draft.is_ours(link))
        )

    def _delete_namespace(self, name: str, option: str, force: bool) -> None:
        draft = self._draft
        if name in self._namespaces:
            return
        namespace = draft.have.namespaces[name]
        if not force:
            for link in namespace.links.values():
                if not link.kind and not link.loopback:
                    raise OptionError(
                        option,
                        name,
                        f"the physical link {link.name} is in the namespace and would go back to"
                        " the host",
                        "Move it out first, or set force to true",
                    )
            if namespace.has_processes and not draft.is_our_namespace(name):
                raise OptionError(
                    option,
                    name,
                    "processes run in the namespace, which was not made here",
                    "Stop them first, or set force to true",
                )
        self._namespaces.add(name)
        for link in namespace.links.values():
            # G8: the peer of a link that only goes with its namespace lingers.
            if not link.loopback and draft.have.owner(link) is not None:
                self._delete_link(link)
        draft.add(DeleteNamespace(name))

    def _delete_link(self, link: Link) -> None:
        peer: Key | None = link.peer
        if link.key in self._links or link.key in self._draft.gone or peer in self._links:
            return
        # The end on the host says best what goes, and needs no namespace to be entered.
        other = self._draft.have.link(peer) if peer else None
        if other is not None and other.netns == HOST and link.netns != HOST:
            link = other
        self._links.add(link.key)
        self._draft.add(DeleteLink(link.netns, link.name, link.kind))
