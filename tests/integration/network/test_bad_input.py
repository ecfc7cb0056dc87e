# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every bad input gets its message, and the host is afterwards as it was."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.network import bad_input, bad_nat
from tests.integration.network.bad_input import Bad
from tests.integration.network.sandbox import ROOT, Sandbox

CASES = (*bad_input.CASES, *bad_nat.CASES)
NAMES = [f"{case.module}: {case.title}" for case in CASES]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What each case was answered: all of them on one host, one after the other."""
    sandbox = Sandbox(tmp_path_factory.mktemp("bad"))
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/.build:{os.environ.get('PYTHONPATH', '')}"}
    try:
        sandbox.sh(bad_input.HOST + bad_nat.HOST)
        others = [
            {"module": module, "options": options}
            for module, of_module in (("topology", bad_input.OTHERS), ("nat", bad_nat.OTHERS))
            for options in of_module
        ]
        done = sandbox.run(
            sys.executable,
            "tests/integration/network/runner.py",
            input=json.dumps(others),
            env=environment,
        )
        assert all(answer["result"].get("changed") for answer in json.loads(done.stdout))
        listed: list[dict[str, Any]] = []
        for table in (bad_input.CASES, bad_nat.CASES):
            done = sandbox.run(
                sys.executable,
                "tests/integration/network/runner.py",
                input=json.dumps([dataclasses.asdict(case) for case in table]),
                env=environment,
                timeout=600,
            )
            listed += json.loads(done.stdout)
        yield dict(zip(NAMES, listed))
    finally:
        sandbox.close()


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 185
    for word in ("prune", "adopt", "1024 ports", "lock_timeout"):
        assert [case for case in CASES if word in str((case.options, case.says))]
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_bad_input(answers: dict[str, Any], case: Bad) -> None:
    answer = answers[f"{case.module}: {case.title}"]
    result = answer["result"]
    assert result.get("failed") is True, result
    for fragment in case.says:
        assert fragment in result["msg"]
    assert answer["changes"] == []
    assert not result.get("changed")


def test_a_private_mount_namespace_is_refused(sandbox: Sandbox) -> None:
    """A namespace made there would be an ordinary file for everybody else (G7)."""
    options = json.dumps([{"module": "netns", "options": {"name": "new"}}])
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/.build:{os.environ.get('PYTHONPATH', '')}"}
    done = sandbox.run(
        "unshare",
        "--mount",
        "--propagation=slave",
        sys.executable,
        "tests/integration/network/runner.py",
        input=options,
        env=environment,
    )
    result = json.loads(done.stdout)[0]["result"]
    assert result["failed"] is True
    for fragment in ("/run", "mount"):
        assert fragment in result["msg"]
    assert sandbox.namespaces() == []
