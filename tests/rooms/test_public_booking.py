# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient books, moves and cancels by himself: through the pages, as a browser without JavaScript does."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.utils.crypto import salted_hmac

from permanence.agenda import tasks
from permanence.agenda.models import Appointment, Occupancy, PublicForm, PublicKnock, PublicMail, SlotHold
from permanence.agenda.operations import appointments, public_forms, setting, visits
from permanence.agenda.operations.reasons import retire_reason
from permanence.agenda.queries import days
from permanence.agenda.queries.public import code_for, token_of
from permanence.agenda.refusals import ReplacementNeeded, SlotAlreadyTaken, SlotRefused
from permanence.agenda.rules import kinds
from permanence.agenda.rules.public import CODE_TRIES, PublicMailKind
from permanence.agenda.rules.states import CancelCause
from permanence.booking.qr import qr_svg
from permanence.callers import operations as callers
from permanence.callers.index import write_words
from permanence.callers.models import Patient, PatientConsent, PatientNumber
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.no_show import Rule
from permanence.clients.models import Client
from permanence.dispatch import sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.models import ContactRule
from permanence.dispatch.public_mails import run_public
from tests.rooms.agenda_cast import MONDAY, after, openings, reason
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import SAID, SLUG, Visitor, body, cast, clock, jeanne, mails, switch_on
from tests.rooms.reminders_cast import provider

__all__ = ["cast", "clock", "jeanne", "provider"]


def test_from_the_reason_to_the_appointment(jeanne, cast, clock):
    assert jeanne.get(f"/rdv/{SLUG}/").status_code == 200
    assert "Consultation" in jeanne.text()
    assert "ECG" not in jeanne.text()
    assert ">15<" in jeanne.text()
    assert ">112<" in jeanne.text()
    jeanne.times()
    assert "8\u00a0h<" in jeanne.text()
    assert jeanne.take(40).status_code == 303
    held = SlotHold.objects.get()
    assert (held.starts_at, held.expires_at) == (after(40), NOON + timedelta(minutes=10))
    assert jeanne.follow().status_code == 200
    assert "12\u00a0h\u00a010" in jeanne.text()
    assert "Complet" not in jeanne.text()


def test_what_is_booked_stands_in_the_agenda_and_in_a_mail_without_its_reason(jeanne, cast, clock):
    link = jeanne.book(40)
    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.door, visit.state) == (after(40), "public", "booked")
    assert visit.patient.used_name == "Hoffmann"
    (_, first), (taken, second) = mails(clock.at)
    assert code_for(PublicForm.objects.get().key, 1) in body(first)
    assert taken.kind is PublicMailKind.BOOKED
    assert link in body(second)
    for mail in (first, second):
        assert "Consultation" not in str(mail)
        assert "Hoffmann" not in str(mail)
        assert mail["To"] == "jeanne@example.org"
    assert PublicForm.objects.get().sealed == ""
    assert jeanne.get(link).status_code == 200
    assert jeanne.answer["X-Robots-Tag"] == "noindex, nofollow"
    (picture,) = re.findall(r'<img src="(data:image/svg[^"]+)"', jeanne.text())
    assert picture == qr_svg(f"{settings.PERMANENCE.web_url}{link}")
    assert qr_svg("https://a.example/b") != picture
    assert "no-store" in jeanne.answer["Cache-Control"]


def test_a_page_is_off_until_it_is_switched_on_and_shows_what_is_chosen(jeanne, cast):
    assert jeanne.get("/rdv/dr-lemaire/").status_code == 404
    switch_on(cast, agenda=cast.lemaire, slug="dr-lemaire", active=False)
    assert jeanne.get("/rdv/dr-lemaire/").status_code == 404
    switch_on(cast, agenda=cast.lemaire, slug="dr-lemaire")
    assert jeanne.get("/rdv/dr-lemaire/").status_code == 200
    switch_on(cast, agenda="", slug="cabinet-dupont", reasons=())
    jeanne.get("/rdv/cabinet-dupont/")
    assert "Dr Dupont" in jeanne.text()
    assert jeanne.text().count('name="for"') == 3  # each of the two, or whoever is free first
    asked = f"/rdv/{SLUG}/times?new=0&for={cast.dupont}-{cast.tracing}"
    assert jeanne.get(asked).status_code == 422
    assert jeanne.get(f"/rdv/{SLUG}/times?new=0&for={cast.weber_agenda}-{cast.webers}").status_code == 422


def test_robots_may_list_a_page_only_where_that_is_wanted(jeanne, cast):
    assert jeanne.get(f"/rdv/{SLUG}/")["X-Robots-Tag"] == "noindex, nofollow"
    switch_on(cast, found=True)
    assert jeanne.get(f"/rdv/{SLUG}/")["X-Robots-Tag"] == "index, nofollow"
    assert jeanne.times()["X-Robots-Tag"] == "noindex, nofollow"


def test_a_full_day_says_so(jeanne, cast):
    for minutes in range(0, 600, 20):
        try:
            appointments.book(
                key=cast.key(),
                agenda=cast.dupont,
                starts_at=after(minutes),
                booking=cast.booking(),
                by=cast.claire,
                at=NOON,
            )
        except SlotRefused:
            continue
    jeanne.times()
    assert "Complet" in jeanne.text()


