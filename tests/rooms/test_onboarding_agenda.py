# SPDX-License-Identifier: AGPL-3.0-or-later
"""The step "Agenda" of setting up a client: what is missing before a visit can be booked, and where it is done."""

import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
from django.conf import settings
from django.utils import translation

from permanence.agenda.operations import reasons, setting
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.rules import kinds
from permanence.backstage.onboarding_agenda import agenda_step
from permanence.clients import operations, queries
from permanence.clients.external_agendas import put_agenda
from permanence.clients.rules import ClientKind, RecipientKind, Sector
from permanence.foundation.models import Person
from tests.rooms.conftest import NOW


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def opened(cast, name, sector):
    return operations.open_client(
        name=name,
        initials="XX",
        kind=ClientKind.PRACTITIONER,
        sector=sector,
        country="LU",
        time_zone="Europe/Luxembourg",
        languages=("fr", "de"),
        by=cast.marc,
        at=NOW,
    )


@pytest.fixture
def klein(cast):
    return opened(cast, "Dr Klein", Sector.HEALTH)


def step(browser, client, language="en"):
    """Whether the step is done (None: there is no step), its words, and where its link leads."""
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = browser.get(f"/backstage/onboarding/{client}")
    assert answer.status_code == 200
    html = unescape(answer.content.decode())
    listed = re.search(r'<li( class="is-done")? data-step="agenda">(.*?)</li>', html, re.DOTALL)
    card = re.search(r'<section [^>]*id="agenda".*?</section>', html, re.DOTALL)
    assert (listed is None) == (card is None)
    if listed is None:
        return None, "", ""
    words = re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", card[0]))
    return bool(listed[1]), words, re.search(r'<a [^>]*href="([^"]+)"', card[0])[1]


def person_of(client, cast):
    return operations.add_recipient(
        client=client, kind=RecipientKind.PRACTITIONER, name="Dr Klein", email="", by=cast.marc, at=NOW
    )


def week(agenda):
    return [kinds.Opening(id="", agenda=agenda, weekday=0, opens="08:00", until="12:00")]


def test_a_new_doctor_s_agenda_is_opened_step_by_step(cast, klein, marc):
    base = f"/backstage/accounts/{klein}"
    done, words, link = step(marc, klein)
    assert (done, link) == (False, f"{base}/agendas")
    assert "No agenda yet: nothing is booked here for this client." in words
    assert "Open an agenda" in words
    assert "An agenda is somebody" in unescape(marc.get(link).content.decode())
    assert f'href="/backstage/clients/client/{klein}/change/?part=messages#recipient-group"' in (
        marc.get(link).content.decode()
    ), "where there is nobody yet, the page leads to where he is added"
    whose = person_of(klein, cast)
    made = begin_agenda(client=klein, recipient=whose, name="Dr Klein", by=cast.marc, at=NOW).id
    done, words, link = step(marc, klein)
    assert (done, link) == (False, f"{base}/agendas/{made}/openings/new")
    assert "Open at no hour yet: Dr Klein." in words
    assert marc.get(link).status_code == 200
    setting.set_openings(agenda=made, openings=week(made), by=cast.marc, at=NOW)
    done, words, link = step(marc, klein)
    assert (done, link) == (False, f"{base}/visit-reasons/new")
    assert "No visit reason yet" in words
    assert marc.get(link).status_code == 200
    new = kinds.VisitReason(id="", client=klein, name="Consultation", minutes=20)
    reasons.set_reason(client=klein, reason=new, by=cast.marc, at=NOW)
    done, words, link = step(marc, klein)
    assert (done, link) == (True, f"{base}/agendas")
    assert "Visits are booked in: Dr Klein." in words


def test_what_is_over_opens_no_agenda(cast, klein, marc):
    made = begin_agenda(client=klein, recipient=person_of(klein, cast), name="Dr Klein", by=cast.marc, at=NOW).id
    only = week(made)
    past = kinds.Opening(
        id="", agenda=made, weekday=0, opens="08:00", until="12:00", valid_until=NOW.date().replace(year=2020)
    )
    setting.set_openings(agenda=made, openings=[past], by=cast.marc, at=NOW)
    assert "Open at no hour yet" in step(marc, klein)[1]
    setting.set_openings(agenda=made, openings=[*only, past], by=cast.marc, at=NOW)
    assert "No visit reason yet" in step(marc, klein)[1]


