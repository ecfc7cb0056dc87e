# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the lab's guests find their packages."""

from __future__ import annotations

import pytest

from tests.lab.vmlab.mirror import Mirror, guest_proxy, parse_settings, parse_targets


def _stanza(release: str, component: str, where: str) -> str:
    fields = {"Component": component, "Release": release, "Repo-URI": f"http://{where}/"}
    return "\n".join(f"{name}: {value}" for name, value in fields.items()) + "\n"


def test_only_this_release_of_the_archive_counts() -> None:
    """Other releases, components and repositories are left out."""
    text = "\n".join(
        [
            _stanza("bookworm", "main", "mirror.test/debian"),
            _stanza("bookworm", "contrib", "other.test/debian"),
            _stanza("bookworm-updates", "main", "mirror.test/debian"),
            _stanza("bookworm-security", "main", "mirror.test/security"),
            _stanza("bookworm-backports", "main", "other.test/debian"),
            _stanza("nodistro", "main", "other.test/node"),
            _stanza("bookworm", "main", "second.test/debian"),
        ]
    )
    assert parse_targets(text, "bookworm") == {
        "": "http://mirror.test/debian",
        "-updates": "http://mirror.test/debian",
        "-security": "http://mirror.test/security",
    }


def test_sources_of_another_suite_come_from_the_same_places() -> None:
    """The code name changes, the mirror does not; testing has its main pocket alone."""
    mirror = Mirror({"": "http://m.test/d", "-security": "http://m.test/s"}, {})
    assert mirror.sources("trixie") == [
        "deb http://m.test/d trixie main",
        "deb http://m.test/s trixie-security main",
    ]
    assert mirror.sources("testing") == ["deb http://m.test/d testing main"]


@pytest.mark.parametrize(
    ("here", "guest"),
    [
        ("http://127.0.0.1:3142", "http://10.0.2.2:3142"),
        ("http://localhost:3142/", "http://10.0.2.2:3142/"),
        ("http://user:word@[::1]:3142", "http://user:word@10.0.2.2:3142"),
        ("http://proxy.test:3142", "http://proxy.test:3142"),
        ("http://localhost.test:3142", "http://localhost.test:3142"),
        ("DIRECT", "DIRECT"),
    ],
)
def test_a_proxy_on_this_machine_has_another_name_in_a_guest(here: str, guest: str) -> None:
    """QEMU's user network shows this machine as 10.0.2.2."""
    assert guest_proxy(here) == guest


def test_settings_that_reaching_the_archive_needs() -> None:
    """Dates and proxies are taken over, everything else stays here; apt's own words win."""
    lines = [
        'Acquire::Check-Valid-Until "false";',
        'Acquire::http::Proxy "http://127.0.0.1:3142";',
        'Acquire::Languages "none";',
        'Dir::Etc "etc/apt";',
    ]
    settings = parse_settings(lines, {"http_proxy": "http://proxy.test", "HOME": "/root"})
    assert settings == {
        "Acquire::Check-Valid-Until": "false",
        "Acquire::http::Proxy": "http://127.0.0.1:3142",
    }
    text = Mirror({}, settings).guest_apt_conf()
    assert 'Acquire::http::Proxy "http://10.0.2.2:3142";\n' in text
