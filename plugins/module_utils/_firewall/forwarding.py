# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that keeps the chain CONTAINER-NET, and the unit that runs it: for every host.

They are data here, so that module nat brings them along; role common reads the texts between the
triple quotes. The one engine for the chain is the script: it stays on the host.
"""

from __future__ import annotations

SCRIPT = r"""#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Lets the packets of container networks pass this host, and nothing else.
#
#   forward apply          make the rules of all rule files so; prints what changed, if anything
#   forward check          the same without changing anything; exit 1 when something would change
#   forward remove [NAME]  take the rules of NAME away, with its file; without NAME: all rules, the
#                          files stay
#   forward uninstall NAME the same, and with the last rules the unit and this script go too
#   forward look NAME SCRIPT UNIT RULES
#                          what `apply` and the installation of this script would change, one word a
#                          line; the three are SHA-256 sums of the files as they should be
#
# A rule file is /etc/container_net/forward.d/NAME.rules, or under /run, where a reboot loses it.
# Each line is a rule of iptables behind the family it is for ("4 -i br0 -o br0 -j ACCEPT",
# "6 ..."); # begins a comment.
#
# All rules stand in one chain, CONTAINER-NET. The jump to it is first in DOCKER-USER where Docker
# is, else first in FORWARD. An accept in a table of our own would not help: a packet that one base
# chain accepts is still dropped by the next. So a base chain of others that drops is an error.
set -eu

RULES=${CONTAINER_NET_FORWARD_RULES:-/etc/container_net/forward.d}
PASSING=${CONTAINER_NET_FORWARD_PASSING:-/run/container_net/forward.d}
LOCK=${CONTAINER_NET_FORWARD_LOCK:-/run/lock/container_net.forward}
DAEMON_JSON=${CONTAINER_NET_DAEMON_JSON:-/etc/docker/daemon.json}
CHAIN=CONTAINER-NET
# The table of iptables that is worked on, and the mark that Docker is told of (see mark_family).
TABLE=filter
MARK=0x10000000
UNIT_FILE=/etc/systemd/system/container-net-forward.service
SCRIPT_FILE=/usr/local/lib/container_net/forward
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL

die() {
    echo "forward: $*" >&2
    exit 2
}

# --- what the rule files say -------------------------------------------------------------------

# One line a rule of family $1: its mark, a tab, the rule. The mark names file and rule, so that a
# rule is found again in whatever words iptables prints it.
wanted() {
    for file in "$RULES"/*.rules "$PASSING"/*.rules; do
        [ -e "$file" ] || continue
        name=${file##*/}
        name=${name%.rules}
        while read -r family rule || [ -n "$family" ]; do
            # What drops is no matter of the mark.
            if [ "$TABLE" = mangle ] && [ "${rule%-j ACCEPT}" = "$rule" ]; then continue; fi
            case $family in
            "$1")
                sum=$(printf %s "$rule" | cksum | tr ' ' -)
                printf 'container_net:%s:%s\t%s\n' "$name" "$sum" "$rule"
                ;;
            esac
        done <"$file"
    done
}

refuse_bad_lines() {
    for file in "$RULES"/*.rules "$PASSING"/*.rules; do
        [ -e "$file" ] || continue
        while read -r family rule || [ -n "$family" ]; do
            case $family in
            4 | 6 | '#'* | '') ;;
            *) die "$file: '$family $rule': a rule begins with 4 or 6. Correct the line." ;;
            esac
        done <"$file"
    done
}

# --- what the kernel has -----------------------------------------------------------------------

tool() {
    case $1 in 4) echo iptables ;; 6) echo ip6tables ;; esac
}

table() {
    case $1 in 4) echo ip ;; 6) echo ip6 ;; esac
}

# nft tells whether a chain is there without making the table, as iptables sometimes does.
has_chain() {
    nft list chain "$(table "$1")" "$TABLE" "$2" >/dev/null 2>&1
}

rules_of() {
    has_chain "$1" "$2" || return 0
    "$(tool "$1")" -w -t "$TABLE" -S "$2"
}

# The marks in our chain, in their order.
present() {
    rules_of "$1" "$CHAIN" | sed -n 's/.*--comment "\{0,1\}\(container_net:[^" ]*\).*/\1/p'
}

# How many jumps from chain $2 to chain $3 there are.
jumps() {
    rules_of "$1" "$2" | grep -c -e "^-A $2 -j $3\$" || true
}

# The chain that our jump belongs into. Docker puts DOCKER-USER first in FORWARD when it starts, in
# front of all that is there already, and never deletes rules in it.
place() {
    if [ "$(jumps "$1" FORWARD DOCKER-USER)" -gt 0 ] || command -v dockerd >/dev/null 2>&1; then
        echo DOCKER-USER
    else
        echo FORWARD
    fi
}

