# SPDX-License-Identifier: AGPL-3.0-or-later
"""SMS against a real HTTP server on loopback: refused, down, repeated, receipted, answered; and the house's door."""

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser

from permanence.callers.models import Patient, PatientNumber
from permanence.clients.models import Client
from permanence.dispatch import answer_operations, reminder_operations, sms_operations, sms_tasks
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.reminder import compose_reminder
from permanence.dispatch.channels.sms.content import SmsKind, Words, compose
from permanence.dispatch.channels.sms.http import Given, Incoming, Report
from permanence.dispatch.channels.sms.length import measure, plain
from permanence.dispatch.models import Sms, SmsReply, SmsStop
from permanence.dispatch.rules import LEASE, MAX_ATTEMPTS, Attempt, DeliveryState, Outcome
from permanence.dispatch.sms_reach import NoConsent, NoMobile, SmsOff
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project.sms_sink import start_sms_sink
from tests.rooms.agenda_cast import patient
from tests.rooms.messaging_cast import NOON, make_cast
from tests.rules.dispatch.test_sms import BEARER, BUNDLED, FORM

pytestmark = pytest.mark.django_db
JEANNES = "+33639980147"
SECRET = BEARER["hook"]["secret"]
OCTOBER = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
"""The second 2:30 in Paris."""


@dataclass
class Provider:
    """What a provider was asked, and what it says."""

    url: str = ""
    status: int = 201
    answer: dict = field(default_factory=lambda: {"sid": "P1", "messages": [{"id": "P1", "status": "queued"}]})
    asked: list = field(default_factory=list)


@contextmanager
def served():
    told = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.append((self.path, dict(self.headers), body))
            said = json.dumps(told.answer).encode()
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1/messages"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def describe(settings, tmp_path, shape, url):
    """The house has this provider."""
    settings.PERMANENCE = django_settings.PERMANENCE.changed(data=tmp_path)
    (tmp_path / "keys").mkdir(exist_ok=True)
    (tmp_path / "keys" / "sms.json").write_text(json.dumps(shape | {"url": url}))


@pytest.fixture
def provider(settings, tmp_path):
    with served() as told:
        describe(settings, tmp_path, BEARER, told.url)
        yield told


@pytest.fixture
def cast():
    return make_cast()


def known(client, name="Hoffmann", number=JEANNES, *, agreed=True, language="fr"):
    key = patient(client, name)
    row = Patient.objects.get(pk=int(key))
    Patient.objects.filter(pk=row.pk).update(sms_agreed_at=NOON if agreed else None, language=language)
    PatientNumber.objects.create(house_id=row.house_id, client_id=row.client_id, patient=row, number=number)
    return key


def send(cast, key, *, client="", kind=SmsKind.REMINDER, at=NOON, asks=True, about="appointment-1", by=None):
    return sms_operations.send_sms(
        kind=kind,
        client=client or cast.cabinet.id,
        patient=key,
        about=about,
        words=Words(house="", at=NOON + timedelta(days=2)),
        expires_at=at + timedelta(days=2),
        by=by or cast.claire,
        at=at,
        entropy=SystemEntropy(),
        asks=asks,
    )


def reply(number, text, *, at=NOON, key=""):
    return answer_operations.take_reply(Incoming(number=number, text=text, id=key), at=at, entropy=SystemEntropy())


def test_off_until_it_is_configured(cast, settings, tmp_path):
    settings.PERMANENCE = django_settings.PERMANENCE.changed(data=tmp_path)
    with pytest.raises(SmsOff):
        send(cast, known(cast.cabinet.id))
    assert (Sms.objects.count(), sms_tasks.run_sms(at=NOON)) == (0, 0)
    assert Browser().post(f"/hooks/sms/{SECRET}", "{}", content_type="application/json").status_code == 404


