# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker_daemon_json through Ansible: what it writes, predicts, remembers and takes back."""

from __future__ import annotations

import json
import os
import stat

import pytest

from tests.integration.docker.fakehost import Host

S5 = {"bip": "10.0.0.1/24", "default-gateway": "10.0.0.254", "dns": ["1.1.1.1", "8.8.8.8"]}


def test_a_new_file(host: Host) -> None:
    predicted = host.once(settings=S5, check=True)
    assert not host.file.exists()
    assert not host.state.exists()
    result = host.once(settings=S5)
    assert result["changed"]
    assert result["reason"] == "changed"
    assert result["changed_keys"] == ["bip", "default-gateway", "dns"]
    assert result["docker_version"] == "26.1"
    assert predicted["diff"] == result["diff"]
    assert {k: predicted[k] for k in ("changed", "reason", "changed_keys")} == {
        k: result[k] for k in ("changed", "reason", "changed_keys")
    }
    assert json.loads(host.file.read_text()) == S5
    assert stat.S_IMODE(host.file.stat().st_mode) == 0o644
    # No daemon runs: whichever starts reads the new file.
    assert not result["restart_required"]
    assert not host.marker.exists()
    again = host.once(settings=S5)
    assert not again["changed"]
    assert again["diff"]["before"] == again["diff"]["after"]


def test_merging_keeps_what_others_set(host: Host) -> None:
    host.file.write_text('{"debug": true,\n "log-opts": {"max-size": "10m", "max-file": "3"}}\n')
    result = host.once(settings={"mtu": 1450, "log-opts": {"max-file": None}})
    assert result["changed_keys"] == ["log-opts", "mtu"]
    assert json.loads(host.file.read_text()) == {
        "debug": True,
        "log-opts": {"max-size": "10m"},
        "mtu": 1450,
    }
    assert '"mtu": 1450' in result["diff"]["after"]
    removed = host.once(remove=["log-opts", "graph"])
    assert removed["changed_keys"] == removed["removed_keys"] == ["log-opts"]
    replaced = host.once(settings={"icc": False}, update="replace")
    assert replaced["changed_keys"] == ["debug", "icc", "mtu"]
    assert replaced["removed_keys"] == ["debug", "mtu"]
    assert json.loads(host.file.read_text()) == {"icc": False}


def test_another_spelling_of_the_same_is_no_change(host: Host) -> None:
    text = '\ufeff{ "dns":["1.1.1.1"] , "mtu":1450 }'
    host.file.write_text(text)
    assert not host.once(settings={"mtu": 1450, "dns": ["1.1.1.1"]})["changed"]
    assert host.file.read_text() == text


def test_mode_and_owner_are_kept_or_set(host: Host) -> None:
    host.file.write_text("{}")
    host.file.chmod(0o600)
    os.chown(host.file, 0, 4)
    host.once(settings={"mtu": 1450})
    found = host.file.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o600, 0, 4)
    asked = host.once(settings={"mtu": 1450}, mode="0640", check=True)
    assert (asked["changed"], asked["reason"]) == (True, "attributes")
    assert stat.S_IMODE(host.file.stat().st_mode) == 0o600
    asked = host.once(settings={"mtu": 1450}, mode="0640")
    assert (asked["changed"], asked["reason"]) == (True, "attributes")
    assert not asked["restart_required"]
    assert stat.S_IMODE(host.file.stat().st_mode) == 0o640
    assert not host.once(settings={"mtu": 1450}, mode="0640")["changed"]


def test_backup(host: Host) -> None:
    host.file.write_text('{"mtu": 1500}')
    result = host.once(settings={"mtu": 1450}, backup=True)
    with open(result["backup_file"], encoding="utf-8") as backup:
        assert backup.read() == '{"mtu": 1500}'
    assert "backup_file" not in host.once(settings={"mtu": 1450}, backup=True)


def test_a_link_stays_a_link(host: Host) -> None:
    real = host.root / "elsewhere.json"
    real.write_text("{}")
    host.file.symlink_to(real)
    host.once(settings={"mtu": 1450})
    assert host.file.is_symlink()
    assert json.loads(real.read_text()) == {"mtu": 1450}


