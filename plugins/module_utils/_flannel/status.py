# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether flannel on a host is where its lease and its config want it."""

from __future__ import annotations

from dataclasses import dataclass

from .config import Config
from .leases import Lease
from .subnet_env import SubnetEnv


@dataclass(frozen=True)
class Link:
    """flannel's link as the kernel has it; ``mtu`` in bytes."""

    name: str
    mtu: int
    mac: str


def problem(
    config: Config | None, lease: Lease | None, env: SubnetEnv | None, link: Link | None
) -> str | None:
    """Why flannel is not ready on this host, as a sentence without a full stop, or None.

    ``config`` is None when etcd was not asked; then only the file counts.
    """
    if env is None:
        return "flanneld has not written its subnet file yet"
    if config is None:
        return None
    if lease is None:
        return "etcd holds no lease for this host"
    if env.subnet != str(lease.subnets.ipv4):
        return f"the subnet file says {env.subnet}, the lease says {lease.subnets.ipv4}"
    if lease.subnets.ipv6 is not None and env.ipv6_subnet != str(lease.subnets.ipv6):
        return f"the subnet file says {env.ipv6_subnet}, the lease says {lease.subnets.ipv6}"
    if env.network != str(config.ipv4.network):
        return f"the subnet file is for the network {env.network}, not {config.ipv4.network}"
    if lease.reserved:
        return "the lease is only reserved, flanneld has not taken it yet"
    kind = config.backend.kind
    if lease.backend != ("" if kind in ("udp", "alloc") else kind):
        return f"flanneld still runs with the backend {lease.backend or 'udp'}, not {kind}"
    return _link_problem(config, lease, env, link)


def _link_problem(config: Config, lease: Lease, env: SubnetEnv, link: Link | None) -> str | None:
    name = config.backend.link()
    if name is None:
        return None
    if link is None:
        return f"the link {name} is missing"
    if link.mtu != env.mtu:
        return f"the link {name} has an MTU of {link.mtu}, the subnet file says {env.mtu}"
    announced = str(lease.data.get("VtepMAC", "")).lower()
    if announced and announced != link.mac.lower():
        return (
            f"the link {name} has the address {link.mac}, the lease tells the others {announced}: "
            "something (udev, a network manager) changed it"
        )
    return None
