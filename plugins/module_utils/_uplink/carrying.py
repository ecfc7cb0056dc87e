# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switch and its undo, as they run on the host while nobody may reach it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .. import _files
from .._errors import HostError
from .._kernel import carry
from .._kernel.carry import End
from .._kernel.dump import ADDR_DUMP, LINK_DUMP, RawLink, parse_address, parse_link
from .._kernel.loan import lend, reclaim
from .._kernel.netlink import GETADDR, GETLINK, Socket
from .facts import NETWORKD
from .moves import FOLDER, File, Step
from .store import LOG, SWITCHED, SWITCHING, UNDOING, UNDONE, Pending

# The switch gives up so long before the timer would undo it.
_MARGIN = 4.0
_POLL = 0.1
# How long the undo waits for the network manager before it does it by hand.
_PATIENCE = 3.0
# systemd-networkd takes away what it does not know when it begins with a link. When it is through
# what was carried over stays; it may wait for routers' advertisements much longer than that.
_STEADY, _STEADY_AT_WORK = 0.3, 2.0
_BACK_AT_MOST = 10.0


class StepError(HostError):
    """A step that has to succeed did not."""


class Carrier:
    """One move, on its way there or back."""

    def __init__(self, pending: Pending) -> None:
        self._pending = pending
        self._move = pending.move()
        self._load, self._old = pending.load()
        state = pending.state()
        self._deadline = state["armed"] + self._move.seconds - _MARGIN

    # --- there ---

    def switch(self) -> None:
        """Make the move; when it fails, take it back at once."""
        self._pending.set_state(SWITCHING)
        try:
            with Socket() as socket:
                write(self._move.parts.now)
                for step in self._move.parts.switch:
                    self._run(socket, step, self._deadline)
                    if step.lend:
                        self._lend(socket, self._move.target)
                self._reclaim(socket)
                self._settle(socket)
        except (HostError, OSError) as error:
            self.undo(str(error))
        else:
            self._pending.set_state(SWITCHED)

    def _settle(self, socket: Socket) -> None:
        """Wait until the manager is through and the new link has what the old one had."""
        problems: Sequence[str] = ()
        whole_since: float | None = None
        while True:
            found = self._look(socket)
            if found is not None and found[1]:
                whole_since = whole_since or time.monotonic()
                steady = _STEADY if found[2] else _STEADY_AT_WORK
                if time.monotonic() - whole_since >= steady:
                    return
            else:
                whole_since = None
                problems = found[0] if found is not None else problems
            if time.monotonic() >= self._deadline:
                what = f": {'; '.join(problems)}" if problems else ""
                raise StepError(
                    f"{self._move.target} did not get in time what {self._move.source} had{what}"
                )
            time.sleep(_POLL)

    def _look(self, socket: Socket) -> tuple[Sequence[str], bool, bool] | None:
        """What is refused, whether all is there, whether the manager is through.

        None while it has not begun with the new link.
        """
        links = by_name(socket)
        card, target = links.get(self._move.uplink), links.get(self._move.target)
        if card is None or target is None:
            return None
        if card.master_index != (0 if self._move.back else target.link.index):
            return None
        through = self._through(target.link.index, "target")
        if through is None:
            return None
        new = End(self._move.target, target.link.index)
        source = self._end(socket, self._move.source) or self._old
        carry.drop(socket, self._load, self._old, source)
        problems = carry.put(socket, self._load, self._old, new)
        have = addresses_of(socket, target.link.index)
        whole = set(self._move.addresses) <= have
        # A DHCP server may give another address.
        other = through and bool(have)
        return problems, not problems and (whole or other), through

    def _through(self, index: int, end: str) -> bool | None:
        """Whether the manager is through with an end of the move; None while it has not begun."""
        if self._move.manager != NETWORKD:
            # Its commands have ended, so it has, too.
            return True
        said = networkd_link(index)
        state = said.get("ADMIN_STATE", "")
        if said.get("NETWORK_FILE") != self._move.parts.signs[end]:
            return None
        if state == "failed":
            raise StepError(f"systemd-networkd failed to set up {getattr(self._move, end)}")
        return {"configured": True, "configuring": False}.get(state)

    # --- and back ---

    def undo(self, reason: str) -> None:
        """Bring back what was there, with the manager's help or without it."""
        self._pending.set_state(UNDOING, reason=reason)
        self._end_running()
        restore(self._move.parts.now)
        with Socket() as socket:
            self._reclaim(socket)
            for step in self._move.parts.undo:
                with contextlib.suppress(StepError, OSError):
                    self._run(socket, step, time.monotonic() + step.wait)
                if step.lend:
                    self._lend(socket, self._move.source)
            self._bring_back(socket)
            self._reclaim(socket)
        self._pending.set_state(UNDONE, reason=reason)

    def _bring_back(self, socket: Socket) -> None:
        """Until it stays: the manager may take away once more what it does not know."""
        had = carry.address_texts(self._load)
        begin = time.monotonic()
        whole_since: float | None = None
        while time.monotonic() - begin < _BACK_AT_MOST:
            time.sleep(_POLL)
            source = self._end(socket, self._move.source)
            if source is None:
                continue
            late = time.monotonic() - begin >= _PATIENCE
            through = self._through_with_the_old(source)
            if not through and not late:
                continue
            missing = not had <= addresses_of(socket, source.index)
            card = self._end(socket, self._move.uplink)
            if late and not through and card is not None:
                carry.join(socket, card, source.index if self._move.back else 0)
            target = self._end(socket, self._move.target) or End(self._move.target, 0)
            carry.drop(socket, self._load, self._old, target)
            refused = carry.put(socket, self._load, self._old, source, missing and late)
            if refused or not had <= addresses_of(socket, source.index):
                whole_since = None
                continue
            whole_since = whole_since or time.monotonic()
            if time.monotonic() - whole_since >= (_STEADY if through else _STEADY_AT_WORK):
                return

    def _through_with_the_old(self, source: End) -> bool:
        try:
            return bool(self._through(source.index, "source"))
        except StepError:
            return False

    # --- what a link borrows meanwhile ---

    def _lend(self, socket: Socket, name: str) -> None:
        new = self._end(socket, name)
        if new is not None:
            lend(socket, self._load, self._old, new)

    def _reclaim(self, socket: Socket) -> None:
        for name in (self._move.source, self._move.target):
            end = self._end(socket, name)
            if end is not None:
                reclaim(socket, self._load, self._old, end)

    # --- steps ---

    def _run(self, socket: Socket, step: Step, end: float) -> None:
        """Raises StepError where a step that must succeed fails or takes too long."""
        argv = [word.replace(FOLDER, self._pending.folder) for word in step.argv]
        log = os.path.join(self._pending.folder, LOG)
        # For the journal, where the move can be read once its folder is gone.
        sys.stderr.write(f"{' '.join(argv)}\n")
        with open(log, "ab") as output:
            output.write(f"$ {' '.join(argv)}\n".encode())
            output.flush()
            start = output.tell()
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                if step.must:
                    raise StepError(f"{' '.join(argv)}: {error.strerror}") from error
                return
        self._pending.set_state(self._pending.state()["state"], running=process.pid)
        code = self._wait(socket, step, process, min(step.wait, max(0.1, end - time.monotonic())))
        if code is not None:
            self._pending.set_state(self._pending.state()["state"], running=None)
        if code != 0 and step.must:
            said = Path(log).read_bytes()[start:].decode(errors="replace").split("\n")
            text = " ".join(line.strip() for line in said[-6:] if line.strip())
            how = "takes too long" if code is None else f"exit {code}"
            raise StepError(f"{' '.join(argv)}: {how}: {text}")

    def _wait(
        self, socket: Socket, step: Step, process: subprocess.Popen[bytes], limit: float
    ) -> int | None:
        """The step's exit code; None when it takes longer."""
        end = time.monotonic() + limit
        while True:
            left = max(0.0, end - time.monotonic())
            try:
                return process.wait(timeout=min(_POLL, left) if step.hold else left)
            except subprocess.TimeoutExpired:
                if time.monotonic() >= end:
                    return None
                self._lend(socket, self._move.source)

    def _end_running(self) -> None:
        """A step that hangs would hold what the way back needs."""
        running = self._pending.state().get("running")
        if not running:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running, number)
                time.sleep(0.2)
        self._pending.set_state(self._pending.state()["state"], running=None)

    def _end(self, socket: Socket, name: str) -> End | None:
        link = by_name(socket).get(name)
        return None if link is None else End(name, link.link.index)


