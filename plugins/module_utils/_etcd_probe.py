# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why etcd did not answer: from etcdctl's words, or by knocking at the endpoints ourselves."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

UNREACHABLE = "unreachable"
CERTIFICATE = "certificate"
AUTHENTICATION = "authentication"
MEMBERS = "members"
SETTLING = "settling"
DEFAULT_PORT = 2379

_CLOCK = "Compare the clocks of both hosts, and renew the certificate when it is over"
_CA = "Set ca_cert to the authority that signed etcd's certificate"
_CLIENT = (
    "Set client_cert and client_key to a pair that the authority of this etcd has signed and "
    "that is still valid"
)
_ROLE = "Use a user or certificate whose role may do this, for example the administrator's"
_QUORUM = (
    "Start the members that are stopped and wait until they have been connected for some seconds, "
    "or take the lost ones out first"
)
_AGAIN = "Run it again: it begins with a look at what is there"
_MAJORITY = "Run it again; if it stays so, see whether a majority of them runs, and their logs"

# What etcdctl prints (any version) -> kind, what is wrong, what to do. The first match counts.
_SAYINGS: tuple[tuple[str, str, str, str], ...] = (
    ("permission denied", AUTHENTICATION, "this user may not do that", _ROLE),
    (
        "invalid user ID or password",
        AUTHENTICATION,
        "user or password is wrong",
        "Check user and password",
    ),
    (
        "user name is empty",
        AUTHENTICATION,
        "etcd asks for a user and none was given",
        "Set client_cert and client_key, or user and password",
    ),
    ("invalid auth token", AUTHENTICATION, "etcd does not accept the login", "Run it again"),
    (
        "authentication is not enabled",
        AUTHENTICATION,
        "a user is given, but etcd has authentication switched off",
        "Leave out user and password, or enable authentication",
    ),
    (
        "can only promote a learner member which is in sync",
        SETTLING,
        "the learner has not caught up with the others",
        "Look at its etcd's log, and whether its peer port is open",
    ),
    (
        "not enough started members",
        MEMBERS,
        "too few members are running for a change of the members",
        _QUORUM,
    ),
    (
        "etcdserver: unhealthy cluster",
        SETTLING,
        "a member is lost, or has come back only just now",
        _QUORUM,
    ),
    (
        "too many learner members",
        MEMBERS,
        "another member is just joining",
        "Let it get its vote, or take it out, first",
    ),
    ("has expired or is not yet valid", CERTIFICATE, "a certificate is out of its time", _CLOCK),
    (
        "signed by unknown authority",
        CERTIFICATE,
        "etcd's certificate is not from the authority in ca_cert",
        _CA,
    ),
    ("certificate is valid for", CERTIFICATE, "etcd's certificate names other addresses", _CA),
    ("doesn't contain any IP SANs", CERTIFICATE, "etcd's certificate names no address", _CA),
    ("bad certificate", CERTIFICATE, "etcd refuses the client's certificate", _CLIENT),
    ("certificate required", CERTIFICATE, "etcd asks for a client certificate", _CLIENT),
    (
        "private key does not match public key",
        CERTIFICATE,
        "client_key does not belong to client_cert",
        _CLIENT,
    ),
    (
        "failed to find any PEM data",
        CERTIFICATE,
        "client_cert or client_key is not a PEM file",
        _CLIENT,
    ),
    (
        "database space exceeded",
        UNREACHABLE,
        "etcd's database is full (alarm NOSPACE)",
        "Compact and defragment etcd, then disarm the alarm",
    ),
    # etcdctl itself asks again where it only reads; whether a write took place it cannot know.
    # What etcd calls "unavailable": etcd-io/etcd, api/v3rpc/rpctypes/error.go.
    ("leader changed", UNREACHABLE, "the members have chosen another leader meanwhile", _AGAIN),
    ("etcdserver: no leader", UNREACHABLE, "its members have no leader at present", _MAJORITY),
    ("etcdserver: request timed out", UNREACHABLE, "its members did not agree in time", _MAJORITY),
    ("etcdserver: server stopped", UNREACHABLE, "the member is just stopping", _AGAIN),
    # gRPC's words for the end of a connection, up to etcdctl 3.4 and since.
    ("transport is closing", UNREACHABLE, "the connection broke off", _AGAIN),
    ("error reading from server", UNREACHABLE, "the connection broke off", _AGAIN),
    (
        "connection refused",
        UNREACHABLE,
        "nothing listens there",
        "Start etcd, or correct endpoints",
    ),
    (
        "no route to host",
        UNREACHABLE,
        "there is no route to it",
        "Check the network between this host and etcd",
    ),
    (
        "no such host",
        UNREACHABLE,
        "the name has no address",
        "Write an address that this host can resolve",
    ),
)


