# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the options in module_utils/_specs.py, each written once.

An option's text is YAML without indentation; `_nest` moves it to where it is needed: to the top
of a module, or below another option, whose name its references then begin with.
"""

from __future__ import annotations

import textwrap


def _nest(text: str, spaces: int, below: str = "") -> str:
    return textwrap.indent(text.strip("\n").replace("O(", f"O({below}"), " " * spaces) + "\n"


def _options(*texts: str) -> str:
    return "options:\n" + "".join(_nest(text, 2) for text in texts)


def _entries(name: str, description: str, *texts: str) -> str:
    """An option of type list whose entries have the options in texts."""
    return (
        f"{name}:\n  description:\n    - {description}\n"
        "  type: list\n  elements: dict\n  suboptions:\n"
        + "".join(_nest(text, 4, f"{name}[].") for text in texts)
    )


_STATE = """
state:
  description:
    - Whether what is described has to be there.
  type: str
  choices: [present, absent]
  default: present
"""

_RUN = """
lock_timeout:
  description:
    - How long to wait for another run on the same host, in seconds. V(0) does not wait.
  type: int
  default: 60
"""

_NETNS_OPTION = """
netns:
  description:
    - Name of the network namespace it is in, as C(ip netns) knows it.
    - Left out, it is the host's own.
  type: str
"""

_ROUTE = """
dst:
  description:
    - Where the route leads, an IPv4 or IPv6 network with its prefix length.
    - A single address means that one host.
    - V(default) is the default route, for IPv6 when O(via) is an IPv6 address. V(0.0.0.0/0) and
      V(::/0) say which one is meant.
  type: str
  required: true
via:
  description:
    - Address of the gateway. It has to lie in a network that the namespace reaches directly.
  type: str
dev:
  description:
    - Name of the link the route leaves through.
    - Left out, it is the link that the route is written at, and for a route that stands alone the
      kernel's way to O(via).
  type: str
metric:
  description:
    - Priority of the route, the lower the better. Routes that differ in it stand side by side.
    - Left out, V(0) for IPv4 and V(1024) for IPv6, as the kernel does.
  type: int
table:
  description:
    - Number of the routing table. Left out, V(254), the main one.
  type: int
type:
  description:
    - V(unicast) sends packets on, the others refuse them, V(blackhole) silently, V(unreachable) and
      V(prohibit) with an ICMP message. Those take neither O(via) nor O(dev).
  type: str
  choices: [unicast, blackhole, unreachable, prohibit]
  default: unicast
scope:
  description:
    - How far the destination is away. Left out, V(global) with O(via) and V(link) without, as C(ip
      route) does. IPv4 only.
  type: str
  choices: [global, link, host]
src:
  description:
    - The source address that packets of this host's own take on this route.
  type: str
"""

_LINK = (
    """
name:
  description:
    - Name of the link, 15 characters at most.
  type: str
  required: true
"""
    + _NETNS_OPTION
    + """
addresses:
  description:
    - Addresses with prefix length, as in V(192.168.2.1/24) or V(2001:db8::1/64).
    - They are compared by value, not as text.
    - An IPv6 address is usable at once on a link that this collection made, because there it is
      given without duplicate address detection.
    - Left out, the link's addresses are left alone. An empty list removes them, where
      O(purge_addresses) allows.
  type: list
  elements: str
purge_addresses:
  description:
    - Whether to remove addresses that O(addresses) does not list.
    - Left out, V(true) on links that this collection made and V(false) on others.
    - Link-local, dynamic and router-advertised addresses always stay.
  type: bool
mac:
  description:
    - Hardware address, six bytes in hexadecimal with colons between them.
    - Left out, an existing link keeps what it has and a new one is given one.
  type: str
mtu:
  description:
    - Largest packet the link carries, in bytes, at least 68, and 1280 where the link has IPv6
      addresses.
  type: int
admin_state:
  description:
    - Whether the link is switched on.
  type: str
  choices: [up, down]
  default: up