def test_json_with_bearer(cast, provider):
    key = send(cast, known(cast.cabinet.id))
    assert sms_tasks.run_sms(at=NOON) == 1
    _path, headers, body = provider.asked[0]
    told = json.loads(body)
    assert headers["Authorization"] == "Bearer canari-token"
    assert told["callback"].endswith(f"/hooks/sms/{SECRET}")
    assert told["messages"][0]["to"] == JEANNES
    text = told["messages"][0]["text"]
    assert not [part for part in ("1", "2", "12 h") if part not in text]
    row = Sms.objects.get(key=key)
    assert (row.state, row.provider_id, row.slot) == (DeliveryState.SENT, "P1", 0)
    assert (row.encoding, row.parts, row.price_micros, row.currency) == ("gsm7", 1, 45_000, "EUR")
    assert text not in row.sealed_text
    noted = AuditEntry.objects.get(action="sms.asked")
    assert not [secret for secret in (JEANNES, "Hoffmann", text) if secret in json.dumps(noted.detail)]


def test_form_with_basic_login(cast, provider, settings, tmp_path):
    describe(settings, tmp_path, FORM, provider.url)
    send(cast, known(cast.cabinet.id))
    sms_tasks.run_sms(at=NOON)
    _path, headers, body = provider.asked[0]
    told = parse_qs(body.decode())
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"AC1:canari-password"
    assert (told["To"], told["From"]) == ([JEANNES], ["Permanence"])
    assert Sms.objects.get().provider_id == "P1"


@pytest.mark.parametrize(("status", "state"), [(400, "failed"), (401, "pending"), (429, "pending"), (503, "pending")])
def test_what_is_tried_again(cast, provider, status, state):
    provider.status, provider.answer = status, {"error": {"message": "no\nway"}}
    send(cast, known(cast.cabinet.id))
    sms_tasks.run_sms(at=NOON)
    row = Sms.objects.get()
    assert (row.state, row.why, row.attempts) == (state, f"HTTP {status} no way", 1)
    assert sms_tasks.run_sms(at=NOON + timedelta(seconds=59)) == 0
    provider.status, provider.answer = 201, {"messages": [{"id": "P2", "status": "queued"}]}
    assert sms_tasks.run_sms(at=NOON + timedelta(minutes=1)) == (1 if state == "pending" else 0)


def test_a_provider_that_is_away_is_asked_again_and_given_up(cast, settings, tmp_path):
    with served() as gone:
        pass
    describe(settings, tmp_path, BEARER, gone.url)
    send(cast, known(cast.cabinet.id))
    at, tries = NOON, 0
    while sms_tasks.run_sms(at=at):
        tries, at = tries + 1, Sms.objects.get().next_attempt_at
    assert (tries, Sms.objects.get().state) == (MAX_ATTEMPTS, DeliveryState.FAILED)


def test_an_answer_of_200_that_says_no(cast, provider):
    provider.status, provider.answer = 200, {"messages": [{"id": "P1", "status": "rejected"}]}
    send(cast, known(cast.cabinet.id))
    sms_tasks.run_sms(at=NOON)
    assert Sms.objects.get().state == DeliveryState.FAILED


def test_a_worker_killed_half_way_sends_again_under_the_same_key(cast, provider):
    key = send(cast, known(cast.cabinet.id))
    assert sms_operations.take_due(at=NOON).key == key
    assert sms_operations.take_due(at=NOON + LEASE / 2) is None
    again = sms_operations.take_due(at=NOON + LEASE)
    assert (again.key, again.attempt) == (key, 2)


def test_too_late_is_not_sent(cast, provider):
    send(cast, known(cast.cabinet.id))
    assert sms_tasks.run_sms(at=NOON + timedelta(days=2)) == 0
    assert (Sms.objects.get().state, Sms.objects.get().why) == (DeliveryState.FAILED, "too late")


def test_only_who_agreed_only_a_mobile(cast, provider):
    with pytest.raises(NoConsent):
        send(cast, known(cast.cabinet.id, "Eins", agreed=False))
    with pytest.raises(NoMobile):
        send(cast, known(cast.cabinet.id, "Zwei", "+33123456789"))
    assert Sms.objects.count() == 0


