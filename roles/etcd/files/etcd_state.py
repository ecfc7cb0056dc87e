# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out, in one task and without changing anything, what a host lacks of what role etcd wants.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout. Nothing secret
is read into the answer: of keys only owner, mode and the public half are looked at.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import importlib.util
import ipaddress
import json
import os
import pwd
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

PERMISSIONS = ("read", "write", "readwrite")  # etcd's permType 0, 1, 2
Permission = tuple[str, bytes, bytes]  # type, key, end of the range (b"" = this key alone)


def fingerprint(path: Path) -> str:
    """SHA-256 of a PEM certificate as colon-separated hex, '' where there is none."""
    if not path.exists():
        return ""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    digest = x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256())
    return ":".join(f"{byte:02x}" for byte in digest)


def signed_by(certificate: Any, authority: Any) -> bool:
    """Whether authority's key made certificate's signature (ECDSA and RSA authorities)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key = authority.public_key()
    signature, body = certificate.signature, certificate.tbs_certificate_bytes
    algorithm = certificate.signature_hash_algorithm
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, body, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, body, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def names_of(certificate: Any) -> list[str]:
    """The subject alternative names as sorted ``DNS:…`` and ``IP:…``."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    found = [f"DNS:{name}" for name in names.get_values_for_type(x509.DNSName)]
    found += [f"IP:{address}" for address in names.get_values_for_type(x509.IPAddress)]
    return sorted(found)


def canonical(name: str) -> str:
    """One spelling for an address in a subject alternative name."""
    kind, dummy, value = name.partition(":")
    return f"IP:{ipaddress.ip_address(value)}" if kind == "IP" else name


