# SPDX-License-Identifier: AGPL-3.0-or-later
"""The call-control websocket as the console's page speaks it (docs/contracts.md, "The line", protocol 1)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from permanence.kernel.refusals import Refusal
from permanence.telephony.commands import PROTOCOL

REPLY_WITHIN_S = 5.0
OPEN_WITHIN_S = 5.0
Message = dict[str, Any]
NO_REPLY: Message = {"ok": False, "code": "no_reply", "why": "the exchange did not answer"}


class LineAway(Refusal):
    """The exchange does not answer now; it may later."""

    code = "line_away"


class Line:
    """One open socket: `messages` gives what the exchange tells, `ask` says what she does."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._asked: dict[int, asyncio.Future[Message]] = {}

    @classmethod
    async def open(cls, url: str, *, origin: str, ticket: str, page_host: str) -> "Line":
        """Opens the socket and says hello. Raises LineAway."""
        try:
            socket = await connect(
                url, origin=Origin(origin), compression=None, proxy=None, open_timeout=OPEN_WITHIN_S, close_timeout=1
            )
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise LineAway(f"the exchange does not answer ({error})") from error
        hello = {"t": "hello", "protocol": PROTOCOL, "ticket": ticket, "page_host": page_host}
        await socket.send(json.dumps(hello))
        return cls(socket)

    async def messages(self) -> AsyncIterator[Message]:
        """What the exchange tells, until the socket closes; replies go to whoever asked."""
        try:
            async for raw in self._socket:
                message: Message = json.loads(raw)
                if message["t"] != "reply":
                    yield message
                elif (asked := self._asked.pop(message["id"], None)) is not None and not asked.done():
                    asked.set_result(message)
        except ConnectionClosed:
            return
        finally:
            for asked in self._asked.values():
                if not asked.done():
                    asked.set_result(NO_REPLY)

    async def ask(self, kind: str, **fields: Any) -> Message:
        """A request and its reply (`ok`, else `code` and `why`); `no_reply` where none came."""
        self._number += 1
        asked: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = asked
        try:
            await self._socket.send(json.dumps({"t": kind, "id": self._number, **fields}))
            async with asyncio.timeout(REPLY_WITHIN_S):
                return await asked
        except (ConnectionClosed, TimeoutError):
            return NO_REPLY
        finally:
            self._asked.pop(self._number, None)

    async def close(self) -> None:
        """The page is closed."""
        await self._socket.close()
