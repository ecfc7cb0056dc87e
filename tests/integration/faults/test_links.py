# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links and rules that somebody takes away: what containers lose, what comes back by itself, what a
run repairs. The numbers go into docs/faults.md.
"""

from __future__ import annotations

import time

import pytest

from tests.integration.faults.overlay import MakeOverlay
from tests.integration.faults.processes import ADDRESS

# host-gw looks every ten seconds whether its routes are still there.
CHECK = 10


def test_the_link_is_deleted(make_overlay: MakeOverlay) -> None:
    overlay = make_overlay("vxlan")
    watch = overlay.watch()
    overlay.segment.inside(2, "ip link delete flannel.1")
    back = watch.answered(30)
    # This is how role flannel finds out that flanneld has to be restarted.
    assert overlay.info(2, wait=0)["ready"] is back
    if not back:
        before = overlay.lives(2)
        overlay.signal(2, "TERM")
        while overlay.lives(2) == before:
            time.sleep(0.1)
        assert overlay.info(2)["ready"] is True
        watch.wait(30)
    found = watch.end()
    assert not back
    overlay.note("link_deleted", found, "nothing", "the link: flanneld is restarted")


@pytest.mark.parametrize("backend", ["vxlan", "host-gw"])
def test_rules_are_flushed(make_overlay: MakeOverlay, backend: str) -> None:
    """The policy of FORWARD stays, so nothing passes until our rules are back."""
    overlay = make_overlay(backend)
    watch = overlay.watch()
    overlay.segment.inside(2, "iptables -F; iptables -S FORWARD | grep -qx -e '-P FORWARD DROP'")
    assert not watch.answered(3)
    # This is how role flannel finds out that rules have to be made.
    assert "CONTAINER-NET" in overlay.forward(2, "check")
    overlay.forward(2, "apply")
    watch.wait(5)
    assert overlay.forward(2, "check") == ""
    assert overlay.segment.inside(2, "iptables -S | grep -c -e '-j CONTAINER-NET$'").strip() == "1"
    found = watch.end()
    overlay.note("rules_flushed", found, "nothing", "the chain `CONTAINER-NET` and the jump to it")


@pytest.mark.parametrize("backend", ["vxlan", "host-gw"])
def test_the_uplink_goes_down_and_up(make_overlay: MakeOverlay, backend: str) -> None:
    """Everything that leads through the link itself is gone then; its manager brings the rest."""
    overlay = make_overlay(backend)
    watch = overlay.watch()
    overlay.segment.inside(2, "ip link set eth0 down")
    assert not watch.answered(3)
    overlay.segment.inside(2, f"ip link set eth0 up; ip route add default via {ADDRESS}")
    watch.wait(CHECK + 5)
    assert overlay.info(2)["ready"] is True
    found = watch.end()
    assert [done["changed"] for done in overlay.site()] == [False, False]
    itself = "all: VXLAN's routes do not go through the link"
    if backend == "host-gw":
        itself = f"all: flanneld looks for its routes every {CHECK} s"
    overlay.note("uplink_flaps", found, itself, "nothing")


@pytest.mark.parametrize("backend", ["vxlan", "host-gw"])
def test_the_network_between_the_hosts_is_cut(make_overlay: MakeOverlay, backend: str) -> None:
    overlay = make_overlay(backend)
    watch = overlay.watch()
    overlay.sandbox.sh("ip link set v2 down")
    assert not watch.answered(5)
    overlay.sandbox.sh("ip link set v2 up")
    watch.wait(10)
    for number in (1, 2):
        assert overlay.info(number)["ready"] is True
    found = watch.end()
    # What was lost is what the cut took, and the time that neighbours take to find each other.
    assert found.gap < 15
    assert [done["changed"] for done in overlay.site()] == [False, False]
    overlay.note("network_cut", found, "all", "nothing")