class Credentials(Protocol):
    """The files that a TLS connection needs, any of them None."""

    @property
    def ca_cert(self) -> str | None:
        """Path of the authority's certificate."""

    @property
    def client_cert(self) -> str | None:
        """Path of our certificate."""

    @property
    def client_key(self) -> str | None:
        """Path of our key."""

    @property
    def timeout(self) -> int:
        """Seconds."""


@dataclass(frozen=True)
class Problem:
    """What keeps us from etcd, and what a person does about it. Both without a full stop."""

    kind: str
    what: str
    remedy: str


def explain(output: str) -> Problem | None:
    """The problem that etcdctl's output names, or None when it names none."""
    for saying, kind, what, remedy in _SAYINGS:
        if saying in output:
            return Problem(kind, what, remedy)
    return None


def probe(endpoints: Sequence[str], credentials: Credentials) -> Problem:
    """Connect to each endpoint as etcdctl would; the first endpoint's problem is returned.

    One that takes the connection and says nothing has no problem of its own.
    """
    problems = [_probe_one(endpoint, credentials) for endpoint in endpoints]
    found = [problem for problem in problems if problem is not None]
    if found:
        return found[0]
    return Problem(
        UNREACHABLE,
        "it takes connections but does not answer in time",
        "Look at etcd's log: a cluster without a majority of its members cannot answer",
    )


def _probe_one(endpoint: str, credentials: Credentials) -> Problem | None:
    url = urlsplit(endpoint)
    address = url.hostname or "", url.port or DEFAULT_PORT
    try:
        plain = socket.create_connection(address, timeout=min(credentials.timeout, 5))
    except OSError as error:
        return Problem(
            UNREACHABLE,
            f"{endpoint} cannot be reached ({_reason(error)})",
            "Start etcd, open its port in the firewall, or correct endpoints",
        )
    with plain:
        if url.scheme == "https":
            return _probe_tls(plain, address, credentials)
        return _probe_plain(plain, address[0])


def _probe_tls(
    plain: socket.socket, address: tuple[str, int], credentials: Credentials
) -> Problem | None:
    try:
        context = ssl.create_default_context(cafile=credentials.ca_cert)
        if credentials.client_cert:
            context.load_cert_chain(credentials.client_cert, credentials.client_key)
    except (ssl.SSLError, OSError) as error:
        return Problem(CERTIFICATE, f"a certificate file cannot be used ({error})", _CLIENT)
    # In TLS 1.3 the server's verdict on our certificate comes after the handshake.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    try:
        with context.wrap_socket(plain, server_hostname=address[0]):
            return None
    except ssl.SSLCertVerificationError as error:
        said = error.verify_message
        remedy = _CLOCK if "expired" in said or "not yet valid" in said else _CA
        return Problem(CERTIFICATE, f"etcd's certificate is not accepted ({said})", remedy)
    except ssl.SSLError as error:
        said = error.reason or str(error)
        if "ALERT" in said:
            return Problem(
                CERTIFICATE, f"etcd refuses the client's certificate ({_words(said)})", _CLIENT
            )
        return _broken_off(address, plain.gettimeout(), _words(said))
    except socket.timeout:
        return None  # it is too busy even for that
    except OSError as error:
        return _broken_off(address, plain.gettimeout(), _reason(error))


def _broken_off(address: tuple[str, int], timeout: float | None, reason: str) -> Problem:
    """Why a handshake ended without a word.

    An etcd without TLS just closes the connection, which arrives as its end or as a reset, so
    only a second knock, in plain HTTP, tells it from others.
    """
    try:
        with socket.create_connection(address, timeout=timeout) as plain:
            without_tls = _speaks_http(plain, address[0])
    except OSError:
        without_tls = False
    if without_tls:
        return Problem(
            CERTIFICATE,
            "etcd speaks plain HTTP there, and the endpoint says https",
            "Write http://, or set this etcd up for TLS",
        )
    return Problem(
        CERTIFICATE,
        f"TLS fails ({reason})",
        "See whether it is etcd that listens there, and in its log why it ends the connection",
    )


def _probe_plain(plain: socket.socket, host: str) -> Problem | None:
    """Whether a plain endpoint really speaks plain HTTP."""
    try:
        if _speaks_http(plain, host):
            return None
    except socket.timeout:
        return None
    except OSError as error:
        return Problem(UNREACHABLE, f"it closes the connection ({_reason(error)})", _TLS)
    return Problem(CERTIFICATE, "etcd speaks TLS there, and the endpoint says http", _TLS)


def _speaks_http(plain: socket.socket, host: str) -> bool:
    # To a TLS port in Go, a request in plain HTTP is a bad one (400).
    plain.sendall(f"GET /version HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    answer = plain.recv(64)
    return answer.startswith(b"HTTP/") and b" 400 " not in answer


_TLS = "Write https:// and set ca_cert, client_cert and client_key"


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _words(reason: str) -> str:
    """``TLSV1_ALERT_UNKNOWN_CA`` in words."""
    return reason.replace("_", " ").lower()
