#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs make targets one after the other: says which one runs, how long each took, and stops
# at the first that fails. TARGETs that are joined by + run beside each other, and are shown
# when all of them have ended. Usage: tools/stages.sh GOAL TARGET[+TARGET...]...
set -eu
cd "$(dirname "$0")/.."

in_minutes() {
    printf '%dm%02ds' $(($1 / 60)) $(($1 % 60))
}

finish() {
    printf '\n==> %s: stages\n' "$goal"
    cat "$report"
    printf '    %-28s %s\n' total "$(in_minutes $(($(date +%s) - begin)))"
    if ls .build/results/*.xml >/dev/null 2>&1 && [ -x .venv/bin/python ]; then
        .venv/bin/python tools/count_tests.py .build/results/*.xml || return 1
    fi
}

# One target; its status goes through a file, because a pipe would hide it.
target() {
    rm -f "$logs/$1.status"
    ended=0
    "${MAKE:-make}" --no-print-directory "$1" </dev/null 2>&1 || ended=$?
    echo "$ended" >"$logs/$1.status"
}

# Keeps in `failed` and `status` which target did not end well, and how it ended.
look_at() {
    ended=$(cat "$logs/$1.status")
    rm -f "$logs/$1.status"
    [ "$ended" -eq 0 ] || { failed=$1 && status=$ended; }
}

alone() {
    target "$1" | tee "$logs/$1.log"
    look_at "$1"
}

beside() {
    targets=$(echo "$1" | tr + ' ')
    echo "(at once; their logs: $PWD/$logs)"
    # What a shell has in the background does not hear of ctrl-c.
    trap 'trap - TERM; kill -TERM 0; exit 130' INT TERM
    for one in $targets; do target "$one" >"$logs/$one.log" & done
    wait
    trap - INT TERM
    for one in $targets; do
        printf '\n--- %s\n' "$one"
        cat "$logs/$one.log"
        look_at "$one"
    done
}

# The shell reads a script while it runs: main is read whole, so an edit meanwhile does no harm.
main() {
    goal=$1
    shift
    total=$#
    logs=.build/logs
    mkdir -p "$logs" .build/results
    rm -f .build/results/*.xml
    report=.build/results/stages
    : >"$report"

    begin=$(date +%s)
    number=0
    for stage in "$@"; do
        number=$((number + 1))
        printf '\n==> %s [%d/%d] %s\n' "$goal" "$number" "$total" "$stage"
        from=$(date +%s)
        status=0
        case $stage in
            *+*) beside "$stage" ;;
            *) alone "$stage" ;;
        esac
        took=$(in_minutes $(($(date +%s) - from)))
        if [ "$status" -ne 0 ]; then
            printf '    %-28s %s  FAILED\n' "$stage" "$took" >>"$report"
            finish || true
            printf '\n==> what went wrong\n'
            # What installs Python is short enough to read as a whole.
            [ "$failed" = deps ] || python3 tools/failures.py "$logs/$failed.log"
            printf '==> %s FAILED in stage %s (exit %s); its log: %s\n' \
                "$goal" "$failed" "$status" "$PWD/$logs/$failed.log" >&2
            exit 1
        fi
        printf '    %-28s %s\n' "$stage" "$took" >>"$report"
        printf '==> %s [%d/%d] %s: done in %s\n' "$goal" "$number" "$total" "$stage" "$took"
    done
    if ! finish; then
        printf '==> %s FAILED: see the counts above\n' "$goal" >&2
        exit 1
    fi
    printf '==> %s: all %d stages passed\n' "$goal" "$total"
}

main "$@"; exit
