# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One virtual machine: its QEMU command line, its process, its end."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .base import LabError, PortTaken, cache_root, locked
from .ids import Identity, Slot
from .images import Image
from .qmp import Monitor

QEMU = "qemu-system-x86_64"
MEMORY_MIB = 1536
_ARGUMENTS = "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off panic=5"


@dataclass(frozen=True)
class Accelerator:
    """How QEMU runs the guest's code."""

    name: str
    options: tuple[str, ...]


# Debian 13's kernel panics on the five-level page tables that plain "max" has under emulation.
EMULATION = Accelerator("tcg", ("-accel", "tcg,thread=multi", "-cpu", "max,-la57"))
HARDWARE = Accelerator("kvm", ("-accel", "kvm", "-cpu", "host"))


@dataclass(frozen=True)
class Machine:
    """A node's files in a directory of its own."""

    directory: Path
    name: str

    @property
    def disk(self) -> Path:
        return self.directory / f"{self.name}.qcow2"

    @property
    def pidfile(self) -> Path:
        return self.directory / f"{self.name}.pid"

    @property
    def monitor(self) -> Path:
        return self.directory / f"{self.name}.qmp"

    @property
    def ssh_socket(self) -> Path:
        return self.directory / f"{self.name}.ssh"

    @property
    def console(self) -> Path:
        return self.directory / f"{self.name}.console"


def command_line(
    machine: Machine,
    node: Identity,
    slot: Slot,
    image: Image,
    accelerator: Accelerator,
    state: Path | None,
) -> list[str]:
    """The QEMU command of a node; with `state` it goes on from that saved memory."""
    ssh = f"hostfwd=tcp:127.0.0.1:{slot.ssh_port(node.position)}-:22"
    command = [QEMU, "-name", f"container_net-{node.name}", *accelerator.options]
    command += ["-m", str(MEMORY_MIB), "-smp", "1", "-nodefaults", "-no-user-config"]
    command += ["-display", "none", "-serial", f"file:{machine.console}"]
    command += ["-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", _ARGUMENTS]
    command += ["-drive", f"file={machine.disk},if=virtio,format=qcow2,cache=unsafe"]
    command += ["-netdev", f"user,id=n0,ipv6=off,{ssh}"]
    command += ["-device", f"virtio-net-pci,netdev=n0,mac={node.mac(0)}"]
    # Frames as datagrams to and from the lab's wire: no privileges.
    wire, mine = (f"127.0.0.1:{slot.wire_port(place)}" for place in (0, node.position))
    command += ["-netdev", f"socket,id=n1,udp={wire},localaddr={mine}"]
    command += ["-device", f"virtio-net-pci,netdev=n1,mac={node.mac(1)}"]
    command += ["-device", "virtio-rng-pci", "-rtc", "base=utc"]
    # Relative to the directory that it is started in: a socket's path has 107 characters at most.
    command += ["-qmp", f"unix:{machine.monitor.name},server=on,wait=off"]
    command += ["-daemonize", "-pidfile", str(machine.pidfile)]
    if state is not None:
        command += ["-incoming", f"exec:cat {shlex.quote(str(state))}"]
    return command


_started: list[Machine] = []


def stop_started() -> None:
    """End every machine that this process started: the way out of an interrupted run."""
    for machine in list(_started):
        stop(machine)


def start(machine: Machine, command: Sequence[str]) -> None:
    """Start a QEMU that goes on in the background; its early errors become LabError."""
    _started.append(machine)
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=machine.directory
    )
    if done.returncode != 0:
        if "host forwarding" in done.stderr or "Address already in use" in done.stderr:
            raise PortTaken(f"{machine.name}: {done.stderr.strip()}")
        raise LabError(f"QEMU for {machine.name} does not start: {done.stderr.strip()}")


def running(machine: Machine) -> bool:
    """Whether the machine's QEMU runs."""
    return processes.runs(machine.pidfile)


def stop(machine: Machine) -> None:
    """End the machine's QEMU at once, without a shutdown of the guest, and wait for its end."""

    def quit_qemu() -> None:
        with contextlib.suppress(LabError), Monitor(machine.monitor, timeout=2) as monitor:
            monitor.call("quit")

    processes.end(machine.pidfile, quit_qemu)
    machine.monitor.unlink(missing_ok=True)


def choose_accelerator(image: Image) -> Accelerator:
    """KVM where a guest really runs under it, software emulation otherwise.

    /dev/kvm may exist, run a few instructions and still hang in a kernel's first steps, so the
    probe boots the image's kernel up to its first process. Its answer is kept until the next boot.
    """
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return EMULATION
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    answer = cache_root() / "kvm"
    with locked(cache_root() / "locks" / "kvm"):
        if not answer.exists() or answer.read_text(encoding="ascii").split()[0] != boot_id:
            works = _kvm_boots(image)
            answer.write_text(f"{boot_id} {'yes' if works else 'no'}\n", encoding="ascii")
        return HARDWARE if answer.read_text(encoding="ascii").split()[1] == "yes" else EMULATION


def _kvm_boots(image: Image) -> bool:
    # The first process ends at once, the kernel panics and restarts, and that ends QEMU.
    command = [QEMU, *HARDWARE.options, "-m", "512", "-nodefaults", "-no-user-config"]
    command += ["-display", "none", "-serial", "stdio", "-no-reboot"]
    command += ["-kernel", str(image.kernel), "-initrd", str(image.initrd)]
    command += ["-append", "console=ttyS0 rdinit=/bin/true panic=-1"]
    try:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=20
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and b"Attempted to kill init" in done.stdout


def qemu_version() -> str:
    """QEMU's version line: a saved memory is only for the version that saved it."""
    done = subprocess.run([QEMU, "--version"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[0]
