# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts in external agendas at every screen's door: the console's, and what history, supervision and portal show."""

import csv
import io
import json
from datetime import datetime

import pytest

from permanence.agenda.models import BookedElsewhere
from permanence.calls.models import Call
from permanence.calls.queries import zone_of
from permanence.clients.access import choose_clients
from permanence.foundation.models import AuditEntry, House
from permanence.kernel.system import SystemClock

KEY = "k" * 26
CALLER = "+352621000147"


@pytest.fixture
def claire(cast, browser_of):
    return browser_of(cast.claire)


def at() -> datetime:
    return SystemClock().now()


def body(cast, **changes):
    fields = {
        "key": KEY,
        "call": "call-1",
        "client": cast.weber,
        "recipient": cast.recipients["Dr Weber"],
        "act": "booked",
        "day": "",
        "hour": "",
        "patient_name": "Jeanne Hoffmann",
        "caller_number": CALLER,
    }
    return {**fields, **changes}


def post(browser, path, data):
    return browser.post(path, json.dumps(data), content_type="application/json")


def record(cast, browser, **changes):
    return post(browser, "/console/elsewhere", body(cast, **changes))


def a_call(cast):
    house = House.objects.get(slug=cast.house)
    return Call.objects.create(
        house=house,
        client_id=int(cast.weber),
        call="call-1",
        arrived_at=at(),
        answered_at=at(),
        ended_at=at(),
        caller=CALLER,
        outcome="appointment_booked",
    )


@pytest.mark.parametrize("call", ["\x00", "c" * 41])
def test_an_act_or_a_message_of_what_can_be_the_id_of_no_call_is_refused(cast, claire, call):
    assert record(cast, claire, call=call).status_code == 422
    message = {"message": "m" * 20, "call": call, "client": cast.weber, "recipient": cast.recipients["Dr Weber"]}
    assert post(claire, "/console/messages", {**message, "text": "Rappeler", "urgency": "today"}).status_code == 422


def test_an_act_is_kept_once_however_often_the_page_sends_it(cast, claire):
    answers = [record(cast, claire) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert answers[0].json() == answers[2].json()
    assert BookedElsewhere.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "x"}, "act_id_malformed"),
        ({"key": 12}, "bad_request"),
        ({"act": "stolen"}, "act_unknown"),
        ({"act": ["booked"]}, "bad_request"),
        ({"day": "9999-99-99"}, "day_impossible"),
        ({"day": "0001-01-01"}, "day_impossible"),
        ({"hour": "14:30"}, "hour_impossible"),
        ({"patient_name": "x" * 10_000}, "patient_name_too_long"),
        ({"caller_number": "9" * 10_000}, "patient_name_too_long"),
        ({"recipient": "%"}, "no_such_recipient"),
        ({"recipient": "9" * 30}, "no_such_recipient"),
        ({"recipient": ""}, "no_such_recipient"),
        ({"client": "9" * 30}, "no_such_client"),
        ({"client": ""}, "no_such_client"),
    ],
)
def test_what_no_page_sends_is_refused_by_its_name_and_nothing_is_kept(cast, claire, changes, code):
    answer = record(cast, claire, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert BookedElsewhere.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "\u202egnp.exe", "Zoë O'Neill & fils", "'; DROP TABLE--"]
)
def test_a_name_is_shown_as_text_everywhere(cast, claire, browser_of, name):
    a_call(cast)
    assert record(cast, claire, patient_name=name).status_code == 201
    pages = (
        claire.get("/console/fragments/elsewhere"),
        claire.get(f"/console/history?client={cast.weber}&number=%2B{CALLER[1:]}"),
        browser_of(cast.marc).get("/supervision/calls?part=list"),
        browser_of(cast.dr_weber).get("/portal"),
    )
    for page in pages:
        assert page.status_code == 200
        assert "<img src=x" not in page.content.decode()
        assert "Dr Weber" in page.content.decode()


