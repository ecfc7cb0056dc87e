# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IPv6 alone and beside IPv4: addresses that are usable at once, routes, forwarding."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.namespaces import (
    Namespaces,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.until import until


def routed(*families: int) -> networks.Params:
    """Two hosts behind a router, each on a bridge of its own, in one family or in both."""

    def some(number: int, host: int) -> list[str]:
        texts = {4: f"10.{number}.0.{host}/24", 6: f"fd00:{number}::{host}/64"}
        return [texts[family] for family in families]

    def default(number: int) -> list[dict[str, Any]]:
        gateways = {4: f"10.{number}.0.1", 6: f"fd00:{number}::1"}
        return [{"dst": "default", "via": gateways[family]} for family in families]

    keys = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}
    return {
        "name": "routed",
        "namespaces": [
            {"name": "router", "sysctls": {keys[family]: "1" for family in families}},
            {"name": "h1", "loopback": "up"},
            {"name": "h2", "loopback": "up"},
        ],
        "bridges": [networks.link("br1"), networks.link("br2", addresses=some(2, 254))],
        "veths": [
            networks.link(
                f"p{i}",
                master=f"br{i}",
                peer=networks.link("eth0", netns=f"h{i}", addresses=some(i, 2), routes=default(i)),
            )
            for i in (1, 2)
        ]
        + [
            networks.link(
                f"r{i}",
                master=f"br{i}",
                peer=networks.link(f"eth{i}", netns="router", addresses=some(i, 1)),
            )
            for i in (1, 2)
        ],
    }


def reaches(host: Host, netns: str, address: str) -> bool:
    """A router asks for neighbours from its link-local address, and those are tried out first."""
    return any(host.pings(netns, address, "-i0.2") for dummy in range(5))


@pytest.mark.parametrize("families", [(6,), (4, 6)])
def test_packets_are_forwarded_between_networks(host: Host, families: tuple[int, ...]) -> None:
    outcome = host.apply(routed(*families))
    for address in [{4: "10.2.0.2", 6: "fd00:2::2"}[family] for family in families]:
        assert reaches(host, "h1", address)
    assert not host.apply(routed(*families)).changed
    made = host.dump(marks=False)
    host.apply({"name": "routed", "state": "absent"})
    host.sh("\n".join(host.commands(outcome)))
    assert host.dump(marks=False) == made


def test_one_family_comes_and_goes_beside_the_other(host: Host) -> None:
    host.apply(routed(4))
    outcome = host.apply(routed(4, 6))
    touched = " ".join(host.commands(outcome))
    assert "10." not in touched
    assert reaches(host, "h1", "fd00:2::2")
    host.apply(routed(4))
    assert host.pings("h1", "10.2.0.2")
    texts = host.sh("ip -n h1 -6 addr; ip -n h1 -6 route")
    assert "fd00" not in texts
    # The router forwards no IPv6 any more, as before.
    value = host.sh("ip netns exec router cat /proc/sys/net/ipv6/conf/all/forwarding")
    assert value.strip() == "0"


def binds(netns: str, address: str) -> bool:
    """Whether a service in the namespace could listen on the address now."""
    with (
        Namespaces() as spaces,
        spaces.entered(netns),
        socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as listener,
    ):
        try:
            listener.bind((address, 0))
        except OSError:
            return False
    return True


@pytest.mark.smoke
def test_an_address_is_usable_as_soon_as_the_task_is_done(host: Host) -> None:
    params = networks.pair()
    # A bridge without ports has no carrier, so detection would never come to its end.
    params["bridges"] = [networks.link("lonely", netns="test1", addresses=["fd00:9::1/64"])]
    host.apply(params)
    assert binds("test1", "fd00:1::1")
    assert binds("test2", "fd00:1::2")
    assert binds("test1", "fd00:9::1")
    assert "tentative" not in host.sh("ip -n test1 -6 addr show scope global")
    assert not binds("test1", "fd00:1::2")


