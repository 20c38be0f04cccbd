# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mail that says that visits begin later today: by how much, and whose hour. Nothing of health, no practitioner."""

from datetime import datetime
from email.message import EmailMessage

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from permanence.dispatch.channels.email.content import Addressed, letter
from permanence.foundation import moments


def compose_late(about: Addressed, *, practice: str, visit_at: datetime, minutes: int, at: datetime) -> EmailMessage:
    """The mail in the patient's language. `visit_at` is on the client's clock; `at` as for `content.compose`."""
    with translation.override(about.language):
        subject = _("Your appointment begins later")
        said = _("%(who)s: about %(minutes)s minutes late today. Your appointment at %(hour)s will begin later.") % {
            "who": practice or about.house_name,
            "minutes": minutes,
            "hour": moments.hour_there(visit_at),
        }
        context = {"subject": subject, "about": about, "said": said}
        text = render_to_string("dispatch/late.txt", context)
        html = render_to_string("dispatch/late.html", context)
    return letter(about, subject=subject, text=text, html=html, at=at)
