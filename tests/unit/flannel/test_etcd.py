# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""etcdctl: what it is given, and what its words mean."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _etcd, _etcd_probe
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._flannel import spec

# RFC 8446, 5.1: the first byte of a record.
TLS_HANDSHAKE = b"\x16"
PARAMS = {
    "endpoints": ["https://192.0.2.1:2379"],
    "ca_cert": None,
    "client_cert": None,
    "client_key": None,
    "user": None,
    "password": None,
    "timeout": 10,
    "prefix": "/coreos.com/network",
}


def test_environment_hides_nothing_in_arguments() -> None:
    connection = _etcd.Connection(
        ("https://a:1", "https://b:2"), "/ca", "/crt", "/key", "me", "s3cr3t:x", 7
    )
    env = _etcd.environment(connection, {"PATH": "/bin", "ETCDCTL_API": "2", "ETCDCTL_CERT": "/x"})
    assert env == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "ETCDCTL_ENDPOINTS": "https://a:1,https://b:2",
        "ETCDCTL_CACERT": "/ca",
        "ETCDCTL_CERT": "/crt",
        "ETCDCTL_KEY": "/key",
        "ETCDCTL_USER": "me",
        "ETCDCTL_PASSWORD": "s3cr3t:x",
        "ETCDCTL_DIAL_TIMEOUT": "7s",
        "ETCDCTL_COMMAND_TIMEOUT": "7s",
    }


def test_lines() -> None:
    assert _etcd.Put("/a b", '{"x":"y"}', 255).line() == r'put --lease=ff "/a b" "{\"x\":\"y\"}"'
    assert _etcd.Put("/a", "b\nc").line() == r'put "/a" "b\nc"'
    assert _etcd.Delete("/a&b").line() == 'del "/a&b"'
    assert _etcd.Unchanged("/a").line() == 'create("/a") = "0"'
    assert _etcd.Unchanged("/a", 12).line() == 'mod("/a") = "12"'


@pytest.mark.parametrize(
    ("changes", "option", "words"),
    [
        ({"endpoints": []}, "endpoints", "no endpoint"),
        ({"endpoints": ["192.0.2.1:2379"]}, "endpoints", "not a URL"),
        ({"endpoints": ["ftp://192.0.2.1:2379"]}, "endpoints", "not a URL"),
        ({"endpoints": ["https://"]}, "endpoints", "not a URL"),
        ({"endpoints": ["http://a:1,http://b:1"]}, "endpoints", "one URL an entry"),
        ({"ca_cert": "/nowhere/ca.crt"}, "ca_cert", "no such file"),
        ({"client_cert": "/nowhere/x.crt"}, "client_cert", "no such file"),
        ({"client_cert": __file__}, "client_cert", "client_key is not given"),
        ({"client_key": __file__}, "client_key", "client_cert is not given"),
        ({"user": "me"}, "user", "no password"),
        ({"password": "s3cr3t"}, "password", "no user"),
    ],
)
def test_bad_connection(changes: dict[str, object], option: str, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        _etcd.connection_from_params({**PARAMS, **changes})
    assert caught.value.option == option
    assert words in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["", "/", "x", "/x/", "/a b", '/a"b', "/a//b", "/a\n"])
def test_bad_prefix(prefix: str) -> None:
    with pytest.raises(OptionError, match="prefix"):
        spec.check_prefix({**PARAMS, "prefix": prefix})


@pytest.mark.parametrize("timeout", [0, -1, 301])
def test_bad_timeout(timeout: int) -> None:
    with pytest.raises(OptionError, match="timeout"):
        spec.check_prefix({**PARAMS, "timeout": timeout})


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Error: etcdserver: permission denied", _etcd_probe.AUTHENTICATION),
        (
            "Error: etcdserver: authentication failed, invalid user ID or password",
            _etcd_probe.AUTHENTICATION,
        ),
        ("Error: etcdserver: user name is empty", _etcd_probe.AUTHENTICATION),
        ("desc = etcdserver: authentication is not enabled", _etcd_probe.AUTHENTICATION),
        (
            'authentication handshake failed: x509: certificate signed by unknown authority"',
            _etcd_probe.CERTIFICATE,
        ),
        ("x509: certificate has expired or is not yet valid: current", _etcd_probe.CERTIFICATE),
        ("x509: certificate is valid for 10.0.0.1, not 10.0.0.2", _etcd_probe.CERTIFICATE),
        ("remote error: tls: bad certificate", _etcd_probe.CERTIFICATE),
        ("tls: private key does not match public key", _etcd_probe.CERTIFICATE),
        ("dial tcp 127.0.0.1:1: connect: connection refused", _etcd_probe.UNREACHABLE),
        ("etcdserver: mvcc: database space exceeded", _etcd_probe.UNREACHABLE),
        ("Error: etcdserver: leader changed", _etcd_probe.UNREACHABLE),
        ("Error: etcdserver: no leader", _etcd_probe.UNREACHABLE),
        ("Error: etcdserver: server stopped", _etcd_probe.UNREACHABLE),
        ("code = Unavailable desc = transport is closing", _etcd_probe.UNREACHABLE),
        ("desc = error reading from server: EOF", _etcd_probe.UNREACHABLE),
        (
            "etcdserver: request timed out, possibly due to connection lost",
            _etcd_probe.UNREACHABLE,
        ),
    ],
)
def test_explain(said: str, kind: str) -> None:
    problem = _etcd_probe.explain(said)
    assert problem is not None
    assert problem.kind == kind
    assert problem.remedy
    assert not problem.what.endswith(".")


def test_explain_does_not_guess() -> None:
    assert _etcd_probe.explain("Error: context deadline exceeded") is None


def test_nothing_listens(unused_port: int) -> None:
    connection = _etcd.Connection((f"https://127.0.0.1:{unused_port}",))
    problem = _etcd_probe.probe(connection.endpoints, connection)
    assert problem.kind == _etcd_probe.UNREACHABLE
    assert "refused" in problem.what


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize(
    ("answer", "what", "remedy"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", "etcd speaks plain HTTP there", "Write http://"),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "TLS fails", "whether it is etcd"),
        (b"SSH-2.0-OpenSSH\r\n", "TLS fails", "whether it is etcd"),
        (b"", "TLS fails", "whether it is etcd"),
    ],
    ids=["etcd without TLS", "etcd with TLS", "not etcd", "silent"],
)
def test_tls_that_is_broken_off(answer: bytes, what: str, remedy: str, reset: bool) -> None:
    with closes_on_tls(answer, reset) as port:
        connection = _etcd.Connection((f"https://127.0.0.1:{port}",), timeout=5)
        problem = _etcd_probe.probe(connection.endpoints, connection)
    assert problem.kind == _etcd_probe.CERTIFICATE
    assert what in problem.what
    assert remedy in problem.remedy


@contextlib.contextmanager
def closes_on_tls(answer: bytes, reset: bool) -> Iterator[int]:
    """A server that closes a connection in TLS, by a reset or not, and answers any other."""

    def serve() -> None:
        for dummy in range(2):  # the knock in TLS and the one in plain HTTP
            plain, dummy_address = server.accept()
            with plain:
                if plain.recv(4096)[:1] != TLS_HANDSHAKE:
                    plain.sendall(answer)
                elif reset:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_etcdctl_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Exception, match="etcd-client"):
        _etcd.Etcd(_etcd.Connection(("http://127.0.0.1:1",))).get("/x")
