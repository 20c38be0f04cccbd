# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal's pages: pure GET, acts by POST with a token, nothing of another client or house, no script needed."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser

from permanence.foundation.models import AuditEntry, OutboxEvent, Person
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.messaging.models import Message, MessageAcknowledged, MessageAnswer, MessageRead
from permanence.messaging.rules import Box
from permanence.project.mail_sink import keep
from tests import spool
from tests.rooms.messaging_cast import NOON, form, make_cast

pytestmark = pytest.mark.django_db
KEY = "m" * 20


@pytest.fixture
def cast(settings, tmp_path):
    settings.PERMANENCE = django_settings.PERMANENCE.changed(data=tmp_path)
    return make_cast()


@pytest.fixture
def now():
    return SystemClock().now()


def take(cast, *, account=None, recipient=None, at=NOON, **changes):
    account = account or cast.weber
    messaging.take_message(
        house=cast.house,
        client_id=account.id,
        call="",
        by=cast.claire,
        at=at,
        form=form(recipient or account.doctor, **changes),
    )


def signed_in(who, **options):
    browser = Browser(headers={"Accept-Language": "en"}, **options)
    browser.force_login(Person.objects.get(pk=int(who.person)))
    return browser


class Page(HTMLParser):
    """The forms and links of a page, as a browser without script sees them."""

    def __init__(self, html):
        super().__init__()
        self.links, self.forms = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "a":
            self.links.append(found.get("href", ""))
        if tag == "form":
            self.forms.append({"action": found.get("action", ""), "method": found.get("method", "get"), "fields": {}})
        if tag in {"input", "textarea"} and self.forms and found.get("name"):
            self.forms[-1]["fields"][found["name"]] = found.get("value") or ""

    def form(self, ending):
        return next(each for each in self.forms if each["action"].endswith(ending))


def page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    return Page(answer.content.decode()), answer.content.decode()


def rows():
    """Everything an opening or an acknowledgement could change."""
    kinds = (Message, MessageRead, MessageAcknowledged, MessageAnswer, AuditEntry, OutboxEvent)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


def state(cast):
    return messages.message(cast.house, KEY, SystemClock().now()).state


def test_whoever_is_not_signed_in_sees_the_sign_in_page_and_nothing_else(cast):
    take(cast)
    for path in ("/portal", f"/portal/messages/{KEY}"):
        answer = Browser().get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login?next=/portal")
        assert b"Hoffmann" not in answer.content


def test_secretaries_and_supervisors_have_no_portal(cast):
    for who in (cast.claire, cast.marc):
        assert signed_in(who).get("/portal").status_code == 403


def test_the_list_says_who_and_why_but_opens_no_text(cast):
    take(cast, urgency="urgent")
    found, html = page(signed_in(cast.dr_weber), "/portal")
    assert f"/portal/messages/{KEY}" in found.links
    for words in ("Jeanne Hoffmann", "Renouvellement", "badge--urgent"):
        assert words in html
    assert "anticoagulant" not in html


def test_an_empty_list_says_so(cast):
    _, html = page(signed_in(cast.dr_weber), "/portal")
    assert 'class="card empty"' in html


def test_the_message_shows_its_text_and_a_number_to_touch(cast):
    take(cast)
    found, html = page(signed_in(cast.dr_weber), f"/portal/messages/{KEY}")
    assert "anticoagulant" in html
    assert "tel:+352621000147" in found.links


def test_a_masked_number_is_said_and_markup_is_shown_as_text(cast):
    take(cast, caller_number="", caller_name="<b>Eve</b>", text="<script>alert(1)</script>")
    found, html = page(signed_in(cast.dr_weber), f"/portal/messages/{KEY}")
    assert not [link for link in found.links if link.startswith("tel:")]
    assert "<script>alert" not in html
    assert "<b>Eve" not in html


def test_get_and_head_change_nothing_even_signed_in(cast):
    take(cast)
    browser = signed_in(cast.dr_weber)
    before = rows()
    seen, waiting = set(), ["/portal", f"/portal/messages/{KEY}"]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.startswith("/portal"):
            continue
        seen.add(path)
        answer = browser.head(path)
        if answer.status_code == 302:
            waiting.append(answer["Location"])
            continue
        assert answer.status_code == 200
        found, _ = page(browser, path)
        waiting += [link.partition("#")[0] for link in found.links]
    for act in ("read", "acknowledge", "answer"):
        assert browser.get(f"/portal/messages/{KEY}/{act}").status_code == 405
        assert browser.head(f"/portal/messages/{KEY}/{act}").status_code == 405
    assert len(seen) >= 7
    assert rows() == before


