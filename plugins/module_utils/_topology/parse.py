# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameter dictionaries, typed as Ansible gives them, become a :class:`Want`.

An option that is None or missing is left alone. Every error is an ``OptionError`` that names
option, value, reason and remedy; nothing here looks at the host.

Keys (all but ``name`` optional; ``topology`` and ``adopt`` as explained in ``model.Want``):

* netns: name, state, loopback (up|down), sysctls {key: value}, force
* link options: name, netns, addresses [CIDR], purge_addresses, mac, mtu, admin_state (up|down),
  master, routes [{dst, via, dev, metric, table, type, scope, src}]; ``dev`` defaults to the link
* veth: link options, state, recreate, peer {link options}
* bridge: link options but master, state, ports [name], purge_ports, stp, priority, forward_delay,
  hello_time, max_age, ageing_time (seconds), vlan_filtering, vlan_default_pvid,
  multicast_snooping
* route: dst, via, dev, metric, table, type, scope, src, netns, state
* topology: name, state, namespaces, bridges, veths, routes (lists of the above), prune, adopt,
  force; ``state: absent`` removes all that the topology of this name owns
"""

from __future__ import annotations

from typing import Any, Mapping

from .model import Want


def topology_from_params(params: Mapping[str, Any]) -> Want:
    """Module ``topology``."""
    raise NotImplementedError


def from_netns(params: Mapping[str, Any]) -> Want:
    """Module ``netns``."""
    raise NotImplementedError


def from_veth(params: Mapping[str, Any]) -> Want:
    """Module ``veth``."""
    raise NotImplementedError


def from_bridge(params: Mapping[str, Any]) -> Want:
    """Module ``bridge``."""
    raise NotImplementedError


def from_route(params: Mapping[str, Any]) -> Want:
    """Module ``route``."""
    raise NotImplementedError
