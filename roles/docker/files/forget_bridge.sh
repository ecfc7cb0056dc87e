# shellcheck shell=sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stop Docker and have it forget the address of docker0. Without a bip Docker makes docker0 again with
# the address in its store, also after the link was deleted; only a start without a default bridge
# takes both away. The option comes by a drop-in that a reboot loses, daemon.json stays as it is.
set -eu
unit=docker.service
folder=/run/systemd/system/$unit.d
drop_in=$folder/container_net-forget-bridge.conf

command=$(systemctl show --property=ExecStart --value "$unit" |
    sed -n 's/^.*argv\[\]=\(.*\) ; ignore_errors=.*$/\1/p')
[ -n "$command" ] || { echo "$unit: has no ExecStart" >&2; exit 1; }

clean_up() {
    rm -f "$drop_in"
    rmdir "$folder" 2>/dev/null || true
    systemctl daemon-reload
    # This start must not count against the unit's limit.
    systemctl reset-failed "$unit" || true
}

systemctl stop "$unit"
if [ -n "$(ls -A /sys/class/net/docker0/brif 2>/dev/null)" ]; then
    echo "docker0 has ports of somebody else, and keeps its address"
    exit 0
fi
trap clean_up EXIT
mkdir -p "$folder"
printf '[Service]\nExecStart=\nExecStart=%s --bridge=none\n' "$command" >"$drop_in"
systemctl daemon-reload
systemctl start "$unit"
systemctl stop "$unit"
