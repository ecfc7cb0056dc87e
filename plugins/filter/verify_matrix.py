# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn what role verify measured on every host into a table and a list of failures with hints."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_matrix
short_description: Reachability between containers as a table and a list of failures
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Judges what role C(netfabric.container_net.verify) measured from every host's container,
    and from every host, to the containers of all others.
options:
  _input:
    description:
      - One entry for each host with C(host), C(ip), C(bridge), C(subnet), C(lease_mtu), C(mtu) and
        C(rows), as the role puts it together.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the matrix
  ansible.builtin.debug:
    msg: "{{ (measured | netfabric.container_net.verify_matrix).table }}"
"""

RETURN = r"""
_value:
  description:
    - C(table) is a list of lines to print.
    - C(failures) is a list of sentences, each with a hint; empty when everything is well.
    - C(pairs) is a list of dictionaries, one for each pair, with C(from), C(side), C(from_address),
      C(to), C(to_address), C(ok), C(size) and C(ms) of the ping, and C(problems), a list of words.
  type: dict
"""

from collections.abc import Callable
from typing import Any

# Larger groups get one line for each host instead of one for each pair.
PAIRS_SHOWN = 56

HINTS = {
    "ping": (
        "Does what joins the hosts pass between them (flannel: vxlan UDP 8472, udp UDP 8285,"
        " wireguard UDP 51820, ipip IP protocol 4; host-gw and direct routes: the containers' own"
        " addresses, which a cloud may filter; static_vxlan: UDP 4789; ovs_gre: IP protocol 47;"
        " swarm_overlay: TCP and UDP 7946, UDP 4789), and do 'ip route' on both and, with flannel,"
        " flanneld's log show the other's subnet? Is the address of flannel's link the one in the"
        " lease (a network manager may have changed it)?"
    ),
    "size": (
        "The way is narrower than the container's MTU: compare it with the MTU of the link between"
        " the hosts (FLANNEL_MTU with flannel, else container_net_mtu)."
    ),
    "tcp": (
        "A ping passes and TCP does not: a filter on the receiving host drops it (Docker 28 and"
        " newer drop routed traffic; see the chains CONTAINER-NET and DOCKER-USER), or checksum"
        " offload is broken on the way (try: ethtool -K flannel.1 tx-checksum-ip-generic off)."
    ),
    "name": "Two hosts use the same subnet, or a route leads astray: compare the leases.",
    "source": (
        "The source address is masqueraded inside the overlay: only what joins the hosts (flannel"
        " with -ip-masq, or our nat) may masquerade, and not Docker (ip-masq) as well."
    ),
    "bridge": (
        "Docker still runs with an older lease: run site.yml again, and look whether containers"
        " without live-restore kept it from restarting."
    ),
    "mtu": "Docker still runs with an older MTU: run site.yml again.",
}


def label(host: dict[str, Any], side: str) -> str:
    """How one end is called in the table."""
    return f"{host['host']} {side}"


def way(row: dict[str, Any], target: dict[str, Any]) -> str:
    """From where to where."""
    return f"{row['from']} {row['side']} -> {target['host']} container ({target['ip']})"


def judge(
    row: dict[str, Any], source: dict[str, Any], target: dict[str, Any]
) -> list[tuple[str, str]]:
    """What is wrong with one pair, each with a hint; empty when nothing is."""
    ping, tcp = row["ping"], row["tcp"]
    found = []
    if not ping["ok"]:
        narrow = "bytes" in ping["problem"] or "fragmentation" in ping["problem"]
        hint = HINTS["size" if narrow else "ping"]
        found.append((f"ping, {source['mtu']} bytes, DF: {ping['problem']}", hint))
    if not tcp["ok"]:
        hint = HINTS["tcp" if ping["ok"] else "ping"]
        found.append((f"TCP to an unpublished port: {tcp['problem']}", hint))
    elif tcp["name"] != target["host"]:
        found.append((f"the container of {tcp['name']} answered", HINTS["name"]))
    elif row["side"] == "container" and tcp["seen_as"] != source["ip"]:
        found.append((f"seen as {tcp['seen_as']}, not as {source['ip']}", HINTS["source"]))
    return found


def judge_host(host: dict[str, Any]) -> list[str]:
    """What is wrong on one host before anything is sent."""
    found = []
    if host["subnet"] and host["bridge"] != host["subnet"]:
        found.append(
            f"{host['host']}: docker0 has {host['bridge'] or 'no address'}, the lease is"
            f" {host['subnet']}. {HINTS['bridge']}"
        )
    if host["lease_mtu"] and host["mtu"] != host["lease_mtu"]:
        found.append(
            f"{host['host']}: the container's MTU is {host['mtu']}, the lease's is"
            f" {host['lease_mtu']}. {HINTS['mtu']}"
        )
    return found


def cell(ok: bool, good: str) -> str:
    """One result in the table."""
    return good if ok else "FAILED"


def pair_lines(rows: list[dict[str, Any]], by_name: dict[str, dict[str, Any]]) -> list[list[str]]:
    """One line of cells for each pair."""
    lines = [["FROM", "TO", "PING WITH DF", "TCP, UNPUBLISHED PORT", "SEEN AS"]]
    for row in rows:
        source, target = by_name[row["from"]], by_name[row["to"]]
        address = f" {source['ip']}" if row["side"] == "container" else ""
        ping, tcp = row["ping"], row["tcp"]
        lines.append(
            [
                label(source, row["side"]) + address,
                f"{label(target, 'container')} {target['ip']}",
                cell(ping["ok"], f"ok, {source['mtu']} bytes, {ping.get('ms')} ms"),
                cell(tcp["ok"] and tcp["name"] == row["to"], "ok"),
                tcp.get("seen_as", "-"),
            ]
        )
    return lines


def host_lines(
    rows: list[dict[str, Any]], failed: Callable[[dict[str, Any]], bool]
) -> list[list[str]]:
    """One line of cells for each host: how many of its pairs are good."""
    lines = [["FROM", "PAIRS", "GOOD"]]
    for name in dict.fromkeys(row["from"] for row in rows):
        own = [row for row in rows if row["from"] == name]
        lines.append([name, str(len(own)), str(sum(not failed(row) for row in own))])
    return lines


def pair(row: dict[str, Any], by_name: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One pair as data."""
    source, target = by_name[row["from"]], by_name[row["to"]]
    problems = [problem for problem, dummy in judge(row, source, target)]
    return {
        "from": row["from"],
        "side": row["side"],
        "from_address": source["ip"] if row["side"] == "container" else "",
        "to": row["to"],
        "to_address": target["ip"],
        "ok": not problems,
        "size": source["mtu"],
        "ms": row["ping"].get("ms"),
        "problems": problems,
    }


