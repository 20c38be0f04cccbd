# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients were told: every SMS and mail on one page, with what became of it and its price; never its words."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import translation

from permanence.callers.models import Patient
from permanence.clients.access import choose_clients
from permanence.clients.models import Client
from permanence.dispatch import late_tasks, offer_tasks, sent_queries, sms_operations, sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.channels.sms.http import Report
from permanence.dispatch.models import Sms
from permanence.dispatch.rules import SentKind, SentState
from permanence.dispatch.sent_queries import Asked
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemEntropy
from permanence.supervision import sent as sent_page
from permanence.supervision.sent_words import price
from tests.processes import free_port
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import DUE, book, patient_says, provider, relay, rule, send
from tests.rooms.test_late import TEN, agrees_to_mail, reachable, tell
from tests.rooms.test_late import book as book_at
from tests.rooms.test_sms import JEANNES, known
from tests.rooms.test_sms import send as write
from tests.rooms.waiting_cast import LATER, booked, cancelled, person, pursue, waits

__all__ = ["provider", "relay"]

pytestmark = pytest.mark.django_db
MONTH = Asked(since=datetime(2026, 11, 1, tzinfo=UTC), before=datetime(2026, 12, 1, tzinfo=UTC))
OF_HEALTH = ("Consultation", "Rendez-vous lun", "ECG", "anticoagulant")
"""What the page says nowhere: neither reason nor text."""


@pytest.fixture
def cast():
    made = make_agenda_cast()
    rule(made, 48)
    return made


def listed(cast, *, by=None, undelivered=False, client="", at=MONDAY):
    asked = Asked(since=MONTH.since, before=MONTH.before, client=client, undelivered=undelivered)
    rows = sent_queries.sent(by=by or cast.claire, asked=asked, at=at).rows
    return [(each.kind, each.channel, each.state, each.patient_name, each.address) for each in rows]


def shown(browser, monkeypatch, query="when=2026-11", *, at=MONDAY):
    monkeypatch.setattr(sent_page, "_CLOCK", SimpleNamespace(now=lambda: at))
    return browser.get(f"{reverse('supervision:sent')}?{query}")


def came_back(why="unknown number"):
    row = Sms.objects.get()
    assert sms_operations.take_report(Report(id=row.provider_id, delivered=False, why=why), at=DUE)


def test_a_reminder_by_sms_and_what_its_receipt_says(cast, provider, deliver_all):
    patient_says(cast, sms=True)
    book(cast)
    deliver_all(NOON)
    assert listed(cast) == []  # not due: nobody was told anything
    send(DUE)
    what = (SentKind.REMINDER, "sms", SentState.SENT, "HOFFMANN Jeanne", JEANNES)
    assert (listed(cast), listed(cast, undelivered=True)) == ([what], [])
    came_back()
    what = (*what[:2], SentState.BOUNCED, *what[3:])
    assert (listed(cast), listed(cast, undelivered=True)) == ([what], [what])


def test_a_reminder_that_is_delivered(cast, provider, deliver_all):
    patient_says(cast, sms=True)
    book(cast)
    deliver_all(NOON)
    send(DUE)
    sms_operations.take_report(Report(id=Sms.objects.get().provider_id, delivered=True, why=""), at=DUE)
    assert [each[2] for each in listed(cast)] == [SentState.DELIVERED]


def test_a_reminder_by_mail_and_one_that_reaches_nobody(cast, provider, relay, deliver_all):
    patient_says(cast, mail=True)
    book(cast)
    book(cast, 40, patient=cast.paul)
    deliver_all(NOON)
    nobody = SimpleNamespace(settings=RelaySettings(host="127.0.0.1", port=free_port()))
    send(DUE, nobody)
    mail = (SentKind.REMINDER, "email", SentState.AGAIN, "HOFFMANN Jeanne", "jeanne@jeanne.example")
    none = (SentKind.REMINDER, "", SentState.NO_WAY, "MARTIN Jeanne", "")
    assert listed(cast) == [mail]
    send(DUE + timedelta(hours=1), relay)
    assert sorted(listed(cast)) == sorted([(*mail[:2], SentState.SENT, *mail[3:]), none])
    assert listed(cast, undelivered=True) == [none]


def test_what_was_overtaken_is_no_failure(cast, provider, deliver_all):
    patient_says(cast, sms=True)
    visit = book(cast)
    deliver_all(NOON)
    provider.status = 503
    send(DUE)
    assert [each[2] for each in listed(cast)] == [SentState.AGAIN]
    cancelled(cast, visit, at=DUE)
    deliver_all(DUE)
    assert [each[2] for each in listed(cast)] == [SentState.OVERTAKEN]
    assert listed(cast, undelivered=True) == []


def test_late_by_sms_and_by_mail(cast, provider, relay):
    book_at(cast, 140, reachable(cast, "Mobile", "+33639980001", agreed=True))
    book_at(cast, 160, reachable(cast, "Refuse", "+33639980002", agreed=False))
    agrees_to_mail("Refuse")
    tell(cast)
    provider.status = 400
    sms_tasks.run_sms(at=TEN)
    late_tasks.run_late(at=TEN, relay=relay.settings)
    sms = (SentKind.LATE, "sms", SentState.FAILED, "MOBILE Jeanne", "+33639980001")
    mail = (SentKind.LATE, "email", SentState.SENT, "REFUSE Jeanne", "anna@patients.example")
    assert sorted(listed(cast)) == sorted([sms, mail])
    assert listed(cast, undelivered=True) == [sms]


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        ("patient@jeanne.example", ("email", SentState.SENT, "patient@jeanne.example")),
        ("", ("", SentState.NO_WAY, "")),
    ],
)
def test_an_offer_by_mail_and_one_that_is_telephoned(cast, relay, deliver_all, mail, expected):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka", mail=mail))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    offer_tasks.run_offers(at=LATER, relay=relay.settings)
    channel, state, address = expected
    assert listed(cast) == [(SentKind.OFFER, channel, state, "ZYRIANKA Jeanne", address)]