def test_a_day_whose_hours_for_new_patients_are_full_is_full(jeanne, cast):
    few = openings(cast.dupont, ((0, "08:00", "09:00"),))
    setting.set_openings(
        agenda=cast.dupont,
        openings=(*few, *openings(cast.dupont, ((0, "09:00", "17:00"), (1, "09:00", "10:00")), new_patients=False)),
        by=cast.claire,
        at=NOON,
    )
    for minutes in (0, 20, 40):
        booking = cast.booking()
        appointments.book(
            key=cast.key(), agenda=cast.dupont, starts_at=after(minutes), booking=booking, by=cast.claire, at=NOON
        )
    jeanne.times(new="1")
    assert jeanne.text().count("Complet") == 1
    assert jeanne.text().count("seulement lundi") == 1  # on Tuesday


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("birth_date", "14.03.2090"),
        ("birth_date", "31.02.1961"),
        ("birth_date", "1961"),
        ("birth_date", "'; drop table"),
        ("number", "zero six"),
        ("number", ""),
        ("mail", "jeanne"),
        ("mail", "jeanne@example.org\nBcc: all@example.org"),
        ("last_name", "Hoff\u202emann"),
        ("last_name", "12345"),
        ("first_name", ""),
        ("first_name", "x" * 5000),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field_and_changes_nothing(jeanne, name, typed):
    jeanne.take()
    answer = jeanne.tell(**{name: typed})
    assert answer.status_code == 422
    assert f'id="{name}-wrong"' in jeanne.text()
    assert not PublicMail.objects.exists()
    assert PublicForm.objects.get().mail == ""


def test_a_form_sent_twice_sends_one_code_and_books_once(jeanne, cast, clock):
    jeanne.take()
    jeanne.tell()
    jeanne.post(jeanne.path, **SAID)
    assert PublicMail.objects.count() == 1
    jeanne.code()
    link = jeanne.answer["Location"]
    jeanne.code()
    assert jeanne.answer["Location"] == link
    jeanne.code("000000")
    assert jeanne.answer["Location"] == link
    assert jeanne.post(jeanne.path, **SAID | {"last_name": "Other"})["Location"] == link
    assert (Appointment.objects.count(), PublicMail.objects.count()) == (1, 2)
    assert Patient.objects.filter(used_name="Hoffmann").count() == 1


def test_the_same_key_takes_one_slot(jeanne, cast):
    jeanne.times()
    fields = jeanne.fields()
    first = jeanne.post(f"/rdv/{SLUG}/times", **fields, starts=after(0).isoformat())["Location"]
    assert jeanne.post(f"/rdv/{SLUG}/times", **fields, starts=after(0).isoformat())["Location"] == first
    assert SlotHold.objects.count() == 1
    assert jeanne.post(f"/rdv/{SLUG}/times", **fields, starts=after(60).isoformat())["Location"] != first
    assert SlotHold.objects.count() == 2


def test_another_time_gives_the_first_one_back(jeanne, cast):
    jeanne.take()
    key = jeanne.answer["Location"].rsplit("/", 1)[-1]
    jeanne.take(60, instead=key)
    standing = SlotHold.objects.filter(ended_at=None)
    assert [each.starts_at for each in standing] == [after(60)]


def test_codes_are_few_and_tries_too(jeanne, clock):
    jeanne.take()
    jeanne.tell()
    for _ in range(CODE_TRIES):
        assert jeanne.code("000000" if code_for_form(jeanne) != "000000" else "111111").status_code == 422
    assert jeanne.code().status_code == 422  # the right one, too late
    assert not Appointment.objects.exists()
    clock.forward(minutes=1)
    assert jeanne.post(f"{jeanne.path}/code", again="1").status_code == 303
    clock.forward(minutes=1)
    jeanne.post(f"{jeanne.path}/code", again="1")
    clock.forward(minutes=1)
    assert jeanne.post(f"{jeanne.path}/code", again="1").status_code == 422
    assert PublicMail.objects.count() == 3
    clock.forward(minutes=16)
    assert jeanne.code().status_code == 422


def code_for_form(someone):
    form = PublicForm.objects.get(key=someone.path.rsplit("/", 1)[-1])
    return code_for(form.key, form.code_number)


def test_robots_are_counted_trapped_and_too_fast(jeanne, cast, clock):
    jeanne.take()
    path = jeanne.answer["Location"]
    assert jeanne.post(path, **SAID).status_code == 422  # faster than anybody writes
    clock.forward(seconds=20)
    assert jeanne.post(path, **SAID, website="https://x.example").status_code == 422
    assert not PublicMail.objects.exists()
    for minutes in range(20, 120, 20):
        assert jeanne.take(minutes).status_code == 303
    assert jeanne.take(180).status_code == 429
    assert Visitor(cast, clock, address="198.51.100.1").take(180).status_code == 303


def test_one_mail_address_is_written_to_a_few_times_whoever_asks(cast, clock):
    for number in range(4):
        someone = Visitor(cast, clock, address=f"198.51.100.{number}")
        someone.take(number * 20)
        assert someone.tell(number=f"06 12 34 56 7{number}").status_code == 303
    other = Visitor(cast, clock, address="198.51.100.99")
    other.take(200)
    assert other.tell(mail="JEANNE@example.org", number="06 99 99 99 99").status_code == 429


def test_nothing_says_whether_a_patient_is_known(cast, clock):
    known = callers.add_patient(
        client=cast.cabinet.id,
        patient="k" * 20,
        form=PatientForm(
            used_name="Hoffmann", first_name="Jeanne", birth_date="14.03.1961", mail="jeanne@example.org", known=True
        ),
        by=cast.claire,
        at=NOON,
    )
    pages = []
    for number, mail in enumerate(("jeanne@example.org", "other@example.org")):
        someone = Visitor(cast, clock, address=f"198.51.100.{number}")
        someone.take(60 * number)
        someone.tell(mail=mail, number=f"06 12 34 56 7{number}")
        someone.follow()
        status = someone.answer.status_code
        someone.code()
        someone.get(someone.answer["Location"])
        page = re.sub(r'src="data:image[^"]*"', "", someone.text())  # the secret link as a picture
        pages.append((status, re.sub(r"[0-9A-Za-z_.-]{20,}|\d", "", page)))
    assert pages[0] == pages[1]
    booked = list(Appointment.objects.order_by("starts_at").values_list("patient", flat=True))
    assert booked[0] == int(known.id)
    assert booked[1] != int(known.id)


