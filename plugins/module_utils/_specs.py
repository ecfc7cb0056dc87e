# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that the network modules share, each written once.

A module's argument spec is one of the ``*_MODULE`` dictionaries. The same words make up the
entries of module topology: an entry is the module's options without ``state``, so that a task
can be moved into a topology by copying its lines. The documentation of every option stands in
``plugins/doc_fragments/network.py``, in the same order.
"""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

STATE: Spec = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}
FORCE: Spec = {"force": {"type": "bool", "default": False}}
# What is about the run, not about the network.
RUN: Spec = {"lock_timeout": {"type": "int", "default": 60}}

# What a route says about itself; a link's own `routes` are exactly these words.
ROUTE: Spec = {
    "dst": {"type": "str", "required": True},
    "via": {"type": "str"},
    "dev": {"type": "str"},
    "metric": {"type": "int"},
    "table": {"type": "int"},
    "type": {
        "type": "str",
        "choices": ["unicast", "blackhole", "unreachable", "prohibit"],
        "default": "unicast",
    },
    "scope": {"type": "str", "choices": ["global", "link", "host"]},
    "src": {"type": "str"},
}

NETNS_OPTION: Spec = {"netns": {"type": "str"}}

# What every kind of link has.
LINK: Spec = {
    "name": {"type": "str", "required": True},
    **NETNS_OPTION,
    "addresses": {"type": "list", "elements": "str"},
    "purge_addresses": {"type": "bool"},
    "mac": {"type": "str"},
    "mtu": {"type": "int"},
    "admin_state": {"type": "str", "choices": ["up", "down"], "default": "up"},
    "routes": {"type": "list", "elements": "dict", "options": ROUTE},
}

MASTER: Spec = {"master": {"type": "str"}}

NETNS: Spec = {
    "name": {"type": "str", "required": True},
    "loopback": {"type": "str", "choices": ["up", "down"], "default": "up"},
    "sysctls": {"type": "dict"},
    "pid": {"type": "int"},
    "container": {"type": "str"},
}

BRIDGE: Spec = {
    **LINK,
    "ports": {"type": "list", "elements": "str"},
    "purge_ports": {"type": "bool", "default": False},
    "stp": {"type": "bool"},
    "priority": {"type": "int"},
    "forward_delay": {"type": "int"},
    "hello_time": {"type": "int"},
    "max_age": {"type": "int"},
    "ageing_time": {"type": "int"},
    "vlan_filtering": {"type": "bool"},
    "vlan_default_pvid": {"type": "int"},
    "multicast_snooping": {"type": "bool"},
}

PEER: Spec = {**LINK, **MASTER}

VETH: Spec = {
    **LINK,
    **MASTER,
    "peer": {"type": "dict", "options": PEER},
    "recreate": {"type": "bool", "default": False},
}

VXLAN: Spec = {
    **LINK,
    **MASTER,
    "vni": {"type": "int"},
    "local": {"type": "str"},
    "remote": {"type": "str"},
    "group": {"type": "str"},
    "dstport": {"type": "int"},
    "dev": {"type": "str"},
    "learning": {"type": "bool"},
    "fdb": {
        "type": "list",
        "elements": "dict",
        "options": {
            "mac": {"type": "str", "required": True},
            "dst": {"type": "str", "required": True},
        },
    },
    "purge_fdb": {"type": "bool"},
    "recreate": {"type": "bool", "default": False},
}

NETNS_MODULE: Spec = {**NETNS, **FORCE, **STATE, **RUN}
# No option of a topology: a card's move has to be confirmed.
UPLINK: Spec = {"uplink": {"type": "str"}, "confirm_timeout": {"type": "int"}}
BRIDGE_MODULE: Spec = {**BRIDGE, **UPLINK, **FORCE, **STATE, **RUN}
BRIDGE_CONFIRM_MODULE: Spec = {
    "name": {"type": "str", "required": True},
    "id": {"type": "str"},
    "proof": {"type": "str"},
}
VXLAN_MODULE: Spec = {**VXLAN, **FORCE, **STATE, **RUN}
VETH_MODULE: Spec = {**VETH, **FORCE, **STATE, **RUN}
ROUTE_MODULE: Spec = {**ROUTE, **NETNS_OPTION, **STATE, **RUN}
TOPOLOGY_MODULE: Spec = {
    "name": {"type": "str", "required": True},
    "namespaces": {"type": "list", "elements": "dict", "options": NETNS},
    "bridges": {"type": "list", "elements": "dict", "options": BRIDGE},
    "veths": {"type": "list", "elements": "dict", "options": VETH},
    "vxlans": {"type": "list", "elements": "dict", "options": VXLAN},
    "routes": {"type": "list", "elements": "dict", "options": {**ROUTE, **NETNS_OPTION}},
    "prune": {"type": "bool", "default": True},
    "adopt": {"type": "bool", "default": False},
    "persist": {"type": "bool", "default": False},
    **FORCE,
    **STATE,
    **RUN,
}
PUBLISH: Spec = {
    "host_ip": {"type": "str"},
    "host_port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
    "to": {"type": "str", "required": True},
    "to_port": {"type": "int"},
    "loopback": {"type": "bool", "default": False},
}
NAT_MODULE: Spec = {
    "name": {"type": "str"},
    "bridge": {"type": "str"},
    "subnet": {"type": "str"},
    "masquerade": {"type": "bool", "default": False},
    "masquerade_except": {"type": "list", "elements": "str", "default": []},
    "forward": {"type": "bool", "default": True},
    "publish": {"type": "list", "elements": "dict", "options": PUBLISH, "default": []},
    "isolate": {"type": "bool", "default": False},
    **STATE,
    "persist": {"type": "bool", "default": False},
    **RUN,
}
