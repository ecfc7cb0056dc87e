# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role docker_networks refuses before it changes anything.

Routes and links are real, Docker is a stand-in.
What it makes is proven in virtual machines, every single refusal in tests/unit/docker.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.docker.rolehost import RoleHost

ROLE = "netfabric.container_net.docker_networks"
SUBNET = "/var/lib/flannel/subnet.env"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RoleHost]:
    made = RoleHost(tmp_path)
    yield made
    made.close()


def refused(host: RoleHost, *flags: str, **variables: Any) -> str:
    """What the role says; nothing was changed by it."""
    stats, said = host.apply(*flags, role=ROLE, **variables)
    assert (stats["failures"], stats["changed"]) == (1, 0)
    assert host.shell("ls /run/stand_in/changes /var/lib/container_net", check=False) == ""
    return said


def test_everything_that_does_not_go_together_is_said_at_once(host: RoleHost) -> None:
    host.shell(
        "touch /run/stand_in/docker.service.active; echo db exited >/run/stand_in/containers;"
        "ip link add up0 type veth peer name down0; ip link set up0 up;"
        "ip address add 10.50.0.1/24 dev up0; ip route add blackhole 198.51.100.0/24;"
        f"mkdir /var/lib/flannel; echo FLANNEL_NETWORK=10.55.0.0/16 >{SUBNET}"
    )
    said = refused(
        host,
        docker_networks_networks=[
            {"name": "routes", "subnet": "10.50.0.128/25"},
            {"name": "hole", "subnet": "198.51.100.0/24"},
            {"name": "flannel", "subnet": "10.55.7.0/24"},
            {"name": "docker", "subnet": "172.17.8.0/24"},
            {"name": "parent", "driver": "macvlan", "parent": "down0", "subnet": "10.51.0.0/24"},
            {"name": "segment", "driver": "macvlan", "parent": "up0", "subnet": "10.50.0.0/24"},
        ],
        docker_networks_containers=[
            {"name": "sidecar", "image": "busybox", "network_mode": "container:db"},
            {"name": "alone", "image": "busybox", "network_mode": "container:nobody"},
        ],
    )
    for part in (
        "[routes].subnet: '10.50.0.128/25': overlaps 10.50.0.0/24, a route of the host through up0",
        "[hole].subnet: '198.51.100.0/24': overlaps 198.51.100.0/24, a route of the host (black",
        "[flannel].subnet: '10.55.7.0/24': overlaps 10.55.0.0/16, flannel's network",
        "[docker].subnet: '172.17.8.0/24': overlaps 172.17.0.0/16, the subnet of Docker's network",
        "[parent].parent: 'down0': the link is down. Run: ip link set down0 up",
        "[segment].subnet: '10.50.0.0/24': overlaps 10.50.0.128/25 of network routes",
        "[sidecar].network_mode: 'container:db': container db is not running",
        "[alone].network_mode: 'container:nobody': there is no container nobody",
    ):
        assert part in said


def test_a_docker_that_is_not_running(host: RoleHost) -> None:
    wanted = {"docker_networks_networks": [{"name": "n"}]}
    said = refused(host, **wanted)
    assert "Docker is not running (docker.service is inactive). Run role" in said
    stats, said = host.apply("--check", role=ROLE, **wanted)
    assert (stats["failures"], stats["changed"]) == (0, 0)
    assert "Would make 1 networks and 0 containers; cannot be predicted further" in said
    # Nothing was ever made here, so there is nothing to take back.
    stats, said = host.apply(role=ROLE, tasks_from="absent")
    assert (stats["failures"], stats["changed"]) == (0, 0)
    host.shell("mkdir -p /var/lib/container_net; touch /var/lib/container_net/docker_networks")
    stats, said = host.apply(role=ROLE, tasks_from="absent")
    assert stats["failures"] == 1
    assert "it holds networks that role docker_networks made" in said


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ({"name": "n", "driver": "overlay"}, "bridge, macvlan, ipvlan"),
        ({"name": "n", "subnets": [{"gateway": "10.0.0.1"}]}, "missing required arguments: subnet"),
        ({"name": "n", "gatway": "10.0.0.1"}, "gatway"),
    ],
)
def test_what_the_specification_refuses(host: RoleHost, entry: dict[str, Any], part: str) -> None:
    assert part in refused(host, docker_networks_networks=[entry])
