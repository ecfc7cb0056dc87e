# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role docker_networks refuses before it makes anything, and what it would make."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.filter.docker_networks_plan import (
    FilterModule,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._docker.networks_plan import (
    DEFINITION,
    SET,
    image_name,
)

HOST: dict[str, Any] = {
    "links": [
        {"name": "lo", "kind": "", "up": True, "master": "", "parent": ""},
        {"name": "eth0", "kind": "", "up": True, "master": "", "parent": ""},
        {"name": "eth1", "kind": "", "up": True, "master": "", "parent": ""},
        {"name": "eth2", "kind": "", "up": False, "master": "", "parent": ""},
        {"name": "eth3", "kind": "", "up": True, "master": "br0", "parent": ""},
        {"name": "eth4", "kind": "", "up": True, "master": "", "parent": ""},
        {"name": "mv0", "kind": "macvlan", "up": True, "master": "", "parent": "eth4"},
        {"name": "br0", "kind": "bridge", "up": True, "master": "", "parent": ""},
        {"name": "docker0", "kind": "bridge", "up": True, "master": "", "parent": ""},
        {"name": "br-0123456789ab", "kind": "bridge", "up": True, "master": "", "parent": ""},
    ],
    "routes": [
        {"dst": "10.0.2.0/24", "dev": "eth0", "type": "unicast"},
        {"dst": "192.168.100.0/24", "dev": "eth1", "type": "unicast"},
        {"dst": "10.9.0.0/16", "dev": "tun0", "type": "unicast"},
        {"dst": "198.51.100.0/24", "dev": "", "type": "blackhole"},
        {"dst": "10.44.0.7", "dev": "eth0", "type": "unicast"},
        {"dst": "fd00:9::/64", "dev": "eth0", "type": "unicast"},
        {"dst": "172.17.0.0/16", "dev": "docker0", "type": "unicast"},
        {"dst": "172.30.0.0/24", "dev": "br-0123456789ab", "type": "unicast"},
    ],
    "docker": 26,
    "flannel": [],
    "pools": [],
    "images": ["busybox:latest"],
    "networks": [
        {
            "id": "b" * 64,
            "name": "bridge",
            "driver": "bridge",
            "subnets": ["172.17.0.0/16"],
            "options": {},
            "labels": {},
        },
        {
            "id": "0123456789abcdef" * 4,
            "name": "theirs",
            "driver": "bridge",
            "subnets": ["172.30.0.0/24"],
            "options": {},
            "labels": {},
        },
    ],
    "containers": [
        {
            "name": "stranger",
            "running": True,
            "labels": {},
            "networks": {"theirs": ["172.30.0.2"]},
            "published": [
                {"protocol": "tcp", "address": "0.0.0.0", "port": 8000},
                {"protocol": "tcp", "address": "::", "port": 8000},
            ],
        },
        {
            "name": "stopped",
            "running": False,
            "labels": {},
            "networks": {"bridge": []},
            "published": [],
        },
    ],
    "listeners": [
        {"protocol": "tcp", "address": "", "port": 22},
        {"protocol": "udp", "address": "127.0.0.1", "port": 53},
        # Docker's, for what stranger publishes.
        {"protocol": "tcp", "address": "0.0.0.0", "port": 8000},
    ],
}


def plan(
    networks: list[dict[str, Any]] | None = None,
    containers: list[dict[str, Any]] | None = None,
    host: dict[str, Any] | None = None,
    **options: Any,
) -> dict[str, Any]:
    function = FilterModule().filters()["docker_networks_plan"]
    found: dict[str, Any] = function(
        networks or [], containers or [], host or HOST, name=options.pop("name", "web"), **options
    )
    return found


def made(
    networks: list[dict[str, Any]], containers: list[dict[str, Any]], name: str = "web"
) -> dict[str, Any]:
    """The host after a run with these."""
    done = plan(networks, containers, name=name)
    assert done["problems"] == []
    host = copy.deepcopy(HOST)
    for number, network in enumerate(done["networks"], 1):
        identity = f"{number:012d}"
        host["networks"].append(
            {
                "id": identity * 5,
                "name": network["name"],
                "driver": network["driver"],
                "subnets": [part["subnet"] for part in network["ipam_config"]],
                "options": network["driver_options"],
                "labels": network["labels"],
            }
        )
        for part in network["ipam_config"]:
            link = f"br-{identity}" if network["driver"] == "bridge" else "eth1"
            host["routes"].append({"dst": part["subnet"], "dev": link, "type": "unicast"})
    for container in done["containers"]:
        on = {end["name"]: [end.get("ipv4_address", "")] for end in container["networks"]}
        labels = container["labels"]
        host["containers"].append(
            {
                "name": container["name"],
                "running": True,
                "labels": labels,
                "networks": on,
                "published": [],
            }
        )
    return host


