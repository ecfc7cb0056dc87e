# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Input that cannot be used, and what the message has to name: option, value, reason, remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# What is on the host. "busy" has a process in it, "stale" is a file that is no namespace.
HOST = """
ip netns add room
ip netns add busy
touch /run/netns/stale
ip link add br0 up type bridge
ip address add 10.0.0.1/24 dev br0
ip link add br1 type bridge
ip link add va type veth peer name vb
ip link add vx type vxlan id 42 dstport 4789
ip link add inside netns room type bridge
ip -n room address add 10.5.0.1/24 dev inside
ip -n room link set dev inside up
nohup ip netns exec busy sleep 1000 >/dev/null 2>&1 &
until [ -n "$(ip netns pids busy)" ]; do sleep 0.05; done
ip link add sbr type bridge
ip link add sp0 type veth peer name sp1
ip link set dev sp0 master sbr
ip link add un0 type veth peer name un1
ip link add vu type vxlan id 4243 dstport 4790 dev un0
"""

# Made with the modules before the cases: what other topologies have.
OTHERS: tuple[dict[str, Any], ...] = (
    {
        "name": "owner",
        "namespaces": [{"name": "owned"}],
        "bridges": [{"name": "obr", "addresses": ["10.40.0.1/24"]}],
        "veths": [{"name": "ov0", "master": "obr", "peer": {"name": "ov1", "netns": "owned"}}],
        "routes": [{"dst": "10.41.0.0/16", "via": "10.40.0.9"}],
    },
    # Something of "guest" is on what "owner" has, and "holder" has what "guest" needs.
    {
        "name": "guest",
        "bridges": [{"name": "gbr", "netns": "owned"}],
        "veths": [{"name": "gv0", "master": "obr", "peer": {"name": "gv1"}}],
    },
    {"name": "holder", "bridges": [{"name": "hbr"}], "namespaces": [{"name": "held"}]},
    {"name": "user", "veths": [{"name": "uv0", "master": "hbr", "peer": {"name": "uv1"}}]},
)


@dataclass(frozen=True)
class Bad:
    module: str
    title: str
    options: dict[str, Any]
    says: tuple[str, ...]
    user: int = 0
    hide: str = ""


def _each(module: str, *rows: tuple[str, dict[str, Any], tuple[str, ...]]) -> tuple[Bad, ...]:
    return tuple(Bad(module, *row) for row in rows)


def _address(text: str) -> dict[str, Any]:
    return {"name": "new", "addresses": [text]}


def _pair(**more: Any) -> dict[str, Any]:
    return {"name": "new", "peer": {"name": "newpeer"}, **more}


def _topology(**more: Any) -> dict[str, Any]:
    return {"name": "bad", **more}


NETNS = _each(
    "netns",
    ("name with a slash", {"name": "a/b"}, ("name", "'a/b'", "cannot contain '/'", "letters")),
    ("no name", {"name": ""}, ("name", "''", "is no name", "another name")),
    ("name of the directory above", {"name": ".."}, ("name", "'..'", "is no name", "another")),
    ("name with a blank", {"name": "a b"}, ("name", "'a b'", "cannot contain ' '", "letters")),
    ("name like an option", {"name": "-all"}, ("name", "'-all'", "starts with '-'", "another")),
    ("name too long for a file", {"name": "n" * 256}, ("name", "255", "256", "shorter")),
    ("name left out", {}, ("missing required arguments: name",)),
    ("unknown option", {"name": "new", "colour": "red"}, ("Unsupported parameters", "colour")),
    (
        "loopback neither up nor down",
        {"name": "new", "loopback": "sideways"},
        ("loopback", "up, down", "sideways"),
    ),
    (
        "sysctl outside net",
        {"name": "new", "sysctls": {"kernel.hostname": "x"}},
        ("sysctls", "kernel.hostname", "no sysctl of a network namespace", "Only net.*"),
    ),
    (
        "sysctl that climbs out",
        {"name": "new", "sysctls": {"net/../kernel/hostname": "x"}},
        ("sysctls", "net/../kernel", "no sysctl of a network namespace", "Only net.*"),
    ),
    (
        "sysctl without a value",
        {"name": "new", "sysctls": {"net.ipv4.ip_forward": ""}},
        ("sysctls", "net.ipv4.ip_forward=''", "has no value", "Give a number"),
    ),
    (
        "sysctl of two lines",
        {"name": "new", "sysctls": {"net.ipv4.ip_forward": "1\n0"}},
        ("sysctls", "net.ipv4.ip_forward", "more than one line", "one line"),
    ),
    (
        "sysctl twice in two spellings",
        {"name": "new", "sysctls": {"net.ipv4.ip_forward": "1", "net/ipv4/ip_forward": "0"}},
        ("sysctls", "ip_forward", "given twice", "Keep one"),
    ),
    (
        "sysctl that the kernel does not have",
        {"name": "room", "sysctls": {"net.ipv4.ip_backward": "1"}},
        ("sysctls", "ip_backward", "no such sysctl", "spelling"),
    ),
    (
        "sysctl that a new namespace will not have",
        {"name": "new", "sysctls": {"net.ipv4.ip_backward": "1"}},
        ("sysctls", "ip_backward", "no such sysctl", "spelling"),
    ),
    (
        "sysctl value that the kernel refuses",
        {"name": "room", "sysctls": {"net.ipv4.ip_default_ttl": "many"}},
        ("ip_default_ttl", "many"),
    ),
    ("process zero", {"name": "new", "pid": 0}, ("pid", "0", "outside 1 to", "Give")),
    ("process a word", {"name": "new", "pid": "init"}, ("pid", "init", "int")),
    (
        "process that is not there",
        {"name": "new", "pid": 4194304},
        ("pid", "4194304", "no network namespace", "a process that runs"),
    ),
    (
        "process of the host's own network",
        {"name": "new", "pid": 1},
        ("pid", "1", "the host's own network", "Leave netns out"),
    ),
    (
        "process and container",
        {"name": "new", "pid": 1, "container": "web"},
        ("container", "'web'", "pid is given", "Give one"),
    ),
    (
        "container with a slash",
        {"name": "new", "container": "../web"},
        ("container", "'../web'", "no name or id", "letters"),
    ),
    (
        "container without Docker",
        {"name": "new", "container": "web"},
        ("container", "'web'", "/var/run/docker.sock", "Start Docker", "pid"),
    ),
    ("sysctls as a list", {"name": "new", "sysctls": ["a", "b"]}, ("sysctls", "dict")),
    (
        "a file in the way",
        {"name": "stale"},
        ("name", "'stale'", "/run/netns/stale"),
    ),
    (
        "removal of one with processes",
        {"name": "busy", "state": "absent"},
        ("name", "'busy'", "process", "force"),
    ),
)

