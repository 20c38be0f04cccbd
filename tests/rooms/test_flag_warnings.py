# SPDX-License-Identifier: AGPL-3.0-or-later
"""A health client without a red flag in force: said where he goes live and where his script is published."""

import json
import re
from html import unescape

import pytest
from django.conf import settings

from permanence.clients import operations, queries, unflagged
from permanence.clients import script_operations as acts
from permanence.clients import script_queries as scripts
from permanence.clients.rules import ClientState, Sector
from permanence.clients.rules.script import read_text
from permanence.clients.unflagged import Unflagged
from permanence.kernel.system import SystemClock
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import fill
from tests.rooms.test_onboarding_agenda import opened, person_of

LINE = "+35220000909"
NONE = "No red flag is in force, and none is written in his script"
WAITS = "No red flag is in force: those of his script wait until the doctor validates them."
AHEAD = "No red flag is in force: those that the doctor validated hold once their version is published."


@pytest.fixture
def marc(cast, browser_of):
    browser = browser_of(cast.marc)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return browser


@pytest.fixture
def klein(cast):
    client = opened(cast, "Dr Klein", Sector.HEALTH)
    operations.set_state(client=client, state=ClientState.PROSPECT, by=cast.marc, at=NOW)
    operations.give_line(client=client, number=LINE, by=cast.marc, at=NOW)
    return client


@pytest.fixture
def doctor(cast, klein):
    return person_of(klein, cast)


def begun(cast, client):
    """A draft from the template of doctors, with its red flags. Its text."""
    acts.begin_from_template(client=client, code="doctor", language="fr", after=0, by=cast.marc, at=NOW)
    return scripts.versions(house=cast.house, client=client)[0].text


def validated(cast, client, doctor, text, version=1):
    acts.validate_red_flags(
        client=client,
        version=version,
        red_flags=acts.red_flags_text(read_text(text)[0]),
        doctor=doctor,
        validated=SystemClock().now().date(),
        by=cast.marc,
        at=SystemClock().now(),
    )


def notice(browser, address, key):
    answer = browser.get(address)
    assert answer.status_code == 200
    html = unescape(answer.content.decode())
    found = re.search(rf'<div class="notice notice--warn" id="{key}".*?<p>(.*?)</p>', html, re.DOTALL)
    return found[1] if found else ""


def at_setting_up(browser, client):
    return notice(browser, f"/backstage/onboarding/{client}", "flags")


def at_his_script(browser, client):
    return notice(browser, f"/backstage/scripts/{client}/", "unflagged")


def publish(browser, client, text, after):
    """Publish what stands in the page; what the page says then."""
    answer = browser.post(f"/backstage/scripts/{client}/", {"act": "publish", "text": text, "after": str(after)})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    html = unescape(browser.get(answer["Location"]).content.decode())
    return " ".join(re.findall(r'<li class="success">(.*?)</li>', html, re.DOTALL))


def test_where_he_goes_live_it_is_said_and_not_refused(cast, klein, doctor, marc):
    assert NONE in at_setting_up(marc, klein)
    text = begun(cast, klein)
    assert WAITS in at_setting_up(marc, klein)
    told = marc.post(f"/backstage/onboarding/{klein}/answer", {"line": LINE, "state": "trial"})
    seen = re.search(r'name="seen" value="([^"]+)"', told.content.decode())
    body = {"line": LINE, "state": "trial", "seen": seen[1] if seen else ""}
    assert marc.post(f"/backstage/onboarding/{klein}/answer", body).status_code == 303
    assert WAITS in at_setting_up(marc, klein)
    validated(cast, klein, doctor, text)
    assert AHEAD in at_setting_up(marc, klein)
    acts.publish(client=klein, version=1, by=cast.marc, at=NOW)
    assert at_setting_up(marc, klein) == ""


