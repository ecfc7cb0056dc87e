# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script `forward`, on the real kernel, in a network namespace with other people's rules."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._firewall.forwarding import (
    SCRIPT,
)

FLANNEL = """# overlay to our containers, and back
4 -i flannel.1 -s 172.20.0.0/16 -d 172.20.24.0/24 -o docker0 -j ACCEPT
4 -i docker0 -s 172.20.24.0/24 -o flannel.1 -j ACCEPT
"""
BRIDGE = """4 -i br0 -o br0 -j ACCEPT
6 -i br0 -o br0 -j ACCEPT
"""
# What a host may have: a policy, narrow rules, comments with spaces and quotes, another table.
STRANGERS = """
iptables -P FORWARD DROP
iptables -N THEIRS
iptables -A FORWARD -j THEIRS
iptables -A THEIRS -s 192.0.2.1 -p tcp --dport 22 -m comment --comment "they say \\"no\\"" -j DROP
iptables -A FORWARD -i eth9 -j ACCEPT
iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE
ip6tables -P FORWARD DROP
ip6tables -A FORWARD -i eth9 -j ACCEPT
nft add table inet theirs
nft add chain inet theirs forward '{ type filter hook forward priority 10; policy accept; }'
nft add rule inet theirs forward ip saddr 192.0.2.9 counter drop
"""
DOCKER = """
iptables -N DOCKER; iptables -N DOCKER-USER
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A DOCKER ! -i docker0 -o docker0 -j DROP
iptables -I FORWARD -j DOCKER-USER
"""
# Docker before 27 ends its chain with a rule that an appended one would never be reached behind.
OLD_DOCKER = f"{DOCKER}\niptables -A DOCKER-USER -j RETURN\n"


