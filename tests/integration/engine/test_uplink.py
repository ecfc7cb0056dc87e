# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A card's move on the kernel, its undo and its confirmation, with ``ip`` as the network manager.

The managers themselves, the timers and the controller are on VMs (scenario uplink).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    HostError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._host import engine
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import carry
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel.netlink import Socket
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink import (
    confirming,
    detect,
    program,
    store,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.carrying import (
    addresses_of,
    by_name,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._uplink.moves import (
    File,
    Move,
    Parts,
    Step,
)
from tests.integration.engine.cleanhost import Host
from tests.integration.until import until

# A card with everything that can lead over one; "far" is its cable.
CARD = """
sysctl -qw net.ipv6.conf.default.accept_dad=0
ip link add eth1 up address 02:00:00:00:00:01 type veth peer name far
ip link set far up
ip address add 192.168.100.12/24 brd + label eth1 dev eth1
ip address add 192.168.100.112/24 label eth1:web dev eth1
ip address add 10.20.0.5/16 dev eth1 valid_lft 3000 preferred_lft 2000
ip address add fd00:100::12/64 dev eth1
ip route add default via 192.168.100.1 dev eth1 metric 50
ip route add 10.9.0.0/16 via 192.168.100.7 dev eth1 table 100 proto static mtu 1300
ip route add 10.10.0.0/16 proto static nexthop via 192.168.100.7 dev eth1 weight 2 \
    nexthop via 192.168.100.8 dev eth1
ip route add 10.11.0.0/16 via 10.99.0.1 dev eth1 onlink src 192.168.100.112
ip route add 10.12.0.0/16 dev eth1 table 1000 scope link
ip route add 10.13.0.0/16 via 10.20.0.1 dev eth1 proto dhcp
ip -6 route add fd00:200::/64 via fd00:100::1 dev eth1 metric 7 table 100
ip rule add iif eth1 to 10.9.0.0/16 lookup 100 priority 500
ip rule add oif eth1 lookup 1000 priority 501
ip rule add from 192.168.100.112 lookup 100 priority 502
ip -6 rule add not iif eth1 from fd00:300::/64 lookup 100 priority 503
ip route add blackhole 198.51.100.0/24
"""
MAKE = "ip link add br0 address 02:00:00:00:00:01 type bridge"
GAIN = "ip link set dev br0 up"
SWITCH = (
    MAKE,
    GAIN,
    "ip link set dev eth1 master br0",
    "ip address flush dev eth1 scope global",
)
UNDO = ("ip link delete dev br0",)
# As a client on the bridge would have brought it.
LEASE = "ip address add 10.20.0.5/16 dev br0 valid_lft 3000 preferred_lft 2000"


def steps(commands: tuple[str, ...], must: bool) -> tuple[Step, ...]:
    return tuple(
        Step(tuple(c.split()), must, lend=c == GAIN, hold=c.startswith("sh ")) for c in commands
    )


def arm(
    switch: tuple[str, ...] = (*SWITCH, LEASE),
    undo: tuple[str, ...] = UNDO,
    keep: tuple[File, ...] = (),
    seconds: int = 20,
) -> store.Pending:
    """What module bridge leaves behind, without the timers."""
    host = detect.host("eth1", "br0")
    assert host.card is not None
    parts = Parts((), steps(switch, True), steps(undo, False), keep, {"names": []}, {})
    move = Move(
        "cafe", "br0", "eth1", host.card.mac, "ifupdown", False, seconds, host.card.addresses, parts
    )
    pending = store.Pending(store.folder_of("br0"))
    with Socket() as socket:
        source = carry.End("eth1", host.card.index)
        load = carry.take(socket, source)
    pending.create(move, load, source, engine.build(program.__name__)[1])
    return pending


def run(action: str, pending: store.Pending) -> int:
    """As the timers do, from the disk; the undo when the time is over."""
    if action == "undo":
        pending.set_state(pending.state()["state"], armed=0.0)
    command = [sys.executable, f"{pending.folder}/{store.PROGRAM}", action, pending.folder]
    return subprocess.run(command, check=False, capture_output=True).returncode


def seen(host: Host) -> dict[str, Any]:
    """Addresses of the card or its bridge, all routes and rules, the bridge's name for both."""
    with Socket() as socket:
        links = by_name(socket)
        holder = links.get("br0", links["eth1"]).link.index
        addresses = sorted(addresses_of(socket, holder))
    text = host.sh(
        "for family in 4 6; do ip -j -$family -d route show table all; ip -j -$family rule; done"
    )
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    kept = [
        json.dumps(entry, sort_keys=True).replace('"eth1"', '"br0"')
        for entries in lines
        for entry in entries
        if entry.get("table") != "local"
        and entry.get("protocol") != "kernel"
        # What a lease brings the client brings again.
        and entry.get("protocol") != "dhcp"
        and not str(entry.get("dst", "")).startswith(("fe80", "multicast", "ff00"))
    ]
    return {"addresses": addresses, "entries": sorted(kept)}


def test_addresses_routes_and_rules_go_to_the_bridge(host: Host) -> None:
    host.sh(CARD)
    before = seen(host)
    assert len(before["entries"]) > 12
    pending = arm()
    assert run("switch", pending) == 0, Path(pending.folder, "log").read_text()
    assert pending.state()["state"] == "switched"
    assert seen(host) == before
    labels = host.json("ip -j address show dev br0")[0]["addr_info"]
    assert {a.get("label") for a in labels if a["family"] == "inet"} == {"br0", "br0:web"}
    (card,) = host.json("ip -j address show dev eth1")
    assert [a for a in card["addr_info"] if a["scope"] == "global"] == []
    assert "eth1" not in host.sh("ip rule; ip -6 rule; ip -4 route show table all")
    assert " dev eth1" not in host.sh("ip -6 route show table all | grep -Ev 'fe80|ff00'")


def test_while_a_client_is_slow_the_bridge_has_borrowed_addresses(host: Host) -> None:
    """And nothing of that is left afterwards."""
    host.sh(CARD)
    before = seen(host)
    pending = arm(switch=(*SWITCH, "ip -o -4 address", "ip -4 route", LEASE))
    assert run("switch", pending) == 0
    meanwhile = Path(pending.folder, "log").read_text()
    for address in ("192.168.100.12/32", "192.168.100.112/32", "10.20.0.5/32"):
        assert f"br0    inet {address} " in meanwhile
    for route in (
        "192.168.100.0/24 dev br0 scope link src 192.168.100.12 metric ",
        "10.20.0.0/16 dev br0 scope link src 10.20.0.5 metric ",
        "default via 192.168.100.1 dev br0 metric ",
    ):
        assert f"\n{route}" in meanwhile
    assert seen(host) == before


def test_what_a_step_takes_from_the_card_is_borrowed_while_it_runs(
    host: Host, tmp_path: Path
) -> None:
    """As ifdown does, which takes the link down for a moment: routes go with that."""
    host.sh(CARD)
    before = seen(host)
    script = tmp_path / "ifdown"
    script.write_text(
        "ip link set dev eth1 down; ip link set dev eth1 up\n"
        + until("ip -4 route | grep -q 'default via 192.168.100.1 dev eth1 metric'")
        + "\nip -4 route | grep '192.168.100.0/24 dev eth1 scope link src 192.168.100.12 metric'\n"
    )
    pending = arm(switch=(f"sh -eu {script}", *SWITCH, "ip -4 route", LEASE))
    assert run("switch", pending) == 0
    assert pending.state()["state"] == "switched"
    # What the card borrowed is not in the way of what the bridge borrows.
    meanwhile = Path(pending.folder, "log").read_text()
    assert "\ndefault via 192.168.100.1 dev br0 metric " in meanwhile
    assert seen(host) == before


def confirmed_in_two_calls() -> confirming.Answer:
    """As who is answered after the switch does it."""
    asked = confirming.confirm("br0", "cafe", None, False)
    return confirming.confirm("br0", "cafe", asked.proof, False)


@pytest.mark.parametrize("helps", [True, False], ids=["manager helps", "manager does not"])
def test_without_a_confirmation_everything_is_back(host: Host, helps: bool) -> None:
    host.sh(CARD)
    before, dumped = seen(host), host.dump()
    # Somebody's manager does not even remove the bridge.
    pending = arm(undo=UNDO if helps else ())
    assert run("switch", pending) == 0
    begin = time.monotonic()
    assert run("undo", pending) == 0
    assert time.monotonic() - begin < 5
    assert pending.state()["state"] == "undone"
    if helps:
        assert host.dump()["host"]["routes"] == dumped["host"]["routes"]
    else:
        host.sh("ip link delete dev br0")
    assert seen(host) == before
    lifetimes = host.json("ip -j address show dev eth1")[0]["addr_info"]
    assert [a["local"] for a in lifetimes if a.get("dynamic")] == ["10.20.0.5"]
    answer = confirming.confirm("br0", "cafe", None, False)
    assert (answer.state, answer.changed) == ("rolled_back", False)
    assert "nobody confirmed it within 20 seconds" in answer.message


def test_a_switch_that_fails_goes_back_at_once(host: Host) -> None:
    host.sh(CARD)
    before = seen(host)
    pending = arm(switch=(*SWITCH, "ip link set dev nowhere up"))
    assert run("switch", pending) == 1
    state = pending.state()
    assert state["state"] == "undone"
    assert "ip link set dev nowhere up: exit 1: Cannot find device" in state["reason"]
    assert seen(host) == before


def test_a_bridge_that_gets_too_little_is_no_success(host: Host) -> None:
    """The gateway of a route cannot be reached: a card that is not even up."""
    host.sh(CARD)
    before = seen(host)
    pending = arm(switch=tuple(c for c in SWITCH if c != GAIN), seconds=6)
    assert run("switch", pending) == 1
    assert "br0 did not get in time what eth1 had: a route: " in pending.state()["reason"]
    assert seen(host) == before


def test_a_switch_that_hangs_and_dies_is_undone(host: Host) -> None:
    host.sh(CARD)
    before = seen(host)
    pending = arm(switch=(*SWITCH, "sleep 4321"))
    command = [sys.executable, f"{pending.folder}/{store.PROGRAM}", "switch", pending.folder]
    with subprocess.Popen(command) as process:
        end = time.monotonic() + 30
        log = Path(pending.folder, "log")
        while not (log.exists() and "sleep" in log.read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        hanging = pending.state()["running"]
        process.kill()
    assert run("undo", pending) == 0
    assert seen(host) == before
    with pytest.raises(ProcessLookupError):
        os.killpg(hanging, 0)


def test_a_switch_that_dies_on_its_own_way_back_is_undone(host: Host) -> None:
    host.sh(CARD)
    before = seen(host)
    pending = arm()
    assert run("switch", pending) == 0
    pending.set_state("undoing", reason="ifup takes too long")
    assert run("undo", pending) == 0
    assert seen(host) == before
    state = pending.state()
    assert (state["state"], state["reason"]) == ("undone", "ifup takes too long")


def test_an_undo_leaves_a_switch_alone_that_is_on_its_way_back(host: Host) -> None:
    host.sh(CARD)
    pending = arm()
    with pending.locked(0) as alone:
        assert alone
        pending.set_state("undoing", reason="ifup takes too long")
        command = [sys.executable, f"{pending.folder}/{store.PROGRAM}", "undo", pending.folder]
        pending.set_state("undoing", armed=0.0)
        process = subprocess.Popen(command)
        time.sleep(2)
        assert process.poll() is None
        pending.set_state("undone")
    before = host.dump()
    assert process.wait(timeout=30) == 0
    assert host.dump() == before


def test_an_undo_before_the_switch_leaves_it_nothing_to_do(host: Host) -> None:
    host.sh(CARD)
    before = host.dump()
    pending = arm()
    assert run("undo", pending) == 0
    assert run("switch", pending) == 1
    assert host.dump() == before


def test_an_undo_that_is_started_early_waits_for_its_time(host: Host) -> None:
    """And does nothing when the move is confirmed meanwhile."""
    host.sh(CARD)
    pending = arm(seconds=8)
    command = [sys.executable, f"{pending.folder}/{store.PROGRAM}", "undo", pending.folder]
    with subprocess.Popen(command) as process:
        assert run("switch", pending) == 0
        assert process.poll() is None
        assert confirmed_in_two_calls().state == "confirmed"
        confirmed = host.dump()
        assert process.wait(timeout=30) == 0
    assert host.dump() == confirmed


def test_a_confirmed_move_lasts_and_the_undo_comes_to_nothing(host: Host, tmp_path: Path) -> None:
    host.sh(CARD)
    path = tmp_path / "interfaces"
    path.write_text("old\n")
    pending = arm(keep=(File(str(path), "old\n", "new\n"),))
    assert confirming.confirm("br0", None, None, False).state == "waiting"
    assert run("switch", pending) == 0
    predicted = confirming.confirm("br0", None, None, True)
    assert (predicted.state, predicted.changed) == ("confirmed", True)
    assert path.read_text() == "old\n"
    # Whoever asked before the switch, or only thinks to know, has proved nothing.
    for proof in (None, "made up"):
        asked = confirming.confirm("br0", "cafe", proof, False)
        assert (asked.state, asked.changed, len(asked.proof)) == ("switched", False, 16)
        assert pending.state()["state"] == "switched"
    answer = confirmed_in_two_calls()
    assert (answer.state, answer.changed) == ("confirmed", True)
    assert answer.addresses == tuple(seen(host)["addresses"])
    assert path.read_text() == "new\n"
    memory = store.memory_of("br0")
    assert memory is not None
    assert (memory["uplink"], memory["manager"]) == ("eth1", "ifupdown")
    after = host.dump()
    # The folder is gone, and so is the program that the timer would start.
    assert not pending.exists
    assert program.main(["undo", pending.folder]) == 0
    assert host.dump() == after
    again = confirming.confirm("br0", None, None, False)
    assert (again.state, again.changed) == ("confirmed", False)


def test_a_file_that_somebody_changed_meanwhile_is_not_overwritten(
    host: Host, tmp_path: Path
) -> None:
    host.sh(CARD)
    path = tmp_path / "interfaces"
    path.write_text("old\n")
    pending = arm(keep=(File(str(path), "old\n", "new\n"),))
    assert run("switch", pending) == 0
    path.write_text("another hand\n")
    with pytest.raises(HostError, match=r"interfaces was changed while the move was under way"):
        confirmed_in_two_calls()
    assert path.read_text() == "another hand\n"
    assert store.memory_of("br0") is None
    assert pending.state()["state"] == "switched"


def test_an_address_that_a_server_changed_is_no_failure(host: Host) -> None:
    host.sh(CARD)
    pending = arm(switch=(*SWITCH, LEASE.replace("10.20.0.5", "10.20.0.6")))
    assert run("switch", pending) == 0
    with Socket() as socket:
        have = addresses_of(socket, by_name(socket)["br0"].link.index)
    assert "10.20.0.6/16" in have
    assert "10.20.0.5/16" not in have


def test_nothing_to_confirm(host: Host) -> None:
    with pytest.raises(OptionError, match="name: 'br0': no move of an uplink"):
        confirming.confirm("br0", None, None, False)


def test_the_card_as_it_is_found(host: Host) -> None:
    host.sh(CARD)
    host.sh("ip link add br9 type bridge; ip link set dev far master br9")
    host.sh("ip link add vx type vxlan id 7 dstport 4789 dev eth1")
    card = detect.host("eth1", "br9").card
    assert card is not None
    assert replace(card, index=0, addresses=()) == replace(
        card, index=0, mac="02:00:00:00:00:01", kind="veth", ethernet=True, addresses=()
    )
    assert card.above == (("vxlan", "vx"),)
    assert set(card.addresses) == {
        "192.168.100.12/24",
        "192.168.100.112/24",
        "10.20.0.5/16",
        "fd00:100::12/64",
    }
    far = detect.host("far", "br9").card
    assert far is not None
    assert (far.master, far.master_kind) == ("br9", "bridge")
    assert detect.ports("br9") == ["far"]
    assert detect.host("nowhere", "br9").card is None
