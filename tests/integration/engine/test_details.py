# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routes, sysctls, ownership and what is left of runs that died, on the real kernel."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow, _run
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
    HostError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.until import gone, until


def single(face: str, **params: Any) -> _run.Outcome:
    want = getattr(parse, f"from_{face}")(params)
    return _flow.execute(want, False, 10)


def twice(face: str, **params: Any) -> None:
    """Changes the first time, not the second."""
    assert single(face, **params).changed
    assert not single(face, **params).changed


ROUTES: list[dict[str, Any]] = [
    {"dst": "default", "via": "10.1.0.9"},
    {"dst": "10.2.0.0/16", "via": "10.1.0.9", "metric": 7},
    {"dst": "10.2.0.0/16", "via": "10.1.0.8", "metric": 8},
    {"dst": "10.3.0.0/16", "dev": "br"},
    {"dst": "10.3.0.0/16", "dev": "br", "scope": "global", "metric": 3},
    {"dst": "10.4.0.0/16", "via": "10.1.0.9", "table": 7},
    {"dst": "10.4.0.0/16", "via": "10.1.0.9", "table": 100000},
    {"dst": "10.5.0.0/16", "type": "blackhole"},
    {"dst": "10.6.0.0/16", "type": "unreachable"},
    {"dst": "10.7.0.0/16", "type": "prohibit"},
    {"dst": "10.8.0.0/16", "via": "10.1.0.9", "src": "10.1.0.1"},
    {"dst": "fd02::/16", "via": "fd01::9"},
    {"dst": "fd03::/16", "dev": "br"},
    {"dst": "fd04::/16", "via": "fe80::1", "dev": "br", "metric": 5},
    {"dst": "fd05::/16", "type": "blackhole"},
    {"dst": "10.9.0.1", "dev": "br"},
]


@pytest.mark.smoke
def test_every_kind_of_route_comes_and_goes(host: Host) -> None:
    bridge = networks.link("br", addresses=["10.1.0.1/24", "fd01::1/64"])
    single("bridge", **bridge)
    before = host.dump()
    for route in ROUTES:
        twice("route", **route)
    every = {"name": "t", "routes": ROUTES, "prune": False}
    # The same again as a topology: they match, and get no second mark.
    assert not host.apply(every).changed
    for route in ROUTES:
        # What is left out matches anything, so one may take another along.
        single("route", **route, state="absent")
        assert not single("route", **route, state="absent").changed
    assert host.dump() == before


def test_a_route_is_replaced_when_it_leads_elsewhere(host: Host) -> None:
    single("bridge", **networks.link("br", addresses=["10.1.0.1/24"]))
    single("route", dst="default", via="10.1.0.9")
    host.sh("ip route add 10.2.0.0/16 via 10.1.0.9")
    twice("route", dst="default", via="10.1.0.8")
    twice("route", dst="10.2.0.0/16", via="10.1.0.8")
    assert host.sh("ip route").count("10.1.0.9") == 0


def test_sysctls_of_links_are_set_once_the_links_are_there(host: Host) -> None:
    params = networks.pair()
    params["veths"][0]["name"] = "eth0.7"
    params["namespaces"][0]["sysctls"] = {
        "net.ipv4.ip_forward": 1,
        "net.ipv4.conf.eth0.7.forwarding": 0,
        "net.ipv4.conf.default.rp_filter": 2,
        "net.ipv6.conf.eth0.7.accept_ra": 0,
        "net.ipv4.ping_group_range": "0   5000",
    }
    assert host.apply(params).changed
    again = host.apply(params)
    assert host.commands(again) == []
    run = "ip netns exec test1 cat /proc/sys/net/ipv4/conf"
    assert host.sh(f"{run}/eth0.7/forwarding {run.split()[-1]}/eth0.7/rp_filter").split() == [
        "0",
        "2",
    ]


