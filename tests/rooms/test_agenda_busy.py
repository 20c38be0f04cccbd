# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time made and freed on a screen, by the secretary and by the doctor; what gets free is offered to who waits."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from permanence.agenda.models import Block, FreedTime, Occupancy
from permanence.agenda.operations import blocks
from permanence.agenda.queries import blocks as busy
from permanence.agenda.refusals import BlockUnknown
from permanence.agenda.rules.states import Door
from permanence.clients import absences
from permanence.clients.access import choose_clients
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.sent_form import sent_form
from tests.rooms.test_console_agenda import GRID, act, at_wall, booked, monday, page
from tests.rooms.waiting_cast import LATER, last_offer, offered, person, pursue, waits

__all__ = ["monday"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db, deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def asked(cast, day, /, **more):
    where = {"agenda": cast.dupont, "day": day.isoformat(), "minute": "600", "until": "11h30", "words": "Réunion"}
    return {"key": cast.key(), **where, **more}


def spans():
    return list(Block.objects.filter(removed_at=None).order_by("pk").values_list("starts_at", "ends_at", "words"))


def test_the_secretary_keeps_a_time_free_and_gives_it_back(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    told = asked(cast, monday)
    made = act(browser, "block", **told)
    assert made.status_code == 201, made.content
    assert act(browser, "block", **told).json() == made.json()
    assert spans() == [(at_wall(monday, 10), at_wall(monday, 11, 30), "Réunion")]
    text = page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert "data-freeable" in text
    assert "Réunion" in text
    freed = act(browser, "unblock", key=cast.key(), block=made.json()["block"])
    assert (freed.status_code, freed.json()["agenda"]) == (200, cast.dupont)
    assert spans() == []
    assert not Occupancy.objects.exists()
    again = act(browser, "unblock", key=cast.key(), block=made.json()["block"])
    assert (again.status_code, again.json()["why"]) == (422, "Ce moment est déjà libre.")
    noted = AuditEntry.objects.filter(action__in=["agenda.blocked", "agenda.unblocked"]).order_by("pk")
    assert list(noted.values_list("action", flat=True)) == ["agenda.blocked", "agenda.unblocked"]


def test_all_of_a_day_and_until_its_end(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    whole = act(browser, "block", **asked(cast, monday, whole="1", until="nonsense"))
    assert whole.status_code == 201, whole.content
    late = act(browser, "block", **asked(cast, monday + timedelta(days=1), minute="1200", until="24:00"))
    assert late.status_code == 201, late.content
    tuesday, wednesday = monday + timedelta(days=1), monday + timedelta(days=2)
    assert [each[:2] for each in spans()] == [
        (at_wall(monday, 0), at_wall(tuesday, 0)),
        (at_wall(tuesday, 20), at_wall(wednesday, 0)),
    ]


def test_what_is_booked_is_never_covered_and_is_named(cast, browser_of, monday):
    booked(cast, monday, 10, 20)
    answer = act(browser_of(cast.claire), "block", **asked(cast, monday))
    assert (answer.status_code, answer.json()["code"]) == (422, "slot_already_taken")
    assert "10\u00a0h\u00a040" in answer.json()["why"]
    assert spans() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": "9h"},
        {"until": "10:00"},
        {"until": "soon"},
        {"until": ""},
        {"words": "  "},
        {"words": "w" * 201},
        {"day": ""},
        {"day": "2026-02-30"},
        {"day": "9999-12-31"},
        {"minute": "-1"},
        {"minute": "1440"},
        {"minute": "x"},
        {"key": "short"},
        {"until": ["11:00"]},
    ],
)
def test_what_is_no_time_is_refused_in_words(cast, browser_of, monday, wrong):
    answer = act(browser_of(cast.claire), "block", **asked(cast, monday, **wrong))
    assert (answer.status_code, bool(answer.json()["why"])) == (422, True), answer.content
    assert spans() == []


def test_who_does_not_answer_for_the_client_finds_nothing(cast, browser_of, monday):
    made = act(browser_of(cast.claire), "block", **asked(cast, monday)).json()["block"]
    other = browser_of(cast.other_secretary)
    assert act(other, "block", **asked(cast, monday, minute="900", until="16:00")).status_code == 404
    assert act(other, "unblock", key=cast.key(), block=made).status_code == 404
    choose_clients(person=cast.claire.person, clients=(cast.weber.id,), by=cast.marc, at=NOON)
    limited = browser_of(cast.claire)
    assert act(limited, "block", **asked(cast, monday, minute="900", until="16:00")).status_code == 404
    assert act(limited, "unblock", key=cast.key(), block=made).status_code == 404
    with pytest.raises(BlockUnknown):
        busy.block(by=cast.dr_weber, block=made)
    assert len(spans()) == 1


def portal_url(cast, name, *args):
    return reverse(name, args=[cast.cabinet.id, *args])


def keeps_free(browser, cast, day, agenda, **more):
    body = {"key": cast.key(), "from": "12h30", "until": "14", "words": "Déjeuner"} | more
    address = portal_url(cast, "portal_day_block", agenda)
    return browser.post(f"{address}?day={day}", body, HTTP_ACCEPT_LANGUAGE="fr")


def test_the_doctor_keeps_a_time_of_his_day_free_and_gives_it_back(cast, browser_of, monday):
    browser = browser_of(cast.dr_dupont)
    made = keeps_free(browser, cast, monday, cast.dupont)
    address = f"{portal_url(cast, 'portal_day_of', cast.dupont)}?day={monday}"
    assert (made.status_code, made["Location"]) == (303, f"{address}#busy")
    assert spans() == [(at_wall(monday, 12, 30), at_wall(monday, 14), "Déjeuner")]
    row = Block.objects.get()
    assert (row.door, row.made_by_name) == (Door.PORTAL, cast.dr_dupont.name)
    free = portal_url(cast, "portal_day_unblock", cast.dupont, row.key)
    assert free in browser.get(address).content.decode()
    assert free not in browser_of(cast.dr_lemaire).get(address).content.decode()
    for _again in range(2):
        given = browser.post(free)
        assert (given.status_code, given["Location"]) == (303, f"{address}#busy")
        assert spans() == []


def test_who_presses_twice_keeps_the_time_free_once_and_reads_no_refusal(cast, browser_of, monday):
    browser, page = browser_of(cast.dr_dupont), portal_url(cast, "portal_day_of", cast.dupont)
    shown = sent_form(browser.get(f"{page}?day={monday}"), field="words")
    typed = {name: values[0] for name, values in shown.items()} | {"from": "12:30", "until": "14", "words": "Repas"}
    address = f"{portal_url(cast, 'portal_day_block', cast.dupont)}?day={monday}"
    assert [browser.post(address, typed).status_code for _again in range(2)] == [303, 303]
    assert Block.objects.count() == 1
    other = browser.post(address, typed | {"until": "15"})  # back, and other hours
    assert other.status_code == 422
    assert sent_form(other, field="words")["key"] != [typed["key"]]
    assert spans() == [(at_wall(monday, 12, 30), at_wall(monday, 14), "Repas")]


def test_what_stands_in_his_day_stays_and_what_he_typed_stays_written(cast, browser_of, monday):
    booked(cast, monday, 11, 40)
    browser = browser_of(cast.dr_dupont)
    refused = keeps_free(browser, cast, monday, cast.dupont, **{"from": "11:30"})
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "Il y a déjà quelque chose à ce moment (11:40–12:00)\u00a0: choisissez-en un autre" in text
    assert 'value="11:30"' in text
    for wrong in ({"from": "nine"}, {"until": "11h"}, {"words": " "}, {"words": "w" * 201}, {"from": ""}):
        assert keeps_free(browser, cast, monday, cast.dupont, **wrong).status_code == 422, wrong
    assert keeps_free(browser, cast, "yesterday", cast.dupont).status_code == 422
    for far in ("9999-12-31", "0001-01-01"):  # days that no agenda has: there is no such page
        assert keeps_free(browser, cast, far, cast.dupont, whole="1").status_code == 404, far
    assert spans() == []


def test_of_much_that_stands_there_the_first_hours_are_said(cast, browser_of, monday):
    for minute in range(0, 60, 20):
        booked(cast, monday, 8, minute)
        booked(cast, monday, 9, minute)
    refused = keeps_free(browser_of(cast.dr_dupont), cast, monday, cast.dupont, whole="1").content.decode()
    assert "09:00–09:20, et 2 autres)" in refused
    assert ";" not in refused.partition("Il y a déjà")[2].partition("</span>")[0]


def test_a_colleagues_agenda_and_another_clients_are_not_his(cast, browser_of, monday):
    made = blocks.block(
        key=cast.key(), agenda=cast.lemaire, starts_at=MONDAY, ends_at=after(60), words="", by=cast.claire, at=NOON
    )
    his = browser_of(cast.dr_dupont)
    assert keeps_free(his, cast, monday, cast.lemaire).status_code == 403
    assert his.post(portal_url(cast, "portal_day_unblock", cast.lemaire, made.block)).status_code == 403
    assert his.post(portal_url(cast, "portal_day_unblock", cast.dupont, made.block)).status_code == 404
    webers = browser_of(cast.dr_weber)
    assert keeps_free(webers, cast, monday, cast.dupont).status_code == 404
    assert webers.post(portal_url(cast, "portal_day_unblock", cast.dupont, made.block)).status_code == 404
    assert len(spans()) == 1


def test_what_he_gives_back_is_offered_at_once(cast, browser_of, deliver_all):
    key = cast.key()
    span = {"starts_at": MONDAY, "ends_at": after(60)}
    blocks.block(key=key, agenda=cast.dupont, words="", by=cast.claire, at=NOON, **span)
    waits(cast, person(cast, "First"))
    blocks.unblock(key=cast.key(), block=key, by=cast.dr_dupont, at=LATER)
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)


