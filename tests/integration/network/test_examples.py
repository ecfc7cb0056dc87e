# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tutorials' networks S1 to S3, made by the examples, with the results that they show; S18."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.network.sandbox import ROOT, Sandbox

EXAMPLES = ROOT / "examples"


def changed(results: list[dict[str, Any]]) -> bool:
    return any(result["changed"] for result in results)


def ping(sandbox: Sandbox, netns: str, address: str) -> bool:
    return sandbox.succeeds("ip", "netns", "exec", netns, "ping", "-c1", "-W2", address)


def test_s01_namespaces(sandbox: Sandbox) -> None:
    example = EXAMPLES / "s01_namespaces.yml"

    def links() -> list[tuple[str, bool]]:
        return [
            (link["ifname"], "UP" in link["flags"])
            for link in sandbox.ip("-n", "test1", "link", "show")
        ]

    before = sandbox.network()
    assert changed(sandbox.playbook(example, "--check"))
    assert sandbox.network() == before
    assert changed(sandbox.playbook(example, "-e", "loopback=down"))
    assert sandbox.namespaces() == ["test1"]
    assert links() == [("lo", False)]
    assert changed(sandbox.playbook(example))
    assert links() == [("lo", True)]
    assert ping(sandbox, "test1", "127.0.0.1")
    assert not changed(sandbox.playbook(example))
    assert not changed(sandbox.playbook(example, "--check"))
    assert changed(sandbox.playbook(example, "-e", "state=absent"))
    assert sandbox.namespaces() == []


def test_s02_veth_pair(sandbox: Sandbox) -> None:
    example = EXAMPLES / "s02_veth_pair.yml"
    before = sandbox.network()
    assert changed(sandbox.playbook(example, "--check"))
    assert sandbox.network() == before
    assert changed(sandbox.playbook(example))
    assert not changed(sandbox.playbook(example))
    assert not changed(sandbox.playbook(example, "--check"))
    assert ping(sandbox, "test1", "192.168.1.2")
    assert ping(sandbox, "test2", "192.168.1.1")
    assert [link["ifname"] for link in sandbox.ip("link", "show")] == ["lo"]
    for number in (1, 2):
        (link,) = sandbox.ip("-n", f"test{number}", "addr", "show", "dev", f"veth-test{number}")
        assert f"192.168.1.{number}" in [a["local"] for a in link["addr_info"]]
        assert "UP" in link["flags"]
    assert changed(sandbox.playbook(example, "-e", "state=absent"))
    assert not changed(sandbox.playbook(example, "-e", "state=absent"))
    assert sandbox.namespaces() == []


def test_s03_bridge(sandbox: Sandbox) -> None:
    example = EXAMPLES / "s03_bridge.yml"
    before = sandbox.network()
    assert changed(sandbox.playbook(example, "--check"))
    assert sandbox.network() == before
    assert changed(sandbox.playbook(example))
    assert not changed(sandbox.playbook(example))
    assert not changed(sandbox.playbook(example, "--check"))
    assert ping(sandbox, "ns1", "192.168.2.11")
    assert ping(sandbox, "ns2", "192.168.2.10")
    ports = sandbox.ip("link", "show", "master", "mybridge")
    assert sorted(link["ifname"] for link in ports) == ["ns1veth1", "ns2veth1"]
    for name in ("ns1", "ns2"):
        (route,) = sandbox.ip("-n", name, "route", "show", "default")
        assert (route["gateway"], route["dev"]) == ("192.168.2.1", f"{name}veth0")
    assert changed(sandbox.playbook(example, "-e", "state=absent"))
    assert sandbox.network() == before


def test_s18_look(sandbox: Sandbox) -> None:
    sandbox.playbook(EXAMPLES / "s03_bridge.yml")
    before = sandbox.network()
    targets = '{"s18_targets": ["192.168.2.10", "192.168.2.11", "192.168.2.1"]}'
    results = sandbox.playbook(EXAMPLES / "s18_look.yml", "-e", targets)
    assert not changed(results)
    dummy, links, dummy, measured, told = results
    lines = [" ".join(link.get("msg", "").split()) for link in links["results"]]
    assert [x for x in lines if "ns1veth0 (veth) <-> ns1veth1 in the host 192.168.2.10/24" in x]
    assert [
        x for x in lines if "the host: ns2veth1 (veth) <-> ns2veth0 in ns2 port of mybridge" in x
    ]
    assert len(measured["matrix"]) == 6
    assert {row["path_mtu"] for row in measured["matrix"] if row["target"] != row["source"]} <= {
        1500,
        65535,  # to itself
    }
    assert told["results"][1]["msg"].startswith("ns1 -> 192.168.2.11: ")
    assert sandbox.network() == before
    # A namespace that is cut off is found out.
    sandbox.sh("ip link set ns2veth1 down")
    *dummy, failed = sandbox.playbook(EXAMPLES / "s18_look.yml", "-e", targets, check=False)
    assert "ns2veth1 of the host is down" in failed["msg"]


@pytest.mark.parametrize("count", [200])
def test_a_network_in_short_form(sandbox: Sandbox, count: int) -> None:
    """The filter's topology, as its documentation calls it."""
    topology = f"'crowd' | netfabric.container_net.bridge_topology('192.168.0.0/16', {count})"
    lists = ("namespaces", "bridges", "veths")
    call = {
        "netfabric.container_net.topology": {
            "name": "crowd",
            **{name: f"{{{{ net.{name} }}}}" for name in lists},
        },
        "vars": {"net": f"{{{{ {topology} }}}}"},
    }
    first, second = sandbox.play([call, call])
    assert (first["changed"], second["changed"]) == (True, False)
    assert len(sandbox.namespaces()) == count
    assert ping(sandbox, "ns1", "192.168.0.201")
    sandbox.play([{"netfabric.container_net.topology": {"name": "crowd", "state": "absent"}}])
    assert sandbox.namespaces() == []
