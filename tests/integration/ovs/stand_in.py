# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for systemctl on a throw-away host that has a real Open vSwitch of its own.

The rest is the stand-in of the hosts that other ways join.
"""

from __future__ import annotations

import subprocess
import sys

from tests.integration.docker.stand_in import stand_in
from tests.integration.ways import stand_in as ways

SERVICE = "openvswitch-switch.service"
ATTACH = "container-net-ovs-gre.service"

# The database outlives the programs, as on a disk. What the kernel would switch is switched by
# ovs-vswitchd, because the kernel of the tests need not have the module.
START = """
mkdir -p /run/openvswitch /etc/openvswitch
# Debian's database and its lock are links to the machine's own.
find /etc/openvswitch -type l -delete
[ -e /etc/openvswitch/conf.db ] ||
    ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server /etc/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock \
    --detach --no-chdir --pidfile -vconsole:off
ovs-vsctl --no-wait init
ovs-vswitchd --disable-system --detach --no-chdir --pidfile -vconsole:off
"""
STOP = """
for name in ovs-vswitchd ovsdb-server; do
    pid=$(cat /run/openvswitch/$name.pid 2>/dev/null) || continue
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    rm -f /run/openvswitch/$name.pid
done
"""
# With icc, which is Docker's default; the other ways need no packets from port to port.
ICC = """
rule="FORWARD -i docker0 -o docker0 -j ACCEPT"
iptables -w -C $rule 2>/dev/null || iptables -w -A $rule
"""


def open_vswitch(verb: str) -> None:
    """Start or stop it, where it is not so already."""
    active = stand_in.flag(SERVICE, "active")
    if verb in ("stop", "restart") and active.exists():
        subprocess.run(["sh", "-ec", STOP], check=True)
        active.unlink()
    if verb in ("start", "restart") and not active.exists():
        subprocess.run(["sh", "-ec", START], check=True, stdin=subprocess.DEVNULL)
        active.touch()


def show() -> None:
    """What ansible.builtin.systemd_service and the role ask."""
    on = {name: stand_in.flag(SERVICE, name).exists() for name in ("active", "enabled")}
    print("LoadState=loaded")
    print(f"ActiveState={'active' if on['active'] else 'inactive'}")
    print(f"UnitFileState={'enabled' if on['enabled'] else 'disabled'}")


def systemctl(arguments: list[str]) -> int:
    verb, unit = arguments[0], arguments[-1]
    if unit == SERVICE and verb == "show":
        show()
        return 0
    if unit == SERVICE and verb in ("start", "stop", "restart"):
        open_vswitch(verb)
        return 0
    # The unit has no state of its own: it runs with each start of Docker.
    if unit == ATTACH and verb in ("start", "restart"):
        code = ways.run_unit(unit, "restart")
        stand_in.flag(unit, "active").unlink(missing_ok=True)
        return code
    code = ways.systemctl(arguments)
    starts = unit == stand_in.DOCKER and verb in ("start", "restart")
    if starts and stand_in.flag(stand_in.DOCKER, "active").exists():
        subprocess.run(["sh", "-ec", ICC], check=True)
    if starts and stand_in.flag(ATTACH, "enabled").exists():
        systemctl(["start", ATTACH])
    return code


if __name__ == "__main__":
    sys.exit(systemctl(sys.argv[1:]))
