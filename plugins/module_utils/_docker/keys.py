# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every key that a dockerd for Linux knows or knew in daemon.json. Pure.

Taken from moby/moby at b985e2313a8676e18072b442911fc8f64f17d440 (docker-v29.7.2): the fields and
flags of daemon/config, daemon/command and daemon/pkg, the reloadable ones of daemon/reload*.go,
and the same files of one release of each line since 17.06.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Version = tuple[int, int]

#: The newest dockerd that the table describes: a newer one may know more keys.
NEWEST: Version = (29, 7)

# name, kind of value (see values.py), flag of dockerd ("=": named like the key, "-": none), first
# and last release line that takes it ("-": no limit), how a running daemon takes a change
# ("refused": a field of the source that the daemon does not take from the file), choices.
_TABLE = """
allow-direct-routing             bool     =                     28.2  -    restart
allow-nondistributable-artifacts strs     -                     -     28.0 restart
api-cors-header                  str      -                     -     28.5 restart
api-enable-cors                  bool     -                     -     17.6 restart
authorization-plugins            strs     authorization-plugin  -     -    reload
bip                              str      =                     -     -    restart
bip6                             str      =                     28.0  -    restart
bridge                           str      =                     -     -    restart
bridge-accept-fwmark             str      =                     29.0  -    restart
builder                          builder  -                     18.9  -    restart
cdi-spec-dirs                    strs     cdi-spec-dir          25.0  -    restart
cgroup-parent                    str      =                     -     -    restart
cluster-advertise                str      -                     -     23.0 restart
cluster-store                    str      -                     -     23.0 restart
cluster-store-opts               map      -                     -     23.0 restart
containerd                       str      =                     -     -    restart
containerd-namespace             str      =                     19.3  -    restart
containerd-plugin-namespace      str      -                     19.3  -    refused
cpu-rt-period                    int      =                     -     -    restart
cpu-rt-runtime                   int      =                     -     -    restart
cri-containerd                   bool     =                     18.9  -    restart
data-root                        str      =                     -     -    restart
debug                            bool     =                     -     -    reload
default-address-pools            pools    default-address-pool  18.9  -    restart
default-cgroupns-mode            str      =                     20.10 -    reload  host,private
default-gateway                  ip       =                     -     -    restart
default-gateway-v6               ip       =                     -     -    restart
default-init                     str      -                     -     -    refused
default-ipc-mode                 str      =                     18.9  -    reload  private,shareable
default-network-opts             maps     default-network-opt   24.0  -    restart
default-runtime                  str      =                     -     -    reload
default-shm-size                 size     =                     -     -    reload
default-stop-timeout             int      =                     29.7  -    reload
default-ulimits                  ulimits  default-ulimit        -     -    restart
deprecated-key-path              str      -                     -     23.0 restart
disable-legacy-registry          bool     -                     -     18.9 restart
dns                              ips      =                     -     -    restart
dns-opts                         strs     dns-opt               -     -    restart
dns-search                       strs     =                     -     -    restart
exec-opts                        strs     exec-opt              -     -    restart
exec-root                        str      =                     -     -    restart
experimental                     bool     =                     -     -    restart
features                         switches feature               18.9  -    reload
firewall-backend str = 29.0 - restart '',iptables,nftables
fixed-cidr                       str      =                     -     -    restart
fixed-cidr-v6                    str      =                     -     -    restart
graph                            str      -                     -     23.0 restart
group                            str      =                     -     -    restart
host-gateway-ip                  ip       =                     20.10 -    restart
host-gateway-ips                 ips      host-gateway-ip       28.0  -    restart
hosts                            strs     host                  -     -    restart
http-proxy                       str      =                     23.0  -    restart
https-proxy                      str      =                     23.0  -    restart
icc                              bool     =                     -     -    restart
init                             bool     =                     -     -    restart
init-path                        str      =                     -     -    restart
insecure-registries              strs     insecure-registry     -     -    reload
ip                               ip       =                     -     -    restart
ip-forward                       bool     =                     -     -    restart
ip-forward-no-drop               bool     =                     28.0  -    restart
ip-masq                          bool     =                     -     -    restart
ip6tables                        bool     =                     20.10 -    restart
iptables                         bool     =                     -     -    restart
ipv6                             bool     =                     -     -    restart
labels                           strs     label                 -     -    reload
live-restore                     bool     =                     -     -    reload
log-driver                       str      =                     -     -    restart
log-format                       str      =                     25.0  -    restart text,json
log-level str = - - restart debug,info,warn,error,fatal,panic,trace
log-opts                         map      log-opt               -     -    restart
max-concurrent-downloads         int      =                     -     -    reload
max-concurrent-uploads           int      =                     -     -    reload
max-download-attempts            int      =                     20.10 -    reload
metrics-addr                     str      =                     -     -    restart
min-api-version                  str      -                     29.0  -    restart
mtu                              int      =                     -     -    restart
network-control-plane-mtu        int      =                     18.9  -    restart
network-diagnostic-port          int      =                     18.9  -    reload
no-new-privileges                bool     =                     -     -    restart
no-proxy                         str      =                     23.0  -    restart
node-generic-resources           strs     node-generic-resource 18.9  -    restart
nri-opts                         nri      =                     29.2  -    reload
oom-score-adjust                 int      -                     -     25.0 restart
pidfile                          str      =                     -     -    restart
proxies                          proxies  -                     23.0  -    restart
raw-logs                         bool     =                     -     -    restart
registry-mirrors                 strs     registry-mirror       -     -    reload
resolv-conf                      str      -                     18.9  -    refused
rootless                         bool     =                     19.3  -    restart
runtimes                         runtimes add-runtime           -     -    reload
seccomp-profile                  str      =                     -     -    restart
selinux-enabled                  bool     =                     -     -    restart
shutdown-timeout                 int      =                     -     -    reload
storage-driver                   str      =                     -     -    restart
storage-opts                     strs     storage-opt           -     -    restart
swarm-default-advertise-addr     str      =                     -     -    restart
swarm-raft-election-tick         int      -                     18.9  -    refused
swarm-raft-heartbeat-tick        int      -                     18.9  -    refused
tls                              bool     =                     -     -    restart
tlscacert                        str      =                     -     -    restart
tlscert                          str      =                     -     -    restart
tlskey                           str      =                     -     -    restart
tlsverify                        bool     =                     -     -    restart
userland-proxy                   bool     =                     -     -    restart
userland-proxy-path              str      =                     -     -    restart
userns-remap                     str      =                     -     -    restart
"""

