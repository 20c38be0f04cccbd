# SPDX-License-Identifier: AGPL-3.0-or-later
"""Marc sees what is wrong, in words, with what to do; and the messages that reached nobody, which he may send again."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client as Anonymous
from django.utils import translation

from permanence.clients.models import PortalUser, Recipient
from permanence.dispatch import operations as dispatch
from permanence.dispatch.models import Delivery
from permanence.foundation import alarms
from permanence.foundation.alarms import Alarm
from permanence.foundation.models import AuditEntry, Person, SignOfLife
from permanence.messaging import operations as messaging
from permanence.messaging.rules import MessageForm
from permanence.project import findings
from permanence.supervision.alarm_words import UNKNOWN, WORDS
from permanence.supervision.alarms import drawn_alarms
from permanence.supervision.undelivered import TOLD

pytestmark = pytest.mark.django_db
PAGE = "/supervision/calls"
PACKAGE = Path(findings.__file__).resolve().parents[1]
LANGUAGES = ("fr", "en", "de")
WATCHES = ("watch.py", "findings.py", "forwarding_watch.py", "contract_watch.py")
PLACES = {"count": 3, "kind": "KeyError", "gb": "1.5", "days": 4, "client": "Dr Weber", "source": "192.0.2.77"}


@pytest.fixture
def at():
    return datetime.now(UTC)


@pytest.fixture
def keep(cast, at):
    alarms.sign(at=at)
    keys = alarms.houses()

    def keep_now(**found):
        alarms.keep({cast.house: found.get("house", ()), cast.other_house: found.get("other", ())}, keys=keys, at=at)

    return keep_now


def text(browser, part="alarms"):
    return browser.get(f"{PAGE}?part={part}").content.decode()


def speaking(who, language):
    Person.objects.filter(pk=who.person_key).update(language=language)


def test_where_everything_works_the_page_says_so_calmly(cast, keep, browser_of):
    speaking(cast.marc, "en")
    shown = browser_of(cast.marc).get(PAGE, headers={"accept-language": "en"}).content.decode()
    assert "No alarm: everything works." in shown
    assert "data-alarm" not in shown
    assert "Messages that reached nobody" not in shown


def test_an_alarm_says_since_when_what_it_means_and_what_to_do_and_goes_when_it_is_mended(cast, keep, at, browser_of):
    marc = browser_of(cast.marc)
    speaking(cast.marc, "en")
    since = at - timedelta(days=1)
    keep(house=[Alarm(code="trunk", about="sip-1", params={"status": 403}, since=since), Alarm(code="disk")])
    alarm = Alarm(code="clock", since=since - timedelta(days=1))
    keep(house=[alarm, Alarm(code="trunk", about="sip-1", params={"status": 403}, since=since)])
    shown = marc.get(f"{PAGE}?part=alarms", headers={"accept-language": "en"}).content.decode()
    assert "<html" not in shown
    assert "The carrier sip-1 does not accept our registration (403)." in shown
    assert "No call of this carrier comes in." in shown
    assert "Look at its registrar, user and secret in the back office" in shown
    assert shown.count("since ") == 2
    assert f'datetime="{since:%Y-%m-%dT}' in shown
    assert re.findall(r'data-alarm="(\w+)"', shown) == ["trunk", "clock"], "the dangerous one first, though younger"
    assert len(re.findall("notice--danger", shown)) == 1
    keep()
    assert "data-alarm" not in text(marc)


def test_a_house_reads_nothing_of_another(cast, keep, browser_of):
    keep(house=[Alarm(code="journal"), Alarm(code="trunk", about="weber-line")], other=[Alarm(code="journal")])
    shown = text(browser_of(cast.nadia))
    assert "weber-line" not in shown
    assert re.findall(r'data-alarm="(\w+)"', shown) == ["journal"]


def test_a_worker_that_is_silent_is_seen_by_the_page_itself(cast, keep, browser_of):
    SignOfLife.objects.all().delete()
    assert re.findall(r'data-alarm="(\w+)"', text(browser_of(cast.marc))) == ["worker"]


def test_the_part_is_the_supervisors_and_the_owners(cast, keep, browser_of):
    for part in ("alarms", "undelivered", "list"):
        assert Anonymous().get(f"{PAGE}?part={part}").status_code == 302
        for somebody in (cast.claire, cast.dr_weber):
            assert browser_of(somebody).get(f"{PAGE}?part={part}").status_code == 403


def test_the_owner_is_led_there_from_the_back_office(cast, keep, browser_of):
    owner = browser_of(cast.marc)
    assert 'href="/supervision/calls"' not in owner.get("/backstage/").content.decode().split("content-main")[-1]
    keep(house=[Alarm(code="journal")])
    assert 'href="/supervision/calls"' in owner.get("/backstage/").content.decode().split("content-main")[-1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [*sorted(WORDS), "never_heard_of"])
def test_every_alarm_is_drawn_in_every_language(code, language, at):
    params = dict(PLACES)
    if code == "slice":
        params["client"] = ""
    asked = alarms.Standing(code=code.removesuffix("_client"), about="+35220000999", params=params, since=None)
    from_zone = at.astimezone().tzinfo
    with translation.override(language):
        [drawn] = drawn_alarms([asked], zone=from_zone, at=at)
        said = f"{drawn.wrong} {drawn.means} {drawn.act}"
        assert "%(" not in said
        assert drawn.act
        assert drawn.since == ""
        if code == "disk":
            assert ("1.5" if language == "en" else "1,5") in drawn.wrong
        words = WORDS.get(code, UNKNOWN)
        assert drawn.means == str(words.means)
    if language == "en" and code == "line":
        assert "+352 20 00 09 99" in drawn.wrong


def codes_of(*paths):
    """The codes that are raised in these files: `alarms["..."]` of the exchange, `Alarm(code="...")` of the watch."""
    found = set()
    for path in paths:
        source = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'_?alarms\[f?"([a-z_]+)(?::\{[^"]*)?"\] =', source))
        found |= set(re.findall(r'Alarm\(code="([a-z_]+)"', source))
        found |= set(re.findall(r'Alarm\(code="[a-z_]+" if .* else "([a-z_]+)"', source))
    return found


def test_every_alarm_that_can_be_raised_has_words():
    engine = codes_of(*(PACKAGE / "engine" / "exchange").glob("*.py"))
    watch = codes_of(*(PACKAGE / "project" / name for name in WATCHES))
    assert {"journal", "trunk", "silent", "media", "line", "slice", "restore"} <= engine
    assert {"exchange", "mail", "disk", "disk_full", "refused"} <= watch
    assert (engine | watch) - set(WORDS) == set()
    assert set(WORDS) - (engine | watch) == {"worker", "slice_client"}


# -- messages that reached nobody --------------------------------------------------------------------------------------


@pytest.fixture
def message(cast, at, entropy):
    key = "m" * 20
    messaging.take_message(
        house=cast.house, client_id=cast.weber, call="", by=cast.claire, at=at - timedelta(hours=1),
        form=MessageForm(
            message=key, recipient=cast.recipients["Dr Weber"], caller_name="Jeanne Hoffmann",
            caller_number="+352621000147", reason="", urgency="today", text="Rappeler demain.", read_back=False,
        ),
    )  # fmt: skip
    dispatch.prepare(
        house=cast.house, house_key=cast.claire.house_key, message=key, at=at - timedelta(hours=1), entropy=entropy
    )
    Delivery.objects.filter(message=key).update(state="failed", why="550 no such user", attempts=1)
    messaging.record_transmission(
        house=cast.house, message=key, at=at, sent=False, delivered=False, why="550 no such user"
    )
    return key


def test_a_message_that_reached_nobody_is_sent_again_by_the_supervisor(cast, message, browser_of):
    marc = browser_of(cast.marc)
    address = f"/supervision/messages/{message}/send-again"
    shown = text(marc, "undelivered")
    assert "Jeanne Hoffmann" in shown
    assert "550 no such user" in shown
    assert "Rappeler demain" not in shown
    assert marc.get(address).status_code == 405
    answer = marc.post(address, {"client": cast.weber})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?client={cast.weber}&told=sent_again")
    assert text(marc, "undelivered").strip() == ""
    assert set(Delivery.objects.filter(message=message, channel="email").values_list("state", flat=True)) == {"pending"}
    entry = AuditEntry.objects.get(action="message.sent_again")
    assert (entry.by_name, entry.subject) == ("Marc", f"messaging.message:{message}")
    assert marc.post(address)["Location"] == f"{PAGE}?told=nothing_failed"
    for told in ("sent_again", "nothing_failed", "no_address", "<script>"):
        assert "<script>" not in marc.get(f"{PAGE}?told={told}").content.decode().replace('<script type="module"', "")


def test_nobody_else_sends_it_again(cast, message, browser_of):
    address = f"/supervision/messages/{message}/send-again"
    assert text(browser_of(cast.nadia), "undelivered").strip() == ""
    assert browser_of(cast.nadia).post(address).status_code == 404
    for somebody in (cast.claire, cast.dr_weber):
        assert browser_of(somebody).post(address).status_code == 403
    assert Anonymous().post(address).status_code == 302
    strict = Anonymous(enforce_csrf_checks=True)
    strict.force_login(Person.objects.get(pk=cast.marc.person_key))
    assert strict.post(address).status_code == 403
    assert not AuditEntry.objects.filter(action="message.sent_again").exists()
    assert set(Delivery.objects.filter(message=message).values_list("state", flat=True)) == {"failed"}


def test_without_an_address_the_page_says_what_to_do(cast, message, browser_of):
    Recipient.objects.filter(client=int(cast.weber)).update(email="")
    PortalUser.objects.filter(client=int(cast.weber)).delete()
    marc = browser_of(cast.marc)
    answer = marc.post(f"/supervision/messages/{message}/send-again", follow=True)
    assert answer.redirect_chain == [(f"{PAGE}?told=no_address", 302)]
    with translation.override("en"):
        assert str(TOLD["no_address"]).startswith("No address is known")
    assert answer.context["told"] is TOLD["no_address"]
    assert "Jeanne Hoffmann" in answer.content.decode()
