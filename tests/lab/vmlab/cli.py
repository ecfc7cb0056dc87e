# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's command line."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from . import labs
from .base import LabError
from .ids import FLAVOURS, SUITES, parse_nodes
from .images import ensure_image, ssh_key
from .ssh import ssh_command

_DEFAULT_NODES = ("node1=bookworm", "node2=trixie")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start a lab and print the path of its inventory")
    up.add_argument("name", metavar="NAME")
    up.add_argument("--flavour", choices=FLAVOURS, default="warm")
    up.add_argument(
        "--node",
        action="append",
        metavar="NAME=SUITE",
        help=f"a node; repeat for more (default: {' '.join(_DEFAULT_NODES)})",
    )
    down = commands.add_parser("down", help="end a lab and remove what it left")
    down.add_argument("name", metavar="NAME")
    ssh = commands.add_parser("ssh", help="log in to a node, or run a command on it")
    ssh.add_argument("name", metavar="NAME")
    ssh.add_argument("node", metavar="NODE")
    ssh.add_argument("words", metavar="COMMAND", nargs=argparse.REMAINDER)
    inventory = commands.add_parser("inventory", help="print the path of a lab's inventory")
    inventory.add_argument("name", metavar="NAME")
    images = commands.add_parser("images", help="build images that are missing")
    images.add_argument("--flavour", choices=FLAVOURS, action="append")
    images.add_argument("--suite", choices=SUITES, action="append")
    commands.add_parser("list", help="list the labs")
    return parser


def _interrupted(number: int, dummy: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    """Run one command of the lab; return the exit code."""
    # Mitogen binds itself and what it starts to one processor (its affinity.py): all machines, and
    # what builds their images, would share it.
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    # A polite end must run the same clean-up as an error.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        return _run(_parser().parse_args(arguments))
    except LabError as error:
        print(f"lab: error: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command == "up":
        nodes = parse_nodes(options.node or _DEFAULT_NODES)
        print(labs.up(options.name, options.flavour, nodes).inventory_file)
    elif options.command == "down":
        labs.down(options.name)
    elif options.command == "inventory":
        print(labs.get(options.name).inventory_file)
    elif options.command == "images":
        for flavour in options.flavour or FLAVOURS:
            for suite in options.suite or SUITES:
                print(ensure_image(suite, flavour).directory)
    elif options.command == "list":
        for known in labs.names():
            record = labs.load(known)
            if record is not None:
                state = "running" if record.running else "ended"
                places = " ".join(f"{node.name}={node.suite}" for node in record.nodes)
                number = record.slot.number
                print(f"{known}: {state}, {record.flavour}, number {number}, {places}")
    elif options.command == "ssh":
        lab = labs.get(options.name)
        port = lab.slot.ssh_port(lab.node(options.node).position)
        words = options.words[1:] if options.words[:1] == ["--"] else options.words
        command = ssh_command(ssh_key(), port, [shlex.join(words)] if len(words) > 1 else words)
        os.execvp(command[0], command)
    return 0