def away(cast, *, recipient, starts=MONDAY, days=1):
    return absences.announce_absence(
        client=cast.cabinet.id,
        starts=starts,
        ends=starts + timedelta(days=days),
        words="Le docteur est absent.",
        announced_by=cast.marc.person,
        recipient=recipient,
        by=cast.marc,
        at=NOON,
    )


def withdrawn(cast, absence, *, at=LATER):
    absences.withdraw_absence(client=cast.cabinet.id, absence=absence, by=cast.marc, at=at)


def test_a_withdrawn_absence_offers_the_days_of_who_was_away(cast, deliver_all):
    absence = away(cast, recipient=cast.cabinet.doctor)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    withdrawn(cast, absence)
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)
    assert list(FreedTime.objects.values_list("agenda", flat=True)) == [int(cast.dupont)]


def test_a_withdrawn_absence_of_all_of_the_client_offers_each_agenda_once(cast, deliver_all):
    absence = away(cast, recipient=None)
    deliver_all(NOON)
    for name in ("First", "Second", "Third"):
        waits(cast, person(cast, name))
    withdrawn(cast, absence)
    assert pursue(deliver_all, LATER) == 3
    assert sorted(FreedTime.objects.values_list("agenda", flat=True)) == sorted([int(cast.dupont), int(cast.lemaire)])
    assert {state for _name, state in offered()} == {"open"}


def test_of_a_long_absence_nobody_is_telephoned_for_what_is_left(cast, deliver_all):
    absence = away(cast, recipient=cast.cabinet.doctor, days=90)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    withdrawn(cast, absence)
    pursue(deliver_all, LATER)
    freed = FreedTime.objects.get()
    assert (freed.is_wide, freed.ends_at) == (True, MONDAY + timedelta(days=31))


def test_one_that_was_over_or_that_nobody_waited_for_offers_nothing(cast, deliver_all):
    absence = away(cast, recipient=cast.cabinet.doctor)
    deliver_all(NOON)
    withdrawn(cast, absence)
    assert pursue(deliver_all, LATER) == 0
    assert not FreedTime.objects.exists()


def test_the_addresses_answer_nothing_but_an_objects_body(cast, browser_of):
    browser = browser_of(cast.claire)
    for what in ("block", "unblock"):
        for body in ("[]", "nonsense", "{}", json.dumps({"block": 7, "agenda": cast.dupont})):
            answer = browser.post(f"/console/agenda/{what}", body, content_type="application/json")
            assert answer.status_code in {404, 422}, (what, body)