def test_who_did_not_come_too_often_is_asked_to_call(jeanne, cast):
    form = PatientForm(used_name="Hoffmann", first_name="Jeanne", birth_date="14.03.1961", mail="jeanne@example.org")
    known = callers.add_patient(client=cast.cabinet.id, patient="k" * 20, form=form, by=cast.claire, at=NOON).id
    callers.set_no_show_rule(client=cast.cabinet.id, rule=Rule(block_online_from=1), by=cast.claire, at=NOON)
    callers.count_no_show(client=cast.cabinet.id, patient=known, act="visit-1", by=cast.claire, at=NOON)
    jeanne.take()
    jeanne.tell()
    assert jeanne.code().status_code == 409
    assert "Appelez-nous" in jeanne.text() or "appeler" in jeanne.text()
    assert not Appointment.objects.exists()


def test_age_and_contra_indications_are_softened(cast, clock):
    asked = kinds.Question(id="pacemaker", text="Portez-vous un stimulateur ?")
    scan = reason(cast.cabinet.id, "IRM", 20, by=cast.claire, youngest=18, contra_indications=(asked,))
    switch_on(cast, reasons=(scan,))
    jeanne = Visitor(cast, clock)
    what = f"{cast.dupont}-{scan}"
    jeanne.times(what=what)
    jeanne.post(f"/rdv/{SLUG}/times", **jeanne.fields(), starts=after(0).isoformat())
    assert jeanne.tell().status_code == 422  # not answered
    assert jeanne.post(jeanne.path, **SAID, **{"q-pacemaker": "yes"}).status_code == 409
    child = SAID | {"birth_date": "14.03.2020", "q-pacemaker": "no"}
    assert jeanne.post(jeanne.path, **child).status_code == 409
    assert "18" not in re.sub(r"<[^>]+>", "", re.search(r'role="alert">(.*?)</div>', jeanne.text(), re.S)[1])
    assert jeanne.post(jeanne.path, **SAID, **{"q-pacemaker": "no"}).status_code == 303


def test_two_tabs_and_the_console_for_one_slot(cast, clock):
    one, two = (Visitor(cast, clock, address=f"198.51.100.{number}") for number in (1, 2))
    one.take()
    two.take()
    assert (one.answer.status_code, two.answer.status_code) == (303, 409)
    assert two.text().count('name="starts"') >= 3
    with pytest.raises(SlotAlreadyTaken):
        appointments.book(
            key=cast.key(), agenda=cast.dupont, starts_at=after(0), booking=cast.booking(), by=cast.claire, at=clock.at
        )
    one.tell()
    clock.forward(minutes=11)  # no longer held: the console takes it
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(0), booking=cast.booking(), by=cast.claire, at=clock.at
    )
    assert one.code().status_code == 409
    assert Appointment.objects.count() == 1
    assert Occupancy.objects.filter(blocking=True, agenda=int(cast.dupont)).count() == 1
    assert not Patient.objects.filter(used_name="Hoffmann").exists()


def test_the_page_of_the_code_says_one_time(jeanne, clock):
    """While it is held until when it is kept for him, then until when the code still books it."""
    jeanne.take()
    jeanne.tell()

    def said():
        jeanne.get(f"{jeanne.path}/code")
        return re.findall(r"(gardé pour vous|valables) jusqu’à \d", jeanne.text())

    assert said() == ["gardé pour vous"]
    clock.forward(minutes=12)
    assert said() == ["valables"]


def test_a_slot_that_lapsed_but_is_free_is_still_his(jeanne, clock):
    jeanne.take()
    jeanne.tell()
    clock.forward(minutes=12)
    assert jeanne.code().status_code == 303
    assert Appointment.objects.count() == 1


def test_the_page_says_that_it_was_moved_from_when_to_when(jeanne, cast, clock):
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    body_ = jeanne.shown() | {"was": Appointment.objects.get().starts_at.isoformat(), "starts": after(60).isoformat()}
    for _pressed_twice in range(2):
        moved = jeanne.post(f"{link}/move", **body_)
        jeanne.get(moved["Location"])
        told = "Votre rendez-vous est déplacé : du lundi 30 novembre, 8 h au lundi 30 novembre, 9 h."
        assert told in jeanne.text().replace("\xa0", " ")
    jeanne.get(link)
    assert "est déplacé" not in jeanne.text()
    again = {"agenda": cast.dupont, "starts_at": after(120), "by": cast.claire, "at": clock.at}
    appointments.move(key=cast.key(), appointment=Appointment.objects.get().key, **again)
    jeanne.get(moved["Location"])
    assert "est déplacé" not in jeanne.text(), "that was said of a time that is no more"


def test_an_address_that_was_kept_does_not_say_again_that_it_was_moved(jeanne, clock):
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    visit = Appointment.objects.get()
    body_ = jeanne.shown() | {"was": visit.starts_at.isoformat(), "starts": after(60).isoformat()}
    kept = jeanne.post(f"{link}/move", **body_)["Location"]
    clock.forward(minutes=29)
    jeanne.get(kept)
    assert "est déplacé" in jeanne.text()
    clock.forward(minutes=1)
    jeanne.get(kept)
    assert "est déplacé" not in jeanne.text()
    act = {"by": jeanne.cast.claire, "at": clock.at}
    visits.confirm(key=jeanne.cast.key(), appointment=visit.key, **act)
    jeanne.get(kept)
    assert "est déplacé" not in jeanne.text(), "what was just done with it is another thing"


