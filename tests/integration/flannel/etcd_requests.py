# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests etcd has had, by their kind, as it counts them itself.

Usage: python -m tests.integration.flannel.etcd_requests ENDPOINT. Prints them as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request


def requests(endpoint: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{endpoint}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found: dict[str, float] = {}
    pattern = r'^grpc_server_handled_total\{.*grpc_method="(\w+)".*\} (\S+)$'
    for method, number in re.findall(pattern, text, re.MULTILINE):
        found[method] = found.get(method, 0.0) + float(number)
    return found


if __name__ == "__main__":
    print(json.dumps(requests(sys.argv[1])))
