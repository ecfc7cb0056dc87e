# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventories that break the contract are refused, by host, value and remedy, before any change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.roles.playing import ROOT, inventory, play

HOST: dict[str, Any] = {"container_net_ip": "192.0.2.1"}
OTHER: dict[str, Any] = {"container_net_ip": "192.0.2.2"}


CONTRACT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "group missing": ({"web": {"a": HOST}}, ["container_net: the inventory has no such group"]),
    "group empty": ({"container_net": {}}, ["container_net: the group is empty"]),
    "no member": (
        {"container_net": {"a": HOST}, "container_net_etcd": {}},
        ["container_net_etcd: 0 hosts", "leave the group out"],
    ),
    "six members": (
        {"container_net": {"a": HOST}, "container_net_etcd": {f"m{n}": {} for n in range(6)}},
        ["container_net_etcd: 6 hosts", "one, three or five"],
    ),
    "two ways of joining": (
        {"container_net": {"a": {**HOST, "container_net_overlay": "swarm_overlay"}, "b": OTHER}},
        ["container_net_overlay: swarm_overlay, flannel", "group_vars/container_net.yml"],
    ),
}


@pytest.mark.parametrize(("groups", "words"), CONTRACT.values(), ids=CONTRACT.keys())
def test_the_playbooks_begin_with_the_contract(
    tmp_path: Path, groups: dict[str, Any], words: list[str]
) -> None:
    playbook = ROOT / "playbooks/contract.yml"
    code, text = play(playbook, tmp_path, "-i", inventory(tmp_path, groups))
    assert code != 0
    assert [word for word in words if word not in text] == []


def test_a_good_inventory_passes(tmp_path: Path) -> None:
    playbook = ROOT / "playbooks/contract.yml"
    groups = {"container_net": {"a": HOST, "b": OTHER}}
    code, text = play(playbook, tmp_path, "-i", inventory(tmp_path, groups))
    assert code == 0, text


def test_without_an_inventory_file_the_authoritys_folder_is_required(tmp_path: Path) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - add_host: {name: a, groups: container_net, container_net_ip: 192.0.2.1}\n"
        f"- import_playbook: {ROOT}/playbooks/contract.yml\n"
    )
    code, text = play(playbook, tmp_path)
    assert code != 0
    assert "etcd_pki_dir: there is no inventory file" in text
    # Only flannel needs one.
    for word in (f"etcd_pki_dir={tmp_path}/pki", "container_net_overlay=direct_routes"):
        code, text = play(playbook, tmp_path, "-e", word)
        assert code == 0, text


FACTS: dict[str, Any] = {
    "ansible_service_mgr": "systemd",
    "ansible_os_family": "Debian",
    "ansible_user_uid": 0,
    "ansible_local": {"container_net": {"overlay": "flannel"}},
}


def qemu(**changes: Any) -> dict[str, Any]:
    """Facts of a host that only has QEMU's user network."""
    eth0 = {"device": "eth0", "ipv4": {"address": "10.0.2.15", "prefix": "24"}}
    return {
        **FACTS,
        "ansible_interfaces": ["lo", "eth0"],
        "ansible_eth0": eth0,
        "ansible_default_ipv4": {"interface": "eth0", "address": "10.0.2.15"},
        **changes,
    }


HOSTS: dict[str, tuple[dict[str, dict[str, Any]], dict[str, Any], list[str]]] = {
    "one address twice": (
        {"a": qemu(), "b": qemu()},
        {},
        ["10.0.2.15 on a and b", "set container_net_ip for each host"],
    ),
    "no systemd": (
        {"a": qemu(ansible_service_mgr="openrc")},
        {},
        ["a: ansible_service_mgr: openrc", "runs systemd"],
    ),
    "not Debian": (
        {"a": qemu(ansible_os_family="RedHat")},
        {},
        ["a: ansible_os_family: RedHat", "Debian 12 or newer"],
    ),
    "not root": (
        {"a": qemu(ansible_user_uid=1000)},
        {},
        ["a: ansible_user_uid: 1000", "become: true"],
    ),
    "no facts": ({"a": {}}, {}, ["a: there are no facts", "gather_facts: true"]),
    "an unknown way of joining": (
        {"a": qemu()},
        {"container_net_overlay": "carrier_pigeons"},
        ["value of container_net_overlay must be one of: flannel, ", "got: carrier_pigeons"],
    ),
    "an address that the host has not": (
        {"a": qemu()},
        {"container_net_ip": "192.0.2.9"},
        ["a: container_net_ip: 192.0.2.9: no interface", "it has 10.0.2.15"],
    ),
    "a subnet with a host in it": (
        {"a": qemu()},
        {"container_net_overlay": "direct_routes", "container_net_subnet": "10.0.2.0/24"},
        ["10.0.2.0/24, the subnet of a, holds the address 10.0.2.15 of a"],
    ),
    "too many hosts for the network": (
        {"a": qemu()},
        {"container_net_overlay": "static_vxlan", "container_net_network": "10.7.0.0/23"}
        | {"container_net_subnet_len": 23},
        ["container_net_subnet_len: 23", "cannot be divided"],
    ),
    "a way that is not known any more": (
        {"a": qemu(ansible_local={"container_net": {"overlay": "old_way", "version": "0.9"}})},
        {},
        ["container_net.fact: overlay: old_way", "teardown.yml of the version 0.9"],
    ),
}


