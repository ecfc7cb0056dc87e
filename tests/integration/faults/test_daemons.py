# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Daemons that die, and their store: what containers lose, what comes back by itself, what a run
repairs. The numbers go into docs/faults.md.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.integration.faults.overlay import PINS, MakeOverlay, Overlay, Segment
from tests.integration.faults.processes import ADDRESS, Cluster, kept
from tests.integration.flannel.servers import Background, EtcdServer
from tests.integration.until import until

BACKENDS = ["vxlan", "host-gw"]


def ended(overlay: Overlay, number: int, before: int) -> None:
    """Wait until flanneld has ended once more, and is ready again."""
    for dummy in range(300):
        if overlay.lives(number) > before:
            break
        time.sleep(0.1)
    assert overlay.lives(number) > before
    assert overlay.info(number)["ready"] is True


def learns_of_a_host(overlay: Overlay) -> None:
    """Hosts 1 and 2 follow etcd: a third one joins, and both know the way."""
    overlay.join(3)
    for number in (1, 2):
        overlay.segment.inside(number, until(f"ip route show {PINS[3]} | grep -q ."))
    overlay.watch(1, 3).end()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_that_changes_nothing_loses_nothing(make_overlay: MakeOverlay, backend: str) -> None:
    overlay = make_overlay(backend)
    watch = overlay.watch()
    assert [done["changed"] for done in overlay.site()] == [False, False]
    for number in (1, 2):
        assert overlay.info(number)["ready"] is True
        assert overlay.forward(number, "check") == ""
        assert overlay.forward(number, "apply") == ""
    found = watch.end()
    assert found.lost == 0
    overlay.note("unchanged", found, "nothing was broken", "nothing: `changed=0`")


@pytest.mark.parametrize("backend", BACKENDS)
def test_flanneld_is_killed(make_overlay: MakeOverlay, backend: str) -> None:
    overlay = make_overlay(backend)
    watch = overlay.watch()
    for number in (2, 1):
        before = overlay.lives(number)
        overlay.signal(number, "KILL")
        ended(overlay, number, before)
    found = watch.end()
    assert found.lost == 0
    assert [done["changed"] for done in overlay.site()] == [False, False]
    overlay.note("flanneld_killed", found, "all: its unit starts flanneld again", "nothing")


def test_flanneld_that_carries_the_packets_is_killed(make_overlay: MakeOverlay) -> None:
    """With udp they pass through flanneld itself: what other backends spare one."""
    overlay = make_overlay("udp")
    watch = overlay.watch()
    before = overlay.lives(2)
    overlay.signal(2, "KILL")
    ended(overlay, 2, before)
    watch.wait(30)
    found = watch.end()
    assert found.lost > 0
    # Two seconds of pause in its unit, and its start.
    assert found.gap < 15
    overlay.note("flanneld_killed", found, "all: its unit starts flanneld again", "nothing")


@pytest.mark.parametrize("backend", BACKENDS)
def test_etcd_is_down(make_overlay: MakeOverlay, tmp_path: Path, backend: str) -> None:
    overlay = make_overlay(backend)
    watch = overlay.watch()
    overlay.etcd.close()
    time.sleep(3)
    # One that starts meanwhile has nobody to ask, and leaves the kernel as it is.
    overlay.signal(2, "KILL")
    time.sleep(5)
    overlay.etcd = EtcdServer(overlay.sandbox, tmp_path, address=ADDRESS)
    overlay.etcd.wait()
    for number in (1, 2):
        assert overlay.info(number)["ready"] is True
    learns_of_a_host(overlay)
    found = watch.end()
    assert found.lost == 0
    assert [done["changed"] for done in overlay.site()] == [False, False]
    overlay.note("etcd_down", found, "all: flanneld asks until etcd is back", "nothing")


def test_one_of_three_members_is_lost(
    segment: Segment, tmp_path: Path, make_overlay: MakeOverlay
) -> None:
    cluster = Cluster(segment.sandbox, tmp_path)
    overlay = make_overlay("vxlan", cluster.endpoints)
    watch = overlay.watch()
    # The one that is named first, so that everybody's first choice is gone.
    segment.sandbox.run("kill", "-KILL", str(cluster.processes["one"].pid))
    segment.sandbox.run("rm", "-r", str(tmp_path / "etcd-one"))
    learns_of_a_host(overlay)
    found = watch.end()
    assert found.lost == 0
    # The modules, too, find a member that answers.
    assert [done["changed"] for done in overlay.site()] == [False, False]
    overlay.note(
        "etcd_member_lost", found, "all: two members go on, flanneld changes over", "nothing"
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_lease_is_revoked(make_overlay: MakeOverlay, backend: str) -> None:
    """flanneld ends with success then; its unit brings it back, with the subnet that it had."""
    overlay = make_overlay(backend)
    watch = overlay.watch()
    before = overlay.lives(2)
    key = f"/coreos.com/network/subnets/{PINS[2].replace('/', '-')}"
    assert overlay.etcd.ctl("del", key).stdout.strip() == "1"
    ended(overlay, 2, before)
    assert overlay.info(2)["subnet"] == PINS[2]
    watch.wait(30)
    found = watch.end()
    assert found.gap < 15
    assert [done["changed"] for done in overlay.site()] == [False, False]
    itself = "all: flanneld ends, its unit starts it again, and it takes the same subnet"
    overlay.note("lease_revoked", found, itself, "nothing")


def test_etcds_disk_is_full(segment: Segment, tmp_path: Path, make_overlay: MakeOverlay) -> None:
    """etcd ends when it cannot write; packets pass, and once there is room all goes on."""
    sandbox = segment.sandbox
    disk = tmp_path / "disk"
    disk.mkdir()
    # etcd takes 64 MB for each of two logs beforehand.
    sandbox.run("mount", "-t", "tmpfs", "-o", "size=180m", "tmpfs", str(disk))
    endpoint = f"http://{ADDRESS}:2379"
    command = [
        *("etcd", "--data-dir", str(disk / "etcd"), "--listen-client-urls", endpoint),
        *("--advertise-client-urls", endpoint, "--listen-peer-urls", "http://127.0.0.1:2380"),
    ]
    pid_file = tmp_path / "etcd.pid"
    etcd = Background(sandbox, tmp_path / "etcd.log", *kept(pid_file, 1, command))
    overlay = make_overlay("vxlan", [endpoint])
    watch = overlay.watch()
    sandbox.run("dd", "if=/dev/zero", f"of={disk}/others", "bs=1M", check=False)
    value = tmp_path / "value"
    value.write_bytes(b"x" * 1_000_000)
    put = f"etcdctl --endpoints {endpoint} --command-timeout=3s put filler <{value}"
    sandbox.sh(until(f"! {put} >/dev/null 2>&1"))
    assert "no space left on device" in (tmp_path / "etcd.log").read_text(errors="replace")
    time.sleep(3)
    sandbox.run("rm", f"{disk}/others")
    sandbox.sh(until(f"{put} >/dev/null 2>&1"))
    learns_of_a_host(overlay)
    found = watch.end()
    assert found.lost == 0
    assert [done["changed"] for done in overlay.site()] == [False, False]
    itself = "packets pass; with room on the disk etcd's unit starts it again, and flanneld goes on"
    overlay.note("etcd_disk_full", found, itself, "nothing: somebody has to make room")
    etcd.close()
    sandbox.run("umount", str(disk), check=False)
