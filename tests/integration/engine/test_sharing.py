# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several topologies and strangers on one host: nobody's things are taken, or taken along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host

Params = dict[str, Any]


def ends(name: str, first: str, second: str) -> Params:
    """Two namespaces with a pair that is called the same in every topology."""
    return {
        "name": name,
        "namespaces": [{"name": first}, {"name": second}],
        "veths": [
            networks.link(
                "eth0",
                netns=first,
                addresses=["10.0.0.1/24"],
                peer=networks.link("up0", netns=second),
            )
        ],
    }


def test_pairs_of_the_same_names_are_not_mistaken_for_ones_that_moved(host: Host) -> None:
    host.sh(
        "ip netns add s1; ip netns add s2; ip -n s1 link add name eth0 type veth peer name up0"
        " netns s2"
    )
    host.apply(ends("one", "a1", "a2"))
    before = host.dump()
    for params in (ends("two", "b1", "b2"), {**ends("three", "c1", "c2"), "adopt": True}):
        host.apply(params)
        assert not host.apply(params).changed
    for name in ("two", "three"):
        host.apply({"name": name, "state": "absent"})
    assert host.dump() == before


def test_an_end_that_was_moved_by_hand_is_still_found_anywhere(host: Host) -> None:
    host.sh("ip netns add far")
    host.apply(ends("one", "a1", "a2"))
    host.sh("ip -n a1 link set dev eth0 netns far; ip -n a2 link set dev up0 netns far")
    outcome = host.apply(ends("one", "a1", "a2"))
    assert host.commands(outcome)[:2] == [
        "ip -n far link set dev eth0 netns a1",
        "ip -n far link set dev up0 netns a2",
    ]


def bridged(name: str, **more: Any) -> Params:
    return {"name": name, "bridges": [networks.link(f"{name}br", **more)]}


def test_a_port_of_another_topology_is_neither_taken_nor_taken_off(host: Host) -> None:
    host.apply(bridged("one"))
    pair = networks.link("p0", master="onebr", peer=networks.link("p1"))
    host.apply({"name": "two", "veths": [pair]})
    before = host.dump()
    with pytest.raises(OptionError, match=r"bridges\[0\].ports\[0\]: 'p0': .*topology two"):
        host.apply(bridged("three", ports=["p0"]))
    # "purge_ports" is about ports that nobody else answers for.
    assert not host.apply(bridged("one", ports=[], purge_ports=True)).changed
    assert host.dump() == before
    host.apply({**bridged("three", ports=["p0"]), "adopt": True})
    assert host.json("ip -j link show dev p0")[0]["master"] == "threebr"


def test_a_strangers_port_is_taken_only_when_adopted(host: Host) -> None:
    host.sh(
        "ip link add name sbr type bridge; ip link add name s0 type veth peer name s1;"
        "ip link set dev s0 master sbr"
    )
    before = host.dump()
    with pytest.raises(OptionError, match=r"ports\[0\]: 's0': the link is a port of sbr"):
        host.apply(bridged("one", ports=["s0"]))
    assert host.dump() == before
    # One that is free is asked for by naming it.
    host.apply(bridged("one", ports=["s1"]))
    host.apply({"name": "one", "state": "absent"})
    assert host.dump() == before


NEEDED: dict[str, tuple[Params, Params, str]] = {
    "a port on a bridge": (
        bridged("one"),
        {"veths": [networks.link("p0", master="onebr", peer=networks.link("p1"))]},
        "link onebr: .*port p0 of topology two",
    ),
    "a link in a namespace": (
        {"name": "one", "namespaces": [{"name": "n"}]},
        {"veths": [networks.link("p0", peer=networks.link("p1", netns="n"))]},
        "namespace n: .*link p1 of topology two",
    ),
    "a bridge in a namespace": (
        {"name": "one", "namespaces": [{"name": "n"}]},
        {"bridges": [networks.link("b", netns="n")]},
        "namespace n: .*link b of topology two",
    ),
    "a route over a link": (
        bridged("one", addresses=["10.1.0.1/24"]),
        {"routes": [{"dst": "10.9.0.0/16", "via": "10.1.0.9"}]},
        "link onebr: .*route to 10.9.0.0/16 of topology two",
    ),
    "a route over the other end": (
        {
            "name": "one",
            "namespaces": [{"name": "n"}],
            "veths": [
                networks.link(
                    "a", peer=networks.link("b", netns="n", addresses=["10.1.0.1/24"], mtu=1400)
                )
            ],
        },
        {"routes": [{"dst": "10.9.0.0/16", "via": "10.1.0.9", "netns": "n"}]},
        "namespace n: .*route to 10.9.0.0/16 of topology two",
    ),
    "a route in a namespace": (
        {"name": "one", "namespaces": [{"name": "n"}]},
        {"routes": [{"dst": "10.9.0.0/16", "type": "blackhole", "netns": "n"}]},
        "namespace n: .*route to 10.9.0.0/16 of topology two",
    ),
}