NET = {"name": "n", "subnet": "10.1.0.0/24"}
BOX = {"name": "c", "image": "busybox"}


def on(*networks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**BOX, "networks": list(networks), **more}


# What is wrong, the networks, the containers, and what the message says.
REFUSED: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]], list[str]]] = [
    (
        "gateway outside",
        [{**NET, "gateway": "10.2.0.1"}],
        [],
        ["docker_networks_networks[n].gateway: '10.2.0.1'", "not in 10.1.0.0/24", "Choose"],
    ),
    ("gateway is the network", [{**NET, "gateway": "10.1.0.0"}], [], ["first or last address"]),
    ("gateway is the broadcast", [{**NET, "gateway": "10.1.0.255"}], [], ["first or last"]),
    ("gateway of another family", [{**NET, "gateway": "fd00::1"}], [], ["not in 10.1.0.0/24"]),
    ("gateway is no address", [{**NET, "gateway": "router"}], [], ["not an IP address"]),
    ("gateway without subnet", [{"name": "n", "gateway": "10.1.0.1"}], [], ["no subnet"]),
    ("subnet is no network", [{"name": "n", "subnet": "10.1.0.0"}], [], ["not a network"]),
    (
        "subnet has host bits",
        [{"name": "n", "subnet": "10.1.0.7/24"}],
        [],
        ["[n].subnet: '10.1.0.7/24'", "Write 10.1.0.0/24"],
    ),
    ("subnet is too small", [{"name": "n", "subnet": "10.1.0.0/31"}], [], ["no address"]),
    ("subnet is multicast", [{"name": "n", "subnet": "224.1.0.0/24"}], [], ["no container"]),
    ("range outside", [{**NET, "ip_range": "10.2.0.0/28"}], [], ["ip_range", "not inside"]),
    ("range larger", [{**NET, "ip_range": "10.1.0.0/16"}], [], ["not inside 10.1.0.0/24"]),
    (
        "both forms",
        [{**NET, "subnets": [{"subnet": "10.2.0.0/24"}]}],
        [],
        ["subnet is given, too"],
    ),
    (
        "subnets overlap each other",
        [
            {
                "name": "n",
                "driver": "macvlan",
                "parent": "eth0",
                "subnets": [{"subnet": "10.1.0.0/16"}, {"subnet": "10.1.2.0/24"}],
            }
        ],
        [],
        ["10.1.2.0/24", "overlaps 10.1.0.0/16 of the same network"],
    ),
    (
        "a bridge has one of a family",
        [{"name": "n", "subnets": [{"subnet": "10.1.0.0/24"}, {"subnet": "10.2.0.0/24"}]}],
        [],
        ["one IPv4 subnet", "two networks"],
    ),
    ("name of Docker's", [{"name": "host"}], [], ["Docker's own network"]),
    ("no name", [{"name": "a b"}], [], ["is no name for a network"]),
    ("two of one name", [NET, {**NET, "subnet": "10.2.0.0/24"}], [], ["two networks have it"]),
    (
        "overlap each other",
        [NET, {"name": "m", "subnet": "10.1.0.128/25"}],
        [],
        ["[m].subnet: '10.1.0.128/25'", "overlaps 10.1.0.0/24 of network n"],
    ),
    (
        "overlaps the host's link",
        [{"name": "n", "subnet": "10.0.0.0/16"}],
        [],
        ["overlaps 10.0.2.0/24, a route of the host through eth0", "nothing else uses"],
    ),
    ("overlaps a VPN", [{"name": "n", "subnet": "10.9.7.0/24"}], [], ["through tun0"]),
    (
        "overlaps a blackhole",
        [{"name": "n", "subnet": "198.51.100.128/25"}],
        [],
        ["a route of the host (blackhole)"],
    ),
    ("overlaps one address", [{"name": "n", "subnet": "10.44.0.0/24"}], [], ["10.44.0.7"]),
    ("overlaps IPv6", [{"name": "n", "subnet": "fd00:9::/72"}], [], ["fd00:9::/64"]),
    (
        "overlaps docker0",
        [{"name": "n", "subnet": "172.17.3.0/24"}],
        [],
        ["the subnet of Docker's network bridge"],
    ),
    (
        "overlaps another network",
        [{"name": "n", "subnet": "172.30.0.0/16"}],
        [],
        ["overlaps 172.30.0.0/24, the subnet of Docker's network theirs"],
    ),
    ("name is taken", [{"name": "theirs"}], [], ["was not made by this role"]),
    ("bridge_name is taken", [{**NET, "bridge_name": "br0"}], [], ["link of that name"]),
    ("bridge_name is too long", [{**NET, "bridge_name": "b" * 16}], [], ["no name for a link"]),
    (
        "bridge_name twice",
        [{**NET, "bridge_name": "x"}, {"name": "m", "bridge_name": "x"}],
        [],
        ["network n has it, too"],
    ),
    ("parent left out", [{**NET, "driver": "macvlan"}], [], ["needs the link that leads out"]),
    (
        "parent missing",
        [{**NET, "driver": "macvlan", "parent": "eth9"}],
        [],
        ["[n].parent: 'eth9'", "no such link", "It has br-0123456789ab, br0"],
    ),
    (
        "parent down",
        [{**NET, "driver": "ipvlan", "parent": "eth2"}],
        [],
        ["the link is down", "ip link set eth2 up"],
    ),
    (
        "VLAN of a parent that is down",
        [{**NET, "driver": "macvlan", "parent": "eth2.7"}],
        [],
        ["down"],
    ),
    ("VLAN of no parent", [{**NET, "driver": "macvlan", "parent": "eth9.7"}], [], ["no such link"]),
    ("no VLAN", [{**NET, "driver": "macvlan", "parent": "eth1.4095"}], [], ["4095 is no VLAN"]),
    ("parent is a port", [{**NET, "driver": "macvlan", "parent": "eth3"}], [], ["a port of br0"]),
    (
        "parent carries the other kind",
        [{**NET, "driver": "ipvlan", "parent": "eth4"}],
        [],
        ["macvlan mv0 uses it"],
    ),
    (
        "two on one parent",
        [
            {**NET, "driver": "macvlan", "parent": "eth1"},
            {"name": "m", "subnet": "10.2.0.0/24", "driver": "ipvlan", "parent": "eth1"},
        ],
        [],
        ["network n (macvlan, bridge) uses it already"],
    ),
    ("unknown mode", [{**NET, "driver": "ipvlan", "parent": "eth1", "mode": "l4"}], [], ["l2, l3"]),
    ("parent of a bridge", [{**NET, "parent": "eth1"}], [], ["a bridge network has no parent"]),
    (
        "icc of a macvlan",
        [{**NET, "driver": "macvlan", "parent": "eth1", "icc": False}],
        [],
        ["a macvlan network has no icc"],
    ),
    (
        "l3 on the segment",
        [
            {
                "name": "n",
                "driver": "ipvlan",
                "mode": "l3",
                "parent": "eth1",
                "subnet": "192.168.100.0/24",
            }
        ],
        [],
        ["a route of the host through eth1"],
    ),
    (
        "macvlan on another link's segment",
        [{"name": "n", "driver": "macvlan", "parent": "eth1", "subnet": "10.0.2.0/24"}],
        [],
        ["through eth0"],
    ),
    ("MTU too small", [{**NET, "mtu": 20}], [], ["between 68 and 65535"]),
    ("MTU too small for IPv6", [{"name": "n", "subnet": "fd00::/64", "mtu": 1000}], [], ["1280"]),
    (
        "option that has a name",
        [{**NET, "options": {"com.docker.network.bridge.enable_icc": "false"}}],
        [],
        ["option of its own"],
    ),
    (
        "address outside",
        [NET],
        [on({"name": "n", "address": "10.2.0.2"})],
        ["docker_networks_containers[c].networks[0].address: '10.2.0.2'", "not in 10.1.0.0/24"],
    ),
    ("address is no address", [NET], [on({"name": "n", "address": "x"})], ["not an IP address"]),
    ("address of IPv6", [NET], [on({"name": "n", "address": "fd00::2"})], ["not an IPv4"]),
    ("address6 of IPv4", [NET], [on({"name": "n", "address6": "10.1.0.2"})], ["not an IPv6"]),
    ("address6 without subnet", [NET], [on({"name": "n", "address6": "fd00::2"})], ["no subnet"]),
    (
        "address is the gateway",
        [{**NET, "gateway": "10.1.0.9"}],
        [on({"name": "n", "address": "10.1.0.9"})],
        ["is the gateway of network n"],
    ),
    (
        "address that Docker takes for the gateway",
        [NET],
        [on({"name": "n", "address": "10.1.0.1"})],
        ["what Docker may choose for the gateway"],
    ),
    (
        "address that Docker takes for the gateway out of a range",
        [{**NET, "ip_range": "10.1.0.128/25"}],
        [on({"name": "n", "address": "10.1.0.128"})],
        ["what Docker may choose for the gateway"],
    ),
    ("address is the last", [NET], [on({"name": "n", "address": "10.1.0.255"})], ["no member"]),
    (
        "address without subnet",
        [{"name": "n"}],
        [on({"name": "n", "address": "10.1.0.2"})],
        ["Docker then refuses fixed addresses"],
    ),
    (
        "address twice",
        [NET],
        [
            on({"name": "n", "address": "10.1.0.2"}),
            on({"name": "n", "address": "10.1.0.2"}, name="d"),
        ],
        ["containers[d]", "c has it, too"],
    ),
    (
        "address that another could get",
        [NET],
        [on({"name": "n"}), on({"name": "n", "address": "10.1.0.2"}, name="d")],
        ["c has no address on n", "ip_range"],
    ),
    (
        "address that a stranger has",
        [],
        [on({"name": "theirs", "address": "172.30.0.2"})],
        ["container stranger has it"],
    ),
    ("unknown network", [], [on({"name": "m"})], ["there is no such network"]),
    ("network twice", [NET], [on({"name": "n"}, {"name": "n"})], ["named twice"]),
    ("mode among networks", [], [on({"name": "none"})], ["network_mode: none"]),
    ("aliases on docker0", [], [on({"name": "bridge", "aliases": ["a"]})], ["no aliases"]),
    ("networks and mode", [NET], [on({"name": "n"}, network_mode="host")], ["too"]),
    ("unknown mode", [], [{**BOX, "network_mode": "n"}], ["is no mode"]),
    ("nobody's network", [], [{**BOX, "network_mode": "container:"}], ["is no mode"]),
    ("ports without network", [], [{**BOX, "network_mode": "none", "ports": ["80"]}], ["ports"]),
    ("no port", [], [{**BOX, "ports": ["http:80"]}], ["[c].ports: 'http:80'", "is no port"]),
    ("a port too high", [], [{**BOX, "ports": ["80:65536"]}], ["not between 1 and 65535"]),
    ("ports backwards", [], [{**BOX, "ports": ["81-80:81-80"]}], ["not between"]),
    ("unequal ranges", [], [{**BOX, "ports": ["80-82:80-81"]}], ["3 ports of the host, 2 of"]),
    ("no protocol of ports", [], [{**BOX, "ports": ["80:80/icmp"]}], ["icmp is no protocol"]),
    ("no address to publish on", [], [{**BOX, "ports": ["eth0:80:80"]}], ["not an IP address"]),
    (
        "published twice",
        [],
        [{**BOX, "ports": ["8080:80"]}, {**BOX, "name": "d", "ports": ["10.0.2.15:8080:81"]}],
        ["containers[d].ports: '10.0.2.15:8080:81'", "c publishes 8080:80", "another port"],
    ),
    (
        "published twice by one",
        [],
        [{**BOX, "ports": ["8080-8089:80-89", "8085:90"]}],
        ["8080-8089:80-89 publishes the same port"],
    ),
    (
        "published by another",
        [],
        [{**BOX, "ports": ["[::1]:8000:80"]}],
        ["container stranger publishes port 8000"],
    ),
    (
        "port of a program",
        [],
        [{**BOX, "ports": ["127.0.0.1:22:22"]}],
        ["a program of the host listens on tcp port 22", "ss -lnp sport = :22"],
    ),
    (
        "hostname of another's network",
        [],
        [{**BOX, "network_mode": "container:stranger", "hostname": "x"}],
        ["hostname"],
    ),
    (
        "container that does not exist",
        [],
        [{**BOX, "network_mode": "container:nobody"}],
        ["[c].network_mode: 'container:nobody'", "there is no container nobody", "Start it"],
    ),
    (
        "container that does not run",
        [],
        [{**BOX, "network_mode": "container:stopped"}],
        ["container stopped is not running", "docker start stopped"],
    ),
    (
        "container that comes later",
        [],
        [{**BOX, "network_mode": "container:d"}, {**BOX, "name": "d"}],
        ["d comes later in the list"],
    ),
    ("container itself", [], [{**BOX, "network_mode": "container:c"}], ["later in the list"]),
    ("two containers of one name", [], [BOX, BOX], ["two containers have it"]),
    ("name of a stranger", [], [{**BOX, "name": "stranger"}], ["was not made by this role"]),
    ("no name for a container", [], [{**BOX, "name": "-x"}], ["no name for a container"]),
]


