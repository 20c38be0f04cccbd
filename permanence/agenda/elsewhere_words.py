# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts in external agendas in words, translated: console, supervision and portal say the same."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permanence.agenda.elsewhere_queries import ActRow
from permanence.agenda.rules.elsewhere import ActElsewhere
from permanence.foundation import dates, moments

ACTS = {
    ActElsewhere.BOOKED: gettext_lazy("Appointment booked"),
    ActElsewhere.MOVED: gettext_lazy("Appointment moved"),
    ActElsewhere.CANCELLED: gettext_lazy("Appointment cancelled"),
}


def act_words(row: ActRow) -> str:
    """What was done, and in which agenda: "Appointment booked in Doctolib"."""
    return in_product(str(ACTS[row.act]), row.product)


def in_product(what: str, product: str) -> str:
    """What was done with the name of the agenda, where one is known."""
    return _("%(what)s in %(product)s") % {"what": what, "product": product} if product else what


def moment_words(row: ActRow) -> str:
    """The day and the hour of the appointment on the client's clock, as far as they were said; "" when not."""
    if row.day is None:
        return ""
    day = dates.say(row.day, dates.Form.WHOLE)
    if row.hour is None:
        return day
    hour = moments.hour(datetime.combine(row.day, row.hour, UTC), UTC)
    return _("%(day)s, %(hour)s") % {"day": day, "hour": hour}


def whole_words(row: ActRow) -> str:
    """One line for a list: for whom, which patient, when; as far as they are known."""
    whose = _("for %(name)s") % {"name": row.recipient_name}
    return " · ".join(part for part in (whose, row.patient_name, moment_words(row)) if part)
