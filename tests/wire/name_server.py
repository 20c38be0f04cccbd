# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small real DNS server on loopback, UDP and TCP, for the tests: answers from a zone written as text."""

import asyncio
import struct
from typing import Any, Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """`zone`: rows like "carrier.example. 60 A 127.0.0.1". `truncate` makes UDP answers say "ask by TCP"."""

    def __init__(self, *rows: str) -> None:
        self.asked: list[str] = []
        self.silent = False
        self.truncate = False
        self.address = ("127.0.0.1", 0)
        self._rows: dict[tuple[dns.name.Name, str], dns.rrset.RRset] = {}
        self.put(*rows)

    def put(self, *rows: str) -> None:
        """Adds rows, in place of those of the same name and type."""
        parsed: dict[tuple[dns.name.Name, str], list[str]] = {}
        ttls: dict[tuple[dns.name.Name, str], int] = {}
        for row in rows:
            name, ttl, kind, data = row.split(maxsplit=3)
            key = dns.name.from_text(name), kind
            parsed.setdefault(key, []).append(data)
            ttls[key] = int(ttl)
        for key, data in parsed.items():
            self._rows[key] = dns.rrset.from_text(key[0], ttls[key], "IN", key[1], *data)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve_tcp, "127.0.0.1", 0)
        self.address = self._tcp.sockets[0].getsockname()[:2]
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=self.address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()

    def answer(self, wire: bytes, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        [question] = query.question
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{kind} {question.name.to_text(omit_final_dot=True)}")
        if self.silent:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        rows = self._rows.get((question.name, kind))
        if rows is not None and self.truncate and not tcp:
            answer.flags |= dns.flags.TC
        elif rows is not None:
            answer.answer.append(rows)
        elif question.name not in {name for name, _ in self._rows}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        said = self.answer(await reader.readexactly(size), tcp=True)
        if said is not None:
            writer.write(struct.pack("!H", len(said)) + said)
            await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        said = self._server.answer(data, tcp=False)
        if said is not None:
            self._transport.sendto(said, addr)
