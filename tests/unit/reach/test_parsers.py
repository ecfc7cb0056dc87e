# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ICMP, DNS, the files of a resolver, rules that drop, and path MTUs, as tables."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._reach import (
    drops,
    names,
    packets,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._reach.search import Bounds

TOKEN = b"12345678"


def test_an_echo_request_is_as_long_as_wanted_and_sums_up_to_nothing() -> None:
    for size in (56, 57, 1500):
        packet = packets.echo_request(4, 0x1234, 7, size, TOKEN)
        assert len(packet) == size - 20
        padded = packet + b"\0" * (len(packet) % 2)
        total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
        assert (total >> 16) + (total & 0xFFFF) == 0xFFFF
    assert len(packets.echo_request(6, 1, 1, 1280, TOKEN)) == 1280 - 40


IP4 = bytes([0x45]) + bytes(8) + b"\x01" + bytes(10)
IP6 = bytes([0x60]) + bytes(5) + b"\x3a" + bytes(33)
ECHO4, ECHO6 = b"\x08\0\0\0\x12\x34\0\x07", b"\x80\0\0\0\x12\x34\0\x07"


@pytest.mark.parametrize(
    ("version", "data", "expected"),
    [
        (4, IP4 + b"\0\0\0\0\x12\x34\0\x07" + TOKEN, packets.Reply(0x1234, 7, TOKEN)),
        (6, b"\x81\0\0\0\x12\x34\0\x07" + TOKEN, packets.Reply(0x1234, 7, TOKEN)),
        (4, IP4 + ECHO4 + TOKEN, None),  # somebody's question
        (
            4,
            IP4 + b"\x03\x01" + bytes(6) + IP4 + ECHO4,
            packets.Refusal(0x1234, 7, "the host cannot be reached"),
        ),
        (
            4,
            IP4 + b"\x03\x04" + bytes(4) + b"\x05\x14" + IP4 + ECHO4,
            packets.Refusal(0x1234, 7, "the packet is too large for the way", 1300),
        ),
        (
            4,
            IP4 + b"\x03\x0d" + bytes(6) + IP4 + ECHO4,
            packets.Refusal(0x1234, 7, "it is prohibited", prohibited=True),
        ),
        (
            6,
            b"\x02\0\0\0\0\0\x05\0" + IP6 + ECHO6,
            packets.Refusal(0x1234, 7, "the packet is too large for the way", 1280),
        ),
        (6, b"\x01\0" + bytes(6) + IP6 + ECHO6, packets.Refusal(0x1234, 7, "there is no route")),
        (4, IP4 + b"\x03\x03" + bytes(6) + IP4[:9] + b"\x11" + IP4[10:] + ECHO4, None),  # of UDP
        (4, IP4 + b"\x03\x01" + bytes(6), None),
        (4, IP4, None),
        (4, b"", None),
        (6, b"\x81\0", None),
    ],
)
def test_what_a_raw_socket_receives(version: int, data: bytes, expected: packets.Message) -> None:
    assert packets.message(version, data, len(TOKEN)) == expected


RESOLV = """
# nameserver 10.0.0.9
search first.test second.test.
nameserver 10.0.0.53
nameserver fe80::1%eth0
nameserver nonsense
nameserver
options edns0 ndots:2 trust-ad
nameserver fd00::53 ; a comment
nameserver 10.0.0.54
nameserver 10.0.0.55
"""


def test_resolv_conf() -> None:
    found = names.parse_resolv_conf(RESOLV)
    # As with the C library, no more than three.
    assert [str(server) for server in found.servers] == ["10.0.0.53", "fd00::53", "10.0.0.54"]
    assert (found.search, found.ndots) == (("first.test", "second.test"), 2)
    assert names.parse_resolv_conf("") == names.Resolver()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", ["web.first.test", "web.second.test", "web"]),
        ("a.b.c", ["a.b.c", "a.b.c.first.test", "a.b.c.second.test"]),
        ("web.", ["web"]),
    ],
)
def test_the_order_of_names(name: str, expected: list[str]) -> None:
    assert names.parse_resolv_conf(RESOLV).candidates(name) == expected


def test_hosts() -> None:
    found = names.parse_hosts("127.0.0.1 localhost # own\nbad line\n::1 localhost LOOP\n\n10.0.0.2")
    assert {name: [str(a) for a in addresses] for name, addresses in found.items()} == {
        "localhost": ["127.0.0.1", "::1"],
        "loop": ["::1"],
    }


def reply(flags: int, *records: bytes, answers: int | None = None) -> bytes:
    question = names.query(5, "web.test", names.A)[12:]
    count = len(records) if answers is None else answers
    return struct.pack("!HHHHHH", 5, 0x8180 | flags, 1, count, 0, 0) + question + b"".join(records)


def record(kind: int, data: bytes, name: bytes = b"\xc0\x0c") -> bytes:
    return name + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


