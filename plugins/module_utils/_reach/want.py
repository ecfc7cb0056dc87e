# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be measured, from module reachability's options."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .._errors import OptionError
from .._topology.model import Address
from .._topology.values import number
from .model import DNS, REACH, Rule, Source, Target, Want

MOST = 10_000
# An IPv6 header, one of ICMP, and eight bytes to know an answer by.
SIZE_MIN, SIZE_MAX = 56, 65535
COUNT_MAX = 100
TIMEOUT_MAX = 60.0
PAYLOAD_MAX = 1200
_KINDS = ("host", "netns", "container", "pid")
_TARGET_KEYS = ("address", "name", "ping", "tcp_ports", "udp_ports")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")

Params = Mapping[str, Any]


def want_from_params(params: Params) -> Want:
    """Raises OptionError."""
    sources = _sources(params["sources"])
    targets = _targets(params)
    names = tuple(host_name(f"dns[{i}]", name) for i, name in enumerate(params["dns"] or ()))
    if not targets and not names:
        raise OptionError(
            "targets", params["targets"], "there is nothing to measure", "Give targets, or dns"
        )
    labels = [target.label for target in targets] + [f"{DNS}{name}" for name in names]
    _refuse_twice("targets", labels)
    size = number("size", params["size"], 0, SIZE_MAX, "bytes")
    if 0 < size < SIZE_MIN:
        raise OptionError(
            "size",
            size,
            f"an echo request has at least {SIZE_MIN} bytes with all its headers",
            f"Give {SIZE_MIN} to {SIZE_MAX}, or 0 for the link's MTU",
        )
    if params["path_mtu"] and not any(target.ping for target in targets):
        raise OptionError(
            "path_mtu", True, "it is found with echo requests", "Leave ping on, or path_mtu out"
        )
    want = Want(
        sources=sources,
        targets=targets,
        names=names,
        servers=_servers(params["dns_servers"]),
        expect=params["expect"],
        rules=tuple(_rules(params["pairs"] or (), [s.label for s in sources], labels)),
        count=number("count", params["count"], 1, COUNT_MAX),
        size=size,
        df=bool(params["df"]),
        path_mtu=bool(params["path_mtu"]),
        payload=_payload(params["udp_payload"]),
        silence_is_reach=params["udp_silence"] == REACH,
        version=params["ip_version"],
        timeout=_timeout(params["timeout"]),
    )
    _refuse_too_many(want)
    return want


def _sources(entries: list[Params] | None) -> tuple[Source, ...]:
    if entries is None:
        return (Source("host", "host", "", "sources[0].host"),)
    if not entries:
        raise OptionError(
            "sources", entries, "there is nowhere to measure from", "Leave it out for the host"
        )
    found = []
    for position, entry in enumerate(entries):
        where = f"sources[{position}]"
        given = [kind for kind in _KINDS if entry.get(kind) is not None]
        if given == ["host"] and not entry["host"]:
            given = []
        if len(given) != 1:
            raise OptionError(
                where,
                {key: value for key, value in entry.items() if value is not None},
                "is no source" if not given else f"{' and '.join(given)} are given, too many",
                "Give exactly one of host: true, netns, container and pid",
            )
        (kind,) = given
        value = "" if kind == "host" else str(entry[kind])
        label = {"host": "host", "netns": value}.get(kind, f"{kind}:{value}")
        found.append(Source(entry.get("name") or label, kind, value, f"{where}.{kind}"))
    _refuse_twice("sources", [source.label for source in found])
    return tuple(found)


def _targets(params: Params) -> tuple[Target, ...]:
    found = []
    for position, entry in enumerate(params["targets"] or ()):
        where = f"targets[{position}]"
        if not isinstance(entry, (str, Mapping)):
            raise OptionError(where, entry, "is no target", "Give an address, a name, or a dict")
        found.append(
            _target(where, {"address": entry} if isinstance(entry, str) else entry, params)
        )
    return tuple(found)


def _target(where: str, entry: Params, params: Params) -> Target:
    unknown = [key for key in entry if key not in _TARGET_KEYS]
    if unknown:
        raise OptionError(
            f"{where}.{unknown[0]}",
            entry[unknown[0]],
            "there is no such word for a target",
            f"Use {', '.join(_TARGET_KEYS)}",
        )
    text = str(entry.get("address") or "")
    inside = f"{where}.address"
    ping = entry.get("ping", params["ping"])
    if not isinstance(ping, bool):
        raise OptionError(f"{where}.ping", ping, "is neither true nor false", "Give one of them")
    target = Target(
        str(entry.get("name") or text),
        text,
        _address(inside, text),
        ping,
        _ports(where, "tcp_ports", entry, params),
        _ports(where, "udp_ports", entry, params),
    )
    if target.ip is None:
        host_name(inside, text)
    if not (target.ping or target.tcp_ports or target.udp_ports):
        raise OptionError(
            where,
            text,
            "nothing is measured to it",
            "Leave ping on, or give tcp_ports or udp_ports",
        )
    return target


