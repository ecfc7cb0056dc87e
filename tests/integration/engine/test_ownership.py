# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a topology owns is found wherever it is, and what others own stays theirs."""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import waiting
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host


def test_what_is_owned_in_a_strangers_namespace_goes_too(host: Host) -> None:
    host.sh(
        "for n in s1 s2; do ip netns add $n; ip -n $n link add name br type bridge;"
        " ip -n $n link set dev br up; ip -n $n addr add 10.0.0.1/24 dev br; done"
    )
    before = host.dump()
    params = {
        "name": "t",
        "veths": [networks.link("a", netns="s1", peer=networks.link("b", netns="s2"))],
        "routes": [{"dst": "10.9.0.0/16", "via": "10.0.0.2", "netns": "s1"}],
    }
    host.apply(params)
    assert not host.apply(params).changed
    host.apply({"name": "t", "state": "absent"})
    assert host.dump() == before


def test_a_topology_that_names_anothers_link_does_not_take_it(host: Host) -> None:
    one = {
        "name": "one",
        "namespaces": [{"name": "n", "loopback": "up"}],
        "bridges": [networks.link("br")],
    }
    host.apply(one)
    before = host.dump()
    two = {**one, "name": "two"}
    assert not host.apply(two).changed
    host.apply({"name": "two", "state": "absent"})
    assert host.dump() == before
    assert host.apply({**two, "adopt": True}).changed
    host.apply({"name": "one", "state": "absent"})
    assert host.namespaces() == ["n"]
    host.apply({"name": "two", "state": "absent"})
    assert host.namespaces() == []


def test_an_end_in_a_namespace_without_a_name_is_replaced_only_when_asked(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody moved the other end into a container, say: it lives, but nobody can name it."""
    # It does not go, however long one waits.
    monkeypatch.setattr(waiting, "_SECONDS", 0.2)
    params = networks.two_rooms()
    host.apply(params)
    with subprocess.Popen(["unshare", "--net", "sleep", "600"]) as process:
        try:
            home = os.readlink("/proc/self/ns/net")
            while os.readlink(f"/proc/{process.pid}/ns/net") == home:
                time.sleep(0.02)
            host.sh(f"ip -n ns1 link set dev ns1veth0 netns {process.pid}")
            before = host.dump()
            with pytest.raises(
                OptionError, match=r"ns1veth1.*in a namespace without a name.*recreate"
            ):
                host.apply(params)
            assert host.dump() == before
            params["veths"][0]["recreate"] = True
            host.apply(params)
            assert host.pings("ns1", "192.168.2.11")
            assert not host.apply(params).changed
        finally:
            process.kill()


def test_an_end_whose_other_goes_with_its_namespace_is_waited_for(host: Host) -> None:
    params = networks.two_rooms()
    host.apply(params)
    wanted = host.dump(marks=False)
    host.sh("ip netns del ns1")
    outcome = host.apply(params)
    assert "link del" not in " ".join(host.commands(outcome))
    assert host.dump(marks=False) == wanted


TREASURES = {
    "a qdisc, moved": (
        "ip link add name a type veth peer name b; tc qdisc add dev a root handle 1: pfifo limit 7",
        {"netns": "n", "peer": networks.link("b")},
        r"link a on the host.*moving it.*qdisc pfifo",
    ),
    "a filter's place, recreated": (
        "ip link add name a type veth peer name wrong; tc qdisc add dev a clsact",
        {"recreate": True, "peer": networks.link("b")},
        r"link a on the host.*recreating it.*qdisc clsact",
    ),
    "a forwarding entry, another bridge": (
        "ip link add name a type veth peer name b; ip link set dev a master one;"
        "bridge fdb add 02:00:00:00:00:99 dev a master static",
        {"master": "two", "peer": networks.link("b")},
        r"link a on the host.*off its bridge.*forwarding entry 02:00:00:00:00:99",
    ),
}


@pytest.mark.parametrize("case", TREASURES.values(), ids=list(TREASURES))
def test_what_nobody_can_put_back_is_lost_only_when_forced(
    host: Host, case: tuple[str, dict[str, Any], str]
) -> None:
    script, options, message = case
    host.sh(
        "ip netns add n; ip link add name one type bridge; ip link add name two type bridge;"
        + script
    )
    before = host.dump()
    params = {"name": "t", "adopt": True, "veths": [networks.link("a", **options)]}
    for check_mode in (True, False):
        with pytest.raises(OptionError, match=message):
            host.apply(params, check_mode)
    assert host.dump() == before
    host.apply({**params, "force": True})
    assert not host.apply(params).changed
    # On what is ours it is nobody's loss but ours.
    host.sh("ip link del dev b")
    host.apply(params)
    assert not host.apply(params).changed


def test_a_topology_does_not_touch_anothers_routes(host: Host) -> None:
    """All have the same protocol number; whose a route is stands in the state files."""
    host.sh(
        "ip link add name br type bridge; ip link set dev br up; ip addr add 10.1.0.1/24 dev br"
    )

    def params(name: str, via: str) -> dict[str, Any]:
        return {"name": name, "routes": [{"dst": "10.9.0.0/16", "via": via}]}

    host.apply(params("one", "10.1.0.2"))
    before = host.dump()
    with pytest.raises(OptionError, match="belongs to topology one"):
        host.apply(params("two", "10.1.0.3"))
    assert not host.apply(params("two", "10.1.0.2")).changed
    host.apply({"name": "two", "state": "absent"})
    assert host.dump() == before
    assert not host.apply(params("one", "10.1.0.2")).changed
    host.apply({**params("two", "10.1.0.3"), "adopt": True})
    assert "via 10.1.0.3" in host.sh("ip route show 10.9.0.0/16")
