# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab: its record on disk, its start, its end, its inventory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import vm, wire
from .base import LabError, PortTaken, cache_root, locked, need, say, timed
from .ids import Identity, Slot, check_name, free_slots
from .images import Image, ensure_image, ssh_key
from .qmp import Monitor
from .snapshots import ensure_snapshot, overlay
from .ssh import OPTIONS, set_clock, wait_for_ssh

# A socket's path takes 107 characters (sockaddr_un), and ssh adds 17 while it makes one.
_MAX_SSH_SOCKET = 107 - 17


@dataclass(frozen=True)
class Lab:
    """What is known of a lab; written to `lab.json` before its first machine starts."""

    name: str
    flavour: str
    slot: Slot
    nodes: tuple[Identity, ...]

    @property
    def directory(self) -> Path:
        return directory_of(self.name)

    def machine(self, node: Identity) -> vm.Machine:
        return vm.Machine(self.directory, node.name)

    def node(self, name: str) -> Identity:
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise LabError(f"lab '{self.name}' has no node '{name}'; it has {known}")

    @property
    def running(self) -> bool:
        machines = (self.machine(node) for node in self.nodes)
        return wire.running(self.directory) and all(map(vm.running, machines))

    def inventory(self) -> dict[str, Any]:
        """The lab as an Ansible inventory; the first node is the etcd member."""
        hosts = {
            node.name: {
                "ansible_port": self.slot.ssh_port(node.position),
                "ansible_control_path": str(self.machine(node).ssh_socket),
            }
            for node in self.nodes
        }
        return {
            "all": {
                "vars": {
                    "ansible_host": "127.0.0.1",
                    "ansible_user": "root",
                    "ansible_python_interpreter": "/usr/bin/python3",
                    "ansible_ssh_private_key_file": str(ssh_key()),
                    "ansible_ssh_common_args": " ".join(OPTIONS),
                    # No compression: it costs the emulated processor more than it saves.
                    "ansible_ssh_args": "-F /dev/null -o ControlMaster=auto -o ControlPersist=900",
                    "ansible_pipelining": True,
                    # Ten seconds are short for an emulated processor that shares this machine.
                    "ansible_ssh_timeout": 60,
                    "ansible_timeout": 60,
                },
                "children": {
                    "container_net": {"hosts": hosts},
                    "container_net_etcd": {"hosts": {self.nodes[0].name: {}}},
                },
            }
        }

    @property
    def inventory_file(self) -> Path:
        return self.directory / "inventory.yml"


def directory_of(name: str) -> Path:
    """The directory of a lab that may not exist."""
    return cache_root() / "labs" / check_name("lab", name)