def test_the_link_moves_and_cancels_and_frees_the_slot(jeanne, cast, clock, deliver_all):
    link = jeanne.book()
    assert jeanne.get(f"{link}/move").status_code == 200
    body_ = jeanne.shown() | {"starts": after(60).isoformat()}
    assert jeanne.post(f"{link}/move", **body_).status_code == 303
    assert jeanne.post(f"{link}/move", **body_).status_code == 303  # replayed
    deliver_all(clock.at)
    assert [taken.kind for taken, _mail in mails(clock.at)] == ["code", "moved"]  # the booking's own was overtaken
    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.revision) == (after(60), 1)
    calendar = jeanne.get(f"{link}/appointment.ics").content.decode()
    assert "SEQUENCE:1\r\n" in calendar
    assert "DTSTART:20261130T080000Z\r\n" in calendar
    assert "Consultation" not in calendar
    jeanne.get(f"{link}/cancel")
    assert Appointment.objects.get().state == "booked"
    body_ = jeanne.shown()
    assert jeanne.post(f"{link}/cancel", **body_).status_code == 303
    assert jeanne.post(f"{link}/cancel", **body_).status_code == 303
    assert Appointment.objects.get().state == "cancelled"
    assert not Occupancy.objects.exists()
    deliver_all(clock.at)
    assert [taken.kind for taken, _mail in mails(clock.at)] == ["cancelled"]


def test_the_visit_of_a_patient_who_died_is_not_moved_by_its_link(jeanne, cast, clock):
    link = jeanne.book()
    visit = Appointment.objects.get()
    client, patient = str(visit.client_id), str(visit.patient_id)
    callers.note_death(client=client, patient=patient, is_deceased=True, by=cast.claire, at=clock.at)
    jeanne.get(f"{link}/move")
    refused = jeanne.post(f"{link}/move", **jeanne.shown(), starts=after(60).isoformat())
    assert (refused.status_code, Appointment.objects.get().starts_at) == (409, visit.starts_at)
    assert "Appelez-nous" in refused.content.decode()


def test_a_link_is_for_one_appointment_on_one_page_until_the_visit(jeanne, cast, clock):
    link = jeanne.book()
    switch_on(cast, agenda=cast.lemaire, slug="dr-lemaire")
    others = appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(120), booking=cast.booking(), by=cast.claire, at=NOON
    ).appointment
    mine = Appointment.objects.exclude(key=others).get().key
    token = link.rsplit("/", 1)[-1]
    wrong = [
        f"/rdv/{SLUG}/visit/{mine}",
        f"/rdv/{SLUG}/visit/{others}.{token.split('.')[1]}",
        f"/rdv/{SLUG}/visit/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}",
        f"/rdv/dr-lemaire/visit/{token}",
        f"/rdv/{SLUG}/visit/{token_of(others)}",  # not booked by its patient: there is no such link
        f"/rdv/{SLUG}/visit/%00.{'x' * 3000}",
    ]
    for path in wrong:
        for end in ("", "/move", "/cancel", "/appointment.ics"):
            assert jeanne.get(path + end).status_code == 404
        assert jeanne.post(f"{path}/cancel", key="c" * 20).status_code == 404
        assert jeanne.post(f"{path}/move", key="c" * 20, starts=after(60).isoformat()).status_code == 404
    assert set(Appointment.objects.values_list("state", "revision")) == {("booked", 0)}
    clock.at = MONDAY + timedelta(minutes=5)
    assert jeanne.get(link).status_code == 200
    assert jeanne.post(f"{link}/cancel", key="c" * 20).status_code == 409
    clock.at = MONDAY + timedelta(minutes=21)
    assert jeanne.get(link).status_code == 410
    assert jeanne.post(f"{link}/cancel", key="c" * 20).status_code == 410
    assert Appointment.objects.get(key=mine).state == "booked"


@pytest.mark.parametrize(
    "starts", ["", "x", "2026-11-30", "2026-11-30T08:00:00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00+00:00"]
)
def test_a_moment_that_is_none_takes_nothing(jeanne, starts):
    assert jeanne.take(starts=starts).status_code == 422
    assert not SlotHold.objects.exists()


@pytest.mark.parametrize("day", ["x", "1900-01-01", "9999-12-31", "2026-02-31", "%00"])
def test_a_week_that_is_none_is_another_one(jeanne, day):
    assert jeanne.times(day=day).status_code == 200


def test_a_page_that_is_switched_off_offers_nothing_and_forsakes_nobody_who_booked(jeanne, cast):
    link = jeanne.book()
    jeanne.take(60)
    path = jeanne.answer["Location"]
    switch_on(cast, active=False)
    assert jeanne.get(path).status_code == 404
    assert jeanne.get(link).status_code == 200
    assert f"{link}/move" not in jeanne.text()
    assert f'/rdv/{SLUG}/"' not in jeanne.text()
    assert jeanne.post(f"{link}/move", key="m" * 20, starts=after(60).isoformat()).status_code == 409
    jeanne.get(f"{link}/cancel")
    assert jeanne.post(f"{link}/cancel", **jeanne.shown()).status_code == 303
    assert Appointment.objects.get().state == "cancelled"


def test_links_that_were_sent_outlive_the_name_of_the_page(jeanne, cast):
    link = jeanne.book()
    switch_on(cast, slug="docteur-dupont")
    assert jeanne.get(link).status_code == 200
    assert jeanne.get(link.replace(SLUG, "docteur-dupont")).status_code == 200
    switch_on(cast, agenda=cast.lemaire, slug=SLUG)  # another page has the name now
    assert jeanne.get(link).status_code == 404


