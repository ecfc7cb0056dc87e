# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""etcd, API v3, through ``etcdctl -w json``: the only place that starts that program.

The JSON gateway would need no program, but it refuses users that are known by their
certificate. Secrets reach etcdctl through its environment and through stdin, never through
its arguments, where every user of the host could read them.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._errors import (
    ContainerNetError,
    HostError,
    OptionError,
)
from ._etcd_probe import (
    AUTHENTICATION,
    CERTIFICATE,
    MEMBERS,
    SETTLING,
    Problem,
    explain,
    probe,
)

# etcd itself refuses a transaction of more operations (--max-txn-ops).
MAX_TXN_OPS = 128


class EtcdError(ContainerNetError):
    """etcd could not do what was asked."""


class EtcdUnreachableError(EtcdError):
    """No endpoint answered."""


class EtcdCertificateError(EtcdError):
    """One side does not accept the other's certificate."""


class EtcdAuthError(EtcdError):
    """etcd knows who asks, or does not, and refuses."""


class EtcdMemberError(EtcdError):
    """The cluster does not let its members be changed like that."""


class EtcdSettlingError(EtcdMemberError):
    """Not yet: a learner has to catch up, or members that have just come have to stay."""


@dataclass(frozen=True)
class Connection:
    """How to reach etcd. ``timeout`` is in seconds and counts for each command."""

    endpoints: tuple[str, ...]
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    user: str | None = None
    password: str | None = None
    timeout: int = 10


@dataclass(frozen=True)
class KeyValue:
    """One key as etcd holds it; ``lease`` is 0 for a key without one."""

    key: str
    value: str
    create_revision: int
    mod_revision: int
    lease: int


@dataclass(frozen=True)
class Put:
    """Write ``value`` under ``key``; with ``lease`` the key goes when that lease ends."""

    key: str
    value: str
    lease: int = 0

    def line(self) -> str:
        """The operation as etcdctl's ``txn`` reads it."""
        lease = f" --lease={self.lease:x}" if self.lease else ""
        return f"put{lease} {_quote(self.key)} {_quote(self.value)}"


@dataclass(frozen=True)
class Delete:
    """Remove ``key``; a key that is not there is no error."""

    key: str

    def line(self) -> str:
        """The operation as etcdctl's ``txn`` reads it."""
        return f"del {_quote(self.key)}"


@dataclass(frozen=True)
class Unchanged:
    """A condition: ``key`` was last written at ``mod_revision``; 0 says that it does not exist."""

    key: str
    mod_revision: int = 0

    def line(self) -> str:
        """The condition as etcdctl's ``txn`` reads it."""
        if self.mod_revision == 0:
            return f'create({_quote(self.key)}) = "0"'
        return f'mod({_quote(self.key)}) = "{self.mod_revision}"'


