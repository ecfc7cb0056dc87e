# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In a mount namespace of its own a run would leave an ordinary file for others (G7)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    HostError,
    OptionError,
)
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host, libc

_NEWNS = 0x20000
_PRIVATE, _SLAVE, _SHARED, _REC = 0x40000, 0x80000, 0x100000, 0x4000


@contextlib.contextmanager
def sandboxed(*propagation: int) -> Iterator[None]:
    """As a service is whose manager gives it mounts of its own."""
    here = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY)
    directory = os.getcwd()
    try:
        assert libc.unshare(_NEWNS) == 0
        for kind in propagation:
            assert libc.mount(b"none", b"/", None, kind | _REC, None) == 0
        yield
    finally:
        assert libc.setns(here, _NEWNS) == 0
        os.close(here)
        os.chdir(directory)


# unshare -m; unshare -m --propagation slave; systemd's PrivateTmp and ProtectSystem
SANDBOXES = {"private": (_PRIVATE,), "slave": (_SLAVE,), "systemd": (_SLAVE, _SHARED)}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("propagation", SANDBOXES.values(), ids=list(SANDBOXES))
def test_a_namespace_is_refused_where_others_would_not_see_it(
    host: Host, propagation: tuple[int, ...], check_mode: bool
) -> None:
    with sandboxed(*propagation), pytest.raises(HostError, match=r"mount namespace.*outside of"):
        host.apply(networks.pair(), check_mode)
    assert host.namespaces() == []
    assert host.sh("ls -A /var/lib/container_net") == ""


def test_mounts_that_are_shared_with_the_host_will_do(host: Host) -> None:
    with sandboxed():
        host.apply(networks.pair())
    assert host.pings("test1", "192.168.1.2")


def test_what_exists_is_changed_from_inside_a_sandbox_too(host: Host) -> None:
    host.apply(networks.pair())
    params = networks.pair()
    params["veths"][0]["mtu"] = 1300
    with sandboxed(*SANDBOXES["systemd"]):
        host.apply(params)
    assert host.json("ip -n test1 -j link show veth-test1")[0]["mtu"] == 1300


def test_a_file_that_a_dead_run_left_is_taken_over_and_removed(host: Host) -> None:
    """Killed between making the file and mounting the namespace: only the journal knows."""
    journal = (
        '{"version":1,"namespaces":[],"links":[],"routes":[],"sysctls":{},'
        '"pending":{"namespaces":["test1","left"],"links":[]}}'
    )
    host.sh(
        "mkdir -p /var/lib/container_net/topologies; touch /run/netns/test1 /run/netns/left"
        f" /run/netns/alien; echo '{journal}' > /var/lib/container_net/topologies/pair.json"
    )
    host.apply(networks.pair())
    assert host.pings("test1", "192.168.1.2")
    assert host.namespaces() == ["alien", "test1", "test2"]
    host.apply({"name": "pair", "state": "absent"})
    assert host.namespaces() == ["alien"]
    params = {"name": "pair", "namespaces": [{"name": "alien"}]}
    with pytest.raises(OptionError, match="ordinary file"):
        host.apply(params)
