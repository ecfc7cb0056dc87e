# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for what the kernel or a process does a while later."""

from __future__ import annotations


def until(condition: str) -> str:
    """A line of shell that ends once the condition holds, and fails when it does not in time."""
    # By count and not by clock: on a slow machine every look takes longer as well.
    waits = f"for i in $(seq 600); do {condition} && break; sleep 0.05; done"
    return f"{waits}; {{ {condition}; }} || exit 1"


def gone(link: str, netns: str = "") -> str:
    """The same for a link that goes with the namespace of its other end (G8)."""
    inside = f"-n {netns} " if netns else ""
    return until(f"! ip {inside}link show dev {link} >/dev/null 2>&1")
