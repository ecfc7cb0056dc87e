# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Docker asks of several keys at once. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from .._errors import OptionError
from .values import network_of


def check_together(option: str, settings: Mapping[str, Any]) -> None:
    """What Docker asks of several keys at once; each has been looked at by itself before."""
    if settings.get("bip") and settings.get("bridge"):
        raise OptionError(
            f"{option}.bip",
            settings["bip"],
            f"Docker takes either bip or bridge ({settings['bridge']!r})",
            "Remove one of the two",
        )
    _mtu(option, settings)
    for bridge, gateway, fixed in (
        ("bip", "default-gateway", "fixed-cidr"),
        ("bip6", "default-gateway-v6", "fixed-cidr-v6"),
    ):
        if not settings.get(bridge):
            continue
        own = ipaddress.ip_interface(settings[bridge])
        if settings.get(gateway) and ipaddress.ip_address(settings[gateway]) not in own.network:
            raise OptionError(
                f"{option}.{gateway}",
                settings[gateway],
                f"is not in {own.network}, the network of {bridge}",
                f"Choose an address in {own.network}",
            )
        if settings.get(fixed):
            part = network_of(f"{option}.{fixed}", settings[fixed])
            if part.network_address not in own.network or part.prefixlen < own.network.prefixlen:
                raise OptionError(
                    f"{option}.{fixed}",
                    settings[fixed],
                    f"is not inside {own.network}, the network of {bridge}",
                    f"Choose a part of {own.network}",
                )


def _mtu(option: str, settings: Mapping[str, Any]) -> None:
    mtu = settings.get("mtu")
    if mtu is None or mtu == 0:
        return
    least = 1280 if settings.get("ipv6") is True else 68
    if not least <= mtu <= 65535:
        why = "; IPv6 needs 1280" if least == 1280 else ""
        raise OptionError(
            f"{option}.mtu",
            mtu,
            f"is not between {least} and 65535 bytes{why}",
            "Give the MTU of the way between hosts, like 1450 with vxlan, or 0 for Docker's own",
        )