def test_quiet_hours_of_the_client(cast, provider):
    evening = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    send(cast, known(cast.cabinet.id), at=evening)
    assert sms_tasks.run_sms(at=evening + timedelta(hours=9)) == 0
    assert sms_tasks.run_sms(at=datetime(2026, 11, 25, 7, 0, tzinfo=UTC)) == 1
    code = {"client": cast.cabinet.id, "number": "06 39 98 01 48", "language": "de", "code": "123456"}
    sms_operations.send_code(**code, by=cast.claire, at=evening, entropy=SystemEntropy())
    assert sms_tasks.run_sms(at=evening) == 1


LAST_MINUTE = datetime(2026, 11, 24, 18, 59, 30, tzinfo=UTC)
"""Half a minute before it is quiet in Paris."""
MORNING = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "at_once"), [(SmsKind.REMINDER, False), (SmsKind.OFFER, False), (SmsKind.LATE, True)])
def test_what_the_provider_did_not_take_in_the_evening_wakes_nobody_up(cast, provider, kind, at_once):
    provider.status = 503
    send(cast, known(cast.cabinet.id), kind=kind, at=LAST_MINUTE)
    assert sms_tasks.run_sms(at=LAST_MINUTE) == 1
    provider.status = 201
    assert sms_tasks.run_sms(at=LAST_MINUTE + timedelta(minutes=1)) == at_once
    assert sms_tasks.run_sms(at=MORNING) == (not at_once)


def test_what_the_post_left_lying_in_the_evening_wakes_nobody_up(cast, provider):
    """Also where so many lie there that one look does not take them all: the one that may go out still does."""
    key = known(cast.cabinet.id)
    for number in range(21):
        send(cast, key, at=LAST_MINUTE, about=f"visit-{number}")
    send(cast, key, at=LAST_MINUTE, kind=SmsKind.BOOKED, asks=False)
    night = LAST_MINUTE + timedelta(hours=2)
    assert sms_tasks.run_sms(at=night) == 1
    assert set(Sms.objects.filter(state="pending").values_list("next_attempt_at", flat=True)) == {MORNING}
    assert sms_tasks.run_sms(at=MORNING) == 21


def test_what_can_go_out_only_when_it_is_too_late_is_a_secretarys_at_once(cast, provider):
    send(cast, known(cast.cabinet.id), at=LAST_MINUTE)
    Sms.objects.update(expires_at=MORNING)
    assert sms_tasks.run_sms(at=LAST_MINUTE + timedelta(minutes=5)) == 0
    assert Sms.objects.get().state == DeliveryState.FAILED
    assert OutboxEvent.objects.filter(name="SmsFailed").count() == 1


def test_who_has_just_answered_an_offer_hears_also_at_the_second_try_that_something_is_asked_first(cast, provider):
    key, evening = known(cast.cabinet.id), LAST_MINUTE + timedelta(hours=1)
    send(cast, key, kind=SmsKind.OFFER, at=LAST_MINUTE, about="offer-1")
    assert sms_tasks.run_sms(at=LAST_MINUTE) == 1
    provider.status = 503
    words = Words(house="", at=MORNING, until=MORNING, asked_first=True)
    more = {"words": words, "expires_at": MORNING, "by": cast.claire, "at": evening, "entropy": SystemEntropy()}
    sms_operations.send_sms(kind=SmsKind.OFFER, client=cast.cabinet.id, patient=key, about="offer-1", **more)
    assert sms_tasks.run_sms(at=evening) == 1
    provider.status = 201
    assert sms_tasks.run_sms(at=evening + timedelta(minutes=1)) == 1


def test_receipts_even_one_that_overtakes(cast, provider):
    key = send(cast, known(cast.cabinet.id))
    assert not sms_operations.take_report(Report(id="P1", delivered=True), at=NOON)
    sms_tasks.run_sms(at=NOON)
    assert sms_operations.take_report(Report(id="P1", delivered=True), at=NOON)
    assert not sms_operations.take_report(Report(id="P1", delivered=False, why="x"), at=NOON)
    assert Sms.objects.get(key=key).state == DeliveryState.DELIVERED
    other = send(cast, known(cast.cabinet.id, "Zwei", "+33639980148"))
    taken = sms_operations.take_due(at=NOON)
    assert sms_operations.take_report(Report(id=other, delivered=False, why="absent"), at=NOON)
    assert Sms.objects.get(pk=taken.sms).state == DeliveryState.BOUNCED
    assert not sms_operations.take_report(Report(id="", delivered=True), at=NOON)


