# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on which a client is set up: from his number to the call that arrives, step by step."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from permanence.calls import handlers as calls
from permanence.clients import forwarding as lines
from permanence.clients import operations, queries
from permanence.clients.absences import announce_absence
from permanence.clients.ending_operations import end_contract
from permanence.clients.rules import ClientKind, ClientState, Sector
from permanence.clients.rules.spoken import ALWAYS, GreetingWhen
from permanence.countries.forwarding import Access, ForwardingKind, ForwardingMode
from permanence.foundation.models import AuditEntry, Person
from permanence.kernel.system import SystemClock
from permanence.project.phone.command import parser as phone_parser
from permanence.reception.absence import ANNOUNCE
from permanence.switchboard import forwarding
from permanence.switchboard import queries as switchboard
from permanence.switchboard.handlers import apply_engine_event
from permanence.switchboard.models import ForwardingProof, Trunk
from permanence.switchboard.rules import Why
from permanence.telephony.events import CallArrived
from tests.rooms.conftest import NOW

LINE, PUBLIC = "+35220000909", "+35226000001"


@pytest.fixture(autouse=True)
def _real_house(cast, settings):
    """A house with an outside line; who wants the demonstration, which has none, says so."""
    settings.DEMONSTRATION = False


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


@pytest.fixture
def klein(cast):
    """A client of whom nothing is known but his name."""
    return operations.open_client(
        name="Dr Klein",
        initials="DK",
        kind=ClientKind.PRACTITIONER,
        sector=Sector.HEALTH,
        country="LU",
        time_zone="Europe/Luxembourg",
        languages=("fr", "de"),
        by=cast.marc,
        at=NOW,
    )