def test_the_page_itself_tells_that_it_was_shown(cast):
    take(cast)
    browser = signed_in(cast.dr_weber)
    _, html = page(browser, f"/portal/messages/{KEY}")
    address = re.search(r'data-read="([^"]+)"', html)
    assert address is not None
    answer = browser.post(address[1])
    assert answer.status_code == 200
    assert "Anne Weber" in answer.content.decode()
    assert state(cast).reached is Box.READ
    assert "data-read" not in page(browser, f"/portal/messages/{KEY}")[1]


def test_without_script_the_button_acknowledges(cast):
    take(cast)
    browser = signed_in(cast.dr_weber, enforce_csrf_checks=True)
    found, _ = page(browser, f"/portal/messages/{KEY}")
    button = found.form("/acknowledge")
    assert button["method"] == "post"
    answer = browser.post(button["action"], button["fields"])
    assert (answer.status_code, answer["Location"]) == (303, f"/portal/messages/{KEY}")
    found, html = page(browser, f"/portal/messages/{KEY}")
    assert not [each for each in found.forms if each["action"].endswith("/acknowledge")]
    assert state(cast).is_acknowledged
    assert "Anne Weber" in html


def test_an_act_without_the_pages_token_is_refused(cast):
    take(cast)
    browser = signed_in(cast.dr_weber, enforce_csrf_checks=True)
    before = rows()
    for act in ("read", "acknowledge", "answer"):
        answer = browser.post(f"/portal/messages/{KEY}/{act}", {"answer": "a" * 20, "text": "x"})
        assert answer.status_code == 403
    assert rows() == before


def test_an_answer_reaches_the_secretary_once_however_often_the_form_is_sent(cast):
    take(cast)
    browser = signed_in(cast.dr_weber)
    fields = page(browser, f"/portal/messages/{KEY}")[0].form("/answer")["fields"]
    for _ in range(2):
        answer = browser.post(f"/portal/messages/{KEY}/answer", {**fields, "text": "Oui,\r\nà 16 h"})
        assert answer.status_code == 303
    found = messages.message(cast.house, KEY, NOON + timedelta(days=900))
    assert [each.text for each in found.answer_texts] == ["Oui,\nà 16 h"]
    assert "à 16 h" in page(browser, f"/portal/messages/{KEY}")[1]


@pytest.mark.parametrize(("text", "kept"), [("   ", ""), ("x" * 4001, "x" * 4001)])
def test_an_answer_that_cannot_be_kept_comes_back_with_the_reason(cast, text, kept):
    take(cast)
    answer = signed_in(cast.dr_weber).post(f"/portal/messages/{KEY}/answer", {"answer": "a" * 20, "text": text})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in html
    assert kept in html
    assert not MessageAnswer.objects.exists()


@pytest.mark.parametrize("who", ["dr_dupont", "other_doctor"])
def test_the_wall_another_client_and_another_house_find_nothing(cast, who):
    take(cast)
    browser = signed_in(getattr(cast, who))
    before = rows()
    missing = browser.get("/portal/messages/" + "z" * 20)
    found = browser.get(f"/portal/messages/{KEY}")
    assert (found.status_code, missing.status_code) == (404, 404)
    for act in ("read", "acknowledge", "answer"):
        fields = {"answer": "a" * 20, "text": "x"}
        assert browser.post(f"/portal/messages/{KEY}/{act}", fields).status_code == 404
    assert KEY not in page(browser, "/portal")[1]
    *others, trail, events = rows()
    asked = [each["subject"] for each in trail if each["action"] == "security.not_there"]
    assert sorted(asked) == sorted(
        [
            f"portal_message:{KEY}",
            f"portal_message:{'z' * 20}",
            *(f"portal_{act}:{KEY}" for act in ("read", "acknowledge", "answer")),
        ]
    )
    assert [*others, trail[: -len(asked)], events] == before


def test_a_voice_message_is_heard_by_get_and_nothing_changes(cast, tmp_path):
    spool.write(tmp_path, "call-v.alaw", b"\x55" * 800)
    messaging.take_voice_message(
        house=cast.house,
        client_id=cast.cabinet.id,
        call="call-v" * 4,
        file="call-v.alaw",
        seconds=0.1,
        by=house_system(house=cast.house),
        at=NOON,
    )
    path = "/portal/messages/voice-" + "call-v" * 4
    browser = signed_in(cast.dr_dupont)
    before = rows()
    for shown in ("/portal", path):  # its length stands in the list and beside the player
        assert '<span class="nowrap">0:01</span>' in page(browser, shown)[1]
    assert f'src="{path}/audio"' in page(browser, path)[1]
    answer = browser.get(f"{path}/audio")
    assert (answer["Content-Type"], "no-store" in answer["Cache-Control"]) == ("audio/wav", True)
    assert b"\x55" * 800 in answer.content
    part = browser.get(f"{path}/audio", headers={"Range": "bytes=0-1"})  # what an iPhone asks first
    assert (part.status_code, part.content) == (206, b"RI")
    assert part["Content-Range"] == f"bytes 0-1/{len(answer.content)}"
    assert rows() == before
    assert signed_in(cast.dr_weber).get(f"{path}/audio").status_code == 404
    assert Browser().get(f"{path}/audio").status_code == 302


