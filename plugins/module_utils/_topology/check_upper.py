# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the host has to offer to a link whose packets leave through another one."""

from __future__ import annotations

from .._errors import OptionError
from .draft import Draft, place
from .kinds import KINDS, family, overhead
from .model import Link, OptionValue, WantLink


def check_upper(draft: Draft, link: WantLink) -> None:
    """Raise OptionError for the first thing that does not go."""
    base = draft.base[link.key]
    options: dict[str, OptionValue] = {**dict(base.options), **dict(link.options)}
    _check_dev(draft, link, options)
    _check_unique(draft, link, options)
    version = family(options) or 4
    for i, entry in enumerate(link.entries or ()):
        if (":" in entry.dst) is not (version == 6):
            raise OptionError(
                f"{link.where}fdb[{i}].dst",
                entry.dst,
                f"the {link.kind} runs over IPv{version}",
                "Give addresses of one family; local or remote say which",
            )


def _check_dev(draft: Draft, link: WantLink, options: dict[str, OptionValue]) -> None:
    name = str(options.get("dev") or "")
    if not name:
        return
    key = (link.netns, name)
    wanted, have = draft.wanted.get(key), draft.have.link(key)
    option = f"{link.where}dev"
    pruned = have is not None and draft.want.prune and draft.is_ours(have)
    if wanted is None and (have is None or key in draft.gone or pruned):
        raise OptionError(
            option,
            name,
            f"there is no such link {place(link.netns)} once this is done",
            "Name a link that is there, or name it in the same topology",
        )
    if name == link.name or (wanted is not None and wanted.kind == link.kind and have is None):
        raise OptionError(
            option, name, f"is a {link.kind} itself", "Name the link that the packets leave through"
        )
    room = _mtu(draft, wanted, have) - overhead(options)
    if link.mtu is not None and 0 < room < link.mtu:
        raise OptionError(
            f"{link.where}mtu",
            link.mtu,
            f"with {overhead(options)} bytes in front of each packet {name} carries {room}",
            f"Give {room} or less, or a larger MTU to {name}",
        )


def _mtu(draft: Draft, wanted: WantLink | None, have: Link | None) -> int:
    if wanted is not None and wanted.mtu is not None:
        return wanted.mtu
    base = draft.base[wanted.key] if wanted is not None else have
    return (base.mtu if base is not None else 0) or 1500


def _check_unique(draft: Draft, link: WantLink, options: dict[str, OptionValue]) -> None:
    """The kernel would say "File exists", and not which one (G14)."""
    if draft.base[link.key].index:
        return
    traits = KINDS[link.kind]
    own = {**dict(traits.defaults(options)), **options}
    names = traits.unique
    if any(name not in own for name in names):
        return
    for other in _others(draft, link):
        if all(other[1].get(name) == own[name] for name in names):
            words = " and ".join(f"{traits.option(name).param} {own[name]}" for name in names)
            raise OptionError(
                f"{link.where}{traits.option(names[0]).param}",
                own[names[0]],
                f"{words} are those of the {link.kind} {other[0]} {place(link.netns)}",
                f"Choose another {traits.option(names[0]).param}, or another"
                f" {traits.option(names[1]).param}",
            )


def _others(draft: Draft, link: WantLink) -> list[tuple[str, dict[str, OptionValue]]]:
    traits = KINDS[link.kind]
    found: dict[str, dict[str, OptionValue]] = {}
    namespace = draft.have.namespaces.get(link.netns)
    for have in namespace.links.values() if namespace else ():
        if have.kind != link.kind or have.key in draft.gone or have.lower_is_elsewhere:
            continue
        if have.options:
            found[have.name] = dict(have.options)
    for wanted in draft.wanted.values():
        if wanted.kind == link.kind and wanted.netns == link.netns:
            base = dict(draft.base[wanted.key].options)
            found[wanted.name] = {**dict(traits.defaults(base)), **base, **dict(wanted.options)}
    found.pop(link.name, None)
    return list(found.items())