def test_an_answer_is_for_the_question_its_digit_names(cast, provider):
    """Two practices wrote to one telephone: a digit answers one of them, a bare word none."""
    first = send(cast, known(cast.cabinet.id), about="at-dupont")
    second = send(cast, known(cast.weber.id, "Schmit"), client=cast.weber.id, about="at-weber")
    sms_tasks.run_sms(at=NOON)
    assert reply(JEANNES, "oui")
    assert list(Sms.objects.exclude(answer="")) == []
    assert reply(JEANNES, "4")
    assert (Sms.objects.get(key=first).answer, Sms.objects.get(key=second).answer) == ("", "no")
    assert reply(JEANNES, "Oui !")
    assert Sms.objects.get(key=first).answer == "yes"
    told = [each.body for each in OutboxEvent.objects.filter(name="SmsAnswered").order_by("pk")]
    assert [(each["about"], each["answer"]) for each in told] == [("at-weber", "no"), ("at-dupont", "yes")]
    assert reply(JEANNES, "1")
    assert SmsReply.objects.count() == 4
    assert OutboxEvent.objects.filter(name="SmsAnswered").count() == 2


def test_digits_are_given_again_only_when_all_were_used_the_oldest_first(cast, provider):
    key = known(cast.cabinet.id)
    for hour in range(6):
        at = NOON + timedelta(hours=hour)
        send(cast, key, at=at, about=f"visit-{hour}")
        sms_tasks.run_sms(at=at)
        Sms.objects.filter(about=f"visit-{hour}").update(answered_at=at, answer="yes")
    assert [each.slot for each in Sms.objects.order_by("pk")] == [0, 1, 2, 3, 0, 1]
    at = NOON + sms_operations.ANSWERED_FOR + timedelta(hours=4, minutes=30)  # all but the last is forgotten
    send(cast, key, at=at, about="later")
    assert Sms.objects.latest("pk").slot == 0


def test_the_same_answer_twice_counts_once(cast, provider):
    send(cast, known(cast.cabinet.id), about="one")
    sms_tasks.run_sms(at=NOON)
    assert reply(JEANNES, "1", key="in-1")
    send(cast, Patient.objects.get().pk.__str__(), about="two")
    sms_tasks.run_sms(at=NOON)
    assert reply(JEANNES, "1", key="in-1")
    assert [each.answer for each in Sms.objects.order_by("pk")] == ["yes", ""]


def test_an_answer_without_an_id_that_is_brought_again_after_a_minute_counts_once(cast, provider):
    send(cast, known(cast.cabinet.id))
    sms_tasks.run_sms(at=NOON)
    for seconds in (50, 80, 200):
        reply(JEANNES, "Je rappelle demain", at=NOON + timedelta(seconds=seconds))
    assert SmsReply.objects.count() == 1
    reply(JEANNES, "Je rappelle demain", at=NOON + timedelta(hours=1))
    assert SmsReply.objects.count() == 2


def test_stop_is_kept_by_every_house_that_wrote(cast, provider):
    key = known(cast.cabinet.id)
    send(cast, key)
    sms_tasks.run_sms(at=NOON)
    send(cast, key, about="waiting")
    assert reply(JEANNES, "Stop.")
    assert reply(JEANNES, "stop")
    assert (Sms.objects.get(about="waiting").why, sms_tasks.run_sms(at=NOON)) == ("stop", 0)
    assert SmsStop.objects.count() == 1
    with pytest.raises(NoConsent):
        send(cast, key)
    assert not reply("+33639989999", "STOP")
    assert not reply("' OR 1=1", "STOP")