def columns(lines: list[list[str]]) -> list[str]:
    """Cells set in columns."""
    widths = [max(len(line[number]) for line in lines) for number in range(len(lines[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines
    ]


def verify_matrix(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Judge everything; see DOCUMENTATION."""
    by_name = {host["host"]: host for host in measured}
    failures = [sentence for host in measured for sentence in judge_host(host)]
    rows = [row for host in measured for row in host["rows"]]
    rows.sort(key=lambda row: row["side"])  # the containers' pairs first, hosts in their order

    def problems(row: dict[str, Any]) -> list[tuple[str, str]]:
        return judge(row, by_name[row["from"]], by_name[row["to"]])

    failures += [
        f"{way(row, by_name[row['to']])}: {problem}. {hint}"
        for row in rows
        for problem, hint in problems(row)
    ]
    if not rows:
        table = ["There is only one host in this run: nothing to measure between hosts."]
    elif len(rows) <= PAIRS_SHOWN:
        table = columns(pair_lines(rows, by_name))
    else:
        table = columns(host_lines(rows, lambda row: bool(problems(row))))
    for host in measured:
        if host["subnet"]:
            equal = "=" if host["bridge"] == host["subnet"] else "IS NOT"
            table.append(f"{host['host']}: docker0 {host['bridge']} {equal} lease {host['subnet']}")
    pairs = [pair(row, by_name) for row in rows]
    return {"table": table, "failures": failures, "pairs": pairs}


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """The filters of this file."""
        return {"verify_matrix": verify_matrix}
