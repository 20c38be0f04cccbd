# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who books by himself and is moved, comes back with an old page, or wants another time: what he reads last is so."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment, PublicMail, SlotHold
from permanence.agenda.operations import appointments
from permanence.agenda.rules.states import CancelCause
from permanence.booking import parts
from permanence.dispatch import sent_queries
from permanence.dispatch.public_mails import run_public
from permanence.dispatch.rules import SentState
from permanence.foundation import moments
from tests.rooms.agenda_cast import MONDAY, after
from tests.rooms.public_cast import SLUG, cast, clock, jeanne
from tests.rooms.test_calendar_mails import relay

__all__ = ["cast", "clock", "jeanne", "relay"]

pytestmark = pytest.mark.django_db
LATER = "451 4.3.0 try later"


def booked_while_the_relay_refuses(jeanne, clock, relay):
    """She has her code; the mail that says that she is booked was tried twice in vain."""
    jeanne.take()
    jeanne.tell()
    run_public(at=clock.at, relay=relay.settings)
    relay.taken.clear()
    jeanne.code()
    for wait in (0, 1):
        clock.forward(minutes=wait)
        relay.answers.append(LATER)
        assert run_public(at=clock.at, relay=relay.settings) == 1
    assert relay.taken == []
    return Appointment.objects.get().key


def moves(cast, clock, visit, minutes=60):
    moved = {"agenda": cast.dupont, "starts_at": after(minutes), "by": cast.claire, "at": clock.at}
    return appointments.move(key=cast.key(), appointment=visit, **moved)


def subjects(relay):
    return [mail["Subject"].partition(" (")[0] for mail in relay.taken]


def send_all_day(clock, relay):
    for minutes in (0, 5, 15, 60, 60):
        clock.forward(minutes=minutes)
        run_public(at=clock.at, relay=relay.settings)


def test_moved_before_the_mail_of_the_booking_left_he_is_told_the_new_hour_alone(
    jeanne, cast, clock, relay, deliver_all
):
    visit = booked_while_the_relay_refuses(jeanne, clock, relay)
    moves(cast, clock, visit)
    deliver_all(clock.at)
    send_all_day(clock, relay)
    assert subjects(relay) == ["Votre rendez-vous est déplacé"]
    told = relay.taken[0].get_body(("plain",)).get_content()
    zone = parts.ZoneInfo("Europe/Paris")
    assert moments.hour_there(after(60).astimezone(zone)) in told
    assert moments.hour_there(MONDAY.astimezone(zone)) not in told


def test_moved_and_not_yet_heard_of_the_old_hour_is_told_to_nobody(jeanne, cast, clock, relay, deliver_all):
    visit = booked_while_the_relay_refuses(jeanne, clock, relay)
    moves(cast, clock, visit)
    clock.forward(minutes=5)
    run_public(at=clock.at, relay=relay.settings)
    assert relay.taken == []
    deliver_all(clock.at)
    send_all_day(clock, relay)
    assert subjects(relay) == ["Votre rendez-vous est déplacé"]


def test_cancelled_before_the_mail_of_the_booking_left_he_is_told_that_alone(jeanne, cast, clock, relay, deliver_all):
    visit = booked_while_the_relay_refuses(jeanne, clock, relay)
    appointments.cancel(key=cast.key(), appointment=visit, cause=CancelCause.DOCTOR, by=cast.claire, at=clock.at)
    deliver_all(clock.at)
    send_all_day(clock, relay)
    assert subjects(relay) == ["Votre rendez-vous est annulé"]


def test_of_an_hour_that_is_over_nothing_is_told(jeanne, cast, clock, relay):
    booked_while_the_relay_refuses(jeanne, clock, relay)
    clock.at = MONDAY
    run_public(at=clock.at, relay=relay.settings)
    assert relay.taken == []
    assert not PublicMail.objects.filter(next_attempt_at__isnull=False).exists()


def test_what_was_overtaken_is_shown_as_no_longer_needed_and_as_no_failure(jeanne, cast, clock, relay, deliver_all):
    visit = booked_while_the_relay_refuses(jeanne, clock, relay)
    moves(cast, clock, visit)
    deliver_all(clock.at)
    span = {"since": clock.at - timedelta(days=1), "before": clock.at + timedelta(days=1)}
    told = sent_queries.sent(by=cast.marc, asked=sent_queries.Asked(**span), at=clock.at).rows
    assert [each.state for each in told if each.kind == "booked"] == [SentState.OVERTAKEN]
    failed = sent_queries.sent(by=cast.marc, asked=sent_queries.Asked(**span, undelivered=True), at=clock.at)
    assert failed.rows == ()