@pytest.mark.parametrize(
    ("until", "opens"),
    [("2026-11-23", False), ("2026-11-24", False), ("2026-11-25", False), ("2026-11-26", True)],
)
def test_an_opening_is_over_on_its_last_day_as_the_client_s_clock_has_it(cast, klein, until, opens):
    """23:30 of the 24th in UTC is 00:30 of the 25th in Luxembourg: an opening until the 25th is over."""
    made = begin_agenda(client=klein, recipient=person_of(klein, cast), name="Dr Klein", by=cast.marc, at=NOW).id
    ends = kinds.Opening(
        id="", agenda=made, weekday=0, opens="08:00", until="12:00", valid_until=date.fromisoformat(until)
    )
    setting.set_openings(agenda=made, openings=[ends], by=cast.marc, at=NOW)
    at = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    file = queries.client_file(house=cast.house, client=klein, at=at)
    with translation.override("en"):
        words = agenda_step(file, by=cast.marc, at=at).words
    assert ("No visit reason yet" in words) is opens
    assert ("Open at no hour yet" in words) is not opens


def test_the_step_costs_one_question_however_far_it_is(cast, klein, django_assert_num_queries):
    def asked():
        file = queries.client_file(house=cast.house, client=klein, at=NOW)
        with django_assert_num_queries(1):
            return agenda_step(file, by=cast.marc, at=NOW)

    assert not asked().done
    made = begin_agenda(client=klein, recipient=person_of(klein, cast), name="Dr Klein", by=cast.marc, at=NOW).id
    assert not asked().done
    setting.set_openings(agenda=made, openings=week(made), by=cast.marc, at=NOW)
    new = kinds.VisitReason(id="", client=klein, name="Consultation", minutes=20)
    kept = reasons.set_reason(client=klein, reason=new, by=cast.marc, at=NOW)
    assert asked().done
    reasons.retire_reason(client=klein, reason=kept.id, by=cast.marc, at=NOW)
    assert not asked().done


def test_an_agenda_is_not_needed_for_his_calls_to_be_answered(cast, klein, marc):
    step(marc, klein)
    html = unescape(marc.get(f"/backstage/onboarding/{klein}").content.decode())
    listed = re.search(r'data-step="agenda">(.*?)</li>', html, re.DOTALL)[1]
    assert "(optional)" in listed


def test_who_receives_no_patients_has_no_such_step_until_he_has_an_agenda(cast, marc):
    plumber = opened(cast, "Plomberie Roux", Sector.AFTER_SALES)
    assert step(marc, plumber) == (None, "", "")
    begin_agenda(client=plumber, recipient=person_of(plumber, cast), name="Visits", by=cast.marc, at=NOW)
    assert step(marc, plumber)[0] is False


def test_an_agenda_on_another_site_is_one(cast, klein, marc):
    put_agenda(client=klein, recipient="", product="Doctolib", link="https://www.doctolib.fr/x", by=cast.marc, at=NOW)
    done, words, _link = step(marc, klein)
    assert done
    assert "His agenda is on another site (Doctolib): the secretary books there." in words


def test_the_owner_sets_agendas_up_and_a_supervisor_reads_that(cast, klein, browser_of):
    Person.objects.filter(pk=cast.marc.person_key).update(is_owner=False)
    browser = browser_of(cast.marc)
    done, words, link = step(browser, klein)
    assert (done, link) == (False, f"/backstage/accounts/{klein}/agendas")
    assert "The owner sets agendas up." in words
    assert "Open an agenda" not in words
    assert browser.get(link).status_code == 200


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Pas encore d’agenda\u00a0: rien n’est réservé ici pour ce client. Ouvrir un agenda"),
        ("de", "Noch kein Kalender: für diesen Kunden wird hier nichts gebucht. Kalender anlegen"),
    ],
)
def test_in_other_languages(cast, klein, marc, language, words):
    assert words in step(marc, klein, language)[1]
