# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role etcd's look at a host: rights in etcd and certificates, as tables."""

from __future__ import annotations

import datetime
import getpass
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.unit.scripts import load

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


state = load("roles/etcd/files/etcd_state.py")

# --- rights ---

FLANNEL = {
    "name": "flannel",
    "permissions": [
        {"type": "read", "key": "/n/config"},
        {"type": "readwrite", "key": "/n/subnets", "prefix": True},
    ],
}
GRANTED = [("read", b"/n/config", b""), ("readwrite", b"/n/subnets", b"/n/subnett")]


def present(enabled: bool = True, **changes: Any) -> dict[str, Any]:
    """etcd set up as wanted, apart from the changes."""
    found = {
        "enabled": enabled,
        "users": {"root": ["root"], "flannel": ["flannel"]},
        "roles": {"root": [], "flannel": GRANTED},
    }
    return {**found, **changes}


ACCESS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "as wanted": (present(), []),
    "virgin": (
        {"enabled": False, "users": {}, "roles": {}},
        [
            "etcdctl user add root --no-password",
            "etcdctl user grant-role root root",
            "etcdctl user add flannel --no-password",
            "etcdctl role add flannel",
            "etcdctl role grant-permission flannel read /n/config",
            "etcdctl role grant-permission flannel readwrite /n/subnets /n/subnett",
            "etcdctl user grant-role flannel flannel",
            "etcdctl auth enable",
        ],
    ),
    "authentication was switched off": (present(enabled=False), ["etcdctl auth enable"]),
    "a right too many": (
        present(roles={"flannel": [*GRANTED, ("write", b"/other", b"/othes")]}),
        ["etcdctl role revoke-permission flannel /other /othes"],
    ),
    "read became readwrite": (
        present(roles={"flannel": [("readwrite", b"/n/config", b""), GRANTED[1]]}),
        [
            "etcdctl role revoke-permission flannel /n/config",
            "etcdctl role grant-permission flannel read /n/config",
        ],
    ),
    "the user lost its role": (
        present(users={"root": ["root"], "flannel": []}),
        ["etcdctl user grant-role flannel flannel"],
    ),
    "the administrator lost the role": (
        present(users={"root": [], "flannel": ["flannel"]}),
        ["etcdctl user grant-role root root"],
    ),
}


@pytest.mark.parametrize(("have", "expected"), ACCESS.values(), ids=ACCESS.keys())
def test_rights_lead_from_what_is_there_to_what_is_wanted(
    have: dict[str, Any], expected: list[str]
) -> None:
    assert state.access_commands([FLANNEL], have) == expected


def test_without_authentication_nothing_is_set_up() -> None:
    assert state.access_commands([FLANNEL], present(), False) == ["etcdctl auth disable"]
    assert state.access_commands([FLANNEL], present(enabled=False), False) == []
    virgin = {"enabled": False, "users": {}, "roles": {}}
    assert state.access_commands([FLANNEL], virgin, False) == []


def test_members_that_etcdctl_prints_are_read() -> None:
    # Printed by etcdctl 3.4.23, shortened; what is false or empty is left out.
    answer = {"members": [{"ID": 1, "peerURLs": ["https://192.0.2.1:2380"], "isLearner": True}]}
    (found,) = state.members_in(answer)
    assert (found["name"], found["learner"], found["client_urls"]) == ("", True, [])
    assert state.members_in({}) == []


def test_a_key_with_a_space_is_quoted() -> None:
    user = {"name": "u", "permissions": [{"type": "read", "key": "a b; c"}]}
    commands = state.access_commands([user], present())
    assert "etcdctl role grant-permission u read 'a b; c'" in commands


@pytest.mark.parametrize(
    ("key", "end"), [(b"/a", b"/b"), (b"a\xff", b"b"), (b"\xff", b"\0"), (b"", b"\0")]
)
def test_the_end_of_a_prefix_is_etcdctls(key: bytes, end: bytes) -> None:
    assert state.range_end(key) == end


def test_what_etcdctl_prints_is_read() -> None:
    # Printed by etcdctl 3.4.23; a zero permType is left out.
    answer = {
        "perm": [
            {"key": "L24vY29uZmln"},
            {"permType": 2, "key": "L24vc3VibmV0cw==", "range_end": "L24vc3VibmV0dA=="},
        ]
    }
    assert state.present_permissions(answer) == GRANTED
    assert state.wanted_permissions(FLANNEL) == GRANTED
    assert state.present_permissions({}) == []


# --- certificates ---


