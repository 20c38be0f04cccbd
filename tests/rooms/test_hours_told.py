# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a patient reads has one way of writing the hour in each language: pages, mails and SMS alike."""

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from permanence.agenda.interop.invitation import Invitation, Method
from permanence.booking import parts
from permanence.dispatch.channels.email.calendar import compose_calendar
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.late import compose_late
from permanence.dispatch.channels.email.offer import compose_offer
from permanence.dispatch.channels.email.reminder import compose_reminder
from permanence.dispatch.channels.sms.content import SmsKind, Words, compose
from permanence.dispatch.channels.sms.length import measure
from tests.rooms import public_cast as public
from tests.rooms import test_reminders as reminded
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.messaging_cast import NOON

PARIS = ZoneInfo("Europe/Paris")
VISIT = (MONDAY + timedelta(minutes=75)).astimezone(PARIS)
"""9:15 in Paris."""
UNTIL = (MONDAY + timedelta(minutes=200)).astimezone(PARIS)
"""11:20 in Paris."""
WRITTEN = {"fr": ("9 h 15", "11 h 20"), "en": ("09:15", "11:20"), "de": ("09:15 Uhr", "11:20 Uhr")}
LANGUAGES = tuple(WRITTEN)
HOURS = re.compile(r"\b\d{1,2}:\d{2}(?! Uhr)\b|\b\d{1,2}:\d{2} Uhr(?: Uhr)?|\b\d{1,2} h(?: \d{2})?\b")
ONE = {"fr": r"\d{1,2} h( \d{2})?", "en": r"\d{2}:\d{2}", "de": r"\d{2}:\d{2} Uhr"}
WITHOUT_HOUR = (SmsKind.CODE, SmsKind.UNCLEAR)


def spaced(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def seen(html):
    """What stands on a page, without the emergency numbers and what no eye sees."""
    return spaced(unescape(re.sub(r"<(head|script|svg)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)))


def hours(text):
    """Every hour in the text, as it is written."""
    return [each[0] for each in HOURS.finditer(spaced(text))]


def in_one_way(text, language):
    found = hours(text)
    assert found
    assert [each for each in found if not re.fullmatch(ONE[language], each)] == []
    return found


def about(language):
    return Addressed(
        key="k" * 20,
        house="demo",
        house_name="Demo",
        sender="a@house.example",
        recipient="b@patient.example",
        language=language,
    )


def body(mail):
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return plain + seen(html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_mails(language):
    starts, until = WRITTEN[language]
    common = {"practice": "", "at": NOON.astimezone(PARIS)}
    told = {"visit_at": VISIT, "link": "https://house.example/r/x"}
    found = in_one_way(body(compose_reminder(about(language), **told, **common)), language)
    assert set(found) == {starts}
    found = in_one_way(body(compose_offer(about(language), **told, until=UNTIL, **common)), language)
    assert set(found) == {starts, until}
    found = in_one_way(body(compose_late(about(language), visit_at=VISIT, minutes=20, **common)), language)
    assert set(found) == {starts}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_for_his_calendar(language):
    invitation = Invitation(
        method=Method.REQUEST,
        appointment="a" * 20,
        revision=0,
        changed_at=NOON,
        starts_at=VISIT,
        ends_at=VISIT + timedelta(minutes=20),
        summary="Demo",
        place="",
        link="",
        organizer="a@house.example",
        organizer_name="Demo",
        attendee="b@patient.example",
    )
    mail = compose_calendar(about(language), invitation, visit_at=VISIT, at=NOON.astimezone(PARIS))
    assert set(in_one_way(body(mail), language)) == {WRITTEN[language][0]}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [each for each in SmsKind if each not in WITHOUT_HOUR])
def test_sms(language, kind):
    said = Words(house="Demo", at=VISIT, until=UNTIL, yes=1, no=2, minutes=20)
    text = compose(kind, said, language=language)
    assert WRITTEN[language][0] in in_one_way(text, language)
    assert "\u00a0" not in text
    assert measure(text).encoding == "gsm7"


@pytest.fixture
def clock(monkeypatch):
    hands = public.Hands()
    monkeypatch.setattr(parts, "CLOCK", hands)
    return hands


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_a_booking(db, clock, language):
    cast = make_agenda_cast()
    public.switch_on(cast)
    visitor = public.Visitor(cast, clock, language=language)
    eight = {"fr": "8 h", "en": "08:00", "de": "08:00 Uhr"}[language]
    visitor.times()
    assert eight in in_one_way(seen(visitor.text()), language)
    form = visitor.take()
    visitor.follow()
    assert eight in in_one_way(seen(visitor.text()), language)
    visitor.answer = form
    visitor.tell()
    visitor.get(f"{visitor.path}/code")
    assert len(set(in_one_way(seen(visitor.text()), language))) == 2  # the visit, and until when it is kept
    visitor.code()
    link = visitor.answer["Location"]
    visitor.get(link)
    assert eight in in_one_way(seen(visitor.text()), language)
    visitor.get(f"{link}/move")
    assert len(in_one_way(seen(visitor.text()), language)) > 10
    for _taken, mail in public.mails(clock.now()):
        in_one_way(public.body(mail), language)


cast, provider = reminded.cast, reminded.provider


@pytest.mark.usefixtures("db", "provider", "clock")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_reminder(cast, deliver_all, language):
    reminded.book(cast)
    deliver_all(NOON)
    reminded.send()
    for query in ("", "&move=1"):
        answer = public.Browser().get(f"/r/{reminded.link()}?lang={language}{query}")
        assert answer.status_code == 200
        found = in_one_way(seen(answer.content.decode()), language)
        assert len(found) > 1 or not query
