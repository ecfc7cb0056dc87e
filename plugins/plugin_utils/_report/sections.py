# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the page below picture and matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .html import Html, element, table
from .matrix import NONE
from .network import Host, Link, Room
from .words import count, natural

ENTRIES = 200  # changes that are named
HERE = "(the host)"
SIGNS = {"+": "+ new", "-": "\N{MINUS SIGN} gone", "~": "~ other"}


def section(title: str, *children: object) -> list[Html]:
    """A heading and what belongs to it."""
    return [element("section", element("h2", title), *children)]


def changes(data: Mapping[str, Any]) -> list[Html]:
    """What differs from the last report."""
    known = data.get("changes") or {}
    entries = known.get("entries") or []
    shown = []
    if not known.get("since"):
        words = "This is the first report of these hosts: there is none to compare it with."
    elif not entries:
        words = f"Nothing since the report of {known['since']}."
    else:
        words = f"{count(len(entries), 'difference')} since the report of {known['since']}"
        words += f", the first {ENTRIES} of them:" if len(entries) > ENTRIES else ":"
        rows = [
            [
                entry["host"],
                element("td", SIGNS[entry["sign"]], class_="whole"),
                entry["what"],
                entry["how"],
            ]
            for entry in entries[:ENTRIES]
        ]
        shown = [table(["host", "", "what", "how"], rows, words)]
    title = "What changed since the last report"
    files = _files(data, not known.get("since"))
    return section(title, element("p", words, class_="muted"), *shown, *files)


def _files(data: Mapping[str, Any], unfolded: bool) -> list[Html]:
    """When each file of the collection was written last, by whichever run."""
    found = [
        (file["written"], host["host"], file["path"])
        for host in data["hosts"]
        for file in host.get("files") or ()
    ]
    if not found:
        return []
    rows = [
        [host, element("td", when, class_="whole"), path]
        for when, host, path in sorted(found, reverse=True)
    ]
    label = "When the collection's files on the hosts were last written"
    shown = table(["host", "written", "file"], rows, label)
    # Without an earlier report it is all that tells what the last run did.
    return [element("details", element("summary", label), shown, open="" if unfolded else None)]


def links(hosts: Iterable[Host]) -> list[Html]:
    """All of them, those too that the picture puts together."""
    columns = ["in", "link", "kind", "state", "addresses", "leads to", "MTU", "MAC", "made by"]
    parts = []
    for host in hosts:
        rows = [_link(room, link) for room in host.rooms for link in room.links]
        label = f"{host.name}: {count(len(rows), 'link')}"
        parts.append(element("details", element("summary", label), table(columns, rows, label)))
    return section("Every link", *parts) if parts else []


def _link(room: Room, link: Link) -> list[object]:
    leads = [f"port of {link.master}"] if link.master else []
    for words, end in (("", link.peer), ("on ", link.lower)):
        if end:
            leads.append(f"{words}{end[2]} in {end[1] or HERE}")
    return [
        room.title if room.netns else HERE,
        link.name,
        link.kind,
        link.trouble or "up",
        ", ".join(map(str, link.addresses)),
        ", ".join(leads),
        link.mtu,
        link.mac,
        link.owner,
    ]


def versions(data: Mapping[str, Any]) -> list[Html]:
    """What runs where."""
    hosts = sorted(data["hosts"], key=lambda host: natural(host["host"]))
    names = list(dict.fromkeys(name for host in hosts for name in host.get("versions") or {}))
    if not names:
        return []
    rows = [
        [host["host"], *((host.get("versions") or {}).get(name) or NONE for name in names)]
        for host in hosts
    ]
    controller = ", ".join(f"{name} {version}" for name, version in data["controller"].items())
    words = element("p", f"Controller: {controller}.", class_="muted")
    return section("Versions", words, table(["host", *names], rows, "Versions"))
