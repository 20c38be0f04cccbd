# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is decided about patients who book by themselves: how often, how long, how fast, and how a page is called."""

import enum
import re
from dataclasses import dataclass
from datetime import timedelta

FORM_TIME = timedelta(minutes=30)
"""How long a form lives that becomes no appointment; longer where a code of it is good for longer."""
CODE_TIME = timedelta(minutes=15)
"""How long a code is good."""
CODE_TRIES = 5
"""So many codes may be typed for each that was sent."""
CODE_FIGURES = 6
CODE_AGAIN = timedelta(seconds=30)
"""Within it the same form sent once more sends no other code: a page that was posted twice."""
MOST_CODES = 3
"""Codes of one form."""
QUICKEST = timedelta(seconds=2)
"""Nobody writes name, birth date, number and mail in less."""
KNOCKS_KEPT = timedelta(days=1)
FORMS_KEPT = timedelta(days=1)
"""After which a form that became nothing is deleted."""
VISITS_KEPT = timedelta(days=30)
"""After the visit, its form and mails."""
OVERTAKEN = "overtaken"
"""Why a mail was never sent: what it says is no longer so."""

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,58}\Z")


class Knock(enum.StrEnum):
    """What is counted."""

    HOLD = "hold"
    CODE = "code"
    CHANGE = "change"
    MAIL = "mail"
    NUMBER = "number"
    SMS = "sms"


class PublicMailKind(enum.StrEnum):
    """What a mail is about."""

    CODE = "code"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` within `span`; on all pages together, or on those of each client (`each_client`)."""

    most: int
    span: timedelta
    each_client: bool = False


LIMITS = {
    Knock.HOLD: (
        Limit(6, timedelta(minutes=10)),
        Limit(30, timedelta(days=1), each_client=True),
        Limit(300, timedelta(days=1)),
    ),
    Knock.CODE: (Limit(10, timedelta(hours=1)),),
    Knock.CHANGE: (Limit(20, timedelta(hours=1)),),
    Knock.MAIL: (Limit(4, timedelta(hours=1)), Limit(10, timedelta(days=1))),
    Knock.NUMBER: (Limit(4, timedelta(hours=1)), Limit(10, timedelta(days=1))),
    Knock.SMS: (Limit(60, timedelta(hours=1)), Limit(300, timedelta(days=1))),
}
"""HOLD, CODE and CHANGE by address, MAIL and NUMBER by who is written to, SMS by house: each one is paid
for. A practice's own network is one address, and so are all subscribers behind one of their carrier's: a HOLD that
becomes an appointment counts no more.
"""


def is_slug(text: str) -> bool:
    """Whether a page can be called so: 3 to 60 small letters, figures and single dashes between them."""
    return _SLUG.match(text) is not None


def code_of(digest: bytes) -> str:
    """The figures of a code from a keyed digest of at least 8 octets."""
    return f"{int.from_bytes(digest[:8]) % 10**CODE_FIGURES:0{CODE_FIGURES}d}"


def typed_code(text: str) -> str:
    """What was typed as a code, blanks and dashes left out; "" where that is none."""
    figures = "".join(each for each in text[:40] if not each.isspace() and each != "-")
    return figures if len(figures) == CODE_FIGURES and figures.isascii() and figures.isdecimal() else ""
