# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces without a fork: open, enter, make, remove, list.

``setns`` changes the calling thread only, so a run enters a namespace, opens a socket there and
goes back; the socket stays in the namespace. Every path goes back, because a module may live in
a process that runs others after it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator

from .._errors import HostError
from .._topology.model import HOST, Identity
from .descriptors import Descriptors

NETNS_DIR = "/run/netns"
_SELF = "/proc/thread-self/ns/net"
_CLONE_NEWNET = 0x40000000
_MS_BIND, _MS_REC, _MS_SHARED = 0x1000, 0x4000, 0x100000
_MNT_DETACH = 2
_NSFS_MAGIC = 0x6E736673

_libc = ctypes.CDLL(None, use_errno=True)


class _Statfs(ctypes.Structure):
    _fields_ = (("f_type", ctypes.c_long), ("rest", ctypes.c_long * 32))


def require_root() -> None:
    """Raises HostError."""
    if os.geteuid() != 0:
        raise HostError(
            "Not root: namespaces, links and routes can only be read and changed by root. Use"
            " become: true."
        )


def _call(what: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise HostError(f"{what}: {os.strerror(number)}")


def identity(status: os.stat_result) -> Identity:
    """What tells namespaces apart."""
    return (status.st_dev, status.st_ino)


def path_of(name: str) -> str:
    """The file that holds the namespace open."""
    return f"{NETNS_DIR}/{name}"


def is_namespace(path: str) -> bool:
    """Only nsfs says that a file is a namespace: a name alone may be a left-over (G7)."""
    result = _Statfs()
    if _libc.statfs(os.fsencode(path), ctypes.byref(result)) != 0:
        return False
    return int(result.f_type) == _NSFS_MAGIC


class Namespaces:
    """The namespaces of one run, seen from the one it started in. Use as a context manager."""

    def __init__(self) -> None:
        self._home = os.open(_SELF, os.O_RDONLY | os.O_CLOEXEC)
        self._removed: dict[str, int] = {}
        # Of processes, by the names that they have or get.
        self._held: dict[str, int] = {}
        self._descriptors = Descriptors()

    def __enter__(self) -> Namespaces:
        return self

    def __exit__(self, *dummy: object) -> None:
        for fd in (*self._removed.values(), *self._held.values()):
            os.close(fd)
        self._removed.clear()
        self._held.clear()
        os.close(self._home)

    def list(self) -> list[str]:
        """Every name under /run/netns, namespaces and stale files alike."""
        try:
            return sorted(os.listdir(NETNS_DIR))
        except FileNotFoundError:
            return []

    def exists(self, name: str) -> bool:
        return name == HOST or name in self._held or is_namespace(path_of(name))

    def hold(self, name: str, fd: int) -> str | None:
        """Let ``name`` stand for a process's namespace from now on, mounted or not.

        Returns the name of the same namespace that is held, or HOST, and then does not take it.
        """
        held = {HOST: self._home, **self._held}
        for other, known in held.items():
            if identity(os.fstat(known)) == identity(os.fstat(fd)):
                os.close(fd)
                return other
        self._held[name] = fd
        return None

    def adopt(self, name: str, fd: int) -> None:
        """Let ``name`` stand for a namespace from now on, whatever it stood for before."""
        previous = self._held.get(name)
        if previous is not None:
            os.close(previous)
        self._held[name] = fd

    def identity_of(self, name: str) -> Identity:
        """What tells the namespace apart from others."""
        with self.opened(name) as fd:
            return identity(os.fstat(fd))

    def held(self) -> dict[str, Identity]:
        """The namespaces of processes that were looked up."""
        return {name: identity(os.fstat(fd)) for name, fd in self._held.items()}

    def named(self, name: str) -> Identity | None:
        """The namespace that the name leads to, held or not; None where there is none."""
        path = path_of(name)
        return identity(os.stat(path)) if is_namespace(path) else None

    def attach(self, name: str, replaces: bool) -> None:
        """Mount the held namespace under its name."""
        if replaces:
            self.remove(name)
        try:
            self._mount(name, self._held[name])
        except (HostError, OSError):
            if replaces:
                self.restore(name)
            raise

    def detach(self, name: str, replaced: bool) -> None:
        """Take ``attach`` back."""
        path = path_of(name)
        code = _libc.umount2(os.fsencode(path), _MNT_DETACH)
        _call(f"removing namespace {name}", code)
        os.unlink(path)
        if replaced:
            self.restore(name)

    def is_stale(self, name: str) -> bool:
        """A file of that name that is no namespace."""
        return name != HOST and not self.exists(name) and self.is_file(name)

    def is_file(self, name: str) -> bool:
        """Whether there is an ordinary file of that name."""
        return os.path.lexists(path_of(name)) and not is_namespace(path_of(name))

    def opening_once(self) -> contextlib.AbstractContextManager[None]:
        """Within the block each namespace is opened once, and a new one not again."""
        return self._descriptors.once()

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """A descriptor of the namespace."""
        if name == HOST or name in self._held:
            yield self._held.get(name, self._home)
            return
        known = self._descriptors.find(name)
        if known is not None:
            yield known
            return
        fd = os.open(path_of(name), os.O_RDONLY | os.O_CLOEXEC)
        kept = self._descriptors.keep(name, fd)
        try:
            yield fd
        finally:
            if not kept:
                os.close(fd)

    @contextlib.contextmanager
    def entered(self, name: str) -> Iterator[None]:
        """This thread is inside the namespace until the end of the block."""
        if name == HOST:
            yield
            return
        with self.opened(name) as fd:
            _call(f"entering namespace {name}", _libc.setns(fd, _CLONE_NEWNET))
        try:
            yield
        finally:
            self.go_home()

    @contextlib.contextmanager
    def scratch(self) -> Iterator[None]:
        """Inside a namespace that is gone at the end of the block and had no name."""
        _call("making a namespace", _libc.unshare(_CLONE_NEWNET))
        try:
            yield
        finally:
            self.go_home()

    def go_home(self) -> None:
        _call("going back to the first namespace", _libc.setns(self._home, _CLONE_NEWNET))

    @contextlib.contextmanager
    def created(self, name: str) -> Iterator[None]:
        """Make a namespace and stay inside it for the block. Nothing is left when it fails."""
        path = path_of(name)
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444))
        try:
            _call(f"making namespace {name}", _libc.unshare(_CLONE_NEWNET))
            try:
                _bind(_SELF, path)
                try:
                    with self.opened(name):
                        yield
                except BaseException:
                    self._descriptors.drop(name)
                    _libc.umount2(os.fsencode(path), _MNT_DETACH)
                    raise
            finally:
                self.go_home()
        except BaseException:
            os.unlink(path)
            raise

    def remove(self, name: str) -> None:
        """Take the name away; the namespace itself is held until the end of the run (G3)."""
        self._descriptors.drop(name)
        if self.is_stale(name):
            self.remove_stale(name)
            return
        path = path_of(name)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if _libc.umount2(os.fsencode(path), _MNT_DETACH) != 0:
            number = ctypes.get_errno()
            os.close(fd)
            raise HostError(f"removing namespace {name}: {os.strerror(number)}")
        os.unlink(path)
        previous = self._removed.pop(name, None)
        if previous is not None:
            os.close(previous)
        self._removed[name] = fd

    def restore(self, name: str) -> None:
        """Give a namespace that this run removed its name back."""
        self._mount(name, self._removed[name])

    def _mount(self, name: str, fd: int) -> None:
        path = path_of(name)
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444))
        try:
            _bind(f"/proc/thread-self/fd/{fd}", path)
        except HostError:
            os.unlink(path)
            raise

    def let_go(self) -> None:
        """Close the removed namespaces, so that the kernel takes them down."""
        for fd in self._removed.values():
            os.close(fd)
        self._removed.clear()

    def remove_stale(self, name: str) -> None:
        """Remove an ordinary file that a dead run left."""
        if self.is_stale(name):
            os.unlink(path_of(name))


