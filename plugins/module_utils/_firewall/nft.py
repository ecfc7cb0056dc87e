# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program nft: tables of ours, as it lists them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

from .._errors import HostError
from .model import TABLE_PREFIX
from .render import table_name

FAMILIES = ("inet", "bridge")
# A network namespace that goes with the program.
_APART = ("unshare", "--net")
_ASKS_BRIDGE = 'table bridge t { chain c { meta ibrname "b" meta obrname "b" drop; }; }'
_PUBLISH = re.compile(r'dnat (ip6?) to \S+ comment "(publish [^"]+)"')


def run(*command: str, text: str | None = None) -> str:
    """What it prints; HostError with what it complains of."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, env=environment()
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise HostError(f"{command[0]}: {said[0]}")
    return done.stdout


def environment() -> dict[str, str]:
    """English words, and the folders of root's programs, which not every login has."""
    return {**os.environ, "PATH": _path(), "LC_ALL": "C"}


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def has(*programs: str) -> bool:
    """Whether all of them are installed."""
    return all(shutil.which(name, path=_path()) for name in programs)


def require() -> None:
    """HostError, with the package's name, where nft is missing."""
    if not has("nft"):
        raise HostError("nft is missing. Install the package nftables.")


def tables(name: str) -> dict[str, str]:
    """Family -> the table of a name, without counters; only those that are there."""
    there = _names()
    return {
        family: run("nft", "-s", "list", "table", family, table_name(name))
        for family in FAMILIES
        if (family, table_name(name)) in there
    }


def others(name: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The published ports in the tables of other names: ("ip" or "ip6", the rule's comment)."""
    found = {}
    for family, table in sorted(_names()):
        other = table[len(TABLE_PREFIX) :]
        if family == "inet" and table.startswith(TABLE_PREFIX) and other != name:
            text = run("nft", "-s", "list", "table", family, table)
            found[other] = tuple(sorted(set(_PUBLISH.findall(text))))
    return found


def _names() -> set[tuple[str, str]]:
    lines = run("nft", "list", "tables").splitlines()
    return {(words[1], words[2]) for words in map(str.split, lines) if len(words) == 3}


def tells_bridges() -> bool:
    """Whether rules can ask which bridge a frame passes: that needs a module of the kernel."""
    try:
        run(*_APART, "nft", "-f", "-", text=_ASKS_BRIDGE)
    except HostError:
        return False
    return True


def as_listed(name: str, script: Mapping[str, str]) -> dict[str, str]:
    """How nft will list what is to be loaded.

    It is loaded into a network namespace of its own. So whatever words this version of nft prefers,
    equal is equal; and what the kernel would refuse is refused before anything is changed.
    """
    found = {}
    for family, text in script.items():
        listing = f"nft -f - && exec nft -s list table {family} {table_name(name)}"
        found[family] = run(*_APART, "sh", "-c", listing, text=text)
    return found


def load(script: str) -> None:
    """In one transaction."""
    run("nft", "-f", "-", text=script)
