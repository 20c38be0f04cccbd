# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor books on his telephone: reasons only he may book, for somebody known or new, at a time that is free."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.urls import reverse

from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.operations import appointments, reasons, setting
from permanence.agenda.refusals import SlotRefused
from permanence.agenda.rules.kinds import Asker, ExceptionKind, Need, VisitReason
from permanence.agenda.rules.states import CancelCause, Door
from permanence.callers.models import Patient
from permanence.clients import absences
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import NOON, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.test_console_agenda import PARIS, monday

__all__ = ["monday"]

pytestmark = pytest.mark.django_db
TIME = re.compile(r'name="starts" value="([^"]+)"')
KEY = re.compile(r'name="key" value="([^"]+)"')


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)
    return made


@pytest.fixture
def botox(cast):
    """A reason that only the doctor books."""
    wanted = VisitReason(id="", client=cast.cabinet.id, name="Botox", minutes=40, bookable_by=frozenset({Asker.DOCTOR}))
    return reasons.set_reason(client=cast.cabinet.id, reason=wanted, by=cast.marc, at=NOON).id


@pytest.fixture
def doctor(cast):
    return SignedInBrowser(cast.dr_dupont)


def address(cast, agenda=""):
    return reverse("portal_book", args=[cast.cabinet.id, agenda or cast.dupont])


def shown(cast, browser, **asked):
    answer = browser.get(address(cast), asked)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def book(cast, browser, botox, day, **changes):
    wanted = {"reason": botox, "patient": cast.jeanne, "day": day.isoformat()}
    page = shown(cast, browser, **wanted)
    times = TIME.findall(page)
    said = {**wanted, "step": "book", "key": KEY.search(page)[1], "starts": times[0]} | changes
    return browser.post(address(cast), said)


def test_what_only_he_may_book_he_books(cast, doctor, botox, monday):
    assert "Botox" in shown(cast, doctor)
    made = book(cast, doctor, botox, monday)
    assert made.status_code == 303, made.content
    row = Appointment.objects.get()
    assert (str(row.reason_id), str(row.patient_id), row.door) == (botox, cast.jeanne, Door.PORTAL.value)
    assert row.ends_at - row.starts_at == timedelta(minutes=40)
    page = doctor.get(made["Location"]).content.decode()
    assert 'id="done"' in page
    hours = [each.replace("\u00a0", " ") for each in re.findall(r">(\d[\d:h\u00a0]+)</span></label>", page)]
    assert hours  # as the sentence above them says the hour that was booked
    assert [each for each in hours if not re.fullmatch(r"\d{1,2} h( \d{2})?", each)] == []
    with pytest.raises(SlotRefused):  # a secretary may not, nor the patient online
        appointments.book(
            key=cast.key(),
            agenda=cast.dupont,
            starts_at=row.ends_at,
            booking=cast.booking(reason=botox),
            by=cast.claire,
            at=SystemClock().now(),
        )


def test_the_same_form_twice_books_once(cast, doctor, botox, monday):
    page = shown(cast, doctor, reason=botox, patient=cast.jeanne, day=monday.isoformat())
    said = {"reason": botox, "patient": cast.jeanne, "day": monday.isoformat(), "step": "book"}
    said |= {"key": KEY.search(page)[1], "starts": TIME.findall(page)[0]}
    for _ in range(2):
        assert doctor.post(address(cast), said).status_code == 303
    assert Appointment.objects.count() == 1


def test_it_is_taken_back_as_a_slip(cast, doctor, botox, monday):
    made = book(cast, doctor, botox, monday)
    row = Appointment.objects.get()
    back = doctor.post(address(cast), {"step": "back", "done": row.key, "day": monday.isoformat()})
    assert (made.status_code, back.status_code) == (303, 303)
    row.refresh_from_db()
    assert (row.state, row.cancel_cause) == ("cancelled", CancelCause.MISTAKE.value)
    assert doctor.post(address(cast), {"step": "back", "done": row.key}).status_code == 422
    assert doctor.post(address(cast), {"step": "back", "done": "4711"}).status_code == 422