def test_a_sysctl_that_the_kernel_writes_in_other_words(host: Host) -> None:
    path = "net.ipv4.ip_local_reserved_ports"
    room = {"name": "ns", "sysctls": {path: "8080,8081"}}
    with pytest.raises(_run.RunError, match="it says '8080-8081' now"):
        host.apply({"name": "words", "namespaces": [room]})
    room["sysctls"] = {path: "8080-8081"}
    host.apply({"name": "words", "namespaces": [room]})
    assert not host.apply({"name": "words", "namespaces": [room]}).changed


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("net.ipv4.nonsense", "no such sysctl"),
        ("net.core.rmem_max", "cannot be written"),
        ("net.ipv4.conf.nolink.forwarding", "needs the link"),
    ],
)
def test_a_sysctl_that_cannot_be_set_is_found_before_the_namespace_is_made(
    host: Host, key: str, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        single("netns", name="n", sysctls={key: 1})
    assert host.namespaces() == []


def test_single_objects_leave_a_strangers_addresses_alone(host: Host) -> None:
    host.sh("ip link add name br type bridge; ip addr add 10.1.0.9/24 dev br")
    twice("bridge", **networks.link("br", addresses=["10.2.0.1/24"]))
    assert "10.1.0.9/24" in host.sh("ip addr show dev br")
    assert "container_net" not in host.sh("ip link")
    twice("bridge", name="br", state="absent")


def test_single_objects_do_not_touch_a_topologys(host: Host) -> None:
    host.apply(networks.two_rooms())
    with pytest.raises(OptionError, match="belongs to topology two_rooms"):
        single("bridge", **networks.link("mybridge", mtu=1300))
    with pytest.raises(OptionError, match="belongs to topology two_rooms"):
        single("netns", name="ns1", state="absent")
    assert not single("bridge", name="mybridge", admin_state="up").changed
    assert not host.apply(networks.two_rooms()).changed


def test_two_topologies_do_not_touch_each_other(host: Host) -> None:
    host.apply(networks.two_rooms())
    host.apply(networks.pair())
    before = host.dump()
    smaller = {**networks.pair(), "veths": [], "namespaces": networks.pair()["namespaces"][:1]}
    host.apply(smaller)
    host.apply(networks.pair())
    after = host.dump()
    assert [after[n] for n in ("host", "ns1", "ns2")] == [before[n] for n in ("host", "ns1", "ns2")]


def many(count: int) -> networks.Params:
    return {
        "name": "many",
        "bridges": [networks.link("mbr", addresses=["10.66.0.1/16"])],
        "namespaces": [{"name": f"m{i}", "loopback": "up"} for i in range(count)],
        "veths": [
            networks.link(
                f"mv{i}",
                master="mbr",
                peer=networks.link(
                    "eth0",
                    netns=f"m{i}",
                    addresses=[f"10.66.1.{i + 1}/16"],
                    routes=[{"dst": "default", "via": "10.66.0.1"}],
                ),
            )
            for i in range(count)
        ],
    }


def test_many_at_once(host: Host) -> None:
    host.sh("ip link add name bystander type bridge")
    before = host.dump()
    host.apply(many(150))
    assert host.pings("m149", "10.66.1.1")
    assert not host.apply(many(150)).changed
    host.apply(many(100))
    assert len(host.namespaces()) == 100
    assert not host.apply(many(100)).changed
    host.apply({"name": "many", "state": "absent"})
    assert host.dump() == before


def test_a_chain_of_namespaces_without_the_host(host: Host) -> None:
    params = {
        "name": "chain",
        "namespaces": [{"name": f"c{i}", "loopback": "up"} for i in range(5)],
        "veths": [
            networks.link(
                "right",
                netns=f"c{i}",
                addresses=[f"10.{i}.0.1/24"],
                peer=networks.link("left", netns=f"c{i + 1}", addresses=[f"10.{i}.0.2/24"]),
            )
            for i in range(4)
        ],
    }
    host.apply(params)
    assert not host.apply(params).changed
    assert all(host.pings(f"c{i}", f"10.{i}.0.2") for i in range(4))
    host.apply({"name": "chain", "state": "absent"})
    assert host.namespaces() == []


def test_a_stale_file_of_ours_is_replaced_and_a_strangers_is_not(host: Host) -> None:
    host.apply(networks.pair())
    host.sh(f"umount /run/netns/test1; {gone('veth-test2', 'test2')}; touch /run/netns/alien")
    assert host.apply(networks.pair()).changed
    assert host.pings("test1", "192.168.1.2")
    with pytest.raises(OptionError, match="ordinary file"):
        single("netns", name="alien")


def test_a_namespace_with_processes_that_is_not_ours_is_kept(host: Host) -> None:
    host.sh("ip netns add busy")
    with subprocess.Popen(["ip", "netns", "exec", "busy", "sleep", "600"]) as process:
        try:
            host.sh(until('[ -n "$(ip netns pids busy)" ]'))
            with pytest.raises(OptionError, match="processes run"):
                single("netns", name="busy", state="absent")
            assert single("netns", name="busy", state="absent", force=True).changed
        finally:
            process.kill()


def test_the_thread_is_back_home_after_every_end(host: Host) -> None:
    def here() -> tuple[str, int]:
        return os.readlink("/proc/thread-self/ns/net"), len(os.listdir("/proc/self/fd"))

    before = here()
    host.apply(networks.two_rooms())
    with pytest.raises(ContainerNetError):
        single("netns", name="n", sysctls={"net.ipv4.nonsense": 1})
    with pytest.raises(ContainerNetError):
        host.apply({**networks.two_rooms(), "veths": [networks.room(7)]})
    host.apply({"name": "two_rooms", "state": "absent"})
    assert here() == before


def test_not_root_is_an_error_with_a_remedy(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(HostError, match=r"Not root.*become"):
            single("netns", name="n")
    assert host.namespaces() == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {
            "bridges": [
                networks.link("b", addresses=["10.4.0.1/24"], routes=[{"dst": "10.4.0.0/24"}])
            ]
        },
        r"bridges\[0\].routes\[0\].dst: '10.4.0.0/24': the address 10.4.0.1/24 brings",
    ),
    (
        {
            "namespaces": [{"name": "n", "loopback": "down"}],
            "routes": [{"dst": "10.9.0.0/16", "dev": "lo", "netns": "n"}],
        },
        r"routes\[0\].dst: '10.9.0.0/16': the link lo is down",
    ),
    (
        {"routes": [{"dst": "10.9.0.0/16", "via": "10.1.0.9", "dev": "br2"}]},
        r"routes\[0\].via: '10.1.0.9': the gateway is reached over br, not br2",
    ),
    (
        {"routes": [{"dst": "10.9.0.0/16", "via": "10.3.0.9"}]},
        r"routes\[0\].via: '10.3.0.9': the link to the gateway, off, is down",
    ),
    (
        {"routes": [{"dst": "10.9.0.0/16", "via": "10.1.0.9", "scope": "link"}]},
        r"routes\[0\].scope: 'link': a route through a gateway is global",
    ),
    (
        {"bridges": [networks.link("small", addresses=["fd00::1/64"])], "adopt": True},
        r"bridges\[0\].addresses\[0\]: 'fd00::1/64': the link's MTU is 1000",
    ),
    (
        {
            "namespaces": [{"name": "n", "sysctls": {"net.ipv6.conf.all.disable_ipv6": 1}}],
            "bridges": [networks.link("b", netns="n", addresses=["fd00::1/64"])],
        },
        r"bridges\[0\].addresses\[0\]: 'fd00::1/64': a sysctl .* switches IPv6 off",
    ),
    (
        {
            "namespaces": [{"name": "n", "sysctls": {"net.ipv6.conf.b.nonsense": 1}}],
            "bridges": [networks.link("b", netns="n")],
        },
        r"namespaces\[0\].sysctls: 'net.ipv6.conf.b.nonsense': there is no such sysctl",
    ),
]


