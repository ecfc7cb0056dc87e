# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: well formed, complete, and without anything from elsewhere."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.filter.report_data import report_data
from ansible_collections.netfabric.container_net.plugins.filter.report_page import report_page
from ansible_collections.netfabric.container_net.plugins.filter.verify_matrix import verify_matrix
from tests.unit.report.networks import overlay_host, rooms
from tests.unit.roles.test_verify_matrix import FAULTS, row, two_hosts

NOW = "2026-11-25 10:20:00 UTC"
EVIL = "<script>alert(1)</script>\"'&"
VOID = {"br", "link", "meta"}
# As Graphviz writes it, with what must not get into the page.
DRAWN = """\
<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- Title: all -->
<svg width="75pt" height="30pt" viewBox="0.00 0.00 75.00 30.00"
 xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<g id="graph0" class="graph" transform="translate(4 40)"><title>all</title>
<g id="a_x"><a xlink:href="http://elsewhere.example/"><text x="1">linked</text></a></g>
<script>alert(1)</script>
<g id="all-b0" class="node namespace" onclick="alert(1)"><title>node1/0</title>
<path fill="#dff3ec" stroke="transparent" d="M0,0"/>
<text x="5" y="-10" fill="#1c2733"> ns1 &lt;b&gt;</text></g></g></svg>
"""


