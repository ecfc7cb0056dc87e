# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""plan(have, want): the ordered operations that make the kernel's state the wanted one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .._errors import OptionError
from .check import check
from .draft import Draft, place
from .model import (
    KERNEL_PROTOCOL,
    ROUTE_PROTOCOL,
    Have,
    Link,
    OptionValue,
    Route,
    Want,
    WantNamespace,
    default_path,
)
from .operations import AddNamespace, AttachNamespace, Operation, SetRoute, SetSysctl, set_link
from .placement import place_links
from .properties import set_properties
from .removal import remove
from .stage import Stage


@dataclass(frozen=True)
class Plan:
    """Operations in the order in which they are done."""

    operations: tuple[Operation, ...]

    def __bool__(self) -> bool:
        return bool(self.operations)

    @property
    def forward(self) -> tuple[Operation, ...]:
        """What is done before the state is verified, and can be undone."""
        return tuple(o for o in self.operations if o.stage < Stage.VERIFY)

    @property
    def deletes(self) -> tuple[Operation, ...]:
        return tuple(o for o in self.operations if o.stage > Stage.VERIFY)


def plan(have: Have, want: Want) -> Plan:
    """Pure. Raises OptionError when the want cannot be had on this host."""
    draft = Draft(have, want)
    for namespace in want.namespaces:
        if namespace.present:
            _namespace(draft, namespace)
    place_links(draft)
    _sysctls_of_new_links(draft)
    check(draft)
    set_properties(draft)
    _routes(draft)
    remove(draft)
    return Plan(tuple(sorted(draft.operations, key=_rank)))


def _rank(operation: Operation) -> tuple[int, int]:
    return (operation.stage, operation.rank if isinstance(operation, SetSysctl) else 0)


def _namespace(draft: Draft, want: WantNamespace) -> None:
    have = draft.have.namespaces.get(want.name)
    exists = have is not None
    ours = draft.is_our_namespace(want.name)
    if want.source is not None:
        draft.add(*_attach(draft, want, want.source))
    if not exists:
        if want.name in draft.have.stale and not draft.is_our_stale(want.name):
            raise OptionError(
                f"{want.where}name",
                want.name,
                f"/run/netns/{want.name} is an ordinary file that this topology did not leave",
                "Remove the file, or choose another name",
            )
        draft.new_namespaces.add(want.name)
        draft.add(AddNamespace(want.name, want.name in draft.have.stale))
    loopback = Link(want.name, "lo", 1, loopback=True)
    if have is not None:
        loopback = have.links.get("lo", loopback)
    operations: list[Operation] = []
    if want.loopback_up is not None and want.loopback_up != loopback.up:
        operations.append(set_link(loopback, "up", int(want.loopback_up), int(loopback.up)))
    sysctls = have.sysctls if have is not None else draft.have.probed.get(want.name, {})
    wanted = (*want.sysctls, *_put_back(draft, want, sysctls)) if ours else want.sysctls
    operations.extend(_sysctls(want.name, wanted, sysctls))
    if want.source is not None:
        # Named by its process, so it is meant; and it stays that process's.
        draft.add(*operations)
        return
    if exists:
        draft.permit(
            f"{want.where}name",
            "namespace",
            want.name,
            draft.have.namespace_owner(want.name),
            ours,
            operations,
        )
    if loopback.alias != draft.want.mark and (
        not exists or draft.may_mark(ours, draft.have.namespace_owner(want.name))
    ):
        draft.add(set_link(loopback, "alias", draft.want.mark, loopback.alias))
    draft.add(*operations)


def _attach(draft: Draft, want: WantNamespace, source: tuple[str, OptionValue]) -> list[Operation]:
    """Nothing when the name leads there already."""
    have = draft.have
    if want.name not in have.unattached:
        return []
    replaces = want.name in have.astray
    if replaces and want.name not in have.attached and draft.want.adopt is not True:
        raise OptionError(
            f"{want.where}{source[0]}",
            source[1],
            f"{want.name} is the name of another namespace, which topology"
            f" {draft.want.topology} did not give",
            "Choose another name, or remove that one",
        )
    if want.name in have.stale:
        raise OptionError(
            f"{want.where}name",
            want.name,
            f"/run/netns/{want.name} is an ordinary file",
            "Remove the file, or choose another name",
        )
    return [AttachNamespace(want.name, source, have.live[want.name], replaces)]


def _put_back(
    draft: Draft, want: WantNamespace, present: Mapping[str, str | None]
) -> list[tuple[str, str]]:
    """Sysctls that this topology set earlier and no longer names, with their value from before."""
    if not draft.want.prune:
        return []
    named = {path for path, dummy in want.sysctls}
    before = draft.have.owned.sysctls.get(want.name, {})
    return [
        (path, value)
        for path, value in before.items()
        if path not in named and value and present.get(path) is not None
    ]


def _sysctls(
    netns: str, wanted: Iterable[tuple[str, str]], present: Mapping[str, str | None]
) -> list[Operation]:
    found: list[SetSysctl] = []
    unsettled: dict[str, None] = {}
    settings = [SetSysctl(netns, path, value, present.get(path) or "") for path, value in wanted]
    for operation in sorted(settings, key=lambda o: o.rank):
        parts = operation.path.split("/")
        # A global switch is copied to the links, so what was read of them no longer counts.
        family_key = "/".join((parts[1], parts[-1]))
        if operation.value == operation.before and family_key not in unsettled:
            continue
        found.append(operation)
        if operation.rank < 3:
            unsettled[family_key] = None
            if parts[-1] == "ip_forward":
                unsettled["ipv4/forwarding"] = None
    return list(found)


def _sysctls_of_new_links(draft: Draft) -> None:
    """What was read of a link says nothing of the one that takes its place, which has defaults."""
    planned = {(o.netns, o.path) for o in draft.operations if isinstance(o, SetSysctl)}
    for want in draft.want.namespaces:
        for path, value in want.sysctls:
            general = default_path(path)
            link = (want.name, path.split("/")[3]) if general != path else None
            if link in draft.gone and link in draft.wanted and (want.name, path) not in planned:
                before = draft.have.namespaces[want.name].sysctls.get(general)
                draft.add(SetSysctl(want.name, path, value, before or ""))


def _routes(draft: Draft) -> None:
    present: dict[tuple[str, object, int, int], list[Route]] = {}
    for namespace in draft.have.namespaces.values():
        for route in namespace.routes:
            present.setdefault(route.key, []).append(route)
    for want in draft.want.routes:
        there = [
            route
            for route in present.get(want.key, ())
            if route.dev is None or (route.netns, route.dev) not in draft.gone
        ]
        matching = [route for route in there if matches(want, route)]
        before = matching[0] if matching else (there[0] if there else None)
        marked = before is not None and before.protocol == ROUTE_PROTOCOL
        ours = before is not None and draft.is_our_route(before)
        kernels = before is not None and before.protocol == KERNEL_PROTOCOL
        if matching and (marked or kernels or draft.want.adopt is None):
            continue
        if before is not None and not matching:
            draft.permit(
                f"{want.where}dst",
                f"route {place(want.netns)}",
                str(want.dst),
                draft.route_owner(before),
                ours,
                [SetRoute(want, before)],
            )
        draft.add(SetRoute(want, before))


def matches(want: Route, have: Route) -> bool:
    """Whether a present route is the wanted one, as far as the want says."""
    return (
        want.type == have.type
        and want.via == have.via
        and (want.dev is None or want.dev == have.dev)
        and (want.scope is None or want.scope == have.scope)
        and (want.src is None or want.src == have.src)
    )
