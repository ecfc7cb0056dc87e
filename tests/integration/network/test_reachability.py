# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module reachability measures what is so, from namespaces, containers, processes and the host."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.network.docker_api import inspected
from tests.integration.network.documented import expect_documented
from tests.integration.network.reach import NETWORK, call, measured, start
from tests.integration.network.sandbox import ROOT, Sandbox

# A container with files of its own, and a process without a name for its namespace.
CONTAINER = """
mkdir -p /run/root/etc
echo "192.168.2.10 room1" >/run/root/etc/hosts
printf 'nameserver 192.168.2.11\\nsearch lab.test\\n' >/run/root/etc/resolv.conf
unshare --net --mount sh -c '
    mount --bind /run/root/etc/hosts /etc/hosts
    mount --bind /run/root/etc/resolv.conf /etc/resolv.conf
    exec sleep 1000' >/dev/null 2>&1 &
echo $! >/run/web.pid
sleep 0.5
ip link add web1 master mybridge up type veth peer name eth0 netns "$(cat /run/web.pid)"
nsenter --net=/proc/$(cat /run/web.pid)/ns/net sh -ec '
    ip link set lo up
    ip link set eth0 up
    ip address add 192.168.2.20/24 dev eth0
    ip route add default via 192.168.2.1'
"""
# ns4 is behind a link that takes 1,400 bytes, which the host's own link to it does not tell.
NARROW = """
ip netns add ns4
ip link add ns4veth1 up mtu 1400 type veth peer name ns4veth0 mtu 1400 netns ns4
ip address add 192.168.4.1/24 dev ns4veth1
ip -n ns4 link set lo up
ip -n ns4 link set ns4veth0 up
ip -n ns4 address add 192.168.4.10/24 dev ns4veth0
ip -n ns4 route add default via 192.168.4.1
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("reach"))
    try:
        sandbox.sh(NETWORK + CONTAINER + NARROW)
        start(sandbox, "ns2", "tcp", "192.168.2.11", "8080")
        start(sandbox, "ns2", "tcp", "fd02::11", "8080")
        start(sandbox, "ns2", "echo", "192.168.2.11", "7000")
        start(sandbox, "ns2", "silent", "192.168.2.11", "7001")
        names = ("room2.lab.test=192.168.2.11", "both.test=192.168.2.11", "both.test=fd02::11")
        start(sandbox, "ns2", "dns", "192.168.2.11", *names, "six.test=fd02::11", "empty.test=")
        prepare_docker(sandbox)
        yield sandbox
    finally:
        sandbox.close()


def prepare_docker(sandbox: Sandbox) -> None:
    pid = int(sandbox.sh("cat /run/web.pid"))
    known = {"networks": [], "containers": [inspected("web", pid), inspected("done")]}
    file = sandbox.directory / "docker.json"
    file.write_text(json.dumps(known))
    program = ROOT / "tests/integration/network/docker_api.py"
    sandbox.sh(
        f"{sys.executable} {program} {file} >/dev/null 2>&1 &\n"
        "for i in $(seq 100); do [ ! -S /run/docker.sock ] || exit 0; sleep 0.1; done; exit 1"
    )


def one(sandbox: Sandbox, **options: Any) -> dict[str, Any]:
    (result,) = call(sandbox, options)
    return result


def reached(result: dict[str, Any]) -> dict[tuple[str, str], bool]:
    return {(row["source"], row["target"]): row["reached"] for row in result["matrix"]}


def checks(result: dict[str, Any]) -> dict[Any, Any]:
    """(reached, problem) of the only row's checks, by their port or name."""
    (row,) = result["matrix"]
    return {c.get("port", c["check"]): (c["reached"], c["problem"]) for c in row["checks"]}


def test_every_source_reaches_every_target(network: Sandbox) -> None:
    pid = int(network.sh("cat /run/web.pid"))
    result = one(
        network,
        sources=[{"host": True}, {"netns": "ns1"}, {"container": "web"}, {"pid": pid, "name": "p"}],
        targets=["192.168.2.11", "192.168.3.10", "fd03::10"],
        pairs=[
            # The container has no IPv6.
            {"source": "container:web", "target": "fd03::10", "expect": "no_reach"},
            {"source": "p", "target": "fd03::10", "expect": "no_reach"},
        ],
    )
    assert "failed" not in result, result
    assert result["failures"] == []
    assert {source for source, dummy in reached(result)} == {"host", "ns1", "container:web", "p"}
    assert len(result["matrix"]) == 12
    assert [pair for pair, good in reached(result).items() if not good] == [
        ("container:web", "fd03::10"),
        ("p", "fd03::10"),
    ]
    ping = result["matrix"][0]["checks"][0]
    assert (ping["check"], ping["sent"], ping["received"], ping["size"]) == ("ping", 2, 2, 84)
    assert 0 < ping["ms"] < 1000