class Page(HTMLParser):
    """Every element is closed where it has to be; texts and attributes for the tests."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), (tag, attrs)
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1], data))

    def text(self) -> str:
        return " ".join(data for tag, data in self.texts if tag != "style")

    def count(self, tag: str, class_: str | None = None) -> int:
        return sum(
            name == tag and (class_ is None or class_ in (attributes.get("class") or "").split())
            for name, attributes in self.seen
        )


def data(*hosts: dict[str, Any], **more: Any) -> dict[str, Any]:
    networks = {host["host"]: host for host in hosts or (overlay_host(1), overlay_host(2))}
    return report_data(networks, NOW, **more)


def measured(fault: Any = None) -> dict[str, Any]:
    hosts = copy.deepcopy(two_hosts())
    if fault:
        fault(hosts)
    return data(verdict=verify_matrix(hosts))


def test_a_whole_page() -> None:
    page = Page(report_page(measured(), DRAWN))
    text = page.text()
    for words in ("Container network of node1 and node2", "4 pairs measured", NOW, "flannel.1"):
        assert words in text
    assert page.count("svg") == 1
    assert page.count("h1") == 1
    assert page.count("td", "good") == 4
    assert page.count("td", "bad") == 0


def test_nothing_comes_from_elsewhere() -> None:
    html = report_page(measured(), DRAWN)
    page = Page(html)
    assert {tag for tag, dummy in page.seen} & {"script", "img", "iframe", "a", "object"} == set()
    for tag, attributes in page.seen:
        assert not [name for name in attributes if name.startswith(("on", "src", "xlink"))]
        assert attributes.get("href", "data:,") == "data:,", tag
    assert "http" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_of_the_picture_only_what_draws_is_kept() -> None:
    page = Page(report_page(data(), DRAWN))
    nodes = [attributes for tag, attributes in page.seen if attributes.get("id") == "all-b0"]
    assert nodes == [{"id": "all-b0", "class": "node namespace"}]
    assert ("text", " ns1 <b>") in page.texts
    assert "linked" not in page.text()


def test_verdicts_can_be_read_without_colours() -> None:
    page = Page(report_page(measured(next(iter(FAULTS)))))
    assert page.count("td", "bad") == 1
    text = page.text()
    assert "\N{MULTIPLICATION X} 1 of 4 pairs failed" in text
    assert text.count("\N{MULTIPLICATION X} FAILED") == 1
    assert text.count("\N{CHECK MARK} 1.5 ms") == 3


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_failure_is_in_it_with_its_hint(fault: Any) -> None:
    found = measured(fault)
    (sentence,) = found["failures"]
    assert sentence in Page(report_page(found)).text()


def reached(**more: Any) -> dict[str, Any]:
    check = {"check": "tcp", "reached": True, "problem": None, "ms": 0.1, "port": 80}
    return {
        "source": "ns1",
        "target": "192.168.2.11",
        "expect": "reach",
        "reached": True,
        "ok": True,
        "checks": [check],
        "path_mtu": None,
        "hints": [],
        **more,
    }


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "\N{CHECK MARK} reached tcp 80 0.1 ms"),
        ({"path_mtu": 1450}, "tcp 80 0.1 ms, path MTU 1450"),
        (
            {
                "expect": "no_reach",
                "reached": False,
                "checks": [{"check": "ping", "reached": False, "problem": "no answer"}],
            },
            "\N{CHECK MARK} blocked, as it should be",
        ),
        (
            {
                "ok": False,
                "reached": False,
                "checks": [{"check": "ping", "reached": False, "problem": "no answer"}],
            },
            "\N{MULTIPLICATION X} NOT REACHED ping: no answer",
        ),
        (
            {"ok": False, "expect": "no_reach"},
            "\N{MULTIPLICATION X} REACHED, BUT SHOULD NOT BE tcp 80: answered",
        ),
    ],
    ids=["reached", "mtu", "blocked", "not reached", "leak"],
)
def test_what_module_reachability_measured(row: dict[str, Any], words: str) -> None:
    result = {"matrix": [reached(**row)], "failures": []}
    page = Page(report_page(data(reachability={"Rooms of S3": result})))
    assert words in page.text()
    assert "Rooms of S3" in page.text()


def test_failures_of_module_reachability_have_their_hints() -> None:
    failure = {
        "source": "ns1",
        "target": "203.0.113.7",
        "expect": "reach",
        "problem": "ping: no answer",
        "hints": ["FORWARD drops."],
    }
    result = {"matrix": [reached(ok=False, reached=False)], "failures": [failure]}
    text = Page(report_page(data(reachability={"Outside": result}))).text()
    assert "1 of 1 pair failed" in text
    assert "203.0.113.7: ping: no answer FORWARD drops." in text


def test_large_groups_get_a_line_for_each_source() -> None:
    names = [f"h{number}" for number in range(50)]
    hosts = [
        {
            "host": name,
            "ip": f"10.0.{number}.2",
            "bridge": "",
            "subnet": "",
            "lease_mtu": 0,
            "mtu": 1450,
            "rows": [
                row(name, "container", other, f"10.0.{number}.2")
                for other in names
                if other != name
            ],
        }
        for number, name in enumerate(names)
    ]
    hosts[3]["rows"][0]["ping"] = {"ok": False, "problem": "no answer"}
    text = Page(report_page(data(verdict=verify_matrix(hosts)))).text()
    assert "\N{MULTIPLICATION X} 1 of 49 fail" in text
    assert text.count("\N{CHECK MARK} all 49") == 49
    assert "h0 container 10.0.0.2: FAILED" in text


def test_everything_from_hosts_is_escaped() -> None:
    host = overlay_host(1)
    host["host"] = EVIL
    web = host["namespaces"][1]
    web.update(containers=[EVIL], owner=EVIL)
    web["links"][1].update(name=EVIL, mac=EVIL, owner=EVIL, kind=EVIL)
    result = {"matrix": [reached(source=EVIL, target=EVIL)], "failures": []}
    found = data(
        host,
        looks={EVIL: {"versions": {EVIL: EVIL}, "files": [{"path": EVIL, "written": EVIL}]}},
        missing=[EVIL],
        reachability={EVIL: result},
        controller={EVIL: EVIL},
        collection=EVIL,
    )
    html = report_page(found, "", EVIL)
    page = Page(html)
    assert page.count("script") == 0
    assert "<script" not in html
    assert page.text().count(EVIL) >= 15


def test_without_a_picture_it_says_why() -> None:
    page = Page(report_page(data(), "", "Install its package graphviz."))
    assert page.count("svg") == 0
    assert "There is no picture: Install its package graphviz." in page.text()


def test_a_thousand_namespaces_are_all_in_the_table() -> None:
    html = report_page(data(rooms(1000)))
    page = Page(html)
    assert "node1: 3,002 links" in page.text()
    assert page.count("tr") > 3000
    assert len(html) < 2_000_000


def test_hosts_whose_tasks_failed_are_no_success() -> None:
    page = Page(report_page(data(failed=["node2"], verdict=verify_matrix(two_hosts()[:0]))))
    assert "\N{MULTIPLICATION X} 1 failure, 0 pairs measured" in page.text()
    assert "node2: a task failed there" in page.text()


# --- what changed ---


def changed(before: dict[str, Any], now: dict[str, Any], **more: Any) -> dict[str, Any]:
    old = json.dumps(report_data({"node1": before}, "then"))
    found: dict[str, Any] = report_data({"node1": now}, NOW, previous=old, **more)["changes"]
    return found


def test_nothing_changed() -> None:
    assert changed(rooms(2), rooms(2)) == {"since": "then", "entries": []}


def test_each_kind_of_change() -> None:
    now = rooms(3)
    now["namespaces"][1]["links"][1].update(up=False, mtu=1400)
    now["namespaces"][2]["routes"] = []
    entries = changed(rooms(2), now)["entries"]
    said = {(entry["sign"], entry["what"]): entry["how"] for entry in entries}
    arrow = "\N{RIGHTWARDS ARROW}"
    assert said["~", "link ns1veth0 in ns1"] == f"state up {arrow} down, MTU 1500 {arrow} 1400"
    assert said["-", "route to 0.0.0.0/0 in ns2"] == "via 192.168.0.1, on ns2veth0"
    assert ("+", "namespace ns3") in said
    assert said["+", "link ns3veth1"] == "veth, state up, MTU 1500, port of mybridge"
    assert len(said) == 7


def test_versions_are_compared() -> None:
    looks = [{"node1": {"versions": {"Docker": version}}} for version in ("20.10.24", "26.1.5")]
    old = json.dumps(data(rooms(1), looks=looks[0]))
    entries = data(rooms(1), looks=looks[1], previous=old)["changes"]["entries"]
    arrow = "\N{RIGHTWARDS ARROW}"
    assert [(entry["what"], entry["how"]) for entry in entries] == [
        ("version of Docker", f"20.10.24 {arrow} 26.1.5")
    ]


def test_the_container_that_measures_is_no_change() -> None:
    before, now = overlay_host(1), overlay_host(1)
    now["namespaces"][1]["links"][1]["peer"]["name"] = "vethother"
    now["namespaces"][0]["links"][-1]["name"] = "vethother"
    for host in (before, now):
        host["host"] = "node1"
    assert len(changed(before, now)["entries"]) == 2
    assert changed(before, now, passing="web")["entries"] == []


@pytest.mark.parametrize(
    "previous",
    ["", "{", "[]", "null", '{"format": 0, "hosts": []}', '{"format": 1, "hosts": []}'],
)
def test_an_earlier_report_that_is_none(previous: str) -> None:
    found = data(rooms(1), previous=previous)
    assert found["changes"] == {"since": None, "entries": []}
    assert "This is the first report" in Page(report_page(found)).text()


def test_a_first_report_shows_when_files_were_written() -> None:
    looks = {"node1": {"files": [{"path": "/etc/container_net/rooms.json", "written": NOW}]}}
    first = data(rooms(1), looks=looks)
    second = data(rooms(1), looks=looks, previous=json.dumps(first))
    for found, unfolded in ((first, True), (second, False)):
        page = Page(report_page(found))
        assert "/etc/container_net/rooms.json" in page.text()
        details = [attributes for tag, attributes in page.seen if tag == "details"]
        assert ("open" in details[0]) is unfolded


def test_a_report_of_other_hosts_is_none_to_compare_with() -> None:
    old = json.dumps(data(rooms(1, "elsewhere")))
    assert data(rooms(1), previous=old)["changes"]["since"] is None


def test_data_is_json() -> None:
    found = measured()
    assert json.loads(json.dumps(found)) == found
    assert re.fullmatch(r"\d{4}-\d\d-\d\d .*", found["written"])
