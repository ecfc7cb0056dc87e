# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ifupdown: the card's stanzas become the bridge's, and the card is brought up by hand.

Until the move is confirmed ifup and ifdown read files of the move's own (their option -i).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._errors import HostError, OptionError
from .facts import Card, Ifupdown
from .moves import FOLDER, File, Parts, Step
from .networkd import KEEP_DIR, link_file
from .stanzas import COMMANDS, Stanza, stanzas

_METHODS = {"inet": ("static", "dhcp", "manual"), "inet6": ("static", "dhcp", "auto", "manual")}
# Options of the methods above; what is not among them is about the card and stays with it.
_LAYER3 = frozenset(
    "address netmask broadcast network metric gateway pointopoint scope hostname leasehours"
    " leasetime vendor client privext accept_ra autoconf media dad-attempts dad-interval"
    " preferred-lifetime request_prefix ll-attempts ll-interval".split()
)
_BOTH = frozenset(("mtu",))
_GONE = "post-down ip link delete dev"
_OBJECTS = ("a", "r", "n")  # ip address, route, rule, neighbour, and their short forms


@dataclass(frozen=True)
class Piece:
    """What stands in a file before and after."""

    path: str
    old: str
    new: str


def _follows(command: str) -> bool:
    """Whether a command is about addresses or routes, and so goes along with them."""
    words = command.split()
    if not words:
        return False
    program = words[0].rpartition("/")[2]
    if program == "route":
        return True
    objects = [word for word in words[1:] if not word.startswith("-")]
    return program == "ip" and bool(objects) and objects[0].startswith(_OBJECTS)


def _refuse(card: Card, found: Sequence[Stanza]) -> None:
    if not found:
        raise OptionError(
            "uplink",
            card.name,
            "ifupdown brought it up, but no iface stanza has exactly this name (a pattern, a"
            " mapping or a template does it)",
            "Give it a stanza of its own in /etc/network/interfaces",
        )
    for stanza in found:
        words = " ".join(stanza.header)
        if "inherits" in stanza.header or stanza.method not in _METHODS.get(stanza.family, ()):
            raise OptionError(
                "uplink",
                card.name,
                f"its stanza {words!r} in {stanza.path} cannot be moved to a bridge",
                "Write the bridge into that file by hand, or use inet and inet6 with the methods"
                " static, dhcp, auto and manual",
            )


def pieces(bridge: str, card: Card, found: Sequence[Stanza]) -> list[Piece]:
    """Each stanza of the card, and what stands in its place then."""
    made = []
    stays = [line for stanza in found for line in _of_card(stanza)]
    goes = [_of_bridge(stanza, bridge, card) for stanza in found]
    for i, stanza in enumerate(found):
        lines = [f"# Written by module netfabric.container_net.bridge: {card.name} is its port."]
        if i == 0:
            lines += [f"iface {card.name} inet manual", *_unique(stays), "", f"auto {bridge}"]
        lines.append(f"iface {bridge} {stanza.family} {stanza.method}")
        if i == 0:
            lines += [
                f"    pre-up ip link show dev {bridge} >/dev/null 2>&1 ||"
                f" ip link add name {bridge} address {card.mac} type bridge stp_state 0",
                f"    pre-up ip link set dev {card.name} up master {bridge}",
            ]
        lines += goes[i]
        if i == len(found) - 1:
            # ifdown takes the stanzas in their order, and each needs the link.
            lines.append(f"    {_GONE} {bridge} 2>/dev/null || true")
        made.append(Piece(stanza.path, stanza.text, "\n".join(lines) + "\n"))
    return made


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _of_card(stanza: Stanza) -> list[str]:
    found = []
    for name, value in stanza.options:
        dns = name.startswith("dns-")
        moves = _follows(value) if name in COMMANDS else name in _LAYER3 or dns
        if not moves or name in _BOTH:
            found.append(f"    {name} {value}")
    return found