routes:
  description:
    - Routes through this link, in the link's namespace.
    - Left out, routes are left alone. Routes that others made are never removed.
  type: list
  elements: dict
  suboptions:
"""
    + _nest(_ROUTE, 4, "routes[].")
)

_MASTER = """
master:
  description:
    - Name of the bridge this link is a port of, in the link's own namespace.
    - Left out, it is left alone. An empty string takes the link off its bridge.
  type: str
"""

_NETNS = """
name:
  description:
    - Name of the network namespace, a file of that name under C(/run/netns).
    - It is compared as a whole, V(mario) is another one than V(mario2).
  type: str
  required: true
loopback:
  description:
    - Whether the namespace's C(lo) is switched on.
  type: str
  choices: [up, down]
  default: up
sysctls:
  description:
    - Kernel parameters of this namespace, name to value. Only those whose name begins with C(net.).
    - Written with dots or with slashes. A link's name may have dots of its own, as in
      V(net.ipv4.conf.eth0.100.forwarding).
    - Left out names are left alone, but get their old value back when a topology that prunes had
      set them.
  type: dict
pid:
  description:
    - Number of a running process, whose network namespace gets this name, so that links can be put
      into it. It is not made, and not removed with its name.
    - A name that was given to another process's namespace is given to this one, and pairs of links
      into it are made anew.
  type: int
container:
  description:
    - Name or id of a running Docker container, instead of O(pid). Docker is asked over its socket
      C(/var/run/docker.sock).
    - A container that was started again has a new namespace, so run the task again, too.
  type: str
"""

_BRIDGE = (
    _LINK
    + """
ports:
  description:
    - Names of the links that are ports of this bridge. They have to exist, in its namespace.
    - Left out, the ports are left alone.
  type: list
  elements: str
purge_ports:
  description:
    - Whether to take ports off the bridge that O(ports) does not list. Those of another topology
      stay.
  type: bool
  default: false
stp:
  description:
    - Whether the bridge takes part in the spanning tree protocol.
  type: bool
priority:
  description:
    - Priority in the spanning tree, from V(0) to V(65535), the lower the sooner it is the root.
  type: int
forward_delay:
  description:
    - Time a port listens and learns before it forwards, in seconds, from V(2) to V(30) while
      O(stp=true).
  type: int
hello_time:
  description:
    - Time between two hello packets of the spanning tree, in seconds, from V(1) to V(10).
  type: int
max_age:
  description:
    - Age at which a hello packet counts no more, in seconds, from V(6) to V(40).
  type: int
ageing_time:
  description:
    - Time after which a silent station's address is forgotten, in seconds. V(0) makes the bridge
      send everything everywhere.
  type: int
vlan_filtering:
  description:
    - Whether the bridge looks at VLAN tags.
  type: bool
vlan_default_pvid:
  description:
    - VLAN that untagged packets of a new port belong to, from V(0), none, to V(4094).
  type: int
multicast_snooping:
  description:
    - Whether the bridge learns who listens to which multicast group.
  type: bool
"""
)

_PEER = (
    """
peer:
  description:
    - The other end of the pair. Needed unless the pair has to go.
    - Left out options of an end that exists are left alone.
  type: dict
  suboptions:
"""
    + _nest(_LINK, 4, "peer.")
    + _nest(_MASTER, 4, "peer.")
)

_VETH = (
    _LINK
    + _MASTER
    + _PEER
    + """
recreate:
  description:
    - Whether a pair that has one of these names, but another link at its other end, may be removed
      to make room.
    - With V(false) that is an error. Ends that are in other namespaces are moved either way.
  type: bool
  default: false
"""
)

_VXLAN = (
    _LINK
    + _MASTER
    + """
vni:
  description:
    - Number of the network, from V(0) to V(16777215). Hosts that are joined use the same one.
    - Needed to make the link. It cannot be changed, see O(recreate).
  type: int
local:
  description:
    - Address of this host that the packets are sent from, IPv4 or IPv6.
    - Left out, a new link takes the address of the route to the other host.
  type: str
