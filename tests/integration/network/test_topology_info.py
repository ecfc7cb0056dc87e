# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module topology_info on a host with every kind of namespace, and links between all of them."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.network.docker_api import inspected
from tests.integration.network.documented import expect_documented
from tests.integration.network.sandbox import ROOT, Sandbox

# "first" and "second" are joined, "both" has two names. Processes stand for containers, and one
# for something that nobody gave a name. Docker keeps the namespace of an overlay with a mount.
NETWORK = """
for name in first second both; do ip netns add "$name"; done
touch /run/netns/again /run/netns/stale
mount --bind /run/netns/both /run/netns/again
ip link add br0 up type bridge forward_delay 400
ip address add 10.0.0.1/24 dev br0
ip address add 2001:db8::1/64 dev br0 nodad
ip link add first0 master br0 up type veth peer name eth0 netns first
ip -n first link set eth0 up
ip -n first address add 10.0.0.2/24 dev eth0
ip -n first route add default via 10.0.0.1
ip -n first route add blackhole 10.66.0.0/16 metric 7
ip netns exec first sysctl -qw net.ipv4.ip_forward=1
ip -n first link add between type veth peer name between netns second
ip link add nic type veth peer name wire
ip link set nic up
ip link set wire up
ip link add mv0 link nic netns second type macvlan mode bridge
ip link add vx0 type vxlan id 5 dstport 4789 local 10.0.0.1 dev br0 nolearning
bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.9
mkdir -p /run/docker/netns
touch "/run/docker/netns/1-a b"
unshare --net="/run/docker/netns/1-a b" true
ip link add over0 type veth peer name over1
nsenter --net="/run/docker/netns/1-a b" ip link set lo up
ln -s "/run/docker/netns/1-a b" /run/netns/overlay
ip link set over1 netns overlay
rm /run/netns/overlay
for name in web lonely; do
    unshare --net sleep 1000 >/dev/null 2>&1 &
    echo $! >"/run/$name.pid"
done
nsenter --net="/proc/$(cat /run/web.pid)/ns/net" sleep 1000 >/dev/null 2>&1 &
echo $! >/run/guest.pid
sleep 0.5
for name in web lonely; do
    ip link add "${name}0" type veth peer name eth0 netns "$(cat "/run/$name.pid")"
done
ip link set web0 master br0
"""

NETWORKS = [
    {
        "Name": "network01",
        "Id": "3f1c9a7be00211",
        "Driver": "bridge",
        "Scope": "local",
        "Internal": True,
        "IPAM": {"Config": [{"Subnet": "172.10.0.0/24", "Gateway": "172.10.0.1"}]},
        "Options": {},
    },
    {"Name": "lan", "Id": "22", "Driver": "macvlan", "Options": {"parent": "nic"}, "IPAM": None},
    {"Name": "host", "Id": "33", "Driver": "host", "Scope": "local", "IPAM": {"Config": None}},
]
ENDPOINT = {
    "IPAddress": "172.10.0.2",
    "IPPrefixLen": 24,
    "GlobalIPv6Address": "",
    "MacAddress": "02:42:ac:0a:00:02",
    "Aliases": ["web", "web-id"],
}


class Looked:
    """A host, and what the module says of it."""

    def __init__(self, directory: Path) -> None:
        self.host = Sandbox(directory)
        self.docker = directory / "docker.json"

    def prepare(self) -> None:
        self.host.sh(NETWORK)
        pid = {name: self.pid(name) for name in ("web", "guest")}
        self.say(
            NETWORKS,
            [
                inspected("web", pid["web"], "network01", network01=ENDPOINT),
                # Its name comes first, but the namespace is web's.
                inspected("guest", pid["guest"], "container:web-id"),
                inspected("direct", 1, "host"),
                inspected("done"),
            ],
        )
        program = ROOT / "tests/integration/network/docker_api.py"
        self.host.sh(
            f"PYTHONPATH={ROOT} {sys.executable} {program} {self.docker} >/dev/null 2>&1 &\n"
            "for i in $(seq 100); do [ ! -S /run/docker.sock ] || exit 0; sleep 0.1; done; exit 1"
        )

    def pid(self, name: str) -> int:
        return int(self.host.sh(f"cat /run/{name}.pid"))

    def say(self, networks: list[Any], containers: list[Any]) -> None:
        self.docker.write_text(json.dumps({"networks": networks, "containers": containers}))

    def call(self, **options: Any) -> dict[str, Any]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}/.build"}
        done = self.host.run(
            sys.executable,
            "tests/integration/network/runner.py",
            input=json.dumps([{"module": "topology_info", "options": options}]),
            env=environment,
        )
        (answer,) = json.loads(done.stdout)
        assert answer["changes"] == []
        result: dict[str, Any] = answer["result"]
        return result


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    made = Looked(tmp_path_factory.mktemp("looked"))
    try:
        made.prepare()
        yield made
    finally:
        made.host.close()