@pytest.mark.parametrize("case", NEEDED.values(), ids=list(NEEDED))
def test_what_another_topology_needs_does_not_go_unasked(
    host: Host, case: tuple[Params, Params, str]
) -> None:
    one, more, message = case
    empty = host.dump()
    host.apply(one)
    two = {"name": "two", **more}
    host.apply(two)
    before = host.dump()
    for params in ({"name": "one"}, {"name": "one", "state": "absent"}):
        for check_mode in (True, False):
            with pytest.raises(OptionError, match=message):
                host.apply(params, check_mode)
    assert host.dump() == before
    # In the other order it goes; and by force, after which the other one's own rest goes, too.
    host.apply({"name": "one", "state": "absent", "force": True})
    host.apply({"name": "two", "state": "absent"})
    assert host.dump() == empty
    host.apply(one)
    host.apply(two)
    host.apply({"name": "two", "state": "absent"})
    host.apply({"name": "one", "state": "absent"})
    assert host.dump() == empty


def test_a_strangers_pair_does_not_go_with_a_namespace_that_is_no_longer_named(host: Host) -> None:
    host.apply({"name": "one", "namespaces": [{"name": "n"}, {"name": "m"}]})
    host.sh("ip link add name s0 type veth peer name s1 netns n")
    before = host.dump()
    with pytest.raises(OptionError, match=r"namespace n: .*link s1, .*did not make, and s0 on"):
        host.apply({"name": "one", "namespaces": [{"name": "m"}]})
    assert host.dump() == before
    host.sh("ip link del dev s0; ip -n n link add name inside type bridge")
    host.apply({"name": "one", "namespaces": [{"name": "m"}]})
    assert host.namespaces() == ["m"]


def _namespace(**more: Any) -> Params:
    return {"namespaces": [{"name": "n", **more}]}


# What a stranger made; the same as a topology; the same, but not quite.
FOUND: dict[str, tuple[str, Params, Params, str]] = {
    "a namespace": (
        "ip netns add n; ip -n n link set dev lo up",
        _namespace(loopback="up"),
        _namespace(loopback="up", sysctls={"net.ipv4.ip_forward": "1"}),
        r"namespaces\[0\].name: 'n': the namespace exists",
    ),
    "a bridge": (
        "ip link add name br type bridge; ip link set dev br up; ip addr add 10.1.0.1/24 dev br",
        {"bridges": [networks.link("br", addresses=["10.1.0.1/24"])]},
        {"bridges": [networks.link("br", addresses=[])]},
        r"bridges\[0\].name: 'br': the link br on the host exists",
    ),
    "a pair": (
        "ip link add name a type veth peer name b; ip link set dev a up; ip link set dev b up",
        {"veths": [networks.link("a", peer=networks.link("b"))]},
        {"veths": [networks.link("a", peer=networks.link("b", mtu=1400))]},
        r"veths\[0\].peer.name: 'b': the link b on the host exists",
    ),
    "a pair elsewhere": (
        "ip netns add n; ip link add name a type veth peer name b; ip link set dev a up;"
        "ip link set dev b up",
        {"veths": [networks.link("a", peer=networks.link("b"))]},
        {"veths": [networks.link("a", peer=networks.link("b", netns="n"))]},
        r"veths\[0\].peer.name: 'b': the link b on the host exists",
    ),
    "a route": (
        "ip link add name br type bridge; ip link set dev br up; ip addr add 10.1.0.1/24 dev br;"
        "ip route add 10.9.0.0/16 via 10.1.0.9",
        {"routes": [{"dst": "10.9.0.0/16", "via": "10.1.0.9"}]},
        {"routes": [{"dst": "10.9.0.0/16", "via": "10.1.0.8"}]},
        r"routes\[0\].dst: '10.9.0.0/16': the route on the host exists",
    ),
}


