# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Topologies that outlive a reboot: what is written, what the boot program makes of it.

A reboot is played: the network goes, what is on the disk stays, and the units' programs run in
their order. The VMs reboot for real (scenario persistence).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netfabric.container_net.plugins.module_utils import _files, _flow
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import OptionError
from ansible_collections.netfabric.container_net.plugins.module_utils._host import (
    engine,
    kept,
    persist,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._run import Outcome
from ansible_collections.netfabric.container_net.plugins.module_utils._topology import parse
from tests.integration.engine import networks
from tests.integration.engine.cleanhost import Host
from tests.integration.until import gone

# What a reboot leaves of the network.
REBOOT = """
for name in $(ls /run/netns); do ip netns del $name; done
for i in $(seq 100); do
    links=$(ip -o link | sed -n 's/^[0-9]*: \\([^:@]*\\).*/\\1/p' | grep -v '^lo$' || true)
    [ -n "$links" ] || break
    for link in $links; do ip link del dev "$link" 2>&1 || true; done
    sleep 0.02
done
[ -z "$links" ]
ip route flush proto 67 2>&1 || true
rm -f /run/lock/*
"""


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Folders of the test's own in place of those under /etc and /usr/local."""
    for name, path in (("CONFIG_DIR", "etc"), ("ENGINE_DIR", "lib"), ("UNIT_DIR", "units")):
        monkeypatch.setattr(kept, name, str(tmp_path / path))
    return tmp_path


def keep(params: dict[str, Any], check_mode: bool = False, persisted: bool = True) -> Outcome:
    params = {"persist": persisted, **params}
    want = parse.topology_from_params(params)
    return _flow.execute(want, check_mode, 10, lambda: persist.Persistence(params, want))


def files(disk: Path) -> list[str]:
    return sorted(str(p.relative_to(disk)) for p in disk.rglob("*") if not p.is_dir())


def programs(disk: Path) -> dict[str, list[str]]:
    """Unit → what it runs, in the order of a start."""
    found = {}
    for path in sorted((disk / "units").glob("*.service"), key=lambda p: "online" in p.name):
        line = next(x for x in path.read_text().splitlines() if x.startswith("ExecStart="))
        found[path.name] = line.partition("=")[2].split()
    return found


def boot(disk: Path) -> str:
    said = ""
    for command in programs(disk).values():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    return said


@pytest.mark.smoke
def test_everything_is_back_after_a_reboot(host: Host, disk: Path) -> None:
    host.sh("ip link add name bystander type bridge")
    assert keep(networks.two_rooms()).changed
    assert not keep(networks.two_rooms()).changed
    before = host.dump(marks=False)
    host.sh(REBOOT)
    assert host.namespaces() == []
    host.sh("ip link add name bystander type bridge")
    boot(disk)
    assert host.dump(marks=False) == before
    assert host.pings("ns1", "192.168.2.11")
    assert not keep(networks.two_rooms(), check_mode=True).changed
    assert not keep(networks.two_rooms()).changed
    assert "container_net:two_rooms" in host.sh("ip link show dev mybridge")
    assert boot(disk) == ""


def test_what_is_written_and_that_it_goes(host: Host, disk: Path) -> None:
    predicted = keep(networks.pair(), check_mode=True)
    assert predicted.changed
    assert files(disk) == []
    done = keep(networks.pair())
    assert done.kept == predicted.kept
    name, dummy = engine.build()
    assert files(disk) == [
        "etc/pair.json",
        f"lib/{name}",
        "units/container-net-topology@pair.service",
        "units/multi-user.target.wants/container-net-topology@pair.service",
    ]
    # The order of the lists is not the network.
    other = networks.pair()
    other["namespaces"].reverse()
    assert not keep(other).changed
    other["veths"][0]["mtu"] = 1400
    changed = keep(other)
    assert [line for line in changed.kept if "pair.json" in str(line)] == list(changed.kept)
    keep(networks.two_rooms())
    keep({"name": "pair", "state": "absent"})
    assert "etc/two_rooms.json" in files(disk)
    assert f"lib/{name}" in files(disk)
    outcome = keep(networks.two_rooms(), persisted=False)
    assert outcome.changed
    assert host.commands(outcome) == []
    assert files(disk) == []
    assert not keep(networks.two_rooms(), persisted=False).changed


def test_a_half_present_network_is_completed(host: Host, disk: Path) -> None:
    keep(networks.two_rooms())
    before = host.dump(marks=False)
    host.sh(
        f"ip netns del ns2; {gone('ns2veth1')};"
        "ip -n ns1 addr flush dev ns1veth0; ip link set mybridge down"
    )
    boot(disk)
    assert host.dump(marks=False) == before
    assert not keep(networks.two_rooms()).changed


def test_a_strangers_object_is_not_broken(host: Host, disk: Path) -> None:
    keep(networks.two_rooms())
    host.sh(REBOOT)
    host.sh("ip link add name mybridge mtu 1300 type bridge; ip addr add 10.7.0.1/24 dev mybridge")
    before = host.dump()
    command = next(iter(programs(disk).values()))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "mybridge" in done.stderr
    assert "adopt" in done.stderr
    assert host.dump() == before


def test_what_leads_through_others_links_comes_later(host: Host, disk: Path) -> None:
    nic = "ip link add name nic0 type bridge"
    online = "ip addr add 192.0.2.1/24 dev nic0; ip link set nic0 up"
    host.sh(f"{nic}; {online}")
    params = {
        "name": "joined",
        "namespaces": [{"name": "n1"}],
        "bridges": [networks.link("br", addresses=["10.1.0.1/24"])],
        "veths": [
            networks.link(
                "eth0",
                netns="n1",
                addresses=["10.1.0.2/24"],
                routes=[{"dst": "default", "via": "10.1.0.1"}],
                peer=networks.link("v1", master="br"),
            )
        ],
        "vxlans": [networks.link("vx", vni=5, dev="nic0", local="192.0.2.1", master="br")],
        "routes": [
            {"dst": "10.2.0.0/24", "via": "10.1.0.9"},
            {"dst": "10.3.0.0/24", "via": "192.0.2.9"},
        ],
    }
    keep(params)
    before = host.dump(marks=False)
    units = programs(disk)
    assert list(units) == [
        "container-net-topology@joined.service",
        "container-net-topology-online@joined.service",
    ]
    assert ["--early" in command for command in units.values()] == [True, False]
    host.sh(REBOOT)
    early, late = list(units.values())
    subprocess.run(early, check=True, capture_output=True)
    assert host.pings("n1", "10.1.0.1")
    routes = host.sh("ip route")
    assert "10.2.0.0/24 via 10.1.0.9" in routes
    assert "10.3.0.0" not in routes
    assert "vx" not in host.sh("ip link")
    host.sh(f"{nic}; {online}")
    subprocess.run(late, check=True, capture_output=True)
    assert host.dump(marks=False) == before
    assert not keep(params).changed
    # Without them one unit is enough, and the other one goes.
    del params["vxlans"], params["routes"]
    keep(params)
    assert list(programs(disk)) == ["container-net-topology@joined.service"]
    assert "--early" not in boot(disk)


def test_systemd_takes_the_units(host: Host, disk: Path) -> None:
    host.sh("ip link add nic0 type bridge; ip addr add 192.0.2.1/24 dev nic0; ip link set nic0 up")
    keep({"name": "a-b.c", "routes": [{"dst": "10.3.0.0/24", "via": "192.0.2.9"}]})
    units = sorted(map(str, (disk / "units").glob("*.service")))
    assert len(units) == 2
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{disk}/units:"},
    )
    assert done.returncode == 0, done.stderr
    text = Path(units[0]).read_text() + Path(units[1]).read_text()
    for sandboxing in ("Private", "Protect", "ReadOnly", "TemporaryFileSystem", "BindPaths"):
        assert sandboxing not in text
    assert text.count("Before=flanneld.service docker.service container-net-nat.service") == 2
    assert text.count("After=network-online.target") == 1


