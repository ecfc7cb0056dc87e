# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module nat leaves alone, finds again, brings back, and takes away."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._firewall.nft import (
    tells_bridges,
)
from tests.integration.nat.test_traffic import BOTH, LOOPBACK, TCP, UDP
from tests.integration.nat.world import World

FULL: dict[str, Any] = {**LOOPBACK, "isolate": True}
TABLE = "inet container_net.mybridge"
CHAIN = "iptables -w -S CONTAINER-NET"
# What a person or another program may do to it.
DRIFT = {
    "the table is gone": f"nft delete table {TABLE}",
    "all tables are gone": "nft flush ruleset",
    "a chain is empty": f"nft flush chain {TABLE} postrouting",
    "a chain is gone": f"nft flush chain {TABLE} raw; nft delete chain {TABLE} raw",
    "a rule more": f"nft add rule {TABLE} postrouting ip saddr 10.0.0.0/8 masquerade",
    "a rule in front": f"nft insert rule {TABLE} prerouting tcp dport 8080 accept",
    "a chain more": f"nft 'add chain {TABLE} more'",
    "a set more": f"nft 'add set {TABLE} more {{ type ipv4_addr; }}'",
    "asleep": f"nft 'add table {TABLE} {{ flags dormant; }}'",
    "the order of two rules": f"""
        handle=$(nft -a list chain {TABLE} forward | sed -n 's/.* accept # handle //p')
        rule=$(nft list chain {TABLE} forward | grep ' accept$')
        nft delete rule {TABLE} forward handle $handle; nft add rule {TABLE} forward $rule""",
    "the table between the ports is gone": "nft delete table bridge container_net.mybridge",
    "a port more": """ip link add third type veth peer name fourth
        ip link set third master mybridge""",
    "hairpin mode": "bridge link set dev ns2veth1 hairpin off",
    "route_localnet": "sysctl -qw net.ipv4.conf.mybridge.route_localnet=0",
    "accepts are gone": "iptables -w -F CONTAINER-NET",
    "an accept is gone": "iptables -w -D CONTAINER-NET 2",
    "the jump is gone": "iptables -w -F FORWARD",
    "a second jump": "iptables -w -A FORWARD -j CONTAINER-NET",
    "the rule file is gone": "rm /run/container_net/forward.d/nat.mybridge.rules",
}


def test_others_rules_stay_byte_for_byte(world: World) -> None:
    before, saved = world.rules(), world.sh("iptables-save; ip6tables-save")
    for options in (BOTH, FULL, BOTH, {"isolate": True}):
        world.changes(**options)
        assert world.others_rules() == before
    world.changes(**FULL)
    now = world.sh("iptables-save; ip6tables-save").splitlines()
    theirs = [line for line in now if "CONTAINER-NET" not in line]
    assert _plain(theirs) == _plain(saved.splitlines())
    assert now.count("-A FORWARD -j CONTAINER-NET") == 1
    ours = [line for line in now if line.startswith("-A CONTAINER-NET")]
    assert len(ours) == len(set(ours)) == 3
    world.changes(state="absent")
    assert world.rules() == before
    folders = "/run/container_net /etc/container_net /var/lib/container_net"
    assert world.sh(f"find {folders} ! -type d 2>/dev/null || true") == ""


def _plain(saved: list[str]) -> list[str]:
    """Without counters and the comments that hold the time."""
    return [line.split("[")[0] for line in saved if not line.startswith("#")]


def test_what_was_changed_by_hand_is_found_and_repaired(world: World) -> None:
    world.changes(**FULL)
    wanted, switches = world.rules(), world.switches()
    for title, script in DRIFT.items():
        if title == "a port more" and tells_bridges():
            # No rule names ports there.
            continue
        world.sh(script)
        assert world.changes(**FULL)["commands"] or "file" in title, title
        if title == "a port more":
            assert '"third"' in world.rules(), title
            world.sh("ip link del third")
            world.changes(**FULL)
        if title == "all tables are gone":
            # With everybody else's.
            world.sh("iptables -P FORWARD DROP; ip6tables -P FORWARD DROP")
            world.sh("ip6tables -w -S FORWARD")
            wanted = world.rules()
        assert world.switches() == switches, title
        if title != "the jump is gone":
            assert sorted(world.rules().splitlines()) == sorted(wanted.splitlines()), title
        wanted = world.rules()
        assert wanted.count("jump CONTAINER-NET") == 1, title