def test_whoever_booked_by_himself_is_told_when_the_practice_moves_or_cancels(jeanne, cast, clock, deliver_all):
    link = jeanne.book()
    mails(clock.at)
    visit = Appointment.objects.get().key
    moved = {"agenda": cast.dupont, "starts_at": after(60), "by": cast.claire, "at": clock.at}
    appointments.move(key=cast.key(), appointment=visit, **moved)
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(120), booking=cast.booking(), by=cast.claire, at=clock.at
    )
    deliver_all(clock.at)
    ((taken, mail),) = mails(clock.at)
    assert (taken.kind, taken.starts_at, mail["To"]) == (PublicMailKind.MOVED, after(60), "jeanne@example.org")
    assert link in body(mail)
    appointments.cancel(key=cast.key(), appointment=visit, cause=CancelCause.DOCTOR, by=cast.claire, at=clock.at)
    deliver_all(clock.at)
    deliver_all(clock.at)
    parts_ = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_param("method") for part in parts_] == ["REQUEST"]
    assert "SEQUENCE:1" in parts_[0].get_content()
    ((taken, mail),) = mails(clock.at)
    assert taken.kind is PublicMailKind.CANCELLED
    assert "METHOD:CANCEL" in str(mail)
    assert "Consultation" not in str(mail)


def test_who_agrees_on_the_form_may_be_reminded_by_mail_and_nobody_else(jeanne, cast, clock):
    jeanne.take()
    jeanne.tell(agrees="on")
    jeanne.code()
    jeanne.take(60)
    jeanne.tell(last_name="Muller", mail="paul@example.org")
    jeanne.code()
    agreed = dict(Patient.objects.filter(used_name__in=["Hoffmann", "Muller"]).values_list("mail", "mail_agreed_at"))
    assert agreed == {"jeanne@example.org": clock.at - timedelta(seconds=20), "paul@example.org": None}
    assert PatientConsent.objects.get().by_name == "Permanence"


def sent_by_sms(provider, at):
    """The codes that were handed to the provider."""
    run_public(at=at, relay=RelaySettings(host="127.0.0.1", port=1))
    sms_tasks.run_sms(at=at)
    return [
        re.search(r"[0-9]{6}", json.loads(body_)["messages"][0]["text"])[0] for _path, _head, body_ in provider.asked
    ]


def test_the_code_comes_by_sms_where_the_house_sends_them(jeanne, cast, clock, provider):
    path = jeanne.take()["Location"]
    assert 'value="sms"' in jeanne.browser.get(path).content.decode()
    jeanne.tell(by="sms", agrees="on")
    jeanne.follow()
    assert "+33\u00a06\u00a012\u00a034\u00a056\u00a078" in jeanne.text()
    (code,) = sent_by_sms(provider, clock.at)
    assert not PublicMail.objects.exclude(sent_at=None).filter(kind="booked").exists()
    assert jeanne.code(code).status_code == 303
    found = Patient.objects.get(used_name="Hoffmann")
    assert found.sms_agreed_at is not None
    assert found.mail_agreed_at is None


def test_who_proved_the_number_in_the_file_is_that_patient(jeanne, cast, clock, provider):
    row = Patient.objects.get(pk=int(cast.jeanne))
    PatientNumber.objects.create(house_id=row.house_id, client_id=row.client_id, patient=row, number="+33612345678")
    write_words([row])
    jeanne.take()
    jeanne.tell(by="sms")
    jeanne.code(sent_by_sms(provider, clock.at)[0])
    assert Appointment.objects.get().patient_id == row.pk
    jeanne.take(60)
    jeanne.tell()  # by mail: it is not in the file
    jeanne.code()
    assert Appointment.objects.order_by("pk").last().patient_id != row.pk


def test_no_code_goes_by_sms_to_far_or_fixed_numbers_nor_more_often_than_the_house_bears(jeanne, cast, clock, provider):
    for number in ("01 40 00 00 01", "+1 876 555 0100", "+88213300655"):
        jeanne.take()
        assert jeanne.tell(by="sms", number=number).status_code == 422
        clock.forward(minutes=11)
    for _ in range(60):
        PublicKnock.objects.create(
            house_id=cast.claire.house_key, client_id=int(cast.cabinet.id), what="sms", at=clock.at,
            digest=salted_hmac("permanence.agenda.public.knock", cast.claire.house, algorithm="sha256").hexdigest(),
        )  # fmt: skip
    jeanne.take()
    assert jeanne.tell(by="sms").status_code == 429
    assert jeanne.post(jeanne.path, **SAID).status_code == 303  # a mail still goes
    assert provider.asked == []


def test_without_a_provider_nobody_is_offered_sms(jeanne, cast, clock):
    path = jeanne.take()["Location"]
    assert 'value="sms"' not in jeanne.browser.get(path).content.decode()
    jeanne.tell(by="sms")
    assert PublicForm.objects.get().by_sms is False


def test_sender_and_subject_name_the_practice_only_where_it_allows_that(jeanne, cast, clock):
    jeanne.book()
    row = Client.objects.select_related("house").get(pk=int(cast.cabinet.id))
    practice, house = row.name, row.house.name
    for _taken, mail in mails(clock.at):
        assert practice not in mail["From"] + mail["Subject"]
        assert house in mail["From"]
        assert practice in body(mail)
    ContactRule.objects.create(house_id=cast.claire.house_key, client_id=int(cast.cabinet.id), names_practice=True)
    jeanne.take(60)
    jeanne.tell()
    ((_taken, mail),) = mails(clock.at)
    assert practice in mail["From"]


def test_a_reason_that_goes_is_replaced_on_the_pages_too(jeanne, cast):
    online = reason(cast.cabinet.id, "Suivi", 20, by=cast.marc, bookable_by=frozenset(kinds.Asker))
    with pytest.raises(ReplacementNeeded):
        retire_reason(client=cast.cabinet.id, reason=cast.consultation, by=cast.marc, at=NOON)
    retire_reason(client=cast.cabinet.id, reason=cast.consultation, replacement=online, by=cast.marc, at=NOON)
    assert jeanne.get(f"/rdv/{SLUG}/").status_code == 200
    assert "Suivi" in jeanne.text()