BRIDGE = _each(
    "bridge",
    ("name of 16", {"name": "b" * 16}, ("name", "b" * 16, "at most 15", "16", "shorter")),
    (
        "name of 8 that takes 16 bytes",
        {"name": "\u00e9" * 8},
        ("name", "at most 15", "16", "shorter"),
    ),
    ("name with a slash", {"name": "a/b"}, ("name", "'a/b'", "cannot contain '/'", "letters")),
    ("name with a blank", {"name": "a b"}, ("name", "'a b'", "cannot contain ' '", "letters")),
    ("no name", {"name": ""}, ("name", "''", "needs a name", "1 to 15")),
    ("a dot", {"name": "."}, ("name", "'.'", "no name for a link", "another")),
    ("loopback", {"name": "lo"}, ("name", "'lo'", "loopback", "option loopback")),
    ("the kernel's word", {"name": "all"}, ("name", "'all'", "sysctls", "another")),
    ("no prefix", _address("10.2.0.1"), ("addresses[0]", "'10.2.0.1'", "no prefix", "/24")),
    ("prefix too long", _address("10.2.0.1/33"), ("addresses[0]", "10.2.0.1/33", "/24")),
    ("prefix a word", _address("10.2.0.1/x"), ("addresses[0]", "10.2.0.1/x", "no number", "/24")),
    ("netmask", _address("10.2.0.1/255.255.255.0"), ("addresses[0]", "no number", "/24")),
    ("no address", _address("300.2.0.1/24"), ("addresses[0]", "300.2.0.1/24", "Write address")),
    ("network", _address("10.2.0.0/24"), ("addresses[0]", "network 10.2.0.0/24 itself", "host")),
    ("broadcast", _address("10.2.0.255/24"), ("addresses[0]", "broadcast", "host's address")),
    ("multicast", _address("224.0.0.5/24"), ("addresses[0]", "224.0.0.5/24", "unicast")),
    ("IPv6 unspecified", _address("::/64"), ("addresses[0]", "'::/64'", "unicast")),
    ("IPv6 multicast", _address("ff02::1/64"), ("addresses[0]", "ff02::1/64", "unicast")),
    (
        "address twice",
        {"name": "new", "addresses": ["2001:db8::1/64", "2001:DB8:0::1/48"]},
        ("addresses[1]", "2001:DB8:0::1/48", "given twice", "Keep one"),
    ),
    ("MTU below IPv4's", {"name": "new", "mtu": 67}, ("mtu", "67", "below 68", "68 or more")),
    (
        "MTU below IPv6's",
        {"name": "new", "mtu": 1279, "addresses": ["2001:db8::1/64"]},
        ("mtu", "1279", "below 1280", "IPv6", "1280 or more"),
    ),
    ("MTU above the kernel's", {"name": "new", "mtu": 65536}, ("mtu", "65536", "65535")),
    ("MTU a word", {"name": "new", "mtu": "big"}, ("mtu", "big", "int")),
    ("MAC a word", {"name": "new", "mac": "here"}, ("mac", "'here'", "no MAC", "six bytes")),
    ("MAC multicast", {"name": "new", "mac": "01:00:5e:00:00:01"}, ("mac", "multicast", "even")),
    ("MAC zero", {"name": "new", "mac": "00:00:00:00:00:00"}, ("mac", "00:00", "another")),
    ("priority", {"name": "new", "priority": 65536}, ("priority", "65536", "0 to 65535", "Give")),
    (
        "forward_delay",
        {"name": "new", "forward_delay": 31},
        ("forward_delay", "31", "0 to 30 seconds", "Give"),
    ),
    (
        "forward_delay with STP",
        {"name": "new", "stp": True, "forward_delay": 1},
        ("forward_delay", "1", "2 to 30", "stp off"),
    ),
    ("hello_time", {"name": "new", "hello_time": 0}, ("hello_time", "0", "1 to 10", "Give")),
    ("max_age", {"name": "new", "max_age": 41}, ("max_age", "41", "6 to 40 seconds", "Give")),
    ("ageing_time", {"name": "new", "ageing_time": -1}, ("ageing_time", "-1", "seconds", "Give")),
    (
        "vlan_default_pvid",
        {"name": "new", "vlan_default_pvid": 4095},
        ("vlan_default_pvid", "4095", "0 to 4094", "Give"),
    ),
    (
        "its own port",
        {"name": "new", "ports": ["new"]},
        ("ports[0]", "'new'", "own port", "Remove"),
    ),
    (
        "port twice",
        {"name": "new", "ports": ["va", "va"]},
        ("ports[1]", "'va'", "named twice", "once"),
    ),
    (
        "port that is not there",
        {"name": "new", "ports": ["va", "nowhere"]},
        ("ports[1]", "'nowhere'", "no such link"),
    ),
    (
        "port that is in another namespace",
        {"name": "new", "netns": "room", "ports": ["va"]},
        ("ports[0]", "'va'", "room"),
    ),
    (
        "port that is a bridge",
        {"name": "new", "ports": ["br1"]},
        ("ports[0]", "'br1'", "bridge", "veth"),
    ),
    ("namespace", {"name": "new", "netns": "nowhere"}, ("netns", "'nowhere'", "no such")),
    (
        "name of a link of another kind",
        {"name": "va"},
        ("name", "'va'", "kind veth", "not a bridge", "another name"),
    ),
    ("admin_state", {"name": "new", "admin_state": "on"}, ("admin_state", "up, down", "on")),
    ("state", {"name": "new", "state": "query"}, ("state", "present, absent", "query")),
)

