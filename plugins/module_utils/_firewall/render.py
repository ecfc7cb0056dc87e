# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model in the words of nft and iptables. Pure.

Why the rules are what they are was tried on the kernel, with net.bridge.bridge-nf-call-iptables 0
and 1 (G13):

* A sibling of the target, and the target itself, reach a published port only when their own
  address is hidden from it (``ct status dnat masquerade``): otherwise the answer goes directly.
* With 1, bridged packets pass the hooks of IP, and one that is sent on to another port of the
  bridge stays a frame of the bridge. So the target reaches itself only through a port with hairpin
  mode. And a port's flag ``isolated`` would drop what a sibling sends to a published port: isolate
  is therefore a rule between the ports, in a table of family bridge, which lets pass what the
  chain ``forward`` of family inet marked as meant for a published port. It names the bridge where
  the kernel can (nft_meta_bridge, which Debian's has and some do not), otherwise its ports.
* 127.0.0.1 needs route_localnet on the bridge, which would let the bridge's members reach the
  host's own services on 127/8: the chain ``raw`` drops that before anything else sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .model import TABLE_PREFIX, Nat, Publish, Switch

# Set behind all routing decisions, and lost when the packet leaves the host or enters a namespace.
_MARK = "0x00c0de00"
_LOOPBACK = "127.0.0.0/8"


def table_name(name: str) -> str:
    return f"{TABLE_PREFIX}{name}"


def tables(nat: Nat, ports: Sequence[str] | None) -> dict[str, str]:
    """Family -> the table as a script of nft has it; what is not needed is left out.

    ``ports``: None where a rule can name the bridge instead.
    """
    chains = [
        *_chain("raw", "filter", "prerouting", -300, _raw(nat)),
        *_chain("prerouting", "nat", "prerouting", -100, _prerouting(nat)),
        *_chain("output", "nat", "output", -100, _output(nat)),
        *_chain("forward", "filter", "forward", 0, _forward(nat)),
        *_chain("postrouting", "nat", "postrouting", 100, _postrouting(nat)),
    ]
    found = {}
    if chains:
        found["inet"] = _table("inet", nat.name, chains)
    between = _between(nat, ports) if nat.isolate else None
    if between is not None:
        rules = [f"meta mark and {_MARK} == {_MARK} accept", f"{between} drop"]
        # Behind br_netfilter, which asks the chains of IP.
        found["bridge"] = _table(
            "bridge", nat.name, _chain("forward", "filter", "forward", 100, rules)
        )
    return found


def _between(nat: Nat, ports: Sequence[str] | None) -> str | None:
    """What matches a frame from one port of the bridge to another."""
    if ports is None:
        return f'meta ibrname "{nat.bridge}" meta obrname "{nat.bridge}"'
    if len(ports) < 2:
        # Between a single port and itself there is nothing to isolate.
        return None
    links = ", ".join(f'"{port}"' for port in sorted(ports))
    return f"iifname {{ {links} }} oifname {{ {links} }}"


def _table(family: str, name: str, chains: Iterable[str]) -> str:
    return "\n".join([f"table {family} {table_name(name)} {{", *chains, "}", ""])


def _chain(name: str, kind: str, hook: str, priority: int, rules: Sequence[str]) -> list[str]:
    if not rules:
        return []
    head = f"\t\ttype {kind} hook {hook} priority {priority}; policy accept;"
    return [f"\tchain {name} {{", head, *(f"\t\t{rule}" for rule in rules), "\t}"]


def _family(nat: Nat) -> str:
    return "ip6" if nat.subnet is not None and nat.subnet.version == 6 else "ip"


def _raw(nat: Nat) -> list[str]:
    if not nat.loopback:
        return []
    return [f'iifname "{nat.bridge}" ip {end} {_LOOPBACK} drop' for end in ("daddr", "saddr")]


def _dnat(publish: Publish, match: str) -> str:
    family = "ip6" if publish.to.version == 6 else "ip"
    to = f"[{publish.to}]" if publish.to.version == 6 else publish.to
    return (
        f"{family} daddr {match} {publish.protocol} dport {publish.host_port}"
        f' dnat {family} to {to}:{publish.to_port} comment "{publish.name}"'
    )


def _everywhere(publish: Publish) -> str:
    local = "::1" if publish.to.version == 6 else _LOOPBACK
    if publish.host_ip is None:
        return f"!= {local} fib daddr type local"
    return str(publish.host_ip)


def _prerouting(nat: Nat) -> list[str]:
    return [
        _dnat(publish, _everywhere(publish))
        for publish in nat.publish
        if publish.host_ip is None or not publish.host_ip.is_loopback
    ]


def _output(nat: Nat) -> list[str]:
    found = []
    for publish in nat.publish:
        found.append(_dnat(publish, _everywhere(publish)))
        if publish.loopback and (publish.host_ip is None or not publish.host_ip.is_loopback):
            found.append(_dnat(publish, "127.0.0.1"))
    return found


def _forward(nat: Nat) -> list[str]:
    if not nat.isolate:
        return []
    between = f'iifname "{nat.bridge}" oifname "{nat.bridge}"'
    return [
        f"{between} ct status dnat meta mark set meta mark or {_MARK} accept",
        f"{between} drop",
    ]


def _postrouting(nat: Nat) -> list[str]:
    source = f"{_family(nat)} saddr {nat.subnet}"
    found = []
    if nat.masquerade:
        found.append(f'{source} {_beyond(nat)}oifname != "{nat.bridge}" masquerade')
    if nat.publish:
        found.append(f'{source} oifname "{nat.bridge}" ct status dnat masquerade')
    if nat.loopback:
        found.append(f'ip saddr {_LOOPBACK} oifname "{nat.bridge}" ct status dnat masquerade')
    return found


def _beyond(nat: Nat) -> str:
    """What matches packets that do not go to one of the networks that are left out."""
    if not nat.masquerade_except:
        return ""
    networks = ", ".join(str(network) for network in nat.masquerade_except)
    return f"{_family(nat)} daddr != {{ {networks} }} "


def forward_rules(nat: Nat) -> tuple[str, ...]:
    """For the chain CONTAINER-NET: the lines of a rule file, the family first."""
    if not nat.forward:
        return ()
    bridge, subnet = nat.bridge, nat.subnet
    number = 6 if _family(nat) == "ip6" else 4
    answers = f"{number} -o {bridge} -d {subnet} -m conntrack --ctstate"
    found = [f"{number} -i {bridge} -s {subnet} -j ACCEPT"]
    found.append(f"{answers} RELATED,ESTABLISHED -j ACCEPT")
    if nat.publish:
        found.append(f"{answers} DNAT -j ACCEPT")
    if not nat.isolate:
        found += [f"{family} -i {bridge} -o {bridge} -j ACCEPT" for family in (4, 6)]
    return tuple(found)


def switches(nat: Nat, ends: Iterable[str]) -> tuple[Switch, ...]:
    """What has to be 1, beside the rules. ``ends``: ports that a target may be behind."""
    found = [Switch("hairpin", port) for port in sorted(ends)] if nat.publish else []
    if nat.loopback:
        found.append(Switch("route_localnet", nat.bridge))
    return tuple(found)
