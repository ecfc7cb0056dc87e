#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes .venv (Ansible with the dependent collections, the tools of the tests) and .build (the
# collection as Ansible finds it, older pyroute2 versions). Kept while nothing has changed.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-/usr/bin/python3}
# The oldest, two from between (Debian 12, 13, testing); the newest is in .venv.
old_pyroute2="0.7.2 0.7.7 0.8.1"

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "venv: $python is older than 3.11, which ansible-core 2.19 needs: set PYTHON=..." >&2
    exit 1
fi
: "${PIP_CACHE_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/container_net/pip}"
export PIP_CACHE_DIR PIP_DISABLE_PIP_VERSION_CHECK=1

mkdir -p .build/ansible_collections/netfabric .build/logs .build/results
link=.build/ansible_collections/netfabric/container_net
[ "$(readlink "$link" 2>/dev/null)" = ../../.. ] || ln -sfn ../../.. "$link"

stamp=$({ "$python" --version; pwd; cat requirements.txt constraints.txt; echo "$old_pyroute2"; } | sha256sum)
if [ -x .venv/bin/python ] && [ "$(cat .venv/.stamp 2>/dev/null)" = "$stamp" ]; then
    echo "venv: unchanged"
    exit 0
fi

if ! .venv/bin/python -c '' 2>/dev/null ||
    [ "$(.venv/bin/python --version)" != "$("$python" --version)" ]; then
    echo "venv: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip install --quiet -r requirements.txt -c constraints.txt
for version in $old_pyroute2; do
    [ -d ".build/pyroute2/$version/pyroute2" ] && continue
    .venv/bin/python -m pip install --quiet --target ".build/pyroute2/$version" "pyroute2==$version"
done
printf '%s\n' "$stamp" >.venv/.stamp
core=$(.venv/bin/python -c 'from importlib.metadata import version; print(version("ansible-core"))')
echo "venv: ready, with ansible-core $core"