def test_an_unreadable_number_is_no_number_and_a_masked_callers_is_none(cast, claire):
    record(cast, claire, caller_number="letters")
    record(cast, claire, caller_number="", key="z" * 26)
    assert set(BookedElsewhere.objects.values_list("caller_number", flat=True)) == {""}


def test_it_stands_in_the_history_of_this_client_alone(cast, claire):
    record(cast, claire, day=at().date().isoformat(), hour="14:30")
    number = f"number=%2B{CALLER[1:]}"
    mine = claire.get(f"/console/history?client={cast.weber}&{number}").content.decode()
    assert "Rendez-vous pris" in mine
    assert "Jeanne Hoffmann" in mine
    assert "Jeanne" not in claire.get(f"/console/history?client={cast.dupont}&{number}").content.decode()


def test_a_correction_and_an_undoing_come_through_their_doors(cast, claire):
    record(cast, claire)
    changed = body(cast, act="moved")
    assert post(claire, f"/console/elsewhere/{KEY}", changed).status_code == 200
    assert "Rendez-vous déplacé" in claire.get("/console/fragments/elsewhere").content.decode()
    assert post(claire, f"/console/elsewhere/{KEY}/undo", {}).status_code == 200
    assert post(claire, f"/console/elsewhere/{KEY}/undo", {}).status_code == 200
    assert post(claire, f"/console/elsewhere/{KEY}", changed).json()["code"] == "act_undone"
    assert "Rendez-vous" not in claire.get("/console/fragments/elsewhere").content.decode()


def test_who_does_not_answer_for_the_client_gets_404_and_a_line_in_the_trail(cast, claire):
    record(cast, claire)
    choose_clients(person=cast.claire.person, clients=(cast.dupont,), by=cast.marc, at=at())
    assert record(cast, claire, key="z" * 26).status_code == 404
    assert post(claire, f"/console/elsewhere/{KEY}", body(cast)).status_code == 404
    assert post(claire, f"/console/elsewhere/{KEY}/undo", {}).status_code == 404
    assert "Jeanne" not in claire.get("/console/fragments/elsewhere").content.decode()
    assert AuditEntry.objects.filter(action="security.not_hers").count() == 3


def test_the_supervisor_filters_by_it_and_takes_the_counts_away(cast, claire, browser_of):
    a_call(cast)
    record(cast, claire)
    record(cast, claire, key="z" * 26, client=cast.dupont, recipient=cast.recipients["Dr Anne Dupont"], call="call-2")
    marc = browser_of(cast.marc)
    month = f"{at().astimezone(zone_of(house=cast.house)):%Y-%m}"
    shown = marc.get("/supervision/calls?outcome=appointment_booked&part=list").content.decode()
    assert "Jeanne Hoffmann" in shown
    assert "Jeanne" not in marc.get("/supervision/calls?outcome=appointment_moved&part=list").content.decode()
    assert "Jeanne" in marc.get("/supervision/calls?outcome=nonsense&part=list").content.decode()
    answer = marc.get(f"/supervision/appointments.csv?month={month}")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[1:] == [["Cabinet Dupont", "1", "0", "0"], ["Dr Weber", "1", "0", "0"]]
    calls = marc.get(f"/supervision/calls.csv?client={cast.weber}&month={month}").content.decode("utf-8-sig")
    (_head, only) = list(csv.reader(io.StringIO(calls), delimiter=";"))
    assert only[-3:] == ["1", "", ""]
    assert marc.get("/supervision/appointments.csv?month=2026-13").status_code == 400


def test_the_portal_lists_what_was_done_for_its_own_client(cast, claire, browser_of):
    record(cast, claire)
    assert "Jeanne Hoffmann" in browser_of(cast.dr_weber).get("/portal?part=list").content.decode()
    for other in (cast.dr_dupont, cast.niamh):
        assert "Jeanne" not in browser_of(other).get("/portal?part=list").content.decode()
