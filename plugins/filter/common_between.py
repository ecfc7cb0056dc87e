# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps hosts from being joined, from what they found out about themselves and each other."""

from __future__ import annotations

DOCUMENTATION = r"""
name: common_between
short_description: What keeps hosts from being joined
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Judges what the tasks C(between) of role C(netfabric.container_net.common) found out, before
    anything is changed on any host.
positional: asked, wanted
options:
  _input:
    description: What every host found out about itself.
    type: list
    elements: dict
    required: true
  asked:
    description: What every host found out about the others.
    type: list
    elements: dict
    required: true
  wanted:
    description: What the way of joining needs, as filter C(flannel_wanted) returns it.
    type: dict
    required: true
  joined:
    description: Names of the hosts that are joined; others only serve them.
    type: list
    elements: str
    required: true
  leaving:
    description:
      - Names of the hosts that are still joined in another way. That goes before anything new
        comes, so its routes and links are in the way of nothing.
    type: list
    elements: str
    default: []
  skew:
    description: By how many seconds a host's clock may differ from the controller's.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ looks | netfabric.container_net.common_between(asked, wanted, joined=['a', 'b']) }}"
"""

RETURN = r"""
_value:
  description: Sentences that name host, variable, value and remedy; empty when nothing is wrong.
  type: list
  elements: str
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import routes

# So many sentences are shown; a closed port between a hundred hosts has 9,900.
SHOWN = 40
# The variables of the ports that are TCP's.
SERVICES = {"inner": "etcd_peer_port", "outer": "etcd_client_port"}

Look = Mapping[str, Any]


def networks(texts: Sequence[str]) -> list[Any]:
    """Networks, host bits or not."""
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def judge_link(look: Look, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Whether the link that leads to the others is there, and has what is needed."""
    option, iface = wanted["names"]["iface"], look["iface"]
    if not look["mtu"]:
        yield (
            f"{option}: {iface!r}: this host has no such link (there are"
            f" {', '.join(sorted(look['links']))}). Name the one that leads to the other hosts."
        )
    elif len(wanted["networks"]) > 1 and not any(
        ":" in address for address in look["links"].get(iface, [])
    ):
        yield (
            f"flannel_ipv6_network: {wanted['networks'][1]!r}: {iface} has no IPv6 address by which"
            f" the others could reach this host. Give {iface} one, or leave flannel_ipv6_network"
            " out."
        )


