# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for vxlan links: what is there, what is wanted, and the commands between the two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import (
    kinds as kernel_kinds,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.commands import (
    commands,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.kinds import KINDS
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.model import (
    HOST,
    Entry,
    Have,
    Link,
    Namespace,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._topology.plan import plan

ZERO = "00:00:00:00:00:00"
STATION = "02:00:00:00:00:01"
OPTIONS = (("id", 7), ("local", "192.0.2.1"), ("dstport", 4789), ("learning", 1))


def vxlan(**more: Any) -> Link:
    values = {"alias": "container_net:t", "options": OPTIONS, "up": True, "mtu": 1450, **more}
    return Link(HOST, "vx", 10, "vxlan", **values)


def host(*links: Link) -> Have:
    low = Link(HOST, "low", 5, "bridge", up=True, mtu=1500)
    return Have({HOST: Namespace(HOST, {link.name: link for link in (low, *links)})})


def planned(there: Have, **options: Any) -> list[str]:
    entry = {"name": "vx", "vni": 7, "admin_state": "up", **options}
    want = parse.topology_from_params({"name": "t", "vxlans": [entry]})
    return commands(plan(there, want).operations)


def remote(address: str, **more: Any) -> Link:
    entry = Entry(ZERO, address, via=more.pop("via", None))
    options = (*OPTIONS, ("remote", address), *more.pop("options", ()))
    return vxlan(options=options, entries=(entry,), **more)


TABLE: list[tuple[str, Have, dict[str, Any], list[str]]] = [
    (
        "absent",
        host(),
        {"dev": "low", "local": "192.0.2.1", "fdb": [{"mac": ZERO, "dst": "192.0.2.2"}]},
        [
            "ip link add name vx type vxlan id 7 dev low local 192.0.2.1 dstport 4789",
            "ip link set dev vx up",
            f"bridge fdb append {ZERO} dev vx dst 192.0.2.2",
        ],
    ),
    ("present", host(vxlan()), {"local": "192.0.2.1", "dstport": 4789, "learning": True}, []),
    ("left out is left alone", host(remote("192.0.2.9")), {}, []),
    ("learning", host(vxlan()), {"learning": False}, ["ip link set dev vx type vxlan nolearning"]),
    (
        "the kernel's own entry is neither missing nor too much",
        host(remote("192.0.2.9")),
        {"remote": "192.0.2.9", "fdb": []},
        [],
    ),
    (
        "the kernel's own entry was taken away",
        host(replace(remote("192.0.2.9"), entries=())),
        {"remote": "192.0.2.9"},
        [f"bridge fdb append {ZERO} dev vx dst 192.0.2.9"],
    ),
    (
        "another remote, which the kernel makes an entry of",
        host(remote("192.0.2.9")),
        {"remote": "192.0.2.8", "fdb": []},
        ["ip link set dev vx type vxlan remote 192.0.2.8"],
    ),
    (
        "another link below: the kernel's own entry would keep the old one",
        host(remote("192.0.2.9", options=(("dev", "old"),), via="old")),
        {"remote": "192.0.2.9", "dev": "low"},
        [
            "ip link set dev vx type vxlan remote 0.0.0.0",
            "ip link set dev vx type vxlan dev low",
            "ip link set dev vx type vxlan remote 192.0.2.9",
        ],
    ),
    (
        "a group, for which ip wants the link below, too",
        host(vxlan(options=(*OPTIONS, ("dev", "low")))),
        {"group": "239.1.1.1", "dev": "low"},
        ["ip link set dev vx type vxlan group 239.1.1.1 dev low"],
    ),
    (
        "a station moves, a host goes, a foreign entry with a port goes",
        host(
            vxlan(
                entries=(
                    Entry(STATION, "192.0.2.2"),
                    Entry(ZERO, "192.0.2.2"),
                    Entry(ZERO, "192.0.2.3", port=99),
                )
            )
        ),
        {"fdb": [{"mac": STATION, "dst": "192.0.2.3"}]},
        [
            f"bridge fdb replace {STATION} dev vx dst 192.0.2.3",
            f"bridge fdb del {ZERO} dev vx dst 192.0.2.2",
            f"bridge fdb del {ZERO} dev vx dst 192.0.2.3 port 99",
        ],
    ),
    (
        "nothing is purged",
        host(vxlan(entries=(Entry(STATION, "192.0.2.2"),))),
        {"fdb": [], "purge_fdb": False},
        [],
    ),
    (
        "another number needs another link",
        host(vxlan()),
        {"vni": 8, "recreate": True},
        [
            "ip link set dev vx down",
            "ip link set dev vx name cn-66623581-old",
            "ip link add name vx type vxlan id 8 dstport 4789",
            "ip link set dev vx up",
            "ip link del dev cn-66623581-old",
        ],
    ),
    (
        "renamed by hand",
        host(replace(vxlan(), name="other")),
        {"dstport": 4789},
        [
            "ip link set dev other down",
            "ip link set dev other name vx",
            "ip link set dev vx up",
        ],
    ),
    (
        "over IPv6",
        host(),
        {"local": "2001:db8::1", "remote": "2001:db8::2", "mtu": 1430},
        [
            "ip link add name vx mtu 1430 type vxlan id 7 local 2001:db8::1 remote 2001:db8::2"
            " dstport 4789",
            "ip link set dev vx up",
        ],
    ),
]


@pytest.mark.parametrize(
    ("there", "options", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_plan(there: Have, options: dict[str, Any], expected: list[str]) -> None:
    assert planned(there, **options) == expected


def test_every_operation_of_a_change_can_be_taken_back() -> None:
    there = host(remote("192.0.2.9", options=(("dev", "old"),), via="old"))
    entry = {"name": "vx", "remote": "192.0.2.8", "dev": "low", "learning": False}
    want = parse.topology_from_params({"name": "t", "vxlans": [entry]})
    forward = [o for o in plan(there, want).operations if getattr(o, "key", "") != "alias"]
    assert commands(o.inverse() for o in reversed(forward)) == [
        "ip link set dev vx type vxlan remote 0.0.0.0",
        "ip link set dev vx type vxlan learning",
        "ip link set dev vx type vxlan dev old",
        "ip link set dev vx type vxlan remote 192.0.2.9",
    ]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_two_tables_of_kinds_speak_of_the_same_options(kind: str) -> None:
    names = {option.name for option in KINDS[kind].options}
    assert names == set(kernel_kinds.ATTRIBUTES[kind])