# --- who else could drop -----------------------------------------------------------------------

need_tools() {
    command -v nft >/dev/null 2>&1 ||
        die "nft is missing. Install the package nftables."
    for need in iptables ip6tables iptables-restore ip6tables-restore; do
        command -v "$need" >/dev/null 2>&1 ||
            die "$need is missing. Install the package iptables."
    done
    for need in iptables ip6tables; do
        case $("$need" -V) in
        *nf_tables*) ;;
        *)
            die "$need is the legacy variant, whose rules stand beside those of Docker and" \
                "flannel. Switch with: update-alternatives --set $need /usr/sbin/$need-nft"
            ;;
        esac
    done
}

# What our rules of family $1 accept, one a line: the links that it names, - for none, "answers"
# where it is for known connections only, else -, and the rule.
matches() {
    wanted "$1" | cut -f 2 | sort -u | awk '$NF == "ACCEPT" {
        from = to = state = "-"
        for (i = 1; i < NF; i++) {
            if ($(i - 1) == "!") continue
            if ($i == "-i") from = $(i + 1)
            if ($i == "-o") to = $(i + 1)
            if ($i == "--ctstate" && $(i + 1) ~ /^(RELATED,)?ESTABLISHED$/) state = "answers"
        }
        print from, to, state, $0
    }'
}

# Forward base chains that drop what no rule of theirs lets pass, one "family table chain" a line. A
# rule that drops something particular is its owner's business; a rule without any match is not.
# iptables' own FORWARD is left out: that is where our jump is.
dropping_chains() {
    nft list ruleset | awk '
        $1 == "table" { family = $2; name = $3 }
        $1 == "chain" { chain = $2; forward = 0; drops = 0 }
        /hook forward/ { forward = 1; if (/policy drop/) drops = 1 }
        {
            first = $1
            if (first == "counter") first = ($2 == "packets") ? $6 : $2
            if (first == "drop" || first == "reject") drops = 1
        }
        $1 == "}" && chain != "" {
            iptables = (family == "ip" || family == "ip6") && name == "filter" && chain == "FORWARD"
            if (forward && drops && !iptables) print family, name, chain
            chain = ""
        }'
}