VETH = _each(
    "veth",
    (
        "its own peer",
        _pair(peer={"name": "new"}),
        ("peer.name", "'new'", "the link itself", "another name"),
    ),
    ("no peer", {"name": "new"}, ("name", "'new'", "no peer", "Give peer")),
    ("peer without a name", _pair(peer={}), ("missing required", "name", "peer")),
    (
        "peer's name of 16",
        _pair(peer={"name": "p" * 16}),
        ("peer.name", "p" * 16, "at most 15", "shorter"),
    ),
    (
        "peer's address without prefix",
        _pair(peer={"name": "newpeer", "addresses": ["10.2.0.1"]}),
        ("peer.addresses[0]", "'10.2.0.1'", "no prefix", "/24"),
    ),
    (
        "peer's MTU",
        _pair(peer={"name": "newpeer", "mtu": 1}),
        ("peer.mtu", "1", "below 68", "68 or more"),
    ),
    ("MTU above the kernel's", _pair(mtu=65536), ("mtu", "65536", "65535")),
    ("master nowhere", _pair(master="nowhere"), ("master", "'nowhere'", "no such")),
    ("master itself", _pair(master="new"), ("master", "'new'", "its own master", "bridge")),
    ("master no bridge", _pair(master="va"), ("master", "'va'", "bridge")),
    (
        "master in another namespace",
        _pair(netns="room", master="br0"),
        ("master", "'br0'", "room"),
    ),
    (
        "peer's master nowhere",
        _pair(peer={"name": "newpeer", "master": "nowhere"}),
        ("peer.master", "'nowhere'", "no such"),
    ),
    ("namespace nowhere", _pair(netns="nowhere"), ("netns", "'nowhere'", "no such")),
    (
        "peer's namespace nowhere",
        _pair(peer={"name": "newpeer", "netns": "nowhere"}),
        ("peer.netns", "'nowhere'", "no such"),
    ),
    (
        "namespace that is a file",
        _pair(netns="stale"),
        ("netns", "'stale'"),
    ),
    (
        "paired with another",
        {"name": "va", "peer": {"name": "newpeer"}},
        ("name", "'va'", "other end", "recreate"),
    ),
    (
        "name of a link of another kind",
        {"name": "br1", "peer": {"name": "newpeer"}},
        ("name", "'br1'", "kind bridge", "not a veth", "another name"),
    ),
    (
        "gateway that no address reaches",
        _pair(
            addresses=["10.2.0.1/24"],
            routes=[{"dst": "default", "via": "10.3.0.1"}],
        ),
        ("routes[0].via", "10.3.0.1", "reach"),
    ),
    (
        "gateway of the other family",
        _pair(routes=[{"dst": "2001:db8::/32", "via": "10.3.0.1"}]),
        ("routes[0].via", "10.3.0.1", "IPv4", "IPv6", "one family"),
    ),
    (
        "route out of another's link",
        _pair(routes=[{"dst": "10.3.0.0/16", "dev": "nowhere"}]),
        ("routes[0].dev", "'nowhere'"),
    ),
)


def _vxlan(**more: Any) -> dict[str, Any]:
    return {"name": "new", "vni": 7, **more}


