# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the temporary container that the other hosts measure against, and look at docker0.

argv[1] is a JSON object (see ``main``); the answer is one JSON object on stdout. The container
answers on a TCP port that Docker does not publish, and ends by itself as soon as every host has
reported that it is done (or its lifetime is over), so that nobody has to come back for it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
from functools import partial
from typing import Any

# The reports are files named by the reporting host's number.
INIT = """\
#!/bin/busybox sh
mkdir -p /tmp/done
httpd -p "0.0.0.0:$VERIFY_PORT" -h /www
second=0
while [ "$second" -lt "$VERIFY_LIFETIME" ]; do
  [ "$(ls /tmp/done | wc -l)" -ge "$VERIFY_REPORTS" ] && sleep 1 && exit 0
  sleep 1
  second=$((second + 1))
done
"""
# One line with who answers and whom it sees, then enough bytes that a broken checksum or MTU shows.
CGI = """\
#!/bin/busybox sh
printf 'Content-Type: application/octet-stream\\r\\n\\r\\n%s %s\\n' "$VERIFY_HOST" "$REMOTE_ADDR"
case "$QUERY_STRING" in
  done=*) : > "/tmp/done/${QUERY_STRING#done=}" ;;
  *) head -c 262144 /dev/zero ;;
esac
"""


class Missing(Exception):
    """A package is missing; str() is its name."""


def docker(*words: str, stdin: bytes = b"") -> str:
    """Run docker, return what it printed; its own words are the error."""
    result = subprocess.run(["docker", *words], input=stdin, capture_output=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"docker {words[0]}: {result.stderr.decode(errors='replace').strip()}")
    return result.stdout.decode()


def static_busybox() -> str:
    """Path of the host's statically linked busybox."""
    for path in ("/usr/bin/busybox", "/bin/busybox"):
        if os.path.isfile(path):
            with open(path, "rb") as binary:
                # A dynamically linked one names its loader in the first pages.
                if b"/ld-linux" not in binary.read(65536):
                    return path
    raise Missing("busybox-static")


def image_archive(busybox: str) -> bytes:
    """The image's files as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        with open(busybox, "rb") as binary:
            contents = {"bin/busybox": binary.read()}
        contents["init"] = INIT.encode()
        contents["www/cgi-bin/verify"] = CGI.encode()
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
        for applet in ("sh", "httpd", "mkdir", "ls", "wc", "sleep", "head"):
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(entry)
    return buffer.getvalue()


def image_name(repository: str) -> str:
    """The image's name, which tells what is in it."""
    return f"{repository}:{hashlib.sha256((INIT + CGI).encode()).hexdigest()[:12]}"


def make_image(name: str) -> None:
    """Make the image of the host's busybox."""
    archive = image_archive(static_busybox())
    docker("import", "-c", 'CMD ["/bin/busybox", "sh", "/init"]', "-", name, stdin=archive)


def remove_container(name: str) -> None:
    """Remove a container that an earlier run left, and wait for one that is just going."""
    for dummy in range(40):
        if not docker("container", "ls", "-a", "-q", "--filter", f"name=^{name}$").strip():
            return
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
        time.sleep(0.5)
    raise RuntimeError(f"the container {name} of an earlier run cannot be removed")


def start_container(want: dict[str, Any]) -> dict[str, Any]:
    """Start the container anew: image, whether that was made, address, first process.

    Docker is asked for nothing that it says by itself: on a slow host each call takes a second.
    """
    image = image_name(want["image"])
    environment = {
        "VERIFY_HOST": want["host"],
        "VERIFY_PORT": want["port"],
        "VERIFY_LIFETIME": want["lifetime"],
        "VERIFY_REPORTS": want["reports"],
    }
    settings = [word for key, value in environment.items() for word in ("-e", f"{key}={value}")]
    options = ["--rm", "--pull=never", "--name", want["container"], "--network", want["network"]]
    remove = partial(remove_container, want["container"])
    # What stands in the way, in Docker's words, and what is done about it, once each, in any order.
    remedies = {
        "No such image": partial(make_image, image),
        "is already in use": remove,
        # A node of a swarm asks its managers for a place in the network, then waits to be given it,
        # for twenty seconds together; they may be busy starting. (moby: daemon/cluster/networks.go)
        "Could not attach to network": remove,
        "attaching to network failed": remove,
    }
    done = []
    for dummy in range(1 + len(remedies)):
        try:
            docker("run", "-d", *options, *settings, image)
            break
        except RuntimeError as error:
            todo = [words for words in remedies if words in str(error) and words not in done]
            if not todo:
                raise
            remedies[todo[0]]()
            done.append(todo[0])
    found = json.loads(docker("container", "inspect", want["container"]))[0]
    return {
        "image": image,
        "built": "No such image" in done,
        "ip": found["NetworkSettings"]["Networks"][want["network"]]["IPAddress"],
        "pid": found["State"]["Pid"],
    }


def wait_for_port(address: str, port: int, seconds: float) -> None:
    """Wait until the container answers its own host."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((address, port), timeout=2).close()
            return
        except OSError as error:
            if time.monotonic() > end:
                raise RuntimeError(
                    f"the container {address} does not answer its own host on TCP {port}: {error}"
                ) from error
        time.sleep(0.2)


def wait_for_listener(pid: int, port: int, seconds: float) -> None:
    """The same where the host is on no network of the container: until its namespace listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with open(f"/proc/{pid}/net/tcp", encoding="ascii") as lines:
            # Each socket's own address and port in hexadecimal digits, the other end's, its state.
            words = [line.split() for line in lines]
        if any(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in words[1:]):
            return
        time.sleep(0.2)
    raise RuntimeError(f"the container does not listen on TCP {port}")


def bridge_address(name: str) -> str:
    """First IPv4 address of a link with its prefix length, '' without one."""
    answer = subprocess.run(
        ["ip", "-j", "-4", "address", "show", "dev", name], capture_output=True, check=False
    )
    links = json.loads(answer.stdout) if answer.returncode == 0 and answer.stdout else []
    found = [entry for link in links for entry in link.get("addr_info", [])]
    return f"{found[0]['local']}/{found[0]['prefixlen']}" if found else ""


def read_lease(path: str) -> dict[str, str]:
    """flannel's subnet.env; empty when there is none."""
    if not path or not os.path.exists(path):
        return {}
    with open(path) as lines:
        return dict(line.strip().partition("=")[::2] for line in lines if "=" in line)


def main() -> None:
    """argv[1]: host, image, container, network, hosts (whether they reach it), bridge, port,
    lifetime, reports, subnet_file."""
    want = json.loads(sys.argv[1])
    try:
        answer = {"missing": [], **start_container(want)}
        if want["hosts"]:
            wait_for_port(answer["ip"], want["port"], 30)
        else:
            wait_for_listener(answer["pid"], want["port"], 30)
    except FileNotFoundError:
        answer = {"missing": ["docker"], "built": False}
    except Missing as error:
        answer = {"missing": [str(error)], "built": False}
    except RuntimeError as error:
        sys.exit(f"{want['host']}: {error}")
    lease = read_lease(want["subnet_file"])
    answer["bridge"] = bridge_address(want["bridge"])
    answer["subnet"] = lease.get("FLANNEL_SUBNET", "")
    answer["mtu"] = int(lease.get("FLANNEL_MTU", 0))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
