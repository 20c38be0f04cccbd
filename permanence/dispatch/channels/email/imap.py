# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads receipts out of a mailbox by IMAP (RFC 9051 and 3501), over TLS only, and marks those that were taken.

Of a mail that is no receipt only the Content-Type is asked for; it is neither changed nor marked read, and nothing is
ever deleted. What a server says in its own words is never repeated: mail, or our password, may stand in it.
"""

import base64
import contextlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from permanence.dispatch.channels.email.mailbox_url import MailboxAddress
from permanence.kernel.refusals import Refusal

TIMEOUT_S = 20.0
"""Seconds to wait for the server at each step."""
SESSION_S = 120.0
"""Seconds a conversation may last: a server that says one byte now and then is cut off."""
SIZE_LIMIT = 512 * 1024
"""Bytes of a mail that may be a receipt of ours, which has a few thousand; a larger one is passed over."""
TYPE_LIMIT = 2000
"""Bytes of a Content-Type that are asked for."""
MARK = "$PermanenceTaken"
"""The keyword at a mail that was taken. A server that keeps no keywords has \\Seen alone (Exchange)."""
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")


class MailboxAway(Refusal):
    """The mailbox cannot be read now; `why` says it in our words, the system's or OpenSSL's, never the server's."""

    code = "mailbox_away"


class _Bounded(imaplib.IMAP4):
    """IMAP whose conversation ends after `SESSION_S`, and whose literals have a limit."""

    _guard: threading.Timer

    def open(self, *where: Any, **options: Any) -> None:
        super().open(*where, **options)
        self._guard = threading.Timer(SESSION_S, self._cut)
        self._guard.daemon = True
        self._guard.start()

    def read(self, size: int) -> bytes:
        if size > SIZE_LIMIT:
            raise self.abort("a literal is too long")
        return super().read(size)

    def shutdown(self) -> None:
        self._guard.cancel()
        super().shutdown()

    def _cut(self) -> None:
        # not `SSLSocket.shutdown`, which would take the TLS layer away from under the thread that reads
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    """The same with TLS from the first byte."""


