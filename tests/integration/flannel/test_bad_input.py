# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the flannel modules refuse, each time with option, value, reason and remedy.

All cases run on one host, whose etcd holds a config and two leases, and change nothing there. The
texts of an etcd that does not answer come from etcdctl and from TLS; here they are real.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flannel.conftest import Secured
from tests.integration.flannel.servers import EtcdServer, task
from tests.integration.network.sandbox import ROOT, Sandbox


@dataclasses.dataclass(frozen=True)
class Bad:
    """``where`` names the etcd: plain, dead, tls:PAIR (a client), http-to-tls, tls-to-http."""

    title: str
    module: str
    options: dict[str, Any]
    says: tuple[str, ...]
    where: str = "plain"


NET, SUB, INFO = "flannel_network", "flannel_subnet", "flannel_subnet_info"
OK = {"network": "172.20.0.0/16"}
HOST = {"public_ip": "192.0.2.9"}
CASES = [
    Bad("no network", NET, {}, ("network", "present")),
    Bad("no prefix length", NET, {"network": "172.20.0.0"}, ("network: '172.20.0.0'", "Write it")),
    Bad("host bits", NET, {"network": "172.20.0.1/16"}, ("Write 172.20.0.0/16",)),
    Bad("no network at all", NET, {"network": "here"}, ("network: 'here'",)),
    Bad("network too small", NET, {"network": "10.0.0.0/29"}, ("too small", "/28")),
    Bad("wrong backend", NET, {**OK, "backend": {"type": "aws"}}, ("backend", "vxlan", "aws")),
    Bad(
        "option of another backend",
        NET,
        {**OK, "backend": {"type": "host-gw", "vni": 1}},
        ("backend.vni: 1", "host-gw has no such option"),
    ),
    Bad("subnet_len outside", NET, {**OK, "subnet_len": 16}, ("subnet_len: 16", "at least 18")),
    Bad("subnet_len too long", NET, {**OK, "subnet_len": 31}, ("subnet_len: 31", "at most 30")),
    Bad(
        "subnet_min above subnet_max",
        NET,
        {**OK, "subnet_min": "172.20.9.0", "subnet_max": "172.20.8.0"},
        ("subnet_min: '172.20.9.0'", "lies above subnet_max, 172.20.8.0"),
    ),
    Bad("subnet_min outside", NET, {**OK, "subnet_min": "172.21.0.0"}, ("outside the network",)),
    Bad("subnet_max inside", NET, {**OK, "subnet_max": "172.20.9.9"}, ("Write 172.20.9.0",)),
    Bad(
        "a route",
        NET,
        {"network": "192.168.0.0/16", "force": True},
        ("already routes 192.168.5.0/24", "br9"),
    ),
    Bad("orphans", NET, {"network": "172.30.0.0/16"}, ("2 leases would be lost", "force")),
    Bad("orphans by length", NET, {**OK, "subnet_len": 25}, ("2 leases would be lost",)),
    Bad("leases are left", NET, {"state": "absent"}, ("2 leases would be lost",)),
    Bad("bad prefix", NET, {**OK, "prefix": "coreos"}, ("prefix: 'coreos'", "Begin with /")),
    Bad("no such authority", NET, {**OK, "ca_cert": "/no/ca"}, ("ca_cert: '/no/ca'", "no such")),
    Bad("half a pair", NET, {**OK, "client_cert": __file__}, ("client_key is not given",)),
    Bad("short key", NET, {**OK, "backend": {"type": "ipsec", "psk": "short"}}, ("backend.psk",)),
    Bad("neither form", SUB, {}, ("public_ip", "leases")),
    Bad("both forms", SUB, {**HOST, "leases": [HOST]}, ("mutually exclusive",)),
    Bad("no address", SUB, {"public_ip": "here"}, ("public_ip: 'here'", "not an IPv4 address")),
    Bad("loopback", SUB, {"public_ip": "127.0.0.1"}, ("no other host can reach",)),
    Bad("twice", SUB, {"leases": [HOST, HOST]}, ("leases[1].public_ip", "share a lease")),
    Bad("subnet outside", SUB, {**HOST, "subnet": "10.0.0.0/24"}, ("outside the network",)),
    Bad("subnet of another length", SUB, {**HOST, "subnet": "172.20.8.0/25"}, ("is a /24",)),
    Bad("the first subnet", SUB, {**HOST, "subnet": "172.20.0.0/24"}, ("172.20.1.0 to",)),
    Bad("a taken subnet", SUB, {**HOST, "subnet": "172.20.24.0/24"}, ("192.0.2.1 has it",)),
    Bad("no IPv6 there", SUB, {**HOST, "ipv6_subnet": "fd00::/64"}, ("has no IPv6",)),
    Bad(
        "absent with subnet", SUB, {**HOST, "subnet": "172.20.24.0/24", "state": "absent"}, ("out",)
    ),
    Bad(
        "no config", SUB, {**HOST, "prefix": "/other"}, ("no key /other/config", "flannel_network")
    ),
    Bad("a broken config", SUB, {**HOST, "prefix": "/broken"}, ("cannot use the config",)),
    Bad("purge for one host", SUB, {**HOST, "purge": True}, ("purge: True", "whole inventory")),
    Bad("purge for no host", SUB, {"leases": [], "purge": True}, ("purge: True", "names none")),
    Bad("absent with purge", SUB, {**HOST, "purge": True, "state": "absent"}, ("Leave purge out",)),
    Bad(
        "too many hosts",
        SUB,
        {"leases": [{"public_ip": f"192.0.3.{number}"} for number in range(1, 255)]},
        ("all 255 subnets of it are taken", "1 of the 254 hosts"),
    ),
    Bad("narrow links", SUB, {**HOST, "link_mtu": 100}, ("link_mtu: 100",)),
    Bad("nothing to look at", INFO, {"endpoints": None}, ("endpoints", "subnet_file")),
    Bad("nothing to wait for", INFO, {"wait": 5}, ("wait: 5", "subnet_file")),
    Bad(
        "never ready", INFO, {"wait": 1, "subnet_file": "/no/file"}, ("after 1 seconds", "journal")
    ),
    Bad("a broken file", INFO, {"subnet_file": "/etc/hostname"}, ("flanneld did not write this",)),
    Bad("nobody listens", NET, OK, ("127.0.0.1:9", "Connection refused", "firewall"), "dead"),
    Bad("no scheme", INFO, {"endpoints": ["127.0.0.1:2379"]}, ("endpoints: '127.0.0.1:2379'",)),
    Bad("foreign certificate", NET, OK, ("refuses the client's certificate",), "tls:stranger"),
    Bad("expired certificate", NET, OK, ("refuses the client's certificate",), "tls:expired"),
    Bad("no certificate", NET, OK, ("client",), "tls:"),
    Bad("foreign authority", NET, OK, ("etcd's certificate is not accepted",), "tls:root@stranger"),
    Bad("no rights", NET, OK, ("this user may not do that", "role"), "tls:nobody"),
    Bad("flannel's own", NET, OK, ("this user may not do that",), "tls:flannel"),
    Bad("http to TLS", NET, OK, ("Write https://",), "http-to-tls"),
    Bad("https to plain", NET, OK, ("Write http://",), "tls-to-http"),
]
NAMES = [case.title for case in CASES]