def test_it_is_back_after_a_reboot(world: World) -> None:
    """The units' own programs, in the order of a start."""
    world.changes(**FULL, persist=True)
    wanted, switches = world.rules(), world.switches()
    units = "/etc/systemd/system"
    for unit in ("container-net-nat.service", "container-net-forward.service"):
        link = f"{units}/multi-user.target.wants/{unit}"
        assert world.sh(f"readlink {link}").strip() == f"{units}/{unit}"
        world.sh(f"systemd-analyze verify {units}/{unit}")
    chains = {chain: world.sh(f"iptables -S {chain}") for chain in ("FORWARD", "CONTAINER-NET")}
    before = world.sh("iptables-save")
    world.sh(
        "nft flush ruleset; bridge link set dev ns1veth1 hairpin off;"
        "bridge link set dev ns2veth1 hairpin off;"
        "sysctl -qw net.ipv4.conf.mybridge.route_localnet=0"
    )
    # A firewall of others, as it comes up before.
    world.sh(
        f"iptables-restore <<'END'\n{before}\nEND".replace("-A FORWARD -j CONTAINER-NET\n", "")
    )
    start = "$(sed -n s/^ExecStart=//p {units}/{unit})"
    for dummy in range(2):
        for unit in ("container-net-nat.service", "container-net-forward.service"):
            world.sh(start.format(units=units, unit=unit))
        assert world.switches() == switches
        assert world.rules().count("jump CONTAINER-NET") == 1
        for table in (f"table {TABLE}", "table bridge container_net.mybridge"):
            assert _table(world.rules(), table) == _table(wanted, table)
        for chain in ("FORWARD", "CONTAINER-NET"):
            assert world.sh(f"iptables -S {chain}") == chains[chain]
    assert not world.nat(**FULL, persist=True)["changed"]

    # Not kept any more: what there is stays until the next start.
    world.changes(**FULL)
    assert "No such file" in world.sh("ls /etc/container_net 2>&1 || true")
    assert world.sh("iptables -S CONTAINER-NET") == chains["CONTAINER-NET"]
    world.changes(**FULL, persist=True)
    world.changes(state="absent")
    assert world.sh("find /etc/systemd/system -name 'container-net*'") == ""
    assert "No such file" in world.sh(
        "ls /etc/container_net /usr/local/lib/container_net 2>&1 || :"
    )


def _table(rules: str, head: str) -> str:
    return rules[rules.index(f"{head} {{") :].split("\n}\n")[0]


def test_a_start_with_a_half_present_network(world: World) -> None:
    """A bridge that comes later keeps neither its own rules nor others from being loaded."""
    world.changes(**LOOPBACK, persist=True)
    world.changes(name="six", subnet="fd00:2::/64", masquerade=True, persist=True)
    world.sh("nft flush ruleset; ip link del mybridge")
    done = world.run(
        "sh", "-c", "$(sed -n s/^ExecStart=//p /etc/systemd/system/container-net-nat.service)"
    )
    assert "mybridge is not there: route_localnet is not set" in done.stderr
    assert f"table {TABLE} {{" in world.rules()
    assert "table inet container_net.six {" in world.rules()
    # A file that is broken is told of, and the rest comes up.
    world.sh("nft flush ruleset; echo broken >/etc/container_net/nat.d/a.json")
    done = world.run(
        "sh",
        "-c",
        "$(sed -n s/^ExecStart=//p /etc/systemd/system/container-net-nat.service)",
        check=False,
    )
    assert done.returncode == 1
    assert "nat.d/a.json" in done.stderr
    assert f"table {TABLE} {{" in world.rules()


