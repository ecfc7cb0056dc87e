# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces as hosts, real flanneld over a real etcd, and containers that talk across them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.flannel.hosts import PINS, ROLE, Hosts, container
from tests.integration.flannel.servers import EtcdServer, task
from tests.integration.flannel.test_backends import configure


def test_reserved_leases_are_taken_and_both_backends_carry_traffic(hosts: Hosts) -> None:
    sandbox = hosts.sandbox
    group = [{"public_ip": f"192.168.77.{number}", "subnet": pin} for number, pin in PINS.items()]

    def configure(backend: str) -> list[dict[str, Any]]:
        network = {"network": "172.20.0.0/16", "backend": {"type": backend}}
        return sandbox.play(
            [
                task("network", "flannel_network", **hosts.where, **network),
                task("leases", "flannel_subnet", **hosts.where, leases=group),
            ]
        )

    configure("vxlan")
    assert hosts.info(1, wait=0)["problem"] == "flanneld has not written its subnet file yet"
    for number in PINS:
        hosts.start(number)
    for number, pin in PINS.items():
        found = hosts.info(number)
        assert found["ready"] is True, found
        assert found["subnet"] == pin
        assert (found["mtu"], found["link"]) == (1450, "flannel.1")
        hosts.container(number, found["bip"], found["mtu"])
    leases = configure("vxlan")[1]
    assert leases["changed"] is False, "flanneld completed the leases, they are no others by that"
    for source in PINS:
        for target, pin in PINS.items():
            if source != target:
                assert hosts.ping(f"c{source}", container(pin), 1450)
                assert not hosts.ping(f"c{source}", container(pin), 1451)

    # The other backend: all at once, and nothing of the old one may stay.
    (network, leases) = configure("udp")
    assert (network["changed"], network["restart_required"]) == (True, True)
    assert leases["changed"] is False
    assert "backend vxlan, not udp" in hosts.info(1, wait=0)["problem"]
    sweep = (ROLE / "files" / "sweep").read_text()
    for number in PINS:
        hosts.stop(number)
        done = sandbox.run(
            *("ip", "netns", "exec", f"h{number}", "sh", "-s", "--"),
            *("backend", "flannel.1", ""),
            input=sweep,
        )
        assert done.stdout == "link flannel.1\n"
    for number in PINS:
        hosts.start(number)
    for number, pin in PINS.items():
        found = hosts.info(number)
        assert (found["subnet"], found["mtu"], found["link"]) == (pin, 1472, "flannel0")
        hosts.remtu(number, 1472)
    assert hosts.ping("c1", container(PINS[2]), 1472)
    assert hosts.ping("c2", container(PINS[1]), 1472)
    assert hosts.ping("c3", container(PINS[1]), 1472)
    assert not hosts.ping("c1", container(PINS[2]), 1473)


def test_taking_flannel_away_leaves_other_rules(hosts: Hosts) -> None:
    """`sweep all` after flanneld has ended: link and chains gone, the rest as it was before."""
    sandbox = hosts.sandbox
    network = {"network": "172.20.0.0/16", "backend": {"type": "vxlan"}}
    lease = {"public_ip": "192.168.77.1", "subnet": PINS[1]}
    sandbox.play(
        [
            task("network", "flannel_network", **hosts.where, **network),
            task("lease", "flannel_subnet", **hosts.where, **lease),
        ]
    )
    sandbox.sh(
        """
        ip netns exec h1 sh -ec '
        iptables -t nat -N THEIRS
        iptables -t nat -A POSTROUTING -j THEIRS
        iptables -t nat -A THEIRS -s 192.0.2.0/24 -m comment --comment "flanneld masq" -j MASQUERADE
        iptables -N FORWARD-THEIRS
        iptables -A FORWARD -j FORWARD-THEIRS
        ip route add 192.0.2.0/24 via 192.168.77.3
        ip link add flanneldummy up type bridge'
        """
    )

    def state() -> str:
        return sandbox.sh(
            """ip netns exec h1 sh -ec 'ip -o -d link show | sed "s/qdisc.*//"; ip route
            iptables-save | grep -v "^[#:]"; iptables -t nat -S; iptables -S'"""
        )

    before = state()
    hosts.start(1)
    assert hosts.info(1)["ready"] is True
    # flanneld makes its chains a moment after it is ready.
    for dummy in range(50):
        if "FLANNEL-POSTRTG" in state():
            break
    assert "FLANNEL-POSTRTG" in state()
    hosts.stop(1)
    done = sandbox.run(
        *("ip", "netns", "exec", "h1", "sh", "-s", "--", "all", "flannel.1", ""),
        input=(ROLE / "files" / "sweep").read_text(),
    )
    assert "link flannel.1" in done.stdout
    assert "chain FLANNEL-POSTRTG" in done.stdout
    assert state() == before
    again = sandbox.run(
        *("ip", "netns", "exec", "h1", "sh", "-s", "--", "all", "flannel.1", ""),
        input=(ROLE / "files" / "sweep").read_text(),
    )
    assert again.stdout == ""


