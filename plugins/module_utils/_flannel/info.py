# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module flannel_subnet_info: leases, subnet.env and the link, read and compared."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import ContainerNetError, HostError, OptionError
from .._etcd import EtcdUnreachableError
from . import status, subnet_env
from .config import Config
from .leases import Lease
from .registry import Registry, State


@dataclass(frozen=True)
class _View:
    """One look at everything; etcd's part is None when it was not asked."""

    state: State | None
    config: Config | None
    lease: Lease | None
    env: subnet_env.SubnetEnv | None
    link: status.Link | None
    problem: str | None


def check(params: Mapping[str, Any]) -> None:
    """Refuse options that cannot work together. Raises OptionError."""
    wait = params["wait"]
    if wait < 0:
        raise OptionError("wait", wait, "one cannot wait for less than nothing", "Write 0 or more")
    if wait and params["subnet_file"] is None:
        raise OptionError(
            "wait", wait, "there is nothing to wait for", "Set subnet_file, or leave wait out"
        )


def gather(params: Mapping[str, Any], registry: Registry | None) -> dict[str, Any]:
    """Look until flannel is ready or ``wait`` seconds are over; what the module returns.

    Raises ContainerNetError when it is still not ready after waiting.
    """
    end = time.monotonic() + params["wait"]
    view = _look_before(end, params, registry)
    while view.problem is not None and time.monotonic() < end:
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))
        view = _look_before(end, params, registry)
    if view.problem is not None and params["wait"] > 0:
        raise ContainerNetError(
            f"subnet_file: {params['subnet_file']!r}: after {params['wait']} seconds "
            f"{view.problem}. Look at flanneld's log (journalctl -u flanneld)."
        )
    return _result(params, view)


def _look_before(end: float, params: Mapping[str, Any], registry: Registry | None) -> _View:
    """While there is time to wait, an etcd that does not answer is one more problem: it may be
    electing a leader."""
    try:
        return _look(params, registry)
    except EtcdUnreachableError as error:
        if time.monotonic() >= end:
            raise
        return _View(None, None, None, None, None, str(error).rstrip("."))


def _look(params: Mapping[str, Any], registry: Registry | None) -> _View:
    state = registry.read_as_flannel() if registry else None
    config = registry.config(state) if registry and state else None
    env = _read_env(params["subnet_file"])
    lease = _own_lease(state, params["public_ip"], env)
    name = config.backend.link() if config else None
    link = _read_link(name) if name else None
    problem = None
    if params["subnet_file"] is not None:
        problem = status.problem(config, lease, env, link)
    return _View(state, config, lease, env, link, problem)


def _own_lease(
    state: State | None, public_ip: str | None, env: subnet_env.SubnetEnv | None
) -> Lease | None:
    for lease in state.leases if state else ():
        if public_ip is not None:
            if lease.public_ip == public_ip:
                return lease
        elif env is not None and str(lease.subnets.ipv4) == env.subnet:
            return lease
    return None


def _read_env(path: str | None) -> subnet_env.SubnetEnv | None:
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return subnet_env.parse(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(
            f"subnet_file: {path!r}: it cannot be read ({error.strerror}). Run as root."
        ) from None
    except ValueError as error:
        raise HostError(
            f"subnet_file: {path!r}: flanneld did not write this: {error}. "
            "Remove the file and restart flanneld."
        ) from None


def _read_link(name: str) -> status.Link | None:
    """The link in this process's own namespace, where /sys/class/net shows the right one."""
    values = []
    for item in ("mtu", "address"):
        try:
            with open(f"/sys/class/net/{name}/{item}", encoding="ascii") as file:
                values.append(file.read().strip())
        except OSError:
            return None
    return status.Link(name, int(values[0]), values[1])


def _result(params: Mapping[str, Any], view: _View) -> dict[str, Any]:
    env, lease, config = view.env, view.lease, view.config
    result: dict[str, Any] = {
        "changed": False,
        "ready": params["subnet_file"] is not None and view.problem is None,
        "problem": view.problem,
        "subnet_file": env.document() if env else None,
        "network": env.network if env else None,
        "subnet": env.subnet if env else None,
        "ipv6_subnet": env.ipv6_subnet if env else None,
        "bip": env.bip if env else None,
        "mtu": env.mtu if env else None,
        "link": view.link.name if view.link else None,
        "link_mtu": view.link.mtu if view.link else None,
    }
    if view.state is not None and config is not None:
        text = view.state.config.value if view.state.config else ""
        result["config"] = config.shown()
        result["config_digest"] = hashlib.sha256(text.encode()).hexdigest()
        result["expected_link"] = config.backend.link()
        result["expected_ipv6_link"] = config.backend.ipv6_link() if config.ipv6 else None
        result["leases"] = [item.document() for item in view.state.leases]
        result["lease"] = lease.document() if lease else None
        if env is None and lease is not None:
            result["subnet"] = lease.document()["subnet"]
            result["ipv6_subnet"] = lease.document()["ipv6_subnet"]
            result["bip"] = lease.document()["bip"]
            result["network"] = str(config.ipv4.network)
    return result