def test_restart_or_reload(host: Host) -> None:
    host.start()
    reload = host.once(settings={"debug": True})
    assert (reload["restart_required"], reload["reload_sufficient"]) == (False, True)
    assert json.loads(host.marker.read_text())["needs"] == "reload"
    restart = host.once(settings={"mtu": 1450})
    assert (restart["restart_required"], restart["reload_sufficient"]) == (True, False)
    # The reload that nobody did is part of what the restart brings.
    assert restart["changed_keys"] == ["debug", "mtu"]
    marker = json.loads(host.marker.read_text())
    assert (marker["needs"], marker["keys"]) == ("restart", ["debug", "mtu"])


def test_a_restart_that_never_came_is_asked_for_again(host: Host) -> None:
    host.start()
    assert host.once(settings=S5)["reason"] == "changed"
    for check in (True, False):
        pending = host.once(settings=S5, check=check)
        assert (pending["changed"], pending["reason"]) == (True, "pending")
        assert pending["restart_required"]
        assert pending["changed_keys"] == ["bip", "default-gateway", "dns"]
        assert pending["diff"]["before"] == pending["diff"]["after"]
    host.start()
    healed = host.once(settings=S5)
    assert (healed["changed"], healed["restart_required"]) == (False, False)
    assert not host.marker.exists()


def test_going_back_before_the_restart_needs_none(host: Host) -> None:
    host.file.write_text('{"mtu": 1500}')
    host.start()
    assert host.once(settings={"mtu": 1450})["restart_required"]
    back = host.once(settings={"mtu": 1500})
    assert (back["changed"], back["restart_required"]) == (True, False)
    assert not host.marker.exists()
    assert not host.once(settings={"mtu": 1500})["changed"]


def test_single_keys_go_back_to_what_they_were(host: Host) -> None:
    """What one way of joining hosts wanted, and the next does not, is the user's again."""
    keys = ["bip", "mtu", "live-restore", "icc"]
    host.file.write_text('{"debug": true, "mtu": 1300, "icc": false}')
    assert not host.once(restore=keys)["changed"]
    host.once(settings={"bip": "10.0.0.1/24", "mtu": 1450})
    # What is asked for, or taken out, is not taken back; what somebody else changed is theirs.
    settings = json.loads(host.file.read_text())
    host.file.write_text(json.dumps({**settings, "icc": True}))
    assert not host.once(settings={"mtu": 1450, "bip": "10.0.0.1/24"}, restore=keys)["changed"]
    predicted = host.once(settings={"dns": ["1.1.1.1"]}, restore=keys, check=True)
    result = host.once(settings={"dns": ["1.1.1.1"]}, restore=keys)
    assert predicted["diff"] == result["diff"]
    assert result["changed_keys"] == ["bip", "dns", "mtu"]
    assert result["removed_keys"] == ["bip"]
    assert json.loads(host.file.read_text()) == {
        "debug": True,
        "mtu": 1300,
        "icc": True,
        "dns": ["1.1.1.1"],
    }
    assert not host.once(settings={"dns": ["1.1.1.1"]}, restore=keys)["changed"]
    host.once(remove=["mtu"], restore=keys)
    assert "mtu" not in json.loads(host.file.read_text())
    host.once(state="absent")
    assert json.loads(host.file.read_text()) == {"debug": True, "mtu": 1300, "icc": True}


@pytest.mark.parametrize("died", ["before the write", "after the write"])
def test_a_run_that_was_killed_is_healed(host: Host, died: str) -> None:
    """The marker is on disk first: at whichever point a run dies, the next asks for the restart."""
    host.start()
    old = '{"debug": true}'
    host.file.write_text(old)
    host.once(settings=S5)
    # As a kill leaves it: the marker without its stamp, the record in the middle of its write.
    marker = json.loads(host.marker.read_text())
    host.marker.write_text(json.dumps({**marker, "since": None}))
    record_file = host.state / "docker" / "daemon.json.state"
    record = json.loads(record_file.read_text())
    record.update(written=json.loads(old), writing=record["written"])
    record_file.write_text(json.dumps(record))
    if died == "before the write":
        host.file.write_text(old)
    result = host.once(settings=S5)
    assert (result["changed"], result["restart_required"]) == (True, True)
    assert result["reason"] == ("changed" if died == "before the write" else "pending")
    # And what was the user's own is still known.
    host.once(state="absent")
    assert host.file.read_text() == old