@pytest.mark.parametrize(
    ("networks", "containers", "parts"),
    [entry[1:] for entry in REFUSED],
    ids=[entry[0] for entry in REFUSED],
)
def test_refused(
    networks: list[dict[str, Any]], containers: list[dict[str, Any]], parts: list[str]
) -> None:
    found = plan(networks, containers)
    assert list(found) == ["problems"]
    assert len(found["problems"]) == 1
    for part in parts:
        assert part in found["problems"][0]


@pytest.mark.parametrize(
    "ports",
    [
        ["8080:80", "8080:80/udp"],
        ["10.0.2.15:8080:80", "10.0.2.16:8080:80"],
        ["0.0.0.0:8080:80", "[::]:8080:80"],
        # Docker chooses.
        ["80", "127.0.0.1::80"],
        ["8000-8010:80"],
        # Somebody listens on the port of another protocol, or on another address.
        ["22:22/udp", "53:53/tcp", "10.0.2.15:53:53/udp"],
    ],
)
def test_ports_that_are_free(ports: list[str]) -> None:
    assert plan([], [{**BOX, "ports": ports}])["problems"] == []


def test_a_second_run_finds_its_own_ports() -> None:
    host = made([], [{**BOX, "ports": ["8080:80"]}])
    end = {"protocol": "tcp", "address": "0.0.0.0", "port": 8080}
    host["containers"][-1]["published"] = [end]
    host["listeners"].append(end)
    assert plan([], [{**BOX, "ports": ["8080:80"]}], host=host)["problems"] == []


