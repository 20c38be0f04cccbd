# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor's delay said a second time on the same day: what stands of the first word, and who hears of it anew."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.callers.models import Patient, PatientNumber
from permanence.dispatch import late_acts, late_operations, late_tasks, late_words, sms_reach, sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.models import LateMail, LateNotice, Sms, SmsStop, Unreached
from permanence.dispatch.rules import DeliveryState, SentState
from permanence.dispatch.unreached_queries import late_reach, open_unreached
from permanence.kernel.system import SystemEntropy
from tests.processes import free_port
from tests.rooms.agenda_cast import after
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_console_agenda import act, page
from tests.rooms.test_late import TEN, agrees_to_mail, book, cast, provider, reachable
from tests.rooms.test_late_consultation import AFTERNOON, CONCERNED, LATER, MORNING, addresses, clock, said, two

__all__ = ["cast", "clock", "provider", "two"]

pytestmark = pytest.mark.django_db
NOON_THERE = after(240)
SOON = TEN + late_acts.KEPT_FOR / 3
"""What was said at ten has not gone out yet."""
NEXT = TEN + late_acts.KEPT_FOR * 4
AT_TWO, AT_FIVE = after(360), after(540)
"""14:00, and 17:00, to which somebody of the morning is moved."""


@pytest.fixture
def six(two):
    """In the afternoon one without mobile more, at 15:00, and one with a mail, at 16:00."""
    book(two, 420, reachable(two, "Poste", "+33123456701", True))
    book(two, 480, reachable(two, "Courrier", "+33123456702", True))
    agrees_to_mail("Courrier")
    return two


def to_call(cast, *, at):
    return [each.visit.patient_name.split()[0] for each in open_unreached(by=cast.claire, at=at)]


def texts():
    return sorted((each.number, each.expires_at) for each in Sms.objects.all())


def moved(cast, name, *, at=NEXT):
    visit = Appointment.objects.get(patient__birth_name=name)
    appointments.move(
        key=cast.key(), appointment=visit.key, agenda=cast.dupont, starts_at=AT_FIVE, by=cast.claire, at=at
    )
    return visit.key


def no_more(cast, *, minutes, tell, at):
    late_acts.say_and_tell(
        key=cast.key(),
        agenda=cast.dupont,
        minutes=minutes,
        tell=tell,
        until=NOON_THERE,
        by=cast.dr_dupont,
        at=at,
        entropy=SystemEntropy(),
    )


def test_who_is_to_be_telephoned_in_the_afternoon_stays_on_the_list_when_the_morning_is_told_more_minutes(
    six, provider
):
    said(six, minutes=30)
    sms_tasks.run_sms(at=TEN + late_acts.KEPT_FOR)
    assert to_call(six, at=NEXT) == ["REFUSE", "FIXE", "POSTE"]
    said(six, minutes=45, until=NOON_THERE, at=NEXT)
    assert to_call(six, at=NEXT) == ["REFUSE", "FIXE", "POSTE"]
    assert {each.minutes for each in open_unreached(by=six.claire, at=NEXT)} == {45}
    first, second = LateNotice.objects.order_by("at")
    assert (len(first.told), len(first.untold)) == (4, 3)
    assert (len(second.told), len(second.untold)) == (1, 2)


def test_what_has_not_gone_out_to_the_afternoon_goes_out_though_the_morning_is_told_something_else(six, provider):
    said(six, minutes=30)
    said(six, minutes=45, until=NOON_THERE, at=SOON)
    assert [number for number, _expires in texts()] == [MORNING, AFTERNOON, LATER]
    assert LateMail.objects.count() == 1
    sms_tasks.run_sms(at=NEXT)
    late_tasks.run_late(at=NEXT, relay=RelaySettings(host="127.0.0.1", port=free_port()))
    went = [each[2].decode() for each in provider.asked]
    assert sorted("45 Min" in each for each in went) == [False, False, True]
    assert LateMail.objects.get().attempts == 1


