# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody broke by hand is repaired by the next run, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _specs
from tests.integration.engine.cleanhost import Host, clean_host
from tests.integration.engine.crash import look
from tests.integration.engine.drift import BEFORE, DRIFTS, NETWORK, Drift

# Of the run, not of the network; a pair is only made anew when it is another one. Whose namespace a
# name is for, is tried in test_attach.
NO_PROPERTIES = {"force", "state", "lock_timeout", "recreate", "pid", "container"}
# Not every kernel has them: the Molecule scenario bridge_network proves them.
ON_VMS = {"vlan_filtering", "vlan_default_pvid"}


# What a drift left that is nobody's to remove.
REST = (
    "set +e; ip link del dev wrong; ip -n ns1 route del 10.74.0.0/17;"
    " ip -n ns1 route del 10.71.0.0/16 metric 60 table 100;"
    " ip -n ns1 route del 10.71.0.0/16 metric 50 table main; true"
)


@pytest.fixture(scope="module")
def lived() -> Iterator[tuple[Host, Any]]:
    """One host for all: each test leaves the network as it was wanted."""
    with clean_host() as host:
        host.sh(BEFORE)
        host.apply(NETWORK)
        yield host, look(host)


def test_every_option_has_its_drift() -> None:
    options = {
        *(f"netns.{option}" for option in _specs.NETNS),
        *(f"link.{option}" for option in _specs.LINK),
        *(f"bridge.{option}" for option in _specs.BRIDGE if option not in _specs.LINK),
        *(f"veth.{option}" for option in _specs.VETH if option not in _specs.LINK),
        *(f"route.{option}" for option in _specs.ROUTE),
    }
    options = {name for name in options if name.rpartition(".")[2] not in NO_PROPERTIES | ON_VMS}
    assert options == {drift.option for drift in DRIFTS}


@pytest.mark.parametrize(
    "drift", DRIFTS, ids=[f"{drift.option}: {drift.by_hand[:50]}" for drift in DRIFTS]
)
def test_drift_is_repaired_with_the_least_plan(lived: tuple[Host, Any], drift: Drift) -> None:
    host, wanted = lived
    host.sh(drift.by_hand)
    predicted = host.commands(host.apply(NETWORK, check_mode=True))
    outcome = host.apply(NETWORK)
    host.sh(REST)
    assert sorted(host.commands(outcome)) == sorted(drift.repair)
    assert host.commands(outcome) == predicted
    found = look(host)
    for place in sorted({*found, *wanted}):
        assert found.get(place) == wanted.get(place), place
    assert not host.apply(NETWORK).changed