def connection(where: str, secured: Secured, etcd: EtcdServer) -> dict[str, Any]:
    """The connection options for a case."""
    kind, dummy, pair = where.partition(":")
    if kind == "plain":
        return {"endpoints": [etcd.endpoint]}
    if kind == "dead":
        return {"endpoints": ["https://127.0.0.1:9"], "timeout": 1}
    tls = {**secured.options("root"), "timeout": 2}
    if kind == "http-to-tls":
        return {"endpoints": [tls["endpoints"][0].replace("https", "http")], "timeout": 2}
    if kind == "tls-to-http":
        return {**tls, "endpoints": [etcd.endpoint.replace("http", "https")]}
    pair, dummy, authority = pair.partition("@")
    if not pair:
        return {"endpoints": tls["endpoints"], "ca_cert": secured.authority.path, "timeout": 2}
    options = {**secured.options(pair), "timeout": 2}
    return {**options, "ca_cert": secured.stranger.path} if authority else options


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What each case was answered, and the keys of etcd before and after all of them."""
    directory: Path = tmp_path_factory.mktemp("flannel")
    sandbox = Sandbox(directory)
    started: list[EtcdServer] = []

    def start(**options: Any) -> EtcdServer:
        started.append(EtcdServer(sandbox, directory, **options))
        return started[-1]

    try:
        answered = _ask(sandbox, start, directory)
        yield answered
    finally:
        for server in started:
            server.close()
        sandbox.close()


def _ask(sandbox: Sandbox, start: Callable[..., EtcdServer], directory: Path) -> dict[str, Any]:
    etcd, secured = start(), Secured(start, directory)
    etcd.wait()
    where = {"endpoints": [etcd.endpoint]}
    group = [
        {"public_ip": "192.0.2.1", "subnet": "172.20.24.0/24"},
        {"public_ip": "192.0.2.2", "subnet": "172.20.32.0/24"},
    ]
    sandbox.play([task("config", NET, **where, **OK), task("leases", SUB, **where, leases=group)])
    etcd.ctl("put", "/broken/config", '{"Network":"172.20.0.0/29"}')
    sandbox.sh("ip link add br9 up type bridge; ip address add 192.168.5.1/24 dev br9")
    cases = [
        {
            "module": case.module,
            "options": {
                key: value
                for key, value in {
                    **connection(case.where, secured, etcd),
                    **case.options,
                }.items()
                if value is not None
            },
        }
        for case in CASES
    ]
    before = etcd.content()
    done = sandbox.run(
        sys.executable,
        "tests/integration/network/runner.py",
        input=json.dumps(cases),
        env={**os.environ, "PYTHONPATH": f"{ROOT}/.build:{os.environ.get('PYTHONPATH', '')}"},
    )
    results = dict(zip(NAMES, (answer["result"] for answer in json.loads(done.stdout))))
    return {"results": results, "before": before, "after": etcd.content()}


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 25
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_bad_input(answers: dict[str, Any], case: Bad) -> None:
    result = answers["results"][case.title]
    assert result.get("failed") is True, result
    for fragment in case.says:
        assert fragment in result["msg"]
    assert "PRIVATE KEY" not in json.dumps(result)


def test_nothing_was_written(answers: dict[str, Any]) -> None:
    assert answers["after"] == answers["before"]
