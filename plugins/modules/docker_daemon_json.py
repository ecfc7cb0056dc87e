#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_daemon_json
short_description: Settings of the Docker daemon in daemon.json
version_added: "1.0.0"
description:
  - Sets, changes and removes keys of C(/etc/docker/daemon.json) and says whether the daemon has
    to be restarted, or only reloaded, to take the change.
  - Refuses what would keep the daemon from starting before anything is written. That is unknown
    keys and wrong types, values that Docker cannot use, keys that the installed version does not
    know, keys that the systemd unit gives as a flag as well, and what C(dockerd --validate)
    refuses.
  - Does not restart Docker. A marker in O(state_dir) is on disk before the file is written. While
    the running daemon is the one from before the write, every run returns RV(ignore:changed=true)
    with RV(reason=pending), so that a restart that a failed run never came to is not lost. Where a
    reload was due, one by systemd ends that too.
  - Keeps the file as it was before the first write. O(state=absent) puts it back, but for keys
    that somebody else changed in the meantime.
author:
  - netfabric.container_net contributors (@netfabric)
attributes:
  check_mode:
    description: Predicts exactly what a run would do, C(dockerd --validate) included.
    support: full
  diff_mode:
    description: Shows the file before and after, without the passwords in its URLs.
    support: full
  platform:
    description: Linux. Docker does not have to be installed.
    platforms: posix
    support: full
options:
  settings:
    description:
      - Keys and values as daemon.json has them.
      - With O(update=merge) objects are merged member by member, and a member that is null is
        taken out. Lists and plain values are replaced.
    type: dict
    default: {}
  remove:
    description: Keys to take out of the file. Only with O(update=merge).
    type: list
    elements: str
    default: []
  restore:
    description:
      - Keys that go back to what they would be without this module, where neither O(settings) nor
        O(remove) names them.
      - A key that this module never wrote, or that somebody else changed since, stays as it is.
        Only with O(update=merge).
    type: list
    elements: str
    default: []
  update:
    description:
      - V(merge) leaves keys alone that O(settings) does not name.
      - V(replace) makes the file hold O(settings) and nothing else.
    type: str
    choices: [merge, replace]
    default: merge
  state:
    description:
      - V(present) sets O(settings), removes O(remove) and takes O(restore) back.
      - V(absent) takes back all that this module ever wrote to the file. The file goes if there
        was none before.
      - V(previous) puts back the file that the daemon was last started with, for when it does not
        come up with the new one.
    type: str
    choices: [present, absent, previous]
    default: present
  path:
    description: The file. A symbolic link is followed.
    type: path
    default: /etc/docker/daemon.json
  unit:
    description:
      - The systemd unit whose daemon reads the file. Its command line, drop-ins and environment
        files are searched for flags that stand in the file too.
      - A name, or the absolute path of a unit file.
    type: str
    default: docker.service
  state_dir:
    description: Where the pending marker and the original file are kept.
    type: path
    default: /var/lib/container_net
  check_with_dockerd:
    description:
      - V(auto) asks the installed dockerd for its version, and from 23.0 on lets it judge the new
        file.
      - V(always) fails where the installed dockerd cannot judge.
      - V(never) does not run dockerd, keys are then not compared with its version.
    type: str
    choices: [auto, always, never]
    default: auto
  backup:
    description: Keep a copy of the old file beside it, its name ending in a time.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.files
notes:
  - A new file gets mode V(0644) unless O(mode) says otherwise. An existing one keeps mode and
    owner.
  - With containers running under C(live-restore) Docker does not apply a changed C(bip) until
    they stop.
"""

EXAMPLES = r"""
- name: Give docker0 an address of its own
  netfabric.container_net.docker_daemon_json:
    settings:
      bip: 10.0.0.1/24
      default-gateway: 10.0.0.254
      dns: [1.1.1.1, 8.8.8.8]
  register: daemon_json

- name: Let Docker take it
  ansible.builtin.systemd_service:
    name: docker
    state: "{{ 'restarted' if daemon_json.restart_required else 'reloaded' }}"
  when: daemon_json.restart_required or daemon_json.reload_sufficient

- name: Rotate logs, and leave out compression
  netfabric.container_net.docker_daemon_json:
    settings:
      log-driver: json-file
      log-opts: {max-size: 10m, max-file: "3", compress: null}