# Whether the table whose text is $1 has a rule that lets packets from link $2, or to link $3, pass
# or sorts them elsewhere; with $4 "answers", also one for all connections that are known.
spared() {
    for match in "iifname $2" "oifname $3"; do
        link=${match#* }
        [ "$link" != - ] || continue
        named="(\"$link\"|\{[^}]*\"$link\"[^}]*\})"
        ! says "$1" "${match% *} $named .*(accept|jump|goto)" || return 0
    done
    [ "$4" = answers ] && says "$1" '^[[:space:]]*ct state [^}]*established.*accept'
}

says() {
    echo "$1" | grep -qE -e "$2"
}

# Rule $2 of family $1 in the words of nft, for the chain $3; in those of iptables where nobody
# translates it.
translated() {
    # shellcheck disable=SC2086 # the words of a rule
    if words=$("$(tool "$1")-translate" -A FORWARD $2 2>/dev/null); then
        echo "$words" |
            sed -e "s/.*add rule ip6\{0,1\} filter FORWARD \([^']*\)'\{0,1\}\$/\1/" \
                -e "s/ counter / /; s/.*/nft 'insert rule $3 &';/"
    else
        echo "$2;"
    fi
}

strange() {
    link=$(echo "$4" | sed -n 's/.*[io]ifname "\([^"]*\)".*/\1/p' | head -n 1)
    die "the chain $3 of the nftables table $1 $2 drops forwarded packets, and an accept" \
        "elsewhere cannot change that. Its owner has to add what is missing:" "$4" \
        "(with firewalld: firewall-cmd --permanent --zone=trusted --add-interface=$link)"
}

refuse_strangers() {
    strangers=$(dropping_chains)
    for ours in 4 6; do
        rules=$(matches "$ours")
        echo "$strangers" | while read -r family name chain; do
            [ "$family" = inet ] || [ "$family" = "$(table $ours)" ] || continue
            text=$(nft list table "$family" "$name")
            missing=$(echo "$rules" | while read -r from to state rule; do
                [ -n "$from" ] || continue
                spared "$text" "$from" "$to" "$state" ||
                    translated "$ours" "$rule" "$family $name $chain"
            done)
            [ -z "$missing" ] || strange "$family" "$name" "$chain" "$missing"
        done || exit 2
    done
    for ours in 4 6; do
        legacy=$(tool $ours)-legacy
        names=/proc/net/$(table $ours)_tables_names
        if [ -z "$(wanted $ours)" ] || ! grep -qs '^filter$' "$names"; then continue; fi
        command -v "$legacy" >/dev/null 2>&1 || continue
        if "$legacy" -w -S FORWARD |
            grep -qE -e '^(-P FORWARD DROP|-A FORWARD -j (DROP|REJECT.*))$'; then
            die "the chain FORWARD of $legacy drops forwarded packets, and an accept elsewhere" \
                "cannot change that. Move those rules to the nft variant, or add an accept for" \
                "our links there."
        fi
    done
}

# --- making it so ------------------------------------------------------------------------------

# Runs a command unless this is `check`; says it either way.
act() {
    what=$1
    shift
    echo "$what"
    changes=1
    [ "$dry" -eq 1 ] || "$@"
}

fill() {
    {
        echo "*$TABLE"
        echo ":$CHAIN - [0:0]"
        wanted "$1" | while IFS="$(printf '\t')" read -r mark rule; do
            if [ "$TABLE" = mangle ]; then rule="${rule%-j ACCEPT}-j MARK --or-mark $MARK"; fi
            echo "-A $CHAIN $rule -m comment --comment $mark"
        done
        echo COMMIT
    } | "$(tool "$1")-restore" -w --noflush
}

set_jump() {
    "$(tool "$1")" -w -t "$TABLE" -I "$2" 1 -j "$3"
}

make_docker_user() {
    has_chain "$1" DOCKER-USER || "$(tool "$1")" -w -N DOCKER-USER
    [ "$(jumps "$1" FORWARD DOCKER-USER)" -gt 0 ] || set_jump "$1" FORWARD DOCKER-USER
}

drop_jumps() { # keep $3 of the jumps from chain $2
    count=$(jumps "$1" "$2" "$CHAIN")
    while [ "$count" -gt "$3" ]; do
        act "$1 -D $2 -j $CHAIN" "$(tool "$1")" -w -t "$TABLE" -D "$2" -j "$CHAIN"
        count=$((count - 1))
    done
}

apply_family() {
    if [ -z "$(wanted "$1")" ]; then
        remove_family "$1"
        return
    fi
    if [ "$(wanted "$1" | cut -f 1)" != "$(present "$1")" ]; then
        act "$1 $CHAIN: $(wanted "$1" | cut -f 2 | tr '\n' ';')" fill "$1"
    fi
    place=$(place "$1")
    if [ "$place" = DOCKER-USER ] && [ "$(jumps "$1" FORWARD DOCKER-USER)" -eq 0 ]; then
        act "$1 -I FORWARD -j DOCKER-USER" make_docker_user "$1"
    fi
    if [ "$(jumps "$1" "$place" "$CHAIN")" -eq 0 ]; then
        act "$1 -I $place -j $CHAIN" set_jump "$1" "$place" "$CHAIN"
    fi
    for chain in FORWARD DOCKER-USER; do
        if [ "$chain" = "$place" ]; then keep=1; else keep=0; fi
        drop_jumps "$1" "$chain" "$keep"
    done
}

# A DOCKER-USER that Docker never saw was made here.
remove_docker_user() {
    "$(tool "$1")" -w -D FORWARD -j DOCKER-USER
    "$(tool "$1")" -w -X DOCKER-USER
}

remove_chain() {
    drop_jumps "$1" FORWARD 0
    act "$1 -F $CHAIN" "$(tool "$1")" -w -t "$TABLE" -F "$CHAIN"
    act "$1 -X $CHAIN" "$(tool "$1")" -w -t "$TABLE" -X "$CHAIN"
}

remove_family() {
    has_chain "$1" "$CHAIN" || return 0
    drop_jumps "$1" DOCKER-USER 0
    remove_chain "$1"
    if ! has_chain "$1" DOCKER && [ "$(rules_of "$1" DOCKER-USER)" = "-N DOCKER-USER" ] &&
        [ "$(jumps "$1" FORWARD DOCKER-USER)" -eq 1 ]; then
        act "$1 -X DOCKER-USER" remove_docker_user "$1"
    fi
}

# Docker 29 with its setting "firewall-backend": "nftables" filters in a table of its own, where an
# accept of ours counts for nothing. It lets pass what carries the mark of its setting
# bridge-accept-fwmark, which has to be there before any table filters: in mangle.
marks_needed() {
    grep -qs '"firewall-backend"[[:space:]]*:[[:space:]]*"nftables"' "$DAEMON_JSON"
}

mark_family() { # $2: whether marks are wanted
    TABLE=mangle
    if "$2" && [ -n "$(wanted "$1")" ]; then
        if [ "$(wanted "$1" | cut -f 1)" != "$(present "$1")" ]; then
            act "$1 mangle $CHAIN: marks" fill "$1"
        fi
        if [ "$(jumps "$1" FORWARD "$CHAIN")" -eq 0 ]; then
            act "$1 mangle -I FORWARD -j $CHAIN" set_jump "$1" FORWARD "$CHAIN"
        fi
        drop_jumps "$1" FORWARD 1
    elif has_chain "$1" "$CHAIN"; then
        remove_chain "$1"
    fi
    TABLE=filter
}

apply_families() {
    apply_family 4
    apply_family 6
    if marks_needed; then marks=true; else marks=false; fi
    mark_family 4 "$marks"
    mark_family 6 "$marks"
}

apply() {
    need_tools
    refuse_bad_lines
    refuse_strangers
    apply_families
}

remove() {
    if ! command -v nft >/dev/null 2>&1 || ! command -v iptables >/dev/null 2>&1; then
        return 0 # no rule can be there
    fi
    remove_family 4
    remove_family 6
    mark_family 4 false
    mark_family 6 false
}

sum() {
    if [ -f "$1" ]; then sha256sum <"$1" | cut -d ' ' -f 1; else echo none; fi
}

look() {
    [ "$(sum "$SCRIPT_FILE")" = "$2" ] || echo script
    [ "$(sum "$UNIT_FILE")" = "$3" ] || echo unit
    [ "$(sum "$RULES/$1.rules")" = "$4" ] || echo rules
    systemctl is-enabled --quiet container-net-forward.service 2>/dev/null || echo disabled
    command -v iptables >/dev/null 2>&1 || echo no-iptables
    command -v nft >/dev/null 2>&1 || echo no-nftables
    if command -v iptables >/dev/null 2>&1 && command -v nft >/dev/null 2>&1; then
        dry=1
        # In a subshell: `apply` may end the script.
        status=0
        said=$(apply 2>&1) || status=$?
        # nft says so of every table of iptables that it lists.
        said=$(printf '%s\n' "$said" | sed '/^# Warning: table/d')
        if [ "$status" -ne 0 ]; then echo "error $said"; elif [ -n "$said" ]; then echo kernel; fi
    fi
}

remove_named() {
    if [ -e "$RULES/$1.rules" ]; then
        rm -f "$RULES/$1.rules"
        echo "$RULES/$1.rules"
    fi
    # Without the programs there can be no rule of ours.
    if command -v nft >/dev/null 2>&1 && command -v iptables >/dev/null 2>&1; then
        apply_families
    fi
}

# The unit goes when nobody has rules left; folders only when they are empty.
uninstall() {
    for file in "$RULES"/*.rules; do
        [ ! -e "$file" ] || return 0
    done
    if [ -e "$UNIT_FILE" ]; then
        systemctl disable --quiet --now "${UNIT_FILE##*/}"
        rm -f "$UNIT_FILE"
        systemctl daemon-reload
        echo "$UNIT_FILE"
    fi
    if [ -e "$SCRIPT_FILE" ]; then
        rm -f "$SCRIPT_FILE"
        echo "$SCRIPT_FILE"
    fi
    for folder in "$RULES" "$PASSING" "${RULES%/*}" "${PASSING%/*}" "${SCRIPT_FILE%/*}"; do
        find "$folder" -maxdepth 0 -type d -empty -print -delete 2>/dev/null || true
    done
}

