# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of daemon.json keys against what is known of moby's source."""

from __future__ import annotations

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.keys import (
    FLAG_TO_KEY,
    IGNORED_WHEN_GONE,
    KEYS,
    MERGED_WITH_FLAG,
    RESET_BY_RELOAD,
    nearest,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._docker.values import KINDS

RELOADABLE = {
    "authorization-plugins",
    "debug",
    "default-cgroupns-mode",
    "default-ipc-mode",
    "default-runtime",
    "default-shm-size",
    "default-stop-timeout",
    "features",
    "insecure-registries",
    "labels",
    "live-restore",
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "max-download-attempts",
    "network-diagnostic-port",
    "nri-opts",
    "registry-mirrors",
    "runtimes",
    "shutdown-timeout",
}


def test_table_is_whole() -> None:
    assert len(KEYS) == 106
    assert sum(not key.in_file for key in KEYS.values()) == 5
    assert {key.kind for key in KEYS.values()} == set(KINDS)


def test_special_lists_name_keys() -> None:
    assert set(KEYS) >= IGNORED_WHEN_GONE | MERGED_WITH_FLAG | RESET_BY_RELOAD


def test_reloadable_keys() -> None:
    assert {name for name, key in KEYS.items() if key.reloadable} == RELOADABLE


@pytest.mark.parametrize("name", ["bip", "mtu", "dns", "icc", "ip-masq", "allow-direct-routing"])
def test_network_keys_need_a_restart(name: str) -> None:
    assert not KEYS[name].reloadable


@pytest.mark.parametrize(
    ("name", "version", "known"),
    [
        ("bip", (17, 6), True),
        ("bip", (29, 7), True),
        ("allow-direct-routing", (28, 1), False),
        ("allow-direct-routing", (28, 2), True),
        ("allow-direct-routing", (20, 10), False),
        ("max-download-attempts", (19, 3), False),
        ("max-download-attempts", (20, 10), True),
        ("graph", (23, 0), True),
        ("graph", (24, 0), False),
        ("api-cors-header", (28, 5), True),
        ("api-cors-header", (29, 0), False),
        ("cluster-store", (20, 10), True),
        ("firewall-backend", (28, 5), False),
    ],
)
def test_known_to(name: str, version: tuple[int, int], known: bool) -> None:
    assert KEYS[name].known_to(version) is known


@pytest.mark.parametrize(
    ("flag", "key"),
    [
        ("bip", "bip"),
        ("H", "hosts"),
        ("host", "hosts"),
        ("D", "debug"),
        ("l", "log-level"),
        ("b", "bridge"),
        ("dns-opt", "dns-opts"),
        ("insecure-registry", "insecure-registries"),
        ("default-address-pool", "default-address-pools"),
        ("containerd", "containerd"),
        ("add-runtime", "runtimes"),
        ("log-opt", "log-opts"),
    ],
)
def test_flags_lead_to_keys(flag: str, key: str) -> None:
    assert FLAG_TO_KEY[flag] == key


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("dns-server", "dns-search"),
        ("insecure-registry", "insecure-registries"),
        ("registry_mirrors", "registry-mirrors"),
        ("--bip", "bip"),
        ("MTU", "mtu"),
        ("ipmasq", "ip-masq"),
        ("live-restored", "live-restore"),
        ("label", "labels"),
        ("zzzzzz", None),
    ],
)
def test_nearest(written: str, meant: str | None) -> None:
    assert nearest(written) == meant