def test_a_mail_of_the_morning_that_has_not_gone_out_is_withdrawn_with_the_rest_of_the_morning(six, provider):
    agrees_to_mail("Fixe")
    said(six, minutes=30)
    said(six, minutes=45, until=NOON_THERE, at=SOON)
    minutes = LateMail.objects.order_by("starts_at").values_list("starts_at", "notice__minutes")
    assert list(minutes) == [(after(180), 45), (after(480), 30)]


def test_the_whole_day_told_anew_nobody_hears_of_what_was_said_before(six, provider):
    said(six, minutes=30)
    said(six, minutes=45, at=SOON)
    assert [number for number, _expires in texts()] == [MORNING, AFTERNOON, LATER]
    assert to_call(six, at=SOON) == ["REFUSE", "FIXE", "POSTE"]
    sms_tasks.run_sms(at=NEXT)
    assert [each for each in provider.asked if "45 Min" not in each[2].decode()] == []
    assert LateNotice.objects.order_by("at")[0].told == []


@pytest.mark.parametrize(("minutes", "tell"), [(0, True), (0, False), (45, False)])
def test_on_time_again_or_told_to_nobody_nothing_goes_out_any_more_of_the_whole_day(six, provider, minutes, tell):
    said(six, minutes=30)
    no_more(six, minutes=minutes, tell=tell, at=SOON)
    assert (Sms.objects.count(), LateMail.objects.count(), Unreached.objects.count()) == (0, 0, 0)
    row = LateNotice.objects.get()
    assert (row.told, row.untold) == ([], [])


def test_the_first_word_cannot_be_taken_back_in_place_of_a_later_one_that_wrote_to_nobody(two, provider):
    """Of the morning nobody with SMS is left: the second act has told nobody by itself."""
    at = after(150)
    said(two, minutes=30, at=at)
    said(two, minutes=45, until=NOON_THERE, at=at + late_acts.KEPT_FOR / 3)
    assert late_acts.may_take_back(agenda=two.dupont, by=two.claire, at=at + late_acts.KEPT_FOR / 2) == ""


def test_who_was_moved_to_the_afternoon_of_the_same_day_hears_of_the_same_minutes_for_his_new_hour(cast, provider):
    said(cast, minutes=15)
    sms_tasks.run_sms(at=TEN + late_acts.KEPT_FOR)
    visit = moved(cast, "Mobile")
    assert visit not in late_reach(agenda=cast.dupont, by=cast.dr_dupont, at=NEXT)
    said(cast, minutes=15, at=AT_TWO)
    assert texts() == [(MORNING, after(140 + 15)), (MORNING, after(540 + 15))]
    assert visit in late_reach(agenda=cast.dupont, by=cast.dr_dupont, at=AT_TWO)
    said(cast, minutes=15, at=AT_TWO + late_acts.KEPT_FOR)
    sms_tasks.run_sms(at=AT_TWO + 3 * late_acts.KEPT_FOR)
    assert len(provider.asked) == 2


def test_so_does_who_is_told_by_mail(cast, provider):
    agrees_to_mail("Fixe")
    said(cast, minutes=15)
    LateMail.objects.update(state="sent")
    visit = moved(cast, "Fixe")
    assert visit not in late_reach(agenda=cast.dupont, by=cast.dr_dupont, at=NEXT)
    for _ in range(2):
        said(cast, minutes=15, at=AT_TWO)
        LateMail.objects.update(state="sent")
    assert [*LateMail.objects.order_by("pk").values_list("starts_at", flat=True)] == [after(180), AT_FIVE]


def test_and_who_is_to_be_telephoned_stands_on_the_list_for_his_new_hour(cast, provider):
    said(cast, minutes=15)
    Unreached.objects.filter(starts_at=after(160)).update(done_at=NEXT, outcome="told", done_by_name="Claire")
    visit = moved(cast, "Refuse")
    assert visit not in late_reach(agenda=cast.dupont, by=cast.dr_dupont, at=NEXT)
    said(cast, minutes=15, at=AT_TWO)
    assert to_call(cast, at=AT_TWO) == ["REFUSE"]
    found = late_reach(agenda=cast.dupont, by=cast.dr_dupont, at=AT_TWO)[visit]
    assert (found.state, found.outcome) == (SentState.NO_WAY, None)


