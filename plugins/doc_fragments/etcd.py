# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the options in module_utils/_etcd.py and module_utils/_flannel/spec.py."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach etcd; PREFIX says where flannel's keys are in it."""

    DOCUMENTATION = r"""
options:
  ca_cert:
    description:
      - The certificate of the authority that signed etcd's certificate, a PEM file on the target.
    type: path
  client_cert:
    description:
      - The certificate that the target shows to etcd, a PEM file on the target.
      - Needs O(client_key).
    type: path
  client_key:
    description:
      - The key of O(client_cert), a PEM file on the target. Its content is never printed.
    type: path
  user:
    description:
      - The user of etcd, where users log in by password. Needs O(password).
      - An etcd that knows its users by their certificates needs neither.
    type: str
  password:
    description:
      - The password of O(user). It reaches C(etcdctl) through its environment.
    type: str
  timeout:
    description:
      - How many seconds a single request to etcd may take, from 1 to 300.
    type: int
    default: 10
requirements:
  - etcdctl 3.4 or newer on the target (Debian has it in the package etcd-client)
notes:
  - Talks to etcd through C(etcdctl), because etcd's JSON gateway refuses users that are known by
    their certificate.
"""

    PREFIX = r"""
options:
  prefix:
    description:
      - Where flannel keeps its keys. It must be what flanneld is given as C(-etcd-prefix).
    type: str
    default: /coreos.com/network
"""
