# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that cannot be joined are refused before anything is changed, and all of it at once.

Two namespaces are the hosts. Every module that Ansible runs for one of them runs inside it, through
its Python; ports, firewalls, routes and the path between them are real.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.hosts import becomes
from tests.integration.flannel.servers import Background
from tests.integration.network.sandbox import ROOT, Sandbox

PLAY = """
- hosts: container_net
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - name: Be joined in another way
      set_fact: {ansible_local: {container_net: {overlay: "{{ was }}"}}, cacheable: true}
      when: was is defined
    # As role common does it; Ansible then counts hosts outside --limit to those of the play.
    - name: Publish
      add_host: {name: "{{ item }}", container_net_mtu: 1500}
      loop: "{{ groups['container_net'] }}"
      changed_when: false
    - name: Refuse what cannot work
      import_role: {name: netfabric.container_net.flannel, tasks_from: foresee}
    - name: Go on
      debug: {msg: nothing is wrong}
"""
LATE = "import time\nnow = time.time\ntime.time = lambda: now() - 7200\n"
HOLD = (
    "import socket, time\n"
    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    "s.bind(('0.0.0.0', PORT))\nprint('ready', flush=True)\ntime.sleep(600)\n"
)


class Pair:
    """The hosts a and b on a bridge; a is the member of etcd."""

    def __init__(self, directory: Path) -> None:
        self.sandbox = Sandbox(directory)
        self.directory = directory
        self.sandbox.sh("ip link add lan up type bridge")
        for number, name in enumerate("ab", 1):
            self.sandbox.sh(
                f"""
                ip netns add {name}
                ip link add v{name} type veth peer name eth0 netns {name}
                ip link set v{name} master lan up
                ip -n {name} address add 192.168.77.{number}/24 dev eth0
                ip -n {name} link set eth0 up
                ip -n {name} link set lo up
                """
            )
        (directory / "late").mkdir()
        (directory / "late" / "sitecustomize.py").write_text(LATE)
        for name, more in (("a", ""), ("b", ""), ("late", f"PYTHONPATH={directory}/late")):
            shell = directory / f"shell-{name}"
            space = "b" if name == "late" else name
            shell.write_text(f'#!/bin/sh\nexec ip netns exec {space} env {more} /bin/sh "$@"\n')
            shell.chmod(0o755)
        (directory / "play.yml").write_text(PLAY)

    def close(self) -> None:
        self.sandbox.close()

    def play(self, variables: dict[str, Any], *words: str, **own: Any) -> tuple[int, str]:
        """Run the play; its exit code, and what it printed with every white space as one blank."""
        hosts = {
            name: {
                "ansible_shell_executable": str(self.directory / f"shell-{name}"),
                "ansible_python_interpreter": sys.executable,
                "container_net_ip": f"192.168.77.{number}",
                "container_net_iface": "eth0",
            }
            for number, name in enumerate("ab", 1)
        }
        hosts["b"].update(own)
        everybody = {"ansible_connection": "local", **variables}
        inventory = self.directory / "inventory.json"
        inventory.write_text(
            json.dumps({"all": {"vars": everybody}, "container_net": {"hosts": hosts}})
        )
        environment = {"ANSIBLE_STDOUT_CALLBACK": "default", "ANSIBLE_COLLECTIONS_PATH": ""}
        paths = [str(ROOT / ".build"), *sys.path]
        environment["ANSIBLE_COLLECTIONS_PATH"] = ":".join(path for path in paths if path)
        settings = [f"{name}={value}" for name, value in environment.items()]
        done = self.sandbox.ansible(
            *("env", *settings, "ansible-playbook", "-i", str(inventory)),
            *(str(self.directory / "play.yml"), *words),
            check=False,
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def state(self) -> dict[str, Any]:
        """Links, addresses, routes, rules and files of everybody."""
        files = "/etc /usr/local/lib/container_net /usr/local/bin /var/lib/container_net /run/lock"
        script = (
            f"find {files} -type f -printf '%p %T@\\n' 2>/dev/null | sort;"
            " for n in a b; do ip netns exec $n sh -c"
            " 'nft list ruleset | sed s/packets.*bytes.[0-9]*//; sysctl -a 2>/dev/null |"
            ' grep -E "forward|accept_ra|bridge-nf"\'; done'
        )
        return {"network": self.sandbox.network(), "text": self.sandbox.sh(script, check=False)}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("pair"))
    yield made
    made.close()