def test_a_revoked_lease_ends_flanneld(hosts: Hosts) -> None:
    """What `state: absent` says it does, and what makes Restart=always necessary."""
    sandbox = hosts.sandbox
    host = {"public_ip": "192.168.77.1"}
    sandbox.play(
        [
            task("network", "flannel_network", **hosts.where, network="172.20.0.0/16"),
            task("lease", "flannel_subnet", **hosts.where, **host),
        ]
    )
    hosts.start(1)
    assert hosts.info(1)["subnet"] == "172.20.1.0/24"
    sandbox.play([task("gone", "flannel_subnet", **hosts.where, **host, state="absent")])
    assert hosts.ended(1)
    assert hosts.info(1, wait=0)["problem"] == "etcd holds no lease for this host"


def test_who_loses_a_subnet_notices(hosts: Hosts) -> None:
    """A flanneld whose lease went to another host stops work, and then takes the one it has now.

    One whose lease is overwritten would not notice, and would write it back a day later.
    """
    sandbox = hosts.sandbox
    inventory: list[dict[str, Any]] = [{"public_ip": f"192.168.77.{n}"} for n in (1, 2)]

    def reserve() -> dict[str, Any]:
        options = {**hosts.where, "leases": inventory, "purge": True}
        (result,) = sandbox.play([task("leases", "flannel_subnet", **options)])
        return result

    sandbox.play([task("network", "flannel_network", **hosts.where, network="172.20.0.0/16")])
    reserve()
    for number in (1, 2):
        hosts.start(number)
        assert hosts.info(number)["subnet"] == f"172.20.{number}.0/24"

    # Host 2 is to have what host 1 has.
    inventory[1]["subnet"] = "172.20.1.0/24"
    assert [entry["subnet"] for entry in reserve()["leases"]] == ["172.20.3.0/24", "172.20.1.0/24"]
    for number, subnet in ((1, "172.20.3.0/24"), (2, "172.20.1.0/24")):
        assert hosts.revoked(number)
        hosts.stop(number)
        hosts.start(number)
        found = hosts.info(number)
        assert (found["ready"], found["subnet"]) == (True, subnet)

    # Host 2 leaves the inventory by mistake while host 3 comes, and still runs.
    inventory[1] = {"public_ip": "192.168.77.3"}
    result = reserve()
    assert result["revoked"] == ["192.168.77.2"]
    assert result["leases"][1]["subnet"] == "172.20.2.0/24"
    assert hosts.revoked(2)
    hosts.stop(2)
    hosts.start(2)
    assert hosts.info(2)["subnet"] == "172.20.1.0/24"
    again = reserve()
    assert (again["changed"], again["revoked"]) == (False, [])


def test_an_etcd_that_does_not_answer_is_waited_for(hosts: Hosts, lan_etcd: EtcdServer) -> None:
    """As while it elects a leader."""
    configure(hosts, {"type": "vxlan"})
    hosts.start(1)
    assert hosts.info(1)["ready"]
    options = {**hosts.where, "subnet_file": hosts.file(1), "timeout": 1}
    hosts.sandbox.run("kill", "-STOP", str(lan_etcd.pid))
    try:
        begin = time.monotonic()
        (failed,) = hosts.modules([("flannel_subnet_info", options)], "h1")
        took = time.monotonic() - begin
        assert "does not answer in time" in failed["msg"]
        calls = [("flannel_subnet_info", {**options, "wait": 60})]
        found = ThreadPoolExecutor().submit(hosts.modules, calls, "h1")
        time.sleep(2 * took)  # it has asked at least once by then
    finally:
        hosts.sandbox.run("kill", "-CONT", str(lan_etcd.pid))
    assert found.result()[0]["ready"]
