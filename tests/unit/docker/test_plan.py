# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merging, comparing, and what a running daemon needs to take a change."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.plan import (
    Want,
    changed_keys,
    conflicts,
    merged,
    needs,
    restored,
    same,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._docker.unit import (
    command_line,
)


@pytest.mark.parametrize(
    ("have", "want", "result"),
    [
        ({}, Want({}), {}),
        ({}, Want({"mtu": 1450}), {"mtu": 1450}),
        ({"debug": True}, Want({"mtu": 1450}), {"debug": True, "mtu": 1450}),
        ({"mtu": 1500}, Want({"mtu": 1450}), {"mtu": 1450}),
        ({"mtu": 1500, "debug": True}, Want({}, ["mtu"]), {"debug": True}),
        ({"debug": True}, Want({}, ["mtu"]), {"debug": True}),
        ({"mtu": 1500, "debug": True}, Want({"mtu": 1450}, replace=True), {"mtu": 1450}),
        ({"mtu": 1500}, Want({}, replace=True), {}),
        # Lists are replaced, objects merged, null takes a member out.
        ({"dns": ["1.1.1.1"]}, Want({"dns": ["8.8.8.8"]}), {"dns": ["8.8.8.8"]}),
        (
            {"log-opts": {"a": "1", "b": "2"}},
            Want({"log-opts": {"b": "3", "c": "4"}}),
            {"log-opts": {"a": "1", "b": "3", "c": "4"}},
        ),
        (
            {"log-opts": {"a": "1", "b": "2"}},
            Want({"log-opts": {"b": None}}),
            {"log-opts": {"a": "1"}},
        ),
        ({}, Want({"log-opts": {"a": None, "b": "1"}}), {"log-opts": {"b": "1"}}),
        ({}, Want({"log-opts": {"a": None}}, replace=True), {"log-opts": {}}),
        ({"log-opts": "wrong"}, Want({"log-opts": {"a": "1"}}), {"log-opts": {"a": "1"}}),
        (
            {"runtimes": {"a": {"path": "/a"}}},
            Want({"runtimes": {"b": {"path": "/b"}}}),
            {"runtimes": {"a": {"path": "/a"}, "b": {"path": "/b"}}},
        ),
    ],
)
def test_merged(have: dict[str, Any], want: Want, result: dict[str, Any]) -> None:
    before = repr(have)
    assert same(merged(have, want), result)
    assert repr(have) == before
    # A second run finds nothing to do.
    assert same(merged(result, want), result)


def test_merge_keeps_the_order_of_the_file() -> None:
    have = {"debug": True, "mtu": 1500, "bip": "10.0.0.1/24"}
    assert list(merged(have, Want({"icc": False, "mtu": 1450}))) == ["debug", "mtu", "bip", "icc"]


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ({}, {}, []),
        ({"mtu": 1}, {"mtu": 1}, []),
        ({"mtu": 1, "bip": "a"}, {"dns": []}, ["bip", "dns", "mtu"]),
        ({"debug": True}, {"debug": 1}, ["debug"]),
        ({"a": None}, {}, ["a"]),
    ],
)
def test_changed_keys(old: dict[str, Any], new: dict[str, Any], keys: list[str]) -> None:
    assert changed_keys(old, new) == keys


RESTART = (True, False)
RELOAD = (False, True)
NOTHING = (False, False)


@pytest.mark.parametrize(
    ("old", "new", "needed"),
    [
        ({}, {}, NOTHING),
        ({"mtu": 1450}, {"mtu": 1450}, NOTHING),
        ({}, {"bip": "10.0.0.1/24"}, RESTART),
        ({"bip": "10.0.0.1/24"}, {}, RESTART),
        ({}, {"debug": True}, RELOAD),
        ({"debug": True}, {"debug": False}, RELOAD),
        ({}, {"debug": True, "mtu": 1450}, RESTART),
        ({}, {"live-restore": True}, RELOAD),
        ({}, {"registry-mirrors": ["https://m"], "labels": ["a=b"]}, RELOAD),
        # A key that left the file keeps its value over a reload, but for these.
        ({"debug": True}, {}, RESTART),
        ({"live-restore": True}, {}, RESTART),
        ({"max-concurrent-downloads": 5}, {}, RELOAD),
        ({"features": {"buildkit": True}}, {}, RELOAD),
        ({"features": {"buildkit": True}, "labels": ["a=b"]}, {}, RESTART),
        ({}, {"brand-new": 1}, RESTART),
    ],
)
def test_needs(old: dict[str, Any], new: dict[str, Any], needed: tuple[bool, bool]) -> None:
    assert needs(old, new) == needed


