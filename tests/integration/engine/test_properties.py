# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random pairs of networks on the real kernel: there, nothing left to do, and back again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.netfabric.container_net.plugins.module_utils import _run
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from tests.integration.engine.cleanhost import clean_host
from tests.integration.engine.crash import look
from tests.integration.engine.faults import refused
from tests.unit.topology import strategies

FOREIGN = """
ip link set dev lo up; ip link add name fbr type bridge; ip link set dev fbr up
ip addr add 10.90.0.1/24 dev fbr; ip route add 10.91.0.0/16 via 10.90.0.9
ip link add name fv type veth peer name fw; ip link set dev fv master fbr; ip link set dev fv up
"""
ABSENT = {"name": "t", "state": "absent"}


def compare(found: Any, expected: Any) -> None:
    for place in sorted({*found, *expected}):
        assert found.get(place) == expected.get(place), place


def test_from_any_network_to_any_other_and_back() -> None:
    with clean_host() as host, pytest.MonkeyPatch.context() as monkeypatch:
        host.sh(FOREIGN)
        empty = look(host)

        @strategies.bounded(25, shrink=False)
        @given(strategies.networks(), strategies.networks(), st.data())
        def holds(first: Any, second: Any, data: st.DataObject) -> None:
            host.apply(ABSENT)
            compare(look(host), empty)
            try:
                host.apply(second)
                fresh = look(host)
                host.apply(ABSENT)
                host.apply(first)
                before = look(host)
                forward = len(host.apply(second, check_mode=True).plan.forward)
            except OptionError:
                assume(False)
                raise
            if forward:
                number = data.draw(st.integers(0, forward - 1))
                with refused(monkeypatch, number), pytest.raises(_run.RunError) as caught:
                    host.apply(second)
                assert caught.value.rolled_back, str(caught.value)
                compare(look(host), before)
            predicted = host.commands(host.apply(second, check_mode=True))
            assert host.commands(host.apply(second)) == predicted
            assert host.commands(host.apply(second)) == []
            assert not host.apply(second).changed
            compare(look(host), fresh)

        holds()
