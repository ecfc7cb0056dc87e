# shellcheck shell=sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: sh -s started|restarted|reloaded KEEP|FORGET MARKER [CONTAINER...]
# Have Docker run with its daemon.json, then remove the marker that says it has yet to. Where Docker
# does not come up: exit 3, and the journal's words about it on stdout. The containers are those that
# live-restore would keep running, and Docker from taking its settings: they are stopped for a
# restart, and started afterwards.
set -eu
action=$1 bridge=$2 marker=$3
shift 3
unit=docker.service
forward=container-net-forward.service
folder=/run/systemd/system/$unit.d
drop_in=$folder/container_net-forget-bridge.conf
since=$(date +%s)

refused() {
    journalctl --unit="$unit" --since="@$since" --lines=60 --output=cat --no-pager
    exit 3
}

# An earlier failure, or our start in between, must not count against the unit's limit of starts.
calm_down() {
    systemctl reset-failed "$unit" 2>/dev/null || true
}

clean_up() {
    rm -f "$drop_in"
    rmdir "$folder" 2>/dev/null || true
    systemctl daemon-reload
    calm_down
}

# Without a bip Docker gives docker0 the address in its store, also after the link was deleted. Only a
# start without a default bridge takes both away. The option comes by a drop-in that a reboot loses,
# so that daemon.json stays as it is.
forget_bridge() {
    command=$(systemctl show --property=ExecStart --value "$unit" |
        sed -n 's/^.*argv\[\]=\(.*\) ; ignore_errors=.*$/\1/p')
    [ -n "$command" ] || { echo "$unit: has no ExecStart" >&2; exit 1; }
    systemctl stop "$unit"
    if [ -n "$(ls -A /sys/class/net/docker0/brif 2>/dev/null)" ]; then
        echo "docker0 has ports of somebody else, and keeps its address"
        return
    fi
    trap clean_up EXIT
    mkdir -p "$folder"
    printf '[Service]\nExecStart=\nExecStart=%s --bridge=none\n' "$command" >"$drop_in"
    systemctl daemon-reload
    systemctl start "$unit" || refused
    systemctl stop "$unit"
    trap - EXIT
    clean_up
}

# One that uses another's network can only be started after it: so several rounds.
start_containers() {
    for round in 1 2 3; do
        left=
        for name in "$@"; do
            docker start "$name" >/dev/null 2>&1 || left="$left $name"
        done
        [ -n "$left" ] || return 0
        # shellcheck disable=SC2086 # names of containers hold no blanks
        set -- $left
    done
    echo "not started again after round $round:$left"
}

systemctl daemon-reload
case $action in
reloaded) systemctl reload "$unit" ;;
started | restarted)
    calm_down
    systemctl enable "$unit"
    if [ "$action" = restarted ] && [ $# -gt 0 ]; then docker stop "$@" >/dev/null; fi
    [ "$bridge" != FORGET ] || forget_bridge
    systemctl "${action%ed}" "$unit" || refused
    # The first start of all makes the chain DOCKER-USER, where the accepts of our networks belong then.
    if systemctl is-enabled "$forward" >/dev/null 2>&1; then systemctl restart "$forward"; fi
    start_containers "$@"
    ;;
*) echo "$action: no such action" >&2; exit 1 ;;
esac
# A Docker that was only started may have been running already, with what it had.
[ "$action" = started ] || rm -f "$marker"
