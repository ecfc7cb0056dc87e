# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of two real hosts: what is in it, and how Chromium shows it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.plugin_utils._report.palette import COLOURS
from tests.integration.network.sandbox import ROOT
from tests.integration.report.chromium import Chromium
from tests.integration.report.runs import path_without_dot
from tests.integration.report.two_hosts import TwoHosts

SCREENS = [(1400, "light"), (1400, "dark"), (360, "light"), (360, "dark")]
# Where a person finds them afterwards.
SCREENSHOTS = ROOT / ".build" / "results"
TEXTS = "[...document.querySelectorAll('svg text')].map(e => e.textContent.trim())"


# What module reachability says of one host goes into the report beside what the role measures.
PLAYBOOK = [
    {
        "hosts": "node1",
        "gather_facts": False,
        "tasks": [
            {
                "netfabric.container_net.reachability": {
                    "sources": [{"netns": "ns1"}, {"netns": "ns2"}, {"container": "web"}],
                    "targets": ["192.168.2.10", "192.168.2.11", "198.51.100.7"],
                    "pairs": [{"target": "198.51.100.7", "expect": "no_reach"}],
                    "count": 1,
                },
                "register": "rooms",
            }
        ],
    },
    {
        "ansible.builtin.import_playbook": "netfabric.container_net.verify",
        "vars": {"verify_report_reachability": {"Rooms of node1": "{{ hostvars.node1.rooms }}"}},
    },
]
QUICK = ("-e", "verify_attempts=1", "-e", "verify_timeout=2")


class Report:
    def __init__(self, hosts: TwoHosts, folder: Path) -> None:
        self.hosts = hosts
        self.folder = folder
        self.page = folder / "reports" / "report.html"

    def write(self, *words: str, name: str = "report", check: bool = True, **more: str) -> str:
        """By a playbook of the collection, or of this file; what Ansible said."""
        name = name if name.endswith(".yml") else f"netfabric.container_net.{name}"
        words = ("-e", f"verify_report_file={self.page}", *words)
        done = self.hosts.playbook(name, *words, check=check, **more)
        assert check or done.returncode != 0, done.stdout
        return done.stdout

    def tasks(self, *words: str) -> dict[str, int]:
        """How many tasks of role verify run on each host."""
        folder = self.folder / "runs"
        self.write(
            *words,
            name="verify",
            ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests/molecule/callback_plugins"),
            ANSIBLE_CALLBACKS_ENABLED="run_report",
            CONTAINER_NET_RUN_REPORTS=str(folder),
        )
        (path,) = folder.glob("*.json")
        tasks = json.loads(path.read_text())["tasks"]["verify"]
        return {host: len(names) for host, names in tasks.items()}

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.page.with_suffix(".json").read_text())
        return found


