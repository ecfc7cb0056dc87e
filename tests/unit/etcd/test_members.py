# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done to a cluster's members, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._etcd_members import (
    Member,
    Want,
    decide,
    find,
    initial_cluster,
    parse,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._etcd_probe import (
    MEMBERS,
    SETTLING,
    explain,
)


def member(name: str, number: int, learner: bool = False, url: str = "") -> Member:
    urls = (url or f"https://192.0.2.{number}:2380",)
    clients = (f"https://192.0.2.{number}:2379",) if name else ()
    return Member(number, name, urls, clients, learner)


A, B, C = member("a", 1), member("b", 2), member("c", 3)
C_NEW = member("", 3, learner=True)
C_LEARNS = member("c", 3, learner=True)


def want(state: str = "present", voting: bool = True, **more: Any) -> Want:
    options = {"name": "c", "peer_urls": ("https://192.0.2.3:2380",), "force": False, "wait": 0}
    return Want(**{**options, "state": state, "voting": voting, **more})


TABLE: dict[str, tuple[list[Member], Want, str]] = {
    "a new one": ([A, B], want(voting=False), "add"),
    "added, not started": ([A, B, C_NEW], want(voting=False), ""),
    "started, has no vote": ([A, B, C_LEARNS], want(voting=False), ""),
    "gets its vote": ([A, B, C_LEARNS], want(), "promote"),
    "gets it before its name is known": ([A, B, C_NEW], want(), "promote"),
    "has its vote": ([A, B, C], want(), ""),
    "keeps its vote": ([A, B, C], want(voting=False), ""),
    "is taken out": ([A, B, C], want("absent"), "remove"),
    "is taken out before it started": ([A, B, C_NEW], want("absent"), "remove"),
    "is not there": ([A, B], want("absent"), ""),
    "of a name that only begins so": ([A, B, member("c2", 4)], want("absent"), ""),
}


@pytest.mark.parametrize(("have", "wanted", "expected"), TABLE.values(), ids=TABLE.keys())
def test_what_has_to_be_done(have: list[Member], wanted: Want, expected: str) -> None:
    assert decide(have, wanted) == expected


REFUSED: dict[str, tuple[list[Member], Want, str]] = {
    "a vote for nobody": ([A, B], want(), "the cluster has no such member"),
    "the address of another": ([A, member("b", 3)], want(voting=False), "member b has this addr"),
    "another address": ([A, member("c", 9)], want(), "is known with https://192.0.2.9:2380"),
    "the last one": ([C], want("absent"), "the cluster's only member"),
}


@pytest.mark.parametrize(("have", "wanted", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done(have: list[Member], wanted: Want, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        decide(have, wanted)


def test_who_starts_gets_everybody_and_its_own_name() -> None:
    assert initial_cluster([A, C_NEW], want()) == (
        "a=https://192.0.2.1:2380,c=https://192.0.2.3:2380"
    )


def test_what_etcdctl_prints_is_read() -> None:
    # Printed by etcdctl 3.4.23, shortened; what is false or empty is left out.
    answer = {
        "members": [
            {
                "ID": 9372538179322589801,
                "name": "a",
                "peerURLs": ["https://192.0.2.1:2380"],
                "clientURLs": ["https://192.0.2.1:2379"],
            },
            {"ID": 3, "peerURLs": ["https://192.0.2.3:2380"], "isLearner": True},
        ]
    }
    found = parse(answer)
    assert found[0].report()["id"] == "8211f1d0f64f3269"
    assert found[1] == C_NEW
    assert find(found, want()) is found[1]
    assert parse({}) == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("etcdserver: can only promote a learner member which is in sync with leader", SETTLING),
        ("etcdserver: unhealthy cluster", SETTLING),
        ("etcdserver: re-configuration failed due to not enough started members", MEMBERS),
        ("etcdserver: too many learner members in cluster", MEMBERS),
    ],
)
def test_what_etcd_says_about_members_is_understood(said: str, kind: str) -> None:
    problem = explain(f'{{"level":"warn"}}\nError: rpc error: code = Unavailable desc = {said}\n')
    assert problem is not None
    assert problem.kind == kind
    # What etcdctl itself says of endpoints that do not answer is something else.
    assert explain("Error: unhealthy cluster") is None