def _entry(mac: str, dst: str) -> dict[str, str]:
    return {"mac": mac, "dst": dst}


VXLAN = _each(
    "vxlan",
    ("no vni", {"name": "new"}, ("name", "'new'", "no such vxlan", "Give vni")),
    ("vni of 25 bits", _vxlan(vni=2**24), ("vni", "16777216", "0 to 16777215", "Give")),
    ("vni a word", _vxlan(vni="blue"), ("vni", "blue", "int")),
    ("port zero", _vxlan(dstport=0), ("dstport", "0", "1 to 65535", "Give")),
    ("local a network", _vxlan(local="10.0.0.1/24"), ("local", "10.0.0.1/24", "no address")),
    ("local unspecified", _vxlan(local="0.0.0.0"), ("local", "0.0.0.0", "unicast")),
    ("remote a group", _vxlan(remote="239.1.1.1"), ("remote", "239.1.1.1", "no address of a host")),
    ("group a host", _vxlan(group="10.0.0.9"), ("group", "10.0.0.9", "multicast", "remote")),
    (
        "remote and group",
        _vxlan(remote="10.0.0.9", group="239.1.1.1", dev="br0"),
        ("group", "239.1.1.1", "remote is given", "not both"),
    ),
    ("group without dev", _vxlan(group="239.1.1.1"), ("group", "239.1.1.1", "Give dev")),
    (
        "two families",
        _vxlan(local="10.0.0.1", remote="2001:db8::9"),
        ("local", "10.0.0.1", "IPv4", "IPv6", "one family"),
    ),
    (
        "link-local without dev",
        _vxlan(local="fe80::1", remote="fe80::2"),
        ("remote", "fe80::2", "Give dev"),
    ),
    ("dev nowhere", _vxlan(dev="nowhere"), ("dev", "'nowhere'", "no such link on the host")),
    ("dev elsewhere", _vxlan(dev="br0", netns="room"), ("dev", "'br0'", "room")),
    ("dev itself", _vxlan(dev="new"), ("dev", "'new'")),
    ("MTU above dev's", _vxlan(dev="br0", mtu=1451), ("mtu", "1451", "50 bytes", "1450")),
    (
        "MTU above dev's over IPv6",
        _vxlan(dev="br0", mtu=1431, local="2001:db8::9"),
        ("mtu", "1431", "70 bytes", "1430"),
    ),
    (
        "number of another link",
        _vxlan(vni=42),
        ("vni", "42", "dstport 4789", "vxlan vx", "another dstport"),
    ),
    (
        "another vni for a present link",
        {"name": "vx", "vni": 43},
        ("vni", "43", "vni 42", "cannot change", "recreate"),
    ),
    (
        "another port for a present link",
        {"name": "vx", "dstport": 8472},
        ("dstport", "8472", "dstport 4789", "cannot change", "recreate"),
    ),
    ("the other family", {"name": "vx", "local": "2001:db8::9"}, ("local", "IPv4", "recreate")),
    ("entry without a MAC", _vxlan(fdb=[{"dst": "10.0.0.9"}]), ("missing required", "mac", "fdb")),
    (
        "entry with half a MAC",
        _vxlan(fdb=[_entry("02:00:00", "10.0.0.9")]),
        ("fdb[0].mac", "02:00:00", "no MAC", "six bytes"),
    ),
    (
        "entry that leads to a name",
        _vxlan(fdb=[_entry("02:00:00:00:00:01", "host-b")]),
        ("fdb[0].dst", "'host-b'", "no address"),
    ),
    (
        "station behind two hosts",
        _vxlan(fdb=[_entry("02:00:00:00:00:01", f"10.0.0.{n}") for n in (8, 9)]),
        ("fdb[1].mac", "02:00:00:00:00:01", "10.0.0.8", "Keep one"),
    ),
    (
        "entry that remote makes",
        _vxlan(remote="10.0.0.9", fdb=[_entry("00:00:00:00:00:00", "10.0.0.9")]),
        ("fdb[0].dst", "10.0.0.9", "remote", "Leave one"),
    ),
    (
        "entry of the other family",
        _vxlan(fdb=[_entry("02:00:00:00:00:01", "2001:db8::9")]),
        ("fdb[0].dst", "2001:db8::9", "IPv4", "one family"),
    ),
    (
        "name of a link of another kind",
        {"name": "br1", "vni": 7},
        ("name", "'br1'", "kind bridge", "not a vxlan", "another name"),
    ),
)

