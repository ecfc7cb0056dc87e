#!/bin/sh
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-test sanity with every test it has, on a copy of the tree: it wants a physical
# ansible_collections/<namespace>/<name>. Its virtual environments stay in .build/sanity/home.
# Usage: tools/sanity.sh [ARGUMENT OF ansible-test sanity]...
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=activate
. ./activate

root=$PWD
copy=$root/.build/sanity/ansible_collections/netfabric/container_net
home=$root/.build/sanity/home
from=$(date +%s)

# What git knows, and what it would know after `git add`; a deleted file is not there to copy.
rm -rf "$copy"
mkdir -p "$copy" "$home/.ansible/test/cache"
git ls-files -z --cached --others --exclude-standard --deduplicate |
    tar --create --null --files-from=- --ignore-failed-read --warning=no-failed-read --file=- |
    tar --extract --directory="$copy" --file=-
# A repository of its own: else ansible-test asks the one above, which ignores .build.
git -C "$copy" init -q
git -C "$copy" add --all
# ansible-test calls a tree without files a success.
if [ -z "$(git -C "$copy" ls-files plugins/modules)" ]; then
    echo "sanity: the copy holds no modules: is this a git checkout?" >&2
    exit 1
fi

# The bootstrap script is no package, so no registry has it: see tools/get_pip.py.
pip_versions=$(sed -n "s/.*pip='\([0-9.]*\)'.*/\1/p" \
    "$(python -c 'import ansible_test; print(ansible_test.__path__[0])')/_internal/python_requirements.py")
for version in $pip_versions; do
    cp tools/get_pip.py "$home/.ansible/test/cache/get_pip_$(echo "$version" | tr . _).py"
done

# ansible-test hides pip's environment and, by HOME, its settings from the pip that it starts:
# they go along in a file, so that this machine's index and certificates are used.
mkdir -p "$home/.config/pip"
pip config list | awk -F "='" '
    BEGIN { print "[global]"; print "quiet = 1" }
    NF == 2 && $1 ~ /^(global|:env:)\./ {
        key = $1; sub(/.*\./, "", key); sub(/\047$/, "", $2)
        if (key != "quiet" && (!(key in value) || $1 ~ /^:env:/)) value[key] = $2
    }
    END { for (key in value) print key " = " value[key] }' >"$home/.config/pip/pip.conf"

# Only the virtual environment and the system: a shim of an interpreter that does not start
# (pyenv) is fatal to ansible-test. HOME is ours, so that nothing lands in the user's.
cd "$copy"
env -u ANSIBLE_COLLECTIONS_PATH -u ANSIBLE_HOME -u PYTHONPATH \
    HOME="$home" PATH="$root/.venv/bin:/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C.UTF-8 \
    ansible-test sanity --color no --truncate 0 "$@"
echo "sanity: passed in $(($(date +%s) - from)) s"