@dataclasses.dataclass(frozen=True)
class World:
    """Much that is wrong at the same time; ``own`` are host b's variables."""

    says: dict[str, tuple[str, ...]]
    broken: tuple[str, ...] = ()
    held: int = 0  # a UDP port of a that a program has
    variables: dict[str, Any] = dataclasses.field(default_factory=dict)
    own: dict[str, Any] = dataclasses.field(default_factory=dict)


def filtered(host: str, rule: str, target: str) -> str:
    """A firewall on a host."""
    return f"ip netns exec {host} iptables -A INPUT {rule} -j {target}"


WORLDS = {
    "between the hosts and on them": World(
        {
            "UDP is dropped": (
                "a: flannel_backend.port: 8472: UDP port 8472 of b (192.168.77.2) is not reached",
                "no answer. Let UDP port 8472 pass",
            ),
            "UDP is rejected": (
                "b: flannel_backend.port: 8472: UDP port 8472 of a (192.168.77.1)",
                "Connection refused",
            ),
            "etcd is dropped": (
                "b: etcd_client_port: 2379: TCP port 2379 of a (192.168.77.1) is not reached",
                "timed out",
            ),
            "a narrow path": (
                "a: flannel_backend.mtu: 1500: packets of more than 1400 bytes do not reach b",
                "Set flannel_backend.mtu to 1400 or less",
            ),
            "a route on the second host": (
                "b: flannel_network: '172.20.0.0/16': this host already routes 172.20.5.0/24",
                "through br9. Choose another network",
            ),
            "a link with our VNI": (
                "b: flannel_backend.vni: 1: the link theirs has this VNI on UDP port 8472",
            ),
            "another firewall": (
                "b: forwarding: the chain forward of the nftables table inet fw drops",
                "nft 'insert rule inet fw forward",
            ),
            "a late clock": (
                "b: clock: 7",
                "seconds behind the controller's, more than common_clock_skew: 300",
                "timedatectl",
            ),
        },
        (
            filtered("b", "-p udp --dport 8472", "DROP"),
            filtered("a", "-p udp --dport 8472", "REJECT"),
            filtered("a", "-p tcp --dport 2379", "DROP"),
            "ip link set vb mtu 1400",
            "ip -n b link add br9 up type bridge; ip -n b address add 172.20.5.1/24 dev br9",
            "ip -n b link add theirs type vxlan id 1 dstport 8472 dev eth0",
            "ip netns exec b nft 'add table inet fw; add chain inet fw forward"
            " { type filter hook forward priority 0; policy drop; }'",
        ),
        own={"ansible_shell_executable": "LATE"},
    ),
    "ports of the backend's own": World(
        {
            "it is dropped": ("a: flannel_backend.port: 4444: UDP port 4444 of b",),
            "a program has it": (
                "a: flannel_backend.port: 4444: python3",
                "has UDP port 4444 on this host. Stop it, or choose another port",
            ),
        },
        (filtered("b", "-p udp --dport 4444", "DROP"),),
        4444,
        {"flannel_backend": {"type": "vxlan", "port": "4444"}},
    ),
    "plain routes and two families": World(
        {
            "a narrow path": ("a: MTU of eth0: 1500: packets of more than 1400", "Set the MTU of"),
            "no IPv6 on the link": (
                "a: flannel_ipv6_network: 'fd00:20::/48': eth0 has no IPv6 address",
                "Give eth0 one",
            ),
            "no such link": (
                "b: flannel_iface: 'eth9': this host has no such link (there are eth0, lo)",
                "Name the one that leads to the other hosts",
            ),
            "the hosts' own network": (
                "a: flannel_network: '192.168.0.0/16, fd00:20::/48': this host already routes",
                "192.168.77.2, this host's own address, lies in it",
            ),
        },
        ("ip link set vb mtu 1400",),
        variables={
            "flannel_backend": {"type": "host-gw"},
            "flannel_network": "192.168.0.0/16",
            "flannel_ipv6_network": "fd00:20::/48",
        },
        own={"container_net_iface": "eth9"},
    ),
    "a value that is none": World(
        {"a method": ("flannel_install_method", "must be one of: release, file, go", "carrier")},
        variables={"flannel_install_method": "carrier"},
    ),
    "a file that is missing": World(
        {"a program": ("a: flannel_file: '/no/flanneld'", "b: flannel_file", "Set flannel_file")},
        variables={"flannel_install_method": "file", "flannel_file": "/no/flanneld"},
    ),
    "a network that cannot be": World(
        {"a prefix": ("flannel_network: '172.20.0.0/33': this is not a network", "Write it like")},
        variables={"flannel_network": "172.20.0.0/33"},
    ),
    "hosts that cannot be": World(
        {"one address": ("b: flannel_public_ip: '192.168.77.1': a is the same address", "Give")},
        own={"container_net_ip": "192.168.77.1"},
    ),
}
CASES = [(world, case) for world, made in WORLDS.items() for case in made.says]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """For each world what the play ended with, and the state before and after it."""
    return {name: end(tmp_path_factory.mktemp("world"), world) for name, world in WORLDS.items()}