def test_dupont_a_colleague_sees_it_acknowledges_as_himself_and_is_told_so(cast):
    take(cast, account=cast.cabinet)
    colleague = signed_in(cast.dr_lemaire)
    _, html = page(colleague, f"/portal/messages/{KEY}")
    assert 'class="notice notice--info"' in html
    colleague.post(f"/portal/messages/{KEY}/acknowledge")
    assert not state(cast).is_acknowledged
    own, html = page(signed_in(cast.dr_dupont), f"/portal/messages/{KEY}")
    assert "Zoé Lemaire" in html
    assert own.form("/acknowledge")
    signed_in(cast.dr_dupont).post(f"/portal/messages/{KEY}/acknowledge")
    assert [act.name for act in state(cast).acknowledged_by] == ["Paul Dupont", "Zoé Lemaire"]


def test_somebody_who_lost_his_access_sees_nothing_more(cast):
    take(cast)
    browser = signed_in(cast.dr_weber)
    Person.objects.filter(pk=int(cast.dr_weber.person)).update(is_portal_user=False)
    assert browser.get("/portal").status_code == 403
    assert browser.post(f"/portal/messages/{KEY}/acknowledge").status_code == 403


def test_pages_are_not_kept_by_caches(cast):
    take(cast)
    browser = signed_in(cast.dr_weber)
    for path in ("/portal", f"/portal/messages/{KEY}"):
        assert "no-store" in browser.get(path)["Cache-Control"]


def test_moments_are_in_words_on_the_clients_clock(cast):
    take(cast, at=datetime(2020, 1, 15, 10, 57, tzinfo=UTC))
    browser = signed_in(cast.dr_weber)
    browser.cookies["django_language"] = "fr"
    found, html = page(browser, f"/portal/messages/{KEY}")
    assert "15 janvier 2020, 11\u00a0h\u00a057" in html
    form = found.form("/answer")
    browser.post(form["action"], {**form["fields"], "text": "Merci."})
    MessageAnswer.objects.update(at=datetime(2020, 1, 15, 13, 0, tzinfo=UTC))
    assert "15 janvier 2020, 14\u00a0h</time>" in page(browser, f"/portal/messages/{KEY}")[1]


@pytest.mark.parametrize("count", [1, 9])
def test_a_list_costs_the_same_however_long(cast, count, django_assert_max_num_queries):
    for number in range(count):
        take(cast, key=f"{number:020}")
    browser = signed_in(cast.dr_weber)
    with django_assert_max_num_queries(10):
        assert len(set(page(browser, "/portal")[0].links) & {f"/portal/messages/{n:020}" for n in range(9)}) == count


MAIL = (
    "From: Centre <permanence@centre.example>\r\nTo: weber@weber.example\r\nSubject: =?utf-8?q?Message_re=C3=A7u?=\r\n"
    "Date: Tue, 24 Nov 2026 11:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "<script>alert(1)</script>\r\nhttp://localhost:8000/portal/messages/abc?x=1\r\nhttp://evil.example/portal\r\n"
)


def test_the_demonstrations_mailbox_shows_mails_as_text_with_our_links_only(cast, settings, tmp_path):
    settings.DEMONSTRATION = True
    path = keep(MAIL.encode(), folder=tmp_path / "mail", at=NOON, entropy=_Fixed())
    found, html = page(Browser(), "/demo/mail")
    assert f"/demo/mail/{path.stem}" in found.links
    assert "Message reçu" in html
    found, html = page(Browser(), f"/demo/mail/{path.stem}")
    assert "/portal/messages/abc?x=1" in found.links
    assert not [link for link in found.links if "evil" in link]
    assert "<script>alert" not in html
    assert Browser().get("/demo/mail/none").status_code == 404


class _Fixed:
    def token(self, size):
        return bytes(size)


@pytest.mark.parametrize(
    "data", [b"", b"Subject: x\r\nContent-Type: text/plain; charset=none\r\n\r\n\xff", bytes(range(256))]
)
def test_the_mailbox_survives_any_mail(cast, settings, tmp_path, data):
    settings.DEMONSTRATION = True
    path = keep(data, folder=tmp_path / "mail", at=NOON, entropy=_Fixed())
    assert page(Browser(), "/demo/mail")
    assert page(Browser(), f"/demo/mail/{path.stem}")


def test_a_real_house_has_no_mailbox(cast, settings, tmp_path):
    settings.DEMONSTRATION = False
    path = keep(MAIL.encode(), folder=tmp_path / "mail", at=NOON, entropy=_Fixed())
    for address in ("/demo/mail", f"/demo/mail/{path.stem}"):
        assert Browser().get(address).status_code == 404
