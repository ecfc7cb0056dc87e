# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Booted machines, saved once per image and place, from which labs go on in seconds.

A snapshot is a directory with `disk.qcow2` (an overlay over the image's disk, never written to
again) and `memory` (the machine's state). Any number of labs start from one at the same time:
each puts an overlay of its own over the disk and reads the memory.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import vm
from .base import LabError, cache_root, locked, run, say, timed
from .ids import Identity, Slot
from .images import Image, ssh_key
from .qmp import Monitor
from .ssh import run_script, wait_for_ssh

BOOT_SECONDS = 300

# A node's own settings; what stands here is like on any host that somebody set up by hand.
_PERSONAL = """
echo {name} > /etc/hostname
hostname {name}
echo "127.0.1.1 {name}" >> /etc/hosts
cat > /etc/systemd/network/10-lab-eth1.network <<END
[Match]
Name=eth1

[Network]
Address={address}/24
END
networkctl reload
networkctl reconfigure eth1
for try in 1 2 3 4 5 6 7 8 9 10; do
    ip -4 addr show dev eth1 | grep -q ' {address}/24 ' && break
    sleep 1
done
ip -4 addr show dev eth1 | grep -q ' {address}/24 '
systemctl is-system-running --wait || systemctl --failed --no-legend
rm -rf /var/log/journal/* /run/log/journal/*
sync
echo 3 > /proc/sys/vm/drop_caches
"""


@dataclass(frozen=True)
class Snapshot:
    """A saved machine's files."""

    directory: Path

    @property
    def disk(self) -> Path:
        return self.directory / "disk.qcow2"

    @property
    def memory(self) -> Path:
        return self.directory / "memory"


def snapshot_name(image: Image, node: Identity, accelerator: vm.Accelerator, qemu: str) -> str:
    """The directory name of a node's snapshot: everything its memory depends on is in it."""
    example = vm.command_line(
        vm.Machine(Path("/"), node.name), node, Slot(0), image, accelerator, None
    )
    digest = hashlib.sha256("\0".join([*example, qemu, _PERSONAL]).encode()).hexdigest()
    return f"{image.directory.name}-{node.name}-{digest[:12]}"


def ensure_snapshot(
    image: Image, node: Identity, slot: Slot, accelerator: vm.Accelerator
) -> Snapshot:
    """Return the node's snapshot; when it is missing, boot the image on `slot` and save it."""
    root = cache_root() / "snapshots"
    snapshot = Snapshot(root / snapshot_name(image, node, accelerator, vm.qemu_version()))
    if not snapshot.directory.exists():
        with locked(root / f"{snapshot.directory.name}.lock"):
            if not snapshot.directory.exists():
                _forget_unfinished(snapshot.directory)
                with timed(f"snapshot of {node.name} ({node.suite}) made in"):
                    _make(image, node, slot, accelerator, snapshot.directory)
    return snapshot


def _unfinished(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _forget_unfinished(target: Path) -> None:
    """Remove what a run left that was killed outright; the caller holds the snapshot's lock."""
    vm.stop(vm.Machine(_unfinished(target), "disk"))
    shutil.rmtree(_unfinished(target), ignore_errors=True)


def overlay(backing: Path, backing_format: str, target: Path) -> None:
    """Make `target` a writable layer over `backing`."""
    run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(backing), "-F", backing_format]
        + [str(target)]
    )


def _make(
    image: Image, node: Identity, slot: Slot, accelerator: vm.Accelerator, target: Path
) -> None:
    say(f"booting {node.name} ({node.suite}) for its snapshot")
    key, port = ssh_key(), slot.ssh_port(node.position)
    work = _unfinished(target)
    work.mkdir(parents=True)
    made = Snapshot(work)
    machine = vm.Machine(work, "disk")
    try:
        overlay(image.disk, "raw", made.disk)
        vm.start(machine, vm.command_line(machine, node, slot, image, accelerator, None))
        try:
            wait_for_ssh(key, port, BOOT_SECONDS, lambda: vm.running(machine))
            failed = run_script(
                key, port, _PERSONAL.format(name=node.name, address=node.address), BOOT_SECONDS
            )
            if failed.split() not in ([], ["running"]):
                raise LabError(f"{node.name} came up with failed units: {failed}")
            with Monitor(machine.monitor) as monitor:
                monitor.call("stop")
                monitor.call("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
                monitor.call("migrate", uri=f"exec:cat > '{made.memory}'")
                monitor.wait("query-migrate", "completed", 120)
        except BaseException:
            _show_console(machine)
            raise
        finally:
            vm.stop(machine)
        machine.console.unlink(missing_ok=True)
        made.disk.chmod(0o444)
        made.memory.chmod(0o444)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _show_console(machine: vm.Machine) -> None:
    if machine.console.exists():
        lines = machine.console.read_text(encoding="utf-8", errors="replace").splitlines()
        say("the console's last lines:\n" + "\n".join(lines[-15:]))