def test_every_problem_is_named_at_once() -> None:
    found = plan([{"name": "n", "subnet": "10.9.7.0/24"}, {"name": "theirs"}], [on({"name": "m"})])
    assert len(found["problems"]) == 3


def test_flannels_network_is_not_overlapped() -> None:
    host = {**HOST, "flannel": ["172.20.0.0/16"]}
    (problem,) = plan([{"name": "network02", "subnet": "172.20.0.0/24"}], host=host)["problems"]
    assert "overlaps 172.20.0.0/16, flannel's network" in problem
    (problem,) = plan([{"name": "n"}], host=host)["problems"]
    assert "one of 172.20.0.0/14" in problem
    # Docker has other pools to choose from.
    host["pools"] = [{"base": "10.200.0.0/16", "size": 24}]
    assert plan([{"name": "n"}], host=host)["problems"] == []


def test_an_image_that_nobody_may_fetch() -> None:
    assert plan([], [BOX], pull="never")["problems"] == []
    (problem,) = plan([], [{**BOX, "image": "nginx"}], pull="never")["problems"]
    assert "docker_networks_pull is never" in problem
    assert plan([], [{**BOX, "image": "nginx"}])["problems"] == []


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("busybox", "busybox:latest"),
        ("busybox:1", "busybox:1"),
        ("host:5000/busybox", "host:5000/busybox:latest"),
        ("busybox@sha256:00", "busybox@sha256:00"),
    ],
)
def test_image_names(name: str, full: str) -> None:
    assert image_name(name) == full


