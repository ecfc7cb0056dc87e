# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and writing daemon.json as text."""

from __future__ import annotations

import codecs

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils._docker.document import (
    DocumentError,
    parse,
    render,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._docker.plan import same

BOM = codecs.BOM_UTF8


@pytest.mark.parametrize(
    ("raw", "settings"),
    [
        (b"", {}),
        (b" \n\t\n", {}),
        (BOM, {}),
        (b"{}", {}),
        (BOM + b'{"mtu": 1450}', {"mtu": 1450}),
        (b'{"labels": ["caf\xc3\xa9=1"]}', {"labels": ["café=1"]}),
    ],
)
def test_parse(raw: bytes, settings: dict[str, object]) -> None:
    assert parse(raw, "d.json") == settings


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"mtu": 1450,}', "d.json: line 1 column 14: is not valid JSON"),
        (b'{\n  "mtu": 1450\n  "bip": 1\n}', "line 3 column 3"),
        (b'{\n"mtu": 1,\n"bip": "x",\n"mtu": 2}', "lines 2 and 4: 'mtu' is given twice"),
        (b'{"log-opts": {"a": "1", "a": "2"}}', "'a' is given twice"),
        (b"[]", "holds a list, and must hold an object"),
        (b'"bip"', "holds a string"),
        (b"null", "holds null"),
        (b"true", "holds a boolean"),
        (b"12", "holds an integer"),
        (b'{"mtu": NaN}', "NaN is no JSON value"),
        (b"# comment\n{}", "line 1 column 1"),
        (b'{"a": "\xff"}', "line 1: byte 0xff is not UTF-8"),
        (b'{\n\n"a": "\xe9"}', "line 3: byte 0xe9 is not UTF-8"),
        ("{}".encode("utf-16"), "is UTF-16"),
        (b'{"a": "x\ny"}', "line 1 column 9"),
        (b"[" * 100_000, "is not valid JSON"),
    ],
)
def test_parse_refuses(raw: bytes, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(raw, "d.json")
    assert message in str(caught.value)
    assert str(caught.value).startswith("d.json: ")
    assert "was left as it is" in str(caught.value)


def test_render_keeps_order_and_letters() -> None:
    settings = {"mtu": 1450, "bip": "10.0.0.1/24", "labels": ["café=1"]}
    text = render(settings)
    assert text.index("mtu") < text.index("bip")
    assert "café" in text
    assert parse(text.encode(), "d.json") == settings


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"debug": True}, {"debug": 1}, False),
        ({"mtu": 1}, {"mtu": 1.0}, False),
        ({"dns": ["1.1.1.1", "8.8.8.8"]}, {"dns": ["8.8.8.8", "1.1.1.1"]}, False),
    ],
)
def test_same(one: dict[str, object], other: dict[str, object], equal: bool) -> None:
    assert same(one, other) is equal
