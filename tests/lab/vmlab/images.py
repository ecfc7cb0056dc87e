# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disk images: a Debian root file system per suite and flavour, built once and kept.

An image is a directory with `disk.img` (sparse, never written to again), `vmlinuz` and `initrd`.
Its name carries a hash of everything that went into it, so a changed recipe makes a new one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .base import LabError, cache_root, find_program, locked, need, run, say, timed
from .mirror import Mirror, read_mirror

DISK_SIZE = "6G"

# What Debian's cloud images bring that matters here, and the Python that Ansible needs.
_BARE = (
    "linux-image-cloud-amd64 systemd-sysv openssh-server python3 iproute2 iputils-ping "
    "ca-certificates dbus udev initramfs-tools kmod procps netbase sudo apparmor less"
).split()
# What the roles install, so that their runs take seconds instead of minutes.
_WARM = (
    "docker.io etcd-server etcd-client iptables nftables openssl busybox-static ethtool "
    "python3-apt python3-pyroute2 python3-cryptography python3-requests"
).split()
_SERVICES = ("docker.service", "docker.socket", "containerd.service", "etcd.service")
# A restored guest's clock jumps, and these would take the jump for a missed appointment.
_TIMERS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
)


@dataclass(frozen=True)
class Image:
    """A built image's files."""

    directory: Path

    @property
    def disk(self) -> Path:
        return self.directory / "disk.img"

    @property
    def kernel(self) -> Path:
        return self.directory / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.directory / "initrd"


@dataclass(frozen=True)
class Recipe:
    """What goes into an image; equal recipes give one image."""

    suite: str
    flavour: str
    packages: tuple[str, ...]
    sources: tuple[str, ...]
    files: tuple[tuple[str, int, str], ...]  # path, mode, text
    disabled: tuple[str, ...]

    @property
    def name(self) -> str:
        parts = [list(self.packages), list(self.sources), list(self.files), list(self.disabled)]
        digest = hashlib.sha256(json.dumps([*parts, DISK_SIZE, _TIMERS]).encode()).hexdigest()
        return f"{self.suite}-{self.flavour}-{digest[:12]}"


def packages(suite: str, flavour: str) -> tuple[str, ...]:
    """The packages of a flavour in a suite."""
    names = list(_BARE)
    if flavour == "warm":
        names += _WARM
        if suite != "bookworm":  # a package of its own from Debian 13 on
            names.append("docker-cli")
    return tuple(names)


def recipe(suite: str, flavour: str, mirror: Mirror, public_key: str) -> Recipe:
    """Put together what an image is made of."""
    files = [
        ("etc/fstab", 0o644, "/dev/vda / ext4 noatime 0 1\n"),
        ("etc/hostname", 0o644, "lab\n"),
        ("etc/hosts", 0o644, "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"),
        ("etc/resolv.conf", 0o644, "nameserver 10.0.2.3\n"),
        (
            "etc/systemd/network/10-lab-eth0.network",
            0o644,
            "[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\n",
        ),
        ("etc/apt/apt.conf.d/99mmdebstrap", 0o644, mirror.guest_apt_conf()),
        ("root/.ssh/authorized_keys", 0o600, public_key),
    ]
    for certificate in mirror.certificates:
        text = certificate.read_text(encoding="ascii")
        files.append((f"usr/local/share/ca-certificates/{certificate.name}", 0o644, text))
    return Recipe(
        suite=suite,
        flavour=flavour,
        packages=packages(suite, flavour),
        sources=tuple(mirror.sources(suite)),
        files=tuple(files),
        disabled=_SERVICES if flavour == "warm" else (),
    )


def ssh_key() -> Path:
    """The lab's private SSH key, made on first use; `.pub` stands beside it."""
    key = cache_root() / "ssh" / "id_ed25519"
    with locked(cache_root() / "ssh" / "lock"):
        if not key.exists():
            need("ssh-keygen")
            run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "container_net lab"]
                + ["-f", str(key)]
            )
    return key