#: dockerd takes these also after they were removed, and does nothing with them.
IGNORED_WHEN_GONE = frozenset(("allow-nondistributable-artifacts", "deprecated-key-path"))

#: May stand in the file and on the command line at once.
MERGED_WITH_FLAG = frozenset(("runtimes",))

#: A reload gives these their default back when they left the file; others keep what they had.
RESET_BY_RELOAD = frozenset(
    (
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "features",
        "nri-opts",
    )
)

_SHORT_FLAGS = {
    "b": "bridge",
    "D": "debug",
    "G": "group",
    "g": "graph",
    "H": "host",
    "l": "log-level",
    "p": "pidfile",
    "s": "storage-driver",
}


@dataclass(frozen=True)
class Key:
    """One key: ``since`` and ``until`` are release lines, the last one included."""

    name: str
    kind: str
    flag: str | None
    since: Version | None
    until: Version | None
    reloadable: bool
    in_file: bool
    choices: tuple[str, ...]

    def known_to(self, version: Version) -> bool:
        """Whether a dockerd of this version takes the key."""
        return (self.since is None or version >= self.since) and (
            self.until is None or version <= self.until
        )


def _version(text: str) -> Version | None:
    if text == "-":
        return None
    major, minor = text.split(".")
    return int(major), int(minor)


def _key(line: str) -> Key:
    name, kind, flag, since, until, how, *choices = line.split()
    return Key(
        name=name,
        kind=kind,
        flag={"=": name, "-": None}.get(flag, flag),
        since=_version(since),
        until=_version(until),
        reloadable=how == "reload",
        in_file=how != "refused",
        choices=tuple(c.strip("'") for c in choices[0].split(",")) if choices else (),
    )


KEYS: Mapping[str, Key] = {
    key.name: key for key in (_key(line) for line in _TABLE.strip().splitlines())
}


def _flags() -> dict[str, str]:
    """Flag, as it is written without dashes, to the key that it conflicts with."""
    flags = {key.flag: key.name for key in KEYS.values() if key.flag is not None}
    # One flag stands for both; the newer spelling is a list of what the older one holds.
    flags["host-gateway-ip"] = "host-gateway-ips"
    flags.update({short: flags.get(name, name) for short, name in _SHORT_FLAGS.items()})
    return flags


FLAG_TO_KEY: Mapping[str, str] = _flags()


def nearest(name: str, among: Iterable[str] | None = None) -> str | None:
    """The known name that is written most like this one, or None when none is near.

    A flag's spelling leads to its key: ``insecure-registry`` to ``insecure-registries``.
    """
    names = [key.name for key in KEYS.values() if key.in_file] if among is None else list(among)
    spelled = name.strip().lstrip("-").replace("_", "-").lower()
    by_flag = FLAG_TO_KEY.get(spelled) if len(spelled) > 1 else None
    if by_flag in names:
        return by_flag
    close = difflib.get_close_matches(spelled, names, n=1, cutoff=0.6)
    return close[0] if close else None