@pytest.fixture(scope="module")
def everything(looked: Looked) -> dict[str, Any]:
    return looked.call(containers=True)


@pytest.fixture(scope="module")
def spaces(everything: dict[str, Any]) -> dict[str, Any]:
    return {space["netns"]: space for space in everything["namespaces"]}


def link(spaces: dict[str, Any], netns: str, name: str) -> dict[str, Any]:
    (found,) = [link for link in spaces[netns]["links"] if link["name"] == name]
    result: dict[str, Any] = found
    return result


def unnamed(spaces: dict[str, Any]) -> dict[str | None, str]:
    """The namespaces without a name, by their process."""
    return {s["process"]: s["netns"] for s in spaces.values() if s["kind"] == "unnamed"}


def test_every_namespace_is_found_once(spaces: dict[str, Any], looked: Looked) -> None:
    kinds = [(space["kind"], space["netns"]) for space in spaces.values()]
    assert kinds[:5] == [
        ("host", ""),
        ("named", "again"),
        ("named", "first"),
        ("named", "second"),
        ("container", "container:web"),
    ]
    assert [kind for kind, dummy in kinds[5:]] == ["unnamed", "unnamed"]
    for name in unnamed(spaces).values():
        assert re.fullmatch(r"net:\[\d+\]", name)
    assert spaces["again"]["names"] == ["again", "both"]
    assert spaces["container:web"]["containers"] == ["web", "guest"]
    assert spaces[""]["containers"] == ["direct"]
    assert spaces[unnamed(spaces)["sleep"]]["pid"] == looked.pid("lonely")
    assert spaces[unnamed(spaces)[None]]["path"] == "/run/docker/netns/1-a b"


def test_both_ends_of_every_pair(spaces: dict[str, Any]) -> None:
    lonely, overlay = unnamed(spaces)["sleep"], unnamed(spaces)[None]
    pairs = {
        (netns, found["name"]): (found["peer"]["netns"], found["peer"]["name"])
        for netns, space in spaces.items()
        for found in space["links"]
        if found["kind"] == "veth"
    }
    one_way = [
        (("", "first0"), ("first", "eth0")),
        (("first", "between"), ("second", "between")),
        (("", "nic"), ("", "wire")),
        (("", "web0"), ("container:web", "eth0")),
        (("", "lonely0"), (lonely, "eth0")),
        (("", "over0"), (overlay, "over1")),
    ]
    assert pairs == {**dict(one_way), **{other: one for one, other in one_way}}


def test_what_a_link_is(spaces: dict[str, Any]) -> None:
    bridge = link(spaces, "", "br0")
    assert bridge["ports"] == ["first0", "web0"]
    assert bridge["addresses"][:2] == ["10.0.0.1/24", "2001:db8::1/64"]
    assert bridge["options"]["forward_delay"] == 4
    assert bridge["options"]["stp"] is False
    assert (bridge["kind"], bridge["up"], bridge["carrier"]) == ("bridge", True, True)
    assert link(spaces, "", "first0")["master"] == "br0"
    assert link(spaces, "second", "mv0")["lower"] == {"netns": "", "name": "nic"}
    vxlan = link(spaces, "", "vx0")
    assert vxlan["lower"] == {"netns": "", "name": "br0"}
    assert vxlan["options"] == {
        "vni": 5,
        "local": "10.0.0.1",
        "dev": "br0",
        "dstport": 4789,
        "learning": False,
    }
    assert vxlan["fdb"] == [{"mac": "00:00:00:00:00:00", "dst": "10.0.0.9"}]
    loopback = link(spaces, "second", "lo")
    assert (loopback["kind"], loopback["up"]) == ("loopback", False)
    assert link(spaces, "", "web0")["up"] is False


def test_routes_and_forwarding(spaces: dict[str, Any]) -> None:
    routes = {route["dst"]: route for route in spaces["first"]["routes"]}
    assert set(routes) == {"0.0.0.0/0", "10.0.0.0/24", "10.66.0.0/16"}
    assert routes["0.0.0.0/0"] == {
        "dst": "0.0.0.0/0",
        "via": "10.0.0.1",
        "dev": "eth0",
        "metric": 0,
        "table": 254,
        "type": "unicast",
        "scope": "global",
        "src": None,
        "protocol": 3,
        "owner": None,
    }
    assert (routes["10.66.0.0/16"]["type"], routes["10.66.0.0/16"]["metric"]) == ("blackhole", 7)
    assert routes["10.0.0.0/24"]["src"] == "10.0.0.2"
    forwarding = {name: space["sysctls"]["net.ipv4.ip_forward"] for name, space in spaces.items()}
    assert forwarding["first"] == "1"
    assert forwarding["second"] == "0"