def test_an_engine_that_is_used_stays_when_a_newer_one_comes(
    host: Host, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(networks.pair())
    old = engine.build()
    monkeypatch.setattr(engine, "VERSION", "99.0.0")
    new = engine.build()
    assert new[0].startswith("engine-99.0.0-")
    keep(networks.two_rooms())
    assert {f"lib/{old[0]}", f"lib/{new[0]}"} <= set(files(disk))
    keep(networks.pair())
    assert f"lib/{old[0]}" not in files(disk)
    assert not keep(networks.pair()).changed


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"bridges": [networks.link("b", netns="elsewhere")]},
            r"bridges\[0\].netns: 'elsewhere': this topology does not make that namespace",
        ),
        (
            {"routes": [{"dst": "10.9.0.0/16", "type": "blackhole", "netns": "elsewhere"}]},
            r"routes\[0\].netns: 'elsewhere': .*under namespaces",
        ),
    ],
)
def test_what_cannot_last_is_refused_before_the_first_change(
    host: Host, disk: Path, params: dict[str, Any], message: str
) -> None:
    host.sh("ip netns add elsewhere")
    before = host.dump()
    with pytest.raises(OptionError, match=message):
        keep({"name": "t", **params})
    assert host.dump() == before
    assert files(disk) == []


def test_a_host_without_systemd_is_refused(
    host: Host, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_SYSTEMD", ())
    with pytest.raises(OptionError, match="persist: True: this host has no systemd"):
        keep(networks.pair())
    assert host.namespaces() == []


def test_a_disk_that_is_full_is_an_error_that_the_next_run_heals(
    host: Host, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = _files.write
    with monkeypatch.context() as patch:

        def full(path: str, *more: Any) -> None:
            if path.endswith(".service"):
                raise OSError(28, "No space left on device")
            write(path, *more)

        patch.setattr(_files, "write", full)
        with pytest.raises(persist.HostError, match=r"The network is as wanted, but .* No space"):
            keep(networks.pair())
    assert keep(networks.pair()).changed
    assert not keep(networks.pair()).changed
    shutil.rmtree(disk / "lib")
    assert keep(networks.pair()).changed
