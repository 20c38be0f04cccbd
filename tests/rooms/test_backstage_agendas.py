# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas in the back office: added, opened, looked at before they are saved; who reads, who writes; the walls."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from permanence.agenda.models import (
    Agenda,
    OpeningException,
    OpeningPattern,
    PublicPage,
    Resource,
    VisitReason,
    WaitingPlace,
)
from permanence.agenda.operations import appointments, setting
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.operations.public_pages import set_page
from permanence.agenda.operations.waiting_list import Waits, put_on_list
from permanence.agenda.queries import agendas
from permanence.agenda.refusals import OfferMinutesImpossible
from permanence.agenda.rules import kinds
from permanence.agenda.rules.usual import Trade
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.foundation import operations
from permanence.foundation.models import AuditEntry
from permanence.foundation.rules import Role
from tests.rooms.conftest import NOW, OTHER_PASSWORD, SignedInBrowser, person

pytestmark = pytest.mark.django_db
WEEKDAY = {"days": ["0", "1", "2", "3", "4"], "hours": "8-12, 14h-18h", "kind": "normal", "every_weeks": "1"}


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


@pytest.fixture
def weber(cast):
    """Dr Weber's agenda with the usual reasons, not open yet."""
    return begin_agenda(
        client=cast.weber,
        recipient=cast.recipients["Dr Weber"],
        name="Dr Weber",
        trade=Trade.DOCTOR,
        language="fr",
        by=cast.marc,
        at=NOW,
    )


def at(name, *args):
    return reverse(f"accounts:{name}", args=args)


def mark(answer):
    return re.search(r'name="mark" value="([0-9a-f]*)"', answer.content.decode())[1]


def opened(weber, cast, *, hours=("08:00", "18:00")):
    given = {"agenda": weber.id, "opens": hours[0], "until": hours[1], "on_holidays": True}
    week = [kinds.Opening(id="", weekday=day, **given) for day in range(7)]
    setting.set_openings(agenda=weber.id, openings=week, by=cast.marc, at=NOW)


def booked(weber, cast, *, hour=14, days=8):
    """Madame Canarie, at that hour UTC (an afternoon, summer and winter) so many days from the real now: the pages
    look ahead from there.
    """
    now = timezone.now()
    starts = (now + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)
    form = PatientForm(birth_name="Canarie", first_name="Jeanne", birth_date="1961-03-14", known=True)
    patient = callers.add_patient(client=cast.weber, patient="p" * 20, form=form, by=cast.claire, at=now)
    reason = agendas.reasons(by=cast.marc, client=cast.weber)[0]
    return appointments.book(
        key="k" * 20,
        agenda=weber.id,
        starts_at=starts,
        booking=Booking(patient=patient.id, reason=reason.id),
        by=cast.claire,
        at=now,
    )


def test_the_first_agenda_begins_with_the_reasons_of_the_trade_and_asks_for_its_hours(cast, marc):
    page = marc.get(at("agendas", cast.weber)).content.decode()
    assert "Dr Weber" in page
    assert 'name="trade"' in page
    given = {"recipient": cast.recipients["Dr Weber"], "name": "", "trade": "physiotherapist", "language": "de"}
    sent = marc.post(at("agenda-begin", cast.weber), given)
    made = Agenda.objects.get()
    assert sent["Location"] == at("agenda-opening", cast.weber, made.pk, "new")
    assert made.name == "Dr Weber"
    assert "Lymphdrainage" in VisitReason.objects.values_list("name", flat=True)
    assert 'name="trade"' not in marc.get(at("agendas", cast.weber)).content.decode()
    again = marc.post(at("agenda-begin", cast.weber), given)
    assert again.status_code == 422
    assert Agenda.objects.count() == 1