def ensure_image(suite: str, flavour: str) -> Image:
    """Return the image of that suite and flavour, building it when it is missing."""
    public_key = ssh_key().with_suffix(".pub").read_text(encoding="ascii")
    wanted = recipe(suite, flavour, read_mirror(), public_key)
    images = cache_root() / "images"
    image = Image(images / wanted.name)
    if not image.directory.exists():
        # One build at a time: each is bound by the processor and the archive.
        with locked(images / "lock"):
            if not image.directory.exists():
                for unfinished in images.glob("*.part"):
                    _remove_tree(unfinished)
                with timed(f"image {wanted.name} built in"):
                    _build(wanted, image.directory)
    return image


def _build(wanted: Recipe, target: Path) -> None:
    need("mmdebstrap", "mke2fs")
    say(f"building image {target.name} (Debian {wanted.suite}, {len(wanted.packages)} packages)")
    work = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
    rootfs = work / "rootfs"
    try:
        overlay = work / "overlay.tar"
        overlay.write_bytes(_tar(wanted))
        _as_root(
            [str(find_program("mmdebstrap")), *_mmdebstrap(wanted, overlay), str(rootfs)]
            + list(wanted.sources)
        )
        for name in ("vmlinuz", "initrd"):
            found = sorted((rootfs / "boot").glob(f"{name}*"))
            if not found:
                raise LabError(f"image {target.name}: no /boot/{name}* in the root file system")
            _as_root(["cp", str(found[-1]), str(work / name)])
        # Without an owner in it, the file system would belong to whoever builds it.
        _as_root(
            [str(find_program("mke2fs")), "-q", "-t", "ext4", "-L", "root"]
            + ["-E", "root_owner=0:0", "-d", str(rootfs), str(work / "disk.img"), DISK_SIZE]
        )
        _remove_tree(rootfs)
        overlay.unlink()
        _as_root(
            ["chown", f"{os.getuid()}:{os.getgid()}"]
            + [str(work / name) for name in ("vmlinuz", "initrd", "disk.img")]
        )
        work.chmod(0o755)
        work.rename(target)
    except BaseException:
        _remove_tree(work)
        raise


def _mmdebstrap(wanted: Recipe, overlay: Path) -> list[str]:
    mirror_options = [f"--aptopt={option}" for option in read_mirror().apt_options()]
    # An initrd with three drivers starts in half the time of one with all of them.
    drivers = "virtio_pci\\nvirtio_blk\\next4\\n"
    early = (
        'mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"; '
        'echo MODULES=list > "$1/etc/initramfs-tools/conf.d/lab"; '
        f"printf '{drivers}' > \"$1/usr/share/initramfs-tools/modules.d/lab\""
    )
    disable = " ".join(wanted.disabled)
    hooks = [f"tar-in '{overlay}' /", 'chroot "$1" update-ca-certificates']
    hooks.append('chroot "$1" systemctl enable systemd-networkd.service')
    hooks.append(f'chroot "$1" systemctl mask {" ".join(_TIMERS)}')
    if disable:
        hooks.append(f'chroot "$1" systemctl disable {disable}')
    return [
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(wanted.packages)}",
        "--dpkgopt=force-unsafe-io",
        *mirror_options,
        "--skip=cleanup/reproducible",
        f"--essential-hook={early}",
        *[f"--customize-hook={hook}" for hook in hooks],
        wanted.suite,
    ]


def _tar(wanted: Recipe) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        directory = tarfile.TarInfo("root/.ssh")
        directory.type = tarfile.DIRTYPE
        directory.mode = 0o700
        archive.addfile(directory)
        for path, mode, text in wanted.files:
            data = text.encode()
            entry = tarfile.TarInfo(path)
            entry.mode = mode
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _remove_tree(path: Path) -> None:
    _as_root(["rm", "-rf", "--one-file-system", str(path)])


def _as_root(command: list[str]) -> None:
    prefix = ["nice"] if os.geteuid() == 0 else ["sudo", "nice"]
    run([*prefix, *command])
