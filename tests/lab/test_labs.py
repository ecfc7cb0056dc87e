# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labs on this machine, really started: two at once, one that is interrupted, one that fails.

Not part of the unit floor: it starts virtual machines (seconds, once their snapshots exist).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.vmlab import labs
from tests.lab.vmlab.ids import port_is_free

LAB = Path(__file__).parent / "lab.py"
NAMES = ("test-one", "test-two")


def lab(*words: str) -> subprocess.CompletedProcess[str]:
    """Run lab.py."""
    return subprocess.run(
        [sys.executable, str(LAB), *words], check=False, capture_output=True, text=True
    )


def processes(name: str) -> list[str]:
    """Command lines that name the lab's directory: QEMU, or a left-over ssh."""
    directory = str(labs.directory_of(name))
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if directory in words:
            found.append(words)
    return found


@pytest.fixture(autouse=True)
def no_labs() -> Iterator[None]:
    """Nothing of these labs before and after."""
    for name in NAMES:
        labs.down(name)
    yield
    for name in NAMES:
        labs.down(name)


def test_two_labs_at_once_do_not_meet() -> None:
    """Both have a node1 with the same address; only the first one's has a neighbour."""
    for name, nodes in zip(NAMES, (("node1=bookworm", "node2=trixie"), ("node1=bookworm",))):
        done = lab("up", name, *[f"--node={node}" for node in nodes])
        assert done.returncode == 0, done.stderr
    one, two = (labs.get(name) for name in NAMES)
    assert one.slot != two.slot
    neighbour = ("ping", "-c", "2", "-W", "2", one.node("node2").address)
    assert lab("ssh", "test-one", "node1", "--", *neighbour).returncode == 0
    assert lab("ssh", "test-two", "node1", "--", *neighbour).returncode == 1
    shown = lab("ssh", "test-two", "node1", "--", "date", "+%s")
    assert abs(int(shown.stdout) - time.time()) < 5
    again = lab("up", "test-two", "--node=node1=bookworm")
    assert again.returncode == 0
    assert again.stdout.strip() == str(two.inventory_file)
    assert lab("up", "test-two", "--node=node1=trixie").returncode == 1

    for known in (one, two):
        assert lab("down", known.name).returncode == 0
        assert not known.directory.exists()
        assert processes(known.name) == []
        assert all(port_is_free(known.slot.ssh_port(node.position)) for node in known.nodes)
    assert lab("down", "test-one").returncode == 0


# Says that it listens, may send a frame to everybody, and says how many of that kind come in.
SHOUT = """
import select, socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x88B5))
wire.bind(("eth1", 0x88B5))
print("ready", flush=True)
shouts = sys.argv[1] == "shout"
if shouts:
    wire.sendto(b"hello" * 20, ("eth1", 0x88B5, 0, 0, b"\\xff" * 6))
wait = 2 if shouts else 10
print(sum(bool(select.select([wire], [], [], wait)[0] and wire.recv(2000)) for _ in range(2)))
"""


def test_a_frame_reaches_the_others_and_never_its_sender() -> None:
    """As on a real wire. A bridge whose own frames come back loses what is sent to its guests."""
    nodes = [f"--node=node{number}=bookworm" for number in (1, 2, 3)]
    assert lab("up", "test-one", *nodes).returncode == 0
    command = [sys.executable, str(LAB), "ssh", "test-one"]
    program = ("--", "python3", "-c", SHOUT)
    listeners = [
        subprocess.Popen([*command, node, *program, "listen"], stdout=subprocess.PIPE, text=True)
        for node in ("node2", "node3")
    ]
    for listener in listeners:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "ready\n"
    heard = lab("ssh", "test-one", "node1", *program, "shout").stdout.split()
    assert [listener.communicate()[0].split() for listener in listeners] == [["1"], ["1"]]
    assert heard == ["ready", "0"]


def test_machines_run_on_every_processor() -> None:
    """Also when who starts them is bound to one, as Mitogen binds what it starts."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    try:
        assert lab("up", "test-one", "--node=node1=bookworm").returncode == 0
    finally:
        os.sched_setaffinity(0, everywhere)
    known = labs.get("test-one")
    pid = int(known.machine(known.nodes[0]).pidfile.read_text())
    assert os.sched_getaffinity(pid) >= everywhere


def test_an_interrupted_start_leaves_nothing() -> None:
    """SIGTERM in the middle of `up` ends the machines and removes the directory."""
    directory = labs.directory_of("test-one")
    with subprocess.Popen(
        [sys.executable, str(LAB), "up", "test-one", "--node=node1=bookworm"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        end = time.monotonic() + 60
        while not (directory / "node1.pid").exists() and time.monotonic() < end:
            time.sleep(0.02)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
    assert child.returncode == 128 + signal.SIGTERM
    assert not directory.exists()
    assert processes("test-one") == []


def test_a_machine_that_dies_is_noticed() -> None:
    """A lab whose machine is gone is not said to run, and can be started anew."""
    assert lab("up", "test-one", "--node=node1=bookworm").returncode == 0
    known = labs.get("test-one")
    pid = int(known.machine(known.nodes[0]).pidfile.read_text())
    subprocess.run(["kill", "-KILL", str(pid)], check=True)
    time.sleep(0.5)
    assert lab("inventory", "test-one").returncode == 1
    assert "ended" in lab("list").stdout
    assert lab("up", "test-one", "--node=node1=bookworm").returncode == 0