def test_on_the_page_of_the_client_the_change_that_puts_him_into_service_says_so(cast, klein, doctor, marc):
    address = f"/backstage/clients/client/{klein}/change/"

    def save(state):
        answer = fill(marc, address, state=state)
        seen = re.search(r'name="seen" value="([^"]+)"', unescape(answer.content.decode()))
        if seen:  # what the change brings is told first, once
            answer = fill(marc, address, state=state, seen=seen[1])
        assert answer.status_code == 302
        html = unescape(marc.get(answer["Location"]).content.decode())
        return [each for each in re.findall(r'<li class="warning">(.*?)</li>', html, re.DOTALL) if "red flag" in each]

    [said] = save("trial")
    assert NONE in said
    assert save("trial") == [], "said when he goes live, not at every save"
    assert len(save("active")) == 1
    assert save("suspended") == []


def test_who_is_not_of_health_is_not_warned(cast, marc):
    plumber = opened(cast, "Plomberie Roux", Sector.AFTER_SALES)
    operations.give_line(client=plumber, number=LINE, by=cast.marc, at=NOW)
    assert at_setting_up(marc, plumber) == ""


def test_published_without_red_flags_the_page_says_that_nothing_warns(cast, klein, doctor, marc):
    data = json.loads(begun(cast, klein))
    assert at_his_script(marc, klein) == "", "nothing is published yet"
    data["red_flags"] = []
    data["samples"] = [each for each in data["samples"] if "red_flags" not in each["expect"]]
    assert publish(marc, klein, json.dumps(data), 1) == "The script is published: the next call runs it."
    assert NONE in at_his_script(marc, klein)


def test_published_red_flags_that_wait_for_the_doctor_are_said(cast, klein, doctor, marc):
    text = begun(cast, klein)
    said = publish(marc, klein, text, 1)
    assert said == (
        "The script is published: the next call runs it. "
        "Its red flags wait until the doctor validates them: before that none of them holds."
    )
    assert WAITS in at_his_script(marc, klein)
    validated(cast, klein, doctor, text)
    assert at_his_script(marc, klein) == ""
    data = json.loads(text)
    data["red_flags"][0]["label"] = "Autre mot"
    said = publish(marc, klein, json.dumps(data), 1)
    assert said.endswith(
        "Its red flags are new: they wait until the doctor validates them, and those he validated before hold."
    )
    assert at_his_script(marc, klein) == "", "the earlier ones hold"
    data["title"] = "Autre titre"
    validated(cast, klein, doctor, json.dumps(data), version=2)
    assert publish(marc, klein, json.dumps(data), 2) == "The script is published: the next call runs it."


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Aucun signe d’alerte n’est en vigueur\u00a0: ceux de son script attendent la validation du médecin."),
        ("de", "Kein Warnzeichen gilt: Die seines Skripts warten darauf, dass der Arzt sie bestätigt."),
    ],
)
def test_in_other_languages(cast, klein, marc, language, words):
    begun(cast, klein)
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    assert at_setting_up(marc, klein).startswith(words)


def test_the_cause_is_found_by_six_questions_at_most_and_four_where_the_script_is_read(
    cast, klein, doctor, marc, django_assert_max_num_queries
):
    def cause():
        view = queries.client(house=cast.house, client=klein)
        entry = scripts.script_entry(house=cast.house, client=int(klein))
        with django_assert_max_num_queries(4):
            found = unflagged.why_unflagged(view, house=cast.house, script=entry, at=NOW)
        with django_assert_max_num_queries(6):
            assert unflagged.why_unflagged_now(view, house=cast.house, at=NOW) == found
        return found

    assert cause() == Unflagged.NONE_WRITTEN
    text = begun(cast, klein)
    assert cause() == Unflagged.NOT_VALIDATED
    validated(cast, klein, doctor, text)
    assert cause() == Unflagged.NOT_PUBLISHED
    acts.publish(client=klein, version=1, by=cast.marc, at=NOW)
    assert cause() is None
    plumber = queries.client(house=cast.house, client=opened(cast, "Plomberie Roux", Sector.AFTER_SALES))
    with django_assert_max_num_queries(0):
        assert unflagged.why_unflagged_now(plumber, house=cast.house, at=NOW) is None