def test_a_slot_held_online_is_shown_as_such(jeanne, cast):
    jeanne.take(40)
    [shown] = days.day(by=cast.claire, agendas=[cast.dupont], day=MONDAY.date(), at=NOON)
    assert [each.online for each in shown.holds] == [True]


def test_a_visit_moved_far_off_keeps_its_link(jeanne, cast, clock):
    link = jeanne.book()
    far = after(60) + timedelta(days=56)
    appointments.move(
        key=cast.key(),
        appointment=Appointment.objects.get().key,
        agenda=cast.dupont,
        starts_at=far,
        by=cast.claire,
        at=clock.at,
    )
    clock.at = far - timedelta(days=1)
    tasks.sweep_public(at=clock.at)
    assert jeanne.get(link).status_code == 200
    clock.at = far + timedelta(days=31)
    assert tasks.sweep_public(at=clock.at) > 0
    assert not PublicForm.objects.exists()


def test_what_became_nothing_is_deleted_after_a_day(jeanne, clock):
    jeanne.take()
    jeanne.tell()
    clock.forward(days=2)
    assert tasks.sweep_public(at=clock.at) > 0
    assert not PublicForm.objects.exists()
    assert not PublicMail.objects.exists()


def test_the_practice_cancels_and_the_page_says_so(jeanne, cast, clock):
    link = jeanne.book()
    visit = Appointment.objects.get()
    appointments.cancel(key=cast.key(), appointment=visit.key, cause=CancelCause.DOCTOR, by=cast.claire, at=clock.at)
    jeanne.get(link)
    assert "annulé" in jeanne.text()


def test_a_doctor_opens_his_own_agenda_and_nobody_elses(cast, clock):
    path = f"/portal/line/{cast.cabinet.id}/public"
    his, hers = SignedInBrowser(cast.dr_dupont), SignedInBrowser(cast.dr_lemaire)
    body = {"agenda": cast.lemaire, "slug": "dr-lemaire", "active": "1", "reason": [cast.consultation]}
    assert his.post(path, body).status_code == 403
    assert SignedInBrowser(cast.assistant).post(path, body).status_code == 403
    assert hers.post(path, body | {"reason": []}).status_code == 422
    assert hers.post(path, body | {"slug": SLUG}).status_code == 422
    assert hers.post(path, body | {"slug": "Dr Lemaire/.."}).status_code == 422
    assert hers.post(path, body | {"reason": ["999999"]}).status_code == 422
    assert Visitor(cast, clock).get("/rdv/dr-lemaire/").status_code == 404
    assert hers.post(path, body).status_code == 303
    assert "/rdv/dr-lemaire/" in hers.get(path).content.decode()
    assert Visitor(cast, clock).get("/rdv/dr-lemaire/").status_code == 200


HEADINGS = {
    "en": {
        "page": "Book an appointment",
        "times": "Choose a time",
        "identity": "Your details",
        "code": "Type the code",
        "visit": "Your appointment",
        "move": "Choose another time",
        "cancel": "Cancel the appointment?",
        "cancelled": "Appointment cancelled",
        "refused": "Not this time",
        "nothing": "Nothing here",
    },
    "fr": {
        "page": "Prendre rendez-vous",
        "times": "Choisissez une heure",
        "identity": "Vos coordonnées",
        "code": "Tapez le code",
        "visit": "Votre rendez-vous",
        "move": "Choisissez un autre horaire",
        "cancel": "Annuler le rendez-vous\u202f?",
        "cancelled": "Rendez-vous annulé",
        "refused": "Cela n’a pas abouti",
        "nothing": "Rien ici",
    },
    "de": {
        "page": "Termin buchen",
        "times": "Zeit wählen",
        "identity": "Ihre Angaben",
        "code": "Geben Sie den Code ein",
        "visit": "Ihr Termin",
        "move": "Wählen Sie eine andere Zeit",
        "cancel": "Termin absagen?",
        "cancelled": "Termin abgesagt",
        "refused": "Das hat nicht geklappt",
        "nothing": "Hier ist nichts",
    },
}
"""What each page is called."""


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_every_page_in_three_languages(cast, clock, language):
    someone = Visitor(cast, clock, language=language)
    found = {}

    def seen(name, status=200):
        assert someone.answer.status_code == status
        assert f'<html lang="{language}">' in someone.text()
        found[name] = re.sub(r"<[^>]+>", "", re.search(r"<h1[^>]*>(.*?)</h1>", someone.text(), re.S)[1]).strip()

    someone.get(f"/rdv/{SLUG}/")
    seen("page")
    someone.times()
    seen("times")
    someone.take()
    someone.path = someone.answer["Location"]
    someone.get(someone.path)
    seen("identity")
    clock.forward(seconds=20)
    someone.post(someone.path, **SAID)
    someone.follow()
    seen("code")
    someone.code()
    visit = someone.answer["Location"]
    someone.get(visit)
    seen("visit")
    someone.get(f"{visit}/move")
    seen("move")
    someone.get(f"{visit}/cancel")
    seen("cancel")
    someone.post(f"{visit}/cancel", **someone.shown())
    someone.get(visit)
    seen("cancelled")
    someone.get(f"/rdv/{SLUG}/form/{'x' * 20}")
    seen("refused", 410)
    someone.get("/rdv/nobody/")
    seen("nothing", 404)
    assert found == HEADINGS[language]