def _flags(command: str) -> Any:
    unit = f"[Service]\nExecStart={command}\n"
    line = command_line([("/lib/systemd/system/docker.service", unit)], lambda path: None)
    assert line is not None
    return line.flags


@pytest.mark.parametrize(
    ("settings", "command", "found"),
    [
        ({"hosts": ["fd://"]}, "/usr/bin/dockerd -H fd://", [("hosts", "-H fd://")]),
        ({"hosts": ["fd://"]}, "/usr/bin/dockerd --host=fd://", [("hosts", "--host=fd://")]),
        ({"debug": False}, "/usr/bin/dockerd -D", [("debug", "-D")]),
        ({"dns": ["1.1.1.1"]}, "/usr/bin/dockerd --dns 8.8.8.8", [("dns", "--dns 8.8.8.8")]),
        ({"dns-search": ["a.b"]}, "/usr/bin/dockerd --dns 8.8.8.8", []),
        ({"mtu": 1450}, "/usr/bin/dockerd -H fd://", []),
        (
            {"containerd": "/x"},
            "/usr/bin/dockerd --containerd=/y",
            [("containerd", "--containerd=/y")],
        ),
        ({"runtimes": {}}, "/usr/bin/dockerd --add-runtime crun=/usr/bin/crun", []),
        (
            {"proxies": {"http-proxy": "http://a"}},
            "/usr/bin/dockerd --http-proxy=http://b",
            [("http-proxy", "--http-proxy=http://b")],
        ),
        (
            {"host-gateway-ip": "10.0.0.1"},
            "/usr/bin/dockerd --host-gateway-ip=10.0.0.2",
            [("host-gateway-ip", "--host-gateway-ip=10.0.0.2")],
        ),
        (
            {"bip": "10.0.0.1/24", "mtu": 1450},
            "/usr/bin/dockerd --bip=10.1.0.1/24 --mtu 1400",
            [("bip", "--bip=10.1.0.1/24"), ("mtu", "--mtu 1400")],
        ),
    ],
)
def test_conflicts(settings: dict[str, Any], command: str, found: list[tuple[str, str]]) -> None:
    result = conflicts(settings, _flags(command))
    assert [(item.key, item.flag) for item in result] == found
    assert all(item.source == "/lib/systemd/system/docker.service" for item in result)


@pytest.mark.parametrize(
    ("original", "written", "have", "result"),
    [
        # Nobody else touched it.
        ({}, {"mtu": 1}, {"mtu": 1}, {}),
        ({"mtu": 9}, {"mtu": 1}, {"mtu": 1}, {"mtu": 9}),
        ({"debug": True}, {"debug": True, "mtu": 1}, {"debug": True, "mtu": 1}, {"debug": True}),
        # We took a key away: it comes back.
        ({"debug": True}, {}, {}, {"debug": True}),
        # Somebody added, changed or removed a key since.
        ({}, {"mtu": 1}, {"mtu": 1, "icc": False}, {"icc": False}),
        ({"mtu": 9}, {"mtu": 1}, {"mtu": 5}, {"mtu": 5}),
        ({"debug": True}, {"debug": True, "mtu": 1}, {"mtu": 1}, {}),
        ({"debug": True}, {"debug": True, "mtu": 1}, {}, {}),
    ],
)
def test_restored(
    original: dict[str, Any],
    written: dict[str, Any],
    have: dict[str, Any],
    result: dict[str, Any],
) -> None:
    assert restored(original, written, have) == result
