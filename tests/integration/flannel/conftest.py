# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.flannel.hosts import ADDRESS, Hosts
from tests.integration.flannel.servers import DAY, Authority, EtcdServer, built_flanneld
from tests.integration.network.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path)
    yield made
    made.close()


@pytest.fixture
def start_etcd(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., EtcdServer]]:
    """Starts members; all of them end with the test."""
    started: list[EtcdServer] = []

    def start(**options: object) -> EtcdServer:
        started.append(EtcdServer(sandbox, tmp_path, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def etcd(start_etcd: Callable[..., EtcdServer]) -> EtcdServer:
    server = start_etcd()
    server.wait()
    return server


class Secured:
    """An etcd with TLS, certificate users and flannel's rights, as role etcd sets it up."""

    def __init__(self, start: Callable[..., EtcdServer], directory: Path) -> None:
        self.authority = Authority(directory / "pki", "ours")
        self.stranger = Authority(directory / "stranger", "theirs")
        cert, key = self.authority.pair("member", "member", ("127.0.0.1",))
        self.server = start(port=2479, tls=(self.authority.path, cert, key))
        self.pairs = {
            "root": self.authority.pair("root", "root"),
            "flannel": self.authority.pair("flannel", "flannel"),
            "nobody": self.authority.pair("nobody", "nobody"),
            "stranger": self.stranger.pair("stranger", "root"),
            "expired": self.authority.pair("expired", "root", ends=-DAY),
        }
        root = self.options("root")
        self.env = {
            "cacert": self.authority.path,
            "cert": root["client_cert"],
            "key": root["client_key"],
        }
        self.server.wait(**self.env)
        for command in (
            "user add root --no-password",
            "user grant-role root root",
            "role add flannel",
            "role grant-permission flannel read /coreos.com/network/config",
            "role grant-permission flannel readwrite --prefix /coreos.com/network/subnets",
            "user add flannel --no-password",
            "user grant-role flannel flannel",
            "user add nobody --no-password",
            "auth enable",
        ):
            self.server.ctl(*command.split(), **self.env)

    def options(self, pair: str) -> dict[str, object]:
        """A module's options for a client."""
        cert, key = self.pairs[pair]
        return {
            "endpoints": [self.server.endpoint],
            "ca_cert": self.authority.path,
            "client_cert": cert,
            "client_key": key,
        }


@pytest.fixture
def secured(start_etcd: Callable[..., EtcdServer], tmp_path: Path) -> Secured:
    return Secured(start_etcd, tmp_path)


@pytest.fixture(scope="session")
def flanneld() -> Path:
    return built_flanneld()


@pytest.fixture
def hosts(
    sandbox: Sandbox, start_etcd: Callable[..., EtcdServer], flanneld: Path, tmp_path: Path
) -> Iterator[Hosts]:
    """Three hosts on one bridge."""
    sandbox.sh(f"ip link add lan up type bridge; ip address add {ADDRESS}/24 dev lan")
    etcd = start_etcd(address=ADDRESS)
    etcd.wait()
    made = Hosts(sandbox, etcd, flanneld, tmp_path)
    yield made
    made.close()
