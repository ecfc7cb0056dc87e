# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What packets and flannel's watch do while etcd loses a member, and after a restore."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from tests.integration.flannel.hosts import ADDRESS, PINS, Hosts, container
from tests.integration.flannel.servers import Background, EtcdServer, task
from tests.integration.network.sandbox import ROOT, Sandbox
from tests.integration.until import until

NETWORK = {"network": "172.20.0.0/16", "backend": {"type": "vxlan"}}
TIMES = 20  # pings in a second


class Pings:
    """Pings from container to container until it is asked how many were lost."""

    def __init__(self, hosts: Hosts, directory: Path) -> None:
        self._log = directory / "pings"
        self._hosts = hosts
        words = ["ping", "-n", "-i", str(1 / TIMES), "-W", "2", container(PINS[2])]
        self._ping = Background(hosts.sandbox, self._log, *words, netns="c1")

    def lost(self) -> tuple[int, int]:
        """How many were sent, and how many of them were not answered."""
        self._hosts.sandbox.run("kill", "-INT", str(self._ping.pid))
        self._hosts.sandbox.sh(until(f"grep -q 'packets transmitted' {self._log}"))
        found = re.search(r"(\d+) packets transmitted, (\d+) received", self._log.read_text())
        assert found
        sent, received = int(found.group(1)), int(found.group(2))
        # The last one may be on its way.
        return sent, max(0, sent - received - 1)


def routed(hosts: Hosts, number: int, subnet: str) -> str:
    """A condition for `until`: that host has a route to the subnet over the overlay."""
    return f"ip -n h{number} route show {subnet} | grep -q flannel.1"


def two_hosts(hosts: Hosts) -> None:
    """Hosts 1 and 2 with flanneld, a container each."""
    group = [{"public_ip": f"192.168.77.{n}", "subnet": PINS[n]} for n in (1, 2)]
    hosts.sandbox.play(
        [
            task("network", "flannel_network", **hosts.where, **NETWORK),
            task("leases", "flannel_subnet", **hosts.where, leases=group),
        ]
    )
    for number in (1, 2):
        hosts.start(number)
    for number in (1, 2):
        found = hosts.info(number)
        assert found["ready"] is True, found
        hosts.container(number, found["bip"], found["mtu"])
    assert hosts.ping("c1", container(PINS[2]), 1450)


def third_host(hosts: Hosts) -> None:
    """A lease for host 3, and its flanneld."""
    lease = {"public_ip": "192.168.77.3", "subnet": PINS[3]}
    hosts.sandbox.play([task("lease", "flannel_subnet", **hosts.where, **lease)])
    hosts.start(3)
    assert hosts.info(3)["ready"] is True


def expect_the_news_of_a_third_host(hosts: Hosts, pings: Pings) -> None:
    """The other two get a route to it, and no packet of theirs was lost all the while."""
    third_host(hosts)
    for number in (1, 2):
        hosts.sandbox.sh(until(routed(hosts, number, PINS[3])))
    # A quick machine is through before a loss could show.
    hosts.sandbox.sh("sleep 2")
    sent, lost = pings.lost()
    assert sent > 2 * TIMES
    assert lost == 0


def test_a_lost_member_loses_no_packet_and_no_news(
    sandbox: Sandbox, start_etcd: Callable[..., EtcdServer], flanneld: Path, tmp_path: Path
) -> None:
    sandbox.sh(f"ip link add lan up type bridge; ip address add {ADDRESS}/24 dev lan")
    ports = {"m1": 2379, "m2": 2389, "m3": 2399}
    together = ",".join(f"{name}=http://127.0.0.1:{port + 1}" for name, port in ports.items())
    members = {}
    for name, port in ports.items():
        more = ("--name", name, "--initial-cluster", together)
        own = ("--initial-advertise-peer-urls", f"http://127.0.0.1:{port + 1}")
        members[name] = start_etcd(address=ADDRESS, port=port, more=(*more, *own))
    for member in members.values():
        member.wait()
    hosts = Hosts(sandbox, [member.endpoint for member in members.values()], flanneld, tmp_path)
    try:
        two_hosts(hosts)
        pings = Pings(hosts, tmp_path)
        # The one with the most to lose.
        leader = next(m for m in members.values() if leads(m))
        leader.kill()
        expect_the_news_of_a_third_host(hosts, pings)
    finally:
        hosts.close()


def leads(member: EtcdServer) -> bool:
    lines = member.ctl("endpoint", "status", "-w", "fields").stdout.splitlines()
    found = dict(line.split(" : ", 1) for line in lines if " : " in line)
    return found['"Leader"'] == found['"MemberID"']


def test_flannel_goes_on_after_a_restore(
    sandbox: Sandbox, start_etcd: Callable[..., EtcdServer], flanneld: Path, tmp_path: Path
) -> None:
    """The snapshot is older than what flanneld has seen: revisions come again."""
    sandbox.sh(f"ip link add lan up type bridge; ip address add {ADDRESS}/24 dev lan")
    etcd = start_etcd(address=ADDRESS)
    etcd.wait()
    hosts = Hosts(sandbox, [etcd.endpoint], flanneld, tmp_path)
    try:
        two_hosts(hosts)
        snapshot = tmp_path / "snapshot.db"
        etcd.ctl("snapshot", "save", str(snapshot))
        # What the watches have seen when the snapshot is put back.
        # Reservations of hosts that never come; a key that is no subnet would take all routes away.
        for number in range(100, 130):
            value = {"PublicIP": f"192.168.77.{number}", "BackendType": "", "BackendData": None}
            key = f"/coreos.com/network/subnets/172.20.{number}.0-24"
            etcd.ctl("put", key, json.dumps(value))
        pings = Pings(hosts, tmp_path)
        etcd.close()
        script = (ROOT / "roles/etcd/files/etcd-restore").read_text()
        peer = "http://127.0.0.1:2380"
        words = [str(snapshot), f"{tmp_path}/etcd-2379", "default", peer, f"default={peer}", "t"]
        sandbox.run("sh", "-s", "--", *words, input=script)
        start_etcd(address=ADDRESS).wait()
        # What role flannel does where the playbook left its marker.
        for number in (1, 2):
            hosts.stop(number)
            hosts.start(number)
        for number in (1, 2):
            assert hosts.info(number)["ready"] is True
        expect_the_news_of_a_third_host(hosts, pings)
    finally:
        hosts.close()