def test_who_is_to_be_telephoned_stays_on_the_list_when_only_the_secretaries_hear_of_more_minutes(six, provider):
    said(six, minutes=15)
    listed, written = to_call(six, at=NEXT), texts()
    assert (bool(listed), bool(written)) == (True, True)
    no_more(six, minutes=30, tell=False, at=NEXT)
    assert {each.minutes for each in open_unreached(by=six.claire, at=NEXT)} == {30}
    assert (to_call(six, at=NEXT), texts()) == (listed, written)
    no_more(six, minutes=0, tell=False, at=NEXT)
    assert (to_call(six, at=NEXT), texts()) == ([], [])


def test_who_is_to_be_telephoned_for_the_first_word_still_is_when_a_slip_comes_between(six, provider):
    said(six, minutes=15)
    listed = to_call(six, at=NEXT)
    for each in (Sms, LateMail):
        each.objects.update(state=DeliveryState.SENT)
    said(six, minutes=30, at=NEXT)
    no_more(six, minutes=30, tell=False, at=NEXT + late_acts.KEPT_FOR / 3)
    assert to_call(six, at=NEXT) == listed


def test_within_the_half_minute_of_a_slip_nobody_is_told_when_only_the_secretaries_should_hear(six, provider):
    said(six, minutes=15)
    no_more(six, minutes=15, tell=False, at=SOON)
    assert (to_call(six, at=SOON), texts()) == ([], [])


WERE_TOLD, NOT_YET, NOBODY = "courriel ont été prévenus.", "Pas encore prévenus", "Personne n’a été prévenu."


def heard(seen):
    """Of each who can be told, in the order of the day: the minutes he was told last, "" for none."""
    return re.findall(r'data-heard="([^"]*)"', seen)


def test_the_secretary_sees_who_of_the_list_has_heard_of_it_and_who_has_not(two, provider, browser_of, clock):
    claire = browser_of(two.claire)
    late = {"agenda": two.dupont}
    assert heard(page(claire, CONCERNED, **late, day="1")) == ["", "", ""]
    no_more(two, minutes=40, tell=False, at=TEN)
    assert NOBODY in page(claire, CONCERNED, **late)
    said(two, minutes=40, until=NOON_THERE)
    morning = page(claire, CONCERNED, **late)
    assert heard(morning) == ["40"]
    assert (WERE_TOLD in morning, NOT_YET in morning) == (True, False)
    whole = page(claire, CONCERNED, **late, day="1")
    assert heard(whole) == ["40", "", ""]
    assert (WERE_TOLD in whole, NOBODY in whole) == (False, False)
    assert re.search(rf"{NOT_YET}.{{0,3}}2<", whole)
    clock.moment = AT_TWO
    assert re.search(rf"{NOT_YET}.{{0,3}}1<", page(claire, CONCERNED, **late))
    said(two, minutes=40, at=AT_TWO)
    afternoon = page(claire, CONCERNED, **late)
    assert heard(afternoon) == ["40"]
    assert WERE_TOLD in afternoon


def test_other_minutes_than_were_told_concern_everybody_anew(two, provider, browser_of, clock):
    said(two, minutes=40, until=NOON_THERE)
    no_more(two, minutes=60, tell=False, at=TEN)
    assert NOBODY in page(browser_of(two.claire), CONCERNED, agenda=two.dupont)


def test_a_refused_delay_does_not_open_the_form_that_keeps_a_time_free(two, provider, clock):
    doctor = SignedInBrowser(two.dr_dupont)
    _day, address = addresses(two)
    form = {"key": "k" * 20, "tell": "now", "until": NOON_THERE.isoformat(), "minutes": "999"}
    refused = doctor.post(address, form)
    assert refused.status_code == 422
    busy = re.search(r'<details [^>]*id="busy".*?</details>', refused.content.decode(), re.DOTALL)[0]
    assert " open" not in busy.partition(">")[0]
    assert NOON_THERE.isoformat() not in busy


