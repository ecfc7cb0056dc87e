# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print what S4, S6 and S11 are about, as seen on one of the two hosts, as JSON.

Usage: measure.py ADDRESS OTHERS_ADDRESS, as root, beside servers of who.py on both hosts: of the
host itself at 7000, of ns1 and ns2 behind the published ports 8080 and 5353, and a container behind
8081.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

# Time and counters, which change by themselves.
MOVING = re.compile(r"^#.*\n|\[\d+:\d+\]", re.MULTILINE)
OURS = re.compile(r"^.*\bCONTAINER-NET\b.*\n", re.MULTILINE)
# Where Docker leaves IPv6 alone there is no such chain before us.
DOCKER_USER = re.compile(r"^.*\bDOCKER-USER\b.*\n", re.MULTILINE)


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ask(netns: str, *words: str) -> list[str]:
    """Who it was that asked, in the eyes of each server; "" where none answered."""
    there = ["ip", "netns", "exec", netns] if netns else []
    answers: list[str] = json.loads(
        run(*there, "python3", "/run/who.py", "ask", "--wait", "10", *words)
    )
    return answers


def containers(*names: str) -> list[list[str]]:
    """The id of each one's process, and its address."""
    form = "{{.State.Pid}} {{.NetworkSettings.IPAddress}}"
    shown = run("docker", "inspect", "--format", form, *names)
    return [line.split() for line in shown.splitlines()]


def ping(pid: str, address: str) -> bool:
    inside = ["nsenter", "--net", "--target", pid]
    words = ["ping", "-n", "-c", "2", "-i", "0.3", "-W", "2", address]
    done = subprocess.run([*inside, *words], capture_output=True, check=False)
    return done.returncode == 0


def apart() -> dict[str, bool]:
    """Which containers on docker0 reach each other; that each reaches docker0 shows that they
    could."""
    (one, one_address), (two, two_address) = containers("one", "two")
    ways = {
        "one to two": (one, two_address),
        "two to one": (two, one_address),
        "one to docker0": (one, "10.0.0.1"),
        "two to docker0": (two, "10.0.0.1"),
    }
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(ways, pool.map(lambda way: ping(*way), ways.values())))


def others_rules(text: str, six: bool) -> list[str]:
    """What iptables-save says without what is ours."""
    text = OURS.sub("", MOVING.sub("", text))
    return (DOCKER_USER.sub("", text) if six else text).splitlines()


def kept(six: bool) -> list[str]:
    with open(f"/var/tmp/saved.{6 if six else 4}", encoding="utf-8") as file:
        return others_rules(file.read(), six)


def main(mine: str, others: str) -> None:
    published = (f"tcp/{mine}/8080", f"udp/{mine}/5353")
    with open("/proc/sys/net/bridge/bridge-nf-call-iptables", encoding="ascii") as file:
        nf = file.read().strip()
    saved, saved6 = run("iptables-save"), run("ip6tables-save")
    with ThreadPoolExecutor(8) as pool:
        jobs = {
            "beyond": pool.submit(ask, "ns1", f"tcp/{others}/7000"),
            "from outside": pool.submit(
                ask, "", f"tcp/{others}/8080", f"udp/{others}/5353", f"open/{others}/8081"
            ),
            "from the host": pool.submit(ask, "", *published, "tcp/127.0.0.1/8080"),
            "from ns1": pool.submit(ask, "ns1", *published),
            "from ns2": pool.submit(ask, "ns2", *published),
            "apart": pool.submit(apart),
        }
        found: dict[str, object] = {name: job.result() for name, job in jobs.items()}
    found["nf"] = nf
    found["policy"] = run("iptables", "-w", "-S", "FORWARD").splitlines()[0]
    found["ours"] = [line for line in saved.splitlines() if "CONTAINER-NET" in line]
    found["others"] = {
        "before": kept(False) + kept(True),
        "now": others_rules(saved, False) + others_rules(saved6, True),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
