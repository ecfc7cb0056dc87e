# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the guests' packages come from: the machine's own apt configuration, nothing else."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .base import LabError

# What a guest sees as "the machine that runs QEMU" on QEMU's user network.
HOST_SEEN_FROM_GUEST = "10.0.2.2"
_LOOPBACK = re.compile(r"^(\w+://(?:[^@/]*@)?)(?:127(?:\.\d+){3}|localhost|\[::1\])(?=[:/]|$)")
_ACQUIRE = re.compile(r'^(Acquire::(?:Check-Valid-Until|Check-Date|https?::Proxy)) "(.+)";$')


@dataclass(frozen=True)
class Mirror:
    """The archive as this machine reaches it.

    `pockets` maps "" (the suite itself), "-updates" and "-security" to a repository address;
    `settings` holds the apt settings that reaching it needs (`Acquire::…` to its value);
    `certificates` are this machine's own additions to its list of authorities.
    """

    pockets: Mapping[str, str]
    settings: Mapping[str, str]
    certificates: tuple[Path, ...] = ()

    def sources(self, suite: str) -> list[str]:
        """The lines of a sources.list for `suite` (a code name or "testing")."""
        # Testing is served by its main pocket alone: the others are empty most of the time.
        pockets = [""] if suite == "testing" else sorted(self.pockets)
        return [f"deb {self.pockets[pocket]} {suite}{pocket} main" for pocket in pockets]

    def apt_options(self) -> list[str]:
        """The settings as apt configuration lines for this machine."""
        return [f'{name} "{value}"' for name, value in sorted(self.settings.items())]

    def guest_apt_conf(self) -> str:
        """The settings as the text of a guest's file for apt.conf.d."""
        return "".join(
            f'{name} "{guest_proxy(value)}";\n' for name, value in sorted(self.settings.items())
        )


def parse_targets(text: str, codename: str) -> dict[str, str]:
    """Turn the output of `apt-get indextargets` into pocket → repository address."""
    pockets: dict[str, str] = {}
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        release = fields.get("Release", "")
        if fields.get("Component") != "main" or not release.startswith(codename):
            continue
        pocket = release[len(codename) :]
        if pocket in ("", "-updates", "-security"):
            pockets.setdefault(pocket, fields["Repo-URI"].rstrip("/"))
    return pockets


def guest_proxy(value: str) -> str:
    """A proxy address as a guest has to write it: this machine's loopback is 10.0.2.2 there."""
    return _LOOPBACK.sub(rf"\g<1>{HOST_SEEN_FROM_GUEST}", value)


def parse_settings(lines: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Pick from `apt-config dump` and the proxy variables what reaching the archive needs."""
    settings: dict[str, str] = {}
    for scheme in ("http", "https"):
        value = environment.get(f"{scheme}_proxy") or environment.get(f"{scheme.upper()}_PROXY")
        if value:
            settings[f"Acquire::{scheme}::Proxy"] = value
    for line in lines:
        match = _ACQUIRE.match(line)
        if match:
            settings[match.group(1)] = match.group(2)
    return settings


def codename(os_release: Path = Path("/etc/os-release")) -> str:
    """This machine's Debian code name."""
    for line in os_release.read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    raise LabError(f"{os_release} names no VERSION_CODENAME; the lab builds its images on Debian")


def read_mirror() -> Mirror:
    """Read this machine's apt configuration."""
    name = codename()
    targets = subprocess.run(
        ["apt-get", "indextargets", "--no-release-info", "Created-By: Packages", "Target-Of: deb"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    pockets = parse_targets(targets, name)
    if "" not in pockets:
        raise LabError(
            f"this machine's apt sources hold no component 'main' of {name}; the lab takes the "
            "guests' packages from there: add the archive to /etc/apt/sources.list.d"
        )
    dump = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
    settings = parse_settings(dump.splitlines(), os.environ)
    own = sorted(Path("/usr/local/share/ca-certificates").glob("*.crt"))
    return Mirror(pockets, settings, tuple(own))
