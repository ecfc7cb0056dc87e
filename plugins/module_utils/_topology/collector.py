# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a want while they are gathered, with a check for names used twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .._errors import OptionError
from .model import Key, Network, Route, Want, WantLink, WantNamespace


class Collector:
    """Namespaces, links and routes, each once."""

    def __init__(self) -> None:
        self.namespaces: dict[str, WantNamespace] = {}
        self.links: dict[Key, WantLink] = {}
        self.routes: dict[tuple[str, Network, int, int], Route] = {}

    def add_namespace(self, namespace: WantNamespace) -> None:
        if namespace.name in self.namespaces:
            first = self.namespaces[namespace.name].where
            raise OptionError(
                f"{namespace.where}name",
                namespace.name,
                f"the namespace is named twice, first by {first}name",
                "Name each namespace once",
            )
        self.namespaces[namespace.name] = namespace

    def add_link(self, link: WantLink) -> None:
        other = self.links.get(link.key)
        if other is not None:
            place = f"in namespace {link.netns}" if link.netns else "on the host"
            raise OptionError(
                f"{link.where}name",
                link.name,
                f"the name is used twice {place}, first by {other.where}name",
                "Give each link of a namespace a name of its own",
            )
        self.links[link.key] = link

    def add_route(self, route: Route) -> None:
        other = self.routes.get(route.key)
        if other is not None:
            if replace(other, where="") == replace(route, where=""):
                return
            raise OptionError(
                f"{route.where}dst",
                str(route.dst),
                f"{other.where}dst has another route to the same place with the same metric",
                "Keep one of them, or give them different metrics",
            )
        self.routes[route.key] = route

    def want(self, **more: Any) -> Want:
        _join_ports(self.links)
        return Want(
            namespaces=tuple(self.namespaces.values()),
            links=tuple(self.links.values()),
            routes=tuple(self.routes.values()),
            **more,
        )


def _join_ports(links: dict[Key, WantLink]) -> None:
    """Let a bridge's ``ports`` and the links' own ``master`` say the same thing."""
    taken: set[Key] = set()
    for bridge in [link for link in links.values() if link.ports is not None and link.present]:
        for i, port in enumerate(bridge.ports or ()):
            option = f"{bridge.where}ports[{i}]"
            key = (bridge.netns, port)
            link = links.get(key)
            if key in taken or (link is not None and link.master not in (None, bridge.name)):
                raise OptionError(
                    option, port, "the link is given to two bridges", "Name it under one of them"
                )
            taken.add(key)
            if link is None:
                continue
            if link.kind == "bridge":
                raise OptionError(
                    option, port, "a bridge cannot be a port of a bridge", "Join them with a veth"
                )
            links[key] = replace(link, master=bridge.name)
