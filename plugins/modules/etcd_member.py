#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_member
short_description: Members of an etcd cluster
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Adds a member to a running cluster, gives it its vote, or takes it out.
  - A member joins in three steps. A task with O(voting=false) adds it as a learner, then its etcd
    is started with an empty data directory, C(--initial-cluster-state existing) and
    RV(initial_cluster), then a task with O(voting=true) gives it its vote. While it fetches the
    data the cluster is no easier to stop than before.
  - To replace a member that is lost, take it out, and let another one join.
options:
  endpoints:
    description:
      - The URLs of members that are alive. Name only such, and no learner.
    type: list
    elements: str
    required: true
  name:
    description:
      - The member's name, etcd's C(--name).
    type: str
    required: true
  peer_urls:
    description:
      - The URLs by which the other members reach it, etcd's C(--initial-advertise-peer-urls).
      - Required for O(state=present).
    type: list
    elements: str
  state:
    description:
      - V(present) adds the member or promotes it, V(absent) takes it out of the cluster. Its
        process and its data are left alone.
    type: str
    choices: [present, absent]
    default: present
  voting:
    description:
      - V(true) gives a learner its vote as soon as it has caught up with the others. The member has
        to be in the cluster already.
      - V(false) adds a member that is not there as a learner. A member that has its vote keeps it.
    type: bool
    default: true
  wait:
    description:
      - How many seconds to wait until a learner has caught up and can get its vote, or until the
        members have been connected for long enough for one more, or one less. An etcd that stops
        answering meanwhile is waited for, too.
    type: int
    default: 120
  force:
    description:
      - Whether O(state=absent) also takes out a member that is alive.
    type: bool
    default: false
extends_documentation_fragment:
  - netfabric.container_net.etcd
attributes:
  check_mode:
    description: Runs without changing anything, and says what a run would do.
    support: full
  diff_mode:
    description: Shows the members before and after.
    support: full
seealso:
  - module: netfabric.container_net.flannel_network
"""

EXAMPLES = r"""
- name: Take the lost member out
  netfabric.container_net.etcd_member:
    endpoints: [https://192.168.100.12:2379]
    ca_cert: /etc/container_net/pki/ca.crt
    client_cert: /etc/container_net/pki/admin.crt
    client_key: /etc/container_net/pki/admin.key
    name: host-c
    state: absent

- name: Add its successor, which has no vote yet
  netfabric.container_net.etcd_member:
    endpoints: [https://192.168.100.12:2379]
    ca_cert: /etc/container_net/pki/ca.crt
    client_cert: /etc/container_net/pki/admin.crt
    client_key: /etc/container_net/pki/admin.key
    name: host-d
    peer_urls: [https://192.168.100.15:2380]
    voting: false
  register: joining

# Here etcd is started on host-d, with joining.initial_cluster.

- name: Give it its vote
  netfabric.container_net.etcd_member:
    endpoints: [https://192.168.100.12:2379]
    ca_cert: /etc/container_net/pki/ca.crt
    client_cert: /etc/container_net/pki/admin.crt
    client_key: /etc/container_net/pki/admin.key
    name: host-d
    peer_urls: [https://192.168.100.15:2380]
"""

RETURN = r"""
action:
  description: What was done, V(add), V(promote) or V(remove); empty when nothing had to be done.
  returned: success
  type: str
  sample: add
member:
  description: The member, or null when it is not in the cluster.
  returned: success
  type: dict
  contains: &member
    id:
      description: Its number, as etcdctl shows it.
      type: str
      sample: 8e9e05c52164694d
    name:
      description: Its name; empty until it has started once.
      type: str
      sample: host-d
    peer_urls:
      description: Where the other members reach it.
      type: list
      elements: str
    client_urls:
      description: Where clients reach it; empty until it has started once.
      type: list
      elements: str
    learner:
      description: Whether it has no vote yet.
      type: bool
members:
  description: All members.
  returned: success
  type: list
  elements: dict
  contains: *member
initial_cluster:
  description: What a member that joins has to be started with as C(--initial-cluster).
  returned: success
  type: str
  sample: host-a=https://192.168.100.12:2380,host-d=https://192.168.100.15:2380
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netfabric.container_net.plugins.module_utils import _etcd
from ansible_collections.netfabric.container_net.plugins.module_utils._errors import (
    ContainerNetError,
)
from ansible_collections.netfabric.container_net.plugins.module_utils._etcd_members import (
    Want,
    ensure,
)


def main() -> None:
    """Read the options, do what is to be done, report."""
    module = AnsibleModule(
        argument_spec={
            **_etcd.connection_spec(required=True),
            "name": {"type": "str", "required": True},
            "peer_urls": {"type": "list", "elements": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "voting": {"type": "bool", "default": True},
            "wait": {"type": "int", "default": 120},
            "force": {"type": "bool", "default": False},
        },
        required_if=[("state", "present", ["peer_urls"])],
        supports_check_mode=True,
    )
    params = module.params
    want = Want(
        name=params["name"],
        peer_urls=tuple(sorted(params["peer_urls"] or ())),
        state=params["state"],
        voting=params["voting"],
        force=params["force"],
        wait=params["wait"],
    )
    try:
        _etcd.check_timeout(params)
        connection = _etcd.connection_from_params(params)
        result = ensure(_etcd.Etcd(connection), connection, want, module.check_mode)
    except ContainerNetError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
