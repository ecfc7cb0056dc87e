# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real etcd in a throw-away host, plain or with TLS, and the files that its clients need."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.integration.network.sandbox import ROOT, Sandbox

VERSION = "0.28.7"
DAY = datetime.timedelta(days=1)


def built_flanneld() -> Path:
    """The program as role flannel's method `go` builds it; built once for all checkouts."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "container_net"
    output = cache / "flannel" / VERSION / "go-amd64" / "flanneld"
    build = ROOT / "roles" / "flannel" / "files" / "build_flanneld.py"
    subprocess.run([sys.executable, str(build), VERSION, "amd64", str(output)], check=True)
    return output


class Authority:
    """A certificate authority in a folder; every pair it makes is NAME.crt and NAME.key there."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path = self._write("ca.crt", certificate.public_bytes(serialization.Encoding.PEM))

    def pair(
        self,
        file: str,
        common_name: str,
        addresses: tuple[str, ...] = (),
        ends: datetime.timedelta = DAY,
    ) -> tuple[str, str]:
        """Paths of a certificate and its key; ``ends`` counts from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.timezone.utc)
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * DAY)
            .not_valid_after(now + ends)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        )
        if addresses:
            names = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        plain = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return (
            self._write(f"{file}.crt", certificate.public_bytes(pem)),
            self._write(f"{file}.key", plain),
        )

    def _write(self, name: str, content: bytes) -> str:
        path = self.directory / name
        path.write_bytes(content)
        path.chmod(0o600)
        return str(path)


class Background:
    """A program that runs on a sandbox's host, or in a namespace of it, until it is closed."""

    def __init__(self, sandbox: Sandbox, log: Path, *command: str, netns: str = "") -> None:
        inside = ["ip", "netns", "exec", netns] if netns else []
        line = shlex.join([*inside, *command])
        script = f"{line} >>{shlex.quote(str(log))} 2>&1 </dev/null & echo $!"
        self.pid = int(sandbox.sh(script))
        self.sandbox = sandbox

    def running(self) -> bool:
        # The number is one of the sandbox, which has processes of its own.
        stat = self.sandbox.run("cat", f"/proc/{self.pid}/stat", check=False).stdout
        return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"

    def close(self) -> None:
        """End it and wait until it is gone."""
        if self.running():
            self.sandbox.run("kill", "-TERM", str(self.pid), check=False)
        end = time.monotonic() + 20
        while self.running():
            if time.monotonic() > end:
                self.sandbox.run("kill", "-KILL", str(self.pid), check=False)
            time.sleep(0.05)


class EtcdServer:
    """etcd inside a sandbox's network, with a data folder of its own; ended by its own pid."""

    def __init__(
        self,
        sandbox: Sandbox,
        directory: Path,
        address: str = "127.0.0.1",
        port: int = 2379,
        tls: tuple[str, str, str] | None = None,
    ) -> None:
        scheme = "https" if tls else "http"
        self.endpoint = f"{scheme}://{address}:{port}"
        self.sandbox = sandbox
        command = [
            *("etcd", "--data-dir", str(directory / f"etcd-{port}")),
            *("--listen-client-urls", self.endpoint, "--advertise-client-urls", self.endpoint),
            *("--listen-peer-urls", f"http://127.0.0.1:{port + 1}"),
        ]
        if tls:
            ca, cert, key = tls
            command += ["--trusted-ca-file", ca, "--cert-file", cert, "--key-file", key]
            command += ["--client-cert-auth"]
        self._process = Background(sandbox, directory / f"etcd-{port}.log", *command)

    def wait(self, **options: str) -> None:
        """Return when etcd answers. Options are those of etcdctl, for a client that may ask."""
        for dummy in range(100):
            done = self.ctl("endpoint", "health", check=False, **options)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"etcd does not answer: {done.stderr}")

    def ctl(
        self, *command: str, check: bool = True, **options: str
    ) -> subprocess.CompletedProcess[str]:
        """etcdctl in the sandbox; options become its environment."""
        env = {f"ETCDCTL_{name.upper()}": value for name, value in options.items()}
        return self.sandbox.run(
            "etcdctl",
            *command,
            check=check,
            env={**os.environ, "ETCDCTL_ENDPOINTS": self.endpoint, **env},
        )

    def content(self, **options: str) -> dict[str, str]:
        """All keys with their values."""
        lines = self.ctl("get", "--prefix", "/", **options).stdout.splitlines()
        return dict(zip(lines[::2], lines[1::2]))

    def requests(self, kind: str) -> int:
        """How many requests of a kind (Range, Txn, LeaseGrant) it has had; without TLS only."""
        counter = "tests.integration.flannel.etcd_requests"
        done = self.sandbox.run(sys.executable, "-m", counter, self.endpoint)
        return int(json.loads(done.stdout).get(kind, 0))

    @property
    def pid(self) -> int:
        """Its number on that host."""
        return self._process.pid

    def close(self) -> None:
        self._process.close()


def task(name: str, module: str, **options: Any) -> dict[str, Any]:
    """A task with one of the collection's modules."""
    return {"name": name, f"netfabric.container_net.{module}": options}
