# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Galaxy and Ansible read about the collection agrees with what is in it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))
FILTERS = sorted(path.stem for path in ROOT.glob("plugins/filter/*.py"))
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())
RUNTIME = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
BUNDLE = Path(str(metadata.distribution("ansible").locate_file("ansible_collections")))


@pytest.fixture(scope="module")
def documented(
    tool: Callable[..., subprocess.CompletedProcess[str]],
) -> dict[str, dict[str, object]]:
    """ansible-doc's answer for every module."""
    names = [f"netfabric.container_net.{name}" for name in MODULES]
    return json.loads(tool("ansible-doc", "--json", "--type", "module", *names).stdout)


def test_the_modules_of_the_design_are_there() -> None:
    assert set(MODULES) >= {
        "bridge",
        "docker_daemon_json",
        "flannel_network",
        "flannel_subnet",
        "flannel_subnet_info",
        "netns",
        "reachability",
        "route",
        "topology",
        "topology_info",
        "veth",
    }


def test_the_action_group_holds_every_module() -> None:
    assert RUNTIME["action_groups"]["all"] == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_the_module_that_runs_is_the_file_in_the_tree(
    documented: dict[str, dict[str, dict[str, str]]], module: str
) -> None:
    found = documented[f"netfabric.container_net.{module}"]["doc"]["filename"]
    assert Path(found).resolve() == ROOT / "plugins" / "modules" / f"{module}.py"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_documented(documented: dict[str, dict[str, object]], module: str) -> None:
    entry = documented[f"netfabric.container_net.{module}"]
    assert entry["doc"] and entry["examples"] and entry["return"]
    assert {"check_mode", "diff_mode"} <= set(entry["doc"]["attributes"])


def test_tags_are_few_enough_for_galaxy() -> None:
    assert 1 <= len(GALAXY["tags"]) <= 20


@pytest.mark.parametrize("name", sorted(GALAXY["dependencies"]))
def test_dependencies_come_with_the_bundle(name: str) -> None:
    assert (BUNDLE / name.replace(".", "/") / "MANIFEST.json").is_file()


def test_no_role_or_playbook_uses_a_collection_that_is_not_declared() -> None:
    declared = {*GALAXY["dependencies"], "ansible.builtin", "netfabric.container_net"}
    known = {
        f"{manifest.parent.parent.name}.{manifest.parent.name}"
        for manifest in BUNDLE.glob("*/*/MANIFEST.json")
    }
    used = set()
    for folder in ("roles", "playbooks"):
        for file in (ROOT / folder).rglob("*.yml"):
            for line in file.read_text().splitlines():
                name = line.strip().removeprefix("- ").split(":")[0]
                if name.count(".") == 2:
                    used.add(name.rpartition(".")[0])
    assert (used & known) - declared == set()


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


@pytest.mark.parametrize(
    "plugin", [f"modules/{m}" for m in MODULES] + [f"filter/{f}" for f in FILTERS]
)
def test_nothing_claims_to_be_older_or_newer_than_the_collection(plugin: str) -> None:
    text = (ROOT / "plugins" / f"{plugin}.py").read_text()
    (added,) = re.findall(r"^version_added: [\"']?([\d.]+)[\"']?$", text, re.MULTILINE)
    # 1.0.0 is the first release.
    assert [1, 0, 0] <= numbers(added) <= numbers(GALAXY["version"])
