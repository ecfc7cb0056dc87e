# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input through Ansible: a clear error, and not one byte on the host changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.docker.fakehost import Host

FILE = '{"debug": true, "mtu": 1500}'

# name: (options, what the message must hold)
OPTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown key": ({"settings": {"bib": "10.0.0.1/24"}}, ["settings.bib", "Write bip"]),
    "flag for key": ({"settings": {"log-opt": {}}}, ["settings.log-opt", "Write log-opts"]),
    "underscore": ({"settings": {"live_restore": True}}, ["Write live-restore"]),
    "string for int": ({"settings": {"mtu": "1450"}}, ["settings.mtu", "must be an integer"]),
    "string for bool": ({"settings": {"icc": "no"}}, ["settings.icc", "must be a boolean"]),
    "string for list": ({"settings": {"dns": "1.1.1.1"}}, ["settings.dns", "must be a list"]),
    "null": ({"settings": {"bip": None}}, ["settings.bip", "list it under remove"]),
    "no prefix": ({"settings": {"bip": "10.0.0.1"}}, ["settings.bip", "prefix length"]),
    "network": ({"settings": {"bip": "10.0.0.0/24"}}, ["settings.bip", "is the network"]),
    "no address": ({"settings": {"bip": "10.0.0/24"}}, ["settings.bip", "is not an address"]),
    "wrong family": ({"settings": {"bip": "fd00::1/64"}}, ["is not an IPv4 address"]),
    "gateway outside": (
        {"settings": {"bip": "10.0.0.1/24", "default-gateway": "10.0.1.254"}},
        ["settings.default-gateway", "10.0.0.0/24"],
    ),
    "dns name": ({"settings": {"dns": ["one.one"]}}, ["settings.dns[0]", "not an IP address"]),
    "mtu small": ({"settings": {"mtu": 67}}, ["settings.mtu: 67", "between 68 and 65535"]),
    "mtu for IPv6": ({"settings": {"mtu": 1279, "ipv6": True}}, ["IPv6 needs 1280"]),
    "pool size": (
        {"settings": {"default-address-pools": [{"base": "10.0.0.0/16", "size": 8}]}},
        ["settings.default-address-pools[0].size"],
    ),
    "log-opts number": ({"settings": {"log-opts": {"max-file": 3}}}, ["log-opts.max-file"]),
    "both": ({"settings": {"mtu": 1450}, "remove": ["mtu"]}, ["remove: 'mtu'", "settings"]),
    "replace and remove": ({"update": "replace", "remove": ["mtu"]}, ["update=replace"]),
    "newer key": (
        {"settings": {"allow-direct-routing": True}},
        ["settings.allow-direct-routing", "Docker 26.1 does not know it", "28.2"],
    ),
    "older key": ({"settings": {"graph": "/srv"}}, ["settings.graph", "no longer knows it"]),
    "flag in unit": (
        {"settings": {"hosts": ["tcp://127.0.0.1:2375"]}},
        ["hosts stands in", "-H fd://", "docker.service"],
    ),
    "refused by dockerd": (
        {"settings": {"log-driver": "refuse-me"}},
        ["--validate refuses the new", "no such log driver: refuse-me", "Nothing was written"],
    ),
    "nothing to go back to": ({"state": "previous"}, ["state: 'previous'", "nothing is kept"]),
    "directory": ({"path": "/tmp", "settings": {"mtu": 1450}}, ["path: '/tmp'", "directory"]),
    "bad state": ({"state": "query"}, ["state", "query", "present"]),
    "bad update": ({"update": "patch"}, ["update", "patch", "merge"]),
    "settings no dict": ({"settings": ["mtu"]}, ["settings", "dict"]),
}

# name: (file, what the message must hold)
FILES: dict[str, tuple[bytes, list[str]]] = {
    "comma": (b'{"mtu": 1500,}', ["line 1 column 14", "is not valid JSON"]),
    "comment": (b'{\n // MTU\n "mtu": 1500\n}', ["line 2 column 2", "is not valid JSON"]),
    "half": (b'{"mtu": 15', ["line 1 column 11", "is not valid JSON"]),
    "list": (b'["mtu"]', ["holds a list"]),
    "twice": (b'{"mtu": 1500,\n"mtu": 1400}', ["lines 1 and 2", "'mtu' is given twice"]),
    "latin-1": (b'{"labels": ["caf\xe9=1"]}', ["byte 0xe9 is not UTF-8"]),
    "utf-16": ("{}".encode("utf-16"), ["is UTF-16"]),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], bool]]:
    """Every bad set of options in one play: result, and whether the host stayed as it was."""
    host = Host(tmp_path_factory.mktemp("host"))
    host.set_up()
    host.file.write_text(FILE)
    before = host.tree()
    results = host.run(*(options for options, dummy in OPTIONS.values()))
    untouched = host.tree() == before
    return {name: (result, untouched) for name, result in zip(OPTIONS, results)}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str, refused: dict[str, tuple[dict[str, Any], bool]]) -> None:
    result, untouched = refused[name]
    assert result["failed"]
    assert not result["changed"]
    for part in OPTIONS[name][1]:
        assert part in result["msg"]
    assert "Traceback" not in json.dumps(result)
    assert untouched


