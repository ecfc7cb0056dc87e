# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures how an overlay grows: hosts as namespaces, a real flanneld on each, a real etcd.

Usage, as root: python -m tests.bench.hosts [--sizes 25,50,100,200] [--repeat 1]
At each size all flanneld start at once, first with nothing in etcd but flannel's config (the
plain start), then with a lease that module flannel_subnet reserved for every host. Exit 1 when a
limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.bench.contenders import LONG, expect_built, fresh_host, module
from tests.bench.hosts_report import PLAIN, RESERVED, Results, Run, as_json, limits, tables
from tests.bench.network import ROOMS_PER_BRIDGE, Network
from tests.bench.report import machine, publish
from tests.integration.flannel.servers import EtcdServer, built_flanneld
from tests.integration.network.sandbox import ROOT, Sandbox

REPORT = Path(".build/results/bench-hosts.json")
# 1,023 subnets for hosts, more than a bridge has ports.
OVERLAY = {"network": "172.16.0.0/14", "subnet_len": 24, "backend": {"type": "vxlan"}}


def say(text: str) -> None:
    print(text, flush=True)


def measure(size: int, how: str, flanneld: Path, seconds: float) -> Run:
    wanted = Network(size)
    with fresh_host() as host:
        module(host, wanted.topology(), changed=True)
        expect_built(host, wanted)
        etcd = EtcdServer(host, host.directory, address=wanted.bridges[0].address)
        etcd.wait()
        where = {"endpoints": [etcd.endpoint]}
        module(host, {**where, **OVERLAY}, changed=True, name="flannel_network")
        reserving = 0.0
        if how == RESERVED:
            leases = [{"public_ip": room.address} for room in wanted.rooms()]
            options = {**where, "leases": leases, "purge": True}
            done = module(host, options, changed=True, name="flannel_subnet")
            module(host, options, changed=False, name="flannel_subnet")
            reserving = done["seconds"]
        report = fleet(host, wanted, etcd, flanneld, seconds)
    if report.pop("reached") != size:
        raise RuntimeError("hosts with all routes do not reach each other")
    return Run(how, size, reserving_seconds=reserving, **report)


def fleet(
    host: Sandbox, wanted: Network, etcd: EtcdServer, flanneld: Path, seconds: float
) -> dict[str, Any]:
    request = {
        "flanneld": str(flanneld),
        "endpoint": etcd.endpoint,
        "etcd": etcd.pid,
        "directory": str(host.directory),
        "seconds": seconds,
        "namespaces": [room.name for room in wanted.rooms()],
    }
    done = host.run(
        *(sys.executable, "-m", "tests.bench.hosts_fleet"),
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=LONG,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="25,50,100,200")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=300.0, help="that a start may take")
    arguments = parser.parse_args()
    sizes = [int(text) for text in arguments.sizes.split(",")]
    if os.geteuid() != 0:
        parser.error("the benchmark makes network namespaces: run it as root")
    if not all(2 <= size <= ROOMS_PER_BRIDGE for size in sizes):
        parser.error(f"--sizes: from 2 to {ROOMS_PER_BRIDGE} hosts are on one bridge")
    flanneld = built_flanneld()
    about = machine()
    results = Results()
    for number in range(1, arguments.repeat + 1):
        say(f"repetition {number} of {arguments.repeat}")
        for size in sizes:
            for how in (PLAIN, RESERVED):
                run = measure(size, how, flanneld, arguments.seconds)
                results.runs.append(run)
                say(f"  {run}")
    found = limits(results)
    shown = tables(results, about, arguments.repeat)
    return publish(shown, found, as_json(results, about, found), REPORT)


if __name__ == "__main__":
    sys.exit(main())