def test_dockers_networks_and_containers(everything: dict[str, Any], looked: Looked) -> None:
    docker = everything["docker"]
    assert [network["name"] for network in docker["networks"]] == ["host", "lan", "network01"]
    links = {network["name"]: network["link"] for network in docker["networks"]}
    assert links == {"host": None, "lan": "nic", "network01": "br-3f1c9a7be002"}
    assert docker["networks"][2]["internal"] is True
    assert docker["networks"][2]["subnets"] == [
        {"subnet": "172.10.0.0/24", "gateway": "172.10.0.1"}
    ]
    containers = {container["name"]: container for container in docker["containers"]}
    assert {name: found["netns"] for name, found in containers.items()} == {
        "direct": "",
        "done": None,
        "guest": "container:web",
        "web": "container:web",
    }
    web = containers["web"]
    assert (web["pid"], web["state"], web["image"]) == (looked.pid("web"), "running", "debian:12")
    assert web["networks"] == {
        "network01": {
            "addresses": ["172.10.0.2/24"],
            "mac": "02:42:ac:0a:00:02",
            "aliases": ["web", "web-id"],
        }
    }
    assert (containers["done"]["pid"], containers["done"]["state"]) == (None, "exited")


def test_what_is_returned_is_what_is_documented(everything: dict[str, Any]) -> None:
    expect_documented("topology_info", everything)


def test_some_namespaces_still_tell_of_the_others(looked: Looked) -> None:
    result = looked.call(netns=["second", "container:web"])
    assert [space["netns"] for space in result["namespaces"]] == ["second", "container:web"]
    spaces = {space["netns"]: space for space in result["namespaces"]}
    assert link(spaces, "second", "between")["peer"] == {"netns": "first", "name": "between"}
    assert link(spaces, "container:web", "eth0")["peer"] == {"netns": "", "name": "web0"}


def test_without_docker_a_container_is_one_without_a_name(looked: Looked) -> None:
    result = looked.call(containers=False)
    assert result["docker"] is None
    assert {space["kind"] for space in result["namespaces"]} == {"host", "named", "unnamed"}
    assert looked.call()["docker"] is not None


def test_what_a_topology_made_is_its_own(sandbox: Sandbox) -> None:
    made, seen = sandbox.play(
        [
            {
                "netfabric.container_net.topology": {
                    "name": "two_rooms",
                    "bridges": [{"name": "br1", "addresses": ["10.1.0.1/24"]}],
                    "namespaces": [{"name": "room"}],
                    "routes": [{"dst": "10.2.0.0/16", "via": "10.1.0.9"}],
                }
            },
            {"netfabric.container_net.topology_info": {}},
        ],
    )
    assert (made["changed"], seen["changed"]) == (True, False)
    spaces = {space["netns"]: space for space in seen["namespaces"]}
    assert spaces["room"]["owner"] == "two_rooms"
    assert link(spaces, "", "br1")["owner"] == "two_rooms"
    owners = {route["dst"]: route["owner"] for route in spaces[""]["routes"]}
    assert owners == {"10.1.0.0/24": None, "10.2.0.0/16": "two_rooms"}
    assert spaces[""]["owner"] is None


def test_namespaces_that_are_a_ring(sandbox: Sandbox) -> None:
    """No end is on the host, and all links have the same numbers."""
    sandbox.sh(
        "for i in $(seq 0 29); do ip netns add n$i; done\n"
        "for i in $(seq 0 29); do\n"
        "    ip -n n$i link add right type veth peer name left netns n$((($i + 1) % 30))\n"
        "done"
    )
    (seen,) = sandbox.play([{"netfabric.container_net.topology_info": {}}])
    spaces = {space["netns"]: space for space in seen["namespaces"]}
    for number in range(30):
        other = {"netns": f"n{(number + 1) % 30}", "name": "left"}
        assert link(spaces, f"n{number}", "right")["peer"] == other


def test_an_end_that_nobody_can_find(sandbox: Sandbox) -> None:
    """A namespace that only an open descriptor keeps."""
    sandbox.sh(
        "ip netns add gone\n"
        "ip link add here type veth peer name there netns gone\n"
        "sleep 1000 9</run/netns/gone >/dev/null 2>&1 &\n"
        "sleep 0.2\n"
        "ip netns del gone"
    )
    (seen,) = sandbox.play([{"netfabric.container_net.topology_info": {}}])
    assert [space["netns"] for space in seen["namespaces"]] == [""]
    (here,) = [found for found in seen["namespaces"][0]["links"] if found["name"] == "here"]
    assert (here["kind"], here["peer"]) == ("veth", None)


def test_docker_that_does_not_answer_is_a_warning(sandbox: Sandbox) -> None:
    code = "import socket; socket.socket(socket.AF_UNIX).bind('/run/docker.sock')"
    sandbox.run(sys.executable, "-c", code)
    (seen,) = sandbox.play([{"netfabric.container_net.topology_info": {}}])
    assert seen["docker"] is None
    assert "Docker does not answer" in str(seen["warnings"])
