# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small carrier over real sockets: registrar with digest, and an echo number that sends back every RTP packet.

It is written apart from the product's user agent (only the reading of messages is shared), so that both can be wrong
in different ways. `python -m tests.wire.echo_carrier [PORT]` runs it for a try by hand.
"""

import asyncio
import hashlib
import re
import ssl
import sys
from collections.abc import Callable
from typing import Any, Self

from permanence.telephony.sip.framing import Framer
from permanence.telephony.sip.message import SipMessage, parse_message
from permanence.telephony.sip.responses import respond

Send = Callable[[bytes], None]
NONCE = "4b6f6d6d656e"
_PARAM = re.compile(r'(\w+)="?([^",]*)"?')


class EchoCarrier:
    """`password`: "" trusts everyone. `refuse`: the status every INVITE gets. `picks_up`: False rings for ever.

    `early`: 183 with audio before the 180. `redirect`: the Contact of a 302. `echoes`: whether RTP comes back.
    """

    def __init__(
        self,
        *,
        password: str = "",
        refuse: int = 0,
        picks_up: bool = True,
        early: bool = False,
        redirect: str = "",
        echoes: bool = True,
        host: str = "127.0.0.1",
    ) -> None:
        self.password, self.refuse, self.picks_up = password, refuse, picks_up
        self.early, self.redirect, self.echoes = early, redirect, echoes
        self.host = host
        self.requests: list[SipMessage] = []
        self.responses: list[SipMessage] = []
        self.contacts: list[str] = []
        self.refused_digests = 0
        self.port = 0
        self._changed = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._echo_port = 0
        self._invite: tuple[SipMessage, Send] | None = None
        self._live: list[asyncio.StreamWriter] = []

    async def start(self, transport: str = "udp", tls: ssl.SSLContext | None = None, port: int = 0) -> Self:
        """Listens on a port of its own."""
        loop = asyncio.get_running_loop()
        self._echo_port = (await self._udp(lambda data, addr, back: back(data) if self.echoes else None, 0))[1]
        if transport == "udp":
            self.port = (await self._udp(lambda data, _addr, back: self._take(data, back), port))[1]
        else:
            server = await asyncio.start_server(self._stream, self.host, port, ssl=tls)
            self._servers.append(server)
            self.port = server.sockets[0].getsockname()[1]
        assert loop.is_running()
        return self

    async def _udp(self, take: Callable[[bytes, Any, Send], object], port: int) -> tuple[str, int]:
        class Taker(asyncio.DatagramProtocol):
            def connection_made(self, transport: Any) -> None:
                self.out = transport

            def datagram_received(self, data: bytes, addr: Any) -> None:
                take(data, addr, lambda back: self.out.sendto(back, addr))

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Taker, local_addr=(self.host, port))
        self._datagrams.append(transport)
        return transport.get_extra_info("sockname")[:2]

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._live.append(writer)
        framer = Framer(65_535)
        while data := await reader.read(65_536):
            for message in framer.feed(data):
                self._take(message, writer.write)
        writer.close()

    def _take(self, data: bytes, send: Send) -> None:
        if len(data.strip()) < 12:
            return
        if data.startswith(b"SIP/2.0"):
            self.responses.append(parse_message(data))
            self._changed.set()
            return
        request = parse_message(data)
        self.requests.append(request)
        self._changed.set()
        handler = getattr(self, f"_on_{request.method.lower()}", None)
        if handler is not None:
            handler(request, send)

    async def got(self, method: str, count: int = 1) -> list[SipMessage]:
        """Waits until `count` requests of a method came."""
        async with asyncio.timeout(10):
            while len(found := self.took(method)) < count:
                self._changed.clear()
                await self._changed.wait()
        return found

    def took(self, method: str) -> list[SipMessage]:
        return [request for request in self.requests if request.method == method]

    async def calls(self, line: str) -> list[int]:
        """Brings a call to where the house registered (UDP), gives it up once it rings; the statuses it heard."""
        uri = self.contacts[-1].strip("<>")
        host, _, port = uri.rpartition("@")[2].rpartition(":")
        ours = f"{self.host}:{self.port}"
        invite = (
            f"INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {ours};branch=z9hG4bKcall\r\nMax-Forwards: 70\r\n"
            f"From: <sip:+352621000147@{ours}>;tag=a\r\nTo: <sip:{line}@{ours}>\r\nCall-ID: call\r\n"
            f"CSeq: 1 INVITE\r\nContact: <sip:x@{ours}>\r\nContent-Length: 0\r\n\r\n"
        )
        self._datagrams[-1].sendto(invite.encode(), (host, int(port)))
        await self._heard(180)
        cancel = invite.replace("INVITE", "CANCEL")
        self._datagrams[-1].sendto(cancel.encode(), (host, int(port)))
        await self._heard(487)
        ack = invite.replace("INVITE", "ACK")
        self._datagrams[-1].sendto(ack.encode(), (host, int(port)))
        return [response.status for response in self.responses]

    async def _heard(self, status: int) -> None:
        async with asyncio.timeout(10):
            while status not in [response.status for response in self.responses]:
                self._changed.clear()
                await self._changed.wait()

    # what it answers

    def _on_options(self, request: SipMessage, send: Send) -> None:
        send(respond(request, 200, "echo").encode())

    def _on_register(self, request: SipMessage, send: Send) -> None:
        if not self._proved(request, send, 401, "WWW-Authenticate", "Authorization"):
            return
        contact = request.get("Contact") or ""
        self.contacts.append(contact)
        send(respond(request, 200, "echo").add("Contact", f"{contact};expires=300").encode())

    def _on_invite(self, request: SipMessage, send: Send) -> None:
        if request.to.tag:
            send(self._answer(request, 200))
            return
        if not self._proved(request, send, 407, "Proxy-Authenticate", "Proxy-Authorization"):
            return
        send(respond(request, 100).encode())
        if self.redirect:
            send(respond(request, 302, "echo").add("Contact", self.redirect).encode())
        elif self.refuse:
            send(respond(request, self.refuse, "echo").encode())
        else:
            if self.early:
                send(self._answer(request, 183))
            send(self._answer(request, 180, body=False))
            self._invite = request, send
            if self.picks_up:
                send(self._answer(request, 200))

    def _on_cancel(self, request: SipMessage, send: Send) -> None:
        send(respond(request, 200, "echo").encode())
        if self._invite is not None:
            send(respond(self._invite[0], 487, "echo").encode())

    def _on_bye(self, request: SipMessage, send: Send) -> None:
        send(respond(request, 200, "echo").encode())

    _on_info = _on_update = _on_prack = _on_bye

    def _answer(self, request: SipMessage, status: int, *, body: bool = True) -> bytes:
        answer = respond(request, status, "echo")
        transport = request.via.transport.lower()
        host = f"[{self.host}]" if ":" in self.host else self.host
        answer.add("Contact", f"<sip:echo@{host}:{self.port};transport={transport}>")
        if body:
            family = "IP6" if ":" in self.host else "IP4"
            answer.set_body(
                "application/sdp",
                f"v=0\r\no=- 1 1 IN {family} {self.host}\r\ns=-\r\nc=IN {family} {self.host}\r\nt=0 0\r\n"
                f"m=audio {self._echo_port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
            )
        return answer.encode()

    def _proved(self, request: SipMessage, send: Send, status: int, asks: str, proves: str) -> bool:
        """RFC 2617 with qop=auth, worked out here anew."""
        if not self.password:
            return True
        given = dict(_PARAM.findall(request.get(proves) or ""))
        if given:
            first = _md5(f"{given['username']}:carrier:{self.password}")
            second = _md5(f"{request.method}:{given['uri']}")
            wanted = _md5(f"{first}:{NONCE}:{given['nc']}:{given['cnonce']}:auth:{second}")
            if given["response"] == wanted:
                return True
            self.refused_digests += 1
            send(respond(request, 403, "echo").encode())
            return False
        challenge = f'Digest realm="carrier", nonce="{NONCE}", algorithm=MD5, qop="auth"'
        send(respond(request, status, "echo").add(asks, challenge).encode())
        return False

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for writer in self._live:
            writer.close()
        for transport in self._datagrams:
            transport.close()
        await asyncio.sleep(0)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def _serve(port: int) -> None:
    carrier = await EchoCarrier(early=True).start(port=port)
    print(f"an echo carrier on 127.0.0.1:{carrier.port} (UDP), until Ctrl-C", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