- name: Take a key out
  netfabric.container_net.docker_daemon_json:
    remove: [default-gateway]

- name: Let docker0 have the address that it had before this collection gave it one
  netfabric.container_net.docker_daemon_json:
    restore: [bip]

- name: Put the user's own file back
  netfabric.container_net.docker_daemon_json:
    state: absent
"""

RETURN = r"""
restart_required:
  description: Whether a daemon runs that takes the settings only by a restart.
  returned: success
  type: bool
reload_sufficient:
  description: Whether a daemon runs that takes all of the change by a reload (SIGHUP).
  returned: success
  type: bool
changed_keys:
  description:
    - Keys in which the file differs from what it was, or, while a restart is pending, from what
      the running daemon was started with. Sorted.
  returned: success
  type: list
  elements: str
  sample: [bip, dns]
removed_keys:
  description: Those of RV(changed_keys) that the file no longer holds. Sorted.
  returned: success
  type: list
  elements: str
  sample: []
reason:
  description:
    - V(changed) when the file was written, V(pending) when only the running daemon lacks what the
      file says, V(attributes) when only mode or owner were changed, otherwise empty.
  returned: success
  type: str
  sample: changed
conflicts:
  description: Keys that stand in the file and on the daemon's command line.
  returned: always
  type: list
  elements: dict
  contains:
    key:
      description: The key in the file.
      type: str
    flag:
      description: The flag as it is written.
      type: str
    source:
      description: The unit, drop-in or environment file that gives the flag.
      type: str
backup_file:
  description: The copy of the old file.
  returned: when O(backup) is true and the file was written
  type: str
docker_version:
  description: Release line of the installed dockerd, empty when there is none or it was not asked.
  returned: success
  type: str
  sample: "26.1"
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils._docker import flow
from ansible_collections.netfabric.container_net.plugins.module_utils._docker.plan import Want
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "settings": {"type": "dict", "default": {}},
            "remove": {"type": "list", "elements": "str", "default": []},
            "restore": {"type": "list", "elements": "str", "default": []},
            "update": {"type": "str", "choices": ["merge", "replace"], "default": "merge"},
            "state": {
                "type": "str",
                "choices": ["present", "absent", "previous"],
                "default": "present",
            },
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "unit": {"type": "str", "default": "docker.service"},
            "state_dir": {"type": "path", "default": "/var/lib/container_net"},
            "check_with_dockerd": {
                "type": "str",
                "choices": ["auto", "always", "never"],
                "default": "auto",
            },
            "backup": {"type": "bool", "default": False},
        },
        add_file_common_args=True,
        supports_check_mode=True,
    )
    params = module.params
    request = flow.Request(
        action=params["state"],
        want=Want(params["settings"], params["remove"], params["update"] == "replace"),
        path=params["path"],
        unit=params["unit"],
        state_dir=params["state_dir"],
        check_with_dockerd=params["check_with_dockerd"],
        backup=params["backup"],
        restore=params["restore"],
    )
    tools = flow.Tools(
        module.run_command,
        lambda source, target: module.atomic_move(
            source, target, unsafe_writes=params["unsafe_writes"]
        ),
        module.backup_local,
    )
    try:
        outcome = flow.run(request, tools, module.check_mode)
    except flow.RefusedError as error:
        module.fail_json(msg=str(error), conflicts=[asdict(item) for item in error.conflicts])
    except ContainerNetError as error:
        module.fail_json(msg=str(error), conflicts=[])
    decision = outcome.decision
    for warning in decision.warnings:
        module.warn(warning)
    reason = decision.reason
    if decision.content is not None and module.set_fs_attributes_if_different(
        module.load_file_common_arguments(params), False
    ):
        reason = reason or "attributes"
    result = {
        "changed": bool(reason),
        "reason": reason,
        "restart_required": decision.restart,
        "reload_sufficient": decision.reload,
        "changed_keys": decision.keys,
        "removed_keys": [key for key in decision.keys if key not in decision.new],
        "conflicts": [],
        "docker_version": outcome.version,
    }
    if outcome.backup_file:
        result["backup_file"] = outcome.backup_file
    if module._diff:
        result["diff"] = {
            "before": outcome.before,
            "after": outcome.after,
            "before_header": params["path"],
            "after_header": params["path"],
        }
    module.exit_json(**result)


if __name__ == "__main__":
    main()
