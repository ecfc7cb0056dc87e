# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the picture holds, as text for Graphviz."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.netfabric.container_net.plugins.filter.topology_dot import topology_dot
from ansible_collections.netfabric.container_net.plugins.plugin_utils._report.palette import (
    COLOURS,
    style_sheet,
)
from tests.unit.report.networks import host, link, overlay_host, rooms, route, space

EDGE = re.compile(r'^ +"([^"]*)"(?::(\w+):e)? -- "([^"]*)"(?::(\w+):w)? \[(.*)\]$', re.MULTILINE)


def edges(dot: str, style: str) -> list[tuple[str, str]]:
    return [(found[1], found[3]) for found in EDGE.finditer(dot) if f'class="{style}"' in found[5]]


def texts(dot: str) -> str:
    """What a person reads of it; fails where a label is not well formed."""
    labels = re.findall(
        r"label=<(.*)>\]?$",
        dot.replace("</TD>", "</TD> ").replace("\N{NO-BREAK SPACE}", " "),
        re.MULTILINE,
    )
    assert labels
    return "\n".join(
        "".join(ElementTree.fromstring(f"<label>{label}</label>").itertext()) for label in labels
    )


def test_a_pair_is_a_line_between_room_and_bridge() -> None:
    dot = topology_dot([rooms(2)])
    shown = texts(dot)
    for word in ("node1", "ns1", "ns2", "mybridge", "192.168.0.1/16", "192.168.0.3/16"):
        assert word in shown
    assert len(edges(dot, "veth")) == 2


@pytest.mark.parametrize("count", [1, 2, 15])
def test_every_link_is_there(count: int) -> None:
    data = rooms(count)
    shown = texts(topology_dot([data]))
    wanted = {found["name"] for room in data["namespaces"] for found in room["links"]} - {"lo"}
    assert {name for name in wanted if not re.search(rf"\b{name}\b", shown)} == set()


def test_hosts_are_joined_by_their_network_and_the_overlay() -> None:
    dot = topology_dot([overlay_host(1), overlay_host(2)])
    shown = texts(dot)
    assert "192.168.100.0/24" in shown
    assert "VXLAN 1  overlay, UDP 8472" in shown
    assert len(edges(dot, "overlay")) == 2
    assert len(edges(dot, "network")) == 2
    assert len(edges(dot, "lower")) == 2
    # Where a route leads is told by the host that has the subnet.
    assert "172.20.2.0/24 (node2)" in shown


def test_a_tunnel_between_hosts_is_an_overlay() -> None:
    hosts = [host(f"h{n}", space("", link("flannel0", "tun", f"172.20.{n}.0/16"))) for n in (1, 2)]
    dot = topology_dot(hosts)
    assert "172.20.0.0/16  overlay" in texts(dot)
    assert len(edges(dot, "overlay")) == 2


def test_the_same_address_on_two_hosts_is_no_network_that_they_share() -> None:
    hosts = [host(f"h{n}", space("", link("eth0", "physical", "10.0.2.15/24"))) for n in (1, 2)]
    assert "network of the hosts" not in topology_dot(hosts)


def test_two_addresses_of_one_host_are_no_network_of_hosts() -> None:
    own = space(
        "", link("eth0", "physical", "10.0.0.1/24"), link("eth1", "physical", "10.0.0.2/24")
    )
    assert "network of the hosts" not in topology_dot([host("h", own)])


def test_many_hosts_are_a_picture_each_and_one_of_all() -> None:
    dot = topology_dot([overlay_host(number, 9) for number in range(1, 10)])
    assert len(re.findall(r"^graph ", dot, re.MULTILINE)) == 1 + 9
    first = dot.partition("\n}\n")[0]
    assert len(edges(first, "overlay")) == 9
    assert "subgraph" not in first
    # Nine graphs on one page: no id is there twice.
    ids = re.findall(r'\bid="([^"]+)"', dot)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"up": False}, "ns1veth0 \N{MULTIPLICATION X} DOWN"),
        ({"carrier": False}, "ns1veth0 \N{MULTIPLICATION X} NO CARRIER"),
        ({"mtu": 1400}, "MTU 1400"),
        ({"addresses": [f"10.0.0.{n}/24" for n in range(1, 9)]}, "and 5 more"),
        ({"addresses": ["fe80::1/64", "2001:db8::2/64"]}, "2001:db8::2/64"),
    ],
    ids=["down", "carrier", "mtu", "many addresses", "ipv6"],
)
def test_what_is_said_of_a_link(change: dict[str, Any], words: str) -> None:
    data = rooms(1)
    data["namespaces"][1]["links"][1].update(change)
    shown = texts(topology_dot([data]))
    assert words in shown
    assert "fe80" not in shown


def test_what_is_not_said() -> None:
    """What every namespace has, and what follows from an address."""
    own = space(
        "",
        link("eth0", "physical", "10.0.0.1/24", "fe80::1/64"),
        link("tunl0", "ipip", up=False),
        routes=[
            route("10.0.0.0/24", None, "eth0"),
            route("fe80::/64", None, "eth0"),
            route("10.9.0.0/16", "10.0.0.9", "eth0", table=100),
        ],
    )
    shown = texts(topology_dot([host("h", own, space("bare"))]))
    assert "tunl0" not in shown
    assert "fe80" not in shown
    assert "10.0.0.0/24" not in shown
    assert "10.9.0.0/16" not in shown
    assert "no links but lo" in shown


def test_a_loopback_that_is_down_is_shown() -> None:
    bare = space("bare")
    bare["links"][0]["up"] = False
    assert "lo \N{MULTIPLICATION X} DOWN" in texts(topology_dot([host("h", space(""), bare)]))


