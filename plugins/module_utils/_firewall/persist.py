# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A nat on the host's disk: its options, the engine, and the units for the next start (G12).

* /etc/container_net/nat.d/NAME.json, and one unit container-net-nat for all of them
* the rules of chain CONTAINER-NET, with the script and the unit that they share with others; those
  of a nat that is not kept lie under /run
"""

from __future__ import annotations

import glob
import json
import os

from .._host import kept
from . import chain
from .forwarding import SCRIPT, UNIT
from .model import Nat
from .render import forward_rules

CONFIG_DIR = "/etc/container_net/nat.d"
NAT_UNIT = "container-net-nat.service"
FORWARD_UNIT = "container-net-forward.service"
SCRIPT_FILE = f"{kept.ENGINE_DIR}/forward"
VERSION = 1

_UNIT = """\
# Written by module netfabric.container_net.nat (persist: true).
[Unit]
Description=Address translation for container networks
Documentation=https://github.com/netfabric/container_net
# Firewalls load their rules first and would otherwise flush ours.
After=network-pre.target nftables.service netfilter-persistent.service ufw.service firewalld.service
After=systemd-modules-load.service systemd-sysctl.service
Before=docker.service
# What they load again while the host runs is followed by ours again.
PartOf=nftables.service netfilter-persistent.service
ReloadPropagatedFrom=nftables.service netfilter-persistent.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={command}
ExecReload={command}
TimeoutStartSec=600

[Install]
WantedBy=multi-user.target
"""


def changes(name: str, nat: Nat | None, persist: bool) -> tuple[kept.Change, ...]:
    """What changes on the disk. Raises OptionError on a host without systemd. Reads only."""
    config = os.path.join(CONFIG_DIR, f"{name}.json")
    lasting, passing = (
        os.path.join(folder, chain.file_name(name)) for folder in (chain.RULES, chain.PASSING)
    )
    wanted: dict[str, kept.Content] = {}
    if nat is not None and persist:
        kept.refuse_without_systemd()
        path, engine, command = kept.engine()
        unit = _UNIT.format(command=f"{command} --nat {CONFIG_DIR}")
        wanted = {path: engine, config: _config(nat), **kept.unit(NAT_UNIT, unit)}
    if nat is not None and nat.forward:
        rules = kept.Content(chain.content(forward_rules(nat)).encode())
        wanted[lasting if persist else passing] = rules
        if persist:
            wanted[SCRIPT_FILE] = kept.Content(SCRIPT.encode(), mode=0o755)
            wanted.update(kept.unit(FORWARD_UNIT, UNIT))
    mine = [config, lasting, passing]
    # What is shared goes with the last that needs it.
    if _last(config, f"{CONFIG_DIR}/*.json"):
        mine += reversed(kept.unit_paths(NAT_UNIT))
    if _last(lasting, f"{chain.RULES}/*.rules"):
        mine += [*reversed(kept.unit_paths(FORWARD_UNIT)), SCRIPT_FILE]
    return kept.compare(wanted, mine)


def _last(path: str, pattern: str) -> bool:
    """Whether a file is there, and no other like it."""
    return glob.glob(pattern) == [path]


def carry_out(found: tuple[kept.Change, ...]) -> None:
    """OSError where the disk or systemd refuses."""
    for unit in (NAT_UNIT, FORWARD_UNIT):
        if any(c.path == kept.unit_paths(unit)[0] and c.after is None for c in found):
            kept.systemctl("stop", unit)
    folders = (CONFIG_DIR, chain.RULES, chain.PASSING, os.path.dirname(chain.PASSING))
    kept.carry_out(found, (*folders, kept.CONFIG_DIR, kept.ENGINE_DIR))


def start(found: tuple[kept.Change, ...]) -> None:
    """Only a unit that is active follows a firewall's reload. It waits for this run to end."""
    for unit in (NAT_UNIT, FORWARD_UNIT):
        if any(c.path in kept.unit_paths(unit) and c.after is not None for c in found):
            kept.systemctl("start", "--no-block", unit)


def _config(nat: Nat) -> kept.Content:
    document = {"version": VERSION, "nat": params(nat)}
    return kept.Content((json.dumps(document, indent=1, sort_keys=True) + "\n").encode())


def params(nat: Nat) -> dict[str, object]:
    """The module's options that make it."""
    return {
        "name": nat.name,
        "bridge": nat.bridge,
        "subnet": str(nat.subnet),
        "masquerade": nat.masquerade,
        "masquerade_except": [str(network) for network in nat.masquerade_except],
        "forward": nat.forward,
        "isolate": nat.isolate,
        "publish": [
            {
                "protocol": publish.protocol,
                "host_ip": None if publish.host_ip is None else str(publish.host_ip),
                "host_port": publish.host_port,
                "to": str(publish.to),
                "to_port": publish.to_port,
                "loopback": publish.loopback,
            }
            for publish in nat.publish
        ],
    }
