# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for every test: no socket leaves this machine, properties are the same at every run."""

import ipaddress
import sys

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")

WATCHED = {"socket.connect", "socket.sendto", "socket.sendmsg"}


class LeftThisMachine(RuntimeError):
    """A test tried to reach another machine."""


def leaves(address) -> bool:
    """Whether a socket address is that of another machine (Unix sockets and names of this one are not)."""
    if not isinstance(address, tuple) or not address[0] or address[0] == "localhost":
        return False
    try:
        host = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except ValueError:
        return True
    return not (host.is_loopback or host.is_unspecified)


def bar(event, arguments):
    """An audit hook (PEP 578): it sees every socket of the process, whatever library opens it."""
    if event in WATCHED and leaves(arguments[1]):
        raise LeftThisMachine(f"{event} {arguments[1]}")


sys.addaudithook(bar)
