# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may be written of an instruction; everything else is refused by name."""

from datetime import datetime
from typing import Any

from permanence.clients.models import Client, Line, Reason, Recipient
from permanence.clients.queries import LineUnknown, RecipientUnknown
from permanence.clients.rules import EVERYTHING, INSTRUCTION_LIMIT, Scope
from permanence.clients.rules.html_tags import html_in
from permanence.foundation.keys import row_key
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.reception import markup


class InstructionEmpty(Refusal):
    """No words would be shown."""

    code = "instruction_empty"


class InstructionTooLong(Refusal):
    """More than can be read while the phone rings (`rules.INSTRUCTION_LIMIT` characters)."""

    code = "instruction_too_long"


class InstructionHtml(Refusal):
    """There is HTML in it: it would be read as it stands."""

    code = "instruction_html"


class PeriodBackwards(Refusal):
    """It would end before it begins."""

    code = "period_backwards"


class ReasonUnknown(Refusal):
    """The client's form has no such reason."""

    code = "reason_unknown"


class CallerMalformed(Refusal):
    """The caller's number is not in E.164: plus sign, country, number."""

    code = "caller_malformed"


class InstructionChanged(Refusal):
    """Somebody else wrote a version after the one that this change began from; it is not written over."""

    code = "instruction_changed"


def checked_text(text: str) -> str:
    """The text without blanks around it. Raises InstructionEmpty, InstructionTooLong, InstructionHtml."""
    text = text.strip()
    if not markup.words(text):
        raise InstructionEmpty("an instruction says something")
    if len(text) > INSTRUCTION_LIMIT:
        raise InstructionTooLong(f"{len(text)} characters, {INSTRUCTION_LIMIT} at most")
    if tag := html_in(text):
        raise InstructionHtml(tag)
    return text


def checked_period(starts_at: datetime | None, ends_at: datetime | None) -> dict[str, Any]:
    """The period as columns. Raises PeriodBackwards."""
    if starts_at is not None and ends_at is not None and ends_at < starts_at:
        raise PeriodBackwards(f"{starts_at.isoformat()} to {ends_at.isoformat()}")
    return {"starts_at": starts_at, "ends_at": ends_at}


def checked_scope(client: Client, scope: Scope, *, kept: Scope = EVERYTHING) -> dict[str, Any]:
    """The scope as columns: all of it this client's own, or as the last version has it (`kept`).

    What the client no longer has may stay, but is not chosen anew. Raises RecipientUnknown, LineUnknown,
    ReasonUnknown, CallerMalformed.
    """
    recipient = None
    if scope.recipient:
        key = row_key(scope.recipient)
        recipient = Recipient.objects.for_client(client).filter(pk=key).first()
        if recipient is None or not (recipient.active or scope.recipient == kept.recipient):
            raise RecipientUnknown(scope.recipient)
    if scope.line not in {"", kept.line} and not Line.objects.for_client(client).filter(number=scope.line).exists():
        raise LineUnknown(scope.line)
    reasons = Reason.objects.for_client(client)
    if scope.reason not in {"", kept.reason} and not reasons.filter(code=scope.reason).exists():
        raise ReasonUnknown(scope.reason)
    caller = scope.caller
    if caller not in {"", kept.caller}:
        try:
            caller = str(PhoneNumber.parse_global(caller))
        except ValueError as error:
            raise CallerMalformed("not a number with its country") from error
    return {"recipient": recipient, "line": scope.line, "reason": scope.reason, "caller": caller}