ROUTE = _each(
    "route",
    ("leads nowhere", {"dst": "10.3.0.0/16"}, ("dst", "10.3.0.0/16", "nowhere", "Give via")),
    (
        "gateway that no address reaches",
        {"dst": "10.3.0.0/16", "via": "10.99.0.1"},
        ("via", "10.99.0.1", "reach"),
    ),
    (
        "gateway that is our own address",
        {"dst": "10.3.0.0/16", "via": "10.0.0.1"},
        ("via", "10.0.0.1"),
    ),
    (
        "gateway in another namespace",
        {"dst": "10.3.0.0/16", "via": "10.0.0.7", "netns": "room"},
        ("via", "10.0.0.7", "reach"),
    ),
    (
        "host bits",
        {"dst": "10.3.0.1/16", "via": "10.0.0.7"},
        ("dst", "10.3.0.1/16", "host bits", "Write"),
    ),
    ("destination a word", {"dst": "there", "via": "10.0.0.7"}, ("dst", "'there'", "Write")),
    (
        "gateway a word",
        {"dst": "10.3.0.0/16", "via": "there"},
        ("via", "'there'", "no address", "without prefix"),
    ),
    (
        "gateway with prefix",
        {"dst": "10.3.0.0/16", "via": "10.0.0.7/24"},
        ("via", "10.0.0.7/24", "no address", "without prefix"),
    ),
    (
        "two families",
        {"dst": "2001:db8::/32", "via": "10.0.0.7"},
        ("via", "10.0.0.7", "IPv4", "IPv6", "one family"),
    ),
    (
        "black hole with a gateway",
        {"dst": "10.3.0.0/16", "via": "10.0.0.7", "type": "blackhole"},
        ("type", "'blackhole'", "leads nowhere", "Leave out via"),
    ),
    (
        "scope for IPv6",
        {"dst": "2001:db8::/32", "dev": "br0", "scope": "link"},
        ("scope", "'link'", "IPv6 routes have no scope", "Leave"),
    ),
    (
        "metric below zero",
        {"dst": "10.3.0.0/16", "via": "10.0.0.7", "metric": -1},
        ("metric", "-1", "outside 0 to", "Give"),
    ),
    (
        "table zero",
        {"dst": "10.3.0.0/16", "via": "10.0.0.7", "table": 0},
        ("table", "0", "outside 1 to", "Give"),
    ),
    (
        "device nowhere",
        {"dst": "10.3.0.0/16", "dev": "nowhere"},
        ("dev", "'nowhere'", "no such"),
    ),
    (
        "device in another namespace",
        {"dst": "10.3.0.0/16", "dev": "br0", "netns": "room"},
        ("dev", "'br0'", "room"),
    ),
    (
        "device that is down",
        {"dst": "10.3.0.0/16", "dev": "br1"},
        ("dst", "10.3.0.0/16", "br1 is down", "admin_state"),
    ),
    (
        "namespace nowhere",
        {"dst": "10.3.0.0/16", "via": "10.0.0.7", "netns": "nowhere"},
        ("netns", "'nowhere'", "no such"),
    ),
    (
        "source that nobody has",
        {"dst": "10.3.0.0/16", "via": "10.0.0.7", "src": "10.0.0.9"},
        ("src", "10.0.0.9"),
    ),
    (
        "type",
        {"dst": "10.3.0.0/16", "type": "wormhole"},
        ("type", "blackhole, unreachable", "wormhole"),
    ),
    ("scope", {"dst": "10.3.0.0/16", "scope": "nowhere"}, ("scope", "global, link", "nowhere")),
)

TOPOLOGY = _each(
    "topology",
    ("name", {"name": "a/b"}, ("name", "'a/b'", "no name for a topology", "letters")),
    (
        "namespace twice",
        _topology(namespaces=[{"name": "one"}, {"name": "two"}, {"name": "one"}]),
        ("namespaces[2].name", "'one'", "twice", "namespaces[0].name", "once"),
    ),
    (
        "link twice",
        _topology(
            bridges=[{"name": "one"}],
            veths=[{"name": "one", "peer": {"name": "two"}}],
        ),
        ("veths[0].name", "'one'", "twice", "bridges[0].name", "of its own"),
    ),
    (
        "peer twice",
        _topology(
            veths=[
                {"name": "one", "peer": {"name": "two"}},
                {"name": "three", "peer": {"name": "two"}},
            ]
        ),
        ("veths[1].peer.name", "'two'", "twice", "veths[0].peer.name", "of its own"),
    ),
    (
        "a port of two bridges",
        _topology(
            bridges=[{"name": "one", "ports": ["va"]}, {"name": "two", "ports": ["va"]}],
        ),
        ("bridges[1].ports[0]", "'va'", "two bridges", "under one"),
    ),
    (
        "two vxlans with one number",
        _topology(vxlans=[{"name": "one", "vni": 7}, {"name": "two", "vni": 7}]),
        ("vxlans[0].vni", "7", "dstport 4789", "vxlan two", "another vni"),
    ),
    (
        "a namespace of others in what shall last",
        _topology(persist=True, bridges=[{"name": "one", "netns": "room"}]),
        ("bridges[0].netns", "'room'", "after a reboot", "under namespaces"),
    ),
    (
        "a route in a namespace of others in what shall last",
        _topology(persist=True, routes=[{"dst": "10.3.0.0/16", "dev": "inside", "netns": "room"}]),
        ("routes[0].netns", "'room'", "after a reboot", "persist to false"),
    ),
    (
        "a process's namespace in what shall last",
        _topology(persist=True, namespaces=[{"name": "new", "pid": 1}]),
        ("namespaces[0].pid", "1", "after a reboot", "persist to false"),
    ),
    (
        "a container's namespace in what shall last",
        _topology(persist=True, namespaces=[{"name": "new", "container": "web"}]),
        ("namespaces[0].container", "'web'", "after a reboot", "persist to false"),
    ),
    ("persist a word", _topology(persist="forever"), ("persist", "forever", "bool")),
    (
        "master that exists nowhere",
        _topology(veths=[{"name": "one", "master": "nowhere", "peer": {"name": "two"}}]),
        ("veths[0].master", "'nowhere'", "no such"),
    ),
    (
        "namespace that is not there",
        _topology(
            namespaces=[{"name": "new"}],
            veths=[{"name": "one", "netns": "news", "peer": {"name": "two"}}],
        ),
        ("veths[0].netns", "'news'", "no such"),
    ),
    (
        "gateway that no address reaches",
        _topology(
            namespaces=[{"name": "new"}],
            veths=[
                {
                    "name": "one",
                    "netns": "new",
                    "addresses": ["10.2.0.2/24"],
                    "routes": [{"dst": "default", "via": "10.3.0.1"}],
                    "peer": {"name": "two"},
                }
            ],
        ),
        ("veths[0].routes[0].via", "10.3.0.1", "reach"),
    ),
    (
        "two routes to one place",
        _topology(
            routes=[
                {"dst": "10.3.0.0/16", "via": "10.0.0.7"},
                {"dst": "10.3.0.0/16", "via": "10.0.0.8"},
            ]
        ),
        ("routes[1].dst", "10.3.0.0/16", "routes[0].dst", "same metric", "different metrics"),
    ),
    (
        "second address of the second bridge",
        _topology(
            bridges=[
                {"name": "one", "addresses": ["10.2.0.1/24"]},
                {"name": "two", "addresses": ["10.3.0.1/24", "10.4.0.1"]},
            ]
        ),
        ("bridges[1].addresses[1]", "'10.4.0.1'", "no prefix", "/24"),
    ),
    (
        "a stranger's bridge that is not as wanted",
        _topology(bridges=[{"name": "br0", "mtu": 1400}]),
        ("bridges[0].name", "'br0'", "exists", "adopt"),
    ),
    (
        "the last of many",
        _topology(
            namespaces=[{"name": f"n{number}"} for number in range(50)],
            bridges=[{"name": "one"}, {"name": "b" * 16}],
        ),
        ("bridges[1].name", "b" * 16, "at most 15", "shorter"),
    ),
    (
        "an option that entries do not have",
        _topology(bridges=[{"name": "one", "uplink": "eth0"}]),
        ("uplink", "bridges"),
    ),
)


