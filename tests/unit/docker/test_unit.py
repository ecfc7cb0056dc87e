# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daemon's command line out of unit files, drop-ins and environment files."""

from __future__ import annotations

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.unit import (
    assignments,
    command_line,
    words,
)

UNIT = """
[Unit]
Description=Docker
# ExecStart=/not/this
ExecStart=/nor/this
[Service]
Type=notify
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// \\
  --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
[Install]
WantedBy=multi-user.target
"""


def _line(files: list[tuple[str, str]], environment: dict[str, str] | None = None):
    return command_line(files, (environment or {}).get)


def test_debians_unit() -> None:
    line = _line([("/lib/docker.service", UNIT)])
    assert line.program == "/usr/sbin/dockerd"
    assert [(flag.written, flag.key) for flag in line.flags] == [
        ("-H fd://", "hosts"),
        ("--containerd=/run/containerd/containerd.sock", "containerd"),
    ]


def test_options_from_the_environment_file() -> None:
    text = 'DOCKER_OPTS="--dns 8.8.8.8 --bip=10.1.0.1/24"\n# DOCKER_OPTS="--mtu 1"\n'
    line = _line([("/lib/docker.service", UNIT)], {"/etc/default/docker": text})
    assert [(flag.key, flag.source) for flag in line.flags[2:]] == [
        ("dns", "/etc/default/docker"),
        ("bip", "/etc/default/docker"),
    ]


def test_a_drop_in_replaces_the_command() -> None:
    drop_in = "[Service]\nExecStart=\nExecStart=/opt/dockerd --mtu=1400\n"
    line = _line([("/lib/docker.service", UNIT), ("/etc/docker.service.d/a.conf", drop_in)])
    assert line.program == "/opt/dockerd"
    (flag,) = line.flags
    assert (flag.key, flag.value, flag.source) == ("mtu", "1400", "/etc/docker.service.d/a.conf")


def test_a_drop_in_adds_options_by_environment() -> None:
    drop_in = "[Service]\nEnvironment='DOCKER_OPTS=--icc=false -D' OTHER=1\n"
    line = _line([("/lib/docker.service", UNIT), ("/etc/docker.service.d/b.conf", drop_in)])
    assert [flag.key for flag in line.flags] == ["hosts", "containerd", "icc", "debug"]
    assert line.flags[-1].source == "/etc/docker.service.d/b.conf"


def test_environment_files_win_over_environment() -> None:
    drop_in = "[Service]\nEnvironment=DOCKER_OPTS=--mtu=1\n"
    files = [("/lib/docker.service", UNIT), ("/etc/b.conf", drop_in)]
    line = _line(files, {"/etc/default/docker": "DOCKER_OPTS=--debug"})
    assert [flag.key for flag in line.flags] == ["hosts", "containerd", "debug"]


def test_no_command() -> None:
    assert _line([]) is None
    assert _line([("a", "[Service]\nExecStart=\n")]) is None
    assert _line([("a", "[Service]\nExecStart=$NOTHING\n")]) is None


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        ("/d --config-file=/a.json", "config-file", "/a.json"),
        ("/d --config-file /a.json", "config-file", "/a.json"),
        ("/d -p /run/x.pid", "p", "/run/x.pid"),
        ("/d --debug --mtu 1400", "debug", None),
        ("/d -Hfd://", "H", "fd://"),
        ("/d -H=fd://", "H", "fd://"),
        ("/d --mtu ${MTU}", "mtu", "1400"),
        ("/d --label=a=b$$c", "label", "a=b$c"),
        ("@-/d --mtu 1400", "mtu", "1400"),
    ],
)
def test_values(command: str, name: str, value: str | None) -> None:
    line = _line([("u", f"[Service]\nEnvironment=MTU=1400\nExecStart={command}\n")])
    (flag,) = [flag for flag in line.flags if flag.name == name]
    assert flag.value == value
    assert line.value_of(name) == value


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a b  c", ["a", "b", "c"]),
        ("'a b' c", ["a b", "c"]),
        ('--x="a b"', ["--x=a b"]),
        (r"a\ b", ["a b"]),
        (r'"a \"b\""', ['a "b"']),
        ("", []),
    ],
)
def test_words(text: str, result: list[str]) -> None:
    assert words(text) == result


def test_assignments() -> None:
    text = "[A]\nx=1\n[B]\nx = 2\n;x=3\n#x=4\ny=a \\\n# inside\n  b\n"
    assert assignments(text, "B") == [("x", "2"), ("y", "a b")]
