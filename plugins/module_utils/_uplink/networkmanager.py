# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NetworkManager: two profiles beside the card's own, under /run until they are confirmed.

Unproven: written from its documentation, no test runs it.
"""

from __future__ import annotations

from . import sections
from .facts import Card, NetworkManager
from .moves import File, Parts, Step
from .sections import Section

RUN_DIR = "/run/NetworkManager/system-connections"
KEEP_DIR = "/etc/NetworkManager/system-connections"
_SECRET = 0o600
# What is about addresses and routes; the rest is the card's.
_LAYER3 = frozenset(("ipv4", "ipv6", "proxy", "dns", "user"))
# Before whatever else would come up by itself.
_PRIORITY = "autoconnect-priority=900"


def files(bridge: str, card: Card, have: NetworkManager) -> dict[str, str]:
    """Name → text; the card's comes last."""
    origin = f"Written by module netfabric.container_net.bridge from {have.path}."
    own = sections.parse(have.text)
    upper, lower = (f"container_net-{bridge}", f"container_net-{bridge}-uplink")
    above = [
        Section(
            "connection",
            (
                f"id={upper}",
                f"uuid={have.new_uuids[0]}",
                "type=bridge",
                f"interface-name={bridge}",
                _PRIORITY,
            ),
        ),
        Section("ethernet", (f"cloned-mac-address={card.mac}",)),
        Section("bridge", ("stp=false", f"mac-address={card.mac}")),
        *[_with_identity(s) for s in own if s.name in _LAYER3],
    ]
    below = [
        Section(
            "connection",
            (
                f"id={lower}",
                f"uuid={have.new_uuids[1]}",
                "type=ethernet",
                f"interface-name={card.name}",
                f"master={bridge}",
                "slave-type=bridge",
                _PRIORITY,
            ),
        ),
        *[s for s in own if s.name not in _LAYER3 | {"connection"}],
    ]
    return {
        f"{upper}.nmconnection": sections.text(origin, above),
        f"{lower}.nmconnection": sections.text(origin, below),
    }


def _with_identity(section: Section) -> Section:
    """The number by which a server knows the client is otherwise made of the link's name."""
    if section.name not in ("ipv4", "ipv6") or section.value("dhcp-iaid") is not None:
        return section
    return Section(section.name, (*section.lines, "dhcp-iaid=mac"))


def there(bridge: str, card: Card, have: NetworkManager) -> Parts:
    """The card's network goes to the bridge."""
    made = files(bridge, card, have)
    upper, lower = have.new_uuids
    return Parts(
        tuple(File(f"{RUN_DIR}/{name}", None, text, _SECRET) for name, text in made.items()),
        (
            Step(("nmcli", "connection", "reload"), must=True),
            Step(("nmcli", "connection", "up", lower), must=True, wait=300),
            Step(("nmcli", "connection", "up", upper), must=True, wait=300),
        ),
        (
            Step(("nmcli", "connection", "down", upper), wait=5),
            Step(("nmcli", "connection", "reload")),
            Step(("ip", "link", "delete", "dev", bridge)),
            Step(("nmcli", "connection", "up", have.uuid), wait=5),
        ),
        tuple(File(f"{KEEP_DIR}/{name}", None, text, _SECRET) for name, text in made.items()),
        {"uuid": have.uuid, "bridge_uuid": upper, "names": list(made)},
    )


def back(bridge: str, memory: dict[str, object], before: dict[str, str | None]) -> Parts:
    """The card's own profile comes up again. ``before``: our profiles under /etc, by path."""
    old, upper = str(memory.get("uuid", "")), str(memory.get("bridge_uuid", ""))
    gone = sorted(before, key=lambda path: not path.endswith("-uplink.nmconnection"))
    return Parts(
        (),
        (
            Step(("nmcli", "connection", "down", upper)),
            Step(("nmcli", "connection", "up", old), must=True, wait=300),
            Step(("ip", "link", "delete", "dev", bridge)),
        ),
        (Step(("nmcli", "connection", "up", upper), wait=5),),
        tuple(File(path, before[path], None, _SECRET) for path in gone),
        {},
    )
