# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role common's account of packages, with the real dpkg and apt on a copy of this machine's root.

The copy is an overlay in a mount namespace of its own: what is installed there stays there.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "roles/common/files/packages"
# Enters the copy ($1 is a folder for it) and runs the script on stdin there.
COPY = """
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root" "$1/debs"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
cat >"$1/root/program"
exec chroot "$1/root" sh -eu /program
"""
PREPARE = """
package() { # NAME [DEPENDS [RECOMMENDS]]
    mkdir -p "/debs/$1/DEBIAN"
    {
        printf 'Package: %s\\nVersion: 1\\nArchitecture: all\\n' "$1"
        printf 'Maintainer: nobody <nobody@example.org>\\nDescription: a test\\n'
        if [ -n "${2:-}" ]; then echo "Depends: $2"; fi
        if [ -n "${3:-}" ]; then echo "Recommends: $3"; fi
    } >"/debs/$1/DEBIAN/control"
    dpkg-deb --build "/debs/$1" "/debs/$1.deb" >&2
}
get() { for name; do dpkg --install "/debs/$name.deb" >&2; done; }
account() { sh -s -- "$1" </packages | sed "s/^/$1: /"; }
there() {
    dpkg-query -W -f '${db:Status-Status} ${Package}\\n' 'cnt-*' | sed -n 's/^installed /there: /p'
}
package cnt-early
package cnt-library
package cnt-tool cnt-library
package cnt-shared
package cnt-users cnt-shared
package cnt-wishes '' 'cnt-other (>= 2) | cnt-library, cnt-more'
get cnt-early
apt-mark auto cnt-early >&2
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "copy"
    folder.mkdir()
    yield folder
    assert not list(folder.iterdir()), "the copy was mounted outside its namespace"


def on_a_copy(folder: Path, program: str) -> list[str]:
    """What a shell program prints that runs on a copy of this machine."""
    text = (
        f"cat >/packages <<'END_OF_SCRIPT'\n{SCRIPT.read_text()}END_OF_SCRIPT\n{PREPARE}{program}"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", COPY, "sh", str(folder)],
        input=text,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line != "before: lists"]


def test_only_what_came_and_nobody_needs_is_removed(folder: Path) -> None:
    """Neither what was there before, unneeded as it is, nor what another package needs by now."""
    assert on_a_copy(
        folder,
        """
        account before
        get cnt-library cnt-tool cnt-shared
        account after
        get cnt-users
        account remove
        there
        [ ! -e /var/lib/container_net/packages ]
        account remove
        """,
    ) == [
        "remove: removed cnt-library",
        "remove: removed cnt-tool",
        "remove: kept cnt-shared: something else needs it",
        "there: cnt-early",
        "there: cnt-shared",
        "there: cnt-users",
    ]


def test_several_installations_add_up(folder: Path) -> None:
    """And one that brought nothing adds nothing; what somebody removed meanwhile is no trouble."""
    assert on_a_copy(
        folder,
        """
        account before
        get cnt-library
        account after
        account before
        account after
        account before
        get cnt-tool cnt-shared
        account after
        cat /var/lib/container_net/packages/installed
        dpkg --remove cnt-shared >&2
        account remove
        there
        """,
    ) == [
        "cnt-library",
        "cnt-shared",
        "cnt-tool",
        "remove: removed cnt-library",
        "remove: removed cnt-tool",
        "there: cnt-early",
    ]


@pytest.mark.long
def test_a_wish_from_before_is_no_need(folder: Path) -> None:
    """What was there did without what it recommends; what came later never did."""
    assert on_a_copy(
        folder,
        """
        get cnt-wishes
        account before
        get cnt-library cnt-tool
        account after
        account remove
        there
        dpkg --purge cnt-wishes >&2
        account before
        get cnt-library cnt-tool
        account after
        get cnt-wishes
        account remove
        """,
    ) == [
        "remove: removed cnt-library",
        "remove: removed cnt-tool",
        "there: cnt-early",
        "there: cnt-wishes",
        "remove: removed cnt-tool",
        "remove: kept cnt-library: something else needs it",
    ]