def certificate_problem(
    pki: Path, wanted: dict[str, Any], renew_before_days: int, now: datetime.datetime
) -> str:
    """Why the certificate has to be made (again), '' when it is good."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    cert_path, key_path = pki / f"{wanted['name']}.crt", pki / f"{wanted['name']}.key"
    for path in (cert_path, key_path):
        if not path.exists():
            return f"{path} is missing"
    status = key_path.stat()
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = str(status.st_uid)
    if owner != wanted["owner"] or status.st_mode & 0o777 != 0o600:
        return f"{key_path} belongs to {owner} with mode {status.st_mode & 0o777:04o}"
    try:
        certificate = x509.load_pem_x509_certificate(cert_path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        return f"{cert_path} and its key cannot be read: {error}"
    plain = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*plain) != certificate.public_key().public_bytes(*plain):
        return f"{cert_path} does not belong to its key"
    ca_path = pki / "ca.crt"
    if not ca_path.exists():
        return f"{ca_path} is missing"
    if not signed_by(certificate, x509.load_pem_x509_certificate(ca_path.read_bytes())):
        return f"{cert_path} is not signed by {ca_path}"
    common = [
        str(part.value)
        for part in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    ]
    common_name = wanted.get("common_name", wanted["name"])
    if common != [common_name]:
        return f"{cert_path} is for {common}, wanted is {common_name}"
    names = sorted(canonical(name) for name in wanted["names"])
    if names_of(certificate) != names:
        return f"{cert_path} names {names_of(certificate)}, wanted are {names}"
    # not_valid_after_utc exists from cryptography 42 on, the other one is deprecated there.
    end = getattr(certificate, "not_valid_after_utc", None)
    if end is None:
        end = certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
    left = end - now
    if left < datetime.timedelta(days=renew_before_days):
        return f"{cert_path} ends on {end:%Y-%m-%d}, in {left.days} days"
    return ""


def differing_files(wanted: list[dict[str, str]]) -> list[str]:
    """Paths whose content has another SHA-256 than wanted, or that are missing."""
    return [
        item["path"]
        for item in wanted
        if not os.path.isfile(item["path"])
        or hashlib.sha256(Path(item["path"]).read_bytes()).hexdigest() != item["sha256"]
    ]


def run(command: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command without a shell; stdout and stderr as text."""
    return subprocess.run(
        command,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def unit_state(unit: str) -> dict[str, bool]:
    """Whether systemd has the unit active and enabled."""
    answer = run(["systemctl", "show", "-p", "ActiveState,UnitFileState", unit]).stdout
    lines = dict(line.partition("=")[::2] for line in answer.splitlines())
    return {
        "active": lines.get("ActiveState") in ("active", "activating", "reloading"),
        "enabled": lines.get("UnitFileState") == "enabled",
    }


def settings_in(path: Path) -> list[str]:
    """Lines of a defaults file that set something."""
    if not path.exists():
        return []
    lines = (line.strip() for line in path.read_text(errors="replace").splitlines())
    return [line.partition("=")[0] for line in lines if line and not line.startswith("#")]


def range_end(key: bytes) -> bytes:
    """The end of the range of all keys that begin with key, as etcdctl --prefix computes it."""
    stripped = key.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else b"\0"


def wanted_permissions(user: dict[str, Any]) -> list[Permission]:
    """A user's permissions from the role's variable, in etcd's terms."""
    found = []
    for item in user["permissions"]:
        key = item["key"].encode()
        found.append((item["type"], key, range_end(key) if item.get("prefix") else b""))
    return sorted(found)


def present_permissions(answer: dict[str, Any]) -> list[Permission]:
    """The permissions in what ``etcdctl -w json role get`` printed."""
    return sorted(
        (
            PERMISSIONS[item.get("permType", 0)],
            base64.b64decode(item.get("key", "")),
            base64.b64decode(item.get("range_end", "")),
        )
        for item in answer.get("perm") or []
    )


def access_commands(
    wanted: list[dict[str, Any]], present: dict[str, Any], authentication: bool = True
) -> list[str]:
    """The etcdctl commands that lead from present to wanted (pure).

    present: {"enabled": bool, "users": {name: [roles]}, "roles": {name: [Permission]}}. Without
    authentication users and roles stay as they are, and nobody asks for them.
    """
    if not authentication:
        return ["etcdctl auth disable"] if present["enabled"] else []
    commands: list[list[str]] = []
    users, roles = present["users"], present["roles"]
    if "root" not in users:
        commands.append(["user", "add", "root", "--no-password"])
    if "root" not in users.get("root", []):
        commands.append(["user", "grant-role", "root", "root"])
    for user in wanted:
        name = user["name"]
        if name not in users:
            commands.append(["user", "add", name, "--no-password"])
        if name not in roles:
            commands.append(["role", "add", name])
        have, want = roles.get(name, []), wanted_permissions(user)
        for dummy, key, end in [item for item in have if item not in want]:
            commands.append(["role", "revoke-permission", name, key.decode()])
            if end:
                commands[-1] += [end.decode()]
        for kind, key, end in [item for item in want if item not in have]:
            commands.append(["role", "grant-permission", name, kind, key.decode()])
            if end:
                commands[-1] += [end.decode()]
        if name not in users.get(name, []):
            commands.append(["user", "grant-role", name, name])
    if not present["enabled"]:
        commands.append(["auth", "enable"])
    return [" ".join(shlex.quote(word) for word in ["etcdctl", *command]) for command in commands]


def read_access(
    admin: dict[str, str], outsider: dict[str, str], names: list[str]
) -> dict[str, Any]:
    """Users, roles and whether authentication is on, asked from the running member."""

    def ask(*words: str) -> dict[str, Any]:
        result = run(["etcdctl", "-w", "json", *words], admin)
        return json.loads(result.stdout) if result.returncode == 0 and result.stdout else {}

    # 3.4 has no "auth status"; the member's certificate belongs to no user, so that reading
    # with it works exactly as long as authentication is off.
    probe = run(["etcdctl", "get", "container_net_probe"], outsider)
    users, roles = ask("user", "list").get("users", []), ask("role", "list").get("roles", [])
    return {
        "enabled": probe.returncode != 0,
        "users": {
            name: ask("user", "get", name).get("roles", []) for name in names if name in users
        },
        "roles": {
            name: present_permissions(ask("role", "get", name)) for name in names if name in roles
        },
    }


def client_env(want: dict[str, Any], name: str) -> dict[str, str]:
    """etcdctl's environment for one of the host's certificates."""
    return {
        "ETCDCTL_ENDPOINTS": want["endpoint"],
        "ETCDCTL_CACERT": f"{want['pki_dir']}/ca.crt",
        "ETCDCTL_CERT": f"{want['pki_dir']}/{name}.crt",
        "ETCDCTL_KEY": f"{want['pki_dir']}/{name}.key",
    }


def members_in(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The members in what ``etcdctl -w json member list`` printed; no name: never started."""
    return [
        {
            "name": item.get("name", ""),
            "peer_urls": item.get("peerURLs") or [],
            "client_urls": item.get("clientURLs") or [],
            "learner": bool(item.get("isLearner")),
        }
        for item in answer.get("members") or []
    ]


def ask_etcd(want: dict[str, Any], answer: dict[str, Any]) -> None:
    """Health, members and rights, from the member on this host."""
    admin = client_env(want, "admin")
    health = run(["etcdctl", "endpoint", "health"], admin)
    answer["healthy"] = health.returncode == 0
    answer["health"] = health.stderr.strip() or health.stdout.strip()
    if not answer["healthy"]:
        return
    answer["members"] = members_in(
        json.loads(run(["etcdctl", "-w", "json", "member", "list"], admin).stdout or "{}")
    )
    if want["users"] is not None:
        names = ["root"] + [user["name"] for user in want["users"]]
        present = read_access(admin, client_env(want, "member"), names)
        answer["access"] = access_commands(want["users"], present, want["authentication"])


def has_data(wal_dir: Path) -> bool:
    """Whether a member has data there, as etcd itself decides it.

    A member that joins makes the rest of its folder before it looks for the others.
    """
    return any(path.suffix == ".wal" for path in wal_dir.glob("*"))


def inspect(want: dict[str, Any], now: datetime.datetime) -> dict[str, Any]:
    """Everything the role has to know about this host."""
    pki = Path(want["pki_dir"])
    readable = importlib.util.find_spec("cryptography") is not None
    missing = [path for path in want["programs"] if not os.path.exists(path)]
    if not readable:
        missing.append("cryptography")
    stopped = {"active": False, "enabled": False}
    answer: dict[str, Any] = {
        "missing": missing,
        "authority": fingerprint(pki / "ca.crt") if readable else "",
        "certificates": {},
        "files": differing_files(want["files"]),
        "pending": os.path.exists(want["pending"]),
        "data": has_data(Path(want["wal_dir"])),
        "starting": os.path.exists(want["start_file"]),
        "unit": unit_state(want["unit"]) if want["unit"] else stopped,
        "timer": unit_state(want["timer"]) if want["unit"] else stopped,
        "strangers_settings": settings_in(Path("/etc/default/etcd")) if want["unit"] else [],
        "healthy": False,
        "health": "",
        "members": [],
        "access": [],
    }
    for item in want["certificates"]:
        problem = "python3-cryptography is missing"
        if readable:
            problem = certificate_problem(pki, item, want["renew_before_days"], now)
        if problem:
            answer["certificates"][item["name"]] = problem
    # Also where files are to be changed: whether the cluster lives decides how that is done.
    if answer["unit"]["active"] and not missing and (pki / "admin.key").exists():
        ask_etcd(want, answer)
    return answer


def main() -> None:
    """Read what is wanted from argv[1], print what was found."""
    want = json.loads(sys.argv[1])
    print(json.dumps(inspect(want, datetime.datetime.now(datetime.timezone.utc))))


if __name__ == "__main__":
    main()
