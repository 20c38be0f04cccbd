# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mail that a calendar understands (iMIP, RFC 6047): words for people, beside them the same for machines."""

from datetime import datetime
from email.message import EmailMessage

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from permanence.agenda.interop.invitation import Invitation, Method, as_calendar
from permanence.dispatch.channels.email.content import Addressed, letter
from permanence.foundation import dates, moments


def compose_calendar(about: Addressed, invitation: Invitation, *, visit_at: datetime, at: datetime) -> EmailMessage:
    """The mail in the patient's language. `visit_at` is on the client's clock; `at` as for `content.compose`."""
    with translation.override(about.language):
        day, hour = dates.say(visit_at, dates.Form.WHOLE), moments.hour_there(visit_at)
        if invitation.method is Method.CANCEL:
            subject, said = _("Your appointment was cancelled"), _("It does not take place.")
        elif invitation.revision:
            subject, said = _("Your appointment was moved"), ""
        else:
            subject, said = _("Your appointment"), ""
        context = {"subject": subject, "about": about, "day": day, "hour": hour, "said": said}
        context["place"] = invitation.place
        text = render_to_string("dispatch/calendar.txt", context)
        html = render_to_string("dispatch/calendar.html", context)
    mail = letter(about, subject=subject, text=text, html=html, at=at)
    add_calendar(mail, invitation)
    return mail


def add_calendar(mail: EmailMessage, invitation: Invitation) -> None:
    """Put the object beside the words, as the last and best of the alternatives (RFC 6047, 2.4)."""
    language = mail["Content-Language"]
    mail.add_alternative(
        as_calendar(invitation).decode(),
        subtype="calendar",
        cte="quoted-printable",  # keeps the ends of lines that RFC 5545 wants, which base64 would not
        params={"method": invitation.method.value, "component": "VEVENT"},
    )
    if "Content-Language" not in mail and language:
        mail["Content-Language"] = language