def test_a_refused_busy_time_keeps_what_was_typed(two, provider, clock):
    doctor = SignedInBrowser(two.dr_dupont)
    names = [two.cabinet.id, two.dupont]
    typed = {"words": "Visite", "from": "15:00", "until": "x"}
    refused = doctor.post(reverse("portal_day_block", args=names) + f"?day={TEN.date()}", typed).content.decode()
    busy = re.search(r'<details [^>]*id="busy".*?</details>', refused, re.DOTALL)[0]
    assert " open" in busy.partition(">")[0]
    assert [each for each in typed.values() if f'value="{each}"' not in busy] == []


def test_on_time_again_the_doctor_reads_how_many_believe_that_he_is_late(two, provider, clock):
    doctor = SignedInBrowser(two.dr_dupont)
    day, address = addresses(two)
    said(two, minutes=40)
    on_time = {"key": "k" * 20, "minutes": "0"}
    believe = r"De nouveau à l’heure\. (\d+) patients? encore"
    doctor.post(address, on_time)  # within the half minute nothing has gone out
    assert not re.search(believe, doctor.get(day).content.decode())
    said(two, minutes=40)
    gone = Sms.objects.filter(about__in=LateNotice.objects.latest("pk").told)
    gone.update(state=DeliveryState.SENT, sent_at=TEN)
    clock.moment = NEXT
    doctor.post(address, on_time | {"key": "n" * 20})
    assert re.search(believe, doctor.get(day).content.decode())[1] == str(gone.count())


@pytest.mark.usefixtures("provider", "clock")
@pytest.mark.parametrize("given", [{"minutes": "0", "tell": "now"}, {"minutes": "20", "tell": ""}])
def test_on_time_again_and_told_to_nobody_look_for_nobody_who_is_still_to_come(two, browser_of, given, monkeypatch):
    asked = []
    monkeypatch.setattr(late_words.late_operations, "still_to_come", lambda **which: asked.append(which))
    _day, address = addresses(two)
    assert SignedInBrowser(two.dr_dupont).post(address, {"key": "k" * 20, **given}).status_code == 303
    assert act(browser_of(two.claire), "late", key=two.key(), agenda=two.dupont, **given).status_code == 201
    assert asked == []


def test_the_doctors_day_asks_no_more_of_the_database_the_more_patients_are_still_to_come(
    two, provider, clock, monkeypatch
):
    read = []
    first = sms_reach.usable_provider
    monkeypatch.setattr(sms_reach, "usable_provider", lambda: (read.append(1), first())[1])

    def looked():
        read.clear()
        with CaptureQueriesContext(connection) as caught:
            found = late_operations.still_to_come(agenda=two.dupont, by=two.dr_dupont, at=TEN)
        return len(found.all_day), len(caught), len(read)

    many, queries, reads = looked()
    for minutes in (420, 440, 460, 480):
        book(two, minutes, reachable(two, f"Suite{minutes}", f"+336399801{minutes % 100:02}", True))
    assert looked() == (many + 4, queries, reads)
    assert reads == 1


def test_of_many_who_said_stop_is_telephoned_and_who_agreed_anew_is_not(two, provider):
    house = two.claire.house_key
    for number, at in ((MORNING, NOON), (AFTERNOON, NOON - timedelta(days=1))):
        SmsStop.objects.create(house_id=house, number=number, at=at)
    Patient.objects.filter(birth_name="Refuse").update(sms_agreed_at=NOON)
    PatientNumber.objects.create(
        house_id=house,
        client_id=int(two.cabinet.id),
        patient=Patient.objects.get(birth_name="Mobile"),
        number="+33639980077",
        position=1,
    )
    found = late_operations.concerned(agenda=two.dupont, by=two.claire, at=TEN)
    assert [(each.why, each.number) for each in found] == [
        ("", "+33639980077"),
        ("", "+33639980002"),
        ("no_mobile", "+33123456789"),
        ("", AFTERNOON),
        ("", LATER),
    ]
    SmsStop.objects.create(house_id=house, number="+33639980077", at=NOON)
    found = late_operations.concerned(agenda=two.dupont, by=two.claire, at=TEN)
    assert (found[0].why, found[0].number) == ("no_consent", MORNING)