class Authority:
    """A certificate authority for a test."""

    def __init__(self, kind: str = "ec") -> None:
        self.key: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "ec"
            else rsa.generate_private_key(65537, 2048)
        )
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        self.certificate = self.sign(self.name, self.key.public_key(), [], 3650)

    def sign(self, name: x509.Name, key: Any, names: list[Any], days: int) -> x509.Certificate:
        """A certificate for a key that ends in so many days."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 400 * DAY)
            .not_valid_after(NOW + days * DAY + DAY / 2)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())


WANTED = {
    "name": "member",
    "common_name": "etcd-member",
    "owner": getpass.getuser(),
    "names": ["DNS:localhost", "IP:127.0.0.1"],
}


def write_pki(
    folder: Path, authority: Authority, days: int = 365, common_name: str = "etcd-member"
) -> None:
    """ca.crt, member.crt and member.key as the role writes them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    leaf = authority.sign(name, key.public_key(), names, days)
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(authority.certificate.public_bytes(pem))
    (folder / "member.crt").write_bytes(leaf.public_bytes(pem))
    path = folder / "member.key"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )


def problem(folder: Path, **changes: Any) -> str:
    """What the script says about the certificate."""
    found = state.certificate_problem(folder, {**WANTED, **changes}, 30, NOW)
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_good_certificate_has_no_problem(tmp_path: Path, kind: str) -> None:
    write_pki(tmp_path, Authority(kind))
    assert problem(tmp_path) == ""


def remove_certificate(folder: Path) -> None:
    (folder / "member.crt").unlink()


def open_key(folder: Path) -> None:
    (folder / "member.key").chmod(0o644)


def spoil_certificate(folder: Path) -> None:
    (folder / "member.crt").write_text("nonsense")


def replace_authority(folder: Path) -> None:
    certificate = Authority().certificate
    (folder / "ca.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def replace_key(folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    write_pki(other, Authority())
    (folder / "member.key").write_bytes((other / "member.key").read_bytes())


SPOILT: dict[Callable[[Path], None], str] = {
    remove_certificate: "member.crt is missing",
    open_key: "with mode 0644",
    spoil_certificate: "cannot be read",
    replace_authority: "is not signed by",
    replace_key: "does not belong to its key",
}


@pytest.mark.parametrize(
    ("spoil", "words"), SPOILT.items(), ids=lambda v: getattr(v, "__name__", "")
)
def test_a_spoilt_certificate_is_made_again(
    tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    write_pki(tmp_path, Authority())
    spoil(tmp_path)
    assert words in problem(tmp_path)


@pytest.mark.parametrize(("days", "words"), [(29, "in 29 days"), (-1, "ends on"), (31, "")])
def test_a_certificate_is_renewed_before_its_end(tmp_path: Path, days: int, words: str) -> None:
    write_pki(tmp_path, Authority(), days=days)
    found = problem(tmp_path)
    assert words in found if words else found == ""


def test_other_names_make_a_new_certificate(tmp_path: Path) -> None:
    write_pki(tmp_path, Authority())
    assert "wanted are" in problem(tmp_path, names=[*WANTED["names"], "IP:192.0.2.1"])
    assert "is for ['etcd-member'], wanted is root" in problem(tmp_path, common_name="root")
    assert "belongs to" in problem(tmp_path, owner="nobody-at-all")


def test_fingerprints_are_those_of_openssl(tmp_path: Path) -> None:
    write_pki(tmp_path, Authority())
    text = state.fingerprint(tmp_path / "ca.crt")
    assert len(text.split(":")) == 32
    assert state.fingerprint(tmp_path / "nothing") == ""


# --- the rest ---


def test_files_are_compared_by_content(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("x")
    bad.write_text("y")
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    wanted = [{"path": str(path), "sha256": digest} for path in (good, bad, tmp_path / "none")]
    assert state.differing_files(wanted) == [str(bad), str(tmp_path / "none")]


def test_settings_of_a_stranger_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "etcd"
    assert state.settings_in(path) == []
    path.write_text("# ETCD_NAME=x\n\n")
    assert state.settings_in(path) == []
    path.write_text('# comment\nETCD_NAME="x"\n')
    assert state.settings_in(path) == ["ETCD_NAME"]


# --- data ---


def test_data_are_what_etcd_takes_for_data(tmp_path: Path) -> None:
    wal = tmp_path / "member" / "wal"
    assert not state.has_data(wal)
    # So far comes a member that joins before it looks for the others.
    (tmp_path / "member" / "snap").mkdir(parents=True)
    (tmp_path / "member" / "snap" / "db").touch()
    assert not state.has_data(wal)
    wal.mkdir()
    (wal / "0.tmp").touch()
    assert not state.has_data(wal)
    (wal / "0000000000000000-0000000000000000.wal").touch()
    assert state.has_data(wal)
