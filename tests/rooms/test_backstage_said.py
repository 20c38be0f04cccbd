# SPDX-License-Identifier: AGPL-3.0-or-later
"""What will be said, in the back office: shown for any moment, and proved before a client's page is saved."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.contrib.messages import get_messages

from permanence.backstage.said import week_rows
from permanence.clients import absences, announcements, operations, queries, said
from permanence.clients.models import Absence, Client, Greeting
from permanence.clients.rules.spoken import GreetingWhen
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import Form, errors, fill

NEXT = "2027-06-06"
"""A Sunday, far enough not to be over."""


@pytest.fixture
def marc(cast, browser_of):
    """Marc reads English here: the sentences are as they stand in the code, compiled or not."""
    browser = browser_of(cast.marc)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return browser


def change(client, part=""):
    return f"/backstage/clients/client/{client}/change/" + (f"?part={part}" if part else "")


def page_of(marc, client, **query):
    answer = marc.get(f"/backstage/clients/client/{client}/said/", query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def rows():
    return [table.objects.count() for table in (Client, Greeting, Absence, AuditEntry, OutboxEvent)]


def greeting(number, **fields):
    names = {"language": "fr", "text": "x", "line": "", "day_type": "", "opens": "", "until": "", **fields}
    return {f"greeting-{number}-{name}": value for name, value in names.items()}


def one_more_greeting(count, **fields):
    return {"greeting-TOTAL_FORMS": str(count + 1), **greeting(count, **fields)}


def test_a_second_phrase_for_the_same_moments_is_refused_in_words(cast, marc):
    count = Greeting.objects.filter(client=cast.weber).count()
    first = Greeting.objects.filter(client=cast.weber).earliest("pk")
    answer = fill(marc, change(cast.weber, "greetings"), **one_more_greeting(count, language=first.language))
    assert answer.status_code == 200
    assert any("There is a phrase for the same line, days and hours already" in each for each in errors(answer))
    assert Greeting.objects.filter(client=cast.weber).count() == count


def test_what_will_be_said_on_a_sunday_at_three(cast, marc):
    operations.set_greeting(
        client=cast.atlas,
        language="en",
        text="Sunday duty, {name} speaking.",
        when=GreetingWhen(day_type="sunday"),
        by=cast.marc,
        at=NOW,
    )
    page = page_of(marc, cast.atlas, day=NEXT, time="03:00")
    assert "Sunday duty, Marc speaking." in page
    assert "Sunday" in page
    assert "A secretary answers" in page
    assert "Sunday duty, Marc speaking." not in page_of(marc, cast.atlas, day="2027-06-07", time="03:00")


def test_when_nobody_answers_the_closing_words_are_shown(cast, marc):
    page = page_of(marc, cast.weber, day=NEXT, time="03:00")
    assert "Closing words, then a voice message" in page
    assert "112" in page
    assert "Laissez un message après le signal sonore." in page


@pytest.mark.parametrize(
    "query",
    [
        {"day": "2020-01-01", "time": "03:00"},
        {"day": "the day after", "time": "03:00"},
        {"day": NEXT, "time": "25:00"},
        {"day": NEXT, "time": "03:00", "line": "+33199001234"},
        {"day": "9999-12-31", "time": "23:59", "line": "'; drop table"},
        {"day": "9999-12-31", "time": "23:59"},
        {"day": "0001-01-01", "time": "00:00"},
    ],
)
def test_a_moment_that_cannot_be_asked_about_is_said_to_be_none(cast, marc, query):
    page = page_of(marc, cast.weber, **query)
    assert 'role="alert"' in page
    assert "said__shown" not in page


def test_the_page_of_another_houses_client_is_not_there(cast, browser_of):
    path = f"/backstage/clients/client/{cast.weber}/said/"
    assert browser_of(cast.nadia).get(path).status_code == 404
    assert browser_of(cast.marc).get("/backstage/clients/client/99999/said/").status_code == 404
    assert browser_of(cast.marc).get("/backstage/clients/client/x/said/").status_code == 404
    assert browser_of(cast.claire).get(path, follow=True).status_code == 403


def test_the_picture_of_the_week_shows_hours_holidays_and_absences(cast):
    absences.announce_absence(
        client=cast.weber,
        recipient=cast.recipients["Dr Weber"],
        starts=NOW + timedelta(days=1),
        ends=NOW + timedelta(days=1, hours=2),
        words="Absent.",
        announced_by=cast.dr_weber.person,
        by=cast.dr_weber,
        at=NOW,
    )
    proof = said.proof_of(house=cast.house, client=cast.weber, at=NOW)
    days = week_rows(proof.coverage, at=NOW)
    assert len(days) == 7
    assert days[1].words == "08:00–12:00, 14:00–18:00"
    assert [(bar.starts, bar.width, bar.kind) for bar in days[1].bars] == [
        (0, 480, "voice_message"),
        (480, 240, "answer"),
        (720, 120, "voice_message"),
        (840, 240, "answer"),
        (1080, 360, "voice_message"),
    ]
    assert [(bar.starts, bar.width) for bar in days[1].away] == [(14 * 60 + 15, 120)]
    christmas = NOW + timedelta(days=29)
    proof = said.proof_of(house=cast.house, client=cast.weber, at=christmas)
    row = week_rows(proof.coverage, at=christmas)[2]
    assert [bar.kind for bar in row.bars] == ["holiday"]
    assert "Chrëschtdag" in row.why


def test_check_shows_what_was_found_and_saves_nothing(cast, marc):
    before = rows()
    answer = fill(marc, change(cast.weber), languages="fr, de, en", max_wait_s="240", _check="1", day_5="9-11")
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "Checked, not saved yet" in page
    assert "it is settled which phrase is said" in page
    assert rows() == before
    data = Form(answer.content.decode()).data
    assert (data["max_wait_s"], data["day_5"]) == ("240", "9-11")
    assert queries.client_file(house=cast.house, client=cast.weber, at=NOW).max_wait_s != 240


def test_check_of_what_lacks_a_phrase_says_which(cast, marc):
    Greeting.objects.for_client(cast.weber).filter(language="de").delete()
    page = unescape(fill(marc, change(cast.weber), _check="1").content.decode())
    assert re.search(r"Nothing to say in German on every line, \d+ times", page)


def test_a_new_client_is_checked_before_he_exists(cast, marc):
    before = rows()
    answer = fill(
        marc,
        "/backstage/clients/client/add/",
        name="Dr Klein",
        kind="practitioner",
        sector="health",
        _check="1",
        **greeting(0, text="Cabinet Klein."),
    )
    page = unescape(answer.content.decode())
    assert (answer.status_code, errors(answer)) == (200, [])
    assert "has no number yet" in page
    assert rows() == before


def test_a_gap_warns_and_is_saved(cast, marc):
    Greeting.objects.for_client(cast.weber).filter(language="de").delete()
    answer = fill(marc, change(cast.weber), max_wait_s="241")
    assert (answer.status_code, errors(answer)) == (302, [])
    assert any("missing" in str(each) for each in get_messages(answer.wsgi_request))
    assert queries.client_file(house=cast.house, client=cast.weber, at=NOW).max_wait_s == 241


def test_a_conflict_refuses_the_save_with_its_reason_and_keeps_what_was_typed(cast, marc):
    before = rows()
    exceptions = {
        "hoursexception-TOTAL_FORMS": "2",
        "hoursexception-0-date": "2027-06-08",
        "hoursexception-0-opens": "10:00",
        "hoursexception-0-until": "12:00",
        "hoursexception-1-date": "2027-06-08",
    }
    answer = fill(marc, change(cast.weber, "days"), **exceptions)
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "Not saved" in page
    assert "One day is written twice and contradicts itself." in page
    assert rows() == before
    assert Form(answer.content.decode()).data["hoursexception-0-opens"] == "10:00"


def test_a_phrase_for_some_moments_is_written_on_the_page(cast, marc):
    count = Greeting.objects.for_client(cast.weber).count()
    line = str(queries.client_file(house=cast.house, client=cast.weber, at=NOW).lines[0])
    page = change(cast.weber, "greetings")
    key = re.search(rf'<option value="(\d+)">{re.escape(line)}', marc.get(page).content.decode())
    new = one_more_greeting(count, text="Bon samedi.", day_type="saturday", line=key[1], opens="08:00", until="12:00")
    told = fill(marc, page, **new)  # on a Saturday nobody answers: that is told before it is saved
    assert "This phrase is never said" in unescape(told.content.decode())
    answer = fill(marc, page, **new, seen=Form(told.content.decode()).data["seen"])
    assert (answer.status_code, errors(answer)) == (302, [])
    entry = announcements.greeting_entries(cast.house, int(cast.weber))[-1]
    assert (entry.text, entry.day_type, entry.line, entry.opens) == ("Bon samedi.", "saturday", line, "08:00")


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "Encore une."},
        {"text": "Une heure.", "opens": "08:00"},
        {"text": "Aucun jour.", "day_type": "chosen"},
        {"text": "Jamais.", "opens": "24:00", "until": "08:00"},
    ],
)
def test_a_tie_or_an_impossible_moment_is_refused(cast, marc, fields):
    before = rows()
    count = Greeting.objects.for_client(cast.weber).count()
    answer = fill(marc, change(cast.weber, "greetings"), **one_more_greeting(count, **fields))
    assert answer.status_code == 200
    assert errors(answer)
    assert rows() == before


def absence(client, **fields):
    names = {
        "recipient": "",
        "starts_at": "2027-06-07T14:00",
        "ends_at": "2027-06-07T16:00",
        "words": "De retour à 16 heures.",
        "urgent_to": "",
        "treatment": "answer",
        **fields,
    }
    return {"absence-TOTAL_FORMS": "1", **{f"absence-0-{name}": value for name, value in names.items()}}


def test_an_absence_is_announced_on_the_clients_clock_and_withdrawn(cast, marc):
    anne, lemaire = (cast.recipients[name] for name in ("Dr Anne Dupont", "Dr Marc Lemaire"))
    answer = fill(marc, change(cast.dupont, "days"), **absence(cast.dupont, recipient=anne, urgent_to=lemaire))
    assert (answer.status_code, errors(answer)) == (302, [])
    found = queries.absences(house=cast.house, client=cast.dupont, at=SystemClock().now())
    assert [(each.recipient, each.urgent_to, each.starts.isoformat(), each.by) for each in found] == [
        (anne, lemaire, "2027-06-07T12:00:00+00:00", "Marc")
    ]
    assert re.search(r"7 June 2027,? 14:00", unescape(marc.get(change(cast.dupont, "days")).content.decode()))
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert "client.absence_announced" in actions
    answer = fill(marc, change(cast.dupont, "days"), **{"absence-0-DELETE": "on"})
    assert (answer.status_code, errors(answer)) == (302, [])
    assert queries.absences(house=cast.house, client=cast.dupont, at=SystemClock().now()) == ()
    assert Absence.objects.get().withdrawn_at is not None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ends_at": "2027-06-07T13:00"}, "ends after it begins"),
        ({"starts_at": "2020-06-07T13:00", "ends_at": "2020-06-07T14:00"}, "ends after it begins"),
        ({"starts_at": "monday"}, "tomorrow 9:00"),
        ({"starts_at": "2027-06-07T14:00+05:00"}, "tomorrow 9:00"),
        ({"words": ""}, "required"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_in_words(cast, marc, fields, words):
    before = rows()
    answer = fill(marc, change(cast.dupont, "days"), **absence(cast.dupont, **fields))
    assert answer.status_code == 200
    assert words in unescape(answer.content.decode())
    assert rows() == before


def test_an_absence_is_typed_as_people_write_and_what_is_no_moment_is_told_with_an_example(cast, marc):
    page = unescape(marc.get(change(cast.dupont, "days")).content.decode())
    assert 'placeholder="24/12 14:00"' in page
    answer = fill(marc, change(cast.dupont, "days"), **absence(cast.dupont, starts_at="7 juin 25h", ends_at="lundi"))
    assert answer.status_code == 200
    assert "Write 24/12 for a whole day, 24/12 14:00 or tomorrow 9:00." in unescape(answer.content.decode())
    typed = absence(cast.dupont, starts_at="7 juin 2027 à 14 h", ends_at="7.6.27 15h30", urgent_to="")
    answer = fill(marc, change(cast.dupont, "days"), **typed)
    assert (answer.status_code, errors(answer)) == (302, [])
    (found,) = queries.absences(house=cast.house, client=cast.dupont, at=SystemClock().now())
    assert (found.starts.isoformat(), found.ends.isoformat()) == (
        "2027-06-07T12:00:00+00:00", "2027-06-07T13:30:00+00:00"
    )  # fmt: skip


def test_an_absence_of_whole_days_is_written_by_its_days(cast, marc):
    typed = absence(cast.dupont, starts_at="7/6/2027", ends_at="9.6.2027")
    answer = fill(marc, change(cast.dupont, "days"), **typed)
    assert (answer.status_code, errors(answer)) == (302, [])
    (found,) = queries.absences(house=cast.house, client=cast.dupont, at=SystemClock().now())
    assert (found.starts.isoformat(), found.ends.isoformat()) == (
        "2027-06-06T22:00:00+00:00", "2027-06-09T22:00:00+00:00"
    )  # fmt: skip


def test_a_recipient_of_another_client_cannot_be_chosen(cast, marc):
    before = rows()
    answer = fill(marc, change(cast.dupont, "days"), **absence(cast.dupont, recipient=cast.recipients["Dr Weber"]))
    assert (answer.status_code, bool(errors(answer))) == (200, True)
    assert rows() == before