class Mailbox:
    """A conversation with one folder of a mailbox, as a context manager. Every call may raise MailboxAway.

    `validity` is the folder's UIDVALIDITY (while it stays, a number names one mail for good), `last` the highest number
    given so far.
    """

    def __init__(self, address: MailboxAddress, password: str) -> None:
        self._address = address
        self._password = password
        self._connection: imaplib.IMAP4 | None = None
        self._keywords = False
        self.validity = 0
        self.last = 0

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def untaken(self, first: int, last: int, *, afresh: bool = False) -> list[int]:
        """The numbers from `first` to `last`, ascending, of the mails that were not marked as taken.

        Where \\Seen is the only mark a person may have set it: then it counts only `afresh`, in a mailbox of which
        nothing is remembered.
        """
        with _in_our_words("the server does not search"):
            criterion = ["UNKEYWORD", MARK] if self._keywords else ["UNSEEN"] if afresh else []
            data = _ok(self._imap.uid("SEARCH", f"UID {first}:{last}", *criterion))
            numbers = [int(word) for line in data if isinstance(line, bytes) for word in line.split()]
        return sorted(number for number in numbers if first <= number <= last)

    def reports(self, numbers: Sequence[int]) -> list[int]:
        """Those of `numbers`, ascending, that call themselves `multipart/report` and are no larger than a receipt."""
        if not numbers:
            return []
        wanted = f"(RFC822.SIZE BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)]<0.{TYPE_LIMIT}>)"
        with _in_our_words("the server does not say what its mails are"):
            data = _ok(self._imap.uid("FETCH", ",".join(map(str, numbers)), wanted))
            found = [
                int(uid[1])
                for head, literal in _answers(data)
                if b"multipart/report" in literal.lower()
                and (uid := _UID.search(head))
                and (size := _SIZE.search(head))
                and int(size[1]) <= SIZE_LIMIT
            ]
        return sorted(set(found) & set(numbers))

    def read(self, number: int) -> bytes:
        """A mail, at most `SIZE_LIMIT` bytes; empty when it is gone. Reading marks nothing."""
        with _in_our_words("the server does not give a mail"):
            data = _ok(self._imap.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{SIZE_LIMIT}>)"))
            found = (literal for head, literal in _answers(data) if f"UID {number}".encode() in head)
            return next(found, b"")

    def mark(self, number: int) -> None:
        """Mark a mail as read and taken."""
        flags = f"(\\Seen {MARK})" if self._keywords else "(\\Seen)"
        with _in_our_words("the server does not mark a mail"):
            _ok(self._imap.uid("STORE", str(number), "+FLAGS.SILENT", flags))

    @property
    def _imap(self) -> imaplib.IMAP4:
        if self._connection is None:
            raise MailboxAway("the conversation is over")
        return self._connection

    def _open(self) -> None:
        address = self._address
        with _in_our_words("the server cannot be reached"):
            context = ssl.create_default_context()
            if address.scheme == "imaps":
                self._connection = _BoundedTls(address.host, address.port, ssl_context=context, timeout=TIMEOUT_S)
            else:
                self._connection = _Bounded(address.host, address.port, timeout=TIMEOUT_S)
        if address.scheme == "imap":
            with _in_our_words("TLS cannot be begun with the server (STARTTLS)"):
                self._imap.starttls(context)
        if "AUTH=PLAIN" not in self._imap.capabilities:
            raise MailboxAway("the server takes no password (AUTH=PLAIN)")
        with _in_our_words("the server refuses our user or password"):
            self._imap.authenticate("PLAIN", lambda _: f"\0{address.user}\0{self._password}".encode())
        with _in_our_words("the folder is not there, or may not be written"):
            _ok(self._imap.select(_quoted(modified_utf7(address.folder))))
        with _in_our_words("the server does not number its mails"):
            self.validity = int(self._said("UIDVALIDITY"))
            self.last = int(self._said("UIDNEXT")) - 1
        self._keywords = MARK in self._said("PERMANENTFLAGS") or r"\*" in self._said("PERMANENTFLAGS")

    def _said(self, name: str) -> str:
        found = self._imap.untagged_responses.get(name) or [b""]
        return found[-1].decode("ascii", "replace") if isinstance(found[-1], bytes) else ""

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError, ValueError):
                connection.logout()  # no CLOSE before it, which would expunge what a person marked as deleted
            with contextlib.suppress(OSError):
                connection.shutdown()


@contextlib.contextmanager
def _in_our_words(words: str) -> Iterator[None]:
    """Whatever goes wrong inside is a MailboxAway that says `words`, and after them the system's words, if any."""
    try:
        yield
    except MailboxAway:
        raise
    except OSError as error:
        raise MailboxAway(f"{words}: {error}") from None
    except Exception:  # imaplib raises what it likes over an answer that is none
        raise MailboxAway(words) from None


def _ok(reply: tuple[str, list[Any]]) -> list[Any]:
    if reply[0] != "OK":
        raise imaplib.IMAP4.error(reply[0])
    return reply[1]


def _answers(data: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """Each FETCH answer of imaplib as (the attributes, before and after the literal; the literal)."""
    for index, each in enumerate(data):
        if isinstance(each, tuple):
            after = data[index + 1] if index + 1 < len(data) else b""
            yield each[0] + b" " + (after if isinstance(after, bytes) else b""), each[1]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def modified_utf7(text: str) -> str:
    """The name of a folder as IMAP writes it: `&` and base64 around what is not ASCII (RFC 3501, 5.1.3)."""
    out: list[str] = []
    for run in re.findall(r"[ -~]+|[^ -~]+", text):
        if run.isascii() and run.isprintable():
            out.append(run.replace("&", "&-"))
        else:
            coded = base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            out.append(f"&{coded}-")
    return "".join(out)
