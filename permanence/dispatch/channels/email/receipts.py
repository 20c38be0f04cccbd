# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads delivery receipts: `multipart/report` with `message/delivery-status` (RFC 3462, RFC 3464).

A receipt is believed because it repeats the envelope's id, which only the relays on the way know.
"""

import email
import email.policy
import enum
from dataclasses import dataclass
from email.message import Message


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
    mail = email.message_from_bytes(data, policy=email.policy.compat32)  # it takes any header as it is, and never fails
    if mail.get_content_type() != "multipart/report":
        return ()
    found: list[Receipt] = []
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            found += _status(part)
    return tuple(found)


def _status(part: Message) -> list[Receipt]:
    """The groups of fields of one status: the first is about the mail, each other about one recipient."""
    payload = part.get_payload()
    groups = [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    if not groups:
        return []
    key = _from_xtext(str(groups[0].get("Original-Envelope-Id", "")).strip())
    receipts: list[Receipt] = []
    for group in groups[1:]:
        try:
            action = ReceiptAction(str(group.get("Action", "")).split(";")[0].strip().lower())
        except ValueError:
            continue
        status = str(group.get("Status", "")).split(" ")[0]
        words = str(group.get("Diagnostic-Code", "")).partition(";")[2]
        receipts.append(Receipt(key=key, action=action, why=" ".join(f"{status} {words}".split())[:200]))
    return receipts if key else []


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
