# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps labs apart, and what a lab tells Ansible."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from tests.lab.vmlab import labs, vm
from tests.lab.vmlab.base import LabError
from tests.lab.vmlab.ids import MAX_LABS, MAX_NODES, Identity, Slot, free_slots, parse_nodes
from tests.lab.vmlab.images import Image, packages, recipe
from tests.lab.vmlab.labs import Lab
from tests.lab.vmlab.mirror import Mirror
from tests.lab.vmlab.qmp import Monitor
from tests.lab.vmlab.snapshots import snapshot_name

NODE = Identity("node1", "bookworm", 1)
IMAGE = Image(Path("/cache/images/bookworm-warm-0"))


def test_no_two_labs_share_a_port() -> None:
    """Every port of SSH and of a wire belongs to one lab."""
    slots = [Slot(number) for number in range(MAX_LABS)]
    ports = [slot.ssh_port(place) for slot in slots for place in range(1, MAX_NODES + 1)]
    ports += [slot.wire_port(place) for slot in slots for place in range(MAX_NODES + 1)]
    assert len(set(ports)) == len(ports)


def test_ports_are_below_those_that_the_kernel_hands_out() -> None:
    """A client's port must never be in a lab's way."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    last = Slot(MAX_LABS - 1)
    assert max(last.ssh_port(MAX_NODES), last.wire_port(MAX_NODES)) < min(lowest, 32768)


def test_nodes_of_one_lab_differ() -> None:
    """MACs and addresses are the node's own."""
    nodes = parse_nodes(f"node{number}=trixie" for number in range(1, MAX_NODES + 1))
    macs = [node.mac(nic) for node in nodes for nic in (0, 1)]
    assert len(set(macs)) == len(macs)
    assert len({node.address for node in nodes}) == len(nodes)


def test_addresses_are_those_of_the_tutorials() -> None:
    """Host A is .12, host B .13."""
    nodes = parse_nodes(["node1=bookworm", "node2=trixie"])
    assert [node.address for node in nodes] == ["192.168.100.12", "192.168.100.13"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "needs a node"),
        (["node1"], "NAME=SUITE"),
        (["node1=sarge"], "bookworm, trixie, testing"),
        (["../up=trixie"], "lower-case"),
        (["a=trixie", "a=trixie"], "same name"),
        ([f"n{number}=trixie" for number in range(MAX_NODES + 1)], "at most"),
    ],
)
def test_wrong_nodes_are_refused(words: list[str], part: str) -> None:
    """The error says what is wrong."""
    with pytest.raises(LabError, match=part):
        parse_nodes(words)


def test_a_taken_number_or_port_is_passed_over() -> None:
    """A new lab gets the lowest number whose ports nobody has."""
    slots = iter(free_slots([], [1]))
    first = next(slots)
    second = next(slots)
    assert next(iter(free_slots([first.number], [1]))) == second
    with socket.create_server(("127.0.0.1", first.ssh_port(1))):
        assert next(iter(free_slots([], [1]))).number > first.number


def test_the_command_line_holds_what_belongs_to_the_lab() -> None:
    """Wire, SSH port and files are the lab's; MACs are the node's."""
    machine = vm.Machine(Path("/cache/labs/one"), "node1")
    command = vm.command_line(machine, NODE, Slot(3), IMAGE, vm.EMULATION, Path("/snap/memory"))
    text = " ".join(command)
    assert "udp=127.0.0.1:23130,localaddr=127.0.0.1:23131" in text
    assert f"hostfwd=tcp:127.0.0.1:{Slot(3).ssh_port(1)}-:22" in text
    assert f"mac={NODE.mac(1)}" in text
    assert "-incoming exec:cat /snap/memory" in text
    assert "max,-la57" in text


def test_a_snapshot_is_for_its_node_image_and_qemu_alone() -> None:
    """Whatever the saved memory depends on changes the snapshot's name."""
    other = Identity("node2", "bookworm", 2)
    newer = Image(Path("/cache/images/bookworm-warm-1"))
    names = [
        snapshot_name(IMAGE, NODE, vm.EMULATION, "7.2"),
        snapshot_name(IMAGE, other, vm.EMULATION, "7.2"),
        snapshot_name(newer, NODE, vm.EMULATION, "7.2"),
        snapshot_name(IMAGE, NODE, vm.HARDWARE, "7.2"),
        snapshot_name(IMAGE, NODE, vm.EMULATION, "8.0"),
    ]
    assert len(set(names)) == len(names)


def test_the_inventory_names_groups_and_ways_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hosts are in container_net, the first one runs etcd, pipelining is on."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    nodes = parse_nodes(["node1=bookworm", "node2=trixie"])
    whole = Lab("one", "warm", Slot(0), nodes).inventory()["all"]
    assert whole["vars"]["ansible_pipelining"] is True
    assert "ControlPersist" in whole["vars"]["ansible_ssh_args"]
    hosts = whole["children"]["container_net"]["hosts"]
    assert [hosts[name]["ansible_port"] for name in ("node1", "node2")] == [22101, 22102]
    assert list(whole["children"]["container_net_etcd"]["hosts"]) == ["node1"]


def test_a_bare_image_has_nothing_that_roles_install() -> None:
    """What the roles need from Debian must come from their own runs."""
    bare = set(packages("trixie", "bare"))
    assert not bare & {"docker.io", "etcd-server", "iptables", "python3-pyroute2", "python3-apt"}
    assert {"python3", "openssh-server"} <= bare
    assert {"docker.io", "docker-cli"} <= set(packages("trixie", "warm"))


def test_a_changed_recipe_is_another_image() -> None:
    """An image's name follows everything that goes into it."""
    mirror = Mirror({"": "http://mirror.test/debian"}, {})
    slow = Mirror({"": "http://mirror.test/debian"}, {"Acquire::Check-Date": "false"})
    names = [
        recipe("trixie", "warm", mirror, "key one").name,
        recipe("trixie", "warm", mirror, "key two").name,
        recipe("trixie", "bare", mirror, "key one").name,
        recipe("testing", "warm", mirror, "key one").name,
        recipe("trixie", "warm", slow, "key one").name,
    ]
    assert len(set(names)) == len(names)


def test_a_pidfile_of_somebody_else_is_nobody(tmp_path: Path) -> None:
    """A number that another process has by now is not taken for the machine."""
    machine = vm.Machine(tmp_path, "node1")
    assert not vm.running(machine)
    machine.pidfile.write_text("1\n")
    assert not vm.running(machine)
    vm.stop(machine)
    assert not machine.pidfile.exists()


def test_a_monitor_is_reached_however_long_its_path_is(tmp_path: Path) -> None:
    """Caches lie in home directories, and a socket's path has 107 characters at most."""
    folder = tmp_path / ("long-" * 30)
    folder.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        listener.bind("node1.qmp")
    listener.listen()

    def answer() -> None:
        connection, dummy = listener.accept()
        with connection, connection.makefile("rw") as stream:
            for line in ('{"QMP": {}}', '{"return": {}}', '{"return": {"status": "running"}}'):
                stream.write(line + "\n")
                stream.flush()
                stream.readline()

    server = threading.Thread(target=answer)
    server.start()
    with Monitor(folder / "node1.qmp", timeout=5) as monitor:
        monitor.wait("query-status", "running", 5)
    server.join()
    listener.close()


def test_a_cache_too_deep_for_ssh_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ("deep-" * 20)))
    with pytest.raises(LabError, match="set XDG_CACHE_HOME to a shorter one"):
        labs.up("play", "warm", parse_nodes(["node1=bookworm"]))
    assert not list(tmp_path.iterdir())
