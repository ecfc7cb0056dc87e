# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether flannel's release can be had: probe.py URL... exits 0 when every URL answers.

Asks for the heads only. Where one does not answer, says so on standard error and exits 1.
"""

from __future__ import annotations

import http.client
import sys
import urllib.request

TIMEOUT = 15  # seconds


def main() -> None:
    for url in sys.argv[1:]:
        try:
            request = urllib.request.Request(url, method="HEAD")
            urllib.request.urlopen(request, timeout=TIMEOUT).close()
        except (OSError, ValueError, http.client.HTTPException) as problem:
            sys.exit(f"demo: flannel's release cannot be had ({url}: {problem})")


if __name__ == "__main__":
    main()