S9_NETWORKS = [
    {"name": "network01", "subnet": "172.10.0.0/24", "gateway": "172.10.0.1"},
    {"name": "network02", "subnet": "172.20.0.0/24", "gateway": "172.20.0.1"},
]
S9_CONTAINERS = [
    {
        **BOX,
        "name": "server01",
        "networks": [
            {"name": "network01", "address": "172.10.0.2", "aliases": ["one"]},
            {"name": "network02", "address": "172.20.0.3"},
        ],
    },
    {**BOX, "name": "server02", "networks": [{"name": "network01", "address": "172.10.0.3"}]},
]


def test_the_tutorials_networks() -> None:
    found = plan(S9_NETWORKS, S9_CONTAINERS)
    assert found["problems"] == found["remove_networks"] == found["remove_containers"] == []
    network = found["networks"][0]
    assert network["ipam_config"] == [{"subnet": "172.10.0.0/24", "gateway": "172.10.0.1"}]
    assert network["labels"][SET] == "web"
    first, second = found["containers"]
    assert first["networks"] == [
        {"name": "network01", "ipv4_address": "172.10.0.2", "aliases": ["one"]},
        {"name": "network02", "ipv4_address": "172.20.0.3"},
    ]
    assert (first["connect"], second["connect"]) == (True, False)
    assert first["restart_policy"] == "unless-stopped"
    # In check mode of a first run.
    assert found["unpredictable"] == ["server01", "server02"]