@pytest.fixture(scope="module")
def report(two_hosts: TwoHosts, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What playbook verify writes of both hosts, after a first report and a change."""
    made = Report(two_hosts, tmp_path_factory.mktemp("report"))
    made.write()
    two_hosts.hosts["node2"].sh("ip route add 10.9.0.0/16 dev eth1")
    playbook = made.folder / "play.yml"
    playbook.write_text(json.dumps(PLAYBOOK))
    made.write(name=str(playbook))
    return made


def links(data: dict[str, Any]) -> list[dict[str, Any]]:
    """All links but loopbacks, which are drawn only where they are down."""
    spaces = [space for host in data["hosts"] for space in host["namespaces"]]
    return [link for space in spaces for link in space["links"] if link["kind"] != "loopback"]


def rgb(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


def test_the_fixture_is_what_it_says(report: Report) -> None:
    """Otherwise the other tests look at nothing."""
    data = report.data()
    kinds = Counter(link["kind"] for link in links(data))
    assert kinds == {"veth": 2 + 2 * 7, "bridge": 3, "vxlan": 2}
    containers = [
        name
        for host in data["hosts"]
        for space in host["namespaces"]
        for name in space["containers"]
    ]
    measured = ["container-net-verify"] * 2
    assert sorted(containers) == [*measured, "database", "web", "worker"]


def test_what_was_measured_is_in_it(report: Report) -> None:
    data = report.data()
    assert [(pair["from"], pair["side"], pair["ok"]) for pair in data["pairs"]] == [
        ("node1", "container", True),
        ("node2", "container", True),
        ("node1", "host", True),
        ("node2", "host", True),
    ]
    assert data["failures"] == data["missing"] == []
    matrix = data["reachability"]["Rooms of node1"]["matrix"]
    assert [row["ok"] for row in matrix] == [True] * 9
    assert "13 pairs measured, all as expected" in report.page.read_text()


def test_what_changed_is_in_it(report: Report) -> None:
    """Not the container that measures, which was not there before."""
    (change,) = report.data()["changes"]["entries"]
    assert change == {
        "host": "node2",
        "sign": "+",
        "what": "route to 10.9.0.0/16",
        "how": "on eth1",
    }


def test_graphs_and_versions_are_in_it(report: Report) -> None:
    assert report.page.with_suffix(".dot").read_text().startswith("graph ")
    for host in report.data()["hosts"]:
        assert {"system", "kernel", "Python", "pyroute2"} <= set(host["versions"])
    paths = [file["path"] for file in report.data()["hosts"][0]["files"]]
    assert "/var/lib/container_net/topologies/two_rooms.json" in paths


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_it_opens_in_a_browser(report: Report, chromium: Chromium, width: int, theme: str) -> None:
    chromium.open(report.page, width, theme)
    chromium.screenshot(SCREENSHOTS / f"report-{width}-{theme}.png")
    assert chromium.complaints() == []
    # Nothing but the file itself, and its icon, which is in it.
    urls = [url for url in chromium.requests() if not url.startswith("data:")]
    assert urls == [report.page.as_uri()]


def test_the_picture_holds_every_link(report: Report, chromium: Chromium) -> None:
    chromium.open(report.page, 1400, "light")
    shown = Counter(chromium.evaluate(TEXTS))
    wanted = Counter(link["name"] for link in links(report.data()))
    assert {name: number for name, number in wanted.items() if shown[name] < number} == {}
    addresses = {address for link in links(report.data()) for address in link["addresses"]}
    assert {a for a in addresses if not a.startswith("fe80:")} - set(shown) == set()
    for name in ("web", "database", "worker", "ns1", "ns2", "node1", "node2", "VXLAN 1"):
        assert name in shown


@pytest.mark.parametrize(
    ("kind", "number"),
    # Seven pairs in hosts (the wire between them is no pair of one host), two links that sit on it.
    [("veth", 7), ("lower", 2), ("overlay", 2), ("network", 2)],
)
def test_the_picture_has_a_line_for_each(
    report: Report, chromium: Chromium, kind: str, number: int
) -> None:
    chromium.open(report.page, 1400, "light")
    assert chromium.evaluate(f"document.querySelectorAll('svg .edge.{kind}').length") == number


def test_every_text_stays_in_its_box(report: Report, chromium: Chromium) -> None:
    chromium.open(report.page, 1400, "light")
    assert chromium.texts_outside() == []


def test_a_phone_scrolls_the_picture_and_not_the_page(report: Report, chromium: Chromium) -> None:
    chromium.open(report.page, 360, "light")
    assert chromium.evaluate("document.documentElement.scrollWidth") <= 360
    wide = "document.querySelector('.picture').scrollWidth"
    assert chromium.evaluate(wide) > 360
    # Not so small that nobody can read it.
    text = "document.querySelector('svg text').getBoundingClientRect().height"
    assert chromium.evaluate(text) >= 9


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_and_picture_follow_the_theme(report: Report, chromium: Chromium, theme: str) -> None:
    chromium.open(report.page, 1400, theme)
    place = ["light", "dark"].index(theme)
    body = "getComputedStyle(document.body).backgroundColor"
    assert chromium.evaluate(body) == rgb(COLOURS["page"][place])
    for kind in ("namespace", "container", "bridge", "overlay", "host", "routes"):
        fill = f"getComputedStyle(document.querySelector('svg g.{kind}:not(.edge) path')).fill"
        assert chromium.evaluate(fill) == rgb(COLOURS[kind][place]), kind
    line = "getComputedStyle(document.querySelector('svg .edge.overlay path')).stroke"
    assert chromium.evaluate(line) == rgb(COLOURS["overlay-line"][place])
    text = "getComputedStyle(document.querySelector('svg .namespace text')).fill"
    assert chromium.evaluate(text) == rgb(COLOURS["ink"][place])


def test_a_pair_that_fails_is_in_the_report(two_hosts: TwoHosts, tmp_path: Path) -> None:
    report = Report(two_hosts, tmp_path)
    node1 = two_hosts.hosts["node1"]
    entry = "02:00:00:00:00:32 dev flannel.1 dst 192.168.100.13"
    node1.sh(f"bridge fdb del {entry}; ip -n ns1 link set ns1veth0 down")
    try:
        said = report.write(*QUICK, name="verify", check=False)
    finally:
        node1.sh(f"bridge fdb append {entry}; ip -n ns1 link set ns1veth0 up")
        node1.sh("ip -n ns1 route add default via 192.168.2.1")
    assert "node1 container -> node2 container" in said
    page = report.page.read_text()
    assert "\N{MULTIPLICATION X} 4 of 4 pairs failed" in page
    assert "\N{MULTIPLICATION X} FAILED" in page
    assert "Does what joins the hosts pass between them" in page
    assert "\N{MULTIPLICATION X} DOWN" in page


def test_the_report_costs_two_tasks_more(two_hosts: TwoHosts, tmp_path: Path) -> None:
    for folder, words, tasks in (("with", [], 4), ("without", ["-e", "verify_report=false"], 2)):
        (tmp_path / folder).mkdir()
        report = Report(two_hosts, tmp_path / folder)
        assert report.tasks(*words) == {"node1": tasks, "node2": tasks}
        assert report.page.exists() == (folder == "with")


def test_without_graphviz_the_report_says_what_to_install(
    two_hosts: TwoHosts, tmp_path: Path
) -> None:
    report = Report(two_hosts, tmp_path)
    said = report.write(PATH=path_without_dot(tmp_path))
    assert "Install its package graphviz" in said
    page = report.page.read_text()
    assert "There is no picture: Graphviz is not on the controller" in page
    assert "<svg" not in page
    assert "ns1veth0" in page


def test_a_host_that_cannot_be_looked_at_is_named(two_hosts: TwoHosts, tmp_path: Path) -> None:
    report = Report(two_hosts, tmp_path)
    # node2 has no Python that works: its tasks fail, the report is written all the same.
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\ncat >/dev/null\necho 'out of order' >&2\nexit 1\n")
    python.chmod(0o755)
    broken = json.loads((two_hosts.directory / "inventory.json").read_text())
    broken["container_net"]["hosts"]["node2"]["ansible_python_interpreter"] = str(python)
    inventory = tmp_path / "broken.json"
    inventory.write_text(json.dumps(broken))
    said = report.write("-i", str(inventory))
    assert "node2 cannot be in the report" in said
    assert [host["host"] for host in report.data()["hosts"]] == ["node1"]
    assert "they could not be looked at: node2." in report.page.read_text()


def test_check_mode_writes_nothing(two_hosts: TwoHosts, tmp_path: Path) -> None:
    report = Report(two_hosts, tmp_path)
    assert f"Would look at the network of each host and write {report.page}" in " ".join(
        report.write("--check").split()
    )
    assert not report.page.exists()
