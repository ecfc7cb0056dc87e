# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan while it is being made: who owns what, and what has been decided so far."""

from __future__ import annotations

from collections.abc import Sequence

from .._errors import OptionError
from .model import HOST, ROUTE_PROTOCOL, Have, Key, Link, Route, Want, WantLink
from .operations import Operation


def place(netns: str) -> str:
    """Where something is, for messages."""
    return "on the host" if netns == HOST else f"in namespace {netns}"


class Draft:
    """``base`` is each wanted link as it is once it exists in its place, before its properties
    are set; ``gone`` are links that are deleted, moved or renamed by this plan; ``renamed`` are
    the new names of those that stay in their namespace."""

    def __init__(self, have: Have, want: Want) -> None:
        self.have = have
        self.want = want
        self.operations: list[Operation] = []
        self.base: dict[Key, Link] = {}
        self.gone: set[Key] = set()
        self.renamed: dict[Key, str] = {}
        self.new_namespaces: set[str] = set()
        # Bridges that get ports whose other ends are in new namespaces.
        self.filling: set[Key] = set()
        self.sysctls: dict[str, list[str]] = {
            namespace.name: [path for path, dummy in namespace.sysctls]
            for namespace in want.namespaces
            if namespace.sysctls
        }
        # The kernel takes no route from an IPv6 address that it is still trying out.
        self.sources = {
            (route.netns, route.src)
            for route in want.routes
            if route.src and route.src.version == 6
        }
        self.wanted: dict[Key, WantLink] = {link.key: link for link in want.links if link.present}
        self.unwanted = {link.key for link in want.links if not link.present}

    def add(self, *operations: Operation) -> None:
        self.operations.extend(operations)

    def is_pending(self, link: Link) -> bool:
        """Made by a run of ours that died before it could mark the link."""
        return not link.alias and self.have.owned.pending_links.get(link.key) == link.mac

    def is_ours(self, link: Link) -> bool:
        return link.alias == self.want.mark or self.is_pending(link)

    def anothers(self, link: Link) -> str | None:
        """The other topology whose mark the link carries."""
        owner = self.have.owner(link)
        return None if owner == self.want.topology else owner

    def is_our_namespace(self, name: str) -> bool:
        loopback = self.have.link((name, "lo"))
        if loopback is None or name == HOST:
            return False
        if not loopback.alias and name in self.have.owned.pending_namespaces:
            return True
        return loopback.alias == self.want.mark

    def is_our_stale(self, name: str) -> bool:
        """An ordinary file that a dead run of ours, or a lost mount, left under /run/netns."""
        owned = self.have.owned
        return name in self.have.stale and name in owned.namespaces | owned.pending_namespaces

    def route_owner(self, route: Route) -> str | None:
        """The other topology that owns a route."""
        if route.key in self.have.owned.routes or route.protocol != ROUTE_PROTOCOL:
            return None
        return self.have.owned.others_routes.get(route.key)

    def is_our_route(self, route: Route) -> bool:
        """Ours by its mark, by the state file, or by the link or namespace that it is in."""
        if self.route_owner(route) is not None:
            return False
        if route.protocol == ROUTE_PROTOCOL or route.key in self.have.owned.routes:
            return True
        link = self.have.link((route.netns, route.dev)) if route.dev else None
        return self.is_our_namespace(route.netns) or (link is not None and self.is_ours(link))

    def purges(self, link: WantLink, base: Link) -> bool:
        """Whether addresses that are not named have to go (G2)."""
        if link.addresses is None:
            return False
        if link.purge_addresses is not None:
            return link.purge_addresses
        # A topology that takes a link over treats it as its own from then on.
        return self.is_ours(base) or self.want.adopt is not None

    def may_mark(self, ours: bool, owner: str | None) -> bool:
        """Whether to put our mark on what exists: never over another topology's unasked."""
        if self.want.adopt is False:
            return ours or owner is None
        return ours or self.want.adopt is True

    def permit(
        self,
        option: str,
        what: str,
        name: str,
        owner: str | None,
        ours: bool,
        operations: Sequence[Operation],
    ) -> None:
        """Refuse to change what is not ours, as ``Want.adopt`` says."""
        if ours or not operations or self.want.adopt is True:
            return
        if owner is not None:
            raise OptionError(
                option,
                name,
                f"the {what} belongs to topology {owner}",
                "Change it there, or set adopt to true to take it over",
            )
        if self.want.adopt is False:
            raise OptionError(
                option,
                name,
                f"the {what} exists, was not made by topology {self.want.topology}, and is not"
                " as wanted",
                "Remove it, make it match, or set adopt to true to take it over",
            )