@pytest.mark.parametrize(("facts", "variables", "words"), HOSTS.values(), ids=HOSTS.keys())
def test_role_common_refuses_hosts(
    tmp_path: Path,
    facts: dict[str, dict[str, Any]],
    variables: dict[str, Any],
    words: list[str],
) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(
        "- hosts: container_net\n  gather_facts: false\n"
        "  pre_tasks:\n"
        "    - name: Have the facts as if they had been gathered\n"
        "      set_fact: {cacheable: true}\n"
        "      args: '{{ test_facts }}'\n"
        "      when: test_facts | length > 0\n"
        "  roles:\n    - role: netfabric.container_net.common\n"
    )
    hosts = {name: {**variables, "test_facts": own} for name, own in facts.items()}
    code, text = play(playbook, tmp_path, "-i", inventory(tmp_path, {"container_net": hosts}))
    assert code != 0
    assert [word for word in words if word not in text] == [], text


# Nobody listens there.
DEAD = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
COMMON = """
- hosts: a
  gather_facts: false
  pre_tasks:
    - name: Have the facts as if they had been gathered
      set_fact: {cacheable: true}
      args: '{{ test_facts }}'
  roles:
    - role: netfabric.container_net.common
"""


KNOWN = {"container_net_ip": "10.0.2.16"}


@pytest.mark.parametrize(
    ("way", "more", "good", "words"),
    [
        ("flannel", {}, False, ["b: there are no facts about its addresses", "container_net_ip"]),
        ("flannel", KNOWN, True, []),
        ("direct_routes", KNOWN, False, ["b: there are no facts", "which subnet it has"]),
        ("direct_routes", {**KNOWN, "container_net_subnet": "10.9.1.0/24"}, True, []),
    ],
    ids=[
        "nobody knows its address",
        "the inventory does",
        "nobody knows its subnet",
        "the inventory does, both",
    ],
)
def test_a_host_outside_the_run_that_does_not_answer(
    tmp_path: Path, way: str, more: dict[str, Any], good: bool, words: list[str]
) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(COMMON)
    facts = qemu(ansible_local={})
    hosts = {"a": {"test_facts": facts}, "b": {**DEAD, **more}}
    hosts = {name: {**own, "container_net_overlay": way} for name, own in hosts.items()}
    words_to_play = ("-i", inventory(tmp_path, {"container_net": hosts}), "--check")
    code, text = play(playbook, tmp_path, *words_to_play)
    assert (code == 0) is good, text
    assert [word for word in words if word not in text] == [], text
    assert "unreachable=0" in text


@pytest.mark.parametrize(
    ("way", "more", "mtu"),
    [
        ("static_vxlan", {}, 65536),
        ("static_vxlan", {"container_net_mtu": 9000}, 9000),
        ("flannel", {}, 70000),
    ],
    ids=["it is asked", "the inventory names the MTU", "flannel does not go by it"],
)
def test_a_host_outside_the_run_that_the_inventory_names(
    tmp_path: Path, way: str, more: dict[str, Any], mtu: int
) -> None:
    """Its link, this machine's loopback, is the narrowest all the same."""
    playbook = tmp_path / "play.yml"
    playbook.write_text(
        COMMON + "  tasks:\n    - debug: {msg: 'an MTU of {{ container_net_mtu }}'}\n"
    )
    facts = qemu(ansible_local={})
    facts["ansible_eth0"]["mtu"] = 70000
    known = {"container_net_ip": "127.0.0.1", "container_net_subnet": "10.9.1.0/24"}
    hosts: dict[str, dict[str, Any]] = {"a": {"test_facts": facts}, "b": known}
    hosts = {name: {**own, "container_net_overlay": way, **more} for name, own in hosts.items()}
    words = ("-i", inventory(tmp_path, {"container_net": hosts}), "--check")
    code, text = play(playbook, tmp_path, *words)
    assert code == 0, text
    assert f"an MTU of {mtu}" in text
    assert ("[a -> b" in text) is (mtu == 65536)


