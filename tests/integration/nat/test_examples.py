# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples S4 and S11, with the results that the tutorials show, where a firewall drops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.nat.world import World
from tests.integration.network.sandbox import ROOT

EXAMPLES = ROOT / "examples"


def changed(results: list[dict[str, Any]]) -> bool:
    return any(result["changed"] for result in results)


def live(world: World, example: str, proof: Callable[[], None]) -> None:
    """Check mode, for real, again, and away."""
    path = EXAMPLES / example
    rules, network = world.rules(), world.network()
    policy = world.sh("iptables -S FORWARD | head -n 1")
    assert policy == "-P FORWARD DROP\n"
    assert changed(world.playbook(path, "--check"))
    assert (world.rules(), world.network()) == (rules, network)
    assert changed(world.playbook(path))
    assert not changed(world.playbook(path))
    assert not changed(world.playbook(path, "--check"))
    assert world.sh("iptables -S FORWARD | head -n 1") == policy
    proof()
    assert changed(world.playbook(path, "-e", "state=absent"))
    assert not changed(world.playbook(path, "-e", "state=absent"))
    assert (world.rules(), world.network()) == (rules, network)


def test_s04_masquerade(bare_world: World) -> None:
    """At first the ping fails; then the far side sees the host's address."""
    world = bare_world
    world.serve("far", "tcp/0.0.0.0/80")

    def proof() -> None:
        assert world.ask("ns1", "tcp/10.9.0.2/80") == ["10.9.0.1"]
        assert world.succeeds("ip", "netns", "exec", "ns2", "ping", "-c1", "-W3", "10.9.0.2")
        world.playbook(EXAMPLES / "s04_masquerade.yml", "-e", "beyond=10.9.0.2")

    live(world, "s04_masquerade.yml", proof)


def test_s11_publish(bare_world: World) -> None:
    world = bare_world

    def proof() -> None:
        world.serve("ns1", "tcp/0.0.0.0/80")
        world.serve("ns2", "udp/0.0.0.0/53")
        where = ("tcp/10.9.0.1/8080", "udp/10.9.0.1/5353")
        assert world.ask("far", *where) == ["10.9.0.2"] * 2
        assert world.ask("", *where) == ["10.9.0.1"] * 2
        assert world.ask("ns1", *where) == ["192.168.2.1"] * 2
        assert world.ask("ns2", *where) == ["192.168.2.1"] * 2
        assert world.ask("", "tcp/127.0.0.1/8080") == ["192.168.2.1"]
        world.servers.stop()

    live(world, "s11_publish.yml", proof)
