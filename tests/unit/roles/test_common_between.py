# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps hosts from being joined: each case by host, variable, value and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.filter.common_between import (
    SHOWN,
    common_between,
)
from ansible_collections.netfabric.container_net.plugins.filter.flannel_wanted import flannel_wanted

ROUTE = "eth0\t{dst}\t{via}\t0001\t0\t0\t0\t{mask}\t0\t0\t0\n"
HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def hexadecimal(address: str) -> str:
    return "".join(f"{int(part):02X}" for part in reversed(address.split(".")))


def routed(dst: str, mask: str, via: str = "0.0.0.0") -> list[str]:
    """/proc/net/route with one route."""
    numbers = {"dst": hexadecimal(dst), "mask": hexadecimal(mask), "via": hexadecimal(via)}
    return [HEAD + ROUTE.format(**numbers), ""]


def look(host: str, number: int, **changes: Any) -> dict[str, Any]:
    """What a healthy host finds out about itself."""
    here = {"host": host, "address": f"192.0.2.{number}", "token": "x", "udp": [8472], "tcp": []}
    return {
        "here": {**here, **changes.pop("here", {})},
        "iface": "eth0",
        "inner": [],
        "skew": 2.0,
        "held": {},
        "mtu": 1500,
        "links": {"eth0": [f"192.0.2.{number}/24"], "lo": []},
        "vxlans": [],
        "missing": [],
        "routes": routed("192.0.2.0", "255.255.255.0"),
        "own": [],
        "forward": "",
        **changes,
    }


def answer(host: str, to: str, number: int, **changes: Any) -> dict[str, Any]:
    row = {"to": to, "address": f"192.0.2.{number}", "inner": [], "problems": {}, "path_mtu": 1500}
    return {"host": host, "rows": [{**row, **changes}]}


def judge(
    a: dict[str, Any] | None = None,
    ask: dict[str, Any] | None = None,
    backend: dict[str, Any] | None = None,
    **options: Any,
) -> list[str]:
    """Judge two hosts; ``a`` changes what the first finds, ``ask`` what it finds of the other."""
    usual = {"network": "172.20.0.0/16", "subnet_len": 24, "backend": backend or {}, **options}
    return common_between(
        [look("a", 1, **(a or {})), look("b", 2)],
        [answer("a", "b", 2, **(ask or {})), answer("b", "a", 1)],
        flannel_wanted(usual, []),
        joined=["a", "b"],
    )


def test_healthy_hosts_are_joined() -> None:
    assert judge() == []


