# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input is found before anything else, and the message says option, value and reason."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse

Params = dict[str, Any]


def _veth(**options: Any) -> Params:
    return {"name": "a", "peer": {"name": "b"}, **options}


def _bridge(**options: Any) -> Params:
    return {"name": "br", **options}


def _topology(**options: Any) -> Params:
    return {"name": "t", **options}


BAD: list[tuple[Callable[[Params], object], Params, str]] = [
    (parse.from_netns, {"name": ""}, r"^name: '': is no name"),
    (parse.from_netns, {"name": "a/b"}, r"name: 'a/b': .*cannot contain '/'"),
    (parse.from_netns, {"name": ".."}, r"name: '\.\.'"),
    (parse.from_netns, {"name": "two words"}, r"cannot contain ' '"),
    (parse.from_netns, {"name": "-x"}, r"starts with '-'"),
    (parse.from_netns, {"name": "x" * 256}, r"at most 255"),
    (parse.from_netns, {"name": "n", "sysctls": {"kernel.pid_max": 1}}, r"Only net\.\*"),
    (parse.from_netns, {"name": "n", "sysctls": {"net.ipv4..x": 1}}, r"is no sysctl"),
    (parse.from_netns, {"name": "n", "sysctls": {"net.../../x": 1}}, r"is no sysctl"),
    (parse.from_netns, {"name": "n", "sysctls": {"net.ipv4.ip_forward": None}}, r"no value"),
    (parse.from_netns, {"name": "n", "sysctls": {"net.ipv4.ip_forward": ""}}, r"no value"),
    (parse.from_netns, {"name": "n", "sysctls": {"net.ipv4.ip_forward": "1\n2"}}, r"one line"),
    (
        parse.from_netns,
        {"name": "n", "sysctls": {"net.ipv4.ip_forward": 1, "net/ipv4/ip_forward": 0}},
        r"given twice",
    ),
    (parse.from_veth, _veth(name="x" * 16), r"^name: 'x{16}': .*at most 15"),
    (parse.from_veth, _veth(name="a/b"), r"cannot contain '/'"),
    (parse.from_veth, _veth(name="a:b"), r"cannot contain ':'"),
    (parse.from_veth, _veth(name="a b"), r"cannot contain ' '"),
    (parse.from_veth, _veth(name="a%d"), r"cannot contain '%'"),
    (parse.from_veth, _veth(addresses=["fe80::1%a/64"]), r"addresses\[0\]: .*has a zone"),
    (
        parse.from_veth,
        _veth(routes=[{"dst": "fd01::/64", "via": "fe80::1%a"}]),
        r"^routes\[0\]\.via: .*has a zone",
    ),
    (parse.from_veth, _veth(name="."), r"is no name for a link"),
    (parse.from_veth, _veth(addresses=["::1/128"]), r"no address that a link can have"),
    (parse.from_route, {"dst": "fe80::/64", "dev": "a"}, r"^dst: 'fe80::/64': the kernel makes"),
    (parse.from_route, {"dst": "ff05::/16", "dev": "a"}, r"^dst: 'ff05::/16': the kernel makes"),
    (
        parse.from_route,
        {"dst": "10.0.0.0/8", "dev": "a", "table": 255},
        r"^table: 255: is the table that the kernel keeps",
    ),
    (parse.from_veth, _veth(name="lo"), r"loopback"),
    (parse.from_veth, _veth(name="all"), r"keeps for sysctls"),
    (parse.from_veth, _veth(name=""), r"needs a name"),
    (parse.from_veth, _veth(peer={"name": "x" * 16}), r"^peer\.name: "),
    (parse.from_veth, _veth(peer={"name": "a"}), r"^peer\.name: 'a': the peer is the link itself"),
    (parse.from_veth, _veth(netns="n", peer={"name": "a", "netns": "n"}), r"the link itself"),
    (parse.from_veth, _veth(netns="a/b"), r"^netns: 'a/b'"),
    (parse.from_veth, _veth(addresses=["10.0.0.1"]), r"addresses\[0\]: '10.0.0.1': has no prefix"),
    (parse.from_veth, _veth(addresses=["10.0.0.1/33"]), r"addresses\[0\]: '10.0.0.1/33'"),
    (parse.from_veth, _veth(addresses=["10.0.0.300/24"]), r"addresses\[0\]"),
    (parse.from_veth, _veth(addresses=["10.0.0.1/255.255.255.0"]), r"prefix length is no number"),
    (parse.from_veth, _veth(addresses=["10.0.0.0/24"]), r"is the network"),
    (parse.from_veth, _veth(addresses=["10.0.0.255/24"]), r"is the broadcast"),
    (parse.from_veth, _veth(addresses=["224.0.0.1/24"]), r"no address that a link can have"),
    (parse.from_veth, _veth(addresses=["0.0.0.0/8"]), r"no address that a link can have"),
    (parse.from_veth, _veth(addresses=["fd00::1/129"]), r"addresses\[0\]"),
    (parse.from_veth, _veth(addresses=["10.0.0.1/24", "10.0.0.1/16"]), r"\[1\].*given twice"),
    (parse.from_veth, _veth(peer={"name": "b", "addresses": ["x"]}), r"^peer\.addresses\[0\]"),
    (parse.from_veth, _veth(mac="02:00:00:00:00"), r"^mac: .*no MAC"),
    (parse.from_veth, _veth(mac="01:00:00:00:00:01"), r"multicast"),
    (parse.from_veth, _veth(mac="00:00:00:00:00:00"), r"no address for a link"),
    (parse.from_veth, _veth(mtu=67), r"^mtu: 67: is below 68"),
    (parse.from_veth, _veth(mtu=-1), r"^mtu: -1"),
    (parse.from_veth, _veth(mtu=1279, addresses=["fd00::1/64"]), r"below 1280"),
    (parse.from_veth, _veth(master="a"), r"its own master"),
    (parse.from_veth, _veth(master="x" * 16), r"^master: "),
    (parse.from_veth, _veth(routes=[{"dst": "nonsense"}]), r"^routes\[0\]\.dst: 'nonsense'"),
    (parse.from_veth, _veth(routes=[{"dst": "10.1.0.5/16"}]), r"host bits"),
    (parse.from_veth, _veth(routes=[{"dst": "default", "via": "x"}]), r"^routes\[0\]\.via: 'x'"),
    (
        parse.from_veth,
        _veth(routes=[{"dst": "default", "via": "10.0.0.1/24"}]),
        r"without prefix length",
    ),
    (
        parse.from_veth,
        _veth(routes=[{"dst": "10.0.0.0/8", "via": "fd00::1"}]),
        r"via: 'fd00::1': is IPv6, but",
    ),
    (
        parse.from_veth,
        _veth(
            routes=[{"dst": "default", "via": "10.0.0.1"}, {"dst": "default", "via": "10.0.0.2"}]
        ),
        r"^routes\[1\]\.dst: .*same metric",
    ),
    (parse.from_bridge, _bridge(ports=["br"]), r"^ports\[0\]: 'br': .*its own port"),
    (parse.from_bridge, _bridge(ports=["p", "p"]), r"^ports\[1\]: 'p': .*named twice"),
    (parse.from_bridge, _bridge(priority=65536), r"^priority: 65536: is outside 0 to 65535"),
    (parse.from_bridge, _bridge(forward_delay=31), r"^forward_delay: 31: .*seconds"),
    (parse.from_bridge, _bridge(forward_delay=1, stp=True), r"with STP on"),
    (parse.from_bridge, _bridge(hello_time=0), r"^hello_time: 0"),
    (parse.from_bridge, _bridge(max_age=41), r"^max_age: 41"),
    (parse.from_bridge, _bridge(ageing_time=-1), r"^ageing_time: -1"),
    (parse.from_bridge, _bridge(vlan_default_pvid=4095), r"^vlan_default_pvid: 4095"),
    (parse.from_route, {"dst": "default"}, r"^dst: '0\.0\.0\.0/0': the route leads nowhere"),
    (parse.from_route, {"dst": "10.0.0.0/8", "via": "10.0.0.1", "metric": -1}, r"^metric: -1"),
    (parse.from_route, {"dst": "10.0.0.0/8", "via": "10.0.0.1", "table": 0}, r"^table: 0"),
    (parse.from_route, {"dst": "10.0.0.0/8", "dev": "x" * 16}, r"^dev: "),
    (parse.from_route, {"dst": "fd00::/8", "dev": "a", "scope": "link"}, r"have no scope"),
    (
        parse.from_route,
        {"dst": "10.0.0.0/8", "type": "blackhole", "via": "10.0.0.1"},
        r"^type: 'blackhole': .*Leave out via",
    ),
    (parse.from_route, {"dst": "10.0.0.0/8", "dev": "a", "src": "fd00::1"}, r"^src: 'fd00::1'"),
    (parse.topology_from_params, {"name": "a b"}, r"^name: 'a b': is no name for a topology"),
    (parse.topology_from_params, {"name": "../x"}, r"is no name for a topology"),
    (
        parse.topology_from_params,
        _topology(namespaces=[{"name": "n"}, {"name": "n"}]),
        r"^namespaces\[1\]\.name: 'n': .*twice, first by namespaces\[0\]\.name",
    ),
    (
        parse.topology_from_params,
        _topology(bridges=[{"name": "x"}], veths=[{"name": "x", "peer": {"name": "y"}}]),
        r"^veths\[0\]\.name: 'x': the name is used twice on the host, first by bridges\[0\]\.name",
    ),
    (
        parse.topology_from_params,
        _topology(
            bridges=[{"name": "b1", "ports": ["p"]}, {"name": "b2", "ports": ["p"]}],
        ),
        r"^bridges\[1\]\.ports\[0\]: 'p': the link is given to two bridges",
    ),
    (
        parse.topology_from_params,
        _topology(
            bridges=[{"name": "b1", "ports": ["p"]}, {"name": "b2"}],
            veths=[{"name": "p", "master": "b2", "peer": {"name": "q"}}],
        ),
        r"given to two bridges",
    ),
    (
        parse.topology_from_params,
        _topology(bridges=[{"name": "b1", "ports": ["b2"]}, {"name": "b2"}]),
        r"cannot be a port of a bridge",
    ),
]