def _veths(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"m{i}", "peer": {"name": f"n{i}"}, **more} for i in range(count)]


# What a topology may remove, what it may take over, and what cannot fit (G11).
OWNERSHIP = _each(
    "topology",
    ("prune a word", _topology(prune="perhaps"), ("prune", "perhaps", "bool")),
    ("prune a list", _topology(prune=["br0"]), ("prune", "bool")),
    ("adopt a word", _topology(adopt="gladly"), ("adopt", "gladly", "bool")),
    ("adopt a name", _topology(adopt="owner"), ("adopt", "owner", "bool")),
    (
        "a namespace that other links are in",
        {"name": "owner", "state": "absent"},
        ("namespace owned", "gbr", "topology guest", "force"),
    ),
    (
        "a namespace no longer named, but used",
        {"name": "owner", "bridges": [{"name": "obr"}]},
        ("namespace owned", "topology guest", "force"),
    ),
    (
        "a bridge that others are ports of",
        {"name": "holder", "namespaces": [{"name": "held"}]},
        ("link hbr", "port uv0", "topology user", "force"),
    ),
    (
        "all of it, while others are ports",
        {"name": "holder", "state": "absent"},
        ("link hbr", "topology user", "first"),
    ),
    (
        "another topology's bridge",
        _topology(bridges=[{"name": "obr", "mtu": 1400}]),
        ("bridges[0].name", "'obr'", "belongs to topology owner", "adopt"),
    ),
    (
        "another topology's namespace",
        _topology(namespaces=[{"name": "owned", "sysctls": {"net.ipv4.ip_forward": "1"}}]),
        ("namespaces[0].name", "'owned'", "belongs to topology owner", "adopt"),
    ),
    (
        "another topology's pair",
        _topology(veths=[{"name": "ov0", "mtu": 1400, "peer": {"name": "ov1", "netns": "owned"}}]),
        ("veths[0].name", "'ov0'", "belongs to topology owner", "adopt"),
    ),
    (
        "another topology's end under another name",
        _topology(veths=[{"name": "ov0", "peer": {"name": "mine"}}]),
        ("veths[0].name", "'ov0'", "other end is ov1", "recreate"),
    ),
    (
        "another topology's pair, made anew",
        _topology(veths=[{"name": "ov0", "recreate": True, "peer": {"name": "mine"}}]),
        ("veths[0].name", "'ov0'", "belongs to topology owner", "adopt"),
    ),
    (
        "another topology's route",
        _topology(routes=[{"dst": "10.41.0.0/16", "via": "10.40.0.8"}]),
        ("routes[0].dst", "10.41.0.0/16", "belongs to topology owner", "adopt"),
    ),
    (
        "another topology's link as a port",
        _topology(bridges=[{"name": "new", "ports": ["ov0"]}]),
        ("bridges[0].ports[0]", "'ov0'", "belongs to topology owner", "adopt"),
    ),
    (
        "a stranger's port as a port",
        _topology(bridges=[{"name": "new", "ports": ["sp0"]}]),
        ("bridges[0].ports[0]", "'sp0'", "port of sbr", "adopt"),
    ),
    (
        "a stranger's namespace that is not as wanted",
        _topology(namespaces=[{"name": "room", "loopback": "up"}]),
        ("namespaces[0].name", "'room'", "was not made by topology bad", "adopt"),
    ),
    (
        "a stranger's pair that is not as wanted",
        _topology(veths=[{"name": "va", "mtu": 1400, "peer": {"name": "vb"}}]),
        ("veths[0].name", "'va'", "was not made by topology bad", "adopt"),
    ),
    (
        "adopted, but of another kind",
        _topology(adopt=True, bridges=[{"name": "va"}]),
        ("bridges[0].name", "'va'", "kind veth", "not a bridge"),
    ),
    (
        "adopted, but a file",
        _topology(adopt=True, namespaces=[{"name": "stale"}]),
        ("namespaces[0].name", "'stale'", "ordinary file", "Remove the file"),
    ),
    (
        "more ports than a bridge takes",
        _topology(bridges=[{"name": "new"}], veths=_veths(1024, master="new")),
        ("master", "'new'", "1024 ports", "takes 1023", "more bridges"),
    ),
    (
        "more ports than a bridge has room for",
        _topology(
            veths=_veths(1023, master="br1"), bridges=[{"name": "br1", "ports": ["va"]}], adopt=True
        ),
        ("br1", "1024 ports", "takes 1023", "more bridges"),
    ),
    (
        "more ports in a namespace",
        _topology(
            namespaces=[{"name": "new"}],
            bridges=[{"name": "nbr", "netns": "new"}],
            veths=_veths(1024, master="nbr", netns="new"),
        ),
        ("master", "'nbr'", "1024 ports", "takes 1023", "more bridges"),
    ),
    ("lock_timeout below zero", _topology(lock_timeout=-1), ("lock_timeout", "-1", "Give 0")),
    ("lock_timeout a word", _topology(lock_timeout="soon"), ("lock_timeout", "soon", "int")),
)

