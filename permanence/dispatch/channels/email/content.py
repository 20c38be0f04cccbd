# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a mail says: that a message waits, how urgent, from which house, and where to read it after signing in.

Nothing of the message itself, of the caller or of the client's name stands in it: a mail passes through systems that
are not bound to secrecy (see the interdiction of health details outside secure channels, CSP L1110-4).
"""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """From whom to whom a mail goes. `sender` is our own address.

    `key` makes the Message-ID: the same at every try, so that a mail that went out twice is recognised as one.
    """

    key: str
    house: str
    house_name: str
    sender: str
    recipient: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Addressed):
    """That a message waits. `link` is the page of the message in the portal."""

    urgency: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited(Addressed):
    """That the house invites. `link` works once, until `expires_at`, which is in the house's time zone."""

    invited_by: str
    link: str
    expires_at: datetime


def compose(notice: Notice, *, at: datetime) -> EmailMessage:
    """The mail, in the recipient's language: text, and the same as HTML (RFC 5322, RFC 2046, RFC 3834).

    `at` is the moment of sending, in the house's time zone, which the Date field then shows.
    """
    with translation.override(notice.language):
        subject = subject_of(notice.urgency)
        context = {"subject": subject, "notice": notice}
        text = render_to_string("dispatch/message_waiting.txt", context)
        html = render_to_string("dispatch/message_waiting.html", context)
    mail = letter(notice, subject=subject, text=text, html=html, at=at)
    if notice.urgency == "urgent":
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    return mail


def letter(about: Addressed, *, subject: str, text: str, html: str, at: datetime) -> EmailMessage:
    """A mail of the house with these words. `at` is the moment of sending, in the house's time zone."""
    address = parseaddr(about.sender)[1] or about.sender
    domain = address.rpartition("@")[2] or "localhost"
    name = " ".join(about.house_name.split())
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(display_name=name, addr_spec=address)
    mail["To"] = about.recipient
    mail["Subject"] = f"{subject} ({name})"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{about.key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"<messages.{about.house}.{domain}>"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    mail["Content-Language"] = about.language  # last: setting a content removes such fields
    return mail


def compose_invitation(invited: Invited, *, at: datetime) -> EmailMessage:
    """The mail that invites a person, in her language; `at` as for `compose`."""
    with translation.override(invited.language):
        subject = _("Your invitation")
        context = {"subject": subject, "invited": invited}
        text = render_to_string("dispatch/invitation.txt", context)
        html = render_to_string("dispatch/invitation.html", context)
    return letter(invited, subject=subject, text=text, html=html, at=at)


def compose_approval(about: Addressed, *, link: str, at: datetime) -> EmailMessage:
    """The mail that says that a change waits for a second person; nothing of the change. `at` as for `compose`."""
    with translation.override(about.language):
        subject = _("A change waits for your word")
        context = {"subject": subject, "about": about, "link": link}
        text = render_to_string("dispatch/approval_waiting.txt", context)
        html = render_to_string("dispatch/approval_waiting.html", context)
    return letter(about, subject=subject, text=text, html=html, at=at)


def subject_of(urgency: str) -> str:
    """The subject in the active language."""
    return {
        "information": _("A message is waiting for you"),
        "today": _("A message is waiting for you, for today"),
        "urgent": _("Urgent: a message is waiting for you"),
    }[urgency]