def test_who_comes_is_found_or_added(cast, doctor, botox, monday):
    page = shown(cast, doctor, reason=botox, q="140361", day=monday.isoformat())
    assert f"patient={cast.jeanne}" in page
    assert f"patient={cast.greta}" not in page  # of another client
    page = shown(cast, doctor, reason=botox, q="020299 Nouveau Luc")
    assert "NOUVEAU Luc" in page
    new = {"step": "new", "q": "020299 Nouveau Luc", "reason": botox, "key": KEY.search(page)[1]}
    for _ in range(2):
        assert doctor.post(address(cast), new | {"number": "06 39 98 00 01"}).status_code == 303
    made = Patient.objects.get(used_name="Nouveau")
    assert (made.first_name, made.birth_date) == ("Luc", "1999-02-02")
    assert doctor.post(address(cast), new | {"number": "letters", "key": "k" * 20}).status_code == 422
    assert doctor.post(address(cast), new | {"q": "", "key": "j" * 20}).status_code == 422


def test_what_is_taken_meanwhile_is_refused_in_words(cast, doctor, botox, monday):
    page = shown(cast, doctor, reason=botox, patient=cast.jeanne, day=monday.isoformat())
    first = TIME.findall(page)[0]
    assert book(cast, doctor, botox, monday).status_code == 303
    said = {"reason": botox, "patient": cast.paul, "day": monday.isoformat(), "starts": first}
    refused = doctor.post(address(cast), {**said, "step": "book", "key": "k" * 20})
    assert refused.status_code == 422
    assert 'id="failed"' in refused.content.decode()
    assert Appointment.objects.count() == 1


def test_where_nothing_is_free_the_next_day_is_offered(cast, doctor, botox, monday):
    sunday = monday - timedelta(days=1)
    page = shown(cast, doctor, reason=botox, patient=cast.jeanne, day=sunday.isoformat())
    assert TIME.findall(page) == []
    assert f"day={monday.isoformat()}" in page


@pytest.mark.parametrize(
    "said",
    [
        {}, {"step": "book"}, {"step": "book", "starts": "soon"}, {"step": "book", "starts": "2026-11-30T10:00"},
        {"step": "book", "reason": "9" * 400}, {"step": "nothing"}, {"step": "back"}, {"step": "new", "q": "?" * 500},
        {"day": "9999-99-99"}, {"step": "book", "key": "x"},
    ],
)  # fmt: skip
def test_what_the_page_does_not_send_changes_nothing(cast, doctor, botox, said):
    before = Patient.objects.count()
    assert doctor.post(address(cast), said).status_code == 422
    assert (Appointment.objects.count(), Patient.objects.count()) == (0, before)


@pytest.mark.parametrize("day", ["2206-01-01", "9999-12-31"])
def test_a_day_that_is_too_far_away_is_said_and_nothing_else_is_looked_for(cast, doctor, botox, day):
    wanted = {"reason": botox, "patient": cast.jeanne, "day": day}
    page = doctor.get(address(cast), wanted)
    assert page.status_code == 422
    assert "Ce jour est trop éloigné" in page.content.decode()
    starts = f"{day}T10:00:00+00:00"
    booked = doctor.post(address(cast), wanted | {"step": "book", "key": "k" * 20, "starts": starts})
    assert (booked.status_code, Appointment.objects.count()) == (422, 0)


def test_nobody_is_new_with_a_birth_date_that_cannot_be(cast, doctor, botox):
    page = shown(cast, doctor, reason=botox, q="03.02.2090 Kobalt Mina")
    assert "Personne n’est encore né ce jour-là." in page
    before = Patient.objects.count()
    said = {"step": "new", "key": "k" * 20, "reason": botox, "q": "03.02.2090 Kobalt Mina"}
    refused = doctor.post(address(cast), said)
    assert refused.status_code == 422
    assert "pas pu se faire" not in refused.content.decode()
    assert Patient.objects.count() == before