@pytest.mark.parametrize(
    "a",
    [
        {"held": {"udp 8472": "the kernel"}, "links": {"flannel.1": [], "eth0": []}},
        {"held": {"udp 8472": "the kernel"}, "vxlans": [["theirs", 5, 8472]]},
        {"routes": routed("172.20.7.0", "255.255.255.0", "192.0.2.2")},
        {"routes": routed("172.20.7.0", "255.255.255.0"), "own": ["172.20.7.1/24"]},
        {"routes": routed("0.0.0.0", "0.0.0.0", "192.0.2.254")},
        {"skew": -299.0},
    ],
    ids=["joined before", "another VNI", "host-gw", "docker0", "default route", "a little late"],
)
def test_what_is_no_fault(a: dict[str, Any]) -> None:
    assert judge(a) == []


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (
            {"a": {"mtu": 0}},
            ["a: flannel_iface: 'eth0': this host has no such link", "eth0, lo", "Name the one"],
        ),
        (
            {"ipv6_network": "fd00:20::/48"},
            ["a: flannel_ipv6_network: 'fd00:20::/48': eth0 has no IPv6 address", "Give eth0 one"],
        ),
        (
            {"a": {"missing": ["br_netfilter"]}},
            ["a: flannel_backend.type: 'vxlan': the kernel has no module br_netfilter", "Reboot"],
        ),
        (
            {"a": {"missing": ["wireguard"]}, "backend": {"type": "wireguard"}},
            ["a: flannel_backend.type: 'wireguard'", "module wireguard", "choose another backend"],
        ),
        (
            {"a": {"held": {"udp 8472": "consul"}}},
            ["a: flannel_backend.port: 8472: consul has UDP port 8472", "Stop it, or choose"],
        ),
        (
            {"a": {"held": {"udp 51820": "the kernel"}}, "backend": {"type": "wireguard"}},
            ["a: flannel_backend.listen_port: 51820: the kernel has UDP port 51820"],
        ),
        (
            {"a": {"held": {"tcp 2379": "nginx"}}},
            ["a: etcd_client_port: 2379: nginx has TCP port 2379"],
        ),
        (
            {"a": {"held": {"tcp 2380": "nginx"}, "inner": [2380]}},
            ["a: etcd_peer_port: 2380: nginx has TCP port 2380"],
        ),
        (
            {"a": {"vxlans": [["theirs", 1, 8472]]}},
            ["a: flannel_backend.vni: 1: the link theirs has this VNI on UDP port 8472"],
        ),
        (
            {"a": {"routes": routed("172.20.5.0", "255.255.255.0")}},
            ["a: flannel_network: '172.20.0.0/16': this host already routes 172.20.5.0/24", "eth0"],
        ),
        (
            {"a": {"routes": routed("172.16.0.0", "255.240.0.0", "192.0.2.254")}},
            ["already routes 172.16.0.0/12 via 192.0.2.254 through eth0", "Choose another network"],
        ),
        (
            {"a": {"here": {"address": "172.20.0.9"}}},
            ["a: flannel_network: '172.20.0.0/16': 172.20.0.9, this host's own address, lies in"],
        ),
        (
            {"a": {"here": {"address": "192.0.2.2"}}},
            ["b: flannel_public_ip: '192.0.2.2': a has the same address", "Give every host"],
        ),
        (
            {"a": {"skew": -7200.0}},
            ["a: clock: 7200 seconds behind", "common_clock_skew: 300", "timedatectl"],
        ),
        ({"a": {"skew": 400.0}}, ["a: clock: 400 seconds ahead of the controller's"]),
        (
            {"a": {"forward": "the chain forward of the nftables table inet fw drops"}},
            ["a: forwarding: the chain forward of the nftables table inet fw drops"],
        ),
        (
            {"ask": {"problems": {"udp 8472": "no answer"}}},
            [
                "a: flannel_backend.port: 8472: UDP port 8472 of b (192.0.2.2) is not reached: no",
                "Let",
            ],
        ),
        (
            {"ask": {"problems": {"tcp 2379": "timed out"}}},
            ["a: etcd_client_port: 2379: TCP port 2379 of b (192.0.2.2) is not reached: timed out"],
        ),
        (
            {"ask": {"problems": {"tcp 2380": "timed out"}, "inner": [2380]}},
            ["a: etcd_peer_port: 2380: TCP port 2380 of b"],
        ),
        (
            {"ask": {"path_mtu": 1400}},
            [
                "a: flannel_backend.mtu: 1500: packets of more than 1400",
                "b (192.0.2.2)",
                "1400 or less",
            ],
        ),
        (
            {"ask": {"path_mtu": 1400}, "backend": {"type": "host-gw"}},
            ["a: MTU of eth0: 1500", "Set the MTU of eth0 on all hosts to 1400"],
        ),
    ],
)
def test_what_is_refused(case: dict[str, Any], words: list[str]) -> None:
    found = judge(**case)
    assert found
    assert [word for word in words if word not in found[0]] == [], found


def test_a_narrow_way_is_none_when_the_backend_knows_of_it() -> None:
    assert judge(ask={"path_mtu": 1400}, backend={"mtu": 1400}) == []


def test_where_nothing_answers_a_ping_nothing_is_said() -> None:
    assert judge(ask={"path_mtu": None}) == []


def test_a_member_that_is_not_joined_needs_only_its_ports() -> None:
    member = look("m", 3, mtu=0, missing=["vxlan"], routes=routed("172.20.0.0", "255.255.0.0"))
    found = common_between(
        [look("a", 1), member], [], flannel_wanted({"network": "172.20.0.0/16"}, []), joined=["a"]
    )
    assert found == []


def test_all_failures_of_all_hosts_are_told_but_not_thousands() -> None:
    looks = [look(f"h{number}", number, skew=900.0) for number in range(1, SHOWN + 11)]
    names = [one["here"]["host"] for one in looks]
    found = common_between(
        looks, [], flannel_wanted({"network": "172.20.0.0/16"}, []), joined=names
    )
    assert len(found) == SHOWN + 1
    assert found[-1] == "… and 10 more of these."


def test_what_another_way_of_joining_made_is_in_the_way_of_nothing() -> None:
    """Its routes and links go before anything new comes; a host's own address stays."""
    there = {
        "routes": routed("172.20.1.0", "255.255.255.0"),
        "vxlans": [["theirs", 1, 8472]],
    }
    wanted = flannel_wanted({"network": "172.20.0.0/16", "subnet_len": 24}, [])

    def found(address: str, leaving: list[str]) -> list[str]:
        looked = look("a", 1, here={"address": address}, **there)
        return common_between([looked], [], wanted, joined=["a"], leaving=leaving)

    assert len(found("192.0.2.1", [])) == 2
    assert found("192.0.2.1", ["a"]) == []
    (problem,) = found("172.20.0.9", ["a"])
    assert "this host's own address" in problem
