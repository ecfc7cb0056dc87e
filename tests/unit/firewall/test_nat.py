# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module nat's pure part: what clashes, which rules come out, what is done in which order."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._firewall import (
    parse,
    persist,
    plan,
    render,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._firewall.model import (
    Have,
    Nat,
    Switch,
)

WEB = {"host_port": 80, "to": "192.168.2.10"}
HAIRPIN, LOCALNET = Switch("hairpin", "p1"), Switch("route_localnet", "br0")


def nat(**more: Any) -> Nat:
    params = {"bridge": "br0", "subnet": "192.168.2.0/24", **more}
    found = parse.request_from_params(params).nat
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ({}, {}, True),
        ({}, {"protocol": "udp"}, False),
        ({}, {"host_port": 81}, False),
        ({}, {"host_ip": "10.0.0.1"}, True),
        ({"host_ip": "10.0.0.1"}, {"host_ip": "10.0.0.2"}, False),
        ({"host_ip": "10.0.0.1"}, {"host_ip": "10.0.0.1"}, True),
        ({}, {"host_ip": "127.0.0.1", "loopback": True}, False),
        ({"loopback": True}, {"host_ip": "127.0.0.1", "loopback": True}, True),
    ],
)
def test_what_is_published_twice(one: dict[str, Any], other: dict[str, Any], clash: bool) -> None:
    for pair in ([one, other], [other, one]):
        publish = [{**WEB, **entry} for entry in pair]
        if clash:
            with pytest.raises(OptionError, match=r"publish\[1\].host_port: .* published twice"):
                nat(publish=publish)
        else:
            assert len(nat(publish=publish).publish) == 2


def test_an_address_with_its_length_stands_for_the_network() -> None:
    assert nat(subnet="192.168.2.1/24") == nat()


def test_what_is_kept_makes_the_same() -> None:
    full = nat(
        masquerade=True,
        masquerade_except=["172.20.0.0/16", "10.1.0.0/24"],
        isolate=True,
        publish=[{**WEB, "loopback": True}, {**WEB, "host_ip": "10.0.0.1", "protocol": "udp"}],
    )
    assert parse.request_from_params(persist.params(full)).nat == full


@pytest.mark.parametrize(
    ("options", "has", "lacks"),
    [
        ({}, (), ("table",)),
        ({"masquerade": True}, ('oifname != "br0" masquerade',), ("dnat", "drop", "raw")),
        (
            # Networks that touch or lie in each other are one: nft takes no sets that overlap.
            {
                "masquerade": True,
                "masquerade_except": [
                    "172.20.3.0/24",
                    "172.20.0.0/16",
                    "10.1.1.0/24",
                    "10.1.0.9/24",
                ],
            },
            ('ip daddr != { 10.1.0.0/23, 172.20.0.0/16 } oifname != "br0" masquerade',),
            (),
        ),
        (
            {"publish": [WEB]},
            ("dnat ip to 192.168.2.10:80", 'oifname "br0" ct status dnat masquerade'),
            ("127.0.0.1", "chain raw", "oifname !="),
        ),
        (
            {"publish": [{**WEB, "loopback": True}]},
            ("ip daddr 127.0.0.1 tcp dport 80", 'iifname "br0" ip daddr 127.0.0.0/8 drop'),
            (),
        ),
        (
            {"publish": [{**WEB, "host_ip": "127.0.0.1", "loopback": True}]},
            ("chain output", "chain raw"),
            ("chain prerouting",),
        ),
        (
            {"isolate": True},
            ('iifname { "p1", "p2" } oifname { "p1", "p2" } drop', "ct status dnat"),
            ("masquerade",),
        ),
        (
            {"subnet": "fd00::/64", "masquerade": True, "publish": [{**WEB, "to": "fd00::a"}]},
            ("ip6 saddr fd00::/64", "dnat ip6 to [fd00::a]:80", "ip6 daddr != ::1"),
            ("ip saddr", "ip daddr"),
        ),
    ],
)
def test_tables(options: dict[str, Any], has: tuple[str, ...], lacks: tuple[str, ...]) -> None:
    text = "".join(render.tables(nat(**options), ["p2", "p1"]).values())
    for fragment in has:
        assert fragment in text
    for fragment in lacks:
        assert fragment not in text


def test_a_kernel_that_can_name_bridges_needs_no_ports() -> None:
    found = render.tables(nat(isolate=True), None)
    assert 'meta ibrname "br0" meta obrname "br0" drop' in found["bridge"]


def test_a_single_port_has_nobody_to_be_isolated_from() -> None:
    assert set(render.tables(nat(isolate=True), ["p1"])) == {"inet"}


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        ({"masquerade": True, "forward": False}, 0),
        ({}, 4),
        ({"publish": [WEB]}, 5),
        ({"publish": [WEB], "isolate": True}, 3),
    ],
)
def test_accepts(options: dict[str, Any], rules: int) -> None:
    found = render.forward_rules(nat(**options))
    assert len(found) == rules
    assert all(rule.endswith("-j ACCEPT") for rule in found)
    # Nothing is opened for others.
    assert all("-i br0" in rule or "-o br0" in rule for rule in found)


def steps(
    have: Have, listed: dict[str, str], *wanted: Switch, others: dict[Switch, str] | None = None
) -> list[tuple[Any, ...]]:
    found = plan.plan("x", have, listed, listed, wanted, others or {}, None)
    return [
        (step.switch.kind, step.value) if isinstance(step, plan.SetSwitch) else ("tables",)
        for step in found
    ]


def test_what_opens_something_comes_behind_the_rules_that_guard_it() -> None:
    new = Have({}, values={LOCALNET: "0"})
    assert steps(new, {"inet": "rules"}, LOCALNET) == [("tables",), ("route_localnet", "1")]
    gone = Have({"inet": "rules"}, noted={LOCALNET: "0"}, values={LOCALNET: "1"})
    assert steps(gone, {}) == [("route_localnet", "0"), ("tables",)]


@pytest.mark.parametrize(
    ("noted", "value", "others", "expected"),
    [
        ("0", "1", {}, [("hairpin", "0")]),
        ("0", "0", {}, []),
        (None, "1", {}, []),  # it was so before
        ("0", "1", {HAIRPIN: "other"}, []),
        ("0", None, {}, []),  # the link is gone
    ],
)
def test_taking_back(
    noted: str | None, value: str | None, others: dict[Switch, str], expected: list[Any]
) -> None:
    values = {} if value is None else {HAIRPIN: value}
    assert steps(Have({}, noted={HAIRPIN: noted}, values=values), {}, others=others) == expected


def test_only_the_first_value_is_the_one_from_before() -> None:
    have = Have({}, noted={HAIRPIN: "0"}, values={HAIRPIN: "1", LOCALNET: "0"})
    assert plan.noted(have, (HAIRPIN, LOCALNET), keep_old=False) == {HAIRPIN: "0", LOCALNET: "0"}
    assert plan.noted(have, (LOCALNET,), keep_old=True) == {HAIRPIN: "0", LOCALNET: "0"}
    assert plan.noted(have, (LOCALNET,), keep_old=False) == {LOCALNET: "0"}
    was_so = Have({}, values={HAIRPIN: "1"})
    assert plan.noted(was_so, (HAIRPIN,), keep_old=False) == {HAIRPIN: None}