class Host:
    """A network namespace of its own with a folder of rule files; dockerd is in PATH on demand."""

    def __init__(self, directory: Path) -> None:
        self.rules = directory / "forward.d"
        self.rules.mkdir()
        self.passing = directory / "passing.d"
        self.script = directory / "forward"
        self.script.write_text(SCRIPT)
        self.bin = directory / "bin"
        self.bin.mkdir()
        self._env = {
            **os.environ,
            "PATH": f"{self.bin}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "CONTAINER_NET_FORWARD_RULES": str(self.rules),
            "CONTAINER_NET_FORWARD_PASSING": str(self.passing),
            "CONTAINER_NET_FORWARD_LOCK": str(directory / "lock"),
            "CONTAINER_NET_DAEMON_JSON": str(directory / "daemon.json"),
        }
        self._process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up; echo ready; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.communicate(timeout=60)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nsenter", f"--target={self._process.pid}", "--net", *command],
            capture_output=True,
            text=True,
            env=self._env,
            timeout=60,
            check=False,
        )

    def sh(self, script: str) -> str:
        done = self.run("sh", "-ec", script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def forward(self, *arguments: str, status: int = 0) -> str:
        done = self.run("sh", str(self.script), *arguments)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stdout if status < 2 else done.stderr

    def ruleset(self, without_ours: bool = False) -> str:
        """Every rule, without counters; optionally without our chain and the jumps to it."""
        text = re.sub(r"packets \d+ bytes \d+", "", self.sh("nft list ruleset 2>/dev/null"))
        if without_ours:
            text = re.sub(r"\tchain CONTAINER-NET \{.*?\n\t\}\n\n?", "", text, flags=re.S)
            text = re.sub(r".*jump CONTAINER-NET\n", "", text)
        return re.sub(r"\n\n+", "\n", text)

    def jumps(self, chain: str, family: str = "iptables") -> int:
        listed = self.run(family, "-w", "-S", chain)
        return listed.stdout.count("-j CONTAINER-NET")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    yield made
    made.close()


def test_apply_twice_and_remove(host: Host) -> None:
    host.sh(STRANGERS)
    before = host.ruleset()
    (host.rules / "flannel.rules").write_text(FLANNEL)
    (host.rules / "bridge.rules").write_text(BRIDGE)

    said = host.forward("check", status=1)
    assert host.ruleset() == before
    assert host.forward("apply") == said
    assert "4 -I FORWARD -j CONTAINER-NET" in said
    first = host.ruleset()
    assert host.ruleset(without_ours=True) == re.sub(r"\n\n+", "\n", before)
    assert host.sh("iptables -S FORWARD").splitlines()[1] == "-A FORWARD -j CONTAINER-NET"
    assert host.sh("ip6tables -S FORWARD").splitlines()[1] == "-A FORWARD -j CONTAINER-NET"

    assert host.forward("check") == ""
    assert host.forward("apply") == ""
    assert host.ruleset() == first

    assert "flannel.rules" in host.forward("remove", "flannel")
    assert "flannel.1" not in host.ruleset()
    assert host.jumps("FORWARD") == 1
    assert host.forward("remove", "flannel") == ""
    host.forward("remove", "bridge")
    assert host.ruleset() == before
    assert not list(host.rules.iterdir())


@pytest.mark.parametrize("docker", [DOCKER, OLD_DOCKER], ids=["docker", "trailing RETURN"])
def test_with_docker(host: Host, docker: str) -> None:
    host.sh(STRANGERS + docker)
    before = host.ruleset()
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    assert host.sh("iptables -S DOCKER-USER").splitlines()[1] == "-A DOCKER-USER -j CONTAINER-NET"
    assert host.jumps("FORWARD") == 0
    assert host.forward("apply") == ""
    assert host.jumps("DOCKER-USER") == 1
    host.forward("remove", "flannel")
    assert host.ruleset() == before


def test_docker_comes_later(host: Host) -> None:
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    assert host.jumps("FORWARD") == 1
    host.sh(DOCKER)
    assert "4 -D FORWARD -j CONTAINER-NET" in host.forward("apply")
    assert (host.jumps("FORWARD"), host.jumps("DOCKER-USER")) == (0, 1)
    assert host.forward("apply") == ""


def test_boot_before_docker(host: Host) -> None:
    """The unit runs before Docker: the chain is made, and Docker's own start finds it."""
    before = host.ruleset()
    dockerd = host.bin / "dockerd"
    dockerd.write_text("#!/bin/sh\n")
    dockerd.chmod(0o755)
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    assert host.jumps("DOCKER-USER") == 1
    assert host.sh("iptables -S FORWARD").splitlines()[1] == "-A FORWARD -j DOCKER-USER"
    # What Docker does when it starts: its jump goes first again, its chains follow.
    host.sh(
        "iptables -D FORWARD -j DOCKER-USER; iptables -N DOCKER;"
        "iptables -I FORWARD -o docker0 -j DOCKER; iptables -I FORWARD -j DOCKER-USER"
    )
    assert host.forward("apply") == ""
    host.forward("remove", "flannel")
    assert "DOCKER-USER" in host.ruleset()  # Docker's by now
    host.sh("iptables -F FORWARD; iptables -X DOCKER; iptables -X DOCKER-USER")

    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    host.forward("remove", "flannel")
    assert "DOCKER-USER" not in host.ruleset()  # ours, Docker never came
    assert "table" not in before


def test_changed_rules_replace_the_old_ones(host: Host) -> None:
    (host.rules / "bridge.rules").write_text(BRIDGE)
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    (host.rules / "flannel.rules").write_text(FLANNEL.replace("flannel.1", "flannel0"))
    assert "flannel0" in host.forward("apply")
    listed = host.sh("iptables -S CONTAINER-NET")
    assert "flannel.1" not in listed
    assert listed.count("-A CONTAINER-NET") == 3


def test_rules_that_a_reboot_loses(host: Host) -> None:
    """They stand beside those that are kept, and others' runs leave them."""
    host.passing.mkdir()
    (host.passing / "bridge.rules").write_text(BRIDGE)
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    assert host.sh("iptables -S CONTAINER-NET").count("-A CONTAINER-NET") == 3
    host.forward("remove", "flannel")
    assert host.sh("iptables -S CONTAINER-NET").count("-A CONTAINER-NET") == 1
    (host.passing / "bridge.rules").unlink()
    host.forward("apply")
    assert "CONTAINER-NET" not in host.ruleset()


def test_what_was_lost_comes_back(host: Host) -> None:
    """`iptables -F`, a firewall's reload: the jump or the rules are gone."""
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    for loss in ("iptables -F FORWARD", "iptables -F CONTAINER-NET", "iptables -D CONTAINER-NET 2"):
        host.sh(loss)
        assert host.forward("check", status=1)
        host.forward("apply")
        assert host.forward("check") == ""
    assert host.jumps("FORWARD") == 1


def test_duplicate_jumps_become_one(host: Host) -> None:
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    host.sh("iptables -I FORWARD -j CONTAINER-NET; iptables -A FORWARD -j CONTAINER-NET")
    host.forward("apply")
    assert host.jumps("FORWARD") == 1


@pytest.mark.parametrize(
    "table",
    [
        "nft add chain inet fw passing '{ type filter hook forward priority 0; policy drop; }'",
        "nft add chain inet fw passing '{ type filter hook forward priority -5; policy accept; }';"
        "nft add rule inet fw passing ct state established accept;"
        "nft add rule inet fw passing counter drop",
        "nft add chain inet fw passing '{ type filter hook forward priority 10; policy accept; }';"
        "nft add rule inet fw passing reject with icmpx type admin-prohibited",
    ],
    ids=["policy", "last rule", "firewalld"],
)
def test_a_strangers_chain_that_drops(host: Host, table: str) -> None:
    host.sh(f"nft add table inet fw; {table}")
    before = host.ruleset()
    (host.rules / "flannel.rules").write_text(FLANNEL)
    said = host.forward("apply", status=2)
    assert "chain passing of the nftables table inet fw drops" in said
    assert host.ruleset() == before
    # Its owner does what the message says.
    remedies = re.findall("nft 'insert rule [^']*'", said)
    assert len(remedies) == 2
    for remedy in remedies:
        host.sh(remedy)
    host.forward("apply")
    assert host.forward("apply") == ""


def test_a_host_that_cannot_translate(host: Host) -> None:
    """Our rule's own words then."""
    chain = "{ type filter hook forward priority 0; policy drop; }"
    host.sh(f"nft 'table inet fw {{ chain passing {chain}; }}'")
    program = host.bin / "iptables-translate"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    (host.rules / "bridge.rules").write_text("4 -i br0 -o br0 -j ACCEPT\n")
    said = host.forward("apply", status=2)
    assert "add what is missing: -i br0 -o br0 -j ACCEPT;" in said


def test_a_stranger_that_lets_known_connections_pass(host: Host) -> None:
    """What answers needs no rule there then, and what is missing is no wider than our own rule."""
    host.sh(
        "nft 'table inet fw { chain passing { type filter hook forward priority 0; policy drop;"
        ' ct state established,related counter accept; iifname "br0" accept; }; }\''
    )
    rules = host.rules / "nat.rules"
    rules.write_text(
        "4 -i br0 -s 10.9.0.0/24 ! -o br0 -j ACCEPT\n"
        "4 -o br0 -d 10.9.0.0/24 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "4 -i br1 -o br0 -j DROP\n"
    )
    host.forward("apply")
    published = "4 -o br0 -d 10.9.0.2 -p tcp --dport 80 -m conntrack --ctstate DNAT -j ACCEPT\n"
    rules.write_text(rules.read_text() + published)
    said = host.forward("apply", status=2)
    rule = 'oifname "br0" ip daddr 10.9.0.2 tcp dport 80 ct status dnat accept'
    assert re.findall("nft '(.*?)'", said) == [f"insert rule inet fw passing {rule}"]
    host.sh(f"nft 'insert rule inet fw passing {rule}'")
    host.forward("apply")
    assert host.forward("apply") == ""


def test_a_table_of_another_family_is_nobodys_concern(host: Host) -> None:
    host.sh(
        "nft add table ip6 fw;"
        "nft add chain ip6 fw passing '{ type filter hook forward priority 0; policy drop; }'"
    )
    (host.rules / "flannel.rules").write_text(FLANNEL)
    host.forward("apply")
    (host.rules / "bridge.rules").write_text(BRIDGE)
    assert "table ip6 fw drops" in host.forward("apply", status=2)


def test_legacy_iptables(host: Host) -> None:
    for name in ("iptables", "ip6tables"):
        (host.bin / name).symlink_to(f"/usr/sbin/{name}-legacy")
    (host.rules / "flannel.rules").write_text(FLANNEL)
    said = host.forward("apply", status=2)
    assert "update-alternatives --set iptables /usr/sbin/iptables-nft" in said


@pytest.mark.parametrize("missing", ["iptables", "nft"])
def test_missing_program(tmp_path: Path, missing: str) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "bin").mkdir()
    for name in ("nft", "sh", "sed", "flock", "cksum", "tr"):
        if name != missing:
            place = next(p for p in ("/usr/sbin", "/usr/bin") if Path(p, name).exists())
            (tmp_path / "bin" / name).symlink_to(f"{place}/{name}")
    # The script looks into the system's own folders too, so those are not to be seen.
    script = SCRIPT.replace("PATH=$PATH:/usr/sbin:/sbin", "PATH=$PATH")
    done = subprocess.run(
        ["/bin/sh", "-s", "apply"],
        input=script,
        env={
            "PATH": str(tmp_path / "bin"),
            "CONTAINER_NET_FORWARD_RULES": str(tmp_path / "rules"),
            "CONTAINER_NET_FORWARD_PASSING": str(tmp_path / "passing"),
            "CONTAINER_NET_FORWARD_LOCK": str(tmp_path / "lock"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    package = "nftables" if missing == "nft" else "iptables"
    assert f"{missing} is missing. Install the package {package}." in done.stderr


def test_a_line_that_is_no_rule(host: Host) -> None:
    (host.rules / "x.rules").write_text("5 -i a -j ACCEPT\n")
    assert "a rule begins with 4 or 6" in host.forward("apply", status=2)


@contextlib.contextmanager
def three_peers(host: Host) -> Iterator[Callable[[int, int], bool]]:
    """Machines behind three links of a host whose FORWARD drops; whether one pings another."""
    host.sh(
        """
        sysctl -qw net.ipv4.ip_forward=1
        iptables -P FORWARD DROP
        for n in 1 2 3; do
          ip link add name in$n type veth peer name out$n
          ip address add 10.77.$n.1/24 dev in$n; ip link set in$n up
        done
        """
    )
    peers = []
    try:
        for number in (1, 2, 3):
            peer = subprocess.Popen(
                ["unshare", "--net", "sh", "-c", "echo ready; exec sleep 600"],
                stdout=subprocess.PIPE,
                text=True,
            )
            peers.append(peer)
            assert peer.stdout is not None
            assert peer.stdout.readline() == "ready\n"
            host.sh(
                f"""
                ip link set out{number} netns {peer.pid}
                nsenter --target={peer.pid} --net sh -ec '
                  ip address add 10.77.{number}.2/24 dev out{number}; ip link set out{number} up
                  ip route add default via 10.77.{number}.1'
                """
            )

        def ping(source: int, target: int) -> bool:
            pid = peers[source - 1].pid
            done = subprocess.run(
                ["nsenter", f"--target={pid}", "--net", "ping", "-c1", "-W1", f"10.77.{target}.2"],
                capture_output=True,
                check=False,
            )
            return done.returncode == 0

        yield ping
    finally:
        for peer in peers:
            peer.kill()
            peer.communicate()


BETWEEN = """4 -i in1 -s 10.77.1.0/24 -d 10.77.2.0/24 -o in2 -j ACCEPT
4 -i in2 -s 10.77.2.0/24 -d 10.77.1.0/24 -o in1 -j ACCEPT
"""


def test_traffic_passes_only_where_it_may(host: Host) -> None:
    """FORWARD drops; one pair of links may talk, another may not."""
    with three_peers(host) as ping:
        assert not ping(1, 2)
        (host.rules / "x.rules").write_text(BETWEEN)
        host.forward("apply")
        assert ping(1, 2)
        assert ping(2, 1)
        assert not ping(1, 3)
        assert not ping(3, 2)
        host.forward("remove", "x")
        assert not ping(1, 2)


# What Docker 29 does with "firewall-backend": "nftables", as far as it matters here.
MARKED = """
nft 'table ip docker-bridges {
  chain filter-FORWARD {
    type filter hook forward priority filter; policy accept
    meta mark & 0x10000000 == 0x10000000 accept
    iifname != "in2" oifname "in2" ct state new drop
  }
}'
"""


def test_traffic_passes_a_docker_that_filters_with_nftables(host: Host, tmp_path: Path) -> None:
    """An accept of ours counts for nothing there, a mark does; only our own packets get one."""
    settings = tmp_path / "daemon.json"
    with three_peers(host) as ping:
        host.sh(MARKED)
        (host.rules / "x.rules").write_text(BETWEEN)
        host.forward("apply")
        assert not ping(1, 2)
        settings.write_text('{"firewall-backend": "nftables"}')
        host.forward("apply")
        assert ping(1, 2)
        host.sh("iptables -P FORWARD ACCEPT")
        assert not ping(3, 2)


def test_marks_for_a_docker_that_filters_with_nftables(host: Host, tmp_path: Path) -> None:
    """The same rules once more, in mangle; nothing of it where Docker filters otherwise."""
    drops = "4 -i docker0 -o docker0 -j DROP\n"
    (host.rules / "flannel.rules").write_text(FLANNEL + drops)
    assert "mangle" not in host.forward("apply")
    settings = tmp_path / "daemon.json"
    settings.write_text('{"firewall-backend":  "nftables", "bip": "172.20.24.1/24"}')
    said = host.forward("check", status=1)
    assert "4 mangle -I FORWARD -j CONTAINER-NET" in said
    assert host.forward("apply") == said
    assert host.forward("check") == ""
    marks = host.sh("iptables -t mangle -S CONTAINER-NET").splitlines()[1:]
    assert len(marks) == 2
    assert all("MARK --set-xmark 0x10000000/0x10000000" in mark for mark in marks)
    assert host.sh("iptables -t mangle -S FORWARD").count("-j CONTAINER-NET") == 1
    # Another daemon.json, and nothing of it is left.
    settings.write_text("{}")
    assert "4 -X CONTAINER-NET" in host.forward("apply")
    assert "CONTAINER-NET" not in host.sh("iptables -t mangle -S")
    settings.write_text('{"firewall-backend": "nftables"}')
    host.forward("apply")
    host.forward("remove")
    assert "CONTAINER-NET" not in host.sh("iptables -t mangle -S; iptables -S")
