# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept on the host's disk for its next start: files, the engine, units of systemd (G6)."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from .. import _files
from .._errors import OptionError

CONFIG_DIR = "/etc/container_net"
ENGINE_DIR = "/usr/local/lib/container_net"
UNIT_DIR = "/etc/systemd/system"
_WANTS = "multi-user.target.wants"
_SYSTEMD = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")


@dataclass(frozen=True)
class Content:
    """Of a file, or where a symbolic link leads."""

    data: bytes
    is_link: bool = False
    mode: int = 0o644


@dataclass(frozen=True)
class Change:
    """A file, or the link to one, before and after; None is absent."""

    path: str
    before: Content | None
    after: Content | None

    def lines(self) -> tuple[str | None, str | None]:
        """For --diff: which content, not what."""
        return self._line(self.before), self._line(self.after)

    def _line(self, content: Content | None) -> str | None:
        if content is None:
            return None
        return f"file {self.path} {hashlib.sha256(content.data).hexdigest()[:12]}"

    def undone(self) -> Change:
        return replace(self, before=self.after, after=self.before)


def refuse_without_systemd() -> None:
    """Raises OptionError where nothing would build the network when the host starts."""
    if not any(os.path.exists(path) for path in _SYSTEMD):
        raise OptionError(
            "persist",
            True,
            "this host has no systemd, which would build the network when it starts",
            "Set persist to false",
        )


def engine() -> tuple[str, Content, str]:
    """The engine's path, the engine, and how it is called."""
    # Only now: most runs need neither it nor what it imports.
    from . import engine as program

    name, data = program.build()
    path = os.path.join(ENGINE_DIR, name)
    return path, Content(data), f"{python()} {path}"


def unit_paths(unit: str) -> tuple[str, str]:
    """The file of a unit, and the link that lets the host start it."""
    return os.path.join(UNIT_DIR, unit), os.path.join(UNIT_DIR, _WANTS, unit)


def unit(name: str, text: str) -> dict[str, Content]:
    """A unit that the host starts."""
    path, link = unit_paths(name)
    return {path: Content(text.encode()), link: Content(path.encode(), is_link=True)}


def compare(wanted: Mapping[str, Content], mine: Collection[str]) -> tuple[Change, ...]:
    """What differs from ``wanted``. Of ``mine`` goes what is not wanted, and engines that no unit
    names then."""
    found = []
    for path, content in wanted.items():
        before = read(path)
        if before != content:
            found.append(Change(path, before, content))
    gone = [path for path in mine if path not in wanted]
    for path in [*gone, *_unused_engines(wanted, gone)]:
        before = read(path)
        if before is not None:
            found.append(Change(path, before, None))
    return tuple(found)


def _unused_engines(wanted: Mapping[str, Content], gone: Collection[str]) -> list[str]:
    texts = [content.data for content in wanted.values() if not content.is_link]
    for path in glob.glob(os.path.join(UNIT_DIR, "container-net-*.service")):
        content = read(path)
        if path not in wanted and path not in gone and content is not None:
            texts.append(content.data)
    return [
        path
        for path in glob.glob(os.path.join(ENGINE_DIR, "engine-*.pyz"))
        if path not in wanted and not any(path.encode() in text for text in texts)
    ]


def carry_out(changes: Iterable[Change], folders: Iterable[str]) -> None:
    """Write and remove, each in one step; OSError. Of ``folders`` go those that are empty."""
    changes = tuple(changes)
    for change in changes:
        if change.after is None:
            _files.remove(change.path)
        elif change.after.is_link:
            _files.link(change.path, change.after.data.decode())
        else:
            _files.write(change.path, change.after.data, change.after.mode)
    for folder in folders:
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    if any(change.path.startswith(UNIT_DIR) for change in changes):
        systemctl("daemon-reload")


def read(path: str) -> Content | None:
    """None where there is nothing."""
    if os.path.islink(path):
        return Content(os.readlink(path).encode(), is_link=True)
    try:
        with open(path, "rb") as file:
            return Content(file.read(), mode=os.fstat(file.fileno()).st_mode & 0o777)
    except FileNotFoundError:
        return None


def systemctl(*arguments: str) -> None:
    """Tell a systemd that runs; OSError where it refuses."""
    if not os.path.isdir("/run/systemd/system"):
        return
    done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip() or done.returncode
        raise OSError(f"systemctl {' '.join(arguments)}: {said}")


def python() -> str:
    """The interpreter that runs this, by the name that outlives an upgrade of the system."""
    common = "/usr/bin/python3"
    is_systems = sys.prefix == sys.base_prefix
    if is_systems and os.path.realpath(common) == os.path.realpath(sys.executable):
        return common
    return sys.executable