@pytest.mark.parametrize(("face", "params", "message"), BAD)
def test_bad_input(face: Callable[[Params], object], params: Params, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        face(params)
    text = str(caught.value)
    # option: value: what is wrong. what to do.
    assert text.endswith(".")
    assert text.count(": ") >= 2
    assert caught.value.remedy


def test_what_is_left_out_is_left_alone() -> None:
    link = parse.from_bridge({"name": "br"}).links[0]
    assert (link.addresses, link.mac, link.mtu, link.up, link.ports) == (None,) * 5
    assert link.options == ()


def test_units_become_the_kernels() -> None:
    options = dict(
        parse.from_bridge({"name": "br", "forward_delay": 4, "ageing_time": 300, "stp": True})
        .links[0]
        .options
    )
    assert options == {"forward_delay": 400, "ageing_time": 30000, "stp_state": 1}


def test_a_links_route_goes_over_the_link_and_default_has_the_gateways_family() -> None:
    want = parse.from_veth(_veth(netns="n", routes=[{"dst": "default", "via": "fd00::1"}]))
    route = want.routes[0]
    assert (route.netns, route.dev, str(route.dst), route.metric) == ("n", "a", "::/0", 1024)


def test_ports_and_master_say_the_same() -> None:
    want = parse.topology_from_params(
        _topology(
            bridges=[{"name": "br", "ports": ["p"]}],
            veths=[{"name": "p", "peer": {"name": "q"}}],
        )
    )
    assert {link.name: link.master for link in want.links} == {"br": None, "p": "br", "q": None}


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0.forwarding", "net/ipv4/conf/eth0/forwarding"),
        ("net.ipv6.conf.eth0.100.accept_ra", "net/ipv6/conf/eth0.100/accept_ra"),
        ("net/ipv6/conf/eth0.100/accept_ra", "net/ipv6/conf/eth0.100/accept_ra"),
        ("net.ipv4.neigh.a.b.c.gc_stale_time", "net/ipv4/neigh/a.b.c/gc_stale_time"),
    ],
)
def test_links_with_dots_are_path_elements(key: str, path: str) -> None:
    want = parse.from_netns({"name": "n", "sysctls": {key: True}})
    assert want.namespaces[0].sysctls == ((path, "1"),)
