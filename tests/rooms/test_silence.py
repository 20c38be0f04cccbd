# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a caller said, who he is, and what opens a door stand in no log, no error page and no mail.

Every logger is heard at its lowest level, through good requests, refused ones and a view that breaks.
"""

import copy
import json
import logging
import logging.config
import random
import sys

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser

from permanence.dispatch import tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.kernel.system import SystemClock
from permanence.messaging import operations as messaging
from permanence.project import settings as real_settings
from permanence.project.demo_cast import CLAIRE
from permanence.project.mail_sink import start_mail_sink

pytestmark = pytest.mark.django_db
NAME, NUMBER, TYPED, TEXT = "Jeanne Canarie", "+352621000147", "621 000 147", "anticoagulant-canari"
PASSWORD = "canari password, not the right one"
SECRETS = (NAME, NUMBER, NUMBER.removeprefix("+"), TYPED, TEXT, PASSWORD, "621000147")


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def form(cast, **changes):
    recipient = cast.recipients["Dr Weber"]
    body = {"message": "m" * 20, "call": "c1", "client": cast.weber, "recipient": recipient, "caller_name": NAME}
    return {**body, "caller_number": TYPED, "text": TEXT, "urgency": "today", **changes}


def post(browser, path, body):
    return browser.generic("POST", path, json.dumps(body), content_type="application/json")


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_no_log_and_no_refusal_repeats_it(cast, browser_of, heard, settings):
    key = django_settings.PERMANENCE.ticket_key
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_bytes(random.Random(1).randbytes(32))
    browser, answers = browser_of(cast.claire), []
    assert Browser().post("/login", {"username": CLAIRE, "password": PASSWORD}).status_code == 422
    assert browser.generic("PUT", "/console/drafts/c1", json.dumps({"body": {"text": TEXT}})).status_code == 204
    assert post(browser, "/console/messages", form(cast)).status_code == 201
    refused = (
        form(cast, recipient="999999"),
        form(cast, text=TEXT * 400),
        form(cast, message="short"),
        form(cast, text="other words"),
        form(cast, urgency=TEXT),
        form(cast, reason=TEXT),
        form(cast, client="999999"),
        [TEXT],
    )
    for body in refused:
        answer = post(browser, "/console/messages", body)
        assert answer.status_code == 422
        answers.append(answer.content.decode())
    for path in (f"/console/history?client={cast.weber}&number=%2B352621000147", f"/console/number?text={TYPED}"):
        assert browser.get(path).status_code == 200
    assert browser.get(f"/nowhere?number={NUMBER}").status_code == 404
    ticket = browser.get("/console/ticket?seat=abc").json()["ticket"]
    opened = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert leaks(heard.text) == []
    assert ticket not in heard.text
    assert opened not in heard.text
    # A refusal may name the code that was sent, to the one who sent it; never the caller.
    assert [secret for secret in (NAME, NUMBER, TYPED) if secret in "".join(answers)] == []


def test_a_view_that_breaks_shows_and_logs_a_plain_fault(cast, browser_of, heard, monkeypatch):
    """Django's traceback of production: lines of our source, never what the variables held."""

    def broken(**_given):
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(messaging, "take_message", broken)
    browser = browser_of(cast.claire)
    browser.raise_request_exception = False
    answer = post(browser, "/console/messages", form(cast))
    assert answer.status_code == 500
    assert "Traceback" not in answer.content.decode()
    assert "RuntimeError" not in answer.content.decode()
    assert leaks(answer.content.decode()) == []
    assert "the disk is gone" in heard.text
    assert leaks(heard.text) == []


def test_the_row_a_database_refuses_is_not_in_the_log():
    """As PostgreSQL words it, in a traceback and in a message."""
    words = f"null value violates a constraint\nDETAIL:  Failing row contains (1, {NAME}, {NUMBER}).\n"
    settings = copy.deepcopy(real_settings.LOGGING)
    formatter = logging.config.DictConfigurator(settings).configure_formatter(settings["formatters"]["line"])
    try:
        raise RuntimeError(words)
    except RuntimeError:
        told = logging.LogRecord("worker", logging.ERROR, "x", 1, "%r", (RuntimeError(words),), sys.exc_info())
    said = formatter.format(told)
    assert "ERROR worker" in said
    assert "null value violates a constraint" in said
    assert "Traceback" in said
    assert leaks(said) == []


def test_debug_is_off_whatever_the_environment_says():
    assert django_settings.DEBUG is False


def test_the_mail_and_its_log_say_nothing(cast, browser_of, heard, deliver_all, tmp_path):
    post(browser_of(cast.claire), "/console/messages", form(cast))
    now = SystemClock().now()  # the page that took the message read the real clock
    deliver_all(now)
    folder = tmp_path / "mail"
    sink = start_mail_sink(tmp_path, "127.0.0.1", 0)
    try:
        relay = RelaySettings(host="127.0.0.1", port=sink.port)
        assert tasks.run_due(at=now, relay=relay) > 0
    finally:
        sink.stop()
    mails = "".join(path.read_text() for path in folder.rglob("*.eml"))
    assert mails
    assert leaks(mails) == []
    assert leaks(heard.text) == []