def page(browser, client, **query):
    answer = browser.get(f"/backstage/onboarding/{client}", query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def does(browser, client, act, **data):
    return browser.post(f"/backstage/onboarding/{client}/{act}", data)


def done(html):
    return re.findall(r'class="is-done" data-step="(\w+)"', html)


def errors(answer):
    return re.findall(r'class="error" role="alert">([^<]+)', unescape(answer.content.decode()))


def follow(answer, step):
    assert answer.status_code == 303, errors(answer)
    assert answer["Location"].endswith(f"#{step}")


def test_before_there_is_a_number_every_step_leads_somewhere_and_says_what_comes_first(cast, klein, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    html = page(marc, klein)
    for step in re.findall(r'<a href="#(\w+)"', html):
        assert re.search(rf'<section [^>]*id="{step}"', html), step
    order = re.findall(r'<section [^>]*id="(\w+)"', html)
    assert order == ["number", "phone", "greeting", "hours", "agenda", "codes", "test", "answer", "daily"]
    assert html.count("First give him a number of the house.") == 5
    assert "Let the house call" not in html


def test_the_house_calls_only_where_it_knows_whom(cast, klein, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    button = r'<button class="btn[^"]*"([^>]*)>(?:(?!</button>).)*Let the house call'
    html = page(marc, klein)
    assert "disabled" in re.search(button, html, re.DOTALL)[1]
    assert html.count("First write down, under “His telephone”, the number that his callers dial.") == 2
    said = {"mode": ForwardingMode.BUSY, "public_number": PUBLIC, "access": Access.MOBILE, "operator": "post"}
    lines.set_forwarding(client=klein, number=LINE, seconds=None, by=cast.marc, at=NOW, **said)
    html = page(marc, klein)
    assert "disabled" in re.search(button, html, re.DOTALL)[1]
    assert "a call of the house would find him free" in html
    said["mode"] = ForwardingMode.ALL
    lines.set_forwarding(client=klein, number=LINE, seconds=None, by=cast.marc, at=NOW, **said)
    html = page(marc, klein)
    assert "disabled" not in re.search(button, html, re.DOTALL)[1]
    assert "dial-waits" not in html


def test_without_a_trunk_the_house_offers_no_call_and_leads_to_what_is_missing(cast, klein, marc, browser_of):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    said = {"mode": ForwardingMode.ALL, "public_number": PUBLIC, "access": Access.MOBILE, "operator": "post"}
    lines.set_forwarding(client=klein, number=LINE, seconds=None, by=cast.marc, at=NOW, **said)
    link = '<a class="btn" href="/backstage/switchboard/trunk/add/">'
    assert link not in page(marc, klein)
    Trunk.objects.filter(house_id=cast.marc.house_key).delete()
    html = page(marc, klein)
    assert "Let the house call" not in html
    assert html.count("The house has no trunk yet: it can call nobody.") == 2
    assert link in html
    assert "Watch for my call" in html, "a call from outside may be watched for all the same"
    Person.objects.filter(pk=cast.marc.person_key).update(is_owner=False)
    html = page(browser_of(cast.marc), klein)
    assert "/backstage/switchboard/trunk/add/" not in html


def test_the_steps_to_go_are_those_the_list_leaves_open(cast, klein, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def counts(html):
        steps = re.findall(r'<li( class="is-done")? data-step="\w+">(.*?)</li>', html, re.DOTALL)
        left = [words for done, words in steps if not done and "(optional)" not in words]
        told = re.search(r"(\d+) steps? to go", html)
        return len(left), int(told[1]) if told else 0

    assert counts(page(marc, klein)) == (6, 6)
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    operations.set_greeting(client=klein, language="fr", text="Bonjour.", by=cast.marc, at=NOW)
    assert counts(page(marc, klein)) == (4, 4)


def test_from_the_first_click_to_the_call_that_arrives(cast, klein, marc):
    operations.set_state(client=klein, state=ClientState.PROSPECT, by=cast.marc, at=NOW)
    assert done(page(marc, klein)) == []
    follow(does(marc, klein, "number", number="20 00 09 09"), "phone")
    assert done(page(marc, klein)) == ["number"]
    phone = {"mode": "no_answer", "access": "mobile", "operator": "post", "seconds": "15"}
    follow(does(marc, klein, "phone", line=LINE, public_number="26 00 00 01", **phone), "codes")
    [line] = lines.lines_of(house=cast.house, client=klein)
    assert (line.public_number, line.mode, line.operator) == (PUBLIC, ForwardingMode.NO_ANSWER, "post")
    assert (line.access, line.seconds) == (Access.MOBILE, 15)
    follow(does(marc, klein, "greeting", line=LINE, fr="Cabinet du docteur Klein, {name}, bonjour."), "hours")
    hours = {"line": LINE, "day_0": "8-12, 14h-18h30", "day_1": "24h"}
    follow(does(marc, klein, "hours", **hours), "codes")
    file = queries.client_file(house=cast.house, client=klein, at=NOW)
    assert [each.language for each in file.greetings] == ["fr"]
    assert [len(entry.intervals) for entry in file.hours.week] == [2, 1]
    html = page(marc, klein)
    assert done(html) == ["number", "phone", "greeting", "hours"]
    assert "**61*+35220000909**15#" in html
    assert 'href="tel:**61*+35220000909**15%23"' in html
    assert "##61#" in html
    follow(does(marc, klein, "watch", line=LINE, caller="621 000 147"), "test")
    assert 'data-test="run"' in page(marc, klein, part="test")
    arrived = {"call": "c", "trunk": "x", "called_line": LINE, "caller": "+352621000147", "forwarded_by": PUBLIC}
    at = ForwardingProof.objects.get().asked_at
    apply_engine_event("e1", 1, CallArrived(house=cast.house, at=at, client=klein, **arrived))
    assert 'data-test="good"' in page(marc, klein, part="test")
    assert done(page(marc, klein, part="steps")) == ["number", "phone", "greeting", "hours", "codes", "test"]
    told = does(marc, klein, "answer", line=LINE, state="trial")
    assert told.status_code == 422
    assert "Rien à dire en allemand" in unescape(told.content.decode())
    assert done(page(marc, klein))[-1] == "test"
    seen = re.search(r'name="seen" value="([^"]+)"', unescape(told.content.decode()))[1]
    follow(does(marc, klein, "answer", line=LINE, state="trial", seen=seen), "answer")
    assert done(page(marc, klein))[-2:] == ["test", "answer"]
    follow(does(marc, klein, "daily", line=LINE, clock="07:30"), "daily")
    assert switchboard.dialling(house=cast.house, client=klein)[0] == {LINE: "07:30"}
    assert 'value="07:30"' in page(marc, klein)
    actions = AuditEntry.objects.filter(client_key=int(klein)).order_by("pk").values_list("action", flat=True)
    assert list(actions)[-7:] == [
        "client.line_given",
        "client.forwarding_set",
        "client.greeting_set",
        "client.hours_set",
        "forwarding.watch_asked",
        "client.state_set",
        "forwarding.daily_set",
    ]


def test_only_the_owner_says_whose_calls_are_answered(cast, klein, marc, browser_of):
    operations.set_state(client=klein, state=ClientState.PROSPECT, by=cast.marc, at=NOW)
    follow(does(marc, klein, "number", number=LINE), "phone")
    Person.objects.filter(pk=cast.marc.person_key).update(is_owner=False)
    supervisor = browser_of(cast.marc)
    assert 'value="trial"' not in page(supervisor, klein)
    assert does(supervisor, klein, "answer", line=LINE, state="trial").status_code == 403
    for state in ("prospect", "suspended", "ended", "", "x"):
        Person.objects.filter(pk=cast.marc.person_key).update(is_owner=True)
        assert does(browser_of(cast.marc), klein, "answer", line=LINE, state=state).status_code == 422
    assert queries.client(house=cast.house, client=klein).state == "prospect"


@pytest.mark.parametrize(
    ("act", "data"),
    [
        ("number", {"number": "twelve"}),
        ("number", {"number": "+35220000101"}),
        ("number", {}),
        ("phone", {"public_number": "x", "mode": "all", "access": "fixed"}),
        ("phone", {"public_number": LINE, "mode": "all", "access": "fixed"}),
        ("phone", {"mode": "never", "access": "fixed"}),
        ("phone", {"mode": "no_answer", "access": "fixed", "seconds": "7"}),
        ("phone", {"mode": "all", "access": "fixed", "operator": "<b>"}),
        ("greeting", {"fr": ""}),
        ("greeting", {"fr": "x" * 301}),
        ("hours", {"day_0": "8-99"}),
        ("hours", {}),
        ("dial", {}),
        ("watch", {"caller": "x"}),
        ("daily", {"clock": "07:30"}),
        ("stop", {}),
    ],
)
def test_a_mistake_is_said_in_its_place_and_nothing_is_saved(cast, klein, marc, act, data):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    entries = AuditEntry.objects.count()
    answer = does(marc, klein, act, line=LINE, **data)
    assert answer.status_code == 422
    assert errors(answer) or act == "stop"
    assert AuditEntry.objects.count() == entries


def test_what_was_typed_wrongly_is_still_there(cast, klein, marc):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    answer = does(marc, klein, "phone", line=LINE, public_number="twelve <b>", mode="hours", access="fixed")
    assert answer.status_code == 422
    assert 'value="twelve &lt;b&gt;"' in answer.content.decode()


SUNDAY = GreetingWhen(day_type="sunday")
EACH_DAY = GreetingWhen(day_type="chosen", weekdays=tuple(range(7)))


def greet(cast, client, text, when=ALWAYS, language="fr"):
    operations.set_greeting(client=client, language=language, text=text, when=when, by=cast.marc, at=NOW)


def said(cast, client):
    return {
        (each.language, each.day_type): each.text
        for each in queries.client_file(house=cast.house, client=client, at=NOW).greetings
    }


def test_the_phrase_of_every_day_is_shown_and_saved_and_that_of_sunday_stays(cast, klein, marc):
    greet(cast, klein, "Chaque jour.")
    greet(cast, klein, "Le dimanche.", SUNDAY)
    html = page(marc, klein)
    assert 'value="Chaque jour."' in html
    assert "Le dimanche." not in html
    follow(does(marc, klein, "greeting", fr="Chaque jour.", de=""), "hours")
    assert said(cast, klein) == {("fr", ""): "Chaque jour.", ("fr", "sunday"): "Le dimanche."}
    follow(does(marc, klein, "greeting", fr="Le dimanche."), "hours")
    assert said(cast, klein) == {("fr", ""): "Le dimanche.", ("fr", "sunday"): "Le dimanche."}


def test_a_phrase_beside_one_for_the_same_moments_is_refused_in_words(cast, klein, marc):
    greet(cast, klein, "Toute la semaine.", EACH_DAY, language="de")
    answer = does(marc, klein, "greeting", fr="Bonjour.", de="Guten Tag.")
    assert answer.status_code == 422
    [told] = errors(answer)
    assert "Toute la semaine." in told
    assert len(told) > len("Toute la semaine.") + 20
    assert said(cast, klein) == {("de", "chosen"): "Toute la semaine."}


def test_a_number_that_rests_is_refused_in_words(cast, klein, marc):
    today = SystemClock().now()
    until = today.date() + timedelta(days=30)
    end_contract(client=cast.weber, last=None, until=until, reason="x", by=cast.marc, at=today)
    answer = does(marc, klein, "number", number="+35220000101")
    assert answer.status_code == 422
    [told] = errors(answer)
    assert until.isoformat() not in told
    assert str(until.year) in told
    assert len(told) > 30


def test_another_client_s_line_and_another_house_s_client_are_not_there(cast, klein, marc, browser_of):
    [weber] = lines.lines_of(house=cast.house, client=cast.weber)[:1]
    assert marc.get(f"/backstage/onboarding/{klein}", {"line": weber.number}).status_code == 404
    entries = AuditEntry.objects.count()
    for act in ("number", "phone", "greeting", "hours", "dial", "watch", "stop", "daily"):
        assert does(marc, klein, act, line=weber.number, clock="07:30").status_code == 404
        assert does(marc, cast.other_client, act, line="+33199009999").status_code == 404
        assert does(marc, "9" * 30, act).status_code == 404
    assert does(marc, klein, "nothing").status_code == 404
    assert AuditEntry.objects.count() == entries
    html = unescape(marc.get("/backstage/onboarding/").content.decode())
    assert "Dr Klein" in html
    assert "+33 1 99 00 99 99" not in html.replace("\u00a0", " ")


def test_a_secretary_and_a_doctor_do_not_enter(cast, klein, browser_of):
    for who in (cast.claire, cast.dr_weber):
        browser = browser_of(who)
        assert browser.get("/backstage/onboarding/").status_code == 403
        assert browser.get(f"/backstage/onboarding/{klein}").status_code == 403
        assert does(browser, klein, "number", number="20 00 09 09").status_code == 403


def test_the_house_calls_and_the_page_says_what_went_wrong_and_what_to_try(cast, klein, marc):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    follow(does(marc, klein, "phone", line=LINE, public_number=PUBLIC, mode="all", access="fixed"), "codes")
    follow(does(marc, klein, "dial", line=LINE), "test")
    again = does(marc, klein, "dial", line=LINE)
    assert (again.status_code, len(errors(again))) == (422, 1)
    proof = ForwardingProof.objects.get()
    assert f'name="test" value="{proof.pk}"' in page(marc, klein, part="test")
    forwarding.fail(proof.pk, why=Why.OTHER_LINE, detail="+35220000101", at=NOW)
    html = page(marc, klein, part="test")
    assert 'data-test="bad"' in html
    assert "+352 20 00 01 01" in html.replace("\u00a0", " ")
    assert "test" not in done(page(marc, klein))
    follow(does(marc, klein, "dial", line=LINE), "test")
    follow(does(marc, klein, "stop", line=LINE, test=str(ForwardingProof.objects.latest("pk").pk)), "test")
    assert 'data-test="none"' in page(marc, klein, part="test")


def test_the_house_s_own_code_is_shown(cast, klein, marc):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    follow(
        does(marc, klein, "phone", line=LINE, public_number=PUBLIC, mode="all", access="fixed", operator="post"),
        "codes",
    )
    assert "*21*20000909#" in page(marc, klein)
    forwarding_code = {"access": Access.FIXED, "kind": ForwardingKind.ALL, "activate": "*70*{number}#"}
    lines.keep_code(country="LU", operator="post", by=cast.marc, at=NOW, **forwarding_code)
    assert "*70*20000909#" in page(marc, klein)


def test_a_direct_line_needs_no_code(cast, klein, marc):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    follow(does(marc, klein, "phone", line=LINE, mode="direct", access="fixed"), "codes")
    html = page(marc, klein)
    assert done(html) == ["number", "phone", "codes", "answer"]
    assert "onboarding__keys" not in html


def test_a_name_with_markup_is_text(cast, klein, marc):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    follow(does(marc, klein, "greeting", line=LINE, fr="<script>x</script> bonjour"), "hours")
    assert "<script>x" not in marc.get(f"/backstage/onboarding/{klein}").content.decode()


def test_the_page_asks_the_database_a_fixed_number_of_times(cast, marc, klein, django_assert_max_num_queries):
    for number in ("+35220000910", "+35220000911", "+35220000912"):
        operations.give_line(client=klein, number=number, by=cast.marc, at=NOW)
    with django_assert_max_num_queries(20):
        marc.get(f"/backstage/onboarding/{klein}")
    with django_assert_max_num_queries(8):
        marc.get("/backstage/onboarding/")


def test_the_list_says_of_each_line_whether_its_calls_arrive_and_finds_by_name(cast, klein, marc):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    follow(does(marc, klein, "phone", line=LINE, public_number=PUBLIC, mode="all", access="fixed"), "codes")
    follow(does(marc, klein, "dial", line=LINE), "test")
    forwarding.fail(ForwardingProof.objects.get().pk, why=Why.RANG_OUT, at=NOW)
    html = marc.get("/backstage/onboarding/", {"name": "KLEIN"}).content.decode()
    assert (html.count("onboarding__proof--bad"), html.count("onboarding__proof--none")) == (1, 0)
    assert "Cabinet Dupont" not in html
    assert "Cabinet Dupont" in marc.get("/backstage/onboarding/").content.decode()
    assert "onboarding__proof" not in marc.get("/backstage/onboarding/", {"name": "<b>"}).content.decode()


def forwarded(cast, klein, mode=ForwardingMode.ALL):
    """A client whose public number is forwarded to his line."""
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    said = {"mode": mode, "public_number": PUBLIC, "access": Access.FIXED, "operator": "post"}
    lines.set_forwarding(client=klein, number=LINE, seconds=None, by=cast.marc, at=NOW, **said)


def arrives(cast, klein, sequence=1, **more):
    arrived = {"call": f"c{sequence}", "trunk": "x", "called_line": LINE, "caller": "+352621000147"}
    at = ForwardingProof.objects.latest("pk").asked_at
    event = CallArrived(house=cast.house, at=at, client=klein, **(arrived | more))
    calls.apply_engine_event("e1", sequence, event)
    apply_engine_event("e1", sequence, event)


def command(html):
    return re.search(r'<code[^>]* id="play">([^<]+)</code>', html)


def test_the_demonstration_has_no_outside_line_and_says_how_to_play_the_caller(cast, klein, marc, settings):
    settings.DEMONSTRATION = True
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    assert command(page(marc, klein)) is None, "nobody knows yet from which number it is forwarded"
    forwarded_by = {"mode": "all", "access": "fixed", "operator": "post", "public_number": PUBLIC}
    follow(does(marc, klein, "phone", line=LINE, **forwarded_by), "codes")
    html = page(marc, klein)
    assert "Let the house call" not in html
    assert "The house calls" not in re.sub(r'<section class="card" id="daily".*?</section>', "", html, flags=re.DOTALL)
    assert html.count("The demonstration has no outside line: it can call nobody.") == 2
    typed = command(html)[1].split()
    assert typed[:2] == ["./run", "phone"]
    options = phone_parser().parse_args(typed[2:])
    assert (options.number, options.forwarded_from) == (LINE, PUBLIC)
    assert options.data == settings.PERMANENCE.data
    follow(does(marc, klein, "phone", line=LINE, mode="direct", access="fixed"), "codes")
    options = phone_parser().parse_args(command(page(marc, klein))[1].split()[2:])
    assert (options.number, options.forwarded_from) == (LINE, None)


def test_a_real_house_calls_and_shows_no_command(cast, klein, marc):
    forwarded(cast, klein)
    html = page(marc, klein)
    assert "data-test" not in html
    assert "./run phone" not in html
    assert f'action="/backstage/onboarding/{klein}/dial"' in html


def test_in_service_says_whether_he_is_open_at_this_minute(cast, klein, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    operations.set_state(client=klein, state=ClientState.TRIAL, by=cast.marc, at=NOW)
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    now = SystemClock().now()
    tomorrow = (now.astimezone(ZoneInfo("Europe/Luxembourg")).weekday() + 1) % 7
    week = [operations.Opening(weekday=tomorrow, opens="08:00", until="12:00")]

    def answer(week, *, always):
        operations.set_hours(
            client=klein, week=week, always=always, closed_on_holidays=False, by=cast.marc, at=SystemClock().now()
        )
        html = page(marc, klein)
        return re.search(r'<section class="card" id="answer".*?</section>', html, re.DOTALL)[0]

    closed = answer(week, always=False)
    assert re.search(r"Closed until \w+ \d+ \w+, 08:00\.", closed)
    assert "The secretaries answer his calls (trial)." in closed
    opened = answer([], always=True)
    assert "Calls are answered day and night." in opened
    assert "Closed until" not in opened
    announce_absence(
        client=klein,
        starts=now - timedelta(days=1),
        ends=now + timedelta(days=40),
        words="Parti.",
        announced_by=str(cast.marc.person_key),
        treatment=ANNOUNCE,
        by=cast.marc,
        at=now,
    )
    away = page(marc, klein)
    assert "Closed by an absence (ends " in away
    assert "Calls are answered day and night." not in away
    assert "what any caller hears at this hour" in away


def test_numbers_are_written_with_their_country(cast, klein, marc):
    forwarded(cast, klein)
    html = page(marc, klein).replace("\u00a0", " ")
    assert "+352 20 00 09 09" in html
    assert "+352 26 00 00 01" in html
    assert re.search(r"(?<!\+352 )20 00 09 09", html) is None
    assert "+352 20 00 09 09" in unescape(marc.get("/backstage/onboarding/").content.decode()).replace("\u00a0", " ")


def test_a_call_that_came_directly_proves_no_forwarding(cast, klein, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    forwarded(cast, klein)
    follow(does(marc, klein, "watch", line=LINE), "test")
    arrives(cast, klein, forwarded_by=None)
    html = page(marc, klein, part="test").replace("\u00a0", " ")
    assert 'data-test="none"' in html
    assert "does no harm" not in html
    assert "forwarding is not proved yet" in html
    assert "+352 621 000 147" in html
    assert done(page(marc, klein)) == ["number", "phone", "answer"]
    assert "onboarding__proof--good" not in marc.get("/backstage/onboarding/", {"name": "Klein"}).content.decode()
    follow(does(marc, klein, "watch", line=LINE), "test")
    arrives(cast, klein, 2, forwarded_by=PUBLIC)
    html = page(marc, klein, part="test").replace("\u00a0", " ")
    assert 'data-test="good"' in html
    assert "From +352 621 000 147, forwarded from +352 26 00 00 01" in html
    assert done(page(marc, klein)) == ["number", "phone", "codes", "test", "answer"]
    assert "onboarding__proof--good" in marc.get("/backstage/onboarding/", {"name": "Klein"}).content.decode()


def test_a_direct_line_is_proved_by_a_direct_call_and_a_withheld_number_is_none(cast, klein, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    follow(does(marc, klein, "phone", line=LINE, mode="direct", access="fixed"), "codes")
    follow(does(marc, klein, "watch", line=LINE), "test")
    arrives(cast, klein, caller=None, forwarded_by=None)
    html = page(marc, klein, part="test")
    assert 'data-test="good"' in html
    assert "forwarded from" not in html
    assert "None" not in html


def test_the_portal_is_opened_and_one_is_back_where_the_client_is_set_up(cast, klein, marc):
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    address = re.search(r'href="([^"]*/person/add/[^"]*)"', page(marc, klein, line=LINE))[1]
    person = {"email": "k@klein.example", "name": "Ute Klein", "language": "de", "is_active": "on", "reads_for": klein}
    answer = marc.post(address, person)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/backstage/onboarding/{klein}?line=%2B35220000909#answer",
    )
    assert "Ute Klein" in page(marc, klein)
    for number, elsewhere in enumerate(("https://evil.example/", "//evil.example/", "javascript:alert(1)", "")):
        person["email"] = f"k{number}@klein.example"
        answer = marc.post(f"/backstage/foundation/person/add/?{urlencode({'next': elsewhere})}", person)
        assert (answer.status_code, answer["Location"]) == (302, "/backstage/foundation/person/")
    answer = marc.post(address, person | {"email": "more@klein.example", "_addanother": "1"})
    assert answer["Location"].startswith("/backstage/foundation/person/add/")


def test_what_a_watched_caller_hears_is_told_by_the_state_of_the_client(cast, klein, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    operations.give_line(client=klein, number=LINE, by=cast.marc, at=NOW)
    rings, closing = "A secretary’s console rings, as for any caller.", "You will hear the closing words"
    for state, always, rung in (
        (ClientState.PROSPECT, True, False),
        (ClientState.SUSPENDED, True, False),
        (ClientState.TRIAL, True, True),
        (ClientState.TRIAL, False, False),
    ):
        operations.set_hours(client=klein, week=[], always=always, closed_on_holidays=False, by=cast.marc, at=NOW)
        operations.set_state(client=klein, state=state, by=cast.marc, at=NOW)
        html = page(marc, klein)
        assert (rings in html) is rung, state
        assert (closing in html) is (state is not ClientState.TRIAL), state
        assert ("what any caller hears at this hour" in html) is (state is ClientState.TRIAL and not rung), state