def test_stop_is_kept_however_long_ago_the_sms_was_and_an_old_answer_is_none(cast, provider):
    key, three_weeks = known(cast.cabinet.id), timedelta(days=20)
    send(cast, key)
    sms_tasks.run_sms(at=NOON)
    assert not reply(JEANNES, "1", at=NOON + three_weeks)
    assert reply(JEANNES, "STOP", at=NOON + three_weeks)
    with pytest.raises(NoConsent):
        send(cast, key, at=NOON + three_weeks, about="two")
    assert [(each.meaning, each.asks) for each in SmsReply.objects.all()] == [("stop", False)]


def test_stop_to_the_house_of_yesterday_is_kept_by_the_one_of_three_weeks_ago(cast, provider):
    here, there = known(cast.cabinet.id), known(cast.other_client.id, "Anderswo")
    later = NOON + timedelta(days=20)
    send(cast, here)
    send(cast, there, client=cast.other_client.id, by=cast.other_secretary, at=later)
    assert sms_tasks.run_sms(at=later) == 1
    assert reply(JEANNES, "Stop", at=later)
    assert set(SmsStop.objects.values_list("house__slug", flat=True)) == {cast.house, cast.other_house}
    for who, client, by in ((here, cast.cabinet, cast.claire), (there, cast.other_client, cast.other_secretary)):
        with pytest.raises(NoConsent):
            send(cast, who, client=client.id, by=by, at=later, about="two")


def test_who_agrees_anew_after_stop_is_written_to_again(cast, provider):
    key = known(cast.cabinet.id)
    send(cast, key)
    sms_tasks.run_sms(at=NOON)
    reply(JEANNES, "Stop", at=NOON + timedelta(minutes=1))
    with pytest.raises(NoConsent):
        send(cast, key, about="two")
    Patient.objects.filter(pk=int(key)).update(sms_agreed_at=NOON + timedelta(minutes=2))
    assert send(cast, key, about="three")
    reply(JEANNES, "Stop", at=NOON + timedelta(minutes=3))
    with pytest.raises(NoConsent):
        send(cast, key, about="four")


def test_who_agrees_anew_after_stop_gets_codes_again_from_that_client(cast, provider):
    key = known(cast.cabinet.id)
    known(cast.weber.id, "Autre")
    send(cast, key)
    sms_tasks.run_sms(at=NOON)
    reply(JEANNES, "Stop", at=NOON + timedelta(minutes=1))
    said = {"number": JEANNES, "language": "fr", "code": "123456", "by": cast.claire, "entropy": SystemEntropy()}
    later = NOON + timedelta(minutes=3)
    with pytest.raises(NoConsent):
        sms_operations.send_code(client=cast.cabinet.id, at=later, **said)
    Patient.objects.filter(pk=int(key)).update(sms_agreed_at=NOON + timedelta(minutes=2))
    assert sms_operations.send_code(client=cast.cabinet.id, at=later, **said)
    with pytest.raises(NoConsent):  # the other client's patient agreed before he said STOP
        sms_operations.send_code(client=cast.weber.id, at=later, **said)
    reply(JEANNES, "Stop", at=later)
    with pytest.raises(NoConsent):
        sms_operations.send_code(client=cast.cabinet.id, at=later, **said)


def test_the_agreement_of_who_has_died_brings_no_codes_back(cast, provider):
    key = known(cast.cabinet.id)
    send(cast, key)
    sms_tasks.run_sms(at=NOON)
    reply(JEANNES, "Stop", at=NOON + timedelta(minutes=1))
    Patient.objects.filter(pk=int(key)).update(sms_agreed_at=NOON + timedelta(minutes=2), is_deceased=True)
    said = {"number": JEANNES, "language": "fr", "code": "123456", "by": cast.claire, "entropy": SystemEntropy()}
    with pytest.raises(NoConsent):
        sms_operations.send_code(client=cast.cabinet.id, at=NOON + timedelta(minutes=3), **said)