def _bind(source: str, target: str) -> None:
    code = _libc.mount(os.fsencode(source), os.fsencode(target), b"none", _MS_BIND, None)
    _call(f"mounting {target}", code)


def prepare_directory() -> None:
    """Make /run/netns a shared mount, as iproute2 does, so that names are seen everywhere."""
    os.makedirs(NETNS_DIR, mode=0o755, exist_ok=True)
    path = os.fsencode(NETNS_DIR)
    if _libc.mount(b"", path, b"none", _MS_SHARED | _MS_REC, None) == 0:
        return
    code = _libc.mount(path, path, b"none", _MS_BIND | _MS_REC, None)
    _call(f"mounting {NETNS_DIR}", code)
    _call(f"sharing {NETNS_DIR}", _libc.mount(b"", path, b"none", _MS_SHARED | _MS_REC, None))


def refuse_private_mounts() -> None:
    """G7: in a mount namespace of its own a name made here is an ordinary file elsewhere."""
    if _mounts_are_the_hosts() or _run_is_shared():
        return
    raise HostError(
        "The process runs in a mount namespace of its own and /run is not shared with the host's:"
        " a network namespace made here would be seen elsewhere as an ordinary file. Run it"
        " outside of PrivateTmp, ProtectSystem and the like, or make /run a shared mount."
    )


def _mounts_are_the_hosts() -> bool:
    """Whether the first process has the same mount namespace; also when that is not told."""
    with contextlib.suppress(OSError):
        mine, first = os.stat("/proc/self/ns/mnt"), os.stat("/proc/1/ns/mnt")
        return (mine.st_dev, mine.st_ino) == (first.st_dev, first.st_ino)
    with contextlib.suppress(OSError):
        # The numbers of mounts are unique on the machine.
        numbers = [{line.split()[0] for line in _mounts(who)} for who in ("self", "1")]
        return bool(numbers[0] & numbers[1])
    return True


def _mounts(process: str) -> list[str]:
    path = f"/proc/{process}/mountinfo"
    with open(path, encoding="utf-8", errors="surrogateescape") as lines:
        return list(lines)


def _run_is_shared() -> bool:
    """Whether what is mounted under /run/netns is seen by the first process as well.

    systemd makes the mounts of a sandboxed unit slaves of the host's and then shared among
    themselves, so a mount that has a master is not shared with it.
    """
    best, shared = "", False
    for line in _mounts("self"):
        fields = line.split()
        point = fields[4]
        inside = point == NETNS_DIR or NETNS_DIR.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best = point
            optional = " ".join(fields[6 : fields.index("-", 6)])
            shared = "shared:" in optional and "master:" not in optional
    return shared


def processes_in(name: str) -> bool:
    """Whether a process other than this one lives in the namespace."""
    wanted = os.stat(path_of(name))
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            found = os.stat(f"/proc/{entry}/ns/net")
            if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                return True
    return False