NO_DNS = "answers with something else than DNS"
WRITTEN_OUT = record(1, b"\x0a\0\0\x02", b"\x03www\x04test\0")
A, CNAME = record(1, b"\x0a\0\0\x02"), record(5, b"\x03www\0")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (reply(0, A), names.Answer((ip_address("10.0.0.2"),))),
        (reply(0, CNAME, A), names.Answer((ip_address("10.0.0.2"),))),
        (
            reply(0, record(1, b"\x0a\0\0\x02", b"\x03www\x04test\0")),
            names.Answer((ip_address("10.0.0.2"),)),
        ),
        (reply(0), names.Answer()),
        (reply(3), names.Answer(exists=False)),
        (reply(2), names.Answer(problem="fails")),
        (reply(5), names.Answer(problem="refuses")),
        (reply(0x200), names.Answer(problem="has an answer that is too long for UDP")),
        (reply(0, A, answers=2), names.Answer(problem="answers with something else than DNS")),
        (b"nonsense", names.Answer(problem="answers with something else than DNS")),
        (
            reply(0, record(1, b"\x0a")),
            names.Answer(problem="answers with something else than DNS"),
        ),
    ],
)
def test_answers_of_dns(data: bytes, expected: names.Answer) -> None:
    assert names.answer(data, names.A) == expected


@pytest.mark.parametrize(
    ("version", "expected"), [(None, ["10.0.0.2"]), (4, ["10.0.0.2"]), (6, ["fd00::2"])]
)
def test_which_address_is_taken(version: int | None, expected: list[str]) -> None:
    known = {4: [ip_address("10.0.0.2")], 6: [ip_address("fd00::2")]}
    assert [str(address) for address in names.choose(known, version)] == expected
    assert names.choose({6: known[6]}, None) == known[6]
    assert names.choose({6: known[6]}, 4) == []


SAVED = """\
*raw
:PREROUTING ACCEPT [9:756]
[3:252] -A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP
COMMIT
*filter
:INPUT ACCEPT [1:84]
:FORWARD DROP [2:168]
:DOCKER - [0:0]
[5:420] -A FORWARD -j DOCKER
[1:84] -A DOCKER ! -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j REJECT
[0:0] -A DOCKER -m comment --comment "a -j DROP in words" -j ACCEPT
COMMIT
"""


def test_what_drops() -> None:
    raw, policy, rule = drops.parse(SAVED)
    assert raw.key == ("raw", "PREROUTING", "-d 172.17.0.2/32 ! -i docker0 -j DROP")
    assert (raw.packets, raw.dst, raw.src) == (3, "172.17.0.2/32", None)
    assert (policy.table, policy.chain, policy.rule, policy.packets) == (
        "filter",
        "FORWARD",
        None,
        2,
    )
    assert (rule.protocol, rule.src) == ("tcp", None)


def test_what_dropped_something_meanwhile() -> None:
    before, after = drops.parse(SAVED), drops.parse(SAVED.replace("DROP [2:168]", "DROP [4:336]"))
    assert [found.rule for found in drops.grown(before, after)] == [None]
    assert drops.grown([], drops.parse(SAVED)) == drops.parse(SAVED)


@pytest.mark.parametrize(
    ("src", "dst", "protocols", "expected"),
    [
        ("10.0.0.1", "172.17.0.2", ("icmp",), True),
        ("172.17.0.2", "10.0.0.1", ("icmp",), True),  # the answers
        ("10.0.0.1", "172.17.0.3", ("icmp",), False),
        (None, "172.17.0.2", (), True),
        ("fd00::1", "fd00::2", ("icmp",), False),
    ],
)
def test_whom_a_rule_is_about(
    src: str | None, dst: str, protocols: tuple[str, ...], expected: bool
) -> None:
    raw = drops.parse(SAVED)[0]
    source = ip_address(src) if src else None
    assert raw.fits(source, ip_address(dst), protocols) is expected


def test_a_rule_of_another_protocol_is_not_about_it() -> None:
    rule = drops.parse(SAVED)[2]
    assert not rule.fits(None, ip_address("10.0.0.1"), ("icmp",))
    assert rule.fits(None, ip_address("10.0.0.1"), ("icmp", "tcp"))


@pytest.mark.parametrize("limit", [1500, 1499, 1450, 777, 56, 57])
@pytest.mark.parametrize("tells", [True, False])
def test_the_search_finds_what_passes(limit: int, tells: bool) -> None:
    bounds = Bounds(56, 1500)
    tries = 0
    while (size := bounds.next()) is not None:
        tries += 1
        if size <= limit:
            bounds.passed(size)
        else:
            bounds.failed(size, limit if tells else None)
    assert bounds.result() == limit
    assert tries <= (3 if tells else 12)


def test_the_search_that_finds_nothing() -> None:
    bounds = Bounds(56, 1500)
    while (size := bounds.next()) is not None:
        bounds.failed(size, None)
    assert bounds.result() is None


def test_a_lie_about_the_mtu_does_not_stop_the_search() -> None:
    bounds = Bounds(56, 1500)
    while (size := bounds.next()) is not None:
        if size <= 1000:
            bounds.passed(size)
        else:
            bounds.failed(size, 9000)
    assert bounds.result() == 1000