def test_a_code_names_nobody(cast, provider):
    number = {"client": cast.cabinet.id, "number": JEANNES, "language": "fr", "code": "123456"}
    sms_operations.send_code(**number, by=cast.claire, at=NOON, entropy=SystemEntropy())
    sms_tasks.run_sms(at=NOON)
    assert listed(cast) == [(SentKind.CODE, "sms", SentState.SENT, "", JEANNES)]


@pytest.fixture
def failed(cast, provider, deliver_all):
    """A reminder that came back."""
    patient_says(cast, sms=True)
    book(cast)
    deliver_all(NOON)
    send(DUE)
    came_back()
    return cast


def test_the_page_says_to_whom_when_and_why_not_and_never_what(failed, monkeypatch):
    name = Client.objects.get(pk=int(failed.cabinet.id)).name
    for by in (failed.claire, failed.marc):
        answer = shown(SignedInBrowser(by), monkeypatch)
        said = answer.content.decode()
        for part in ("HOFFMANN Jeanne", "unknown number", "2 parties, GSM-7", "0,09 EUR", name):
            assert part in said.replace("\xa0", " "), part
        assert not [each for each in OF_HEALTH if each in said]
    assert "unknown number" in shown(SignedInBrowser(failed.claire), monkeypatch, "undelivered=1").content.decode()
    assert "HOFFMANN" not in shown(SignedInBrowser(failed.claire), monkeypatch, "when=2026-10").content.decode()


def test_nobody_elses_clients_are_on_it(failed, monkeypatch):
    """Claire answers for Dr Weber alone: the cabinet's are not there, neither as rows nor in the sums."""
    choose_clients(person=failed.claire.person, clients=[failed.weber.id], by=failed.marc, at=NOON)
    only = who_is(Person.objects.select_related("house").get(pk=int(failed.claire.person)))
    assert listed(failed, by=only) == []
    assert sent_queries.spent(by=only, asked=MONTH) == ()
    assert listed(failed, by=failed.other_secretary) == []
    assert listed(failed, client=failed.weber.id) == []
    page = shown(SignedInBrowser(only), monkeypatch, f"client={failed.cabinet.id}").content.decode()
    assert "HOFFMANN" not in page
    assert SignedInBrowser(failed.dr_dupont).get(reverse("supervision:sent")).status_code == 403


@pytest.mark.parametrize(
    "typed", ["when=2026-99", "before=x", "before=2026-11-01", "client=-1", "client=9" * 30, "%00"]
)
def test_nothing_typed_makes_an_error(failed, monkeypatch, typed):
    assert shown(SignedInBrowser(failed.marc), monkeypatch, typed).status_code == 200


def test_the_sms_of_a_month_are_summed_by_client_as_the_provider_took_them(cast, provider):
    """Two of the cabinet's in November and one in December, one of Dr Weber's; a refused one costs nothing."""
    jeanne = known(cast.cabinet.id, "Zyrianka")
    write(cast, jeanne, asks=False)
    write(cast, jeanne, asks=False, about="b")
    write(cast, known(cast.weber.id, "Bellard"), client=cast.weber.id, asks=False, about="c")
    write(cast, jeanne, asks=False, about="d", at=NOON + timedelta(days=10))
    sms_tasks.run_sms(at=NOON)
    sms_tasks.run_sms(at=NOON + timedelta(days=10))
    provider.status = 400
    write(cast, jeanne, asks=False, about="e")
    sms_tasks.run_sms(at=NOON)
    found = sent_queries.spent(by=cast.claire, asked=MONTH)
    assert {each.client: (each.messages, each.parts, each.price_micros, each.currency) for each in found} == {
        cast.cabinet.id: (2, 2, 90_000, "EUR"),
        cast.weber.id: (1, 1, 45_000, "EUR"),
    }


@pytest.mark.parametrize(
    ("micros", "said"), [(45_000, "0,045"), (90_000, "0,09"), (2_000_000, "2,00"), (1, "0,000001"), (0, "0,00")]
)
def test_a_price_is_said_to_the_last_figure(micros, said):
    with translation.override("fr"):
        assert price(micros, "EUR") == f"{said}\xa0EUR"
    assert price(micros, "") == ""


def test_page_by_page_everything_is_there_once(cast, provider, monkeypatch):
    """The oracle: all at once, the newest first. Several stand at the same moment, across the pages' edges."""
    jeanne = known(cast.cabinet.id, "Zyrianka")
    for number, minutes in enumerate((0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 4)):
        write(cast, jeanne, asks=False, about=f"a{number}", at=NOON + timedelta(minutes=minutes))
    whole = [each.at for each in sent_queries.sent(by=cast.claire, asked=MONTH, at=MONDAY).rows]
    assert len(whole) == 11
    assert whole == sorted(whole, reverse=True)
    monkeypatch.setattr(sent_queries, "PAGE", 3)
    seen, before = [], MONTH.before
    while before is not None:
        found = sent_queries.sent(by=cast.claire, asked=Asked(since=MONTH.since, before=before), at=MONDAY)
        seen += [each.at for each in found.rows]
        before = found.earlier
    assert seen == whole


def test_who_was_merged_is_named_as_who_stands_for_him(failed):
    Patient.objects.filter(pk=int(failed.jeanne)).update(merged_into=int(failed.paul))
    assert [each[3] for each in listed(failed)] == ["MARTIN Jeanne"]
