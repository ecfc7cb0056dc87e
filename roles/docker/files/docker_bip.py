# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make Docker's bip and mtu follow the flannel lease: before each start of Docker, at boot too.

Rewrites those two keys of daemon.json, atomically, and nothing else. Without a subnet file
(flanneld has not been up yet) nothing is done.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import sys
import tempfile
from typing import Any


class Problem(Exception):
    """Something a person has to look at; nothing was written."""


def read(path: str) -> str | None:
    """A file's text, or None where there is none."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: cannot be read: {error}") from error


def lease(text: str, path: str) -> dict[str, Any]:
    """bip and mtu out of a subnet.env; keys that it lacks are left out."""
    values = dict(line.split("=", 1) for line in text.split() if "=" in line)
    found: dict[str, Any] = {}
    try:
        if "FLANNEL_SUBNET" in values:
            found["bip"] = str(ipaddress.IPv4Interface(values["FLANNEL_SUBNET"]))
        if "FLANNEL_MTU" in values:
            found["mtu"] = int(values["FLANNEL_MTU"])
    except ValueError as error:
        raise Problem(f"{path}: {error}") from error
    return found


def settings(text: str | None, path: str) -> dict[str, Any]:
    """daemon.json; an empty or missing file holds nothing."""
    if text is None or not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Problem(f"{path}: is not valid JSON, left as it is: {error}") from error
    if not isinstance(value, dict):
        raise Problem(f"{path}: holds no object, left as it is")
    return value


def replace(path: str, value: dict[str, Any], mode: int) -> None:
    """Write a file so that a kill or a power cut leaves the old or the new one."""
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".container_net.", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
            if os.path.exists(path):
                old = os.stat(path)
                os.fchmod(file.fileno(), old.st_mode & 0o7777)
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            else:
                os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def follow(subnet_file: str, daemon_json: str, record: str) -> list[str]:
    """Write what differs; returns one line for each key that was changed.

    ``record`` is where the module docker_daemon_json keeps what it wrote: these two keys are the
    collection's there too, so that taking everything back does not mistake them for the user's.
    """
    text = read(subnet_file)
    wanted = lease(text, subnet_file) if text is not None else {}
    have = settings(read(daemon_json), daemon_json)
    changed = {key: value for key, value in wanted.items() if have.get(key) != value}
    if not changed:
        return []
    kept = read(record)
    if kept is not None:
        entry = settings(kept, record)
        if entry.get("ours") and isinstance(entry.get("written"), dict):
            entry["written"].update(changed)
            replace(record, entry, 0o600)
    replace(daemon_json, {**have, **changed}, 0o644)
    return [f"{key}: {have.get(key)} -> {value}" for key, value in sorted(changed.items())]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subnet-file", default="/var/lib/flannel/subnet.env")
    parser.add_argument("--daemon-json", default="/etc/docker/daemon.json")
    parser.add_argument("--record", default="/var/lib/container_net/docker/daemon.json.state")
    options = parser.parse_args()
    try:
        changes = follow(options.subnet_file, options.daemon_json, options.record)
    except (Problem, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for change in changes:
        print(f"{options.daemon_json}: {change}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