@pytest.fixture(scope="module")
def unreadable(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], Path]]:
    """Every bad file in one play: result, and where the file is."""
    host = Host(tmp_path_factory.mktemp("host"))
    host.set_up()
    files = {name: host.root / f"{index}.json" for index, name in enumerate(FILES)}
    for name, file in files.items():
        file.write_bytes(FILES[name][0])
    results = host.run(*({"path": str(f), "settings": {"mtu": 1450}} for f in files.values()))
    assert not host.state.exists()
    return {name: (result, files[name]) for name, result in zip(FILES, results)}


@pytest.mark.parametrize("name", FILES)
def test_present_file(name: str, unreadable: dict[str, tuple[dict[str, Any], Path]]) -> None:
    result, file = unreadable[name]
    raw, parts = FILES[name]
    assert result["failed"]
    for part in [f"{file}: ", "The file was left as it is", *parts]:
        assert part in result["msg"]
    assert file.read_bytes() == raw


def test_conflict_names_both_sides(host: Host) -> None:
    drop_ins = Path(f"{host.unit}.d")
    drop_ins.mkdir()
    environment = host.root / "default"
    environment.write_text('DOCKER_OPTS="--bip=10.9.0.1/24 --dns 9.9.9.9"\n')
    (drop_ins / "options.conf").write_text(f"[Service]\nEnvironmentFile=-{environment}\n")
    settings = {"bip": "10.0.0.1/24", "dns": ["1.1.1.1"], "mtu": 1450}
    (result,) = host.run({"settings": settings})
    assert result["failed"]
    assert result["conflicts"] == [
        {"key": "bip", "flag": "--bip=10.9.0.1/24", "source": str(environment)},
        {"key": "dns", "flag": "--dns 9.9.9.9", "source": str(environment)},
    ]
    assert str(host.file) in result["msg"]
    assert str(environment) in result["msg"]
    assert not host.file.exists()


def test_conflict_that_stands_already_is_told(host: Host) -> None:
    host.file.write_text('{"hosts": ["fd://"]}')
    (result,) = host.run({"settings": {"mtu": 1450}})
    assert result["failed"]
    assert [item["key"] for item in result["conflicts"]] == ["hosts"]


@pytest.mark.parametrize("version", ["20.10.24+dfsg1", None])
def test_always_needs_a_dockerd_that_validates(host: Host, version: str | None) -> None:
    if version is None:
        (host.root / "bin" / "dockerd").unlink()
    else:
        host.set_up(version=version)
    (result,) = host.run({"settings": {"mtu": 1450}, "check_with_dockerd": "always"})
    assert result["failed"]
    assert "check_with_dockerd: 'always'" in result["msg"]
    assert not host.file.exists()


def test_one_state_belongs_to_one_file(host: Host) -> None:
    host.once(settings={"mtu": 1450})
    (result,) = host.run({"settings": {"mtu": 1450}, "path": str(host.root / "other.json")})
    assert result["failed"]
    assert "already keeps the state of" in result["msg"]


def test_others_mistakes_are_warned_of(host: Host) -> None:
    host.file.write_text('{"colour": "red", "debug": "yes"}')
    result = host.once(settings={"mtu": 1450})
    assert len(result["warnings"]) == 2
    assert "colour" in result["warnings"][0]


def test_a_unit_that_reads_another_file(host: Host) -> None:
    host.set_up(options="--config-file /etc/docker/other.json")
    result = host.once(settings={"mtu": 1450})
    assert "reads /etc/docker/other.json" in result["warnings"][0]


def test_no_docker_at_all(host: Host) -> None:
    host.unit.unlink()
    (host.root / "bin" / "dockerd").unlink()
    result = host.once(settings={"mtu": 1450})
    assert result["changed"]
    assert result["docker_version"] == ""