def connection_spec(required: bool) -> dict[str, Any]:
    """The options for reaching etcd; documented in doc_fragments/etcd.py."""
    return {
        "endpoints": {"type": "list", "elements": "str", "required": required},
        "ca_cert": {"type": "path"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "timeout": {"type": "int", "default": 10},
    }


def check_timeout(params: Mapping[str, Any]) -> None:
    """Raises OptionError for a timeout that etcdctl cannot have."""
    timeout = params["timeout"]
    if not 1 <= timeout <= 300:
        raise OptionError(
            "timeout", timeout, "it must be from 1 to 300 seconds", "Choose another value"
        )


def connection_from_params(params: Mapping[str, Any]) -> Connection:
    """Turn a module's connection options into a Connection.

    Raises OptionError for values that cannot work: no endpoint, half a key pair, a file that
    is missing, a password without a user.
    """
    endpoints = tuple(params["endpoints"] or ())
    if not endpoints:
        raise OptionError("endpoints", [], "no endpoint is given", "Name at least one URL")
    for endpoint in endpoints:
        scheme, sep, rest = endpoint.partition("://")
        if not sep or scheme not in ("http", "https") or not rest or "," in rest:
            raise OptionError(
                "endpoints",
                endpoint,
                "this is not a URL of etcd",
                "Write http://ADDRESS:PORT or https://ADDRESS:PORT, one URL an entry",
            )
    for option in ("ca_cert", "client_cert", "client_key"):
        path = params[option]
        if path is None:
            continue
        if not os.path.isfile(path):
            raise OptionError(option, path, "there is no such file on this host", "Check the path")
        if not os.access(path, os.R_OK):
            raise OptionError(option, path, "the file cannot be read", "Run as root")
    _check_pair(params, "client_cert", "client_key")
    _check_pair(params, "client_key", "client_cert")
    if params["password"] and not params["user"]:
        raise OptionError("password", "(hidden)", "no user is given", "Set user as well")
    if params["user"] and params["password"] is None:
        raise OptionError("user", params["user"], "no password is given", "Set password as well")
    return Connection(
        endpoints=endpoints,
        ca_cert=params["ca_cert"],
        client_cert=params["client_cert"],
        client_key=params["client_key"],
        user=params["user"],
        password=params["password"],
        timeout=params["timeout"],
    )


def _check_pair(params: Mapping[str, Any], given: str, missing: str) -> None:
    if params[given] and not params[missing]:
        raise OptionError(
            given,
            params[given],
            f"{missing} is not given, and etcd uses a certificate only together with its key",
            f"Set {missing} as well",
        )


def environment(connection: Connection, base: Mapping[str, str]) -> dict[str, str]:
    """The environment for etcdctl: ``base`` without foreign ETCDCTL_* settings, plus ours."""
    env = {name: value for name, value in base.items() if not name.startswith("ETCDCTL_")}
    settings = {
        "ENDPOINTS": ",".join(connection.endpoints),
        "CACERT": connection.ca_cert,
        "CERT": connection.client_cert,
        "KEY": connection.client_key,
        "USER": connection.user,
        "PASSWORD": connection.password,
        "DIAL_TIMEOUT": f"{connection.timeout}s",
        "COMMAND_TIMEOUT": f"{connection.timeout}s",
    }
    env.update({f"ETCDCTL_{name}": value for name, value in settings.items() if value is not None})
    env["LC_ALL"] = "C"
    return env


class Etcd:
    """etcd's commands that this collection needs. Every method raises EtcdError or HostError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> KeyValue | None:
        """The key, or None when it does not exist."""
        found = _key_values(self.run(["get", "--", key]))
        return found[0] if found else None

    def get_prefix(self, prefix: str) -> list[KeyValue]:
        """All keys that begin with ``prefix``, in the order of their names."""
        return _key_values(self.run(["get", "--prefix", "--", prefix]))

    def txn(self, conditions: Sequence[Unchanged], operations: Sequence[Put | Delete]) -> bool:
        """Do all ``operations`` if all ``conditions`` hold, else nothing; say which it was."""
        if len(operations) > MAX_TXN_OPS or len(conditions) > MAX_TXN_OPS:
            raise EtcdError(f"a transaction takes at most {MAX_TXN_OPS} operations")
        parts = [[item.line() for item in conditions], [item.line() for item in operations], []]
        text = "".join("".join(f"{line}\n" for line in part) + "\n" for part in parts)
        answer = self.run(["txn"], text)
        return bool(answer.get("succeeded", False))

    def lease_grant(self, ttl: int) -> int:
        """A new lease of ``ttl`` seconds; its number."""
        return int(self.run(["lease", "grant", str(ttl)])["ID"])

    def lease_revoke(self, lease: int) -> None:
        """End a lease and delete all its keys."""
        self.run(["lease", "revoke", f"{lease:x}"])

    def lease_keep_alive(self, lease: int) -> None:
        """Give a lease its full time again."""
        self.run(["lease", "keep-alive", "--once", f"{lease:x}"])

    def lease_keys(self, lease: int) -> list[str] | None:
        """The keys that are bound to a lease; None when it ended."""
        answer = self.run(["lease", "timetolive", "--keys", f"{lease:x}"])
        if int(answer.get("ttl", -1)) < 0:
            return None
        return [_decode(key) for key in answer.get("keys") or []]

    def healthy(self) -> bool:
        """Whether every endpoint serves requests."""
        answer = self.run(["endpoint", "health"])
        return all(entry.get("health") is True for entry in answer)

    def run(self, arguments: Sequence[str], stdin: str = "") -> Any:
        """What ``etcdctl -w json`` prints for these arguments."""
        text = self._call(arguments, "json", stdin)
        try:
            return json.loads(text)
        except ValueError:
            words = " ".join(arguments[:2])
            raise EtcdError(f"etcdctl {words}: the answer is not JSON: {text!r}.") from None

    def tell(self, arguments: Sequence[str]) -> None:
        """Run a command whose answer does not matter.

        etcdctl before 3.5.20 has no JSON for a promotion, and dies when it should print it, after
        the promotion (etcd-io/etcd pull request 19602).
        """
        self._call(arguments, "simple")

    def _call(self, arguments: Sequence[str], form: str, stdin: str = "") -> str:
        """What etcdctl prints in that form."""
        program = shutil.which("etcdctl")
        if program is None:
            raise HostError(
                "etcdctl: the program is not on this host. Install the package that has it "
                "(Debian: etcd-client)."
            )
        command = [program, "-w", form, *arguments]
        try:
            done = subprocess.run(
                command,
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                env=environment(self._connection, os.environ),
                timeout=3 * self._connection.timeout + 10,
            )
        except subprocess.TimeoutExpired:
            raise self._error(arguments, "context deadline exceeded") from None
        if done.returncode != 0:
            raise self._error(arguments, done.stderr + done.stdout)
        return done.stdout

    def _error(self, arguments: Sequence[str], output: str) -> EtcdError:
        """The error that says what to do, from what etcdctl printed and, if need be, a look."""
        connection = self._connection
        problem = explain(output)
        if problem is None and "deadline exceeded" in output:
            # etcdctl 3.4 keeps the reason to itself: find out what stands in the way.
            problem = probe(connection.endpoints, connection)
        where = ", ".join(connection.endpoints)
        if problem is None:
            said = output.strip().splitlines()[-1] if output.strip() else "nothing"
            return EtcdError(f"etcd at {where}: etcdctl {arguments[0]} failed: {said}")
        return _KINDS.get(problem.kind, EtcdUnreachableError)(_message(where, problem))


_KINDS: dict[str, type[EtcdError]] = {
    CERTIFICATE: EtcdCertificateError,
    AUTHENTICATION: EtcdAuthError,
    MEMBERS: EtcdMemberError,
    SETTLING: EtcdSettlingError,
}


def _message(where: str, problem: Problem) -> str:
    return f"etcd at {where}: {problem.what}. {problem.remedy}."


def _quote(text: str) -> str:
    """A string as etcdctl's ``txn`` reads it; JSON's escapes are a part of Go's."""
    return json.dumps(text, ensure_ascii=False)


def _decode(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace")


def _key_values(answer: Mapping[str, Any]) -> list[KeyValue]:
    return [
        KeyValue(
            key=_decode(entry["key"]),
            value=_decode(entry.get("value", "")),
            create_revision=int(entry["create_revision"]),
            mod_revision=int(entry["mod_revision"]),
            lease=int(entry.get("lease", 0)),
        )
        for entry in answer.get("kvs") or []
    ]