def test_a_number_in_letters_is_named_and_stays_to_be_corrected(cast, doctor, botox):
    said = {"step": "new", "key": "k" * 20, "reason": botox, "q": "03.02.1990 Kobalt Mina", "number": "abc"}
    page = doctor.post(address(cast), said)
    assert page.status_code == 422
    assert "Ce n’est pas un numéro de téléphone" in page.content.decode()
    assert 'value="abc"' in page.content.decode()


def test_a_reason_that_is_not_his_is_not_offered(cast, doctor, monday):
    online = VisitReason(
        id="", client=cast.cabinet.id, name="Vaccin", minutes=10, bookable_by=frozenset({Asker.SECRETARY})
    )
    key = reasons.set_reason(client=cast.cabinet.id, reason=online, by=cast.marc, at=NOON).id
    page = shown(cast, doctor, reason=key, patient=cast.jeanne, day=monday.isoformat())
    assert "Vaccin" not in page
    assert TIME.findall(page) == []


def test_nobody_elses_agenda_and_nobody_elses_patients(cast, doctor, botox, monday):
    assert doctor.get(address(cast), {"patient": cast.greta}).status_code == 404
    assert doctor.get(address(cast, cast.lemaire)).status_code == 403  # a colleague's is there to read
    stranger = SignedInBrowser(cast.dr_weber)
    assert stranger.get(address(cast)).status_code == 404
    assert stranger.post(address(cast), {"step": "book"}).status_code == 404
    assert Appointment.objects.count() == 0


def test_what_is_against_a_time_is_said_by_its_names(cast, doctor, monday):
    at = SystemClock().now()
    room = setting.add_resource(client=cast.cabinet.id, name="Salle Pasteur", kind="laser", by=cast.marc, at=at)
    laser = VisitReason(id="", client=cast.cabinet.id, name="Laser", minutes=20, needs=(Need(ids=(room.id,)),))
    wanted = reasons.set_reason(client=cast.cabinet.id, reason=laser, by=cast.marc, at=at).id
    starts = datetime.fromisoformat(TIME.search(shown(cast, doctor, **told(cast, wanted, monday)))[1])
    theirs = cast.booking(reason=wanted)
    appointments.book(key=cast.key(), agenda=cast.lemaire, starts_at=starts, booking=theirs, by=cast.claire, at=at)
    said = told(cast, wanted, monday) | {"step": "book", "key": cast.key(), "starts": starts.isoformat()}
    refused = doctor.post(address(cast), said)
    assert refused.status_code == 422
    assert "Salle Pasteur" in refused.content.decode()


def told(cast, reason, day):
    return {"reason": reason, "patient": cast.jeanne, "day": day.isoformat()}


def test_where_nothing_is_free_it_is_said_why(cast, doctor, botox, monday):
    at = SystemClock().now()
    where = told(cast, botox, monday)
    starts = datetime.combine(monday, time(0), tzinfo=PARIS)
    absences.announce_absence(
        client=cast.cabinet.id, recipient=cast.cabinet.doctor, starts=starts, ends=starts + timedelta(days=1),
        words="Congrès.", announced_by=cast.marc.person, by=cast.marc, at=at,
    )  # fmt: skip
    page = shown(cast, doctor, **where)
    assert not TIME.search(page)
    assert f"{cast.cabinet.doctor} " not in re.sub(r"<[^>]+>", " ", page.split('id="t-times"')[1])
    assert "Dupont" in page.split('id="t-times"')[1]
    setting.set_exception(
        agenda=cast.dupont, day=monday + timedelta(days=1), kind=ExceptionKind.CLOSED, label="Pont", by=cast.marc, at=at
    )  # fmt: skip
    closed = shown(cast, doctor, **told(cast, botox, monday + timedelta(days=1)))
    assert "Pont" in closed.split('id="t-times"')[1]