OF_OTHERS = (
    Bad(
        "netns",
        "absent: another topology's",
        {"name": "owned", "state": "absent"},
        ("name", "'owned'", "belongs to topology owner"),
    ),
    Bad(
        "bridge",
        "absent: another topology's",
        {"name": "obr", "state": "absent"},
        ("name", "'obr'", "belongs to topology owner"),
    ),
    Bad(
        "veth",
        "absent: another topology's",
        {"name": "ov0", "state": "absent"},
        ("name", "'ov0'", "belongs to topology owner"),
    ),
    Bad(
        "route",
        "absent: another topology's",
        {"dst": "10.41.0.0/16", "state": "absent"},
        ("dst", "10.41.0.0/16", "belongs to topology owner"),
    ),
    Bad(
        "bridge",
        "changed: another topology's",
        {"name": "obr", "addresses": ["10.44.0.1/24"]},
        ("name", "'obr'", "belongs to topology owner"),
    ),
    Bad("veth", "prune is the topology's", _pair(prune=True), ("Unsupported parameters", "prune")),
    Bad("bridge", "adopt is the topology's", {"name": "new", "adopt": True}, ("adopt",)),
)

INFO = _each(
    "topology_info",
    (
        "a namespace that is not there",
        {"netns": ["", "nowhere"]},
        ("netns[1]", "'nowhere'", "no such namespace", "There are '', 'busy'"),
    ),
    ("a file that is none", {"netns": ["stale"]}, ("netns[0]", "'stale'", "no such namespace")),
    (
        "containers without Docker",
        {"containers": True},
        ("containers: True", "/var/run/docker.sock", "Start Docker", "leave the option out"),
    ),
    ("containers neither true nor false", {"containers": "some"}, ("containers", "some", "bool")),
    ("unknown option", {"colour": "red"}, ("Unsupported parameters", "colour")),
)

_MANY = {
    "sources": [{"netns": f"n{number}"} for number in range(1000)],
    "targets": [f"10.0.{number // 250}.{number % 250 + 1}" for number in range(1000)],
}


def _from(**source: Any) -> dict[str, Any]:
    return {"sources": [source], "targets": ["10.0.0.1"]}


