# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for systemctl on a throw-away host, where units of ours really run, and for the network
that Docker makes from its daemon.json: docker0, one container, its rules.

The rest is the stand-in that role docker's own tests have.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import json
import re
import subprocess
import sys
from pathlib import Path

from tests.integration.docker.stand_in import stand_in

# $1 bip, $2 MTU, $3 the container's address, $4 its prefix length, $5 Docker masquerades,
# $6 it lets routed packets in. What Docker 28.2 does; its own chains stay when it stops.
DOCKER = """
own=${1%/*}
ip link show dev docker0 >/dev/null 2>&1 || ip link add docker0 type bridge
ip -4 address flush dev docker0
ip address add "$1" dev docker0
ip link set docker0 up
ip netns del box 2>/dev/null || true
ip link del vethbox 2>/dev/null || true
ip netns add box
ip link add vethbox mtu "$2" master docker0 up type veth peer name eth0 mtu "$2" netns box
ip -n box link set lo up
ip -n box link set eth0 up
ip -n box address add "$3/$4" dev eth0
ip -n box route add default via "$own"
for chain in DOCKER DOCKER-USER; do iptables -w -N "$chain" 2>/dev/null || true; done
if ! iptables -w -C FORWARD -o docker0 -j DOCKER 2>/dev/null; then
    iptables -w -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -w -A FORWARD -o docker0 -j DOCKER
    iptables -w -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
    iptables -w -A DOCKER ! -i docker0 -o docker0 -j DROP
    iptables -w -I FORWARD -j DOCKER-USER
fi
iptables -w -t nat -F POSTROUTING
iptables -w -t raw -F PREROUTING
[ "$5" = no ] || iptables -w -t nat -A POSTROUTING -s "$1" ! -o docker0 -j MASQUERADE
[ "$6" = yes ] || iptables -w -t raw -A PREROUTING -d "$3" ! -i docker0 -j DROP
"""


def make_network() -> None:
    """As daemon.json says it."""
    file = Path("/etc/docker/daemon.json")
    settings = json.loads(file.read_text()) if file.exists() else {}
    bip = ipaddress.IPv4Interface(settings.get("bip", "172.17.0.1/16"))
    words = [
        str(bip),
        str(settings.get("mtu", 1500)),
        str(bip.ip + 1),
        str(bip.network.prefixlen),
        "yes" if settings.get("ip-masq", True) else "no",
        "yes" if settings.get("allow-direct-routing") else "no",
    ]
    subprocess.run(["sh", "-ec", DOCKER, "docker", *words], check=True)


def run_unit(unit: str, verb: str) -> int:
    """A oneshot unit of ours: its program, in the foreground."""
    active = stand_in.flag(unit, "active")
    if verb == "stop":
        active.unlink(missing_ok=True)
        return 0
    if active.exists() and verb == "start":
        return 0
    text = (stand_in.UNITS / unit).read_text()
    found = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert found, text
    done = subprocess.run(found[1].split(), check=False)
    if done.returncode == 0:
        active.touch()
    return done.returncode


def systemctl(arguments: list[str]) -> int:
    verb, unit = arguments[0], arguments[-1]
    if verb == "show":
        return stand_in.show(arguments)
    plain = [word for word in arguments if not word.startswith("-")]
    # Where there is a networkd, routes of others have to be kept from it.
    if plain == ["is-active", "systemd-networkd.service"]:
        return 0
    if verb == "disable" and "--now" in arguments:
        stand_in.flag(unit, "active").unlink(missing_ok=True)
    ours = unit.startswith("container-net-")
    if ours and verb in ("start", "restart", "stop", "reload"):
        return 0 if "--no-block" in arguments else run_unit(unit, verb)
    # A word more would be taken for an answer.
    quiet = {"--quiet", "-q"} & set(arguments)
    with contextlib.redirect_stdout(io.StringIO() if quiet else sys.stdout):
        code = stand_in.systemctl(plain)
    if unit == stand_in.DOCKER and verb in ("start", "restart") and code == 0:
        make_network()
    return code


if __name__ == "__main__":
    sys.exit(systemctl(sys.argv[1:]))
