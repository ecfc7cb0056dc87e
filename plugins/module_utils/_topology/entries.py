# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to change in a link's static forwarding entries."""

from __future__ import annotations

from .draft import Draft
from .kinds import default_entries
from .model import Entry, Link, OptionValue, WantLink
from .operations import DeleteEntry, Operation, SetEntry


def set_entries(draft: Draft, want: WantLink, base: Link) -> list[Operation]:
    """Entries that are learned are not among those compared, and stay."""
    found: list[Operation] = []
    have = set(base.entries)
    kernels = _kernels(want, base)
    for entry in kernels:
        if entry not in have and _keeps(want, base):
            # A person took it away; the option still says that it is there.
            found.append(SetEntry(want.netns, want.name, entry))
    for entry in want.entries or ():
        if entry in have:
            continue
        before = None
        if not entry.is_shared:
            before = next((other for other in base.entries if other.mac == entry.mac), None)
        found.append(SetEntry(want.netns, want.name, entry, before))
    if want.entries is None or not _purges(draft, want, base):
        return found
    replaced = {o.before for o in found if isinstance(o, SetEntry)}
    leave = {*want.entries, *kernels, *default_entries(dict(base.options)), *replaced}
    extra = [entry for entry in base.entries if entry not in leave]
    return found + [DeleteEntry(want.netns, want.name, entry) for entry in extra]


def _kernels(want: WantLink, base: Link) -> tuple[Entry, ...]:
    options: dict[str, OptionValue] = {**dict(base.options), **dict(want.options)}
    return default_entries(options)


def _keeps(want: WantLink, base: Link) -> bool:
    """Whether the options that the kernel makes its own entry of stay what they are."""
    present = dict(base.options)
    wanted = dict(want.options)
    if "remote" not in wanted:
        return False
    return all(
        name not in wanted or wanted[name] == present.get(name) for name in ("remote", "dev")
    )


def _purges(draft: Draft, want: WantLink, base: Link) -> bool:
    if want.purge_entries is not None:
        return want.purge_entries
    return draft.is_ours(base) or draft.want.adopt is not None
