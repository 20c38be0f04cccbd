# SPDX-License-Identifier: AGPL-3.0-or-later
"""A late practitioner in one act: told by the secretary he telephones, or in one tap by himself, and taken back."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from permanence.agenda.queries.follow_ups import delay
from permanence.console import agenda_late
from permanence.dispatch import late_acts, late_tasks, sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.late_operations import LateKeyTaken, told_today
from permanence.dispatch.models import LateMail, LateNotice, Sms
from permanence.foundation.models import AuditEntry
from permanence.kernel.system import SystemEntropy
from permanence.portal import agenda as portal_agenda
from permanence.portal import late as portal_late
from tests.processes import free_port
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.test_console_agenda import act, page
from tests.rooms.test_late import TEN, agrees_to_mail, cast, provider

__all__ = ["cast", "provider"]

pytestmark = pytest.mark.django_db
CONCERNED = "/console/fragments/agenda/late"
GONE = TEN + late_acts.KEPT_FOR


@pytest.fixture
def clock(monkeypatch):
    """The moment at both doors, to be moved."""
    hands = SimpleNamespace(moment=TEN)
    hands.now = lambda: hands.moment
    for door in (agenda_late, portal_late, portal_agenda):
        monkeypatch.setattr(door, "_CLOCK", hands)
    return hands


def say(cast, browser, **more):
    return act(browser, "late", key=cast.key(), **{"agenda": cast.dupont, "minutes": "40", "tell": "now"} | more)


def minutes_late(cast):
    found = delay(by=cast.claire, agenda=cast.dupont, day=TEN.date())
    return 0 if found is None else found.minutes


def numbers():
    return sorted(each.number for each in Sms.objects.all())


def test_the_secretary_sees_whom_it_concerns_and_nobody_is_told_by_that(cast, provider, browser_of, clock):
    seen = page(browser_of(cast.claire), CONCERNED, agenda=cast.dupont)
    assert seen.count("data-heard=") == 1
    assert [name for name in ("MOBILE", "REFUSE", "FIXE") if name not in seen] == []
    assert "DEMAIN" not in seen
    assert "06\u00a039\u00a098\u00a000\u00a002" in seen
    assert (Sms.objects.count(), minutes_late(cast)) == (0, 0)


@pytest.mark.parametrize("minutes", ["5", "40", "75", "120"])
def test_she_says_and_tells_it_in_one_act(cast, provider, browser_of, clock, minutes):
    answer = say(cast, browser_of(cast.claire), minutes=minutes)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["before"], told["told"], told["untold"]) == (0, 1, 2)
    assert minutes_late(cast) == int(minutes)
    assert sms_tasks.run_sms(at=TEN) == 0  # a slip can still be taken back
    assert sms_tasks.run_sms(at=GONE) == 1
    assert f"{minutes} Min" in provider.asked[0][2].decode()
    assert told_today(agenda=cast.dupont, by=cast.claire, at=GONE) == int(minutes)


def test_the_secretaries_alone_may_know(cast, provider, browser_of, clock):
    assert say(cast, browser_of(cast.claire), tell="").json()["told"] == 0
    assert (minutes_late(cast), Sms.objects.count(), LateNotice.objects.count()) == (40, 0, 0)


def test_taken_back_in_time_nobody_hears_of_it(cast, provider, browser_of, clock):
    agrees_to_mail("Fixe")
    browser = browser_of(cast.claire)
    say(cast, browser, minutes="20", tell="")
    told = say(cast, browser).json()
    assert (told["before"], told["told"], numbers(), LateMail.objects.count()) == (20, 2, ["+33639980001"], 1)
    back = {"key": cast.key(), "agenda": cast.dupont, "late": told["late"], "before": "20"}
    for _ in range(2):
        answer = act(browser, "late-back", **back)
        assert (answer.status_code, answer.json()["told"]) == (200, 0)
    assert sms_tasks.run_sms(at=GONE) == 0
    assert late_tasks.run_late(at=GONE, relay=RelaySettings(host="127.0.0.1", port=free_port())) == 0
    assert (minutes_late(cast), told_today(agenda=cast.dupont, by=cast.claire, at=GONE)) == (20, 0)
    assert AuditEntry.objects.filter(action="late.taken_back").count() == 2


def test_taken_back_too_late_it_says_whom_it_has_reached(cast, provider, browser_of, clock):
    browser = browser_of(cast.claire)
    told = say(cast, browser).json()
    sms_tasks.run_sms(at=GONE)
    clock.moment = GONE
    answer = act(browser, "late-back", agenda=cast.dupont, late=told["late"], before="0")
    assert answer.json()["told"] == 1
    assert minutes_late(cast) == 0
    assert numbers() == ["+33639980001"]


def test_a_later_word_stands_instead_of_one_that_has_not_gone_out(cast, provider, browser_of, clock):
    browser = browser_of(cast.claire)
    say(cast, browser, minutes="20")
    clock.moment = TEN + timedelta(seconds=5)
    assert say(cast, browser, minutes="45").json()["before"] == 20
    assert sms_tasks.run_sms(at=GONE + timedelta(seconds=5)) == 1
    assert "45 Min" in provider.asked[0][2].decode()
    say(cast, browser, minutes="50")
    say(cast, browser, minutes="0")  # on time again before it went out
    assert sms_tasks.run_sms(at=GONE + timedelta(minutes=5)) == 0
    assert minutes_late(cast) == 0


@pytest.mark.parametrize("minutes", ["", "x", "-5", "3", "7", "245", "480", "9" * 400, "٤٠"])
def test_minutes_that_cannot_be_are_refused_and_nothing_is_said(cast, provider, browser_of, clock, minutes):
    answer = say(cast, browser_of(cast.claire), minutes=minutes)
    assert answer.status_code == 422
    assert "5" in answer.json()["why"]
    assert (minutes_late(cast), Sms.objects.count()) == (0, 0)


def test_what_was_never_told_cannot_be_taken_back(cast, provider, browser_of, clock):
    for late in ("", "k" * 20, "x" * 400):
        answer = act(browser_of(cast.claire), "late-back", agenda=cast.dupont, late=late, before="0")
        assert (answer.status_code, answer.json()["code"]) == (422, "late_key_taken")


def test_another_clients_agenda_is_not_there(cast, provider, browser_of, clock):
    key = say(cast, browser_of(cast.claire)).json()["late"]
    stranger = browser_of(cast.other_secretary)
    assert stranger.get(CONCERNED, {"agenda": cast.dupont}).status_code == 404
    assert say(cast, stranger).status_code == 404
    assert act(stranger, "late-back", agenda=cast.dupont, late=key, before="0").status_code == 404
    with pytest.raises(LateKeyTaken):  # of a colleague's agenda
        late_acts.take_back(key=key, agenda=cast.lemaire, before=0, by=cast.claire, at=TEN)
    assert (minutes_late(cast), numbers()) == (40, ["+33639980001"])


def test_a_key_that_was_used_changes_nothing(cast, provider):
    given = {
        "agenda": cast.dupont,
        "tell": True,
        "until": None,
        "by": cast.claire,
        "at": TEN,
        "entropy": SystemEntropy(),
    }
    late_acts.say_and_tell(key="late-act-00000001", minutes=40, **given)
    for key, minutes in (("late-act-00000001", 30), ("x", 40)):
        with pytest.raises(LateKeyTaken):
            late_acts.say_and_tell(key=key, minutes=minutes, **given)
    assert (minutes_late(cast), numbers()) == (40, ["+33639980001"])
    assert json.loads(json.dumps(LateNotice.objects.get().told))


def test_what_the_doctor_may_do_about_his_delay_has_one_button_for_each_meaning(cast, provider, clock):
    doctor = SignedInBrowser(cast.dr_dupont)
    address = reverse("portal_day_late", args=[cast.cabinet.id, cast.dupont])

    def offered(minutes, key):
        said = doctor.post(address, {"minutes": minutes, "tell": "day", "key": key})
        notice = doctor.get(said["Location"]).content.decode().partition('id="late"')[2].partition("<details")[0]
        return re.findall(r'name="minutes" value="(\d+)">([^<]+)', notice)

    assert offered("20", "k" * 20) == [("0", "De nouveau à l’heure")]
    assert offered("40", "l" * 20) == [("20", "20 minutes de retard, comme avant"), ("0", "De nouveau à l’heure")]
    doctor.post(address, {"minutes": "0"})
    assert (minutes_late(cast), numbers()) == (0, [])  # within the half minute nobody hears of it


def test_minutes_that_the_secretaries_knew_and_that_are_told_now_are_taken_back_as_told_to_nobody(
    cast, provider, clock
):
    doctor = SignedInBrowser(cast.dr_dupont)
    address = reverse("portal_day_late", args=[cast.cabinet.id, cast.dupont])
    doctor.post(address, {"minutes": "20"})
    for _twice in range(2):
        said = doctor.post(address, {"minutes": "20", "tell": "day", "key": "k" * 20})
        notice = doctor.get(said["Location"]).content.decode().partition('id="late"')[2].partition("<details")[0]
        offered = re.findall(r'name="minutes" value="(\d+)">([^<]+)', notice)
        assert offered == [("20", "Ne prévenir personne"), ("0", "De nouveau à l’heure")]
    doctor.post(address, {"step": "back", "minutes": "20", "key": "k" * 20})
    assert (minutes_late(cast), numbers()) == (20, [])


def test_pressed_twice_a_delay_is_taken_back_by_what_the_button_says(cast, provider, clock):
    doctor = SignedInBrowser(cast.dr_dupont)
    address = reverse("portal_day_late", args=[cast.cabinet.id, cast.dupont])
    for _twice in range(2):
        said = doctor.post(address, {"minutes": "20", "tell": "day", "key": "k" * 20})
    assert "comme avant" not in doctor.get(said["Location"]).content.decode()


def test_the_doctor_tells_it_in_one_tap_and_takes_it_back(cast, provider, clock):
    doctor = SignedInBrowser(cast.dr_dupont)
    address = reverse("portal_day_late", args=[cast.cabinet.id, cast.dupont])
    shown = doctor.get(reverse("portal_day_of", args=[cast.cabinet.id, cast.dupont])).content.decode()
    offered = shown[shown.index("t-late") :]
    assert 'name="minutes" value="40"' in offered
    assert re.search(r'name="tell" value="now" checked', offered)
    doctor.post(address, {"minutes": "20"})
    key = re.search(r'name="key" value="([^"]+)"', offered)[1]
    said = doctor.post(address, {"minutes": "40", "tell": "now", "key": key})
    assert said.status_code == 303
    assert numbers() == ["+33639980001"]
    after = doctor.get(said["Location"]).content.decode()
    back = after[after.index('name="step" value="back"') :]
    assert re.search(r'name="key" value="([^"]+)"', back)[1] == key
    assert 'name="minutes" value="20"' in back.partition("</form>")[0]
    assert doctor.post(address, {"step": "back", "minutes": "20", "key": key}).status_code == 303
    assert (minutes_late(cast), numbers()) == (20, [])
    assert doctor.post(address, {"step": "back", "minutes": "20", "key": "k" * 20}).status_code == 422
    doctor.post(address, {"minutes": "40", "tell": "now", "key": "k" * 20})
    clock.moment = GONE
    assert 'name="step" value="back"' not in doctor.get(said["Location"]).content.decode()
