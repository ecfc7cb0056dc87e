# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role etcd's certificates, made on this machine into temporary folders."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.roles.playing import inventory, play

# What makes certificates: the inspection, the stop at others, authority and leaves.
PLAYBOOK = """\
- name: Certificates only
  hosts: container_net
  gather_facts: false
  tasks:
    - name: Inspect
      ansible.builtin.include_role:
        name: netfabric.container_net.etcd
        tasks_from: "{{ item }}"
        public: true
      loop: [inspect, foreign, pki]
      vars:
        __etcd_certificates: "{{ __etcd_member_certificates }}"
        __etcd_programs: []
        __etcd_unit: ""
        __etcd_wanted_files: []
"""


class Cluster:
    """A controller's folder and one host's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = folder / "host" / "pki"
        self.authority = folder / ".pki" / "container_net"
        self.playbook = folder / "play.yml"
        self.playbook.write_text(PLAYBOOK)

    def run(self, *words: str, **variables: Any) -> tuple[int, str]:
        """Run the certificate part with more variables."""
        own = {
            "container_net_ip": "192.0.2.7",
            "__etcd_pki": str(self.host),
            "__etcd_pending_file": str(self.folder / "host" / "pending" / "etcd"),
            "__etcd_user": "root",
            # The role asks the Python that the gathered facts name.
            "ansible_facts": {"python": {"executable": sys.executable}},
            **variables,
        }
        hosts = inventory(self.folder, {"container_net": {"node1": {}}})
        return play(self.playbook, self.folder, "-i", hosts, "-e", json.dumps(own), *words)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A cluster whose certificates were made; tests copy it before they spoil it."""
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    code, text = made.run()
    assert code == 0, text
    return made


@pytest.fixture
def copied(cluster: Cluster, tmp_path: Path) -> Cluster:
    """The cluster to spoil."""
    shutil.copytree(cluster.folder, tmp_path, dirs_exist_ok=True)
    return Cluster(tmp_path)


def openssl(*words: str) -> str:
    """What openssl prints."""
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout


def changed(text: str) -> int:
    """How many tasks changed something on node1."""
    found = re.search(r"node1 : ok=\d+ changed=(\d+)", text)
    assert found, text
    return int(found.group(1))


def fingerprint(path: Path) -> str:
    text = openssl("x509", "-in", str(path), "-noout", "-fingerprint", "-sha256")
    return text.partition("=")[2].strip().lower()


def test_keys_are_guarded_and_certificates_are_for_their_use(cluster: Cluster) -> None:
    assert cluster.authority.stat().st_mode & 0o777 == 0o700
    for path in (
        cluster.authority / "ca.key",
        cluster.host / "member.key",
        cluster.host / "admin.key",
    ):
        assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in cluster.host.iterdir()) == [
        "admin.crt",
        "admin.key",
        "ca.crt",
        "member.crt",
        "member.key",
    ]
    for name in ("member", "admin"):
        words = [
            "verify",
            "-CAfile",
            str(cluster.host / "ca.crt"),
            str(cluster.host / f"{name}.crt"),
        ]
        assert "OK" in openssl(*words)
    member = openssl("x509", "-in", str(cluster.host / "member.crt"), "-noout", "-text")
    assert "DNS:localhost, IP Address:127.0.0.1, IP Address:192.0.2.7, DNS:node1" in member
    assert "TLS Web Server Authentication, TLS Web Client Authentication" in member
    admin = openssl("x509", "-in", str(cluster.host / "admin.crt"), "-noout", "-text")
    assert "Subject: CN = root" in admin
    assert "TLS Web Server Authentication" not in admin
    assert "Alternative Name" not in admin


def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    code, text = cluster.run()
    assert (code, changed(text)) == (0, 0)


def test_no_key_is_printed(copied: Cluster) -> None:
    (copied.host / "member.key").unlink()
    code, text = copied.run("-vvv", "--diff")
    assert code == 0
    assert "PRIVATE KEY" not in text


def test_a_certificate_that_nears_its_end_is_renewed_with_its_key(copied: Cluster) -> None:
    before = {path.name: path.read_bytes() for path in copied.host.iterdir()}
    code, text = copied.run(etcd_certificate_renew_days=400, etcd_certificate_days=500)
    assert (code, changed(text)) == (0, 1)
    after = {path.name: path.read_bytes() for path in copied.host.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"admin.crt", "member.crt"}


def test_other_names_make_only_that_certificate_anew(copied: Cluster) -> None:
    admin = (copied.host / "admin.crt").read_bytes()
    code, dummy = copied.run(etcd_certificate_names=["IP:192.0.2.99"])
    assert code == 0
    member = openssl("x509", "-in", str(copied.host / "member.crt"), "-noout", "-text")
    assert "192.0.2.99" in member
    assert (copied.host / "admin.crt").read_bytes() == admin