def test_ends_that_change_places_keep_working(host: Host) -> None:
    """Where two links have the address for a moment, detection would fail for good."""
    params = networks.two_rooms()
    host.apply(params)
    one, two = params["veths"]
    for dummy in range(4):
        one["netns"], two["netns"] = two["netns"], one["netns"]
        host.apply(params)
        assert "dadfailed" not in host.sh("ip -n ns1 -6 addr; ip -n ns2 -6 addr")
        assert binds(one["netns"], "fd00:2::10")
        assert binds(two["netns"], "fd00:2::11")


def test_an_address_that_the_kernel_gave_up_is_given_again(host: Host) -> None:
    params = networks.pair()
    host.apply(params)
    host.sh(
        "ip -n test2 addr add fd00:1::77/64 dev veth-test2 nodad;"
        "ip -n test1 addr del fd00:1::1/64 dev veth-test1;"
        "ip -n test1 addr add fd00:1::1/64 dev veth-test1;"
        "ip -n test2 addr del fd00:1::2/64 dev veth-test2;"
        "ip -n test2 addr add fd00:1::1/64 dev veth-test2 nodad;"
        + until("ip -n test1 -6 addr | grep -q dadfailed")
        + "; "
        "ip -n test2 addr del fd00:1::1/64 dev veth-test2;"
        "ip -n test2 addr del fd00:1::77/64 dev veth-test2;"
        "ip -n test2 addr add fd00:1::2/64 dev veth-test2 nodad"
    )
    assert not binds("test1", "fd00:1::1")
    outcome = host.apply(params)
    assert host.commands(outcome) == [
        "ip -n test1 addr del fd00:1::1/64 dev veth-test1",
        "ip -n test1 addr add fd00:1::1/64 dev veth-test1 nodad",
    ]
    assert binds("test1", "fd00:1::1")
    assert not host.apply(params).changed


def test_a_strangers_link_keeps_its_detection(host: Host) -> None:
    host.sh("ip link add name sbr type bridge; ip link set dev sbr up")
    want = parse.from_bridge({"name": "sbr", "addresses": ["fd00:7::1/64"]})
    outcome = _flow.execute(want, False, 10)
    assert host.commands(outcome) == ["ip addr add fd00:7::1/64 dev sbr"]
    assert not _flow.execute(want, False, 10).changed


def test_router_advertised_and_link_local_addresses_are_never_purged(host: Host) -> None:
    host.apply(networks.pair())
    host.sh(
        "ip -n test1 addr add fe80::77/64 dev veth-test1 nodad;"
        "ip -n test1 addr add fd00:66::1/64 dev veth-test1 valid_lft 900 preferred_lft 900 nodad"
    )
    assert not host.apply(networks.pair()).changed
    texts = host.sh("ip -n test1 -6 addr show dev veth-test1")
    assert "fe80::77" in texts
    assert "fd00:66::1" in texts


def test_a_default_route_of_each_family_over_a_link_local_gateway(host: Host) -> None:
    params = networks.pair()
    params["veths"][0]["peer"]["addresses"] = ["10.0.0.2/24", "fe80::1/64", "fd00:1::5/128"]
    params["veths"][0]["peer"]["routes"] = [{"dst": "fd00:1::1/128", "via": "fe80::2"}]
    params["veths"][0]["addresses"] = ["10.0.0.1/24", "fd00:1::1/128", "fe80::2/64"]
    params["veths"][0]["routes"] = [
        {"dst": "default", "via": "10.0.0.2"},
        {"dst": "::/0", "via": "fe80::1", "metric": 5},
        {"dst": "default", "via": "fe80::1"},
    ]
    outcome = host.apply(params)
    assert not host.apply(params).changed
    assert reaches(host, "test1", "fd00:1::5")
    assert "ip -n test1 -6 route add default via fe80::1 dev veth-test1" in host.commands(outcome)