def test_a_second_run_has_nothing_to_remove() -> None:
    found = plan(S9_NETWORKS, S9_CONTAINERS, made(S9_NETWORKS, S9_CONTAINERS))
    assert found["problems"] == found["remove_networks"] == found["remove_containers"] == []
    assert found["unpredictable"] == []


def test_a_changed_network_is_made_anew_with_its_containers() -> None:
    host = made(S9_NETWORKS, S9_CONTAINERS)
    changed = [S9_NETWORKS[0], {**S9_NETWORKS[1], "icc": False}]
    found = plan(changed, S9_CONTAINERS, host)
    assert found["remove_networks"] == ["network02"]
    assert found["remove_containers"] == ["server01"]
    assert found["unpredictable"] == ["server01"]
    # Subnets that two networks exchange are no overlap.
    swapped = [
        {**S9_NETWORKS[0], "subnet": "172.20.0.0/24", "gateway": "172.20.0.1"},
        {**S9_NETWORKS[1], "subnet": "172.10.0.0/24", "gateway": "172.10.0.1"},
    ]
    assert plan(swapped, [], host)["problems"] == []


def test_a_changed_container_keeps_its_network() -> None:
    host = made(S9_NETWORKS, S9_CONTAINERS)
    other = [{**S9_CONTAINERS[0], "env": {"A": "1"}}, S9_CONTAINERS[1]]
    found = plan(S9_NETWORKS, other, host)
    assert found["remove_networks"] == found["remove_containers"] == []
    before = plan(S9_NETWORKS, S9_CONTAINERS, host)["containers"][0]["labels"][DEFINITION]
    assert found["containers"][0]["labels"][DEFINITION] != before
    # Only its networks: it comes onto and off them while it runs.
    fewer = [{**S9_CONTAINERS[0], "networks": [S9_CONTAINERS[1]["networks"][0]]}]
    found = plan(S9_NETWORKS, fewer, host)
    assert found["containers"][0]["labels"][DEFINITION] == before
    assert found["containers"][0]["connect"]


def test_what_is_not_mentioned_goes() -> None:
    host = made(S9_NETWORKS, S9_CONTAINERS)
    found = plan([S9_NETWORKS[0]], [S9_CONTAINERS[1]], host)
    assert found["remove_networks"] == ["network02"]
    assert found["remove_containers"] == ["server01"]
    assert plan([], [], host, prune=False)["remove_networks"] == []
    # Another set's are none of this one's business.
    assert plan([], [], host, name="other")["remove_containers"] == []
    (problem,) = plan([S9_NETWORKS[0]], [], host, name="other")["problems"]
    assert "belongs to docker_networks_name web" in problem


def test_others_containers_keep_their_network() -> None:
    host = made(S9_NETWORKS, [])
    host["containers"].append(
        {"name": "guest", "running": False, "labels": {}, "networks": {"network02": []}}
    )
    assert plan(S9_NETWORKS, [], host)["problems"] == []
    (problem,) = plan([S9_NETWORKS[0]], [], host)["problems"]
    assert "docker network disconnect network02 guest" in problem
    (problem,) = plan([S9_NETWORKS[0], {**S9_NETWORKS[1], "mtu": 1400}], [], host)["problems"]
    assert "container guest" in problem


