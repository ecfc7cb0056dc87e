# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chain CONTAINER-NET: what the script for it would do, and letting it."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile

from .._errors import HostError
from . import nft
from .forwarding import SCRIPT

RULES = "/etc/container_net/forward.d"
# Until the host restarts: rules of what is not to be kept.
PASSING = "/run/container_net/forward.d"
_HEAD = "# Written by Ansible.\n"


def file_name(name: str) -> str:
    """Of the rule file of a nat of that name."""
    return f"nat.{name}.rules"


def content(rules: tuple[str, ...]) -> str:
    return _HEAD + "".join(f"{rule}\n" for rule in rules)


def present(name: str) -> tuple[str, ...]:
    """The rules of a name as its file has them; none where there is no file."""
    for folder in (RULES, PASSING):
        try:
            with open(os.path.join(folder, file_name(name)), encoding="utf-8") as file:
                return tuple(line.strip() for line in file if line[:1] not in "#\n")
        except FileNotFoundError:
            continue
    return ()


def predict(name: str, rules: tuple[str, ...], persist: bool) -> tuple[str, ...]:
    """What the script would do with these rules, a line each.

    ``persist`` says in which folder they will be: the rules have the order of their files, folder
    by folder. Raises HostError where the script would refuse: a program that is missing, the
    legacy iptables, a chain of others that drops.
    """
    with tempfile.TemporaryDirectory(prefix="container_net.") as folder:
        copies = {RULES: os.path.join(folder, "kept"), PASSING: os.path.join(folder, "passing")}
        for place, copy in copies.items():
            os.mkdir(copy)
            for path in glob.glob(f"{place}/*.rules"):
                if os.path.basename(path) != file_name(name):
                    shutil.copy(path, copy)
        path = os.path.join(copies[RULES if persist else PASSING], file_name(name))
        with open(path, "w", encoding="utf-8") as file:
            file.write(content(rules))
        done = _run(
            "check",
            CONTAINER_NET_FORWARD_RULES=copies[RULES],
            CONTAINER_NET_FORWARD_PASSING=copies[PASSING],
        )
    return tuple(done.stdout.splitlines())


def apply() -> None:
    """Let the chain be as the rule files say."""
    _run("apply")


def remove(name: str) -> None:
    """Take the rules of a name away, with its file."""
    _run("remove", f"nat.{name}")


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["sh", "-s", "--", *arguments],
        input=SCRIPT,
        capture_output=True,
        text=True,
        check=False,
        env={**nft.environment(), **environment},
    )
    # `check` says with 1 that it would change something.
    if done.returncode > (1 if arguments[0] == "check" else 0):
        said = [line for line in done.stderr.splitlines() if not line.startswith("# Warning")]
        raise HostError("; ".join(said) or f"the script for forwarding: {done.returncode}")
    return done
