# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What module reachability takes, and what it refuses with which words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._reach.want import (
    want_from_params,
)
from tests.integration.network.reach import DEFAULTS


def want(**options: Any) -> Any:
    return want_from_params({**DEFAULTS, **options})


def test_sources_are_called_by_what_they_are() -> None:
    found = want(
        sources=[{"host": True}, {"netns": "ns1"}, {"container": "web"}, {"pid": 7}, NAMED],
        targets=["10.0.0.1"],
    )
    labels = [source.label for source in found.sources]
    assert labels == ["host", "ns1", "container:web", "pid:7", "other"]


NAMED = {"netns": "ns1", "name": "other"}


def test_a_target_has_what_the_task_says_unless_it_says_otherwise() -> None:
    first, second = want(
        targets=["web", {"address": "fd00::1", "name": "six", "ping": False, "tcp_ports": [80]}],
        tcp_ports=[443, 443],
        udp_ports=[53],
    ).targets
    assert (first.label, first.ip, first.ping, first.tcp_ports) == ("web", None, True, (443,))
    assert (second.label, str(second.ip), second.ping) == ("six", "fd00::1", False)
    assert (second.tcp_ports, second.udp_ports) == ((80,), (53,))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("ns1", "10.0.0.1", "reach"),
        ("ns1", "10.0.0.2", "no_reach"),
        ("ns2", "10.0.0.1", "no_reach"),
        ("ns2", "10.0.0.2", "reach"),
        ("ns1", "dns:web", "no_reach"),
    ],
)
def test_the_last_pair_that_fits_counts(source: str, target: str, expected: str) -> None:
    found = want(
        sources=[{"netns": "ns1"}, {"netns": "ns2"}],
        targets=["10.0.0.1", "10.0.0.2"],
        dns=["web"],
        pairs=[
            {"source": "ns2", "target": None, "expect": "no_reach"},
            {"source": None, "target": "10.0.0.2", "expect": "no_reach"},
            {"source": "ns2", "target": "10.0.0.2", "expect": "reach"},
            {"source": None, "target": "dns:web", "expect": "no_reach"},
        ],
    )
    assert found.expected(source, target) == expected


def test_as_many_as_there_may_be() -> None:
    sources = [{"netns": f"n{number}"} for number in range(100)]
    targets = [f"10.0.0.{number}" for number in range(50)]
    assert len(want(sources=sources, targets=targets, count=2).targets) == 50
    with pytest.raises(OptionError, match=r"that is 10100 measurements.* a few sources"):
        want(sources=[*sources, {"host": True}], targets=targets, count=2)


ADDRESS = "10.0.0.1"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"targets": None}, "targets: None: there is nothing to measure"),
        ({"targets": []}, "targets: []: there is nothing to measure"),
        ({"sources": []}, "sources: []: there is nowhere to measure from. Leave it out"),
        ({"sources": [{"host": False}]}, "sources[0]: {'host': False}: is no source. Give exactly"),
        ({"sources": [{}]}, "sources[0]: {}: is no source"),
        ({"sources": [{"host": True, "pid": 1}]}, "host and pid are given, too many"),
        (
            {"sources": [{"netns": "a"}, {"netns": "a"}]},
            "sources[1]: 'a': is what sources[0] is called. Give each another name",
        ),
        ({"targets": [ADDRESS, ADDRESS]}, "targets[1]: '10.0.0.1': is what targets[0] is called"),
        ({"targets": [["10.0.0.1"]]}, "targets[0]: ['10.0.0.1']: is no target"),
        ({"targets": [{"address": ADDRESS, "port": 1}]}, "targets[0].port: 1: there is no such"),
        ({"targets": [{"name": "web"}]}, "targets[0].address: '': is neither an address nor"),
        ({"targets": ["10.0.0.1/24"]}, "targets[0].address: '10.0.0.1/24': has a zone or a prefix"),
        ({"targets": ["fe80::1%eth0"]}, "has a zone or a prefix"),
        ({"targets": ["fe80::1"]}, "is no address of one host"),
        ({"targets": ["224.0.0.1"]}, "is no address of one host"),
        ({"targets": ["0.0.0.0"]}, "is no address of one host"),
        ({"targets": ["10.0.0.256"]}, "targets[0].address: '10.0.0.256': is no address"),
        ({"targets": ["fd00:::1"]}, "targets[0].address: 'fd00:::1': is no address"),
        ({"targets": ["two words"]}, "'two words': is neither an address nor a name"),
        ({"targets": [""]}, "targets[0].address: '': is neither an address nor a name"),
        ({"targets": [{"address": ADDRESS, "ping": "no"}]}, "targets[0].ping: 'no': is neither"),
        ({"ping": False}, "targets[0]: '10.0.0.1': nothing is measured to it"),
        ({"tcp_ports": [0]}, "tcp_ports[0]: 0: "),
        ({"tcp_ports": [65536]}, "tcp_ports[0]: 65536: "),
        ({"targets": [{"address": ADDRESS, "udp_ports": [-1]}]}, "targets[0].udp_ports[0]: -1: "),
        (
            {"targets": [{"address": ADDRESS, "udp_ports": 5}]},
            "targets[0].udp_ports: 5: is no list",
        ),
        ({"count": 0}, "count: 0: "),
        ({"count": 101}, "count: 101: "),
        ({"size": 55}, "size: 55: an echo request has at least 56 bytes"),
        ({"size": 65536}, "size: 65536: "),
        ({"size": -1}, "size: -1: "),
        ({"timeout": 0.0}, "timeout: 0.0: is no time to wait"),
        ({"timeout": 61.0}, "timeout: 61.0: is no time to wait"),
        ({"udp_payload": "x" * 1201}, "has 1201 bytes, which may not fit into one packet"),
        ({"dns": ["two words"]}, "dns[0]: 'two words': is neither an address nor a name"),
        ({"dns": ["web", "web"]}, "targets[2]: 'dns:web': is what targets[1] is called"),
        ({"dns_servers": []}, "dns_servers: []: there is no server to ask"),
        ({"dns_servers": ["ns.test"]}, "dns_servers[0]: 'ns.test': is no address. Give a server"),
        (
            {"pairs": [{"source": None, "target": None, "expect": "reach"}]},
            "pairs[0]: 'reach': names no pair",
        ),
        (
            {"pairs": [{"source": "ns1", "target": None, "expect": "reach"}]},
            "pairs[0].source: 'ns1': there is no such source. There are host",
        ),
        (
            {"pairs": [{"source": None, "target": "10.0.0.9", "expect": "reach"}]},
            "pairs[0].target: '10.0.0.9': there is no such target. There are 10.0.0.1",
        ),
        (
            {"path_mtu": True, "ping": False, "tcp_ports": [80]},
            "path_mtu: True: it is found with echo requests",
        ),
    ],
)
def test_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        want(**{"targets": [ADDRESS], **options})
    assert says in str(caught.value)
