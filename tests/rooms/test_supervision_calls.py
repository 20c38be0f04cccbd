# SPDX-License-Identifier: AGPL-3.0-or-later
"""Marc's call list: who may see it, what it shows, the file it gives, the callers to be called back."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Anonymous
from django.utils import translation

from permanence.calls.queries import CallRow
from permanence.clients import operations as clients
from permanence.foundation.models import AuditEntry, House
from permanence.foundation.who import system_of
from permanence.supervision import words
from permanence.supervision.export import calls_csv, guarded
from permanence.supervision.filters import month_days, read_asked
from permanence.supervision.rows import drawn_calls
from permanence.telephony.events import CallArrived
from tests.rooms.test_calls import CALLER, Engine

pytestmark = pytest.mark.django_db

PAGE = "/supervision/calls"
RECENT = datetime.now(UTC) - timedelta(hours=3)


@pytest.fixture
def engine(cast):
    return Engine(cast)


def test_only_supervisors_and_owners_see_it(cast, browser_of):
    answer = Anonymous().get(PAGE)
    assert answer.status_code == 302
    assert "login" in answer["Location"]
    for somebody in (cast.claire, cast.dr_weber, cast.niamh):
        for address in (PAGE, f"{PAGE}.csv?client={cast.weber}&month=2026-11"):
            assert browser_of(somebody).get(address).status_code == 403
        assert browser_of(somebody).post(f"{PAGE}/c1/called-back").status_code == 403
    assert browser_of(cast.marc).get(PAGE).status_code == 200


def test_it_shows_every_call_of_the_house_and_none_of_another(cast, engine, browser_of):
    engine.answered("c1", cast.weber, at=RECENT)
    engine.abandoned("c2", cast.dupont, at=RECENT, caller="+33199000002")
    other = Engine(cast, name="e2")
    other.say(
        CallArrived, house=cast.other_house, call="c3", client=cast.other_client, trunk="t", called_line="l",
        caller="+33199000777",
    )  # fmt: skip
    text = browser_of(cast.marc).get(PAGE).content.decode()
    assert "+33 1 99 00 00 01" in text
    assert "+33 1 99 00 00 02" in text
    assert "Cabinet Dupont" in text
    assert "0:05" in text
    assert "77 77" not in text
    assert "07 77" not in text
    mine = browser_of(cast.nadia).get(PAGE).content.decode()
    assert "+33 1 99 00 07 77" in mine
    assert "+33 1 99 00 00 01" not in mine


def test_filters_stand_in_the_address(cast, engine, browser_of):
    engine.answered("c1", cast.weber, at=RECENT)
    engine.abandoned("c2", cast.dupont, at=RECENT, caller="+33199000002")
    rows = lambda query: browser_of(cast.marc).get(f"{PAGE}?{query}").context["rows"]  # noqa: E731
    calls = lambda query: [each.row.call for each in rows(query)]  # noqa: E731
    assert calls(f"client={cast.weber}") == ["c1"]
    assert calls("abandoned=1") == ["c2"]
    assert calls(f"secretary={cast.claire_secretary}") == ["c1"]
    assert calls(f"day={RECENT.astimezone(ZoneInfo('Europe/Luxembourg')):%Y-%m-%d}") == ["c2", "c1"]
    assert calls("month=2001-01") == []
    assert calls("month=nonsense&client=x&page=-3&day=2026-99-99") == ["c2", "c1"]
    assert calls(f"client={cast.other_client}") == []


def test_a_line_of_nobody_is_an_alarm_until_a_client_has_it(cast, engine, browser_of):
    marc = browser_of(cast.marc)
    engine.say(CallArrived, at=RECENT, call="c1", client="", trunk="t", called_line="+35220000999", caller=CALLER)
    engine.say(
        CallArrived, at=RECENT - timedelta(days=8), call="c2", client="", trunk="t", called_line="+35220000888",
        caller=CALLER,
    )  # fmt: skip
    assert marc.get(f"{PAGE}?part=list").context["nobodys"] == ["+352 20 00 09 99"]
    assert browser_of(cast.nadia).get(PAGE).context["nobodys"] == []
    by = system_of(House.objects.get(slug=cast.house))
    clients.give_line(client=cast.weber, number="+35220000999", by=by, at=RECENT)
    assert marc.get(PAGE).context["nobodys"] == []


def test_the_part_is_only_the_list(cast, engine, browser_of):
    engine.answered("c1", cast.weber, at=RECENT)
    text = browser_of(cast.marc).get(f"{PAGE}?part=list").content.decode()
    assert "<html" not in text
    assert "Dr Weber" in text


def test_called_back_and_undo_by_post_only(cast, engine, browser_of):
    engine.abandoned("c1", cast.weber, at=RECENT)
    marc = browser_of(cast.marc)
    waiting = lambda: [each.row.call for each in marc.get(PAGE).context["waiting"]]  # noqa: E731
    for method in (marc.get, marc.head):
        assert method(f"{PAGE}/c1/called-back").status_code == 405
    assert waiting() == ["c1"]
    answer = marc.post(f"{PAGE}/c1/called-back", {"client": cast.weber, "next": "https://elsewhere.example/"})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?client={cast.weber}")
    assert waiting() == []
    assert [each.row.called_back_by for each in marc.get(PAGE).context["done"]] == ["Marc"]
    assert marc.post(f"{PAGE}/c1/not-called-back")["Location"] == PAGE
    assert waiting() == ["c1"]
    assert marc.post(f"{PAGE}/unknown/called-back").status_code == 404
    assert browser_of(cast.nadia).post(f"{PAGE}/c1/called-back").status_code == 404
    assert waiting() == ["c1"]


def test_acts_need_the_forms_token(cast, engine):
    engine.abandoned("c1", cast.weber, at=RECENT)
    strict = Anonymous(enforce_csrf_checks=True)
    assert strict.post(f"{PAGE}/c1/called-back").status_code == 403


def test_the_file_of_a_client_and_month(cast, engine, browser_of):
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    engine.answered("c1", cast.weber, at=at)
    engine.answered("c2", cast.weber, at=at + timedelta(days=60))
    engine.answered("c3", cast.dupont, at=at)
    answer = browser_of(cast.marc).get(f"{PAGE}.csv?client={cast.weber}&month=2026-11")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="calls-dr-weber-2026-11.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    text = answer.content.decode("utf-8-sig")
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    head, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    assert len(head) == 17
    assert [row[13] for row in rows] == ["c1"]
    assert rows[0][:2] == ["2026-11-24", "10:00:00"]
    assert f"'{CALLER}" in rows[0]
    entry = AuditEntry.objects.get(action="calls.exported")
    assert (entry.by_name, str(entry.client_key)) == ("Marc", cast.weber)


@pytest.mark.parametrize("query", ["", "client=1", "client=1&month=2026-13", "client=1&month=0001-01"])
def test_a_file_of_no_month_is_refused(cast, browser_of, query):
    assert browser_of(cast.marc).get(f"{PAGE}.csv?{query}").status_code == 400


def test_a_file_of_another_houses_client_does_not_exist(cast, browser_of):
    assert browser_of(cast.marc).get(f"{PAGE}.csv?client={cast.other_client}&month=2026-11").status_code == 404
    assert not AuditEntry.objects.filter(action="calls.exported").exists()


def test_the_page_asks_the_database_a_fixed_number_of_times(cast, engine, browser_of, django_assert_max_num_queries):
    marc = browser_of(cast.marc)
    engine.answered("c0", cast.weber, at=RECENT)
    engine.abandoned("a0", cast.weber, at=RECENT, caller="+33199000100")
    marc.get(PAGE)
    with django_assert_max_num_queries(16) as few:
        marc.get(PAGE)
    for number in range(1, 40):
        engine.answered(f"c{number}", cast.weber, at=RECENT)
        engine.abandoned(f"a{number}", cast.dupont, at=RECENT, caller=f"+331990002{number:02}")
    with django_assert_max_num_queries(16) as many:
        marc.get(PAGE)
    assert len(few) == len(many)


def row(**fields):
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    whole = dict.fromkeys(CallRow.__dataclass_fields__, "") | {
        "client": "1", "client_name": "Dr Weber", "client_colour": 1, "masked": False, "arrived_at": at,
        "answered_at": None, "ended_at": at, "wait_ms": 4000, "secretary": None, "abandoned": False,
        "voice_begun_at": None, "voice_seconds": None, "called_back_at": None, "offers": (), "call": "c1",
    }  # fmt: skip
    return CallRow(**{**whole, **fields})


@pytest.mark.parametrize("cell", ["=1+1", "+33199000001", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(cell):
    assert guarded(cell) == f"'{cell}"
    text = calls_csv([row(display=cell)], zone=ZoneInfo("UTC"), language="en")
    assert not re.search(r"(^|,)\"?[=+@-]", text.removeprefix("\ufeff"), re.MULTILINE)


@pytest.mark.parametrize(("language", "delimiter"), [("fr", ";"), ("fr-be", ";"), ("de", ";"), ("en", ",")])
def test_the_delimiter_is_the_spreadsheets(language, delimiter):
    text = calls_csv([row(display=f'a{delimiter}"b"\nc')], zone=ZoneInfo("UTC"), language=language)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))
    assert rows[1][5] == f'a{delimiter}"b"\nc'
    assert len(rows[1]) == len(rows[0]) == 17


def test_why_it_ended_in_words():
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    with translation.override("en"):
        assert words.end_words(row(abandoned=True)) == "The caller hung up before an answer"
        assert words.end_words(row(answered_at=at, ended_by="secretary", why="hang_up")) == "The secretary hung up"
        assert words.end_words(row(closed_reason="closed", ended_by="caller", why="hang_up")) == "The client was closed"
        assert words.end_words(row(ended_by="robot", why="new_code")) == "new_code"
        assert words.end_words(row(ended_at=None)) == ""
        assert words.outcome_words("strange") == "strange"


def test_a_voice_message_is_one_only_once_it_is_spoken():
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    closing, begun = {"ended_at": None, "closed_reason": "closed"}, {"voice_begun_at": at}
    kept = {"voice_begun_at": at, "voice_seconds": 12.0}
    with translation.override("en"):
        found = drawn_calls([row(**closing, **each) for each in ({}, begun, kept)], zone=ZoneInfo("UTC"))
        assert [each.state_words for each in found] == ["Hears the closing words", "Voice message", "Voice message"]
        [over] = drawn_calls([row(closed_reason="closed", **begun)], zone=ZoneInfo("UTC"))
        assert over.state_words == "Not answered"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, ""), (0, "0:00"), (65_999, "1:05"), (3_600_000, "1:00:00"), (3_725_000, "1:02:05")],
)
def test_durations(milliseconds, text):
    assert words.duration(milliseconds) == text


def test_what_is_asked_survives_the_address():
    asked = read_asked({"client": "4", "month": "2026-02", "abandoned": "1", "secretary": "<", "page": "3"})
    assert (asked.client, asked.month, asked.secretary, asked.abandoned, asked.page) == ("4", "2026-02", "", True, 3)
    assert asked.address == "client=4&month=2026-02&abandoned=1"
    assert (str(asked.filters.first), str(asked.filters.last)) == ("2026-02-01", "2026-02-28")
    assert month_days("2026-2") is None
