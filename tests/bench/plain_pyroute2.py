# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same network with pyroute2, as its documentation shows it.

Usage: plain_pyroute2.py SIZE. Prints the seconds that it took.
"""

from __future__ import annotations

import sys
import time

from pyroute2 import IPRoute, NetNS, netns

from tests.bench.network import Network


def build(network: Network) -> None:
    rooms = list(network.rooms())
    with IPRoute() as host:
        for bridge in network.bridges:
            host.link("add", ifname=bridge.name, kind="bridge")
            index = host.link_lookup(ifname=bridge.name)[0]
            host.addr("add", index=index, address=bridge.address, prefixlen=16)
            host.link("set", index=index, state="up")
        for room in rooms:
            netns.create(room.name)
        for room in rooms:
            peer = {"ifname": "eth0", "net_ns_fd": room.name}
            host.link("add", ifname=room.port, kind="veth", peer=peer)
        indexes = {link.get_attr("IFLA_IFNAME"): link["index"] for link in host.get_links()}
        for room in rooms:
            master = indexes[room.bridge.name]
            host.link("set", index=indexes[room.port], master=master, state="up")
    for room in rooms:
        with NetNS(room.name) as inside:
            index = inside.link_lookup(ifname="eth0")[0]
            inside.addr("add", index=index, address=room.address, prefixlen=16)
            inside.link("set", index=1, state="up")
            inside.link("set", index=index, state="up")
            inside.route("add", dst="default", gateway=room.bridge.address)


def main() -> None:
    begin = time.perf_counter()
    build(Network(int(sys.argv[1])))
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