def load(name: str) -> Lab | None:
    """Read a lab's record; None when there is no such lab."""
    try:
        record = json.loads((directory_of(name) / "lab.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    nodes = tuple(Identity(**node) for node in record["nodes"])
    return Lab(record["name"], record["flavour"], Slot(record["slot"]["number"]), nodes)


def get(name: str) -> Lab:
    """Read a lab's record; LabError when it does not run."""
    lab = load(name)
    if lab is None or not lab.running:
        raise LabError(f"lab '{name}' does not run; start it with: lab.py up {name} --node …")
    return lab


def names() -> list[str]:
    """The labs that have a directory."""
    root = cache_root() / "labs"
    return sorted(path.name for path in root.iterdir() if path.is_dir()) if root.exists() else []


def up(name: str, flavour: str, nodes: Sequence[Identity]) -> Lab:
    """Start a lab, or return the one that runs already with the same nodes."""
    need(vm.QEMU, "qemu-img", "ssh")
    _refuse_long_paths(directory_of(name), nodes)
    with locked(cache_root() / "locks" / f"lab-{check_name('lab', name)}"):
        present = load(name)
        if present is not None and present.running:
            if (present.flavour, present.nodes) != (flavour, tuple(nodes)):
                raise LabError(f"lab '{name}' runs with other nodes; end it: lab.py down {name}")
            return present
        _remove(name)
        images = {node.suite: ensure_image(node.suite, flavour) for node in nodes}
        accelerator = vm.choose_accelerator(images[nodes[0].suite])
        with timed(f"lab '{name}' up ({accelerator.name}) in"):
            return _start_on_free_slot(name, flavour, tuple(nodes), images, accelerator)


def _refuse_long_paths(directory: Path, nodes: Sequence[Identity]) -> None:
    for node in nodes:
        path = vm.Machine(directory, node.name).ssh_socket
        if len(str(path)) > _MAX_SSH_SOCKET:
            raise LabError(
                f"the path {path} is longer than the {_MAX_SSH_SOCKET} characters that a socket "
                "of ssh can have; set XDG_CACHE_HOME to a shorter one, or give the lab a shorter "
                "name"
            )


def down(name: str) -> None:
    """End a lab and remove what it left; a lab that does not exist is fine."""
    with locked(cache_root() / "locks" / f"lab-{check_name('lab', name)}"):
        _remove(name)


def _remove(name: str) -> None:
    directory = directory_of(name)
    wire.stop(directory)
    for pidfile in directory.glob("*.pid"):
        vm.stop(vm.Machine(directory, pidfile.stem))
    if directory.exists():
        shutil.rmtree(directory)


def _reserve(name: str, flavour: str, nodes: tuple[Identity, ...], refused: set[int]) -> Lab:
    with locked(cache_root() / "locks" / "slots"):
        taken = {lab.slot.number for lab in map(load, names()) if lab is not None}
        places = [node.position for node in nodes]
        for slot in free_slots(taken | refused, places):
            lab = Lab(name, flavour, slot, nodes)
            lab.directory.mkdir(parents=True, exist_ok=True)
            text = json.dumps(asdict(lab), indent=2)
            (lab.directory / "lab.json").write_text(text, encoding="utf-8")
            return lab
    raise LabError("no free lab number is left; end a lab that is not needed (lab.py list)")


def _start_on_free_slot(
    name: str,
    flavour: str,
    nodes: tuple[Identity, ...],
    images: dict[str, Image],
    accelerator: vm.Accelerator,
) -> Lab:
    refused: set[int] = set()
    while True:
        lab = _reserve(name, flavour, nodes, refused)
        try:
            _start(lab, images, accelerator)
            return lab
        except PortTaken as taken:
            say(f"number {lab.slot.number} belongs to another user's lab: {taken}")
            refused.add(lab.slot.number)
            _remove(name)
        except BaseException:
            _remove(name)
            raise


def _start(lab: Lab, images: dict[str, Image], accelerator: vm.Accelerator) -> None:
    wire.start(lab.directory, lab.slot, lab.nodes)
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [
            pool.submit(_start_node, lab, node, images[node.suite], accelerator)
            for node in lab.nodes
        ]
        try:
            for future in futures:
                future.result()
        except BaseException:
            # Without their machines the other threads end at once.
            pool.shutdown(wait=False, cancel_futures=True)
            vm.stop_started()
            raise
    # JSON is YAML, and needs no library to write.
    text = json.dumps(lab.inventory(), indent=2)
    lab.inventory_file.write_text(text + "\n", encoding="utf-8")


def _start_node(lab: Lab, node: Identity, image: Image, accelerator: vm.Accelerator) -> None:
    snapshot = ensure_snapshot(image, node, lab.slot, accelerator)
    machine = lab.machine(node)
    overlay(snapshot.disk, "qcow2", machine.disk)
    vm.start(machine, vm.command_line(machine, node, lab.slot, image, accelerator, snapshot.memory))
    with Monitor(machine.monitor) as monitor:
        monitor.wait("query-status", "paused", 60)
        monitor.call("cont")
    port = lab.slot.ssh_port(node.position)
    wait_for_ssh(ssh_key(), port, 60, lambda: vm.running(machine))
    set_clock(ssh_key(), port)
