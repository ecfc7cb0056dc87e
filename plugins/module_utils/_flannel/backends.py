# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""flannel's backends: their options, the links they make, and what they take from the MTU."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from .._errors import OptionError

MAX_VNI = 2**24 - 1
# A link's name has 15 characters, and flannel calls its links flannel.VNI and flannel-v6.VNI.
MAX_VNI_NAME = 9_999_999
MAX_VNI_NAME_V6 = 9_999
WIREGUARD_KEY_BYTES = 32
IPSEC_PSK_LENGTH = 96
WIREGUARD_MODES = ("separate", "auto", "ipv4", "ipv6")
SECRETS = frozenset({"PSK"})

Check = Callable[[str, Any], None]


def _number(low: int, high: int) -> Check:
    def check(option: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise OptionError(option, value, "this is not a whole number", "Write a number")
        if not low <= value <= high:
            raise OptionError(
                option, value, f"it must be from {low} to {high}", "Choose another value"
            )

    return check


def _flag(option: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise OptionError(option, value, "this is neither true nor false", "Write true or false")


def _mode(option: str, value: Any) -> None:
    if value not in WIREGUARD_MODES:
        raise OptionError(
            option, value, "flannel has no such mode", f"Choose one of {', '.join(WIREGUARD_MODES)}"
        )


def _text(option: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise OptionError(option, value, "this is not a text", "Write a text that is not empty")


def _wireguard_key(option: str, value: Any) -> None:
    remedy = "Make one with 'wg genpsk'"
    try:
        size = len(base64.b64decode(str(value), validate=True))
    except (binascii.Error, ValueError):
        raise OptionError(option, "(hidden)", "this is not base64", remedy) from None
    if size != WIREGUARD_KEY_BYTES:
        raise OptionError(
            option, "(hidden)", f"it holds {size} bytes, a key has {WIREGUARD_KEY_BYTES}", remedy
        )


def _ipsec_key(option: str, value: Any) -> None:
    if len(str(value)) < IPSEC_PSK_LENGTH:
        raise OptionError(
            option,
            "(hidden)",
            f"flannel wants at least {IPSEC_PSK_LENGTH} characters",
            "Make one with 'openssl rand -hex 48'",
        )


_PORT = _number(1, 65535)
_MTU = _number(576, 65535)


@dataclass(frozen=True)
class Kind:
    """One backend: ``options`` maps our name to (flannel's key, check); sizes are in bytes."""

    overhead: int
    options: Mapping[str, tuple[str, Check]] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    port: str = ""  # flannel's key of the UDP port between the hosts' IPv4 addresses
    modules: tuple[str, ...] = ()  # of the kernel


KINDS: Mapping[str, Kind] = {
    "vxlan": Kind(
        50,
        {
            "vni": ("VNI", _number(1, MAX_VNI)),
            "port": ("Port", _PORT),
            "mtu": ("MTU", _MTU),
            "gbp": ("GBP", _flag),
            "learning": ("Learning", _flag),
            "direct_routing": ("DirectRouting", _flag),
        },
        {"VNI": 1, "Port": 8472, "GBP": False, "Learning": False, "DirectRouting": False},
        port="Port",
        modules=("vxlan",),
    ),
    "host-gw": Kind(0),
    "udp": Kind(28, {"port": ("Port", _PORT)}, {"Port": 8285}, port="Port", modules=("tun",)),
    "wireguard": Kind(
        80,
        {
            "psk": ("PSK", _wireguard_key),
            "listen_port": ("ListenPort", _PORT),
            "listen_port_v6": ("ListenPortV6", _PORT),
            "mtu": ("MTU", _MTU),
            "mode": ("Mode", _mode),
            "persistent_keepalive_interval": ("PersistentKeepaliveInterval", _number(0, 65535)),
        },
        {
            "ListenPort": 51820,
            "ListenPortV6": 51821,
            "Mode": "separate",
            "PersistentKeepaliveInterval": 0,
        },
        port="ListenPort",
        modules=("wireguard",),
    ),
    "ipip": Kind(
        20,
        {"direct_routing": ("DirectRouting", _flag)},
        {"DirectRouting": False},
        modules=("ipip",),
    ),
    "ipsec": Kind(
        77,
        {
            "psk": ("PSK", _ipsec_key),
            "udp_encap": ("UDPEncap", _flag),
            "esp_proposal": ("ESPProposal", _text),
        },
        {"UDPEncap": False, "ESPProposal": "aes128gcm16-sha256-prfsha256-ecp256"},
        ("psk",),
    ),
    "alloc": Kind(0),
}

# All our names of options, of whatever backend.
OPTIONS = frozenset(name for kind in KINDS.values() for name in kind.options)


@dataclass(frozen=True)
class Backend:
    """A backend and its options under flannel's own keys; what is left out has its default."""

    kind: str
    options: Mapping[str, Any]

    def effective(self) -> dict[str, Any]:
        """The options with flannel's defaults filled in."""
        return {**KINDS[self.kind].defaults, **self.options}

    def document(self) -> dict[str, Any]:
        """The value of the config's Backend key."""
        return {"Type": self.kind, **self.options}

    def overhead(self) -> int:
        """Bytes that a packet grows by on its way."""
        extra = 8 if self.kind == "ipsec" and self.effective()["UDPEncap"] else 0
        return KINDS[self.kind].overhead + extra

    def mtu(self, link_mtu: int) -> int:
        """The MTU in the overlay, over links of ``link_mtu`` bytes."""
        return int(self.options.get("MTU") or link_mtu) - self.overhead()

    def port(self) -> tuple[str, int] | None:
        """The UDP port between the hosts with our option for it, None where there is none."""
        for name, (key, dummy) in KINDS[self.kind].options.items():
            if key == KINDS[self.kind].port:
                return name, int(self.effective()[key])
        return None

    def routed(self) -> bool:
        """Whether packets may go from host to host as they are, through the hosts' own link."""
        return self.kind in ("host-gw", "ipsec") or bool(self.effective().get("DirectRouting"))

    def link(self) -> str | None:
        """The name of flannel's link on each host, None where it makes none."""
        if self.kind == "vxlan":
            return f"flannel.{self.effective()['VNI']}"
        return {"udp": "flannel0", "wireguard": "flannel-wg", "ipip": "flannel.ipip"}.get(self.kind)

    def ipv6_link(self) -> str | None:
        """The same for IPv6, in a network that has it."""
        if self.kind == "vxlan":
            return f"flannel-v6.{self.effective()['VNI']}"
        if self.kind == "wireguard":
            return "flannel-wg-v6" if self.effective()["Mode"] == "separate" else "flannel-wg"
        return None


def from_params(params: Mapping[str, Any], dual_stack: bool) -> Backend:
    """A module's ``backend`` option, checked. None stands for an option that was left out.

    Keys that are no option of any backend are passed over: Ansible leaves aliases in the dict.
    """
    kind = str(params.get("type") or "")
    if kind not in KINDS:
        raise OptionError(
            "backend.type",
            params.get("type"),
            "flannel has no such backend",
            f"Choose one of {', '.join(KINDS)}",
        )
    given = {name: value for name, value in params.items() if name in OPTIONS and value is not None}
    known = KINDS[kind].options
    for name, value in given.items():
        if name not in known:
            usable = f"it takes {', '.join(known)}" if known else "it takes none"
            raise OptionError(
                f"backend.{name}",
                "(hidden)" if name == "psk" else value,
                f"the backend {kind} has no such option",
                f"Leave it out ({usable})",
            )
        known[name][1](f"backend.{name}", value)
    for name in KINDS[kind].required:
        if name not in given:
            raise OptionError(
                f"backend.{name}", None, f"the backend {kind} cannot do without", "Set it"
            )
    backend = Backend(kind, {known[name][0]: value for name, value in given.items()})
    _check_link_name(backend, dual_stack)
    return backend


def _check_link_name(backend: Backend, dual_stack: bool) -> None:
    if backend.kind != "vxlan":
        return
    vni, limit = backend.effective()["VNI"], MAX_VNI_NAME_V6 if dual_stack else MAX_VNI_NAME
    if vni > limit:
        raise OptionError(
            "backend.vni",
            vni,
            "flannel names its link after it, and that name would pass 15 characters",
            f"Choose at most {limit}",
        )


def from_document(document: Any) -> Backend:
    """The Backend key of a config that somebody wrote; without one flannel takes udp.

    Raises ValueError for what flannel itself could not read.
    """
    if document is None:
        return Backend("udp", {})
    if not isinstance(document, Mapping):
        raise ValueError("Backend is not an object")
    # Go reads the keys of JSON objects without regard to their case.
    fields = {str(key).lower(): value for key, value in document.items()}
    kind = fields.pop("type", "")
    if kind not in KINDS:
        raise ValueError(f"Backend.Type {kind!r} is unknown")
    keys = {key.lower(): key for key, dummy in KINDS[kind].options.values()}
    return Backend(kind, {keys[name]: fields[name] for name in fields if name in keys})
