# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every phrase of the client in his portal, by line, days and hours; and what is said at any moment he asks about."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import announcement_operations, phrase_operations, queries, said
from permanence.clients import operations as clients
from permanence.clients.announcements import greetings_by_id
from permanence.clients.greetings import GreetingImpossible, GreetingTie, GreetingUnknown
from permanence.clients.models import Greeting, Line
from permanence.clients.phrase_operations import PhraseChanged, PhraseTaken, phrase_mark
from permanence.clients.rules.spoken import ALWAYS, GreetingWhen, when_of
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock
from tests.rooms.messaging_cast import NOON, make_cast
from tests.rooms.test_portal_line import hidden, page, signed_in, text_of

pytestmark = pytest.mark.django_db
LINES = ("+35220303001", "+35220303002")
FORM = {"language": "fr", "text": "Bon dimanche.", "line": "", "day_type": "sunday", "hours": ""}


@pytest.fixture
def cast():
    found = make_cast()
    clients.set_greeting(client=found.weber.id, language="fr", text="Cabinet Weber.", by=found.marc, at=NOON)
    for number in LINES:
        Line.objects.create(house_id=found.marc.house_key, client_id=int(found.weber.id), number=number)
    return found


def rules(cast):
    return greetings_by_id(house=cast.house, client=cast.weber.id)


def kept(cast):
    return {(each.text, when_of(each)) for each in rules(cast).values()}


def sunday(hour):
    """A Sunday to come, on the client's wall."""
    now = SystemClock().now().astimezone(ZoneInfo("Europe/Luxembourg"))
    day = now + timedelta(days=7 + 6 - now.weekday())
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def test_a_phrase_for_certain_days_and_hours_is_looked_at_then_saved_and_then_said(cast):
    clients.set_hours(client=cast.weber.id, week=[], always=True, by=cast.marc, at=NOON)
    browser, new = signed_in(cast.dr_weber), page(cast, "/phrases/new")
    typed = {**FORM, "hours": "0-6", "line": LINES[1], "mark": hidden(browser.get(new), "mark")}
    looked = browser.post(new, {**typed, "step": "check"})
    assert looked.status_code == 200
    assert "What the caller will hear «\u00a0Bon dimanche.\u00a0» +35220303002, Sunday, 00:00–06:00" in text_of(looked)
    assert len(rules(cast)) == 1
    saved = browser.post(new, {**typed, "step": "save"})
    assert saved.status_code == 303
    assert ("Bon dimanche.", GreetingWhen(line=LINES[1], day_type="sunday", opens="00:00", until="06:00")) in kept(cast)
    assert AuditEntry.objects.filter(action="client.greeting_set", by_name=cast.dr_weber.name).exists()
    assert OutboxEvent.objects.filter(name="ClientChanged", body__client=cast.weber.id).exists()
    listed = text_of(browser.get(saved["Location"]))
    assert "French · +35220303002, Sunday, 00:00–06:00 «\u00a0Bon dimanche.\u00a0»" in listed
    asked = browser.get(page(cast, "/phrases"), {"at": f"{sunday(3):%d/%m/%Y 3h}", "line": LINES[1]})
    shown = text_of(asked).split("Show it")[1]
    assert "A secretary answers" in shown
    assert "«\u00a0Bon dimanche.\u00a0»" in shown
    other = text_of(browser.get(page(cast, "/phrases"), {"at": f"{sunday(3):%d/%m/%Y 3h}", "line": LINES[0]}))
    assert "«\u00a0Cabinet Weber.\u00a0»" in other.split("Show it")[1]


def test_what_is_asked_is_answered_by_the_rules_of_the_telephone(cast):
    """The oracle is `said.what_is_said`, for every hour of a week."""
    week = [clients.Opening(weekday=day, opens="08:00", until="18:00") for day in range(5)]
    clients.set_hours(client=cast.weber.id, week=week, by=cast.marc, at=NOON)
    browser = signed_in(cast.dr_weber)
    for hour in range(0, 168, 13):
        moment = sunday(0) + timedelta(hours=hour)
        found = said.what_is_said(house=cast.house, client=cast.weber.id, line="", at=moment)
        answer = text_of(browser.get(page(cast, "/phrases"), {"at": f"{moment:%Y-%m-%d %H:%M}"})).split("Show it")[1]
        assert ("A secretary answers" in answer) == (found.treatment.reason == ""), moment


