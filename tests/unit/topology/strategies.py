# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random networks for the property-based tests, as parameters of module topology.

Every option is given, so that a network says all about itself: what it looks like does not depend
on what was there before. Names, places and subnets are few, so that two networks often want the
same thing in different ways.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

Params = dict[str, Any]

_SPACES = ("n1", "n2", "n3")


def bounded(examples: int, shrink: bool = True) -> settings:
    """The same examples in each run, so that a run of the tests says the same as the last one.

    With CONTAINER_NET_EXAMPLES=<number> so many random ones, to look for what nobody thought of.
    ``shrink`` makes a failing example small, which takes many more of them.
    """
    more = os.environ.get("CONTAINER_NET_EXAMPLES")
    return settings(
        max_examples=int(more) if more else examples,
        derandomize=not more,
        database=None,
        deadline=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
    )


def _addresses(draw: st.DrawFn, number: int, subnet: int) -> list[str]:
    """Of one or two families, sometimes two in a subnet, so that one is the other's secondary."""
    every = [
        f"10.{subnet}.0.{number}/24",
        f"10.{subnet}.0.{100 + number}/24",
        f"fd00:{subnet}::{number}/64",
    ]
    return [address for address in every if draw(st.booleans())]


def _routes(draw: st.DrawFn, number: int, subnet: int, addresses: list[str]) -> list[Params]:
    found: list[Params] = []
    if any(address.startswith("10.") for address in addresses):
        gateway = f"10.{subnet}.0.{draw(st.sampled_from((200, 201)))}"
        if draw(st.booleans()):
            found.append({"dst": "default", "via": gateway, "metric": number})
        if draw(st.booleans()):
            found.append({"dst": f"10.{20 + number}.0.0/16", "via": gateway})
    if any(address.startswith("fd") for address in addresses) and draw(st.booleans()):
        found.append({"dst": f"fd99:{number}::/32", "via": f"fd00:{subnet}::200"})
    if draw(st.integers(0, 4)) == 0:
        found.append({"dst": f"10.{40 + number}.0.0/16", "type": "blackhole"})
    return found


@st.composite
def _link(draw: st.DrawFn, name: str, number: int, place: str | None) -> Params:
    up = draw(st.integers(0, 4)) > 0
    subnet = draw(st.integers(1, 3))
    addresses = _addresses(draw, number, subnet)
    link: Params = {
        "name": name,
        "netns": place,
        "admin_state": "up" if up else "down",
        "addresses": addresses,
        "mtu": draw(st.sampled_from((1300, 1400, 1500))),
        "routes": _routes(draw, number, subnet, addresses) if up else [],
    }
    if draw(st.integers(0, 3)) == 0:
        link["mac"] = f"02:00:00:00:{draw(st.integers(0, 3)):02x}:{number:02x}"
    return link


@st.composite
def networks(draw: st.DrawFn, name: str = "t") -> Params:
    """A topology of up to three namespaces, two bridges and three pairs."""
    spaces = [space for space in _SPACES if draw(st.booleans())]
    places = st.sampled_from((None, *spaces))
    bridges = []
    for number in (1, 2):
        if draw(st.booleans()):
            bridge = draw(_link(f"b{number}", number, draw(places)))
            bridge["stp"] = draw(st.booleans())
            bridge["ageing_time"] = draw(st.sampled_from((100, 300)))
            bridges.append(bridge)
    veths = []
    for number in (3, 4, 5):
        if not draw(st.booleans()):
            continue
        ends = []
        for letter, offset in (("v", 0), ("w", 3)):
            # The second name is one that the end may be renamed from, or to.
            end_name = draw(st.sampled_from((f"{letter}{number}", f"{letter}x{number}")))
            end = draw(_link(end_name, number + offset, draw(places)))
            near = [b["name"] for b in bridges if b["netns"] == end["netns"]]
            end["master"] = draw(st.sampled_from(("", *near)))
            ends.append(end)
        veths.append({**ends[0], "peer": ends[1], "recreate": True})
    forward = st.sampled_from(("0", "1"))
    return {
        "name": name,
        "namespaces": [
            {
                "name": space,
                "loopback": draw(st.sampled_from(("up", "down"))),
                "sysctls": {"net.ipv4.ip_forward": draw(forward)},
            }
            for space in spaces
        ],
        "bridges": bridges,
        "veths": veths,
    }
