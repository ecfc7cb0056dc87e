# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted and what is there, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Want:
    """A piece of a topology, as a person wrote it.

    ``topology`` is the owner's name (what is made is marked with it); the single-object modules
    share ``default``. ``adopt``: None (single-object modules) changes what others made when it is
    named, but not what another topology owns; False only accepts a foreign object that already
    matches; True takes it over.
    """

    topology: str