remote:
  description:
    - Address of the one host to which frames go that no entry of O(fdb) knows a way for.
    - For several hosts, leave it out and give each an entry in O(fdb) with the MAC
      V(00:00:00:00:00:00).
  type: str
group:
  description:
    - Multicast group to which such frames go instead. Needs O(dev).
  type: str
dstport:
  description:
    - UDP port of all hosts that are joined. It cannot be changed, see O(recreate).
    - Left out, a new link gets V(4789). A port and a O(vni) together belong to one link of a
      namespace; flannel's is port 8472 with VNI 1.
  type: int
dev:
  description:
    - Name of the link that the packets leave through, in the same namespace.
    - With it a new link's MTU is that of this link less 50 bytes, or 70 over IPv6. Without it the
      kernel takes 1500, which is too much for most networks, so give O(mtu).
  type: str
learning:
  description:
    - Whether it learns from arriving frames behind which host a station is. The kernel's default is
      V(true).
  type: bool
fdb:
  description:
    - Forwarding entries, which say behind which host a station is.
    - What was learned is not compared, and stays. Left out, entries are left alone.
  type: list
  elements: dict
  suboptions:
    mac:
      description:
        - MAC address of the station. V(00:00:00:00:00:00) stands for broadcast and for stations
          without an entry; it may be given once for each host.
      type: str
      required: true
    dst:
      description:
        - Address of the host that the station is behind.
      type: str
      required: true
purge_fdb:
  description:
    - Whether to remove static entries that O(fdb) does not list.
    - Left out, V(true) on links that this collection made and V(false) on others.
  type: bool
recreate:
  description:
    - Whether a link of this name may be removed to make room when it has another O(vni), another
      O(dstport), or runs over the other IP version, which the kernel cannot change.
    - With V(false) that is an error.
  type: bool
  default: false
"""
)

_TOPOLOGY = (
    _entries("namespaces", "Namespaces, as in module M(netfabric.container_net.netns).", _NETNS)
    + _entries("bridges", "Bridges, as in module M(netfabric.container_net.bridge).", _BRIDGE)
    + _entries("veths", "Pairs, as in module M(netfabric.container_net.veth).", _VETH)
    + _entries("vxlans", "VXLAN links, as in module M(netfabric.container_net.vxlan).", _VXLAN)
    + _entries(
        "routes", "Routes, as in module M(netfabric.container_net.route).", _ROUTE, _NETNS_OPTION
    )
)


class ModuleDocFragment:
    DOCUMENTATION: str = """
requirements:
  - Python 3.9 or newer on the target
  - pyroute2 0.7.2 or newer on the target (package C(python3-pyroute2) on Debian)
  - root on the target, so usually C(become=true)
attributes:
  check_mode:
    description:
      - Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - The same code makes the prediction, so the list of commands and the difference are exact.
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)),
        when in diff mode.
    support: full
notes:
  - What could not be finished is undone before the task fails.
  - An option that is left out means that what it is about is left alone.
  - Runs on one host take turns. One in check mode waits for them, too.
"""

    STATE: str = _options(_STATE, _RUN)
    NETNS: str = _options(_NETNS, _STATE, _RUN)
    BRIDGE: str = _options(_BRIDGE, _STATE, _RUN)
    VETH: str = _options(_VETH, _STATE, _RUN)
    VXLAN: str = _options(_VXLAN, _STATE, _RUN)
    ROUTE: str = _options(_ROUTE, _NETNS_OPTION, _STATE, _RUN)
    TOPOLOGY: str = _options(_TOPOLOGY, _STATE, _RUN)

    # Of modules that only look.
    INFO: str = """
requirements:
  - Python 3.9 or newer on the target
  - pyroute2 0.7.2 or newer on the target (package C(python3-pyroute2) on Debian)
  - root on the target, so usually C(become=true)
attributes:
  check_mode:
    description: Can run in C(check_mode).
    support: full
    details: Changes nothing.
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: none
    details: Changes nothing.
"""