def test_containers_that_cannot_be_measured_from(network: Sandbox) -> None:
    gone, done = call(
        network,
        {"sources": [{"container": "gone"}], "targets": ["192.168.2.10"]},
        {"sources": [{"container": "done"}], "targets": ["192.168.2.10"]},
    )
    assert "sources[0].container: 'gone': Docker knows no such container" in gone["msg"]
    assert "sources[0].container: 'done': the container is exited" in done["msg"]
    assert "matrix" not in done


def test_what_is_returned_is_what_is_documented(network: Sandbox) -> None:
    result = one(
        network,
        targets=["192.168.2.11", "192.168.2.99"],
        dns=["both.test"],
        dns_servers=["192.168.2.11"],
        tcp_ports=[81],
        udp_ports=[7000],
        timeout=0.4,
    )
    assert result["failures"]
    expect_documented("reachability", {key: result[key] for key in ("matrix", "failures")})


def test_the_host_is_where_it_measures_from_by_itself(network: Sandbox) -> None:
    result = one(network, targets=["192.168.2.10"])
    assert reached(result) == {("host", "192.168.2.10"): True}


def test_what_must_not_be_reached(network: Sandbox) -> None:
    good, bad = call(
        network,
        {"targets": ["192.168.2.99"], "expect": "no_reach", "timeout": 0.5},
        {
            "targets": ["192.168.2.10", "192.168.2.11"],
            "pairs": [
                {"source": "host", "expect": "no_reach"},
                {"target": "192.168.2.11", "expect": "reach"},
            ],
        },
    )
    assert "failed" not in good
    assert bad["failed"]
    assert bad["failures"] == [
        {
            "source": "host",
            "target": "192.168.2.10",
            "expect": "no_reach",
            "problem": "reached by ping",
            "hints": [],
        }
    ]
    assert "host -> 192.168.2.10 (must not be reached): reached by ping" in bad["msg"]


def test_one_check_is_enough_for_what_must_not_be_reached(network: Sandbox) -> None:
    result = one(
        network,
        sources=[{"netns": "ns1"}],
        targets=["192.168.2.11"],
        ping=False,
        tcp_ports=[8080, 81],
        expect="no_reach",
    )
    assert result["failures"][0]["problem"] == "reached by TCP 8080"


def test_ports(network: Sandbox) -> None:
    result = one(
        network,
        sources=[{"netns": "ns1"}],
        targets=[
            {
                "address": "192.168.2.11",
                "ping": False,
                "tcp_ports": [8080, 81],
                "udp_ports": [53, 7000, 7001, 7002],
            }
        ],
        timeout=0.6,
    )
    assert checks(result) == {
        8080: (True, None),
        81: (False, "Connection refused"),
        53: (True, None),
        7000: (True, None),
        7001: (False, "no answer"),
        7002: (False, "Connection refused"),
    }
    assert "Nobody listens on TCP port 81 of 192.168.2.11" in result["msg"]


def test_a_service_that_says_nothing(network: Sandbox) -> None:
    options = {"sources": [{"netns": "ns1"}], "targets": ["192.168.2.11"], "timeout": 0.4}
    silence = {**options, "ping": False, "udp_silence": "reach"}
    good, bad = call(
        network, {**silence, "udp_ports": [7001]}, {**silence, "udp_ports": [7001, 7002]}
    )
    assert "failed" not in good
    assert checks(bad)[7002] == (False, "Connection refused")


def test_tcp_over_ipv6(network: Sandbox) -> None:
    result = one(network, sources=[{"netns": "ns1"}], targets=["fd02::11"], tcp_ports=[8080, 81])
    assert checks(result) == {
        "ping": (True, None),
        8080: (True, None),
        81: (False, "Connection refused"),
    }


def test_names_are_the_containers_own(network: Sandbox) -> None:
    """room1 stands in its hosts file, room2 is a name of its server in its search domain."""
    result = one(
        network,
        sources=[{"container": "web"}, {"netns": "ns3"}],
        targets=["room1", "room2", "room2.lab.test."],
        dns=["room2", "both.test", "nobody.test", "empty.test", "six.test"],
        pairs=[
            {"source": "ns3", "expect": "no_reach"},
            {"target": "dns:nobody.test", "expect": "no_reach"},
            {"target": "dns:empty.test", "expect": "no_reach"},
        ],
        timeout=0.7,
    )
    assert "failed" not in result, result
    rows = {row["target"]: row for row in result["matrix"] if row["source"] == "container:web"}
    assert {name: row["address"] for name, row in rows.items()} == {
        "room1": "192.168.2.10",
        "room2": "192.168.2.11",
        "room2.lab.test.": "192.168.2.11",
        "dns:room2": "192.168.2.11",
        "dns:both.test": "192.168.2.11",
        "dns:nobody.test": None,
        "dns:empty.test": None,
        "dns:six.test": "fd02::11",
    }
    (check,) = rows["dns:room2"]["checks"]
    assert (check["server"], check["addresses"]) == ("192.168.2.11", ["192.168.2.11"])
    (check,) = rows["dns:nobody.test"]["checks"]
    assert check["problem"] == "192.168.2.11 knows no address for it"


