# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The story of module nat: validate, lock, read, plan, apply, read again, report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._errors import ContainerNetError, HostError, RunError
from .._host import kept
from .._host.lock import locked
from .._kernel import sysctl
from .._kernel.namespaces import require_root
from . import chain, check, host, nft, notes, persist, render
from .model import Have, Host, Nat, Request, Switch
from .parse import plain_name, request_from_params
from .plan import LoadTables, SetForward, SetSwitch, Step, noted, plan


@dataclass(frozen=True)
class Situation:
    """What is there, what is wanted, and the way from one to the other."""

    nat: Nat | None
    have: Have
    wanted: tuple[Switch, ...]
    steps: tuple[Step, ...]
    files: tuple[kept.Change, ...]
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.steps or self.files)

    def commands(self) -> list[str]:
        return [command for step in self.steps for command in step.commands()]

    def diff(self) -> dict[str, str]:
        before: list[str] = []
        after: list[str] = []
        for old, new in (step.lines() for step in self.steps):
            before += old
            after += new
        for change in self.files:
            for lines, line in zip((before, after), change.lines()):
                lines += [line] if line is not None else []
        return {"before": _text(before), "after": _text(after)}


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def run(module: Any) -> None:
    """Make it as the options say, and leave through exit_json or fail_json."""
    try:
        request = request_from_params(module.params)
        done = execute(request, bool(module.check_mode), module.params["lock_timeout"])
    except RunError as error:
        module.fail_json(msg=str(error), rolled_back=error.rolled_back, repair=error.repair)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"The host refused: {error}")
    else:
        for warning in done.warnings:
            module.warn(warning)
        result: dict[str, Any] = {"changed": done.changed, "commands": done.commands()}
        if module._diff:
            result["diff"] = done.diff()
        module.exit_json(**result)


def execute(
    request: Request, check_mode: bool, lock_timeout: float, at_boot: bool = False
) -> Situation:
    """The flow without Ansible. Raises ContainerNetError.

    ``at_boot``: the host may be half up, so nothing is refused that a run checked before; the
    chain CONTAINER-NET and the files are not touched, the one has a unit of its own.
    """
    require_root()
    with locked(lock_timeout, writes=not check_mode):
        situation = _look(request, at_boot)
        if not check_mode:
            _carry_out(request, situation, at_boot)
    return situation


def _look(request: Request, at_boot: bool) -> Situation:
    there = host.read()
    name, nat = request.name, request.nat
    tables = nft.tables(name) if nft.has("nft") else {}
    script: dict[str, str] = {}
    wanted: tuple[Switch, ...] = ()
    warnings: list[str] = []
    if nat is not None:
        nft.require()
        if not at_boot:
            nat = check.complete(nat, there)
            check.check_publishes(nat, there, tables.get("inet", ""), nft.others(name))
        script = render.tables(nat, _ports(nat, there))
        wanted = render.switches(nat, there.ends.get(nat.bridge, ()))
        warnings += _forwarding_is_off(nat)
    note = notes.load(name)
    have = Have(tables, chain.present(name), note, host.values({*note, *wanted}, there))
    warnings += [
        f"{s.link} is not there: {s.kind} is not set" for s in wanted if s not in have.values
    ]
    forward = None if at_boot else _forward(request, nat, have)
    listed = nft.as_listed(name, script)
    steps = plan(name, have, script, listed, wanted, notes.others(name), forward)
    files = () if at_boot else persist.changes(name, nat, request.persist)
    return Situation(nat, have, wanted, steps, files, tuple(warnings))


def _ports(nat: Nat, there: Host) -> tuple[str, ...] | None:
    """For the rules that isolate them; None where those can name the bridge."""
    ports = there.ports.get(nat.bridge, ())
    if not nat.isolate:
        return ports
    if nft.tells_bridges():
        return None
    return tuple(plain_name("isolate", port) for port in ports)


def _forwarding_is_off(nat: Nat) -> list[str]:
    is_v6 = nat.subnet is not None and nat.subnet.version == 6
    path = "net/ipv6/conf/all/forwarding" if is_v6 else "net/ipv4/ip_forward"
    if sysctl.read([path]).get(path) != "0":
        return []
    name = path.replace("/", ".")
    return [
        f"{name} is 0: this host forwards no packets. Set it to 1, as ansible.posix.sysctl does."
    ]


def _forward(request: Request, nat: Nat | None, have: Have) -> SetForward | None:
    name, rules = request.name, render.forward_rules(nat) if nat is not None else ()
    if rules:
        predicted = chain.predict(name, rules, request.persist)
        return SetForward(name, have.forward, rules, predicted)
    return SetForward(name, have.forward, ()) if have.forward else None


def _carry_out(request: Request, now: Situation, at_boot: bool) -> None:
    name = request.name
    journal = noted(now.have, now.wanted, keep_old=True)
    notes.store(name, journal)
    if now.changed:
        undos: list[tuple[list[str], Callable[[], None]]] = []
        try:
            for step in now.steps:
                if not isinstance(step, SetForward):
                    _do(step)
                    back = step.undone()
                    undos.append((back.commands(), partial(_do, back)))
            undos.append(([], partial(_put_back, now)))
            _write(now)
            again = _look(request, at_boot)
            if again.changed:
                raise HostError(
                    "After the change not all is as wanted: "
                    + "; ".join([*again.commands(), *(c.path for c in again.files)])
                )
        except (HostError, OSError) as error:
            raise _undo(name, now, error, undos) from error
    notes.store(name, noted(now.have, now.wanted, keep_old=False))
    notes.hand_over(name, {s: v for s, v in now.have.noted.items() if s not in now.wanted})
    persist.start(now.files)


def _do(step: Step) -> None:
    if isinstance(step, LoadTables):
        nft.load(step.text())
    elif isinstance(step, SetSwitch):
        host.set_switch(step.switch, step.value)


def _write(now: Situation) -> None:
    """The files first: the script for the chain goes by them."""
    persist.carry_out(now.files)
    for step in now.steps:
        if isinstance(step, SetForward):
            if step.after:
                chain.apply()
            else:
                chain.remove(step.name)


def _put_back(now: Situation) -> None:
    persist.carry_out(tuple(change.undone() for change in reversed(now.files)))
    for step in now.steps:
        if isinstance(step, SetForward):
            chain.remove(step.name) if not step.before else chain.apply()


def _undo(
    name: str,
    now: Situation,
    error: Exception,
    undos: list[tuple[list[str], Callable[[], None]]],
) -> RunError:
    repair: list[str] = []
    for commands, undo in reversed(undos):
        try:
            undo()
        except (HostError, OSError) as refused:
            repair += commands or [f"# {refused}"]
    if not repair:
        notes.store(name, now.have.noted)
    return RunError(str(error), not repair, repair)