@pytest.mark.parametrize("case", FOUND.values(), ids=list(FOUND))
def test_what_a_stranger_made_is_adopted_when_it_matches_or_when_told_to(
    host: Host, case: tuple[str, Params, Params, str]
) -> None:
    script, same, other, message = case
    host.sh(script)
    before = host.dump()
    with pytest.raises(OptionError, match=message + ".*adopt"):
        host.apply({"name": "t", **other})
    assert host.dump() == before
    outcome = host.apply({"name": "t", **same})
    # Only the mark comes, which is no command of a person's but for a route.
    assert outcome.changed
    assert [c for c in host.commands(outcome) if "route replace" not in c] == []
    assert not host.apply({"name": "t", **same}).changed
    # From then on it is the topology's own: to change, and to take away.
    assert host.apply({"name": "t", **other}).changed
    assert not host.apply({"name": "t", **other}).changed
    host.apply({"name": "t", "state": "absent"})
    host.sh("set +e; ip netns del n; ip link del dev a; ip link del dev br; true")
    host.sh(script)
    host.apply({"name": "t", **other, "adopt": True})
    assert not host.apply({"name": "t", **other}).changed


def test_a_sysctl_that_is_no_longer_named_gets_its_old_value_back(host: Host) -> None:
    run = "ip netns exec n cat /proc/sys/net/ipv4"
    host.sh("ip netns add n; ip netns exec n sysctl -qw net.ipv4.ip_default_ttl=77")
    named = {"net.ipv4.ip_forward": "1", "net.ipv4.ip_default_ttl": "99"}

    def params(**sysctls: str) -> Params:
        return {"name": "t", "adopt": True, **_namespace(sysctls=sysctls)}

    host.apply(params(**named))
    assert host.sh(f"{run}/ip_forward {run.split()[-1]}/ip_default_ttl").split() == ["1", "99"]
    # Not by a run that does not prune.
    assert not host.apply({**params(), "prune": False}).changed
    predicted = host.apply(params(), check_mode=True)
    outcome = host.apply(params())
    assert sorted(host.commands(outcome)) == [
        "ip netns exec n sysctl -w net.ipv4.ip_default_ttl=77",
        "ip netns exec n sysctl -w net.ipv4.ip_forward=0",
    ]
    assert host.commands(predicted) == host.commands(outcome)
    assert not host.apply(params()).changed
    # What somebody sets afterwards is theirs.
    host.sh("ip netns exec n sysctl -qw net.ipv4.ip_default_ttl=55")
    assert not host.apply(params()).changed


def test_a_lost_state_file_is_said_also_when_there_is_more_to_do(host: Host) -> None:
    host.apply(networks.two_rooms())
    host.sh(
        "ip link add name fbr type bridge; ip link set dev fbr up; ip addr add 10.5.0.1/24 dev fbr"
    )
    more = {**networks.two_rooms(), "routes": [{"dst": "10.9.9.0/24", "via": "10.5.0.9"}]}
    host.apply(more)
    host.sh("rm -r /var/lib/container_net/topologies; ip link set dev ns1veth1 down")
    changes: list[Callable[[], Any]] = [
        lambda: host.apply(networks.two_rooms(), check_mode=True),
        lambda: host.apply(networks.two_rooms()),
    ]
    for change in changes:
        outcome = change()
        assert host.commands(outcome) == ["ip link set dev ns1veth1 up"]
        assert "state file of topology two_rooms was missing" in outcome.warnings[0]
        # On a stranger's link nothing tells whose the route is.
        assert "10.9.9.0/24 via 10.5.0.9 dev fbr" in outcome.warnings[1]
    assert host.apply(networks.two_rooms()).warnings == ()
    # Named again, it is known again.
    assert not host.apply(more).changed
    host.apply(networks.two_rooms())
    assert "10.9.9.0/24" not in host.sh("ip route")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', "\\x00\\x00"])
def test_a_broken_state_file_stops_the_run_and_can_be_moved_away(host: Host, text: str) -> None:
    host.apply(networks.pair())
    before = host.dump()
    path = "/var/lib/container_net/topologies/pair.json"
    host.sh(f"printf '{text}' > {path}")
    with pytest.raises(Exception, match=rf"{path} cannot be read: .*Move it away"):
        host.apply({"name": "pair", "state": "absent"})
    assert host.dump() == before
    host.sh(f"rm {path}")
    host.apply({"name": "pair", "state": "absent"})
    assert host.namespaces() == []