def test_a_server_of_ones_own_and_a_version(network: Sandbox) -> None:
    four, six, mute = call(
        network,
        {"dns": ["both.test"], "dns_servers": ["192.168.2.11"], "ip_version": 4},
        {"dns": ["both.test"], "dns_servers": ["192.168.2.11"], "ip_version": 6},
        {"dns": ["both.test"], "dns_servers": ["192.168.2.10", "192.168.2.99"], "timeout": 0.5},
    )
    assert four["matrix"][0]["address"] == "192.168.2.11"
    assert six["matrix"][0]["address"] == "fd02::11"
    assert mute["failed"]
    problem = mute["failures"][0]["problem"]
    assert "192.168.2.99 does not answer" in problem
    assert "192.168.2.10: Connection refused" in problem


def test_one_server_that_answers_is_enough(network: Sandbox) -> None:
    servers = ["192.168.2.10", "192.168.2.99", "192.168.2.11"]
    result = one(network, targets=["both.test"], dns_servers=servers)
    assert result["matrix"][0]["address"] == "192.168.2.11"


def test_a_namespace_with_files_of_its_own(network: Sandbox) -> None:
    network.sh("mkdir -p /etc/netns/ns3; echo '192.168.2.10 room9' >/etc/netns/ns3/hosts")
    result = one(network, sources=[{"netns": "ns3"}], targets=["room9"])
    assert result["matrix"][0]["address"] == "192.168.2.10"


def test_packets_that_must_not_be_divided(network: Sandbox) -> None:
    small, large, divided = call(
        network,
        {"sources": [{"netns": "ns1"}], "targets": ["192.168.4.10"], "size": 1400, "df": True},
        {"sources": [{"netns": "ns1"}], "targets": ["192.168.4.10"], "size": 1401, "df": True},
        {"sources": [{"netns": "ns1"}], "targets": ["192.168.4.10"], "size": 1401},
    )
    assert "failed" not in small
    assert "failed" not in divided
    assert large["failed"]
    assert "too large for the way" in large["failures"][0]["problem"]
    hint = "The MTU of ns4veth1 of the host is 1400, the packets have 1401 bytes."
    assert hint in large["failures"][0]["hints"]


@pytest.mark.parametrize(
    ("target", "size", "mtu"),
    [("192.168.4.10", 84, 1400), ("192.168.2.11", 0, 1500), ("fd02::11", 84, 1500)],
)
def test_the_path_mtu(network: Sandbox, target: str, size: int, mtu: int) -> None:
    result = one(
        network, sources=[{"netns": "ns1"}], targets=[target], path_mtu=True, size=size, df=False
    )
    assert result["matrix"][0]["path_mtu"] == mtu
    assert result["matrix"][0]["checks"][0]["size"] == (size or 1500)


def test_the_path_mtu_where_nobody_tells(network: Sandbox) -> None:
    """The other end of a pair drops what is too large for it, and says nothing."""
    network.sh(
        "ip netns add deaf1; ip netns add deaf2\n"
        "ip link add d1 netns deaf1 type veth peer name d2 netns deaf2\n"
        "ip -n deaf1 address add 10.9.0.1/24 dev d1; ip -n deaf2 address add 10.9.0.2/24 dev d2\n"
        "ip -n deaf1 link set d1 up; ip -n deaf2 link set d2 mtu 777; ip -n deaf2 link set d2 up\n"
        # A carrier that comes while the module looks would count as a change.
        "for i in $(seq 100); do\n"
        "    ! ip -n deaf2 link show d2 | grep -q 'state UP' || exit 0; sleep 0.05\n"
        "done; exit 1"
    )
    options = {"sources": [{"netns": "deaf1"}], "targets": ["10.9.0.2"], "timeout": 0.5}
    found, large = call(
        network, {**options, "path_mtu": True}, {**options, "size": 1000, "df": True}
    )
    # The kernel lets the four bytes of a VLAN tag pass.
    assert found["matrix"][0]["path_mtu"] in (777, 781)
    hint = "The MTU of d2 in namespace deaf2 is 777, the packets have 1000 bytes."
    assert hint in large["failures"][0]["hints"]


def test_no_address_answers_the_search(network: Sandbox) -> None:
    result = one(network, targets=["192.168.2.99"], path_mtu=True, timeout=0.3)
    assert result["matrix"][0]["path_mtu"] is None


def test_two_hundred_pairs_of_which_most_do_not_answer(network: Sandbox) -> None:
    """Within three seconds, unless others keep the machine busy: it waits once for all of them,
    1.1 seconds, and 0.3 for the filters; the rest is work. One after the other would take 200."""
    targets = ["192.168.2.10", "192.168.2.11", "192.168.3.10"]
    targets += [f"192.168.2.{number}" for number in range(100, 137)]
    sources = [{"netns": f"ns{number}"} for number in (1, 2, 3)] + [{"host": True}]
    sources.append({"container": "web"})
    matrix, failures, (waited, worked) = measured(network, sources=sources, targets=targets)
    assert len(matrix) == 200
    assert len(failures) == 5 * 37
    assert len([row for row in matrix if row["reached"]]) == 15
    assert worked < 1.5
    assert waited < 30