@pytest.mark.parametrize(("at", "status"), [("", 200), ("never", 422), ("2020-01-01 10:00", 422), ("x" * 99, 422)])
def test_a_moment_that_is_none_or_over_is_said(cast, at, status):
    answer = signed_in(cast.dr_weber).get(page(cast, "/phrases"), {"at": at, "line": "nobody’s"})
    assert answer.status_code == status
    assert ('role="alert"' in answer.content.decode()) == (status == 422)


def test_a_phrase_is_changed_in_its_place_and_keeps_its_announcement(cast):
    given = {"client": cast.weber.id, "by": cast.marc, "at": NOON}
    spoken = announcement_operations.add_announcement(**given, language="fr", text="Patientez.", audio=bytes(8000))
    (key,) = rules(cast)
    announcement_operations.set_uses(**given, announcement=spoken, closing=False, greetings=(key,))
    browser, address = signed_in(cast.dr_weber), page(cast, f"/phrases/{key}")
    typed = {**FORM, "text": "Cabinet Weber, bonjour.", "day_type": "chosen", "weekdays": ["4", "0", "9"]}
    saved = browser.post(address, {**typed, "mark": hidden(browser.get(address), "mark"), "step": "save"})
    assert saved.status_code == 303
    row = Greeting.objects.get(pk=key)
    assert (row.text, row.weekdays, str(row.announcement_id)) == ("Cabinet Weber, bonjour.", "04", spoken)