def test_hours_are_looked_at_then_saved(cast, marc, weber):
    address = at("agenda-opening", cast.weber, weber.id, "new")
    given = {**WEEKDAY, "new_patients": "on", "mark": mark(marc.get(address))}
    looked = marc.post(address, {**given, "do": "check"})
    assert looked.status_code == 200
    assert "setting__more" in looked.content.decode()
    assert OpeningPattern.objects.count() == 0
    saved = marc.post(address, {**given, "do": "save"}, follow=True)
    assert saved.redirect_chain[0][0] == at("agenda", cast.weber, weber.id)
    assert OpeningPattern.objects.count() == 10
    assert "08:00–12:00" in saved.content.decode()
    row = OpeningPattern.objects.first()
    assert (row.online, row.new_patients, row.capacity) == (False, True, 1)


def test_hours_of_a_group_have_a_room(cast, marc, weber):
    room = setting.add_resource(client=weber.client, name="Gymnastikraum", kind="room", by=cast.marc, at=NOW).id
    address = at("agenda-opening", cast.weber, weber.id, "new")
    given = {**WEEKDAY, "capacity": "6", "resources": [room], "mark": mark(marc.get(address))}
    saved = marc.post(address, {**given, "do": "save"}, follow=True)
    assert {(row.capacity, tuple(row.resources)) for row in OpeningPattern.objects.all()} == {(6, (room,))}
    assert "Gymnastikraum" in saved.content.decode()


def test_who_would_fall_outside_is_told_by_name_before_it_is_saved_and_stays(cast, marc, weber):
    opened(weber, cast)
    visit = booked(weber, cast)
    row = OpeningPattern.objects.get(weekday=visit.starts_at.weekday())
    address = at("agenda-opening", cast.weber, weber.id, row.pk)
    shown = marc.get(address)
    assert 'value="08:00-18:00"' in shown.content.decode()
    given = {**WEEKDAY, "days": [str(row.weekday)], "hours": "8-12", "mark": mark(shown)}
    looked = marc.post(address, {**given, "do": "check"}).content.decode()
    assert "CANARIE Jeanne" in looked
    gone = marc.post(address, {**given, "do": "gone"}).content.decode()
    assert "CANARIE Jeanne" in gone
    assert 'value="remove"' in gone
    assert OpeningPattern.objects.count() == 7
    marc.post(address, {**given, "do": "remove"})
    assert OpeningPattern.objects.count() == 6
    assert appointments.appointment_of(by=cast.marc, appointment=visit.appointment).starts_at == visit.starts_at


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(cast, marc, weber):
    address = at("agenda-opening", cast.weber, weber.id, "new")
    seen = mark(marc.get(address))
    opened(weber, cast)
    late = marc.post(address, {**WEEKDAY, "mark": seen, "do": "save"})
    assert late.status_code == 422
    assert OpeningPattern.objects.count() == 7
    assert marc.post(address, {**WEEKDAY, "mark": mark(late), "do": "save"}).status_code == 302