dry=0
changes=0
command=${1:-}
case $command in
apply | check | remove | uninstall)
    exec 9>"$LOCK"
    flock 9
    ;;
esac
case $command in
apply) apply ;;
check)
    dry=1
    apply
    exit "$changes"
    ;;
remove)
    if [ $# -gt 1 ]; then
        remove_named "$2"
    else
        remove
    fi
    ;;
uninstall)
    [ $# -eq 2 ] || die "uninstall takes NAME"
    remove_named "$2"
    uninstall
    ;;
look)
    [ $# -eq 5 ] || die "look takes NAME and three sums"
    look "$2" "$3" "$4" "$5"
    ;;
*) die "say apply, check, remove [NAME], uninstall NAME or look NAME SCRIPT UNIT RULES" ;;
esac
"""

UNIT = r"""# Written by Ansible (collection netfabric.container_net).
[Unit]
Description=Let container networks pass this host
Documentation=https://github.com/netfabric/container_net
# Firewalls load their rules first and would otherwise flush ours; Docker keeps what it finds.
After=network-pre.target nftables.service netfilter-persistent.service ufw.service firewalld.service
Before=docker.service
# What they load again while the host runs is followed by ours again.
PartOf=nftables.service netfilter-persistent.service
ReloadPropagatedFrom=nftables.service netfilter-persistent.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/container_net/forward apply
ExecReload=/usr/local/lib/container_net/forward apply

[Install]
WantedBy=multi-user.target
"""