def test_who_corrects_his_details_finds_them_as_he_wrote_them_but_not_what_he_answered(cast, clock):
    asked = kinds.Question(id="pacemaker", text="Portez-vous un stimulateur ?")
    told = kinds.Question(id="letter", text="Avez-vous une lettre ?")
    scan = reason(cast.cabinet.id, "IRM", 20, by=cast.claire, contra_indications=(asked,), questions=(told,))
    switch_on(cast, reasons=(scan,))
    jeanne = Visitor(cast, clock)
    jeanne.times(what=f"{cast.dupont}-{scan}")
    jeanne.post(f"/rdv/{SLUG}/times", **jeanne.fields(), starts=after(0).isoformat())
    jeanne.path = jeanne.answer["Location"]
    assert 'value="Hoffmann"' not in jeanne.get(jeanne.path).content.decode()
    answered = {"q-pacemaker": "no", "q-letter": "Oui, du Dr Martin", "agrees": "on"}
    clock.forward(seconds=20)
    assert jeanne.post(jeanne.path, **SAID | {"mail": "jeanne@exmaple.org"}, **answered).status_code == 303
    assert jeanne.get(jeanne.path).status_code == 200
    typed = {name: re.search(rf'name="{name}" value="([^"]*)"', jeanne.text())[1] for name in SAID}
    assert typed == SAID | {"mail": "jeanne@exmaple.org"}
    assert re.search(r'name="agrees" checked', jeanne.text())
    assert "Martin" not in jeanne.text()
    assert not re.search(r'name="q-pacemaker"[^>]*checked', jeanne.text())
    assert "répondre encore une fois" in jeanne.text()
    clock.forward(seconds=60)
    assert jeanne.post(jeanne.path, **typed | {"mail": "jeanne@example.org"}, **answered).status_code == 303
    assert jeanne.code().status_code == 303
    assert not jeanne.get(jeanne.path).content.decode().count("Hoffmann")  # booked: the form shows nothing more


def test_who_knows_the_appointments_id_does_not_know_the_secret_link(jeanne, cast, clock):
    """Feeds, devices and systems show the id; the form's own opens the link, and stays with his browser."""
    link = jeanne.book(40)
    shown = Appointment.objects.get().key
    stranger = Visitor(cast, clock, address="198.51.100.9")
    for path in (f"/rdv/{SLUG}/form/{shown}", f"/rdv/{SLUG}/visit/{token_of(shown)}"):
        assert stranger.get(path).status_code in {404, 410}
    assert stranger.post(f"/rdv/{SLUG}/form/{shown}/code", code="000000").status_code in {404, 410}
    assert shown not in link


def test_a_code_proves_only_what_was_told_with_it(jeanne, cast, clock, monkeypatch):
    """Between the code and the booking he says that he is somebody else: nothing is booked."""
    jeanne.take(40)
    jeanne.tell()
    form = PublicForm.objects.get()
    looked = public_forms._check_code

    def and_then_another(row, typed, *, at):
        looked(row, typed, at=at)
        PublicForm.objects.filter(pk=row.pk).update(code_number=row.code_number + 1, mail="victim@example.org")

    monkeypatch.setattr(public_forms, "_check_code", and_then_another)
    assert jeanne.code(code_for(form.key, form.code_number)).status_code == 422
    assert not Appointment.objects.exists()


def test_a_subscriber_of_ipv6_is_one_whatever_address_he_takes(cast, clock):
    for number in range(6):
        assert Visitor(cast, clock, address=f"2001:db8:0:7::{number}").take(number * 20).status_code == 303
    assert Visitor(cast, clock, address="2001:db8:0:7:ffff::1").take(160).status_code == 429
    assert Visitor(cast, clock, address="2001:db8:0:8::1").take(160).status_code == 303


PRACTICE = "cabinet-dupont"


@pytest.fixture
def practice(cast):
    """Both practitioners are open to patients, and the page of the practice leads to them."""
    switch_on(cast, agenda=cast.lemaire, slug="dr-lemaire")
    return switch_on(cast, agenda="", slug=PRACTICE, reasons=())


def any_times(visitor, cast, **query):
    asked = "&".join(
        f"{name}={value}" for name, value in {"for": f"any-{cast.consultation}", "new": "0", **query}.items()
    )
    visitor.get(f"/rdv/{PRACTICE}/times?{asked}")
    return re.findall(r'name="starts" value="([^"]+)"', visitor.text())


def test_the_practices_page_offers_each_practitioner_and_whoever_is_free_first(jeanne, cast, practice):
    jeanne.get(f"/rdv/{PRACTICE}/")
    text = jeanne.text()
    for value in (
        f"any-{cast.consultation}",
        f"{cast.dupont}-{cast.consultation}",
        f"{cast.lemaire}-{cast.consultation}",
    ):
        assert f'value="{value}"' in text
    assert jeanne.answer["X-Robots-Tag"] == "noindex, nofollow"
    jeanne.get(f"/rdv/{SLUG}/")
    assert "any-" not in jeanne.text()


def test_whoever_is_free_first_is_offered_each_moment_once_and_booked(jeanne, cast, practice, clock):
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=MONDAY, booking=cast.booking(), by=cast.claire, at=NOON
    )
    times = any_times(jeanne, cast, day=MONDAY.date().isoformat())
    moments = [each.partition("@")[2] for each in times]
    assert len(set(moments)) == len(moments)
    assert sorted(moments, key=datetime.fromisoformat) == moments
    first = next(each for each in times if datetime.fromisoformat(each.partition("@")[2]) == MONDAY)
    assert first.partition("@")[0] == cast.lemaire
    second = next(each for each in times if datetime.fromisoformat(each.partition("@")[2]) == after(20))
    assert second.partition("@")[0] == cast.dupont
    key = re.search(r'name="key" value="([^"]+)"', jeanne.text())[1]
    jeanne.post(
        f"/rdv/{PRACTICE}/times", **{"for": f"any-{cast.consultation}", "new": "0", "key": key, "starts": first}
    )
    assert jeanne.answer.status_code == 303
    assert str(PublicForm.objects.get().agenda_id) == cast.lemaire
    jeanne.get(jeanne.answer["Location"])
    assert jeanne.answer.status_code == 200


