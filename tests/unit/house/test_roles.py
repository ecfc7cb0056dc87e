# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles: the argument specification says what the defaults say, and every default says why."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path.parent.parent for path in ROOT.glob("roles/*/tasks/main.yml"))
NAMES = [role.name for role in ROLES]
WAYS = ("direct_routes", "static_vxlan", "ovs_gre", "swarm_overlay")
# The role `common` owns what the whole collection shares.
PREFIX = {"common": ("common_", "container_net_")}


def defaults_of(role: Path) -> dict[str, object]:
    file = role / "defaults" / "main.yml"
    return (yaml.safe_load(file.read_text()) if file.exists() else None) or {}


def options_of(role: Path) -> dict[str, dict[str, object]]:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())
    return specs["argument_specs"]["main"].get("options", {})


def test_other_hosts_come_in_the_order_of_the_inventory() -> None:
    """A set's order is another one in each run, and so would be the rules that are made of it."""
    files = [path for path in ROOT.glob("[a-z]*/**/*.yml") if path.is_file()]
    bad = [str(path) for path in files if "difference([inventory_hostname])" in path.read_text()]
    assert bad == []


def test_every_role_of_the_design_is_there() -> None:
    wanted = "common bridge_network docker docker_networks etcd flannel verify"
    assert set(NAMES) >= {*wanted.split(), *WAYS}


def test_every_way_to_join_hosts_offers_its_parts() -> None:
    """What playbooks/overlay.yml, site.yml and teardown.yml call, by the way's name."""
    common = yaml.safe_load((ROOT / "roles/common/vars/main.yml").read_text())
    ways = common["__common_ways"]
    assert sorted(options_of(ROOT / "roles/common")["container_net_overlay"]["choices"]) == sorted(
        ways
    )
    parts = [
        f"{way}/tasks/{p}.yml" for way in ways for p in ("prepare", "main", "docker", "absent")
    ]
    # With etcd, something is changed before the way prepares.
    parts += [f"{way}/tasks/foresee.yml" for way, needs in ways.items() if needs["etcd"]]
    assert [part for part in parts if not (ROOT / "roles" / part).is_file()] == []
    table = (ROOT / "docs/architecture.md").read_text()
    assert [way for way in ways if f"| `{way}`" not in table] == []


@pytest.mark.parametrize("role", ROLES, ids=NAMES)
def test_specification_and_defaults_name_the_same_variables(role: Path) -> None:
    options = options_of(role)
    # What is required has no default, everything else has one.
    optional = {name for name, option in options.items() if not option.get("required")}
    assert optional == set(defaults_of(role))


@pytest.mark.parametrize("role", ROLES, ids=NAMES)
def test_specified_defaults_are_the_defaults(role: Path) -> None:
    defaults = defaults_of(role)
    differing = {
        name: (option["default"], defaults[name])
        for name, option in options_of(role).items()
        if "default" in option and name in defaults and option["default"] != defaults[name]
    }
    assert differing == {}


@pytest.mark.parametrize("role", ROLES, ids=NAMES)
def test_every_option_is_typed_and_described(role: Path) -> None:
    lacking = [
        name
        for name, option in options_of(role).items()
        if not option.get("type") or not option.get("description")
    ]
    assert lacking == []


@pytest.mark.parametrize("role", ROLES, ids=NAMES)
def test_public_variables_begin_with_the_roles_name(role: Path) -> None:
    prefix = PREFIX.get(role.name, f"{role.name}_")
    assert [name for name in defaults_of(role) if not name.startswith(prefix)] == []


@pytest.mark.parametrize("role", ROLES, ids=NAMES)
def test_every_default_has_a_comment(role: Path) -> None:
    file = role / "defaults" / "main.yml"
    before, bare = "", []
    for line in file.read_text().splitlines() if file.exists() else []:
        if line[:1].isalpha() and ":" in line and not before.startswith("#"):
            bare.append(line.split(":")[0])
        before = line.strip()
    assert bare == []


@pytest.mark.parametrize("role", ROLES, ids=NAMES)
def test_every_role_has_a_readme_that_names_its_options(role: Path) -> None:
    text = (role / "README.md").read_text()
    assert [name for name in options_of(role) if name not in text] == []


@pytest.mark.parametrize("role", ROLES, ids=NAMES)
def test_every_role_can_be_taken_back(role: Path) -> None:
    assert (role / "tasks" / "absent.yml").is_file()


def test_a_restore_of_etcd_notes_its_clients_before_it_can_fail() -> None:
    plays = yaml.safe_load((ROOT / "playbooks/etcd_restore.yml").read_text())
    parts = [
        task["ansible.builtin.import_role"]["tasks_from"]
        for play in plays
        for task in play.get("tasks", [])
    ]
    assert parts == ["clients_restart", "restore"]