def _of_bridge(stanza: Stanza, bridge: str, card: Card) -> list[str]:
    name_alone = re.compile(rf"(?<![\w.:-]){re.escape(card.name)}(?![\w.-])")
    found = []
    for name, value in stanza.options:
        if name in COMMANDS:
            if _follows(value):
                found.append(f"    {name} {name_alone.sub(bridge, value)}")
        elif name in _LAYER3 | _BOTH or name.startswith("dns-"):
            found.append(f"    {name} {value}")
    return found


def there(bridge: str, card: Card, have: Ifupdown) -> Parts:
    """The card's network goes to the bridge."""
    found = stanzas(have.files, card.name)
    _refuse(card, found)
    made = pieces(bridge, card, found)
    keep = _replaced(have.files, [(p.path, p.old, p.new) for p in made])
    link_name, link_text = link_file(bridge)
    old = "\n".join(p.old for p in made)
    new = "\n".join(p.new for p in made)
    clients = _clients(found, have.client)
    return Parts(
        (),
        _steps(clients, card, bridge, onto=True, must=True),
        _steps(clients, card, bridge, onto=False, must=False),
        (File(f"{KEEP_DIR}/{link_name}", None, link_text), *keep),
        {
            "pieces": [[p.path, p.old, p.new] for p in made],
            "link_file": f"{KEEP_DIR}/{link_name}",
            "client": have.client,
        },
        {"old": old, "new": new, "old-quiet": _quiet(old), "new-quiet": _quiet(new)},
    )


def back(bridge: str, card: Card, have: Ifupdown, memory: dict[str, object]) -> Parts:
    """The card gets its stanzas back."""
    stored: object = memory.get("pieces")
    made = [Piece(*row) for row in stored] if isinstance(stored, list) else []
    for piece in made:
        there = re.findall(rf"(?m)^{re.escape(piece.new)}", have.files.get(piece.path, ""))
        if len(there) != 1:
            raise HostError(
                f"{piece.path} was changed where it says that {card.name} is a port of {bridge}:"
                f" it cannot be put back. Write the stanza of {card.name} by hand:"
                f" {' / '.join(line.strip() for line in piece.old.splitlines())}"
            )
    keep = _replaced(have.files, [(p.path, p.new, p.old) for p in made])
    now = "\n".join(p.new for p in made)
    then = "\n".join(p.old for p in made)
    found = [s for p in made for s in stanzas({p.path: p.old}, card.name)]
    clients = _clients(found, have.client)
    path = str(memory.get("link_file", ""))
    return Parts(
        (),
        _steps(clients, card, bridge, onto=False, must=True),
        _steps(clients, card, bridge, onto=True, must=False),
        (*keep, File(path, link_file(bridge)[1], None)),
        {},
        {"old": now, "new": then, "old-quiet": _quiet(now), "new-quiet": _quiet(then)},
    )


def _replaced(files: dict[str, str], changes: Iterable[tuple[str, str, str]]) -> list[File]:
    texts: dict[str, str] = {}
    for path, old, new in changes:
        # A stanza begins a line: the same words may stand in a comment before it.
        text, verbatim = texts.get(path, files[path]), new.replace("\\", r"\\")
        texts[path] = re.sub(rf"(?m)^{re.escape(old)}", verbatim, text, count=1)
    return [File(path, files[path], text) for path, text in texts.items()]


def _quiet(text: str) -> str:
    """The stanzas so that ifdown runs their commands and no more.

    No lease ends, no address goes, and the link that it takes down is up again at once: it takes
    its time, and what comes next moves the network.
    """
    text = "".join(line for line in text.splitlines(True) if _GONE not in line)
    return re.sub(
        r"(?m)^(\s*iface\s+(\S+)\s+inet6?\s+)\S+$",
        r"\1manual\n    post-down ip link set dev \2 up || true",
        text,
    )


