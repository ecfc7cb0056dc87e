# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a route's gateway, link and source are there once the plan is carried out."""

from __future__ import annotations

from .._errors import OptionError
from .draft import Draft, place
from .model import Network, Route


class Reachable:
    """Whether a gateway is on a network that an address, wanted or present, is in.

    Networks are kept with their links; None is a link that is not known.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._networks: dict[str, list[tuple[Network, str | None]]] = {}
        self._own: dict[str, set[object]] = {}
        self._loopbacks = {n.name: n.loopback_up for n in draft.want.namespaces}
        for route in draft.want.routes:
            self._add_link_route(route)
        for link in draft.wanted.values():
            for interface in link.addresses or ():
                self._add(link.netns, interface.network, link.name)
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
                    self._add(have.netns, address.network, have.name)
                    self._own.setdefault(have.netns, set()).add(address.interface.ip)
            for route in namespace.routes:
                if route.dev is None or (route.netns, route.dev) not in draft.gone:
                    self._add_link_route(route)

    def _add(self, netns: str, network: Network, link: str | None) -> None:
        self._networks.setdefault(netns, []).append((network, link))

    def _add_link_route(self, route: Route) -> None:
        if route.via is None and route.type == "unicast" and route.dst.prefixlen:
            self._add(route.netns, route.dst, route.dev)

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
        if route.dev is None:
            return
        if route.dev == "lo":
            self._refuse_down(route, self._loopback_is_up(route.netns))
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
        self._refuse_down(route, self._is_up(route.netns, route.dev))
        self._refuse_connected(route)

    def _refuse_connected(self, route: Route) -> None:
        """The kernel makes such a route with the address, and takes no second one like it."""
        wanted = self._draft.wanted.get((route.netns, route.dev or ""))
        base = self._draft.base.get((route.netns, route.dev or ""))
        if wanted is None or base is None or route.via is not None or route.metric:
            return
        present = {address.interface for address in base.addresses}
        for interface in wanted.addresses or ():
            if interface.network == route.dst and interface not in present:
                raise OptionError(
                    f"{route.where}dst",
                    str(route.dst),
                    f"the address {interface} brings this route along",
                    "Leave the route out, or give it a metric",
                )

    def _loopback_is_up(self, netns: str) -> bool:
        wanted = self._loopbacks.get(netns)
        if wanted is not None:
            return wanted
        loopback = self._draft.have.link((netns, "lo"))
        return loopback is not None and loopback.up

    def _refuse_down(self, route: Route, is_up: bool) -> None:
        if not is_up:
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
        links = {
            link
            for network, link in self._networks.get(route.netns, ())
            if network.version == via.version and via in network
        }
        reason = ""
        if not links:
            reason = f"no address, wanted or present, reaches this gateway {place(route.netns)}"
        elif route.dev is not None and not links & {route.dev, None}:
            reason = f"the gateway is reached over {' and '.join(map(str, links))}, not {route.dev}"
        elif not any(link is None or self._is_up(route.netns, link) for link in links):
            reason = f"the link to the gateway, {' or '.join(map(str, links))}, is down"
        if reason:
            raise OptionError(
                f"{route.where}via",
                str(via),
                reason,
                "Give a link that is up an address in the gateway's network, or correct the"
                " gateway",
            )

    def _is_up(self, netns: str, name: str) -> bool:
        """Whether a link will be up when the routes are set."""
        wanted = self._draft.wanted.get((netns, name))
        if wanted is not None and wanted.up is not None:
            return wanted.up
        base = self._draft.base.get((netns, name)) or self._draft.have.link((netns, name))
        return base is not None and base.up