def test_the_last_phrase_goes_only_once_what_that_brings_was_seen(cast):
    clients.set_hours(client=cast.weber.id, week=[], always=True, by=cast.marc, at=NOON)
    (key,) = rules(cast)
    browser, address = signed_in(cast.dr_weber), page(cast, f"/phrases/{key}")
    mark = hidden(browser.get(address), "mark")
    told = browser.post(f"{address}/remove", {"mark": mark})
    assert told.status_code == 422
    assert "With this, something will be missing:" in text_of(told)
    assert len(rules(cast)) == 1
    again = {"mark": hidden(told, "mark"), "seen": hidden(told, "seen")}
    assert browser.post(f"{address}/remove", again).status_code == 303
    assert rules(cast) == {}
    assert browser.post(f"{address}/remove", again).status_code == 404


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"text": " "}, "Write what the secretary says."),
        ({"text": "x" * 301}, "At most 300 characters."),
        ({"language": "xx"}, "Choose the language in which it is spoken."),
        ({"language": "de"}, "Choose the language in which it is spoken."),
        ({"line": "+33199000001"}, "Choose among the lines of the list."),
        ({"day_type": "chosen"}, "Choose at least one day"),
        ({"day_type": "never"}, "Choose at least one day"),
        ({"hours": "8-12, 14-18"}, "Write the hours as 18:00-22:00"),
        ({"hours": "25-26"}, "Write the hours as 18:00-22:00"),
        ({"day_type": ""}, "There is a phrase for the same line, days and hours already"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_comes_back_as_it_was_typed(cast, typed, why):
    Line.objects.create(house_id=cast.marc.house_key, client_id=int(cast.cabinet.id), number="+33199000001")
    browser, new = signed_in(cast.dr_weber), page(cast, "/phrases/new")
    mark = hidden(browser.get(new), "mark")
    for step in ("check", "save"):
        refused = browser.post(new, {**FORM, **typed, "mark": mark, "step": step})
        assert refused.status_code == 422
        assert why in text_of(refused)
    assert len(rules(cast)) == 1


def test_two_phrases_of_which_none_comes_first_are_refused(cast):
    given = {"client": cast.weber.id, "language": "fr", "by": cast.marc, "at": NOON}
    phrase_operations.add_phrase(**given, text="Lundi.", when=GreetingWhen(day_type="chosen", weekdays=(0, 1)))
    browser, new = signed_in(cast.dr_weber), page(cast, "/phrases/new")
    mark = hidden(browser.get(new), "mark")
    typed = {**FORM, "day_type": "chosen", "weekdays": ["1", "2"], "mark": mark, "step": "save"}
    refused = browser.post(new, typed)
    assert refused.status_code == 422
    assert "Another phrase holds at the same moments: “Lundi.”" in text_of(refused)
    with pytest.raises(GreetingTie):
        phrase_operations.add_phrase(**given, text="x", when=GreetingWhen(day_type="chosen", weekdays=(1, 2)))
    with pytest.raises(PhraseTaken):
        phrase_operations.add_phrase(**given, text="x", when=ALWAYS)
    with pytest.raises(GreetingImpossible):
        phrase_operations.add_phrase(**given, text="x", when=GreetingWhen(opens="08:00", until="08:00"))


def test_the_second_of_two_people_sees_what_stands_there_and_loses_nothing(cast):
    (key,) = rules(cast)
    browser, address = signed_in(cast.dr_weber), page(cast, f"/phrases/{key}")
    mark = hidden(browser.get(address), "mark")
    clients.set_greeting(client=cast.weber.id, language="fr", text="De Marc.", by=cast.marc, at=NOON)
    mine = {**FORM, "day_type": "", "text": "De Weber.", "mark": mark, "step": "save"}
    told = browser.post(address, mine)
    assert told.status_code == 409
    assert "This stands there now: «\u00a0De Marc.\u00a0» every line, every day" in text_of(told)
    assert "De Weber." in told.content.decode()
    assert browser.post(f"{address}/remove", {"mark": mark}).status_code == 409
    assert kept(cast) == {("De Marc.", ALWAYS)}
    assert browser.post(address, {**mine, "mark": hidden(told, "mark")}).status_code == 303
    assert kept(cast) == {("De Weber.", ALWAYS)}
    with pytest.raises(PhraseChanged):
        phrase_operations.remove_phrase(
            client=cast.weber.id, phrase=key, began_from=mark, by=cast.marc, at=SystemClock().now()
        )


def test_nothing_of_another_client_is_there(cast):
    clients.set_greeting(client=cast.cabinet.id, language="fr", text="Cabinet Dupont.", by=cast.marc, at=NOON)
    (own,) = rules(cast)
    ((theirs, rule),) = greetings_by_id(house=cast.house, client=cast.cabinet.id).items()
    browser = signed_in(cast.dr_weber)
    assert browser.get(page(cast, f"/phrases/{theirs}")).status_code == 404
    told = browser.post(page(cast, f"/phrases/{theirs}"), {**FORM, "mark": phrase_mark(rule), "step": "save"})
    assert (told.status_code, "Cabinet Dupont" in text_of(told)) == (422, False)
    assert browser.post(page(cast, f"/phrases/{theirs}/remove"), {"mark": phrase_mark(rule)}).status_code == 404
    for who in (cast.dr_dupont, cast.other_doctor):
        asked = signed_in(who)
        for path in ("", "/new", f"/{own}"):
            assert asked.get(page(cast, f"/phrases{path}")).status_code == 404, (who.name, path)
        for path in ("/new", f"/{own}", f"/{own}/remove"):
            assert asked.post(page(cast, f"/phrases{path}"), {**FORM, "step": "save"}).status_code == 404
    with pytest.raises(GreetingUnknown):
        phrase_operations.remove_phrase(
            client=cast.weber.id, phrase=theirs, began_from=phrase_mark(rule), by=cast.marc, at=NOON
        )
    with pytest.raises(queries.ClientUnknown):
        phrase_operations.remove_phrase(client=cast.weber.id, phrase=own, began_from="", by=cast.other_doctor, at=NOON)
    assert Greeting.objects.count() == 2


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=st.text(max_size=40), hours=st.text(max_size=20), day=st.text(max_size=8), days=st.lists(st.text(max_size=2))
)
def test_whatever_is_typed_the_page_answers(cast, text, hours, day, days):
    browser, new = signed_in(cast.dr_weber), page(cast, "/phrases/new")
    typed = {"language": "fr", "text": text, "hours": hours, "day_type": day, "weekdays": days, "step": "check"}
    assert browser.post(new, typed).status_code in {200, 422}


def test_the_moment_is_on_the_clients_clock(cast):
    at = datetime(2027, 6, 6, 3, 0, tzinfo=ZoneInfo("Europe/Luxembourg"))
    shown = text_of(signed_in(cast.dr_weber).get(page(cast, "/phrases"), {"at": "2027-06-06 03:00"}))
    assert "03:00" in shown.split("Show it")[1]
    assert at.utcoffset() == timedelta(hours=2)