ODD = [
    'quote"d',
    "<b>&amp;</b>",
    "back\\slash",
    "new\nline",
    "nul\0bell\a",
    "half \udcff surrogate",
    "]]> --",
    "\N{GREEK SMALL LETTER ALPHA}\N{PILE OF POO}",
    "\\N \\G \\L",
]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_odd_names_are_only_text(name: str) -> None:
    data = rooms(1)
    data["host"] = name
    data["namespaces"][1].update(names=[name])
    data["namespaces"][1]["links"][1]["name"] = name
    dot = topology_dot([data])
    shown = texts(dot)
    readable = re.sub(r"[\0\a\n\udcff]", "\N{REPLACEMENT CHARACTER}", name)
    assert shown.count(readable) >= 2
    dot.encode()
    assert dot.count('class="veth"') == 1


def test_a_thousand_rooms_are_one_box_and_the_odd_ones_are_themselves() -> None:
    data = rooms(1000)
    data["namespaces"][500]["links"][1]["up"] = False  # ns500
    data["namespaces"][700]["routes"] = []  # ns700
    data["namespaces"][900]["links"][1]["mtu"] = 1400  # ns900
    dot = topology_dot([data])
    shown = texts(dot)
    assert "997 namespaces" in shown
    assert "ns1 \N{HORIZONTAL ELLIPSIS} ns1000" in shown
    assert "ns1veth1 \N{HORIZONTAL ELLIPSIS} ns1000veth1 (997)" in shown
    assert "192.168.0.2 \N{HORIZONTAL ELLIPSIS} 192.168.3.233 /16" in shown
    for odd in ("ns500", "ns700", "ns900"):
        assert re.search(rf"^{odd}  namespace", shown, re.MULTILINE)
    assert len(edges(dot, "veth")) == 4
    assert len(dot) < 20_000


@pytest.mark.parametrize("count", [16, 200, 1000])
def test_rooms_with_a_network_each_fold_too(count: int) -> None:
    """Point-to-point pairs: no two have the same network, and the host has as many ends."""
    own = [
        link(f"p{n}", "veth", f"10.{n // 256}.{n % 256}.1/30", peer=(f"room{n}", "eth0"))
        for n in range(count)
    ]
    others = [
        space(f"room{n}", link("eth0", "veth", f"10.{n // 256}.{n % 256}.2/30", peer=("", f"p{n}")))
        for n in range(count)
    ]
    dot = topology_dot([host("h", space("", *own), *others)])
    assert f"{count:,} namespaces" in texts(dot)
    assert f"{count:,} veth ends" in texts(dot)
    assert len(edges(dot, "veth")) == 1


def test_rooms_that_are_all_different_leave_a_rest() -> None:
    kinds = ["dummy", "bridge", "macvlan", "ipvlan", "vlan", "vxlan", "tun", "bond"]
    others = [
        space(
            f"room{n}", *(link(f"l{bit}", kinds[bit], up=False) for bit in range(8) if n >> bit & 1)
        )
        for n in range(200)
    ]
    dot = topology_dot([host("h", space(""), *others)])
    assert "others" in texts(dot)
    assert dot.count("<TABLE") <= 30


def test_a_fold_of_many_bridges() -> None:
    own, others = [], []
    for n in range(300):
        own.append(link(f"br{n}", "bridge", f"10.{n // 256}.{n % 256}.1/24"))
        own.append(link(f"port{n}", peer=(f"r{n}", "eth0"), master=f"br{n}"))
        others.append(space(f"r{n}", link("eth0", "veth", peer=("", f"port{n}"))))
    shown = texts(topology_dot([host("h", space("", *own), *others)]))
    assert "300 bridges" in shown
    assert "300 namespaces" in shown


def test_every_colour_of_the_picture_has_a_dark_one() -> None:
    data = [overlay_host(1), overlay_host(2)]
    data[0]["namespaces"][1]["links"][1]["up"] = False
    used = set(re.findall(r'"(#[0-9a-f]{6})"', topology_dot(data)))
    known = {light for light, dummy in COLOURS.values()}
    assert used <= known
    assert len(known) == len(COLOURS)
    sheet = style_sheet()
    for name, (light, dark) in COLOURS.items():
        assert f"--{name}:{light};" in sheet
        assert f"--{name}:{dark};" in sheet
        assert f'svg [fill="{light}"]{{fill:var(--{name})}}' in sheet


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


GROUNDS = ["page", "paper", "host", "namespace", "container", "process", "bridge", "card"]
TEXTS = [(text, ground) for text in ("ink", "muted") for ground in [*GROUNDS, "overlay", "routes"]]
TEXTS += [("good-ink", "good"), ("bad-ink", "bad"), ("muted", "good"), ("muted", "bad")]
TEXTS += [("bad-ink", ground) for ground in ("namespace", "container", "bridge", "card", "overlay")]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_every_text_can_be_read(text: str, ground: str, theme: int) -> None:
    """The contrast that WCAG 2 wants of text."""
    bright, dim = sorted((luminance(COLOURS[name][theme]) for name in (text, ground)), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("hosts", "says"),
    [
        ({"host": "a"}, "takes a list with one entry for each host"),
        ("text", "takes a list with one entry for each host"),
        ([{"host": "a"}], "what module topology_info returned"),
        ([{"namespaces": []}], "Give each 'host'"),
    ],
)
def test_bad_input_is_named(hosts: Any, says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=says):
        topology_dot(hosts)


def test_no_host_is_no_graph() -> None:
    assert topology_dot([]) == ""