def test_the_files_way_back(host: Host) -> None:
    text = '{"debug":true,   "mtu": 1500}'
    host.file.write_text(text)
    host.file.chmod(0o640)
    host.once(settings=S5 | {"mtu": 1450})
    host.once(settings={"mtu": 1400}, remove=["debug"])
    predicted = host.once(state="absent", check=True)
    result = host.once(state="absent")
    assert predicted["diff"] == result["diff"]
    assert result["diff"]["after"] == text
    assert host.file.read_text() == text
    assert stat.S_IMODE(host.file.stat().st_mode) == 0o640
    assert not host.once(state="absent")["changed"]


def test_the_way_back_to_no_file(host: Host) -> None:
    host.file.parent.rmdir()
    host.once(settings=S5)
    assert host.once(state="absent")["changed"]
    assert not host.file.parent.exists()
    assert not host.once(state="absent")["changed"]


def test_the_way_back_spares_what_others_changed(host: Host) -> None:
    host.file.write_text('{"debug": true, "mtu": 1500}')
    host.once(settings=S5 | {"mtu": 1450})
    mine = json.loads(host.file.read_text())
    mine.update({"icc": False, "mtu": 1300})
    del mine["debug"]
    host.file.write_text(json.dumps(mine))
    host.once(settings=S5)
    host.once(state="absent")
    assert json.loads(host.file.read_text()) == {"icc": False, "mtu": 1300}


def test_the_way_back_asks_for_a_restart(host: Host) -> None:
    host.once(settings=S5)
    host.start()
    result = host.once(state="absent")
    assert result["restart_required"]
    assert host.marker.exists()
    host.start()
    assert not host.once(state="absent")["changed"]


def test_the_previous_file(host: Host) -> None:
    """What the restart's rescue does: the daemon did not come up with the new file."""
    host.file.write_text('{"mtu": 1500}')
    host.start()
    host.once(settings={"mtu": 1450})
    host.once(settings={"mtu": 1400, "icc": False})
    host.stop()
    result = host.once(state="previous")
    assert result["changed"]
    assert host.file.read_text() == '{"mtu": 1500}'
    assert not host.marker.exists()
    assert not host.once(state="absent")["changed"]
    assert host.file.read_text() == '{"mtu": 1500}'


def test_the_previous_file_after_a_way_back_that_failed(host: Host) -> None:
    host.file.write_text('{"mtu": 1500}')
    host.once(settings=S5)
    ours = host.file.read_text()
    host.start()
    host.once(state="absent")
    host.stop()
    host.once(state="previous")
    assert host.file.read_text() == ours
    host.once(state="absent")
    assert host.file.read_text() == '{"mtu": 1500}'


def test_the_previous_file_may_be_none(host: Host) -> None:
    host.start()
    host.once(settings=S5)
    host.once(state="previous")
    assert not host.file.exists()


def test_previous_mends_a_file_that_became_invalid(host: Host) -> None:
    host.start()
    host.file.write_text('{"mtu": 1500}')
    host.once(settings={"mtu": 1450})
    host.file.write_text("{broken")
    host.once(state="previous")
    assert host.file.read_text() == '{"mtu": 1500}'


def test_a_daemon_that_started_after_a_reboot_has_the_file(host: Host) -> None:
    host.start()
    host.once(settings=S5)
    marker = json.loads(host.marker.read_text())
    host.marker.write_text(json.dumps({**marker, "boot": "another boot"}))
    assert not host.once(settings=S5)["changed"]
    assert not host.marker.exists()


def test_old_docker_cannot_validate(host: Host) -> None:
    host.set_up(version="20.10.24+dfsg1")
    assert host.once(settings={"log-driver": "refuse-me"})["docker_version"] == "20.10"
    assert host.once(remove=["log-driver"], check_with_dockerd="never")["docker_version"] == ""


def test_the_judged_copy_is_gone_afterwards(host: Host) -> None:
    host.once(settings=S5)
    assert not list((host.root / "ansible.tmp").glob("container_net.*"))
