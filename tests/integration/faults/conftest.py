# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.faults.overlay import MakeOverlay, Overlay, Segment, program
from tests.integration.faults.processes import ADDRESS
from tests.integration.flannel.servers import EtcdServer
from tests.integration.network.sandbox import Sandbox


@pytest.fixture(scope="session")
def flanneld() -> Path:
    return program()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path)
    yield made
    made.close()


@pytest.fixture
def segment(sandbox: Sandbox) -> Segment:
    return Segment(sandbox)


@pytest.fixture
def make_overlay(segment: Segment, flanneld: Path, tmp_path: Path) -> Iterator[MakeOverlay]:
    """Joins two hosts, over one etcd or over what the endpoints name."""
    overlays: list[Overlay] = []

    def make(backend: str, endpoints: list[str] | None = None) -> Overlay:
        etcd = None
        if endpoints is None:
            etcd = EtcdServer(segment.sandbox, tmp_path, address=ADDRESS)
            etcd.wait()
            endpoints = [etcd.endpoint]
        made = Overlay(segment, endpoints, flanneld, tmp_path, backend)
        made.etcd = etcd
        overlays.append(made)
        made.site()
        for number in (1, 2):
            made.join(number)
        return made

    yield make
    for overlay in overlays:
        overlay.close()
        if overlay.etcd:
            overlay.etcd.close()
