#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One step of the demo (make demo runs them all, through tools/stages.sh):
#   all      every step, and the lab away at the end unless KEEP=1
#   lab      two bare VMs, Debian 12 and Debian 13 (FLAVOUR=warm: with the packages in them)
#   site     playbooks/site.yml on them
#   again    site.yml a second time, and with --check: nothing may change
#   single   playbooks/single_host.yml, twice and with --check
#   matrix   who reaches whom, from playbooks/verify.yml
set -eu
cd "$(dirname "$0")/.."

lab=${LAB:-demo}
state=.build/demo
lab_py="/usr/bin/python3 tests/lab/lab.py"

play() {
    echo "demo: ansible-playbook -i $inventory $*"
    ANSIBLE_DISPLAY_SKIPPED_HOSTS=false ansible-playbook -i "$inventory" "$@" 2>&1
}

# Runs a playbook that must find nothing to do, and says so for each host.
play_unchanged() {
    log=$state/recap
    status=0
    { play "$@" || echo "$?" >"$log.status"; } | tee "$log"
    if [ -f "$log.status" ]; then
        rm -f "$log.status"
        return 1
    fi
    awk '
        /^PLAY RECAP/ { recap = 1; hosts = changed = 0; next }
        recap && / : ok=/ {
            hosts++
            if ($0 !~ / changed=0 /) { changed++; print "demo: not idempotent: " $0 }
        }
        END {
            printf "demo: %d hosts, %d of them changed\n", hosts, changed
            exit !(hosts > 0 && changed == 0)
        }' "$log"
}

# The pinned release where both the archive and the API that vouches for it can be reached, otherwise
# built with Go here. The API may refuse while the archive is there: it counts the calls of an address.
choose_flannel() {
    urls=$(ansible localhost -m ansible.builtin.debug -a 'msg={{ __flannel_archive_url }}|{{ __flannel_api_url }}' \
        -e @roles/flannel/defaults/main.yml -e @roles/flannel/vars/main.yml 2>/dev/null |
        sed -n 's/.*"msg": "\(.*\)".*/\1/p')
    if python tools/probe.py "${urls%|*}" "${urls#*|}"; then
        echo release
    else
        echo go
    fi
}

# The shell reads a script while it runs: main is read whole, so an edit meanwhile does no harm.
main() {
    case ${1:-all} in
        all)
            status=0
            trap 'exit 130' INT TERM
            trap '[ "${KEEP:-}" = 1 ] || $lab_py down "$lab" || true' EXIT
            tools/stages.sh demo deps venv demo-lab demo-site demo-again demo-single demo-matrix ||
                status=$?
            if [ "${KEEP:-}" = 1 ]; then
                echo "demo: the lab stays up (KEEP=1). To look around and to end it:"
                echo "    make lab-ssh-node1 LAB=$lab      docker run --rm -it ..., ip addr, etcdctl"
                echo "    make lab-down LAB=$lab"
            else
                echo "demo: the lab is thrown away; KEEP=1 make demo leaves it up to play with"
            fi
            exit "$status"
            ;;
    esac

    # shellcheck source=activate
    . ./activate
    mkdir -p "$state"
    if [ "$1" != lab ]; then
        inventory=$(cat "$state/inventory")
        method=$(cat "$state/flannel" 2>/dev/null || true)
    fi

    case $1 in
        lab)
            rm -rf "$state"
            mkdir -p "$state"
            $lab_py down "$lab" 2>/dev/null || true
            $lab_py up "$lab" --flavour "${FLAVOUR:-bare}" --node node1=bookworm --node node2=trixie
            $lab_py inventory "$lab" | tail -n 1 >"$state/inventory"
            echo "demo: inventory $(cat "$state/inventory")"
            ;;
        site)
            choose_flannel >"$state/flannel"
            method=$(cat "$state/flannel")
            case $method in
                release) echo "demo: flanneld comes from the pinned release (flannel_install_method: release)" ;;
                go) echo "demo: so flanneld is built here with Go (flannel_install_method: go)" ;;
            esac
            play netfabric.container_net.site -e "flannel_install_method=$method"
            ;;
        again)
            play_unchanged netfabric.container_net.site -e "flannel_install_method=$method"
            play_unchanged netfabric.container_net.site -e "flannel_install_method=$method" --check
            ;;
        single)
            play netfabric.container_net.single_host
            echo "demo: from namespace ns1 to ns2, over the bridge of each host"
            ansible container_net -i "$inventory" --become -m ansible.builtin.command \
                -a 'ip netns exec ns1 ping -c 2 -W 2 192.168.2.11'
            play_unchanged netfabric.container_net.single_host
            play_unchanged netfabric.container_net.single_host --check
            ;;
        matrix)
            play netfabric.container_net.verify
            ;;
        *)
            echo "demo: no step $1" >&2
            exit 2
            ;;
    esac
}

main "$@"; exit
