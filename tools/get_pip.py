# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the get-pip.py that ansible-test downloads, which is not on PyPI.

ansible-test calls it in an empty virtual environment with the packages it wants there. Python
brings a pip of its own (ensurepip), and that one installs them.
"""

from __future__ import annotations

import subprocess
import sys


def main() -> int:
    # What ensurepip installs is not wanted beyond this, so these two say nothing to pip.
    wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    return subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", *wanted], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