def test_a_receipt_that_overtakes_the_answer_to_its_try_is_asked_for_again(cast, provider):
    send(cast, known(cast.cabinet.id), kind=SmsKind.LATE, at=SystemClock().now())
    receipt = {"path": f"/hooks/sms/{SECRET}", "data": json.dumps({"id": "m-1", "status": "delivered"})}
    assert Browser().post(**receipt, content_type="application/json").status_code == 204
    taken = sms_operations.take_due(at=SystemClock().now())
    assert Browser().post(**receipt, content_type="application/json").status_code == 503
    sms_operations.finish(taken, Given(attempt=Attempt(outcome=Outcome.SENT), id="m-1"), at=SystemClock().now())
    assert Browser().post(**receipt, content_type="application/json").status_code == 204
    assert Sms.objects.get().state == DeliveryState.DELIVERED


LINKED = {"link": f"https://permanence.example/o/{'a' * 32}-{'b' * 20}"}
NOT_YET = {"asked_first": True, **LINKED}
PLACE_FIRST = [
    {"place_first": True, **LINKED},
    NOT_YET,
    {"place_first": True, **NOT_YET},
    {"place_by_telephone": True, **NOT_YET},
]


@pytest.mark.parametrize(
    ("kind", "language", "more"),
    [
        *product(SmsKind, ("fr", "en", "de"), [{}]),
        *product([SmsKind.OFFER], ("fr", "en", "de"), PLACE_FIRST),
    ],
)
def test_what_is_said_fits_two_parts_of_gsm(kind, language, more):
    words = Words(house="Permanence Grand-Est", at=NOON, until=NOON, yes=1, no=2, minutes=40, code="123456", **more)
    for day in (NOON.date(), NOON.date() - timedelta(days=1)):
        text = compose(kind, words, language=language, sent_on=day)
        found = measure(text)
        assert (found.encoding, found.parts <= 2) == ("gsm7", True), text
        assert "%" not in text


@pytest.mark.parametrize("asked_first", [False, True])
@pytest.mark.parametrize(
    ("language", "today", "tomorrow"),
    [
        ("fr", ("jusqu'à 11 h.", "avant 11 h."), ("jusqu'à mar 01/12, 11 h.", "avant mar 01/12, 11 h.")),
        ("en", ("until 11:00.", "before 11:00."), ("until Tue 1 Dec, 11:00.", "before Tue 1 Dec, 11:00.")),
        ("de", ("bis 11:00 Uhr", "bis 11:00 Uhr"), ("bis Di., 01.12., 11:00 Uhr", "bis Di., 01.12., 11:00 Uhr")),
    ],
)
def test_what_is_kept_over_night_says_until_which_day(language, today, tomorrow, asked_first):
    until = datetime(2026, 12, 1, 11, 0, tzinfo=ZoneInfo("Europe/Paris"))
    words = Words(house="Centre", at=until + timedelta(days=1), until=until, asked_first=asked_first)
    for day, told in ((until.date(), today), (until.date() - timedelta(days=1), tomorrow)):
        assert plain(told[asked_first]) in compose(SmsKind.OFFER, words, language=language, sent_on=day)