def test_a_value_of_the_practices_page_that_is_none_takes_nothing(jeanne, cast, practice):
    any_times(jeanne, cast)
    key = re.search(r'name="key" value="([^"]+)"', jeanne.text())[1]
    sent = {"for": f"any-{cast.consultation}", "new": "0", "key": key}
    moment = MONDAY.isoformat()
    for starts in (
        moment,
        f"{cast.weber_agenda}@{moment}",
        f"999@{moment}",
        f"{cast.dupont}@",
        "@",
        f"@{moment}",
        "x@y",
    ):
        jeanne.post(f"/rdv/{PRACTICE}/times", **sent, starts=starts)
        assert jeanne.answer.status_code == 422, starts
    jeanne.post(f"/rdv/{PRACTICE}/times", **sent | {"for": f"any-{cast.tracing}"}, starts=f"{cast.dupont}@{moment}")
    assert jeanne.answer.status_code == 422
    assert not PublicForm.objects.exists()


def test_somebody_was_faster_and_the_next_times_are_of_both(jeanne, cast, practice):
    times = any_times(jeanne, cast, day=MONDAY.date().isoformat())
    key = re.search(r'name="key" value="([^"]+)"', jeanne.text())[1]
    first = next(each for each in times if datetime.fromisoformat(each.partition("@")[2]) == MONDAY)
    appointments.book(
        key=cast.key(),
        agenda=first.partition("@")[0],
        starts_at=MONDAY,
        booking=cast.booking(),
        by=cast.claire,
        at=NOON,
    )
    jeanne.post(
        f"/rdv/{PRACTICE}/times", **{"for": f"any-{cast.consultation}", "new": "0", "key": key, "starts": first}
    )
    assert jeanne.answer.status_code == 409
    assert f'value="{cast.lemaire}@' in jeanne.text()


def test_the_practices_page_is_off_when_nobody_of_it_can_be_booked(jeanne, cast, practice):
    switch_on(cast, agenda=cast.lemaire, slug="dr-lemaire", active=False)
    jeanne.get(f"/rdv/{PRACTICE}/")
    assert (jeanne.answer.status_code, "any-" in jeanne.text()) == (200, False)
    switch_on(cast, active=False)
    jeanne.get(f"/rdv/{PRACTICE}/")
    assert jeanne.answer.status_code == 404
    jeanne.get(f"/rdv/{PRACTICE}/times?for=any-{cast.consultation}&new=0")
    assert jeanne.answer.status_code == 404


def test_a_doctor_switches_the_practices_page_on_and_off_and_an_assistant_does_not(cast, practice):
    address = f"/portal/line/{cast.cabinet.id}/public"
    doctor = SignedInBrowser(cast.dr_dupont)
    assert "cabinet-dupont" in doctor.get(address).content.decode()
    sent = {"agenda": "practice", "slug": "cabinet-2", "phone": ""}
    assert doctor.post(address, sent | {"active": "1"}).status_code == 303
    assert Browser().get("/rdv/cabinet-2/").status_code == 200
    assert doctor.post(address, sent).status_code == 303
    assert Browser().get("/rdv/cabinet-2/").status_code == 404
    assert doctor.post(address, sent | {"slug": SLUG}).status_code == 422
    assert SignedInBrowser(cast.assistant).post(address, sent | {"active": "1"}).status_code == 403


@pytest.mark.parametrize("language", ["fr", "de", "en"])
def test_the_practices_page_in_three_languages(cast, clock, practice, language):
    words = {"fr": "Le premier praticien libre", "de": "Wer zuerst frei ist", "en": "Whoever is free first"}
    visitor = Visitor(cast, clock, language=language)
    visitor.get(f"/rdv/{PRACTICE}/")
    assert words[language] in visitor.text()


def test_a_combined_visit_is_booked_by_the_patient_with_the_one_and_takes_the_other(jeanne, cast, practice):
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    for agenda, slug in ((cast.dupont, SLUG), (cast.lemaire, "dr-lemaire")):
        switch_on(cast, agenda=agenda, slug=slug, reasons=(cast.consultation, both))
    jeanne.get(f"/rdv/{PRACTICE}/")
    assert (f'value="{cast.dupont}-{both}"' in jeanne.text(), f'value="{cast.lemaire}-{both}"' in jeanne.text()) == (
        True,
        False,
    )
    jeanne.get(f"/rdv/{PRACTICE}/times?for={cast.dupont}-{both}&new=0&day={MONDAY.date().isoformat()}")
    key = re.search(r'name="key" value="([^"]+)"', jeanne.text())[1]
    sent = {"for": f"{cast.dupont}-{both}", "new": "0", "key": key, "starts": MONDAY.isoformat()}
    jeanne.post(f"/rdv/{PRACTICE}/times", **sent)
    assert jeanne.answer.status_code == 303
    assert {str(each) for each in Occupancy.objects.values_list("agenda", flat=True)} == {cast.dupont, cast.lemaire}


def test_of_two_half_past_two_the_pages_say_which_is_the_second(jeanne, cast, clock):
    clock.at = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
    night = (*openings(cast.dupont), *openings(cast.dupont, ((6, "02:20", "02:40"),)))
    setting.set_openings(agenda=cast.dupont, openings=night, by=cast.claire, at=NOON)
    jeanne.times(day="2026-10-25")
    times = [re.sub(r"\s", " ", each) for each in re.findall(r"<span>(2\s[^<]+)<", jeanne.text())]
    assert times == ["2 h 20", "2 h 40", "2 h pour la seconde fois", "2 h 20 pour la seconde fois"]
    jeanne.post(f"/rdv/{SLUG}/times", **jeanne.fields() | {"starts": "2026-10-25T02:20:00+01:00"})
    jeanne.follow()
    assert "2 h 20 pour la seconde fois" in re.sub(r"\s", " ", jeanne.text())
