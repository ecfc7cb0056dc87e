# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role verify does about what Docker says when the container is to start: as a table."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from tests.unit.scripts import load

WANT: dict[str, Any] = {
    "host": "node1",
    "image": "container_net/verify",
    "container": "container-net-verify",
    "network": "container_net",
    "port": 8099,
    "lifetime": 600,
    "reports": 2,
}
FOUND = [
    {
        "NetworkSettings": {"Networks": {"container_net": {"IPAddress": "10.0.1.2"}}},
        "State": {"Pid": 4711},
    }
]
NO_IMAGE = "Unable to find image: No such image: container_net/verify:0"
IN_USE = 'Conflict. The container name "/container-net-verify" is already in use by container "1"'
SLOW = "attaching to network failed, make sure your network options are correct and check manager "
SLOW += "logs: context deadline exceeded."
SILENT = "Could not attach to network container_net: context deadline exceeded."


class Docker:
    """Says so many errors before it runs the container; what else it was asked for."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.asked: list[str] = []

    def __call__(self, *words: str, stdin: bytes = b"") -> str:
        self.asked.append(words[0])
        if words[0] == "run" and self.errors:
            raise RuntimeError(self.errors.pop(0))
        return json.dumps(FOUND) if words[1] == "inspect" else ""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = load("roles/verify/files/verify_start.py")
    monkeypatch.setattr(module, "image_archive", lambda busybox: b"")
    monkeypatch.setattr(module, "static_busybox", lambda: "/bin/busybox")
    return module


@pytest.mark.parametrize(
    ("errors", "built"),
    [
        ((), False),
        ((NO_IMAGE,), True),
        ((IN_USE,), False),
        ((SLOW,), False),
        ((SILENT,), False),
        ((SILENT, SLOW), False),
        ((NO_IMAGE, IN_USE, SLOW), True),
        ((SLOW, NO_IMAGE), True),
    ],
)
def test_what_can_be_helped(script: ModuleType, errors: tuple[str, ...], built: bool) -> None:
    script.docker = docker = Docker(*errors)
    started = script.start_container(WANT)
    assert (started["built"], started["ip"], started["pid"]) == (built, "10.0.1.2", 4711)
    assert docker.asked.count("run") == 1 + len(errors)
    assert docker.asked.count("import") == built


@pytest.mark.parametrize("errors", [("no space left on device",), (SLOW, SLOW), (IN_USE, IN_USE)])
def test_what_cannot(script: ModuleType, errors: tuple[str, ...]) -> None:
    """Nothing is tried twice for one reason, and what Docker said last is the error."""
    script.docker = docker = Docker(*errors)
    with pytest.raises(RuntimeError, match=errors[-1].split()[0]):
        script.start_container(WANT)
    assert docker.errors == []
    assert docker.asked.count("run") == len(errors)