def test_an_offer_that_goes_out_in_the_morning_says_the_hour_of_that_day_alone(cast, provider):
    """It is written in the evening, for the morning."""
    key, evening = known(cast.cabinet.id), LAST_MINUTE + timedelta(hours=1)
    until = MORNING + timedelta(hours=3)
    more = {"expires_at": until, "by": cast.claire, "entropy": SystemEntropy(), "client": cast.cabinet.id}
    words = Words(house="", at=until + timedelta(days=2), until=until)
    for at in (evening, evening - timedelta(hours=4)):
        sms_operations.send_sms(kind=SmsKind.OFFER, patient=key, about=f"{at}", words=words, at=at, **more)
    sms_tasks.run_sms(at=evening - timedelta(hours=4))
    sms_tasks.run_sms(at=MORNING)
    first, second = (json.loads(body)["messages"][0]["text"] for _path, _headers, body in provider.asked)
    assert (plain("jusqu'à mer 25/11, 11 h") in first, plain("jusqu'à 11 h") in second) == (True, True)


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("fr", "à 2 h 30. ", "à 2 h 30 pour la seconde fois. "),
        ("en", "at 02:30. ", "at 02:30 for the second time. "),
        ("de", "um 02:30 Uhr. ", "um 02:30 Uhr zum zweiten Mal. "),
    ],
)
def test_the_night_the_clocks_go_back_says_which_of_the_two_hours_is_meant(language, first, second):
    zone, now = ZoneInfo("Europe/Paris"), datetime(2026, 10, 20, 10, 0, tzinfo=UTC)
    addresses = {"sender": "a@centre.example", "recipient": "b@b.example"}
    about = Addressed(key="k" * 20, house="centre", house_name="Centre", language=language, **addresses)
    for moment, said in ((datetime(2026, 10, 25, 0, 30, tzinfo=UTC), first), (OCTOBER, second)):
        visit_at = moment.astimezone(zone)
        text = compose(SmsKind.REMINDER, Words(house="Centre", at=visit_at, yes=1, no=2), language=language)
        assert plain(said) in text
        assert measure(text).parts <= 2
        mail = compose_reminder(about, practice="", visit_at=visit_at, link="https://a.example", at=now)
        assert said.strip() in mail.get_body(("plain",)).get_content().replace("\xa0", " ").replace("\n", " ")


@pytest.mark.parametrize(
    ("language", "place", "question"),
    [
        ("fr", "Nous vous appelons pour vous dire où il a lieu", "une question"),
        ("en", "We will telephone you to say where it is", "something is asked"),
        ("de", "Wir rufen Sie an, um zu sagen, wo er ist", "etwas zu fragen"),
    ],
)
def test_of_a_place_that_is_told_by_telephone_no_question_is_announced(language, place, question):
    words = {"house": "Permanence Grand-Est", "at": NOON, "until": NOON, "link": "https://permanence.example/o/a"}
    text = compose(SmsKind.OFFER, Words(**words, asked_first=True, place_by_telephone=True), language=language)
    assert (place in text, question in text) == (True, False)
    text = compose(SmsKind.OFFER, Words(**words, asked_first=True), language=language)
    assert (place in text, question in text) == (False, True)


def test_nothing_of_health_and_no_name_unless_the_client_agreed(cast, provider):
    row = Client.objects.get(pk=int(cast.cabinet.id))
    key = known(cast.cabinet.id)
    send(cast, key)
    reminder_operations.change_contact_rule(
        client=cast.cabinet.id, names_practice=True, remind_hours=0, by=cast.marc, at=NOON, entropy=SystemEntropy()
    )
    send(cast, key, about="two")
    sms_tasks.run_sms(at=NOON)
    without, named = (json.loads(body)["messages"][0]["text"] for _path, _headers, body in provider.asked)
    assert (row.name in without, row.name in named) == (False, True)
    for text in (without, named):
        assert not [word for word in ("Hoffmann", "Jeanne", "Dr ", "Renouvellement", "Consultation") if word in text]


def test_the_door(cast, provider):
    send(cast, known(cast.cabinet.id))
    sms_tasks.run_sms(at=NOON)
    door, kind = f"/hooks/sms/{SECRET}", "application/json"
    browser = Browser(enforce_csrf_checks=True)
    for wrong in ("x", SECRET[:-1], SECRET + "x", SECRET.upper()):
        assert browser.post(f"/hooks/sms/{wrong}", "{}", content_type=kind).status_code == 404
    assert browser.get(door).status_code == 405
    assert browser.post(door, "x" * 70_000, content_type=kind).status_code == 413
    for body in (
        "",
        "[",
        "[" * 60_000,
        '{"id": [1], "status": "delivered"}',
        '{"from": "x", "text": "1"}',
        "\ud800".encode("utf-8", "surrogatepass"),
    ):
        assert browser.post(door, body, content_type=kind).status_code == 204
    assert Sms.objects.get().state == DeliveryState.SENT
    assert browser.post(door, '{"id": "P1", "status": "delivered"}', content_type=kind).status_code == 204
    assert Sms.objects.get().state == DeliveryState.DELIVERED
    hostile = json.dumps({"from": JEANNES, "text": "\ud800\x00 1"})
    assert browser.post(door, hostile, content_type=kind).status_code == 204
    assert browser.post(door, json.dumps({"from": JEANNES[1:], "text": "1"}), content_type=kind).status_code == 204
    assert SmsReply.objects.count() == 2