def _address(option: str, text: str) -> Address | None:
    """None for a name."""
    if "%" in text or "/" in text:
        raise OptionError(
            option,
            text,
            "has a zone or a prefix length",
            "Give the address alone, one that is not link-local",
        )
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        if re.fullmatch(r"[0-9.]+|.*:.*", text):
            raise OptionError(option, text, "is no address", "Correct it") from None
        return None
    if found.is_multicast or found.is_unspecified or (found.version == 6 and found.is_link_local):
        raise OptionError(
            option, text, "is no address of one host", "Give a unicast address, not link-local"
        )
    return found


def host_name(option: str, text: str) -> str:
    """A name that DNS can be asked for."""
    labels = text.rstrip(".").split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise OptionError(
            option, text, "is neither an address nor a name", "Give an address or a host's name"
        )
    return text


def _ports(where: str, word: str, entry: Params, params: Params) -> tuple[int, ...]:
    given = entry.get(word)
    option = f"{where}.{word}"
    if given is None:
        option, given = word, params[word]
    if not isinstance(given, list):
        raise OptionError(option, given, "is no list", "Give a list of ports")
    ports = [number(f"{option}[{i}]", port, 1, 65535) for i, port in enumerate(given)]
    return tuple(dict.fromkeys(ports))


def _servers(entries: list[str] | None) -> tuple[Address, ...] | None:
    if entries is None:
        return None
    if not entries:
        raise OptionError(
            "dns_servers", entries, "there is no server to ask", "Leave it out for the source's own"
        )
    found = []
    for position, text in enumerate(entries):
        address = _address(f"dns_servers[{position}]", text)
        if address is None:
            raise OptionError(
                f"dns_servers[{position}]", text, "is no address", "Give a server by its address"
            )
        found.append(address)
    return tuple(found)


def _rules(entries: Iterable[Params], sources: list[str], targets: list[str]) -> Iterable[Rule]:
    for position, entry in enumerate(entries):
        where = f"pairs[{position}]"
        source, target = entry.get("source"), entry.get("target")
        if source is None and target is None:
            raise OptionError(
                where,
                entry["expect"],
                "names no pair",
                "Give source, target or both; or use expect",
            )
        for word, value, known in (("source", source, sources), ("target", target, targets)):
            if value is not None and value not in known:
                some = ", ".join(known[:10]) + (" and so on" if len(known) > 10 else "")
                raise OptionError(
                    f"{where}.{word}", value, f"there is no such {word}", f"There are {some}"
                )
        yield Rule(source, target, entry["expect"])


def _payload(text: str) -> bytes:
    data = text.encode()
    if len(data) > PAYLOAD_MAX:
        raise OptionError(
            "udp_payload",
            f"{text[:20]}…",
            f"has {len(data)} bytes, which may not fit into one packet",
            f"Give at most {PAYLOAD_MAX}",
        )
    return data


def _timeout(value: float) -> float:
    if not 0 < value <= TIMEOUT_MAX:
        raise OptionError(
            "timeout",
            value,
            "is no time to wait for an answer",
            f"Give more than 0 and at most {TIMEOUT_MAX:.0f} seconds",
        )
    return value


def _refuse_twice(option: str, labels: list[str]) -> None:
    for position, label in enumerate(labels):
        first = labels.index(label)
        if first != position:
            raise OptionError(
                f"{option}[{position}]",
                label,
                f"is what {option}[{first}] is called",
                "Give each another name",
            )


def _refuse_too_many(want: Want) -> None:
    each = sum(
        want.count * target.ping + len(target.tcp_ports) + len(target.udp_ports)
        for target in want.targets
    )
    total = len(want.sources) * (each + len(want.names))
    if total > MOST:
        raise OptionError(
            "targets",
            f"{len(want.sources)} sources, {len(want.targets) + len(want.names)} targets",
            f"that is {total} measurements, and more than {MOST} say no more than these",
            "Measure from every source to a few targets and from a few sources to every target, or"
            " in several tasks",
        )
