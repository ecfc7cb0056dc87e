# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role docker from one end to the other, on a host whose systemd and Docker are stand-ins.

What Docker itself does with its settings is proven in virtual machines. Here it is when the role
restarts it, when it refuses to, and what is left on the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.docker.rolehost import RoleHost

PENDING = "/var/lib/container_net/pending/docker"
SUBNET = "/var/lib/flannel/subnet.env"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RoleHost]:
    made = RoleHost(tmp_path)
    yield made
    made.close()


def everything(host: RoleHost) -> str:
    """Names, modes and contents of what the role may touch."""
    return host.shell(
        "find /etc/docker /etc/sysctl.d /etc/systemd/system /run/systemd /usr/local/lib"
        " /var/lib/container_net -type f -exec sha256sum {} + -o -printf '%p %m %l\\n'"
        " 2>/dev/null | sort",
        check=False,
    )


def start(host: RoleHost) -> None:
    host.shell(f"systemctl_dir={host.directory}/bin; $systemctl_dir/systemctl start docker.service")
    host.log()


def test_from_nothing_to_nothing(host: RoleHost) -> None:
    """First run, second run, check mode, and the way back."""
    host.shell("mkdir /etc/docker; echo '{\"debug\":  true}' > /etc/docker/daemon.json")
    start(host)
    before = everything(host)
    variables = {"docker_daemon_settings": {"bip": "10.0.0.1/24", "dns": ["1.1.1.1"]}}
    stats, dummy = host.apply("--check", **variables)
    assert stats["failures"] == 0
    assert stats["changed"] > 0
    assert everything(host) == before
    assert host.log() == []
    stats, dummy = host.apply(**variables)
    assert stats["failures"] == 0
    wanted = {"debug": True, "bip": "10.0.0.1/24", "dns": ["1.1.1.1"]}
    assert host.settings() == wanted
    log = host.log()
    assert [line.split()[1] for line in log] == ["stopped", "started"]
    assert "10.0.0.1/24" in log[1]
    assert host.shell("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert host.shell(f"ls {PENDING}", check=False) == ""
    for flags in ((), ("--check",)):
        stats, dummy = host.apply(*flags, **variables)
        assert (stats["changed"], stats["failures"]) == (0, 0)
    assert host.log() == []
    stats, dummy = host.apply(tasks_from="absent")
    assert stats["failures"] == 0
    log = host.log()
    # Docker was started once without a bridge, to forget the address of docker0.
    assert [line.split()[1] for line in log] == [
        "stopped",
        "started",
        "stopped",
        "started",
        # It was found active but not enabled; nothing else is done to it.
    ]
    assert "--bridge=none" in log[1]
    assert log[3] == 'docker started with - {"debug": true}'
    left = everything(host).replace("/var/lib/container_net 755 \n", "")
    assert left.replace("/var/lib/container_net/pending 755 \n", "") == before
    assert host.shell("ls /run/stand_in") == before_flags(host)
    stats, dummy = host.apply(tasks_from="absent")
    assert (stats["changed"], stats["failures"]) == (0, 0)


def before_flags(host: RoleHost) -> str:
    """Docker active and not enabled, as it was found."""
    return "docker.service.active\ndockerd\n"


def test_a_run_that_dies_before_the_restart_is_healed(host: RoleHost) -> None:
    start(host)
    variables = {"docker_daemon_settings": {"icc": False}}
    stats, dummy = host.apply(die=True, **variables)
    assert stats["failures"] == 1
    assert host.settings() == {"icc": False}
    assert host.log() == []
    host.shell(f"test -e {PENDING}")
    stats, dummy = host.apply(**variables)
    assert stats["failures"] == 0
    assert stats["changed"] > 0
    assert [line.split()[1] for line in host.log()] == ["stopped", "started"]
    assert host.shell(f"ls {PENDING}", check=False) == ""
    assert host.apply(**variables)[0]["changed"] == 0


def test_a_reload_by_somebody_else_is_seen(host: RoleHost) -> None:
    """A play of one's own has the module, and a handler that reloads Docker: nobody takes the
    marker away."""
    start(host)
    variables = {"docker_daemon_settings": {"debug": True}}
    host.apply(die=True, **variables)
    host.shell(f"test -e {PENDING}")
    assert host.apply("--check", **variables)[0]["changed"] > 0
    host.shell(f"{host.directory}/bin/systemctl reload docker.service")
    host.log()
    assert host.apply(**variables)[0]["changed"] == 0
    assert host.log() == []
    assert host.shell(f"ls {PENDING}", check=False) == ""
    # What needs a restart still does after a reload.
    variables = {"docker_daemon_settings": {"debug": True, "mtu": 1400}}
    host.apply(die=True, **variables)
    host.shell(f"{host.directory}/bin/systemctl reload docker.service")
    assert host.apply("--check", **variables)[0]["changed"] > 0


@pytest.mark.long
def test_docker_that_was_stopped_is_only_started(host: RoleHost) -> None:
    assert host.apply(docker_daemon_settings={"mtu": 1450})[0]["failures"] == 0
    assert [line.split()[1] for line in host.log()] == ["started"]
    assert host.apply(docker_daemon_settings={"mtu": 1450})[0]["changed"] == 0
    host.apply(tasks_from="absent")
    assert host.settings() is None
    assert host.shell("ls /run/stand_in/docker.service.*", check=False) == ""


@pytest.mark.long
def test_a_start_makes_the_accepts_anew(host: RoleHost) -> None:
    """Docker's first start makes the chain where they belong; a reload moves nothing."""
    host.shell("touch /run/stand_in/container-net-forward.service.enabled")
    assert host.apply(docker_daemon_settings={"mtu": 1450})[0]["failures"] == 0
    assert [line.split()[:2] for line in host.log()] == [
        ["docker", "started"],
        ["forward", "restarted"],
    ]
    assert host.apply(docker_daemon_settings={"mtu": 1450, "debug": True})[0]["failures"] == 0
    assert host.log() == ["docker reloaded"]


def test_containers_are_not_stopped_unasked(host: RoleHost) -> None:
    start(host)
    assert host.apply(docker_daemon_settings={"mtu": 1450})[0]["failures"] == 0
    host.log()
    host.shell("printf 'web always\\nlonely no\\n' > /run/stand_in/containers")
    before = everything(host)
    for flags in ((), ("--check",)):
        stats, said = host.apply(*flags, docker_daemon_settings={"mtu": 1400})
        assert stats["failures"] == 1
        assert "docker_restart_with_containers" in said
        assert "lonely" in said
        assert "would stop web" not in said
    assert everything(host) == before
    assert host.log() == []
    # A reload is no restart, and nothing to do is nothing to refuse.
    stats, dummy = host.apply(docker_daemon_settings={"mtu": 1450, "debug": True})
    assert stats["failures"] == 0
    assert host.log() == ["docker reloaded"]
    assert host.settings() == {"mtu": 1450, "debug": True}
    assert host.apply(docker_daemon_settings={"mtu": 1450, "debug": True})[0]["changed"] == 0
    stats, dummy = host.apply(
        docker_daemon_settings={"mtu": 1400}, docker_restart_with_containers=True
    )
    assert stats["failures"] == 0
    assert [line.split()[1] for line in host.log()] == ["stopped", "started"]


def test_icc_off_has_bridges_filtered(host: RoleHost) -> None:
    """Docker sees to it when it starts; somebody may have switched it off since (S6)."""
    switch = "/proc/sys/net/bridge/bridge-nf-call-iptables"
    start(host)
    host.shell(f"echo 0 >{switch}")
    assert host.apply()[0]["failures"] == 0
    assert host.shell(f"cat {switch}") == "0\n"
    assert host.apply(docker_daemon_settings={"icc": False})[0]["failures"] == 0
    assert host.shell(f"cat {switch}") == "1\n"
    assert host.apply(docker_daemon_settings={"icc": False})[0]["changed"] == 0


def under_live_restore(host: RoleHost, *names: str) -> None:
    lines = "".join(f"{name} no\\n" for name in names)
    host.shell(f"touch /run/stand_in/live-restore; printf '{lines}' > /run/stand_in/containers")


@pytest.mark.long
def test_live_restore_does_not_keep_a_bip_from_its_bridge(host: RoleHost) -> None:
    """Docker leaves docker0 alone while containers run: refused, or they are stopped for it."""
    start(host)
    assert host.apply(docker_daemon_settings={"bip": "10.0.0.1/24"})[0]["failures"] == 0
    under_live_restore(host, "second", "first")
    host.log()
    before = everything(host)
    for flags in ((), ("--check",)):
        stats, said = host.apply(*flags, docker_daemon_settings={"bip": "10.0.1.1/24"})
        assert stats["failures"] == 1
        assert "with live-restore Docker leaves docker0" in said
        assert "second, first" in said
        assert "docker_restart_with_containers" in said
    assert everything(host) == before
    assert host.log() == []
    stats, dummy = host.apply(
        docker_daemon_settings={"bip": "10.0.1.1/24"}, docker_restart_with_containers=True
    )
    assert stats["failures"] == 0
    log = host.log()
    assert log[0] == "containers stop second first"
    assert [line.split()[1] for line in log[1:3]] == ["stopped", "started"]
    # second uses the network of first.
    assert log[3:] == ["containers start first", "containers start second"]
    assert host.apply(docker_daemon_settings={"bip": "10.0.1.1/24"})[0]["changed"] == 0
    # What is no matter of docker0 stops nobody, and needs nobody's leave.
    assert host.apply(docker_daemon_settings={"dns": ["1.1.1.1"]})[0]["failures"] == 0
    assert [line.split()[1] for line in host.log()] == ["stopped", "started"]


@pytest.mark.long
def test_a_bip_that_docker_ignored_is_seen(host: RoleHost) -> None:
    """Docker was restarted under live-restore: it runs with the file, docker0 does not."""
    settings = {"docker_daemon_settings": {"bip": "10.0.0.1/24"}}
    start(host)
    assert host.apply(**settings)[0]["failures"] == 0
    host.shell("ip link add docker0 type bridge; ip address add 10.9.0.1/24 dev docker0")
    under_live_restore(host, "web")
    host.log()
    stats, said = host.apply(**settings)
    assert stats["failures"] == 1
    assert "docker0 (10.9.0.1/24)" in said
    assert "web" in said
    assert host.log() == []
    assert host.apply("--check", docker_restart_with_containers=True, **settings)[0]["changed"] > 0
    assert host.apply(docker_restart_with_containers=True, **settings)[0]["failures"] == 0
    log = host.log()
    assert log[0] == "containers stop web"
    assert log[-1] == "containers start web"
    host.shell("ip address flush dev docker0; ip address add 10.0.0.1/24 dev docker0")
    assert host.apply(**settings)[0]["changed"] == 0


def test_a_docker_that_does_not_come_up_gets_its_containers_back(host: RoleHost) -> None:
    start(host)
    under_live_restore(host, "web")
    stats, said = host.apply(
        docker_daemon_settings={"storage-driver": "nonsense", "mtu": 1400},
        docker_restart_with_containers=True,
    )
    assert stats["failures"] == 1
    assert "error initializing graphdriver: nonsense" in said
    log = host.log()
    assert log[0] == "containers stop web"
    assert log[-1] == "containers start web"
    assert host.settings() is None


def test_a_docker_that_does_not_come_up_gets_its_old_file_back(host: RoleHost) -> None:
    start(host)
    assert host.apply(docker_daemon_settings={"mtu": 1450})[0]["failures"] == 0
    host.log()
    stats, said = host.apply(docker_daemon_settings={"storage-driver": "nonsense"})
    assert stats["failures"] == 1
    assert "Docker did not come up with the new" in said
    assert "error initializing graphdriver: nonsense" in said
    assert host.settings() == {"mtu": 1450}
    assert [line.split()[1] for line in host.log()] == ["stopped", "started"]
    assert host.shell(f"ls {PENDING}", check=False) == ""
    assert host.apply(docker_daemon_settings={"mtu": 1450})[0]["changed"] == 0
    host.apply(tasks_from="absent")
    assert host.settings() is None


def test_bip_follows_the_lease(host: RoleHost) -> None:
    lease = "FLANNEL_SUBNET=172.20.{0}.1/24\\nFLANNEL_MTU=1450\\n"
    host.shell(f"mkdir /var/lib/flannel; printf '{lease.format(24)}' > {SUBNET}")
    before = everything(host)
    variables = {"docker_subnet_file": SUBNET, "docker_mtu": 1450}
    stats, dummy = host.apply(docker_bip="172.20.24.1/24", **variables)
    assert stats["failures"] == 0
    wanted = {"mtu": 1450, "ip-masq": False, "allow-direct-routing": True}
    assert host.settings() == {"bip": "172.20.24.1/24", **wanted}
    host.shell(f"printf '{lease.format(32)}' > {SUBNET}")
    host.shell(f"{host.directory}/bin/systemctl restart docker.service")
    assert host.settings() == {"bip": "172.20.32.1/24", **wanted}
    host.log()
    stats, dummy = host.apply(docker_bip="172.20.32.1/24", **variables)
    assert (stats["changed"], stats["failures"]) == (0, 0)
    assert host.log() == []
    host.apply(tasks_from="absent")
    assert host.settings() is None
    left = everything(host).replace("/var/lib/container_net 755 \n", "")
    for line in ("/var/lib/container_net/pending 755 \n", "/usr/local/lib/container_net 755 \n"):
        left = left.replace(line, "")
    assert left.replace("/etc/systemd/system/docker.service.wants 755 \n", "") == before


@pytest.mark.long
def test_one_way_of_joining_hosts_after_another(host: RoleHost) -> None:
    """What the first wanted of Docker and the second does not goes back to what it was."""
    host.shell('mkdir /etc/docker; echo \'{"mtu": 1300, "debug": true}\' > /etc/docker/daemon.json')
    start(host)
    restore = ["allow-direct-routing", "bip", "fixed-cidr", "ip-masq", "live-restore", "mtu"]
    first = {
        "docker_bip": "172.20.1.1/24",
        "docker_mtu": 1450,
        "docker_routed": True,
        "docker_daemon_restore": restore,
    }
    second = {"docker_way_settings": {"live-restore": False}, "docker_daemon_restore": restore}
    routed = {"allow-direct-routing": True, "bip": "172.20.1.1/24", "ip-masq": False, "mtu": 1450}
    for variables, wanted in (
        (first, {"debug": True, **routed}),
        (second, {"debug": True, "mtu": 1300, "live-restore": False}),
        (first, {"debug": True, **routed}),
    ):
        assert host.apply(**variables)[0]["failures"] == 0
        assert host.settings() == wanted
        assert "started" in str(host.log())
        for flags in ((), ("--check",)):
            assert host.apply(*flags, **variables)[0]["changed"] == 0
    host.apply(tasks_from="absent")
    assert host.settings() == {"mtu": 1300, "debug": True}


def test_docker_29_is_told_of_the_mark(host: RoleHost) -> None:
    host.shell("echo 29.0.4 > /run/stand_in/version; mkdir /var/lib/flannel")
    host.shell(f"echo FLANNEL_SUBNET=172.20.24.1/24 > {SUBNET}; echo FLANNEL_MTU=1450 >> {SUBNET}")
    stats, said = host.apply(
        docker_subnet_file=SUBNET,
        docker_bip="172.20.24.1/24",
        docker_mtu=1450,
        docker_daemon_settings={"firewall-backend": "nftables"},
    )
    assert stats["failures"] == 0, said
    assert host.settings() == {
        "bip": "172.20.24.1/24",
        "mtu": 1450,
        "ip-masq": False,
        "allow-direct-routing": True,
        "firewall-backend": "nftables",
        "bridge-accept-fwmark": "0x10000000/0x10000000",
    }
    host.apply(tasks_from="absent")
    assert host.settings() is None


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"docker_bip": "10.0.0.1/24", "docker_daemon_settings": {"bip": "10.1.0.1/24"}},
            "docker_bip: 10.0.0.1/24: docker_daemon_settings.bip is 10.1.0.1/24",
        ),
        (
            {"docker_mtu": 1450, "docker_daemon_settings": {"mtu": 1400}},
            "docker_mtu: 1450: docker_daemon_settings.mtu is 1400",
        ),
        (
            {"docker_subnet_file": SUBNET, "docker_daemon_settings": {"ip-masq": True}},
            "docker_daemon_settings.ip-masq: true",
        ),
        (
            {"docker_routed": True, "docker_daemon_settings": {"ip-masq": True}},
            "docker_daemon_settings.ip-masq: true",
        ),
        (
            {
                "docker_way_settings": {"live-restore": False, "fixed-cidr": "10.0.0.0/25"},
                "docker_daemon_settings": {"live-restore": True, "fixed-cidr": "10.0.0.0/25"},
            },
            "docker_daemon_settings: live-restore: what joins the hosts needs",
        ),
        ({"docker_subnet_file": "subnet.env"}, "docker_subnet_file: subnet.env"),
        ({"docker_daemon_settings": {"bib": 1}}, "Write bip"),
    ],
)
def test_bad_variables(host: RoleHost, variables: dict[str, object], message: str) -> None:
    stats, said = host.apply(**variables)
    assert stats["failures"] == 1
    assert message in said
    assert host.settings() is None
    assert host.log() == []