def test_answers_that_come_together_are_all_taken(cast, provider, settings, tmp_path):
    describe(settings, tmp_path, BUNDLED, provider.url)
    other, at = "+33639980148", SystemClock().now()
    for number, name in ((JEANNES, "Eins"), (other, "Zwei")):
        send(cast, known(cast.cabinet.id, name, number), kind=SmsKind.MOVE, at=at, about=name)  # whatever the hour
    sms_tasks.run_sms(at=at)
    _path, headers, _body = provider.asked[0]
    assert (headers["api-key"], "Authorization" in headers) == ("canari-key", False)
    answers = [{"from": JEANNES, "text": "1", "id": "in-1"}, {"from": "?"}, {"from": other, "text": "2", "id": "in-2"}]
    for _repeated in range(2):
        posted = Browser().post(f"/hooks/sms/{SECRET}", {"results": answers}, content_type="application/json")
        assert posted.status_code == 204
    assert dict(Sms.objects.values_list("about", "answer")) == {"Eins": "yes", "Zwei": "no"}
    assert SmsReply.objects.count() == 2


def test_a_receipt_that_comes_too_early_keeps_back_nothing_that_came_with_it(cast, provider):
    at = SystemClock().now()
    send(cast, known(cast.cabinet.id), at=at, kind=SmsKind.LATE)
    sms_tasks.run_sms(at=at)
    send(cast, known(cast.cabinet.id, "Zwei", "+33639980148"), at=at, kind=SmsKind.LATE, about="two")
    assert sms_operations.take_due(at=SystemClock().now())
    early, said = {"id": "m-2", "status": "delivered"}, {"from": JEANNES, "text": "1", "id": "in-1"}
    posted = Browser().post(f"/hooks/sms/{SECRET}", [early, said], content_type="application/json")
    assert (posted.status_code, SmsReply.objects.count()) == (503, 1)


@pytest.mark.parametrize("text", ["{", "{}", json.dumps(BEARER | {"url": "http://elsewhere.example/"})])
def test_a_wrong_description_sends_nothing_and_opens_nothing(provider, settings, tmp_path, text):
    (tmp_path / "keys" / "sms.json").write_text(text)
    assert sms_tasks.run_sms(at=NOON) == 0
    assert Browser().post(f"/hooks/sms/{SECRET}", "{}", content_type="application/json").status_code == 404


def test_the_demonstrations_provider_and_telephone(cast, settings, tmp_path):
    settings.PERMANENCE = django_settings.PERMANENCE.changed(data=tmp_path, web_port=9)
    sink = start_sms_sink(tmp_path)
    try:
        key = send(cast, known(cast.cabinet.id))
        assert sms_tasks.run_sms(at=NOON) == 1
        page = Browser().get("/demo/sms").content.decode()
        assert JEANNES in page
        kept = tmp_path / "sms" / f"{key}.sms"
        kept.write_text(json.dumps(json.loads(kept.read_text()) | {"at": "2026-11-24T11:05:00+00:00"}))
        page = Browser().get("/demo/sms", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
        assert "24/11/2026 12:05</time>" in page  # on the house's clock
        assert Browser().post(f"/demo/sms/{key}", {"text": "<b>1"}).status_code == 302
        assert "&lt;b&gt;1" in Browser().get("/demo/sms").content.decode()
        assert Browser().post("/demo/sms/none", {"text": "1"}).status_code == 404
        settings.DEMONSTRATION = False
        assert Browser().get("/demo/sms").status_code == 404
        assert Browser().post(f"/demo/sms/{key}", {"text": "1"}).status_code == 404
    finally:
        sink.stop()
    assert Sms.objects.get().state == DeliveryState.SENT
