# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module program: the same with and without pipelining, and what the roles rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.roles.playing import inventory, play

# Its parent says which way it took: a shell, for which Ansible has words of its own, or a module.
SCRIPT = """
import json, os, sys
with open(f"/proc/{os.getppid()}/cmdline") as file:
    parent = file.read()
shell = "sleep 0" in parent
print(json.dumps({"words": sys.argv[1:], "mood": os.environ.get("MOOD"), "shell": shell}))
print("heard", file=sys.stderr)
"""
WORDS = ["a b", "$HOME", "it's", '{"mtu": 1500}']


def play_task(folder: Path, *words: str, script: str = SCRIPT, **more: object) -> tuple[int, str]:
    task = {
        "netfabric.container_net.program": {"argv": ["python3", "-", *WORDS], "stdin": script},
        "environment": {"MOOD": "good"},
        "register": "found",
        **more,
    }
    keep = {
        "ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": f"{folder}/found"},
        "check_mode": False,
    }
    playbook = folder / "play.yml"
    playbook.write_text(json.dumps([{"hosts": "a", "gather_facts": False, "tasks": [task, keep]}]))
    return play(playbook, folder, "-i", inventory(folder, {"g": {"a": {}}}), *words)


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_program_gets_its_words_and_says_what_it_found(tmp_path: Path, pipelining: bool) -> None:
    code, text = play_task(tmp_path, "-e", f"ansible_pipelining={str(pipelining).lower()}")
    assert code == 0, text
    found = json.loads((tmp_path / "found").read_text())
    answer = json.loads(found["stdout"])
    assert answer == {"words": WORDS, "mood": "good", "shell": pipelining}
    assert (found["rc"], found["stderr"], found["changed"]) == (0, "heard", True)
    assert found["stdout_lines"] == [found["stdout"]]


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_program_that_fails(tmp_path: Path, pipelining: bool) -> None:
    script = "import sys; sys.exit('no such bridge')"
    code, text = play_task(
        tmp_path, "-e", f"ansible_pipelining={str(pipelining).lower()}", script=script
    )
    assert code == 2
    assert "non-zero return code" in text
    assert "no such bridge" in text


def test_in_check_mode_only_what_only_looks_is_run(tmp_path: Path) -> None:
    code, text = play_task(tmp_path, "--check")
    assert code == 0, text
    found = json.loads((tmp_path / "found").read_text())
    assert found["skipped"] is True
    assert "stdout" not in found
    code, text = play_task(tmp_path, "--check", check_mode=False)
    assert code == 0, text
    assert json.loads((tmp_path / "found").read_text())["rc"] == 0


def test_bad_options(tmp_path: Path) -> None:
    task: dict[str, object] = {"netfabric.container_net.program": {"argv": [], "stdin": ""}}
    code, text = play_task(tmp_path, **task)
    assert code == 2
    assert "there is no program to run" in text
    task = {"netfabric.container_net.program": {"argv": ["true"]}}
    code, text = play_task(tmp_path, **task)
    assert code == 2
    assert "stdin" in text