def _clients(found: Iterable[Stanza], client: str | None) -> list[tuple[str, str]]:
    """(program, family) of the DHCP clients at work."""
    families = {"inet": "4", "inet6": "6"}
    wanted = [families[s.family] for s in found if s.method == "dhcp"]
    return [(client, family) for family in wanted if client is not None]


def _stop(client: str, family: str, link: str) -> Step:
    """The client ends at once; its lease does not, and neither do the addresses."""
    six = "6" if family == "6" else ""
    if client == "dhclient":
        # Its own way to end (-x) takes the addresses away first, seconds before others can come.
        pid = f"/run/dhclient{six}.{link}.pid"
        return Step(("sh", "-c", f"kill -KILL $(cat {pid}) && rm -f {pid}"))
    if client == "dhcpcd":
        return Step(("dhcpcd", "-x", link))
    return Step(("pkill", "--pidfile", f"/run/udhcpc.{link}.pid"))


def _tell(client: str, link: str) -> list[Step]:
    """What other programs know by the client is over for the link that is left."""
    if client != "dhclient":
        return []
    return [Step(("env", "reason=STOP", f"interface={link}", "/sbin/dhclient-script"))]


def _hand_over(client: str, family: str, old: str, new: str) -> list[Step]:
    """The lease and the identity that was used for it, under the new link's name."""
    if client == "dhclient":
        six = "6" if family == "6" else ""
        place = "/var/lib/dhcp/dhclient{}.{}.leases"
        command = (
            f'sed \'s/interface "{old}";/interface "{new}";/\' {place.format(six, old)}'
            f" >{place.format(six, new)}"
        )
        return [Step(("sh", "-c", command))]
    if client == "dhcpcd":
        place = "/var/lib/dhcpcd/{}.lease"
        return [Step(("cp", "-p", place.format(old), place.format(new)))]
    return []


def _steps(
    clients: Sequence[tuple[str, str]], card: Card, bridge: str, onto: bool, must: bool
) -> tuple[Step, ...]:
    """From the card to the bridge (``onto``) or from there. ``must``: the move, and not its undo.

    On the way back the files of /etc say what is to be there, whatever ifupdown remembers.
    """
    old, new = (card.name, bridge) if onto else (bridge, card.name)
    down, up = ([card.name], [card.name, bridge]) if onto else ([bridge, card.name], [card.name])
    found = [_stop(client, family, old) for client, family in clients]
    # The new link has the network before the old one loses it: what comes afterwards takes
    # seconds, a DHCP client most of all.
    gain = Step(("ip", "link", "set", "dev", new, "up"), lend=True)
    flush = Step(("ip", "address", "flush", "dev", card.name, "scope", "global"))
    if onto:
        made = ("address", card.mac, "type", "bridge", "stp_state", "0")
        found.append(Step(("ip", "link", "add", "name", bridge, *made)))
        change = Step(("ip", "link", "set", "dev", card.name, "up", "master", bridge))
        swap = [gain, change, flush]
    else:
        change = Step(("ip", "link", "delete", "dev", bridge))
        swap = [flush, gain, change]
    if not must:
        # A host that is not reached does not wait for ifdown either.
        found += [gain, change]
    leaving = "old-quiet" if must else "new-quiet"
    # It takes the link down for a moment, and its routes go.
    found.append(Step(("ifdown", "--force", "-i", f"{FOLDER}/{leaving}", *down), hold=True))
    found += swap
    if must:
        found += [step for c, f in clients for step in _hand_over(c, f, old, new)]
        found.append(Step(("ifup", "-i", f"{FOLDER}/new", *up), must=True, wait=300))
        found += [step for c, dummy in clients for step in _tell(c, old)]
    else:
        # A client that finds no server goes on looking for one.
        wait = 3.0 if clients else 20.0
        found.append(Step(("ifup", "--force", *up), wait=wait))
    return tuple(found)