def by_name(socket: Socket) -> dict[str, RawLink]:
    """The host's links."""
    found = [parse_link("", body) for body in socket.dump(GETLINK, LINK_DUMP)]
    return {raw.link.name: raw for raw in found}


def addresses_of(socket: Socket, index: int) -> set[str]:
    """Those of a link that are used beyond it, with prefix length."""
    found = set()
    for body in socket.dump(GETADDR, ADDR_DUMP):
        link, address = parse_address(body)
        if link == index and not address.interface.ip.is_link_local:
            found.add(str(address.interface))
    return found


def networkd_link(index: int) -> dict[str, str]:
    """What systemd-networkd says of a link."""
    return _settings(Path(f"/run/systemd/netif/links/{index}"))


def networkd_lease(index: int) -> dict[str, str]:
    """What it says of the link's lease."""
    return _settings(Path(f"/run/systemd/netif/leases/{index}"))


def _settings(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name: value.strip('"') for name, dummy, value in pairs}


def write(files: Sequence[File]) -> None:
    """Make the files what they have to be, in their order."""
    for file in files:
        if file.after is None:
            _files.remove(file.path)
        else:
            _files.write(file.path, file.after.encode(), file.mode)


def restore(files: Sequence[File]) -> None:
    """Make them what they were."""
    write([File(f.path, f.after, f.before, f.mode) for f in reversed(files)])


def current(paths: Sequence[str]) -> Mapping[str, str | None]:
    """The files' contents; None where there is none."""
    found: dict[str, str | None] = {}
    for path in paths:
        try:
            found[path] = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            found[path] = None
    return found