REACHABILITY = _each(
    "reachability",
    ("nothing to measure", {}, ("targets", "nothing to measure", "Give targets, or dns")),
    ("no sources", {"sources": [], "targets": ["10.0.0.1"]}, ("sources: []", "nowhere")),
    (
        "a source that says nothing",
        _from(),
        ("sources[0]", "is no source", "host: true, netns, container and pid"),
    ),
    ("two sources in one", _from(netns="room", pid=1), ("netns and pid", "too many")),
    ("a source that is not there", _from(netns="no"), ("sources[0].netns", "'no'", "no such")),
    ("a file that is none", _from(netns="stale"), ("sources[0].netns", "ordinary file")),
    ("a source above the directory", _from(netns=".."), ("sources[0].netns", "'..'", "no name")),
    ("no such process", _from(pid=4194304), ("sources[0].pid", "4194304", "a process that runs")),
    ("container without Docker", _from(container="web"), ("container", "'web'", "Start Docker")),
    (
        "1,000 times 1,000",
        _MANY,
        ("targets", "1000 sources, 1000 targets", "2000000 measurements", "a few sources"),
    ),
    ("size too small", {**_from(host=True), "size": 20}, ("size: 20", "56 bytes", "0 for the")),
    ("size too large", {**_from(host=True), "size": 65536}, ("size: 65536", "65535")),
    ("count 0", {**_from(host=True), "count": 0}, ("count: 0", "1")),
    ("no time", {**_from(host=True), "timeout": 0}, ("timeout: 0.0", "at most 60 seconds")),
    ("a port that is none", {**_from(host=True), "tcp_ports": [70000]}, ("tcp_ports[0]: 70000",)),
    ("neither one nor the other", {**_from(host=True), "expect": "maybe"}, ("expect", "maybe")),
    ("a target with a length", {"targets": ["10.0.0.1/24"]}, ("targets[0].address", "alone")),
    ("a target of two words", {"targets": ["a b"]}, ("targets[0].address", "'a b'", "neither")),
    ("a target twice", {"targets": ["10.0.0.1"] * 2}, ("targets[1]", "targets[0]", "another name")),
    (
        "a pair that is none",
        {"targets": ["10.0.0.1"], "pairs": [{"source": "room", "expect": "reach"}]},
        ("pairs[0].source: 'room'", "no such source", "There are host"),
    ),
    ("a server without a number", {"dns": ["x"], "dns_servers": ["y"]}, ("dns_servers[0]: 'y'",)),
)

ANYWHERE = (
    Bad("netns", "not root", {"name": "new"}, ("root", "become"), user=65534),
    Bad("topology_info", "not root", {}, ("root", "become"), user=65534),
    Bad("reachability", "not root", {"targets": ["10.0.0.1"]}, ("root", "become"), user=65534),
    Bad("topology", "not root", _topology(bridges=[{"name": "one"}]), ("root",), user=65534),
    Bad(
        "netns",
        "no pyroute2",
        {"name": "new"},
        ("pyroute2", "python3-pyroute2"),
        hide="pyroute2",
    ),
)


def _uplink(**more: Any) -> dict[str, Any]:
    return {"name": "new", "uplink": "va", **more}


# This host has no systemd; what its network manager could say is in tests/unit/uplink.
UPLINK = _each(
    "bridge",
    ("no such card", _uplink(uplink="nope"), ("uplink", "'nope'", "no such link", "network card")),
    ("itself as uplink", _uplink(uplink="new"), ("uplink", "'new'", "its own port", "card")),
    ("uplink with a slash", _uplink(uplink="a/b"), ("uplink", "'a/b'", "cannot contain '/'")),
    ("loopback as uplink", _uplink(uplink="lo"), ("uplink", "'lo'", "loopback")),
    (
        "uplink of another bridge",
        _uplink(uplink="sp0"),
        ("uplink", "'sp0'", "port of bridge sbr already", "Take it out"),
    ),
    ("bridge as uplink", _uplink(uplink="br0"), ("uplink", "'br0'", "is a bridge", "veth")),
    (
        "vxlan as uplink",
        _uplink(uplink="vx"),
        ("uplink", "'vx'", "vxlan, which cannot be a port", "card below"),
    ),
    (
        "uplink below a vxlan",
        _uplink(uplink="un0"),
        ("uplink", "'un0'", "vxlan vu stands on it", "Remove vu first"),
    ),
    ("uplink without systemd", _uplink(), ("uplink", "'va'", "not run systemd", "by hand")),
    (
        "uplink in a namespace",
        _uplink(netns="room"),
        ("netns", "'room'", "uplink is given, too", "one of them"),
    ),
    (
        "uplink with an address",
        _uplink(addresses=["10.77.0.1/24"]),
        ("addresses", "10.77.0.1/24", "what the card has", "task of its own"),
    ),
    (
        "too little time",
        _uplink(confirm_timeout=19),
        ("confirm_timeout", "19", "outside 20 to 3600 seconds", "number"),
    ),
    (
        "too much time",
        _uplink(confirm_timeout=3601),
        ("confirm_timeout", "3601", "outside 20 to 3600 seconds", "number"),
    ),
    (
        "time for nothing",
        {"name": "new", "confirm_timeout": 60},
        ("confirm_timeout", "60", "nothing to confirm", "Give uplink"),
    ),
    (
        "giving back what was not taken",
        {"name": "sbr", "uplink": "sp0", "state": "absent"},
        ("uplink", "'sp0'", "port of sbr", "by hand"),
    ),
) + _each(
    "bridge_confirm",
    ("no move", {"name": "new"}, ("name", "'new'", "no move of an uplink", "option uplink")),
    ("no name", {}, ("missing required arguments: name",)),
    ("name with a slash", {"name": "a/b"}, ("name", "'a/b'", "cannot contain '/'")),
)

CASES = NETNS + BRIDGE + UPLINK + VETH + VXLAN + ROUTE + TOPOLOGY
CASES += OWNERSHIP + OF_OTHERS + INFO + REACHABILITY + ANYWHERE
