# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options may hold: every refusal names option, value, reason and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.plan import (
    Want,
    check,
    check_result,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError

GOOD: list[dict[str, Any]] = [
    {"bip": "10.0.0.1/24", "default-gateway": "10.0.0.254", "dns": ["1.1.1.1", "8.8.8.8"]},
    {"bip": "172.20.24.1/24", "mtu": 1472, "ip-masq": False},
    {"bip": "10.0.0.1/24", "fixed-cidr": "10.0.0.128/25"},
    {"bip6": "fd00:10::1/64", "fixed-cidr-v6": "fd00:10::/80", "ipv6": True, "mtu": 1280},
    {"bip": "10.0.0.1/30"},
    {"bridge": "none"},
    {"mtu": 0},
    {"mtu": 65535},
    {"dns": ["fd00::1", "9.9.9.9"], "dns-search": ["example.org", "."], "dns-opts": ["ndots:2"]},
    {"default-address-pools": [{"base": "10.200.0.0/16", "size": 24}]},
    {"default-address-pools": [{"base": "fd00::/48", "size": 64}]},
    {"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}},
    {"log-level": "warn", "debug": False},
    {"default-ulimits": {"nofile": {"Name": "nofile", "Hard": 64000, "Soft": 64000}}},
    {"runtimes": {"crun": {"path": "/usr/bin/crun", "runtimeArgs": ["--debug"]}}},
    {"features": {"buildkit": True}, "builder": {"gc": {"enabled": True}}},
    {"proxies": {"http-proxy": "http://proxy:3128", "no-proxy": "localhost"}},
    {"default-shm-size": "64M", "shutdown-timeout": -1},
    {"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1400"}}},
    {"hosts": ["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "fd://"]},
    {"labels": ["a=b"], "live-restore": True, "icc": False, "userland-proxy": False},
    {"bridge-accept-fwmark": "0x1/0x3", "firewall-backend": "nftables"},
    {"default-ipc-mode": "shareable", "log-format": "json"},
]

# settings, and what the message must hold: the option, and the reason or remedy.
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"bib": "10.0.0.1/24"}, "settings.bib", "Write bip"),
    ({"insecure-registry": []}, "settings.insecure-registry", "Write insecure-registries"),
    ({"zzzzzz": 1}, "settings.zzzzzz", "Take it out"),
    ({"default-init": "x"}, "settings.default-init", "daemon.json does not take"),
    ({"containerd-plugin-namespace": "x"}, "settings.containerd-plugin-namespace", "not take"),
    ({"bip": "10.0.0.1"}, "settings.bip: '10.0.0.1'", "no prefix length"),
    ({"bip": "10.0.0.0/24"}, "settings.bip", "is the network"),
    ({"bip": "10.0.0.255/24"}, "settings.bip", "broadcast"),
    ({"bip": "10.0.0.1/31"}, "settings.bip", "leaves no address"),
    ({"bip": "10.0.0.1/33"}, "settings.bip", "is not an address"),
    ({"bip": "10.0.0.256/24"}, "settings.bip", "is not an address"),
    ({"bip": "fd00::1/64"}, "settings.bip", "is not an IPv4 address"),
    ({"bip": "127.0.0.1/8"}, "settings.bip", "not an address that a bridge can have"),
    ({"bip": "224.0.0.1/4"}, "settings.bip", "not an address that a bridge can have"),
    ({"bip": ""}, "settings.bip", "is not an address"),
    ({"bip": None}, "settings.bip", "list it under remove"),
    ({"bip": 10}, "settings.bip", "is an integer, must be a string"),
    ({"bip6": "10.0.0.1/24"}, "settings.bip6", "is not an IPv6 address"),
    ({"bip": "10.0.0.1/24", "bridge": "br0"}, "settings.bip", "either bip or bridge"),
    ({"bip": "10.0.0.1/24", "default-gateway": "10.0.1.254"}, "default-gateway", "is not in"),
    ({"bip": "10.0.0.1/24", "fixed-cidr": "10.0.0.0/16"}, "fixed-cidr", "is not inside"),
    ({"bip": "10.0.0.1/24", "fixed-cidr": "10.1.0.0/25"}, "fixed-cidr", "is not inside"),
    ({"default-gateway": "10.0.0.254/24"}, "settings.default-gateway", "not an IP address"),
    ({"default-gateway": "fd00::1"}, "settings.default-gateway", "not an IPv4"),
    ({"default-gateway-v6": "10.0.0.1"}, "settings.default-gateway-v6", "not an IPv6"),
    ({"fixed-cidr": "10.0.0.0"}, "settings.fixed-cidr", "is not a network"),
    ({"fixed-cidr-v6": "10.0.0.0/8"}, "settings.fixed-cidr-v6", "not an IPv6"),
    ({"mtu": "1450"}, "settings.mtu", "is a string, must be an integer"),
    ({"mtu": True}, "settings.mtu", "is a boolean, must be an integer"),
    ({"mtu": 1450.0}, "settings.mtu", "is a number"),
    ({"mtu": 67}, "settings.mtu", "between 68 and 65535"),
    ({"mtu": 65536}, "settings.mtu", "between 68 and 65535"),
    ({"mtu": -1}, "settings.mtu", "between 68 and 65535"),
    ({"mtu": 1279, "ipv6": True}, "settings.mtu", "IPv6 needs 1280"),
    ({"dns": "1.1.1.1"}, "settings.dns", "is a string, must be a list"),
    ({"dns": ["1.1.1.1", "dns.example"]}, "settings.dns[1]", "is not an IP address"),
    ({"dns": ["1.1.1.1/32"]}, "settings.dns[0]", "is not an IP address"),
    ({"dns-search": ["a b"]}, "settings.dns-search[0]", "is not a domain"),
    ({"icc": "false"}, "settings.icc", "is a string, must be a boolean"),
    ({"icc": 0}, "settings.icc", "is an integer, must be a boolean"),
    ({"log-opts": {"max-file": 3}}, "settings.log-opts.max-file", "must be a string"),
    ({"log-opts": ["max-file=3"]}, "settings.log-opts", "is a list, must be an object"),
    ({"log-level": "verbose"}, "settings.log-level", "Choose one of debug"),
    ({"default-ipc-mode": "host"}, "settings.default-ipc-mode", "Choose one of"),
    ({"features": {"buildkit": "true"}}, "settings.features.buildkit", "must be a boolean"),
    ({"default-shm-size": "64 apples"}, "settings.default-shm-size", "is not a size"),
    ({"default-shm-size": 64}, "settings.default-shm-size", "must be a string"),
    ({"default-address-pools": [{"base": "10.0.0.0/16"}]}, "pools[0]", "lacks 'size'"),
    (
        {"default-address-pools": [{"base": "10.0.0.0/16", "size": 8}]},
        "settings.default-address-pools[0].size",
        "is not between /16",
    ),
    (
        {"default-address-pools": [{"base": "10.0.0.0", "size": 24}]},
        "settings.default-address-pools[0].base",
        "is not a network",
    ),
    (
        {"default-address-pools": [{"base": "10.0.0.0/16", "size": 24, "sice": 1}]},
        "settings.default-address-pools[0].sice",
        "Known: size",
    ),
    ({"proxies": {"http_proxy": "x"}}, "settings.proxies.http_proxy", "Known: http-proxy"),
    ({"default-ulimits": {"nofile": {"Hard": 1}}}, "default-ulimits.nofile", "lacks 'Name'"),
    ({"runtimes": {"crun": {"args": []}}}, "settings.runtimes.crun.args", "no such member"),
    ({"hosts": ["127.0.0.1:2375"]}, "settings.hosts[0]", "is not an endpoint"),
    ({"labels": ["plain"]}, "settings.labels[0]", "has no '='"),
    ({"max-download-attempts": 0}, "settings.max-download-attempts", "at least 1"),
    ({"network-control-plane-mtu": 100}, "settings.network-control-plane-mtu", "between 500"),
    ({"bridge-accept-fwmark": "red"}, "settings.bridge-accept-fwmark", "not a firewall mark"),
    ({"host-gateway-ip": "host-gateway"}, "settings.host-gateway-ip", "is not an IP address"),
]