def test_two_pages_of_the_week_do_not_overwrite_each_other_nor_lose_what_was_typed(cast, marc, weber):
    opened(weber, cast)
    first, second = OpeningPattern.objects.order_by("weekday")[:2]
    pages = {row.pk: at("agenda-opening", cast.weber, weber.id, row.pk) for row in (first, second)}
    seen = {row.pk: mark(marc.get(pages[row.pk])) for row in (first, second)}
    given = {row.pk: {**WEEKDAY, "days": [str(row.weekday)], "hours": "9-12"} for row in (first, second)}
    marc.post(pages[first.pk], {**given[first.pk], "mark": seen[first.pk], "do": "save"})
    for step, pk in (("check", second.pk), ("check", first.pk), ("save", second.pk)):
        late = marc.post(pages[pk], {**given[pk], "hours": "8-11", "mark": seen[pk], "do": step})
        assert (late.status_code, step, pk) == (422, step, pk)
        assert 'value="8-11"' in late.content.decode()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.until, second.until) == ("12:00", "18:00")
    # A slip in between does not make her see what she has not seen.
    typo = marc.post(pages[second.pk], {**given[second.pk], "hours": "x", "mark": seen[second.pk], "do": "save"})
    assert marc.post(pages[second.pk], {**given[second.pk], "mark": mark(typo), "do": "save"}).status_code == 422
    marc.post(pages[second.pk], {**given[second.pk], "mark": mark(late), "do": "save"})
    second.refresh_from_db()
    assert second.until == "12:00"
    # Taken away meanwhile, what is typed for them is not lost.
    shown = mark(marc.get(pages[first.pk]))
    OpeningPattern.objects.filter(pk=first.pk).delete()
    gone = marc.post(pages[first.pk], {**given[first.pk], "hours": "7-8", "mark": shown, "do": "save"})
    assert gone.status_code == 422
    assert 'value="7-8"' in gone.content.decode()
    assert marc.get(pages[first.pk]).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hours": "18-8"}, "hours"),
        ({"hours": "morgens"}, "hours"),
        ({"hours": "8-12, 11-13"}, "hours"),
        ({"days": []}, "days"),
        ({"days": ["9"]}, "days"),
        ({"kind": "same_day"}, "released_at"),
        ({"kind": "same_day", "released_at": "25h"}, "released_at"),
        ({"kind": "party"}, "kind"),
        ({"every_weeks": "2"}, "anchor"),
        ({"capacity": "501"}, "capacity"),
        ({"capacity": "-1"}, "capacity"),
        ({"valid_from": "2027-02-01", "valid_until": "2027-01-01"}, "valid_until"),
        ({"valid_from": "2027-02-30"}, "valid_from"),
        ({"valid_until": "9999-12-31"}, "valid_until"),
        ({"valid_from": "9999-12-31"}, "valid_from"),
        ({"valid_from": "0026-01-05"}, "valid_from"),
        ({"every_weeks": "2", "anchor": "9999-12-27"}, "anchor"),
        ({"reasons": ["999999"]}, "reasons"),
        ({"site": "7 OR 1=1"}, "site"),
        ({"hours": "8-12" * 60}, "hours"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_kept(cast, marc, weber, wrong, field):
    address = at("agenda-opening", cast.weber, weber.id, "new")
    shown = mark(marc.get(address))
    for step in ("check", "save"):
        answer = marc.post(address, {**WEEKDAY, **wrong, "mark": shown, "do": step})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
    assert OpeningPattern.objects.count() == 0


def test_travel_that_is_no_multiple_of_five_is_refused_in_words(cast, marc, weber):
    address = at("agenda-opening", cast.weber, weber.id, "new")
    given = {**WEEKDAY, "kind": "home_visit", "travel": "7", "mark": mark(marc.get(address))}
    for step in ("check", "save"):
        answer = marc.post(address, {**given, "do": step})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()


def test_a_day_that_differs_comes_and_goes(cast, marc, weber):
    opened(weber, cast)
    visit = booked(weber, cast)
    day = visit.starts_at.date().isoformat()
    address = at("agenda-day", cast.weber, weber.id, "new")
    given = {"day": day, "kind": "closed", "label": "Formation", "mark": mark(marc.get(address))}
    looked = marc.post(address, {**given, "do": "check"}).content.decode()
    assert "CANARIE Jeanne" in looked
    assert OpeningException.objects.count() == 0
    saved = marc.post(address, {**given, "do": "save"}, follow=True).content.decode()
    assert "Formation" in saved
    mine = at("agenda-day", cast.weber, weber.id, day)
    changed = {"kind": "replaced", "hours": "9-11", "label": "Formation", "do": "save"}
    assert marc.post(mine, {**changed, "mark": mark(marc.get(mine))}).status_code == 302
    assert [each.opens for each in OpeningPattern.objects.exclude(exception=None)] == ["09:00"]
    assert marc.post(mine, {**changed, "mark": mark(marc.get(mine)), "do": "remove"}).status_code == 302
    assert OpeningException.objects.count() == 0
    for wrong in ({**given, "day": "2090-01-01"}, {**given, "day": "1999-01-01"}, {**given, "kind": "replaced"}):
        assert marc.post(address, {**wrong, "do": "save"}).status_code == 422
    assert marc.get(at("agenda-day", cast.weber, weber.id, "2026-13-45")).status_code == 404


def test_a_reason_with_all_its_fields_is_read_back_as_it_was_written(cast, marc, weber):
    setting.add_resource(client=cast.weber, name="ECG", kind="ecg", by=cast.marc, at=NOW)
    room = setting.add_resource(client=cast.weber, name="Salle 1", kind="room", by=cast.marc, at=NOW)
    given = {
        "name": "ECG d’effort",
        "minutes": "30",
        "minutes_new": "45",
        "way": "practice",
        "before": "5",
        "after": "10",
        "notice_hours": "1.5",
        "horizon": "60",
        "max_per_day": "4",
        "max_per_half_day": "2",
        "max_new_per_day": "1",
        "bookable_by": ["secretary", "doctor"],
        "overbooking": "on",
        "needs": ["kind:ecg", f"id:{room.id}"],
        "need_before": "5",
        "need_after": "15",
        "youngest": "12",
        "oldest": "90",
        "questions": "Prenez-vous un anticoagulant ?\n\nDepuis quand ?",
        "contra_indications": "Douleur au repos ?",
        "documents": "Carte Vitale\nOrdonnance",
    }
    address = at("agenda-reason", cast.weber, "new")
    assert "setting__effect" in marc.post(address, {**given, "do": "check"}).content.decode()
    assert marc.post(address, {**given, "do": "save"}).status_code == 302
    row = VisitReason.objects.get(name="ECG d’effort")
    [kept] = [each for each in agendas.reasons(by=cast.marc, client=cast.weber) if each.id == str(row.pk)]
    assert (kept.notice, kept.minutes_new, kept.oldest) == (90, 45, 90)
    assert kept.needs == (
        kinds.Need(kind="ecg", before=5, after=15),
        kinds.Need(ids=(room.id,), before=5, after=15),
    )
    assert [each.text for each in kept.questions] == ["Prenez-vous un anticoagulant ?", "Depuis quand ?"]
    shown = marc.get(at("agenda-reason", cast.weber, row.pk))
    form = shown.context["form"]
    again = {"mark": mark(shown)} | {
        name: value for name in form.fields if (value := form[name].value()) not in (None, False)
    }
    assert marc.post(at("agenda-reason", cast.weber, row.pk), {**again, "do": "save"}).status_code == 302
    [same] = [each for each in agendas.reasons(by=cast.marc, client=cast.weber) if each.id == str(row.pk)]
    assert same == kept
    for wrong in ({"minutes": "7"}, {"minutes": "0"}, {"name": ""}, {"bookable_by": []}, {"oldest": "3"}):
        assert marc.post(address, {**given, "name": "X", **wrong, "do": "save"}).status_code == 422


def test_a_reason_in_use_goes_when_another_takes_its_place(cast, marc, weber):
    opened(weber, cast)
    visit = booked(weber, cast)
    first, second = agendas.reasons(by=cast.marc, client=cast.weber)[:2]
    address = at("agenda-retire", cast.weber, first.id)
    assert 'name="replacement"' in marc.get(address).content.decode()
    assert marc.post(address, {"do": "save", "replacement": ""}).status_code == 422
    vaccination = agendas.reasons(by=cast.marc, client=cast.weber)[2]
    looked = marc.post(address, {"do": "check", "replacement": vaccination.id}).content.decode()
    assert "CANARIE Jeanne" in looked  # ten minutes, not fifteen
    assert marc.post(address, {"do": "save", "replacement": second.id}).status_code == 302
    assert appointments.appointment_of(by=cast.marc, appointment=visit.appointment).reason == second.id
    assert marc.get(address).status_code == 404


def waiting_for(cast, reason, name, *, hour=0, **more):
    """Somebody who waits for a reason since `hour` o'clock, so to say; gives the id of his place."""
    letter = name[0].lower()
    form = PatientForm(birth_name=name, first_name="P", birth_date="1961-03-14", known=True)
    since = NOW + timedelta(hours=hour)
    who = callers.add_patient(client=cast.weber, patient=letter * 20, form=form, by=cast.claire, at=since).id
    return put(cast, who, reason, since=since, **more)


def put(cast, who, reason, *, since, **more):
    day = since.date()
    waits = Waits(patient=who, reason=reason.id, from_date=day, until_date=day + timedelta(days=31), **more)
    key = f"place-{who:0>8}-{reason.id:0>8}"
    return put_on_list(key=key, client=cast.weber, waits=waits, by=cast.claire, at=since).place


def page_of(cast, weber, *, reasons):
    said = {"slug": "dr-weber", "active": True, "reasons": reasons}
    return set_page(client=cast.weber, agenda=weber.id, by=cast.marc, at=NOW, **said)


def test_who_waits_for_a_reason_that_goes_waits_for_the_one_in_its_place(cast, marc, weber):
    opened(weber, cast)
    first, second = agendas.reasons(by=cast.marc, client=cast.weber)[:2]
    hers, his = waiting_for(cast, first, "Canarie"), waiting_for(cast, first, "Pinson", is_urgent=True)
    paul = str(WaitingPlace.objects.get(key=his).patient_id)
    his_other = put(cast, paul, second, since=NOW + timedelta(hours=1))
    address = at("agenda-retire", cast.weber, first.id)
    shown = marc.get(address, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "2 patients wait for it." in shown
    assert 'name="replacement"' in shown
    assert marc.post(address, {"do": "save", "replacement": ""}).status_code == 422
    assert marc.post(address, {"do": "save", "replacement": second.id}).status_code == 302
    places = {each.key: each for each in WaitingPlace.objects.select_related("reason")}
    assert (places[hers].state, str(places[hers].reason_id)) == ("waiting", second.id)
    assert (places[his].state, places[his_other].state) == ("withdrawn", "waiting")
    assert (places[his_other].is_urgent, places[his_other].asked_at) == (True, NOW)
    trail = {
        (each.subject, each.action): each.detail for each in AuditEntry.objects.filter(action__startswith="waiting")
    }
    assert trail[f"agenda.waitingplace:{places[hers].pk}", "waiting.reason_replaced"]["reason"] == int(second.id)
    assert trail[f"agenda.waitingplace:{places[his].pk}", "waiting.withdrawn"]["waits_as"] == places[his_other].pk
    [retired] = AuditEntry.objects.filter(action="agenda.reason_retired")
    assert (retired.detail["moved"], retired.detail["closed"]) == (1, 1)


def test_a_reason_that_only_a_public_page_offers_goes_too_and_the_page_that_goes_with_it_is_named(cast, marc, weber):
    first, second, third = agendas.reasons(by=cast.marc, client=cast.weber)[:3]
    VisitReason.objects.filter(pk=int(second.id)).update(bookable_by=["secretary"])
    page_of(cast, weber, reasons=[first.id])
    address = at("agenda-retire", cast.weber, first.id)
    shown = marc.get(address, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "The public page dr-weber offers nothing else." in shown
    assert 'name="replacement"' in shown
    assert marc.post(address, {"do": "save", "replacement": ""}).status_code == 422
    for other, goes in ((second, True), (third, False)):
        looked = marc.post(address, {"do": "check", "replacement": other.id}, HTTP_ACCEPT_LANGUAGE="en")
        words = "Patients cannot book the new reason online: the public page dr-weber is switched off."
        assert (words in looked.content.decode()) is goes, other.name
    assert PublicPage.objects.get().active
    assert marc.post(address, {"do": "save", "replacement": third.id}).status_code == 302
    row = PublicPage.objects.get()
    assert (row.active, row.reasons) == (True, [third.id])


def test_a_page_that_is_switched_off_with_its_reason_is_in_the_trail(cast, marc, weber):
    first, second = agendas.reasons(by=cast.marc, client=cast.weber)[:2]
    VisitReason.objects.filter(pk=int(second.id)).update(bookable_by=["secretary"])
    page_of(cast, weber, reasons=[first.id])
    told = {"do": "save", "replacement": second.id}
    assert marc.post(at("agenda-retire", cast.weber, first.id), told).status_code == 302
    assert not PublicPage.objects.get().active
    assert AuditEntry.objects.get(action="agenda.reason_retired").detail["pages_off"] == ["dr-weber"]


def test_rooms_and_the_agenda_itself(cast, marc, weber):
    assert marc.post(at("agenda-room", cast.weber), {"name": "ECG", "kind": "ecg"}).status_code == 302
    assert marc.post(at("agenda-room", cast.weber), {"name": "ECG", "kind": "ecg"}).status_code == 422
    row = Resource.objects.get()
    assert marc.post(at("agenda-room-end", cast.weber, row.pk)).status_code == 302
    assert marc.post(at("agenda-room-end", cast.weber, row.pk)).status_code == 404
    address = at("agenda", cast.weber, weber.id)
    given = {
        "name": "Dr W.",
        "step": "20",
        "overbookings_per_day": "2",
        "active": "on",
        "mark": mark(marc.get(address)),
    }
    assert marc.post(address, given).status_code == 200
    assert Agenda.objects.get().name == "Dr Weber"

    assert marc.post(address, {**given, "do": "save"}).status_code == 302
    kept = Agenda.objects.get()
    assert (kept.name, kept.step, kept.overbookings_per_day, kept.closed_on_holidays) == ("Dr W.", 20, 2, False)


def test_a_supervisor_reads_and_does_not_write(cast, weber):
    given = {"email": "sam@permanence.example", "name": "Sam", "language": "fr", "password": OTHER_PASSWORD}
    system = operations.house_system(house="demo")
    operations.add_person(roles=frozenset({Role.SUPERVISOR}), by=system, at=NOW, **given)
    sam = SignedInBrowser(person("sam@permanence.example"))
    for address in (at("agendas", cast.weber), at("agenda", cast.weber, weber.id)):
        page = sam.get(address)
        assert page.status_code == 200
        assert "Dr Weber" in page.content.decode()
    rows = AuditEntry.objects.count()
    assert sam.post(at("agenda", cast.weber, weber.id), {"name": "x", "do": "save"}).status_code == 403
    assert sam.get(at("agenda-opening", cast.weber, weber.id, "new")).status_code == 403
    assert AuditEntry.objects.count() == rows


def test_nothing_of_another_client_is_there(cast, marc, weber):
    opened(weber, cast)
    reason, row = agendas.reasons(by=cast.marc, client=cast.weber)[0], OpeningPattern.objects.first()
    for address in (
        at("agenda", cast.dupont, weber.id),
        at("agenda-opening", cast.dupont, weber.id, row.pk),
        at("agenda-opening", cast.weber, weber.id, "999999"),
        at("agenda-day", cast.dupont, weber.id, date.today().isoformat()),  # noqa: DTZ011 - any day
        at("agenda-reason", cast.dupont, reason.id),
        at("agenda-retire", cast.dupont, reason.id),
        at("agendas", cast.other_client),
        at("agenda", cast.weber, "x" * 40),
    ):
        assert marc.get(address).status_code == 404, address


def test_for_how_long_a_free_time_is_offered_is_set_in_plain_words(cast, marc, weber):
    address = at("agenda", cast.weber, weber.id)
    given = {"name": "Dr Weber", "step": "15", "overbookings_per_day": "0", "active": "on"}
    shown = marc.get(address, HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert '<option value="60" selected>1 heure</option>' in shown
    assert '<option value="0">' in shown
    given["mark"] = mark(marc.get(address))
    assert marc.post(address, given | {"do": "save", "offer_minutes": "30"}).status_code == 302
    given["mark"] = mark(marc.get(address))
    assert Agenda.objects.get(pk=int(weber.id)).offer_minutes == 30
    assert AuditEntry.objects.filter(action="agenda.changed").order_by("pk").last().detail["offer_minutes"] == 30
    for wrong in ("7", "-1", "nonsense", "60.5", "9" * 30):
        assert marc.post(address, given | {"do": "save", "offer_minutes": wrong}).status_code == 422, wrong
    assert marc.post(address, given | {"do": "save"}).status_code == 302
    assert Agenda.objects.get(pk=int(weber.id)).offer_minutes == 30
    with pytest.raises(OfferMinutesImpossible):
        setting.change_agenda(
            agenda=weber.id, name="Dr Weber", step=15, closed_on_holidays=True, overbookings_per_day=0, active=True,
            offer_minutes=45, by=cast.marc, at=NOW,
        )  # fmt: skip