def test_check_mode_says_what_it_would_make_and_makes_nothing(copied: Cluster) -> None:
    (copied.host / "admin.crt").unlink()
    code, text = copied.run("--check")
    assert code == 0
    assert "Would make admin.crt" in text
    assert not (copied.host / "admin.crt").exists()


@pytest.mark.long
def test_another_authority_stops_the_run_and_both_fingerprints_are_named(copied: Cluster) -> None:
    theirs = fingerprint(copied.host / "ca.crt")
    shutil.rmtree(copied.authority)
    code, text = copied.run()
    assert code != 0
    assert "(there is none)" in text
    assert not copied.authority.exists()
    shutil.copytree(copied.host, copied.folder / "kept")
    shutil.rmtree(copied.host)
    assert copied.run()[0] == 0
    ours = fingerprint(copied.authority / "ca.crt")
    shutil.rmtree(copied.host)
    shutil.move(copied.folder / "kept", copied.host)
    code, text = copied.run()
    assert code != 0
    assert theirs in text
    assert ours in text
    assert fingerprint(copied.host / "ca.crt") == theirs
    code, text = copied.run(etcd_ca_replace=True)
    assert code == 0, text
    assert fingerprint(copied.host / "ca.crt") == ours
    assert (copied.folder / "host/pending/flanneld").exists()
    assert changed(copied.run()[1]) == 0


@pytest.mark.long
def test_the_authority_lies_in_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run finds it there."""
    cluster = Cluster(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for expected in (True, False):
        code, text = cluster.run(etcd_pki_dir="~/pki")
        assert (code, changed(text) > 0) == (0, expected), text
    assert (tmp_path / "home/pki/ca.key").is_file()


@pytest.mark.long
def test_the_member_that_trusts_another_authority_is_noted_before_anything_fails(
    copied: Cluster,
) -> None:
    shutil.rmtree(copied.authority)
    shutil.copytree(copied.host, copied.folder / "kept")
    shutil.rmtree(copied.host)
    assert copied.run(etcd_ca_passphrase="correct horse")[0] == 0
    shutil.rmtree(copied.host)
    shutil.move(copied.folder / "kept", copied.host)
    pending = copied.folder / "host/pending/etcd"
    assert not pending.exists(), "a member that starts for the first time needs no restart"
    code, text = copied.run(etcd_ca_replace=True, etcd_ca_passphrase="wrong", etcd_users=[])
    assert code != 0, text
    ours = fingerprint(copied.authority / "ca.crt")
    assert fingerprint(copied.host / "ca.crt") == ours, "it failed before it came to that"
    assert pending.exists()


@pytest.mark.long
def test_the_authoritys_key_can_have_a_passphrase(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    code, text = cluster.run(etcd_ca_passphrase="correct horse")
    assert code == 0, text
    assert "ENCRYPTED" in (cluster.authority / "ca.key").read_text()
    assert "correct horse" not in text
    assert changed(cluster.run(etcd_ca_passphrase="correct horse")[1]) == 0


FORESEE = """\
- name: The variables only
  hosts: container_net
  gather_facts: false
  tasks:
    - name: Look at them
      ansible.builtin.import_role:
        name: netfabric.container_net.etcd
        tasks_from: foresee
"""


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, ""),
        ({"etcd_pki_dir": "~/pki"}, ""),
        ({"etcd_pki_dir": "pki"}, "etcd_pki_dir: pki: this path is not absolute"),
        ({"etcd_users": [{"name": "a.b-c_9"}, {"name": "_d"}]}, ""),
        ({"etcd_users": [{"name": "member"}]}, "etcd_users[].name: member: this role has files"),
        ({"etcd_users": [{"name": "ca"}, {"name": "x"}, {"name": "root"}]}, ": ca, root: this"),
        ({"etcd_users": [{"name": "x"}, {"name": "y"}, {"name": "x"}]}, "more than once"),
        ({"etcd_users": [{"name": "../up"}]}, "etcd_users[].name: ../up: it names files"),
        ({"etcd_users": [{"name": ".x"}]}, "etcd_users[].name: .x: it names files"),
        ({"etcd_users": [{"name": "-x"}]}, "etcd_users[].name: -x: it names files"),
        ({"etcd_users": [{"name": "x\n"}]}, "it names files"),
    ],
)
def test_values_that_are_refused_before_any_change(
    tmp_path: Path, variables: dict[str, Any], words: str
) -> None:
    cluster = Cluster(tmp_path)
    cluster.playbook.write_text(FORESEE)
    code, text = cluster.run(**variables)
    assert (code != 0) == bool(words), text
    assert words in text
