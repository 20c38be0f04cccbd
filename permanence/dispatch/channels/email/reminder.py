# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mail that reminds a patient: day, hour, the practice only where it agreed, a link. Nothing of health."""

from datetime import datetime
from email.message import EmailMessage

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from permanence.dispatch.channels.email.content import Addressed, letter
from permanence.foundation import dates, moments


def compose_reminder(about: Addressed, *, practice: str, visit_at: datetime, link: str, at: datetime) -> EmailMessage:
    """The mail in the patient's language. `visit_at` is on the client's clock; `at` as for `content.compose`."""
    with translation.override(about.language):
        subject = _("Your appointment")
        day, hour = dates.say(visit_at, dates.Form.WHOLE), moments.hour_there(visit_at)
        who = practice or about.house_name
        said = _("%(who)s: your appointment is on %(day)s at %(hour)s.") % {"who": who, "day": day, "hour": hour}
        context = {"subject": subject, "about": about, "said": said, "link": link}
        text = render_to_string("dispatch/reminder.txt", context)
        html = render_to_string("dispatch/reminder.html", context)
    return letter(about, subject=subject, text=text, html=html, at=at)
