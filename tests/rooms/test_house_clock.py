# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a signed-in person reads: moments on her house's clock, her own language, the same tabs on every page."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client as Browser
from django.utils import timezone

from permanence.backstage import invited
from permanence.clients.models import Client
from permanence.dispatch import tasks
from permanence.dispatch.channels.email.relay import Relay
from permanence.dispatch.rules import Attempt, Outcome
from permanence.foundation import audit, invitations
from permanence.foundation.models import AuditEntry, House, Person
from permanence.kernel.system import SystemEntropy

MOMENT = datetime(2026, 11, 24, 12, 47, tzinfo=UTC)
"""13:47 in Luxembourg."""


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def test_the_audit_trail_is_on_the_clock_of_the_house(cast, marc):
    audit.note(by=cast.marc, at=MOMENT, action="house.changed", subject="foundation.house:1")
    page = marc.get("/backstage/foundation/auditentry/").content.decode()
    assert "13:47" in page
    assert "12:47" not in page


def test_the_audit_trail_shows_no_code_and_one_clock(cast, marc):
    told = {"client": int(cast.weber), "detail": {"state": "trial"}}
    audit.note(by=cast.marc, at=MOMENT, action="client.state_set", subject="clients.client:1", **told)
    listed = marc.get("/backstage/foundation/auditentry/").content.decode()
    entry = AuditEntry.objects.for_house(cast.house).get(action="client.state_set")
    opened = marc.get(f"/backstage/foundation/auditentry/{entry.pk}/change/").content.decode()
    for page in (listed, opened):
        assert "Dr Weber – à l’essai" in page
        assert "client.state_set" not in page
        assert "12:47" not in page
    assert f"{AuditEntry.objects.for_house(cast.house).count()} actes" in listed
    assert "Filtrer par moment" in listed


def test_the_history_of_a_client_is_on_the_clock_of_the_house(cast, marc):
    kind = ContentType.objects.get_for_model(Client)
    LogEntry.objects.create(
        action_time=MOMENT,
        user_id=int(cast.marc.person),
        content_type=kind,
        object_id=cast.weber,
        object_repr="Dr Weber",
        action_flag=CHANGE,
        change_message="x",
    )
    page = marc.get(f"/backstage/clients/client/{cast.weber}/history/").content.decode()
    assert "13:47" in page
    assert "12:47" not in page


def test_the_clock_goes_with_the_answer(cast, marc):
    House.objects.filter(slug="demo").update(time_zone="Asia/Tokyo")
    audit.note(by=cast.marc, at=MOMENT, action="house.changed", subject="foundation.house:1")
    assert "21:47" in marc.get("/backstage/foundation/auditentry/").content.decode()
    assert timezone.get_current_timezone_name() == "UTC"
    assert marc.get("/backstage/clients/client/999999999/nowhere/").status_code in {302, 404}
    assert timezone.get_current_timezone_name() == "UTC"
    assert Browser().get("/login").status_code == 200


def test_an_open_page_asks_nothing_of_the_database_for_the_clock(cast, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Browser().get("/login").status_code == 200


def test_the_invitation_says_its_end_on_the_clock_of_the_house(cast, marc, monkeypatch):
    sent = []

    def send(self, mail, envelope):
        sent.append(mail)
        return Attempt(outcome=Outcome.SENT)

    monkeypatch.setattr(Relay, "send", send)
    person = Person.objects.create(house_id=cast.marc.house_key, email="zoe@permanence.example", name="zoe")
    person.set_unusable_password()
    person.save()
    invitations.send_invitation(person=str(person.pk), by=cast.marc, at=MOMENT, entropy=SystemEntropy())
    tasks.run_invitations(at=MOMENT)
    (mail,) = sent
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert "13:47" in text
        assert "12:47" not in text
    page = marc.get(f"/backstage/foundation/person/{person.pk}/change/").content.decode()
    assert "13:47" in page
    assert "12:47" not in page
    assert invited.words(None) == ""


PAGES = (
    "/backstage/foundation/person/",
    "/backstage/clients/client/",
    "/backstage/clients/instruction/",
    "/backstage/",
)
FRENCH = ("Choisir", "Filtrer", "Pagination des", "Rechercher", "Aujourd", "Tous les", "Exécuter")


@pytest.mark.parametrize("path", [*PAGES, "/backstage/clients/client/add/", "/backstage/jsi18n/"])
def test_the_german_back_office_speaks_german(cast, marc, path):
    Person.objects.filter(pk=cast.marc.person).update(language="de")
    marc.cookies["django_language"] = "de"
    page = marc.get(path).content.decode()
    assert [word for word in FRENCH if word in page] == []


@pytest.mark.parametrize(("language", "word"), [("fr", "écrit par"), ("de", "geschrieben von"), ("en", "written by")])
def test_who_wrote_an_instruction_heads_a_column(cast, marc, language, word):
    marc.cookies["django_language"] = language
    assert word in marc.get("/backstage/clients/instruction/").content.decode().lower()


@pytest.mark.parametrize(
    "path",
    [*PAGES, "/backstage/accounts/", "/backstage/accounts/{weber}/", "/backstage/onboarding/", "/supervision/calls"],
)
def test_every_page_of_the_owner_has_the_same_tabs(cast, marc, path):
    page = marc.get(path.format(weber=cast.weber), follow=True).content.decode()
    head = page[page.index('<header class="topbar">') : page.index("</header>")]
    for address in (
        "/supervision/calls",
        "/supervision/instructions",
        "/backstage/",
        "/backstage/accounts/",
        "/backstage/onboarding/",
    ):
        assert head.count(f'href="{address}"') == 1
    assert head.count('aria-current="page"') <= 1
