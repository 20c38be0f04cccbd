# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who booked online hears by mail that the house cancels: the secretary reads that before she cancels.

With the code by SMS nobody proved that his mail is his: then he is to be called.
"""

import re

import pytest

from permanence.agenda.models import Appointment, PublicMail
from permanence.agenda.operations import appointments
from permanence.agenda.queries.views import appointment_views
from permanence.agenda.rules.public import OVERTAKEN, PublicMailKind
from permanence.agenda.rules.states import CancelCause
from permanence.callers.models import Patient
from permanence.dispatch.cancel_queries import ToldOfCancelling, told_of_cancelling
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.public_mails import run_public
from permanence.portal import agenda as day_of_portal
from tests.rooms.agenda_cast import MONDAY
from tests.rooms.public_cast import cast, clock, jeanne, mails
from tests.rooms.test_public_booking import provider, sent_by_sms

__all__ = ["cast", "clock", "jeanne", "provider"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(clock, monkeypatch):
    """The clock of the public pages, on the wall of the doctor's day too."""
    monkeypatch.setattr(day_of_portal, "_CLOCK", clock)
    return clock


def test_who_booked_online_is_told_by_mail(jeanne, cast, clock, deliver_all):
    jeanne.book()
    mails(clock.at)
    [visit] = appointment_views(Appointment.objects.all())
    asked = {"by": cast.claire, "visits": [visit]}
    assert told_of_cancelling(**asked, at=clock.at) == {visit.appointment: ToldOfCancelling.MAIL}
    assert told_of_cancelling(**asked, at=visit.starts_at) == {visit.appointment: ToldOfCancelling.NOBODY}
    act = {"by": cast.claire, "at": clock.at}
    appointments.cancel(key=cast.key(), appointment=visit.appointment, cause=CancelCause.ABSENCE, **act)
    deliver_all(clock.at)
    assert [(taken.kind, mail["To"]) for taken, mail in mails(clock.at)] == [
        (PublicMailKind.CANCELLED, "jeanne@example.org")
    ]


def test_whose_mail_no_code_proved_is_to_be_called_all_the_same(jeanne, cast, today, provider, browser_of):
    jeanne.take()
    jeanne.tell(by="sms")
    jeanne.code(sent_by_sms(provider, today.at)[0])
    [visit] = appointment_views(Appointment.objects.all())
    asked = {"by": cast.claire, "visits": [visit]}
    assert told_of_cancelling(**asked, at=today.at) == {visit.appointment: ToldOfCancelling.UNPROVED}
    doctor, address = browser_of(cast.dr_dupont), f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}"
    page = doctor.get(address, {"day": MONDAY.date()}).content.decode()
    words = "Un courriel part à une adresse qu’il n’a pas confirmée\u00a0: appelez-le."
    number = '<a class="link nowrap" href="tel:+33612345678">06\u00a012\u00a034\u00a056\u00a078</a>'
    assert f"{words} {number}" in page
    said = re.search(r'formaction="([^"]+/cancel)" name="starts" value="([^"]+)"', page)
    assert doctor.post(said[1], {"starts": said[2].replace("&#x2B;", "+")}).status_code == 303
    page = doctor.get(address, {"day": MONDAY.date()}).content.decode()
    assert f"le rendez-vous est annulé. {words} {number}" in page


def test_of_who_has_died_no_mail_leaves_and_his_number_is_not_shown(jeanne, cast, today, deliver_all, browser_of):
    jeanne.book()
    mails(today.at)
    Patient.objects.update(is_deceased=True)
    [visit] = appointment_views(Appointment.objects.all())
    asked = {"by": cast.claire, "visits": [visit], "at": today.at}
    assert told_of_cancelling(**asked) == {visit.appointment: ToldOfCancelling.DECEASED}
    page = browser_of(cast.dr_dupont).get(
        f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}", {"day": MONDAY.date()}
    )
    words = "Le patient est décédé\u00a0: personne ne lui écrit ni ne l’appelle."
    assert words in page.content.decode()
    assert f"{words} <a" not in page.content.decode()
    act = {"by": cast.claire, "at": today.at}
    appointments.cancel(key=cast.key(), appointment=visit.appointment, cause=CancelCause.ABSENCE, **act)
    deliver_all(today.at)
    run_public(at=today.at, relay=RelaySettings(host="127.0.0.1", port=1))
    last = PublicMail.objects.get(kind=PublicMailKind.CANCELLED)
    assert (last.sent_at, last.next_attempt_at, last.why) == (None, None, OVERTAKEN)