def test_two_networks_of_one_name_on_the_host() -> None:
    host = made([NET], [])
    host["networks"].append({**host["networks"][-1], "id": "f" * 64})
    (problem,) = plan([NET], [], host)["problems"]
    assert "Docker has 2 networks of that name" in problem


def test_a_container_of_the_set_that_another_needs() -> None:
    both = [BOX, {**BOX, "name": "d", "network_mode": "container:c"}]
    assert plan([], both)["problems"] == []
    (problem,) = plan([], both[1:], made([], both))["problems"]
    assert "c is not in the list any more" in problem


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"mode": "private"}, {"parent": "eth1", "macvlan_mode": "private"}),
        ({}, {"parent": "eth1", "macvlan_mode": "bridge"}),
        ({"driver": "ipvlan"}, {"parent": "eth1", "ipvlan_mode": "l2"}),
        (
            {"driver": "ipvlan", "mtu": 1400, "options": {"ipvlan_flag": "private"}},
            {
                "parent": "eth1",
                "ipvlan_mode": "l2",
                "com.docker.network.driver.mtu": "1400",
                "ipvlan_flag": "private",
            },
        ),
    ],
)
def test_networks_on_the_hosts_segment(entry: dict[str, Any], expected: dict[str, str]) -> None:
    """Their subnet is that of the parent, which is no overlap."""
    network = {"name": "n", "driver": "macvlan", "parent": "eth1", "subnet": "192.168.100.0/24"}
    found = plan([{**network, **entry}])
    assert found["problems"] == []
    assert found["networks"][0]["driver_options"] == expected


def test_a_bridge_with_everything() -> None:
    found = plan(
        [
            {
                "name": "n",
                "internal": True,
                "icc": False,
                "masquerade": False,
                "bridge_name": "br-n",
                "subnets": [
                    {"subnet": "10.1.0.0/24", "ip_range": "10.1.0.128/25"},
                    {"subnet": "fd00:1::/64", "gateway": "fd00:1::1"},
                ],
            }
        ],
        # A fixed address outside ip_range is nobody else's.
        [on({"name": "n", "address": "10.1.0.5", "address6": "fd00:1::5"})],
    )
    assert found["problems"] == []
    network = found["networks"][0]
    assert (network["internal"], network["enable_ipv6"]) == (True, True)
    assert network["driver_options"] == {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.enable_ip_masquerade": "false",
        "com.docker.network.bridge.name": "br-n",
    }
    assert network["ipam_config"] == [
        {"subnet": "10.1.0.0/24", "iprange": "10.1.0.128/25"},
        {"subnet": "fd00:1::/64", "gateway": "fd00:1::1"},
    ]


def test_a_fixed_address_beside_a_range() -> None:
    containers = [on({"name": "n"}), on({"name": "n", "address": "10.1.0.5"}, name="d")]
    assert plan([{**NET, "ip_range": "10.1.0.128/25"}], containers)["problems"] == []


def test_text_of_the_command_line() -> None:
    given = plan(
        [{**NET, "icc": "no", "mtu": "1400"}],
        [on({"name": "n", "aliases": "a,b"}, ports="8080:80,90")],
    )
    meant = plan(
        [{**NET, "icc": False, "mtu": 1400}],
        [on({"name": "n", "aliases": ["a", "b"]}, ports=["8080:80", "90"])],
    )
    assert given == meant
    assert meant["containers"][0]["networks"][0]["aliases"] == ["a", "b"]


def test_macvlan_networks_share_a_link_where_docker_lets_them() -> None:
    first = {**NET, "driver": "macvlan", "parent": "eth1"}
    second = {"name": "m", "subnet": "10.2.0.0/24", "driver": "macvlan", "parent": "eth1"}
    assert "this Docker gives a link to one" in plan([first, second])["problems"][0]
    newer = {**HOST, "docker": 28}
    assert plan([first, second], host=newer)["problems"] == []
    assert plan([first, {**second, "mode": "passthru"}], host=newer)["problems"] != []
    # Also with one that is there already.
    there = {**made([first], []), "docker": 28}
    assert plan([first, second], host=there)["problems"] == []
    assert plan([first, {**second, "driver": "ipvlan"}], host=there)["problems"] != []