@pytest.mark.parametrize(("params", "message"), REFUSED, ids=[m[:40] for dummy, m in REFUSED])
def test_what_the_kernel_would_refuse_is_found_before_the_first_change(
    host: Host, params: dict[str, Any], message: str
) -> None:
    host.sh(
        "ip link add name br type bridge; ip addr add 10.1.0.1/24 dev br; ip link set dev br up;"
        "ip link add name br2 type bridge; ip link set dev br2 up; ip addr add 10.2.0.1/24 dev br2;"
        "ip link add name off type bridge; ip addr add 10.3.0.1/24 dev off;"
        "ip link add name small mtu 1000 type bridge"
    )
    before = host.dump()
    with pytest.raises(OptionError, match=message):
        host.apply({"name": "t", **params})
    assert host.dump() == before


def test_ipv6_addresses_stay_on_a_link_that_goes_down(host: Host) -> None:
    for state in ("up", "down", "up"):
        params = {
            "name": "br",
            "addresses": ["fd00::1/64", "10.0.0.1/24"],
            "admin_state": state,
        }
        twice("bridge", **params)
        assert "fd00::1/64" in host.sh("ip addr show dev br")


def test_an_ipv6_address_is_a_source_at_once(host: Host) -> None:
    params = networks.pair()
    params["veths"][0]["routes"] = [{"dst": "default", "via": "fd00:1::2", "src": "fd00:1::1"}]
    outcome = host.apply(params)
    assert "ip -n test1 addr add fd00:1::1/64 dev veth-test1 nodad" in host.commands(outcome)
    assert not host.apply(params).changed
    made = host.dump(marks=False)
    host.apply({"name": "pair", "state": "absent"})
    host.sh("\n".join(host.commands(outcome)))
    assert host.dump(marks=False) == made


# What is wanted stands there with a peer, beside it an address more; what the run says.
PEERS = (
    ("true", "10.9.0.1 peer 10.9.0.2/32", "ip addr del 10.9.0.1 peer 10.9.0.2/32 dev br0"),
    ("true", "fd00::1 peer fd00::2/128", "ip addr del fd00::1 peer fd00::2/128 dev br0"),
    (
        "ip addr del 10.9.1.2/24 dev br0",
        "10.9.1.2 peer 10.9.2.9/24",
        "ip addr add 10.9.1.2/24 dev br0\nip addr del 10.9.1.2 peer 10.9.2.9/24 dev br0",
    ),
    (
        "ip addr del fd00:1::1/64 dev br0",
        "fd00:1::1 peer fd00:2::1/64",
        "ip addr del fd00:1::1 peer fd00:2::1/64 dev br0\nip addr add fd00:1::1/64 dev br0 nodad",
    ),
    # It leads into the same network.
    ("ip addr del 10.9.1.2/24 dev br0", "10.9.1.2 peer 10.9.1.9/24", ""),
)


@pytest.mark.parametrize(("breaks", "address", "mends"), PEERS, ids=[p[1] for p in PEERS])
def test_an_address_with_a_peer(host: Host, breaks: str, address: str, mends: str) -> None:
    wanted = ["10.9.1.1/24", "10.9.1.2/24", "fd00:1::1/64"]
    params = {"name": "peers", "bridges": [{"name": "br0", "addresses": wanted}]}
    host.apply(params)
    host.sh(f"{breaks}; ip addr add {address} dev br0")
    assert "\n".join(host.commands(host.apply(params))) == mends
    assert not host.apply(params).changed
