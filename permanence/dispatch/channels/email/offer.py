# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mail that offers a slot to one who waits: day, hour, until when, a link. Nothing of health."""

from datetime import datetime
from email.message import EmailMessage

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from permanence.dispatch.channels.email.content import Addressed, letter
from permanence.foundation import dates, moments


def compose_offer(
    about: Addressed,
    *,
    practice: str,
    visit_at: datetime,
    until: datetime,
    link: str,
    at: datetime,
    place_first: bool = False,
) -> EmailMessage:
    """The mail in the patient's language. `visit_at`, `until` are on the client's clock; `at` as for `compose`.

    `place_first`: that the page behind the link says at which site it is; never which.
    """
    with translation.override(about.language):
        subject = _("An appointment is free")
        said = _("%(who)s: an appointment is free on %(day)s at %(hour)s.") % {
            "who": practice or about.house_name,
            "day": dates.say(visit_at, dates.Form.WHOLE),
            "hour": moments.hour_there(visit_at),
        }
        kept = _("It is kept for you until %(hour)s on %(day)s. Nobody else can take it until then.") % {
            "day": dates.say(until, dates.Form.WHOLE),
            "hour": moments.hour_there(until),
        }
        where = _("See there where it is before you take it.") if place_first else ""
        context = {"subject": subject, "about": about, "said": said, "kept": kept, "where": where, "link": link}
        text = render_to_string("dispatch/offer.txt", context)
        html = render_to_string("dispatch/offer.html", context)
    return letter(about, subject=subject, text=text, html=html, at=at)
