# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads delivery receipts: `multipart/report` with `message/delivery-status` (RFC 6522, RFC 3464, RFC 6533).

A receipt is believed because it repeats the delivery's key, 80 bits of chance: as the envelope's id, or, from a relay
that knows nothing of RFC 3461, in the Message-ID of the mail it gives back.

What comes in may be hostile. Only the report's own parts are looked at, one level deep, in one pass: a mail nested a
thousand times costs what a flat one does, and a receipt wrapped in another mail is no receipt.
"""

import email.parser
import email.policy
import enum
import re
from dataclasses import dataclass
from email.message import Message

TYPE_LIMIT = 1000
"""Characters of a Content-Type that is taken apart: the standard library's way is quadratic in them."""
PARTS_LIMIT = 8
"""Parts of a report that are looked at; RFC 6522 knows three."""
GROUPS_LIMIT = 20
"""Recipients of one receipt that are looked at; each mail of ours has one."""
WHY_LIMIT = 200
_STATUS = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED = {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
_BLANK = re.compile(rb"^[ \t]*\n", re.MULTILINE)
_KEY = re.compile(r"[!-~]{1,100}")
_MESSAGE_ID = re.compile(r"<([0-9a-z]{26})@[^<>@]{1,255}>")
_HEAD = email.parser.BytesHeaderParser(policy=email.policy.compat32)  # it takes any header as it is, and never fails


class ReceiptAction(enum.StrEnum):
    """What became of the mail at one recipient (RFC 3464, 2.3.3)."""

    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    DELAYED = "delayed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`key` is the ENVID given at sending; `why` the status and the remote system's words."""

    key: str
    action: ReceiptAction
    why: str


def read_receipts(data: bytes) -> tuple[Receipt, ...]:
    """The receipts in a mail; empty when it is none (an answer out of office, a mail written by hand, rubbish)."""
    head, body = _split(data.replace(b"\r\n", b"\n"))
    parts = [_split(part) for part in _parts(head, body)]
    key = ""
    receipts: list[tuple[ReceiptAction, str]] = []
    for part, content in parts:
        if _type(part) in _STATUS and not receipts:
            groups = _groups(content)
            key = _from_xtext(_field(groups[0], "Original-Envelope-Id")) if groups else ""
            receipts = _results(groups[1:])
    if not key:
        key = next((_returned(content) for part, content in parts if _type(part) in _RETURNED), "")
    if not _KEY.fullmatch(key):
        return ()
    return tuple(Receipt(key=key, action=action, why=why) for action, why in receipts)


def _split(data: bytes) -> tuple[Message, bytes]:
    """The fields of a mail or of a part, and what follows the first blank line."""
    blank = _BLANK.search(data)
    end, begin = blank.span() if blank else (len(data), len(data))
    return _HEAD.parsebytes(data[:end]), data[begin:]


def _type(head: Message) -> str:
    return head.get_content_type() if len(str(head.get("Content-Type", ""))) <= TYPE_LIMIT else ""


def _parts(head: Message, body: bytes) -> list[bytes]:
    """The parts of a report, each with its fields; none of any other mail (RFC 2046, 5.1.1)."""
    if _type(head) != "multipart/report":
        return []
    try:
        boundary = head.get_boundary("").encode("ascii")
    except (ValueError, LookupError):  # a boundary in a charset that is none (RFC 2231)
        return []
    if not boundary:
        return []
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\n|\Z)", re.MULTILINE)
    return line.split(body, maxsplit=PARTS_LIMIT)[1 : PARTS_LIMIT + 1]


def _groups(content: bytes) -> list[Message]:
    """The groups of fields of one status: the first is about the mail, each other about one recipient."""
    texts = _BLANK.split(content.lstrip(b"\n"), maxsplit=3 * GROUPS_LIMIT)
    return [_HEAD.parsebytes(text) for text in texts if text.strip()][: GROUPS_LIMIT + 1]


def _results(groups: list[Message]) -> list[tuple[ReceiptAction, str]]:
    found: list[tuple[ReceiptAction, str]] = []
    for group in groups:
        try:
            action = ReceiptAction(_field(group, "Action").partition(";")[0].strip().lower())
        except ValueError:
            continue
        status = _field(group, "Status").partition(" ")[0]
        words = _field(group, "Diagnostic-Code").partition(";")[2]
        found.append((action, _readable(f"{status} {words}")[:WHY_LIMIT]))
    return found


def _returned(content: bytes) -> str:
    """The key in the Message-ID of the mail, or of its head, that was given back (`content.compose` writes it)."""
    found = _MESSAGE_ID.fullmatch(_field(_split(content)[0], "Message-ID"))
    return found[1] if found else ""


def _field(group: Message, name: str) -> str:
    return str(group.get(name, "")).strip()


def _readable(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _from_xtext(text: str) -> str:
    out = bytearray()
    position = 0
    while position < len(text):
        if text[position] == "+":
            try:
                out.append(int(text[position + 1 : position + 3], 16))
            except ValueError:
                return ""
            position += 3
        else:
            out += text[position].encode()
            position += 1
    return out.decode("utf-8", "replace")