def test_a_run_that_fails_is_undone(world: World, tmp_path: Any) -> None:
    broken = tmp_path / "iptables-restore"
    broken.write_text("#!/bin/sh\necho the disk is full >&2\nexit 1\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    for before in (None, BOTH):
        if before:
            world.changes(**before)
        rules, switches = world.rules(), world.switches()
        done = world.nat(
            **{**FULL, "publish": [*LOOPBACK["publish"], {**TCP, "host_port": 81}]},
            path=str(tmp_path),
        )
        assert done["failed"]
        assert "the disk is full" in done["msg"]
        assert (done["rolled_back"], done["repair"]) == (True, [])
        assert (world.rules(), world.switches()) == (rules, switches)
    assert not world.nat(**BOTH)["changed"]


def test_two_names_on_one_bridge(world: World) -> None:
    """A switch that both need stays until the last goes."""
    off = world.switches()
    first = {"name": "first", "publish": [{**TCP, "loopback": True}]}
    second = {"name": "second", "publish": [{**UDP, "loopback": True}], "masquerade": True}
    world.changes(**first)
    world.changes(**second)
    on = world.switches()
    taken = world.nat(name="third", publish=[TCP])
    assert "nat first publishes tcp port 8080 already, on all addresses" in taken["msg"]
    # Another family's port is another one, and needs a nat of its own.
    six = {**TCP, "to": "fd00:2::2"}
    world.changes(name="third", subnet="fd00:2::/64", publish=[six])
    world.changes(name="third", subnet="fd00:2::/64", state="absent")
    world.changes(name="first", state="absent")
    assert world.switches() == on
    world.changes(name="second", state="absent")
    assert world.switches() == off


@pytest.mark.parametrize("kept", ["a", "z"])
def test_rules_of_others_that_last_longer(world: World, kept: str) -> None:
    """Whatever their name: what is kept comes first in the chain."""
    folder = "/etc/container_net/forward.d"
    world.sh(f"mkdir -p {folder}; echo '4 -i br7 -o br7 -j ACCEPT' >{folder}/{kept}.rules")
    world.changes(masquerade=True)
    world.changes(masquerade=True, publish=[TCP])
    world.changes(state="absent")
    world.sh(f"rm {folder}/{kept}.rules")


def test_what_was_so_before_stays(world: World) -> None:
    world.sh("bridge link set dev ns1veth1 hairpin on")
    world.changes(publish=[TCP])
    world.sh("bridge link set dev ns2veth1 hairpin on")
    world.changes(state="absent")
    assert world.switches() == {"ns1veth1": "on", "ns2veth1": "off", "route_localnet": "0"}


def test_only_ports_of_namespaces_get_hairpin_mode(world: World) -> None:
    """A vxlan or a pair that leads on to another bridge would send back what was sent to all."""
    world.sh(
        "ip link add vx master mybridge type vxlan id 42 dstport 4789;"
        "ip link add second type bridge;"
        "ip link add here master mybridge type veth peer name there;"
        "ip link set there master second"
    )
    world.changes(publish=[TCP])
    assert sorted(re.findall(r"\d+: (\S+?)[@:].*\n.* hairpin on", world.sh("bridge -d link"))) == [
        "ns1veth1",
        "ns2veth1",
    ]


def test_with_docker_the_jump_stands_in_its_chain(world: World) -> None:
    world.sh("iptables -N DOCKER-USER; iptables -I FORWARD -j DOCKER-USER")
    world.changes(**BOTH)
    assert world.sh("iptables -S DOCKER-USER").splitlines()[1:] == [
        "-A DOCKER-USER -j CONTAINER-NET"
    ]
    assert "jump CONTAINER-NET" not in world.sh("nft list chain ip filter FORWARD 2>/dev/null")


def test_without_forward_the_chain_is_not_touched(world: World) -> None:
    world.changes(**BOTH, forward=False)
    assert "CONTAINER-NET" not in world.rules()
    world.changes(**BOTH)
    world.changes(**BOTH, forward=False)
    assert "CONTAINER-NET" not in world.rules()


def test_a_host_that_does_not_forward_is_told_of(world: World) -> None:
    world.sh("sysctl -qw net.ipv4.ip_forward=0")
    done = world.nat(**BOTH)
    assert done["changed"]
    assert "net.ipv4.ip_forward is 0" in json.dumps(done["warnings"])


@pytest.mark.parametrize(
    "script, says",
    [
        (
            "nft 'table inet fw { chain passing { type filter hook forward priority 10;"
            " policy drop; }; }'",
            ("chain passing of the nftables table inet fw", "insert rule inet fw passing"),
        ),
        (
            "mount --bind /usr/sbin/xtables-legacy-multi /usr/sbin/xtables-nft-multi",
            ("legacy variant", "update-alternatives --set"),
        ),
        ("mount --bind /dev/null /usr/sbin/nft", ("nft is missing", "package nftables")),
        (
            "mount --bind /dev/null /usr/sbin/xtables-nft-multi",
            ("iptables is missing", "package iptables"),
        ),
    ],
    ids=["a stranger's chain", "legacy", "no nft", "no iptables"],
)
def test_a_host_that_cannot(
    new_world: Callable[[int], World], script: str, says: tuple[str, ...]
) -> None:
    world = new_world(0)
    before = world.rules()
    world.sh(script)
    done = world.nat(**FULL)
    world.sh("umount /usr/sbin/xtables-nft-multi /usr/sbin/nft 2>/dev/null || true")
    assert done["failed"]
    for fragment in says:
        assert fragment in done["msg"]
    assert world.rules() == before or "table inet fw" in world.rules()
    assert "container_net" not in world.rules()
    assert world.switches()["route_localnet"] == "0"