def hour(at):
    return moments.hour(at, parts.ZoneInfo("Europe/Paris"))


def test_an_old_page_cancels_no_other_hour_than_the_one_it_shows(jeanne, cast, clock):
    link = jeanne.book()
    jeanne.get(f"{link}/cancel")
    old = jeanne.shown()
    moves(cast, clock, Appointment.objects.get().key)
    assert jeanne.post(f"{link}/cancel", **old).status_code == 409
    assert (hour(after(60)) in jeanne.text(), hour(MONDAY) in jeanne.text()) == (True, False)
    assert "a changé depuis" in jeanne.text()
    assert Appointment.objects.get().state == "booked"
    assert jeanne.post(f"{link}/cancel", key=old["key"]).status_code == 409  # a page that says of no hour
    assert jeanne.post(f"{link}/cancel", **jeanne.shown()).status_code == 303
    assert Appointment.objects.get().state == "cancelled"


def test_an_old_page_moves_no_other_hour_than_the_one_it_shows(jeanne, cast, clock):
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    old = jeanne.shown()
    moves(cast, clock, Appointment.objects.get().key)
    assert jeanne.post(f"{link}/move", **old, starts=after(120).isoformat()).status_code == 409
    assert "a changé depuis" in jeanne.text()
    assert Appointment.objects.get().starts_at == after(60)
    assert jeanne.post(f"{link}/move", **jeanne.shown(), starts=after(120).isoformat()).status_code == 303
    assert Appointment.objects.get().starts_at == after(120)


def holds():
    return [each.starts_at for each in SlotHold.objects.filter(ended_at=None)]


def test_the_time_he_has_is_his_until_another_one_is(jeanne, cast, clock):
    jeanne.take()
    form = jeanne.answer["Location"]
    jeanne.get(f"/rdv/{SLUG}/times?for={cast.dupont}-{cast.consultation}&new=0&day=2026-11-30&instead={form[-26:]}")
    wanted = jeanne.fields() | {"starts": after(60).isoformat()}
    visit = {"starts_at": after(60), "booking": cast.booking(), "by": cast.claire, "at": clock.at}
    appointments.book(key=cast.key(), agenda=cast.dupont, **visit)
    assert jeanne.post(f"/rdv/{SLUG}/times", **wanted).status_code == 409
    assert holds() == [MONDAY]
    assert jeanne.get(form).status_code == 200
    late = jeanne.fields() if "instead" in jeanne.fields() else wanted
    assert jeanne.post(f"/rdv/{SLUG}/times", **late | {"starts": after(5).isoformat()}).status_code == 303
    assert holds() == [after(5)]  # over his own time
    assert jeanne.get(form).status_code == 410


def test_who_asks_too_often_keeps_the_time_he_has(jeanne, clock):
    for minutes in range(0, 100, 20):
        jeanne.take(minutes)
    jeanne.take(120)
    key = jeanne.answer["Location"].rsplit("/", 1)[-1]
    before = holds()
    assert jeanne.take(180, instead=key).status_code == 429
    assert holds() == before
    assert jeanne.get(f"/rdv/{SLUG}/form/{key}").status_code == 200


def test_a_code_sent_late_is_good_as_long_as_it_says(jeanne, clock):
    jeanne.take()
    clock.forward(minutes=20)
    jeanne.tell()
    clock.forward(minutes=12)
    assert jeanne.get(f"{jeanne.path}/code").status_code == 200
    assert jeanne.code().status_code == 303
    assert Appointment.objects.get().starts_at == MONDAY


def test_a_form_lives_no_longer_than_its_last_code(jeanne, clock):
    jeanne.take()
    jeanne.tell()
    for _again in range(2):
        clock.forward(minutes=14)
        assert jeanne.post(f"{jeanne.path}/code", again="1").status_code == 303
    clock.forward(minutes=16)
    assert jeanne.get(f"{jeanne.path}/code").status_code == 410