def _validate(settings: dict[str, Any], version: tuple[int, int] | None = None) -> list[str]:
    want = Want(settings)
    return check(want, version) + check_result(settings, want, "/etc/docker/daemon.json")


@pytest.mark.parametrize("settings", GOOD, ids=",".join)
def test_accepted(settings: dict[str, Any]) -> None:
    assert _validate(settings) == []


@pytest.mark.parametrize(("settings", "option", "reason"), BAD, ids=lambda v: str(v)[:60])
def test_refused(settings: dict[str, Any], option: str, reason: str) -> None:
    with pytest.raises(OptionError) as caught:
        _validate(settings)
    message = str(caught.value)
    assert option in message
    assert reason in message
    assert message.endswith(".")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("settings", "version", "reason"),
    [
        ({"allow-direct-routing": True}, (26, 1), "Docker 26.1 does not know it"),
        ({"allow-direct-routing": True}, (20, 10), "it came with 28.2"),
        ({"log-format": "json"}, (20, 10), "it came with 25.0"),
        ({"graph": "/srv"}, (26, 1), "no longer knows it; 23.0 was the last"),
        ({"max-download-attempts": 5}, (19, 3), "Docker 19.03 does not know it"),
    ],
)
def test_other_versions_key(
    settings: dict[str, Any], version: tuple[int, int], reason: str
) -> None:
    with pytest.raises(OptionError) as caught:
        _validate(settings, version)
    assert reason in str(caught.value)
    assert _validate(settings) == []


def test_removed_key_that_docker_ignores_is_a_warning() -> None:
    (warning,) = _validate({"allow-nondistributable-artifacts": []}, (29, 0))
    assert "ignores it" in warning


def test_key_unknown_here_is_left_to_a_newer_docker() -> None:
    (warning,) = check(Want({"brand-new": 1}), (30, 1))
    assert "Docker 30.1 is newer" in warning
    with pytest.raises(OptionError):
        check(Want({"brand-new": 1}), (29, 7))


def test_others_keys_only_warn() -> None:
    settings = {"mtu": 1450, "colour": 1, "debug": "yes", "bip": ""}
    warnings = check_result(settings, Want({"mtu": 1450}), "/etc/docker/daemon.json")
    assert len(warnings) == 2
    assert "colour" in warnings[0]
    assert "debug" in warnings[1]


def test_ours_and_others_keys_must_go_together() -> None:
    with pytest.raises(OptionError):
        check_result({"bip": "10.0.0.1/24", "bridge": "br0"}, Want({"bip": "10.0.0.1/24"}), "f")


@pytest.mark.parametrize(
    ("want", "reason"),
    [
        (Want({"mtu": 1450}, ["mtu"]), "is also in settings"),
        (Want({}, ["mtu"], replace=True), "has no meaning with update=replace"),
        (Want({}, [""]), "is no key's name"),
    ],
)
def test_options_that_contradict(want: Want, reason: str) -> None:
    with pytest.raises(OptionError) as caught:
        check(want, None)
    assert reason in str(caught.value)
