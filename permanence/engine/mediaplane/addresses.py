# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which addresses a browser is told to try (RFC 8445 host candidates).

The machine's addresses are read from the kernel's tables (/proc/net/fib_trie, /proc/net/if_inet6): nothing is asked of
a network, and no library is needed. The browser's own candidates are not read at all: it comes to us.
"""

import ipaddress
import re
from pathlib import Path

from permanence.telephony.media.sdp_browser import Candidate

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LOOPBACK: tuple[Address, ...] = (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))
_LOCAL_IPV4 = re.compile(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL")


def machine_addresses(proc: Path = Path("/proc/net")) -> tuple[Address, ...]:
    """Every IPv4 and IPv6 address of this machine that another machine may reach; loopback and link-local left out."""
    found: dict[Address, None] = {}
    for text in _LOCAL_IPV4.findall(_read(proc / "fib_trie")):
        found[ipaddress.IPv4Address(text)] = None
    for line in _read(proc / "if_inet6").splitlines():
        digits, *_ = line.split()
        found[ipaddress.IPv6Address(int(digits, 16))] = None
    return tuple(one for one in found if not (one.is_loopback or one.is_link_local or one.is_multicast))


def candidates(
    *,
    page: tuple[Address, ...],
    machine: tuple[Address, ...],
    public: tuple[Address, ...],
    bound: tuple[Address, ...],
    port: int,
    udp: bool,
    tcp: bool,
) -> tuple[Candidate, ...]:
    """The candidates of an answer, best first.

    `page`: the addresses of the host the page was opened on; a page opened on loopback gets loopback (both families)
    first, no other page ever does. `public`: configured, always offered. `bound`: the hosts the port is bound on; an
    unspecified one stands for every address of its family, any other limits what is offered.
    """
    on_loopback = any(one.is_loopback for one in page)
    reached = tuple(one for one in page if not one.is_unspecified)
    own = (*reached, *(_LOOPBACK if on_loopback else ()), *machine)
    ordered = dict.fromkeys((*(one for one in own if _served(one, bound)), *public))
    hosts = [str(one) for one in ordered]
    return (
        *((Candidate(host=host, port=port) for host in hosts) if udp else ()),
        *((Candidate(host=host, port=port, transport="tcp") for host in hosts) if tcp else ()),
    )


def _served(address: Address, bound: tuple[Address, ...]) -> bool:
    return any(one == address or (one.is_unspecified and one.version == address.version) for one in bound)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