@pytest.mark.parametrize(
    ("was", "good"), [("flannel", False), ("direct_routes", True)], ids=["it needed etcd", "not"]
)
def test_hosts_of_etcd_are_not_left_behind(tmp_path: Path, was: str, good: bool) -> None:
    """A run for container_net alone, and etcd has hosts of its own."""
    playbook = tmp_path / "play.yml"
    playbook.write_text(COMMON)
    facts = qemu(ansible_local={"container_net": {"overlay": was}})
    groups = {
        "container_net": {"a": {"test_facts": facts, "container_net_overlay": "static_vxlan"}},
        "container_net_etcd": {"m": {}},
    }
    code, text = play(playbook, tmp_path, "-i", inventory(tmp_path, groups), "--check")
    assert (code == 0) is good, text
    assert ("m would stay behind. Run it without --limit" in text) is not good, text


PREPARE = """  tasks:
    - include_role:
        name: netfabric.container_net.{{ container_net_overlay }}
        tasks_from: prepare
"""


@pytest.mark.parametrize(
    ("way", "docker", "words"),
    [
        (
            "direct_routes",
            "172.20.0.1/16",
            ["a: container_net_subnet: 172.20.1.0/24: Docker has 172.20.0.0/16 (br-4f6f1b2c3d4e)"],
        ),
        ("static_vxlan", "172.20.0.1/16", ["172.20.0.0/16 (br-4f6f1b2c3d4e)", "network rm"]),
        ("static_vxlan", "172.20.0.1/24", []),
        (
            "ovs_gre",
            "172.20.0.1/24",
            ["a: ovs_gre_network: 172.20.0.0/16: Docker has 172.20.0.0/24 (br-4f6f1b2c3d4e)"],
        ),
    ],
    ids=["around the routes'", "around the link's", "beside the host's part", "on the segment"],
)
def test_a_network_of_docker_in_the_way_is_refused(
    tmp_path: Path, way: str, docker: str, words: list[str]
) -> None:
    """Before the old way is left: Docker would not start with the new one's subnet."""
    playbook = tmp_path / "play.yml"
    playbook.write_text(COMMON + PREPARE)
    address, dummy, prefix = docker.partition("/")
    link = {"device": "br-4f6f1b2c3d4e", "ipv4": {"address": address, "prefix": prefix}}
    facts = qemu(ansible_local={}, ansible_br_4f6f1b2c3d4e=link)
    facts["ansible_interfaces"].append(link["device"])
    host = {"test_facts": facts, "container_net_overlay": way}
    code, text = play(
        playbook, tmp_path, "-i", inventory(tmp_path, {"container_net": {"a": host}}), "--check"
    )
    assert (code == 0) is (not words), text
    assert [word for word in words if word not in text] == [], text


def test_flannel_goes_from_a_host_whose_etcd_does_not_answer(tmp_path: Path) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(
        # As in the play that leaves a way.
        "- hosts: a\n  gather_facts: false\n  any_errors_fatal: true\n  tasks:\n"
        "    - import_role: {name: netfabric.container_net.flannel, tasks_from: absent}\n"
    )
    environment = tmp_path / "flannel.env"
    environment.write_text("FLANNELD_PUBLIC_IP=192.0.2.1\n")
    hosts = {"b": {**DEAD, **OTHER}, "a": HOST}
    code, text = play(
        *(playbook, tmp_path, "-i", inventory(tmp_path, {"container_net": hosts}), "--check"),
        *("-e", f"__flannel_env_file={environment}"),
    )
    assert code == 0, text
    assert "b, the first member of etcd, does not answer: the subnet of 192.0.2.1 stays" in text
    # To the end, which is the files.
    assert (
        "changed: [a] => (item="
        in text.partition("TASK [netfabric.container_net.flannel : Remove the files]")[2]
    )
