# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.network.lives import LIVES, tasks
from tests.integration.network.sandbox import Sandbox


@pytest.fixture
def new_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Sandbox]]:
    """Makes as many throw-away hosts as a test asks for."""
    made: list[Sandbox] = []

    def make() -> Sandbox:
        made.append(Sandbox(tmp_path_factory.mktemp("sandbox")))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.close()


@pytest.fixture
def sandbox(new_sandbox: Callable[[], Sandbox]) -> Sandbox:
    return new_sandbox()


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """The results of a module's life, by the tasks' names; each is lived once, when asked for."""
    known: dict[str, dict[str, Any]] = {}

    def results(module: str) -> dict[str, Any]:
        if module not in known:
            life = next(life for life in LIVES if life.module == module)
            sandbox = Sandbox(tmp_path_factory.mktemp(module))
            try:
                sandbox.sh(life.before)
                listed = sandbox.play(tasks(life), "--diff", check=False)
            finally:
                sandbox.close()
            known[module] = {result["task"]: result for result in listed}
        return known[module]

    return results
