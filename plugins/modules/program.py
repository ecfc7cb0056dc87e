#!/usr/bin/python
# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: program
short_description: Run a program that the controller has, without a module's start
version_added: "1.0.0"
author:
  - The netfabric.container_net contributors (@netfabric)
description:
  - Runs O(argv) on the host and hands it O(stdin), for example a script that lies beside a role,
    over the connection alone. Nothing is copied to the host, and it needs no Python for it.
  - It does what M(ansible.builtin.command) does with the same options, and leaves out what takes
    most of the time there, a module that is unpacked and imports its libraries. The roles of this
    collection look at hosts with it; on a slow host each look takes a fifth of the time.
  - Where the connection does not pipeline (see C(ansible_pipelining)), M(ansible.builtin.command)
    is what runs.
options:
  argv:
    description: The program and its arguments, each by itself. No shell is involved.
    type: list
    elements: str
    required: true
  stdin:
    description: What the program reads. Nothing is added to it.
    type: str
    required: true
notes:
  - Arguments are seen by all users of the host while the program runs. What is secret belongs into
    O(stdin).
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction.
    support: none
    details: The task is skipped. One that only looks at something has C(check_mode=false).
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: none
seealso:
  - module: ansible.builtin.command
  - module: ansible.builtin.script
"""

EXAMPLES = r"""
- name: Ask for what the host has
  netfabric.container_net.program:
    argv: [python3, "-", eth0]
    stdin: "{{ lookup('ansible.builtin.file', 'look.py') }}"
  register: look
  changed_when: false
  check_mode: false
"""

RETURN = r"""
rc:
  description: The program's exit status. The task fails when it is not 0.
  type: int
  returned: when the program ran
  sample: 0
stdout:
  description: What it wrote, without the line's end at its end.
  type: str
  returned: when the program ran
  sample: '{"mtu": 1500}'
stdout_lines:
  description: The same, line by line.
  type: list
  elements: str
  returned: when the program ran
  sample: ['{"mtu": 1500}']
stderr:
  description: What it wrote as errors.
  type: str
  returned: when the program ran
  sample: ''
stderr_lines:
  description: The same, line by line.
  type: list
  elements: str
  returned: when the program ran
  sample: []
"""
