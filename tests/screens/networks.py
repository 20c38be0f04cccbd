# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two small networks of the kernel (ip-netns(8)) with one cable between them: a house here, a browser there.

They need root, and end with the test. A machine that does not permit them fails the test: nothing is skipped.
"""

import contextlib
import os
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

IP = "/usr/sbin/ip"
CABLE = "veth0"


def ip(*words: str) -> None:
    """One command of iproute2. Raises AssertionError with what it said."""
    done = subprocess.run([IP, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {shlex.join(words)}: {done.stderr.strip()} (this test needs root and namespaces)"


@dataclass(frozen=True)
class Network:
    """One namespace; `address` is the one it was born with, on a network of 256."""

    name: str
    address: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """The words before a command that is to run here."""
        return (IP, "netns", "exec", self.name)

    def takes(self, address: str) -> None:
        """One more address."""
        ip("-n", self.name, "address", "add", f"{address}/24", "dev", CABLE)

    def loses(self, address: str) -> None:
        """One address less: whatever was connected from it is not any more."""
        ip("-n", self.name, "address", "delete", f"{address}/24", "dev", CABLE)

    @contextlib.contextmanager
    def without_udp(self) -> Iterator[None]:
        """No datagram leaves from here while the block runs."""
        rule = ("rule", "{}", "ipproto", "udp", "blackhole", "priority", "10")
        ip("-n", self.name, *(word.format("add") for word in rule))
        try:
            yield
        finally:
            ip("-n", self.name, *(word.format("delete") for word in rule))

    def program(self, folder: Path, command: str) -> Path:
        """A file that runs `command` here: for whoever starts one file."""
        path = folder / f"{Path(command).name}-{self.name}"
        path.write_text(f'#!/bin/sh\nexec {shlex.join(self.prefix)} {shlex.quote(command)} "$@"\n')
        path.chmod(0o700)
        return path


@contextlib.contextmanager
def two_networks(one: str, other: str) -> Iterator[tuple[Network, Network]]:
    """Two namespaces with these addresses, joined by a cable; both have their loopback."""
    assert os.geteuid() == 0, "namespaces are made by root"
    mark = secrets.token_hex(3)
    pair = Network(f"permanence-{mark}-a", one), Network(f"permanence-{mark}-b", other)
    with contextlib.ExitStack() as stack:
        for each in pair:
            ip("netns", "add", each.name)
            stack.callback(ip, "netns", "delete", each.name)
        ends = (CABLE, "netns", pair[0].name), (CABLE, "netns", pair[1].name)
        ip("link", "add", *ends[0], "type", "veth", "peer", "name", *ends[1])
        for each in pair:
            each.takes(each.address)
            for link in ("lo", CABLE):
                ip("-n", each.name, "link", "set", link, "up")
        yield pair