def end(directory: Path, world: World) -> dict[str, Any]:
    pair = Pair(directory)
    holder = None
    try:
        if world.held:
            log, program = directory / "log", HOLD.replace("PORT", str(world.held))
            holder = Background(pair.sandbox, log, "/usr/bin/python3", "-c", program, netns="a")
            becomes(log.read_text, "ready\n")
        for command in world.broken:
            pair.sandbox.sh(command)
        own = {
            name: str(directory / "shell-late") if value == "LATE" else value
            for name, value in world.own.items()
        }
        before = pair.state()
        code, text = pair.play(world.variables, **own)
        return {"code": code, "text": text, "before": before, "after": pair.state()}
    finally:
        if holder is not None:
            holder.close()
        pair.close()


@pytest.mark.parametrize(("world", "case"), CASES, ids=[f"{one}: {two}" for one, two in CASES])
def test_what_cannot_work_is_refused(
    answers: dict[str, dict[str, Any]], world: str, case: str
) -> None:
    """All that is wrong on all hosts in one answer, each with host, variable, value and remedy."""
    text = answers[world]["text"]
    assert [word for word in WORLDS[world].says[case] if word not in text] == [], text


@pytest.mark.parametrize("world", WORLDS)
def test_nothing_was_changed(answers: dict[str, dict[str, Any]], world: str) -> None:
    assert answers[world]["code"] != 0
    assert "nothing is wrong" not in answers[world]["text"]
    assert answers[world]["before"] == answers[world]["after"]


def listeners(pair: Pair) -> list[str]:
    """Who listens on the ports that are asked for."""
    lines = pair.sandbox.sh("for n in a b; do ip netns exec $n ss -Hlnutp; done").splitlines()
    return [line for line in lines if ":8472" in line or ":2379" in line]


@pytest.mark.parametrize(
    ("words", "count"),
    [((), 2), (("--check",), 2), (("--limit", "a"), 1)],
    ids=["a run", "check mode", "one of two hosts"],
)
def test_good_hosts_pass_and_nobody_listens_any_more(
    pair: Pair, words: tuple[str, ...], count: int
) -> None:
    before = pair.state()
    code, text = pair.play({}, *words)
    assert code == 0, text
    assert text.count("nothing is wrong") == count
    pair.sandbox.sh("sleep 0.5")
    assert listeners(pair) == []
    assert pair.state() == before
    assert "changed=0" in text


def test_the_way_of_before_is_in_the_way_of_nothing(pair: Pair) -> None:
    """What joins the hosts now goes before flannel comes, and its routes and links with it."""
    pair.sandbox.sh(
        "ip -n b link add before up type bridge; ip -n b address add 172.20.5.1/24 dev before"
    )
    try:
        code, text = pair.play({})
        assert (code != 0, "already routes 172.20.5.0/24" in text) == (True, True), text
        code, text = pair.play({"was": "static_vxlan"})
        assert code == 0, text
    finally:
        pair.sandbox.sh("ip -n b link delete before")


def test_a_key_is_in_no_output(pair: Pair) -> None:
    """Whatever is wrong with the rest, and however much is asked to be shown."""
    key = "bm90IGEga2V5LCBidXQgMzIgYnl0ZXMgb2YgdGV4dCE="
    backend = {"type": "wireguard", "psk": key, "listen_port": 70000}
    code, text = pair.play({"flannel_backend": backend}, "-vvv", "--diff")
    assert code != 0
    assert "flannel_backend.listen_port: 70000" in text
    assert key not in text


def test_a_module_that_the_kernel_lacks_is_found(pair: Pair) -> None:
    """The kernels that run this differ in what they have, so the names are made up."""
    question = {
        "host": "a",
        "address": "192.168.77.1",
        "iface": "eth0",
        "udp": [],
        "tcp": [],
        "modules": ["br_netfilter", "no_such_module", "vxlan"],
        "forward": {},
        "subnet_file": "/no/file",
        "asked": 0,
        "hosts": 1,
        "lifetime": 1,
    }
    done = pair.sandbox.run(
        *("ip", "netns", "exec", "a", "/usr/bin/python3"),
        *("roles/common/files/common_look.py", json.dumps(question)),
    )
    assert json.loads(done.stdout)["missing"] == ["no_such_module"]