def judge_kernel(look: Look, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Whether the kernel can do what is needed."""
    for name in look["missing"]:
        yield (
            f"{wanted['names']['backend']}: {wanted['kind']!r}: the kernel has no module {name},"
            " which this needs. Reboot if the kernel was upgraded since the last start; otherwise"
            " install the kernel package that has the module"
            + (" or choose another backend." if name != "br_netfilter" else ".")
        )
    if look["forward"]:
        yield f"forwarding: {look['forward']}"


def judge_ports(look: Look, wanted: Mapping[str, Any], leaving: bool) -> Iterator[str]:
    """Whether somebody else has a port that is needed."""
    ours = any(name.startswith("flannel") for name in look["links"])
    for name, who in look["held"].items():
        protocol, port = name.split(" ")
        # Tunnels of VXLAN share a port; the one that would not is told below.
        if who == "flanneld" or (who == "the kernel" and (ours or wanted["kind"] == "vxlan")):
            continue
        option = wanted["names"]["port"] if protocol == "udp" else service(look, int(port))
        yield (
            f"{option}: {port}: {who} has {protocol.upper()} port {port} on this host. Stop it, or"
            f" choose another port with {option}."
        )
    for link, vni, port in [] if leaving else look["vxlans"]:
        clash = (wanted["kind"], wanted["vni"]) == ("vxlan", vni) and port in wanted["udp"]
        if clash and not link.startswith("flannel"):
            yield (
                f"{wanted['names']['vni']}: {vni}: the link {link} has this VNI on UDP port {port}"
                f" already. Choose another one with {wanted['names']['vni']}, or another port."
            )


def service(place: Mapping[str, Any], port: int) -> str:
    """The variable of a TCP port."""
    return SERVICES["inner" if port in place["inner"] else "outer"]


def judge_networks(
    look: Look, wanted: Mapping[str, Any], addresses: Sequence[str], leaving: bool
) -> Iterator[str]:
    """Whether something else has addresses of the network to be."""
    wide = networks(wanted["networks"])
    way = routes.in_the_way(routes.parse(*look["routes"]), wide, networks(look["own"]), addresses)
    if way is not None and not leaving:
        through = f"via {way.via} " if way.via else ""
        yield overlap(wanted, f"this host already routes {way.dst} {through}through {way.dev}")
    own = ipaddress.ip_address(look["here"]["address"])
    if any(own in network for network in wide):
        yield overlap(wanted, f"{own}, this host's own address, lies in it")


def overlap(wanted: Mapping[str, Any], problem: str) -> str:
    """A sentence about a network that is taken."""
    option = wanted["names"]["network"]
    text = ", ".join(wanted["networks"])
    return f"{option}: {text!r}: {problem}. Choose another network with {option}."


def judge_clock(look: Look, limit: int) -> Iterator[str]:
    """Whether the clock is near enough to the controller's for certificates to be valid."""
    if abs(look["skew"]) > limit:
        word = "ahead of" if look["skew"] > 0 else "behind"
        yield (
            f"clock: {abs(look['skew']):.0f} seconds {word} the controller's, more than"
            f" common_clock_skew: {limit}: a clock that is wrong makes certificates invalid. Set it"
            " (timedatectl set-ntp true), or raise common_clock_skew."
        )


def judge_addresses(looks: Sequence[Look], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Whether two hosts are known by one address."""
    seen: dict[str, str] = {}
    for look in looks:
        here = look["here"]
        other = seen.setdefault(here["address"], here["host"])
        if other != here["host"]:
            option = wanted["names"]["address"]
            yield (
                f"{here['host']}: {option}: {here['address']!r}: {other} has the same address, and"
                " the two would share a subnet. Give every host the address by which the others"
                f" reach it ({option} or container_net_ip)."
            )


def judge_ways(answer: Mapping[str, Any], look: Look, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Whether what one host sends arrives at the others."""
    for row in answer["rows"]:
        target = f"{row['to']} ({row['address']})"
        for name, problem in row["problems"].items():
            protocol, port = name.split(" ")
            option = wanted["names"]["port"] if protocol == "udp" else service(row, int(port))
            yield (
                f"{option}: {port}: {protocol.upper()} port {port} of {target} is not reached:"
                f" {problem}. Let {protocol.upper()} port {port} pass between the hosts (their own"
                " firewalls, those between them, a cloud's security groups), or choose another"
                f" port with {option}."
            )
        yield from judge_mtu(look, row, target, wanted)


def judge_mtu(
    look: Look, row: Mapping[str, Any], target: str, wanted: Mapping[str, Any]
) -> Iterator[str]:
    """Whether a packet that fills the own link arrives."""
    needed, passes = wanted["mtu"] or look["mtu"], row["path_mtu"]
    if passes is None or passes >= min(needed, look["mtu"]):
        return
    option = wanted["names"]["mtu"]
    if option:
        remedy = f"Set {option} to {passes} or less"
    else:
        remedy = f"Set the MTU of {look['iface']} on all hosts to {passes}"
    yield (
        f"{option or 'MTU of ' + look['iface']}: {needed}: packets of more than {passes} bytes do"
        f" not reach {target}. {remedy}, or widen the way between the hosts."
    )


def common_between(
    looks: Sequence[Look],
    asked: Sequence[Mapping[str, Any]],
    wanted: Mapping[str, Any],
    joined: Sequence[str],
    skew: int = 300,
    leaving: Sequence[str] = (),
) -> list[str]:
    """Judge everything; see DOCUMENTATION."""
    by_name = {look["here"]["host"]: look for look in looks}
    members = [look for look in looks if look["here"]["host"] in joined]
    addresses = [look["here"]["address"] for look in members]
    found = list(judge_addresses(members, wanted))
    for host, look in by_name.items():
        own = [*judge_clock(look, skew), *judge_ports(look, wanted, host in leaving)]
        if host in joined:
            own += [*judge_link(look, wanted), *judge_kernel(look, wanted)]
            own += judge_networks(look, wanted, addresses, host in leaving)
        found += [f"{host}: {sentence}" for sentence in own]
    for answer in asked:
        found += [
            f"{answer['host']}: {sentence}"
            for sentence in judge_ways(answer, by_name[answer["host"]], wanted)
        ]
    if len(found) > SHOWN:
        found = [*found[:SHOWN], f"… and {len(found) - SHOWN} more of these."]
    return found


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"common_between": common_between}
