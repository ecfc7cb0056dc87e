# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces of processes and containers: they get a name, and links, and keep what is theirs."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._docker import api
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    HostError,
    OptionError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._kernel import apply
from ansible_collections.netfabric.container_net.plugins.module_utils._run import Outcome, RunError
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.until import until


@contextlib.contextmanager
def process(own_network: bool = True) -> Iterator[int]:
    """A process with a network of its own, as a container's first one has."""
    command = ["unshare", "--net"] if own_network else []
    script = "ip link set lo up; echo here; exec sleep 600"
    with subprocess.Popen([*command, "sh", "-c", script], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"here\n"
        try:
            yield running.pid
        finally:
            running.kill()


def netns(**params: Any) -> Outcome:
    return _flow.execute(parse.from_netns(params), params.pop("check", False), 10)


def joined(**source: Any) -> networks.Params:
    """A bridge on the host, and a process on it."""
    return {
        "name": "joined",
        "namespaces": [{"name": "web", "loopback": "up", **source}],
        "bridges": [networks.link("br", addresses=["10.1.0.1/24"])],
        "veths": [
            networks.link(
                "eth1",
                netns="web",
                addresses=["10.1.0.2/24", "fd00:5::2/64"],
                routes=[{"dst": "10.2.0.0/16", "via": "10.1.0.1"}],
                peer=networks.link("webveth", master="br"),
            )
        ],
    }


def seen(pid: int, command: str) -> str:
    run = ["nsenter", f"--net=/proc/{pid}/ns/net", *command.split()]
    return subprocess.run(run, capture_output=True, text=True, check=False).stdout


def test_a_process_is_joined_and_let_go(host: Host) -> None:
    with process() as pid:
        before = host.dump()
        inside = seen(pid, "ip addr")
        predicted = host.apply(joined(pid=pid), check_mode=True)
        assert host.dump() == before
        outcome = host.apply(joined(pid=pid))
        assert host.commands(outcome) == host.commands(predicted)
        assert host.commands(outcome)[0] == f"ip netns attach web {pid}"
        assert "10.1.0.2/24" in seen(pid, "ip addr")
        assert host.pings("web", "10.1.0.1")
        assert "container_net" not in seen(pid, "ip link show lo")
        assert not host.apply(joined(pid=pid)).changed
        made = host.dump(marks=False)
        host.apply({"name": "joined", "state": "absent"})
        assert host.dump() == before
        assert seen(pid, "ip addr") == inside
        assert host.sh("ls -A /var/lib/container_net") == ""
        host.sh("\n".join(host.commands(outcome)))
        assert host.dump(marks=False) == made


def test_only_the_name_goes(host: Host) -> None:
    with process() as pid:
        assert netns(name="web", pid=pid).changed
        assert not netns(name="web", pid=pid).changed
        host.sh("ip link add h1 type veth peer name c1 netns web")
        outcome = netns(name="web", state="absent")
        assert host.commands(outcome) == ["ip netns del web"]
        assert host.namespaces() == []
        assert "c1" in seen(pid, "ip link")
        assert not netns(name="web", state="absent").changed


def test_a_container_that_was_started_again_is_joined_anew(host: Host) -> None:
    with process() as first:
        host.apply(joined(pid=first))
    # The name still leads to where nobody lives.
    assert "UP" in host.sh("ip link show dev webveth")
    with process() as second:
        outcome = host.apply(joined(pid=second))
        assert f"ip netns attach web {second}" in host.commands(outcome)
        assert host.pings("web", "10.1.0.1")
        assert "10.1.0.2/24" in seen(second, "ip addr")
        assert not host.apply(joined(pid=second)).changed
        assert "-old" not in host.sh("ip link")


def test_a_strangers_name_is_not_taken(host: Host) -> None:
    host.sh("ip netns add web")
    before = host.dump()
    with process() as pid:
        with pytest.raises(OptionError, match=f"pid: {pid}: web is the name of another namespace"):
            netns(name="web", pid=pid)
        with pytest.raises(OptionError, match=r"namespaces\[0\].pid: .*another namespace"):
            host.apply(joined(pid=pid))
    assert host.dump() == before


def test_a_name_that_was_given_by_others_is_used_and_left(host: Host) -> None:
    with process() as pid:
        host.sh(f"ip netns attach web {pid}")
        host.apply(joined(pid=pid))
        host.apply({"name": "joined", "state": "absent"})
        assert host.namespaces() == ["web"]
        assert "eth1" not in seen(pid, "ip link")


def test_what_is_no_namespace_to_name(host: Host, tmp_path: Path) -> None:
    with process(own_network=False) as pid, process() as other:
        for params, message in (
            ({"pid": pid}, f"pid: {pid}: process {pid} is in the host's own network"),
            ({"pid": 2**22 - 1}, "pid: 4194303: process 4194303 has no network namespace here"),
        ):
            with pytest.raises(OptionError, match=message):
                netns(name="web", **params)
        twice = {
            "name": "twice",
            "namespaces": [{"name": "a", "pid": other}, {"name": "b", "pid": other}],
        }
        with pytest.raises(OptionError, match=r"namespaces\[1\].pid: .* is a already"):
            host.apply(twice)
        host.sh("touch /run/netns/web")
        with pytest.raises(OptionError, match="ordinary file"):
            netns(name="web", pid=other)
    host.sh("rm /run/netns/web")
    assert host.namespaces() == []


@pytest.mark.parametrize("position", range(8))
def test_a_failure_gives_the_old_name_back(
    host: Host, monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    with process() as second:
        with process() as first:
            host.apply(joined(pid=first))
        host.sh(until("! ip -n web addr | grep -q tentative"))
        before = host.dump()
        identity = os.stat("/run/netns/web").st_ino
        sent: list[None] = []
        request = apply.request

        def failing(operation: Any, index: Any) -> Any:
            sent.append(None)
            if len(sent) == position + 1:
                raise HostError("injected")
            return request(operation, index)

        with monkeypatch.context() as patch:
            patch.setattr(apply, "request", failing)
            with pytest.raises(RunError, match="injected") as caught:
                host.apply(joined(pid=second))
        assert caught.value.rolled_back
        assert os.stat("/run/netns/web").st_ino == identity
        assert host.dump() == before
        assert "eth1" not in seen(second, "ip link")
        host.apply(joined(pid=second))
        assert not host.apply(joined(pid=second)).changed


def test_a_topology_with_processes_does_not_last(host: Host) -> None:
    with process() as pid:
        params = {**joined(pid=pid), "persist": True}
        want = parse.topology_from_params(params)
        from ansible_collections.netfabric.container_net.plugins.module_utils._host import persist

        with pytest.raises(OptionError, match=r"namespaces\[0\].pid: .*after a reboot"):
            _flow.execute(want, False, 10, lambda: persist.Persistence(params, want))
    assert host.namespaces() == []


class _Docker(http.server.BaseHTTPRequestHandler):
    states: dict[str, dict[str, Any]] = {}

    def do_GET(self) -> None:
        name = self.path.split("/")[2]
        found = self.states.get(name)
        body = {"State": found} if found else {"message": f"No such container: {name}"}
        data = json.dumps(body).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *dummy: Any) -> None:
        """Quiet."""

    def address_string(self) -> str:
        return "docker"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A stand-in for Docker's socket; the dictionary is its containers' states."""
    path = str(tmp_path / "docker.sock")
    monkeypatch.setattr(api, "SOCKET", path)
    monkeypatch.setattr(_Docker, "states", {})
    with socketserver.UnixStreamServer(path, _Docker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield _Docker.states
        server.shutdown()
        thread.join()


def test_a_container_by_its_name(host: Host, docker: dict[str, Any]) -> None:
    with process() as pid:
        docker["web-1"] = {"Running": True, "Pid": pid, "Status": "running"}
        outcome = host.apply(joined(container="web-1"))
        assert host.commands(outcome)[0] == (
            "ip netns attach web \"$(docker inspect --format '{{.State.Pid}}' web-1)\""
        )
        assert host.pings("web", "10.1.0.1")
        assert not host.apply(joined(container="web-1")).changed


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nobody", "container: 'nobody': Docker knows no such container"),
        ("done", "container: 'done': the container is exited, so it has no network. Start"),
    ],
)
def test_a_container_that_cannot_be_joined(
    host: Host, docker: dict[str, Any], name: str, message: str
) -> None:
    docker["done"] = {"Running": False, "Pid": 0, "Status": "exited"}
    with pytest.raises(OptionError, match=message):
        netns(name="web", container=name)
    assert host.namespaces() == []


def test_docker_that_does_not_answer(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "SOCKET", "/run/no-docker.sock")
    with pytest.raises(OptionError, match="container: 'web': Docker does not answer on /run/no-"):
        netns(name="web", container="web")
